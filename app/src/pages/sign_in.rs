//! `/sign-in`: a plain form, which the server answers without any script.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{TabTitle, Themes},
    paths,
    ui::{Button, Card, Kind, Logo, MAIN, Notice, TextField, Tone},
};

/// The words for the code in `?e=`; what stands in an address is never shown.
fn refusal(code: &str) -> &'static str {
    match code {
        "credentials" => "This e-mail address and password don't belong together.",
        "limited" => "Too many attempts. Wait a minute, then try again.",
        "expired" => "Your session has ended. Sign in to go on where you were.",
        "origin" => "This form was sent from another page. Sign in here.",
        _ => "Signing in didn't work. Try again.",
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let query = use_query_map();
    let refused = query.with_untracked(|query| query.get("e")).map(|code| refusal(&code));
    let next = query.with_untracked(|query| query.get("next")).filter(|next| paths::is_local(next));
    view! {
        <TabTitle text="Sign in · Berth" />
        <main id=MAIN tabindex="-1" class="mx-auto flex min-h-dvh max-w-[24rem] flex-col justify-center px-4 py-10">
            <Logo />
            <h1 class="mt-7 mb-4 text-xl font-semibold tracking-tight">"Sign in"</h1>
            {refused.map(|words| view! { <div class="mb-4"><Notice tone=Tone::Bad cause=words /></div> })}
            <Card>
                <form method="post" action=paths::SIGN_IN class="grid gap-4 p-4">
                    {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    <TextField name="email" label="E-mail" kind="email" autocomplete="username" required=true />
                    <TextField name="password" label="Password" kind="password" autocomplete="current-password" required=true />
                    <Button kind=Kind::Primary submit=true wide=true>"Sign in"</Button>
                </form>
            </Card>
            <div class="mt-6 flex justify-center"><Themes /></div>
        </main>
    }
}
