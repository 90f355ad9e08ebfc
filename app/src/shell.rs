//! The HTML document around the app. Rendered on the server only.

use std::{collections::BTreeMap, sync::Arc};

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{Link, MetaTags};

use crate::{App, ui::Theme};

/// Where the browser's files lie, as the server embeds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `/pkg/<hash>`, without a slash at the end.
    pub root: String,
    /// False in a server that was compiled before its bundle was made: pages then work without script and without style.
    pub complete: bool,
    /// The modules that each lazy island needs, by the name that the splitter gave it.
    pub lazy: Arc<BTreeMap<String, Vec<String>>>,
}

/// Names the modules of a page's islands in its head, so that they come beside the script that starts them and not behind it.
/// A page without islands says nothing and loads none.
#[component]
pub fn Preload(
    /// A lazy island's name in snake case: its own modules come, too.
    #[prop(optional)]
    lazy: Option<&'static str>,
) -> impl IntoView {
    let bundle = use_context::<Bundle>().filter(|bundle| bundle.complete);
    bundle.map(|Bundle { root, lazy: split, .. }| {
        let own = lazy.map(|island| format!("{island}_loader_"));
        let of_island = |name: &str| own.as_ref().is_some_and(|own| name.starts_with(own));
        let lazy = split.iter().filter(|(name, _)| of_island(name)).flat_map(|(_, modules)| modules.iter().cloned());
        let module = |module: String| {
            let href = format!("{root}/{module}.wasm");
            view! { <Link rel="preload" href as_="fetch" type_="application/wasm" crossorigin="anonymous" /> }
        };
        let modules = std::iter::once("berth_bg".to_owned()).chain(lazy).map(module).collect_view();
        view! {
            <Link rel="modulepreload" href=format!("{root}/berth.js") />
            {modules}
        }
    })
}

pub fn shell(bundle: Bundle) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=Theme::of_request().attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {bundle.complete.then(|| view! { <Files root=bundle.root /> })}
                <MetaTags />
            </head>
            <body class="font-sans">
                <App />
            </body>
        </html>
    }
}

/// Kept small, and in the page itself: it has to be there before anybody can press anything.
const EARLY: &str = include_str!("early.js");

/// Leptos' own `HydrationScripts` reads names from the disk, where a server with everything inside has no files.
#[component]
fn Files(root: String) -> impl IntoView {
    let nonce = use_nonce();
    let font = |file: &str| view! { <link rel="preload" href=format!("{root}/{file}") r#as="font" r#type="font/woff2" crossorigin="anonymous" /> };
    view! {
        // before the stylesheet: a script behind it waits for it, and the page's runs before the first layout if it is there by then
        <script nonce=nonce.clone()>{EARLY}</script>
        <script type="module" src=format!("{root}/page.js") fetchpriority="high" nonce=nonce></script>
        <link rel="stylesheet" href=format!("{root}/berth.css") />
        {font("geist-latin-wght-normal.woff2")}
    }
}
