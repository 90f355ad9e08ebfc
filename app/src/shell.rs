//! The HTML document around the app. Rendered on the server only.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{App, ui::Theme};

/// Where the browser's files lie, as the server embeds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// `/pkg/<hash>`, without a slash at the end.
    pub root: String,
    /// False in a server that was compiled before its bundle was made: pages then work without script and without style.
    pub complete: bool,
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

/// Leptos' own `HydrationScripts` reads names from the disk, where a server with everything inside has no files.
#[component]
fn Files(root: String) -> impl IntoView {
    let nonce = use_nonce();
    let script = format!(
        "import init,{{hydrate}} from '{root}/berth.js';await init({{module_or_path:'{root}/berth_bg.wasm'}});hydrate()"
    );
    let font = |file: &str| view! { <link rel="preload" href=format!("{root}/{file}") r#as="font" r#type="font/woff2" crossorigin="anonymous" /> };
    view! {
        <link rel="stylesheet" href=format!("{root}/berth.css") />
        {font("geist-latin-wght-normal.woff2")}
        <link rel="modulepreload" href=format!("{root}/berth.js") nonce=nonce.clone() />
        <link rel="preload" href=format!("{root}/berth_bg.wasm") r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=nonce>
            {script}
        </script>
    }
}
