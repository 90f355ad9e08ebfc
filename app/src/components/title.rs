use leptos::prelude::*;
use leptos_meta::Title;

/// What a browser's tab is called. Leptos writes a title into the page as it stands, and a label is anybody's text.
#[component]
pub fn TabTitle(#[prop(into)] text: String) -> impl IntoView {
    let text = html_escape::encode_text(&text).into_owned();
    #[expect(clippy::disallowed_methods, reason = "the one place that escapes it")]
    let title = view! { <Title text /> };
    title
}
