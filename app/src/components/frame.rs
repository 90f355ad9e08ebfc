//! The rail beside every page of a workspace; on a narrow screen a menu at the top, which opens without script.

use contract::user::Membership;
use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

use super::Palette;
use crate::{
    calls::installation::get_me,
    pages::workspace,
    paths,
    ui::{Glyph, Icon, Logo, Menu, lu},
    viewer::viewer,
};

/// What is drawn anew of a page: top bar and content. `frontend/page/draw.ts` finds it by this id.
const PAGE: &str = "page";

#[component]
pub fn Frame() -> impl IntoView {
    let slug = workspace();
    let home = paths::overview(&slug);
    let (narrow, wide) = (slug.clone(), slug.clone());
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
                    <Workspace slug=narrow.clone() />
                    <Navigation slug=narrow />
                </Menu>
            </nav>
            <aside class="sticky top-0 hidden h-dvh flex-col overflow-y-auto border-r border-line bg-sunk px-3 py-3.5 md:flex">
                <a href=home class="mb-1.5 rounded-sm px-2 py-1" aria-label="Berth, overview">
                    <Logo />
                </a>
                <div class="mt-1.5"><Workspace slug=wide.clone() /></div>
                <nav aria-label="Workspace"><Navigation slug=wide /></nav>
            </aside>
            <div id=PAGE class="min-w-0"><Outlet /></div>
            <Palette slug />
        </div>
    }
}

/// Where the viewer is; who is a member of several workspaces chooses here.
#[component]
fn Workspace(slug: String) -> impl IntoView {
    const BOX: &str = "rounded-md border border-line bg-card px-2.5 py-[7px]";
    let (label, role) =
        viewer().map_or_else(|| (slug.clone(), String::new()), |viewer| (viewer.workspace_label, viewer.role));
    let face = move || {
        let (label, role) = (label.clone(), role.clone());
        view! {
            <span class="block truncate">{label}</span>
            <span class="block text-xs text-ink-3 empty:hidden">{role}</span>
        }
    };
    Suspend::new(async move {
        let mine = get_me(slug.clone()).await.map(|me| me.workspaces).unwrap_or_default();
        if mine.len() < 2 {
            return view! { <div class=format!("mb-3.5 {BOX}")>{face()}</div> }.into_any();
        }
        let entry = move |one: Membership| {
            let current = (one.slug == slug).then_some("true");
            view! {
                <li>
                    <a
                        href=paths::overview(&one.slug)
                        aria-current=current
                        class="block rounded-sm px-2 py-1.5 hover:bg-sunk aria-[current]:font-medium"
                    >
                        <span class="block truncate">{one.name}</span>
                        <span class="block text-xs text-ink-3">{one.role.to_string()}</span>
                    </a>
                </li>
            }
        };
        let entries = mine.into_iter().map(entry).collect_view();
        view! {
            <div class="mb-3.5">
                <Menu
                    label="Workspace"
                    button="block w-full rounded-md border border-line bg-card px-2.5 py-[7px]"
                    panel="absolute inset-x-0 top-full z-30 mt-1.5 max-h-80 overflow-y-auto rounded-md bg-card p-1.5 shadow-pop"
                    face=ViewFn::from(face)
                >
                    <ul>{entries}</ul>
                </Menu>
            </div>
        }
        .into_any()
    })
}

#[component]
fn Navigation(slug: String) -> impl IntoView {
    view! {
        <div class="grid gap-0.5">
            <Entry href=paths::overview(&slug) exact=true glyph=lu::LuHouse label="Overview" />
            <Entry href=paths::services(&slug) glyph=lu::LuDatabase label="Services" />
            <Entry href=paths::projects(&slug) glyph=lu::LuFolder label="Projects" />
            <Entry href=paths::resources(&slug) glyph=lu::LuServer label="Resources" />
            <Entry href=paths::activity(&slug, None) glyph=lu::LuHistory label="Activity" />
        </div>
    }
}

#[component]
fn Entry(
    href: String,
    glyph: Glyph,
    label: &'static str,
    /// Only for the address itself, not for those below it.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    const ENTRY: &str = "flex h-8 items-center gap-2.5 rounded-sm px-2 text-ink-2 hover:text-ink \
        aria-[current=page]:bg-card aria-[current=page]:font-medium aria-[current=page]:text-ink \
        aria-[current=page]:ring-1 aria-[current=page]:ring-line aria-[current=page]:ring-inset";
    view! {
        <A href exact attr:class=ENTRY>
            <Icon glyph />
            {label}
        </A>
    }
}
