use leptos::prelude::*;

/// Names and values below each other.
#[component]
pub fn KeyValues(children: Children) -> impl IntoView {
    view! { <dl class="grid grid-cols-[minmax(90px,max-content)_minmax(0,1fr)] gap-x-4 gap-y-[7px]">{children()}</dl> }
}

#[component]
pub fn KeyValue(#[prop(into)] key: String, #[prop(optional)] mono: bool, children: Children) -> impl IntoView {
    view! {
        <dt class="text-ink-3">{key}</dt>
        <dd class=if mono { "min-w-0 font-mono text-sm [overflow-wrap:anywhere]" } else { "min-w-0 [overflow-wrap:anywhere]" }>{children()}</dd>
    }
}

/// The few numbers that sum a thing up, side by side.
#[component]
pub fn Figures(children: Children) -> impl IntoView {
    view! { <dl class="grid gap-px overflow-hidden rounded-md border border-line bg-line has-[>*+*]:grid-cols-2 lg:has-[>:nth-child(3)]:grid-cols-4">{children()}</dl> }
}

/// The value large, the limit small behind it: "74 of 256 MiB".
#[component]
pub fn Figure(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] rest: String,
) -> impl IntoView {
    view! {
        <div class="bg-card px-4 py-[13px]">
            <dt class="text-[12.5px] text-ink-3">{label}</dt>
            <dd class="mt-px text-lg font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">
                {value} " " <span class="text-sm font-normal tracking-normal text-ink-3">{rest}</span>
            </dd>
        </div>
    }
}
