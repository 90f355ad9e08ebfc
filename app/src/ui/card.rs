use leptos::prelude::*;

#[component]
pub fn Card(children: Children) -> impl IntoView {
    view! { <section class="min-w-0 rounded-md border border-line bg-card">{children()}</section> }
}

/// A card's title; what is given as children stands at its right.
#[component]
pub fn CardHead(#[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="flex min-h-[47px] flex-wrap items-center gap-x-2.5 gap-y-2 border-b border-line px-4 py-2">
            <h2 class="font-semibold">{title}</h2>
            {children
                .map(|children| {
                    view! { <div class="ml-auto flex min-w-0 items-center gap-1.5 text-sm text-ink-3">{children()}</div> }
                })}
        </div>
    }
}

/// The same for a card about a thing with a page of its own.
#[component]
pub fn CardLink(#[prop(into)] title: String, #[prop(into)] href: String, children: Children) -> impl IntoView {
    view! {
        <div class="flex min-h-[47px] flex-wrap items-center gap-x-2.5 gap-y-2 border-b border-line px-4 py-2">
            <h2 class="min-w-0 font-semibold">
                <a href=href class="underline-offset-2 [overflow-wrap:anywhere] hover:underline">{title}</a>
            </h2>
            <div class="ml-auto flex min-w-0 items-center gap-1.5 text-sm text-ink-3">{children()}</div>
        </div>
    }
}

#[component]
pub fn CardBody(children: Children) -> impl IntoView {
    view! { <div class="grid min-w-0 gap-4.5 p-4">{children()}</div> }
}
