//! The rail beside every page of a workspace; on a narrow screen a menu at the top, which opens without script.

use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet},
    hooks::use_params_map,
};

use crate::{
    live, paths,
    ui::{Glyph, Icon, Live, Logo, Menu, lu},
    viewer::viewer,
};

/// Set by whoever listens to the server's events; shown as a dot in the top bar.
#[derive(Clone, Copy)]
pub struct LiveState(pub RwSignal<Live>);

#[component]
pub fn Frame() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("workspace").unwrap_or_default()));
    let state = RwSignal::new(Live::default());
    provide_context(LiveState(state));
    live::listen(slug, state);
    view! {
        <div class="min-h-dvh md:grid md:grid-cols-[var(--rail)_minmax(0,1fr)]">
            <nav aria-label="Workspace" class="border-b border-line bg-sunk md:hidden">
                <Menu
                    label="Berth, menu"
                    button="flex h-13 items-center px-4"
                    panel="border-t border-line px-3 pt-3 pb-4"
                    face=ViewFn::from(|| {
                        view! {
                            <Logo />
                            <span class="ml-auto text-ink-2"><Icon glyph=lu::LuMenu size="size-5" /></span>
                        }
                    })
                >
                    <Workspace slug />
                    <Navigation slug />
                </Menu>
            </nav>
            <aside class="sticky top-0 hidden h-dvh flex-col overflow-y-auto border-r border-line bg-sunk px-3 py-3.5 md:flex">
                <A href=move || paths::services(&slug.get()) attr:class="mb-1.5 rounded-sm px-2 py-1" attr:aria-label="Berth, services">
                    <Logo />
                </A>
                <div class="mt-1.5"><Workspace slug /></div>
                <nav aria-label="Workspace"><Navigation slug /></nav>
            </aside>
            <div class="min-w-0"><Outlet /></div>
        </div>
    }
}

#[component]
fn Workspace(slug: Memo<String>) -> impl IntoView {
    let (label, role) =
        viewer().map_or_else(|| (slug.get_untracked(), String::new()), |viewer| (viewer.workspace_label, viewer.role));
    view! {
        <div class="mb-3.5 rounded-md border border-line bg-card px-2.5 py-[7px]">
            <p class="truncate">{label}</p>
            <p class="text-xs text-ink-3 empty:hidden">{role}</p>
        </div>
    }
}

#[component]
fn Navigation(slug: Memo<String>) -> impl IntoView {
    view! {
        <div class="grid gap-0.5">
            <Entry href=move || paths::services(&slug.get()) glyph=lu::LuDatabase label="Services" />
        </div>
    }
}

#[component]
fn Entry(href: impl Fn() -> String + Send + Sync + 'static, glyph: Glyph, label: &'static str) -> impl IntoView {
    const ENTRY: &str = "flex h-8 items-center gap-2.5 rounded-sm px-2 text-ink-2 hover:text-ink \
        aria-[current=page]:bg-card aria-[current=page]:font-medium aria-[current=page]:text-ink \
        aria-[current=page]:ring-1 aria-[current=page]:ring-line aria-[current=page]:ring-inset";
    view! {
        <A href attr:class=ENTRY>
            <Icon glyph />
            {label}
        </A>
    }
}
