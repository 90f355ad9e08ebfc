use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;
use serde::Serialize;

use crate::{
    paths,
    ui::{Icon, Tone, lu},
};

/// A form that calls a server function: `frontend/page/forms.ts` sends what is typed as JSON, writes a refusal at its
/// fields, and draws the page anew. Without script it sends nothing, and so nothing of what is typed gets into an address.
#[component]
pub fn CallForm<C>(
    /// What is asked for, with everything that isn't typed.
    call: C,
    /// The argument that takes what is typed; absent: it stands beside the others.
    #[prop(optional)]
    fields: Option<&'static str>,
    /// Where a good answer leads; absent: the page is drawn anew.
    #[prop(optional, into)]
    then: Option<String>,
    /// What a good answer is told with.
    #[prop(optional, into)]
    said: Option<String>,
    /// Keeps the dialog open that it stands in: for an answer that is shown there.
    #[prop(optional)]
    stays: bool,
    #[prop(default = "grid gap-4.5")] class: &'static str,
    children: Children,
) -> impl IntoView
where
    C: ServerFn + Serialize + 'static,
{
    let at = use_location();
    let (path, search) = (at.pathname.get_untracked(), at.search.get_untracked());
    let here = if search.is_empty() { path } else { format!("{path}?{search}") };
    let with = serde_json::to_string(&call).unwrap_or_default();
    view! {
        <form
            method="dialog"
            novalidate
            class=class
            data-call=C::PATH
            data-with=with
            data-fields=fields
            data-then=then
            data-said=said
            data-stays=stays
            data-sign-in=paths::sign_in(&here)
        >
            <div data-refusal hidden role="alert" class=format!("flex basis-full items-center gap-3 rounded-md px-3.5 py-2.5 {}", Tone::Bad.pill())>
                <Icon glyph=lu::LuTriangleAlert />
                <p data-words class="min-w-0 text-ink [overflow-wrap:anywhere]"></p>
            </div>
            {children()}
        </form>
    }
}
