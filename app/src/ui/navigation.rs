use leptos::prelude::*;
use leptos_router::components::A;

/// The id of each page's `<main>`, where the skip link leads.
pub const MAIN: &str = "content";

/// The first stop of the keyboard: past rail and top bar.
#[component]
pub fn Skipped() -> impl IntoView {
    view! {
        <a href=format!("#{MAIN}") class="sr-only z-50 rounded-sm bg-card px-3 py-2 font-medium shadow-pop focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
            "Skip to the content"
        </a>
    }
}

#[derive(Clone, Debug)]
pub struct Crumb {
    label: String,
    href: Option<String>,
}

impl Crumb {
    pub fn to(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    /// The page itself: the last one.
    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

#[component]
pub fn Breadcrumbs(crumbs: Vec<Crumb>) -> impl IntoView {
    let count = crumbs.len();
    let items = crumbs
        .into_iter()
        .enumerate()
        .map(|(at, Crumb { label, href })| match href {
            // A narrow screen has room for two.
            Some(href) => view! {
                <li class=if at + 2 < count { "hidden min-w-0 items-center gap-2.5 sm:flex" } else { "flex min-w-0 items-center gap-2.5" }>
                    <a href=href class="truncate hover:text-ink">
                        {label}
                    </a>
                    <span class="text-ink-3" aria-hidden="true">"/"</span>
                </li>
            }
            .into_any(),
            None => view! { <li class="min-w-0 truncate font-medium text-ink" aria-current="page">{label}</li> }.into_any(),
        })
        .collect_view();
    view! {
        <nav aria-label="Breadcrumbs" class="min-w-0">
            <ol class="flex min-w-0 items-center gap-2.5">{items}</ol>
        </nav>
    }
}

#[derive(Clone, Debug)]
pub struct Tab {
    label: String,
    href: String,
}

impl Tab {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// Links to the pages of one thing; the current one is found by its address.
#[component]
pub fn Tabs(#[prop(into)] label: String, tabs: Vec<Tab>) -> impl IntoView {
    const TAB: &str = "block border-b-2 border-transparent pb-2.5 whitespace-nowrap text-ink-2 hover:text-ink \
        aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink";
    let items = tabs
        .into_iter()
        .map(|tab| {
            view! {
                <li>
                    <A href=tab.href exact=true attr:class=TAB>
                        {tab.label}
                    </A>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav aria-label=label class="mb-5.5 overflow-x-auto overflow-y-hidden border-b border-line">
            <ul class="flex w-max gap-4 pt-1 sm:gap-5.5">{items}</ul>
        </nav>
    }
}
