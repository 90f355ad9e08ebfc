use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    components::TabTitle,
    live::Topic,
    pages::workspace,
    paths,
    ui::{Breadcrumbs, Crumb, Icon, LiveDot, MAIN, Menu, Notice, Theme, ThemeSwitch, Tone, lu},
    viewer::{request_id, viewer},
};

/// Where a page leads once what it shows is gone, and the words that it leaves there.
pub struct WhenGone {
    pub to: String,
    pub words: String,
}

/// Top bar and content of a page in the frame. The workspace goes before `crumbs` by itself.
#[component]
pub fn Page(
    #[prop(into)] title: String,
    crumbs: Vec<Crumb>,
    /// What the page shows: it is drawn anew whenever that may have changed. A page without keeps what is on it.
    #[prop(optional)]
    live: Vec<Topic>,
    #[prop(optional)] gone: Option<WhenGone>,
    /// How often it changes without anybody telling, in milliseconds.
    #[prop(optional_no_strip)]
    every: Option<u32>,
    /// What the page is about isn't there.
    #[prop(optional)]
    missing: bool,
    children: Children,
) -> impl IntoView {
    let slug = workspace();
    let label = viewer().map_or_else(|| slug.clone(), |viewer| viewer.workspace_label);
    let crumbs = std::iter::once(Crumb::to(label, paths::overview(&slug))).chain(crumbs).collect();
    let topics = live.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let (gone, gone_words) = gone.map(|gone| (gone.to, gone.words)).unzip();
    view! {
        <TabTitle text=format!("{title} · Berth") />
        <header class="flex h-13 items-center gap-3 border-b border-line px-4 text-ink-2 md:px-7">
            <Breadcrumbs crumbs />
            <div class="ml-auto flex flex-none items-center gap-3">
                <Search slug=slug.clone() /> <LiveDot events=paths::events(&slug) /> <div class="hidden sm:block"><Themes /></div> <Account slug />
            </div>
        </header>
        <main
            id=MAIN
            tabindex="-1"
            class="max-w-[1240px] px-4 pt-[18px] pb-15 outline-none md:px-7 md:pt-[26px]"
            data-live=Some(topics).filter(|topics| !topics.is_empty())
            data-every=every
            data-missing=missing
            data-gone=gone
            data-gone-words=gone_words
        >
            <ErrorBoundary fallback=|errors| view! { <Broken errors /> }>{children()}</ErrorBoundary>
        </main>
    }
}

/// The switch of this page, which leads back to it.
#[component]
pub fn Themes() -> impl IntoView {
    let at = use_location();
    let (path, search) = (at.pathname.get_untracked(), at.search.get_untracked());
    let back = if search.is_empty() { path } else { format!("{path}?{search}") };
    view! { <ThemeSwitch theme=Theme::of_request() back /> }
}

/// In place of content whose view is an error that the page itself didn't show.
#[component]
fn Broken(errors: ArcRwSignal<Errors>) -> impl IntoView {
    let words: Vec<String> = errors.read().iter().map(|(_, error)| error.to_string()).collect();
    let request = request_id().map(|id| id.0);
    view! { <Notice tone=Tone::Bad cause="This page can't be shown." evidence=Some(words.join(" ")) request /> }
}

/// Title, what stands below it, and the page's actions at the right.
#[component]
pub fn PageHead(
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] below: Option<ViewFn>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="mb-5 flex flex-wrap items-start gap-x-3.5 gap-y-3">
            <div class="min-w-0">
                <h1 class="text-xl font-semibold tracking-[-0.015em] [overflow-wrap:anywhere]">{title}</h1>
                {below.map(|below| view! { <div class="mt-1.5 flex flex-wrap gap-x-3.5 gap-y-1 text-ink-2">{below.run()}</div> })}
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap items-start gap-2 sm:ml-auto">{children()}</div> })}
        </div>
    }
}

/// Opens the palette; without script it is the way to its page.
#[component]
fn Search(slug: String) -> impl IntoView {
    view! {
        <a
            href=paths::find(&slug)
            data-opens-palette
            title="Go to (Ctrl K)"
            class="flex h-8 items-center gap-2 rounded-sm px-2 text-ink-3 hover:text-ink sm:border sm:border-line sm:bg-card"
        >
            <Icon glyph=lu::LuSearch />
            <span class="text-sm max-sm:sr-only">"Go to…"</span>
            <kbd class="hidden text-xs sm:inline" aria-hidden="true">"⌘K"</kbd>
        </a>
    }
}

#[component]
fn Account(slug: String) -> impl IntoView {
    viewer().map(|viewer| {
        view! {
            <Menu
                label="Account"
                button="grid size-8 place-items-center rounded-sm text-ink-2 hover:bg-sunk hover:text-ink"
                panel="absolute top-full right-0 z-30 mt-1.5 w-60 rounded-md bg-card p-2 shadow-pop"
                face=ViewFn::from(|| view! { <Icon glyph=lu::LuCircleUser size="size-5" /> })
            >
                <p class="truncate px-2 pt-1 font-medium text-ink">{viewer.account}</p>
                <p class="px-2 pb-2 text-sm text-ink-3">{viewer.role}</p>
                <div class="px-2 pb-2 sm:hidden"><Themes /></div>
                <a href=paths::account(&slug) class="flex h-8 items-center gap-2.5 rounded-sm px-2 text-ink hover:bg-sunk">
                    <Icon glyph=lu::LuKeyRound />
                    "Account"
                </a>
                <form method="post" action=paths::SIGN_OUT class="mt-2 border-t border-line pt-2">
                    <button type="submit" class="flex h-8 w-full items-center gap-2.5 rounded-sm px-2 text-ink hover:bg-sunk">
                        <Icon glyph=lu::LuLogOut />
                        "Sign out"
                    </button>
                </form>
            </Menu>
        }
    })
}
