//! `/set-up/{secret}`: the first admin, by the link that the first start prints. A plain form, without any script.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    components::TabTitle,
    paths,
    ui::{Button, Card, Kind, Logo, MAIN, Notice, TextField, Tone},
};

/// The words for the code in `?e=`; what stands in an address is never shown.
fn refusal(code: &str) -> &'static str {
    match code {
        "email" => "This isn't an e-mail address.",
        "password" => "A password has 12 to 256 characters.",
        "link" => "This link has been used or has expired. Start Berth again for a new one.",
        "limited" => "Too many attempts. Wait a minute, then try again.",
        _ => "Setting up didn't work. Try again.",
    }
}

#[component]
pub fn SetUp() -> impl IntoView {
    let secret = use_params_map().with_untracked(|params| params.get("secret").unwrap_or_default());
    let refused = use_query_map().with_untracked(|query| query.get("e")).map(|code| refusal(&code));
    view! {
        <TabTitle text="Set up · Berth" />
        <main id=MAIN tabindex="-1" class="mx-auto flex min-h-dvh max-w-[24rem] flex-col justify-center px-4 py-10">
            <Logo />
            <h1 class="mt-7 text-xl font-semibold tracking-tight">"Set up Berth"</h1>
            <p class="mt-1.5 mb-4 text-ink-2">"You become the owner of the first workspace. This link works once."</p>
            {refused.map(|words| view! { <div class="mb-4"><Notice tone=Tone::Bad cause=words /></div> })}
            <Card>
                <form method="post" action=paths::set_up(&secret) class="grid gap-4 p-4">
                    <TextField name="email" label="E-mail" kind="email" autocomplete="username" required=true />
                    <TextField name="password" label="Password" kind="password" autocomplete="new-password" required=true hint=Some("12 characters or more.".to_owned()) />
                    <Button kind=Kind::Primary submit=true wide=true>"Set up"</Button>
                </form>
            </Card>
        </main>
    }
}
