use contract::service::ConnectionTest;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    calls::{CallError, services::test_connection},
    components::words,
    ui::Button,
};

/// A sign-in from the server, and what came of it.
#[island]
pub fn Test(slug: String, name: String, refused: Option<String>) -> impl IntoView {
    let (busy, tone, words) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let press = Callback::new(move |_| {
        busy.set(true);
        words.set(String::new());
        let (slug, name) = (slug.clone(), name.clone());
        spawn_local(async move {
            let answer = test_connection(slug, name).await;
            busy.set(false);
            let (face, said) = said(answer);
            tone.set(face.to_owned());
            words.set(said);
        });
    });
    view! {
        <div class="flex flex-wrap items-center gap-x-3 gap-y-2">
            <Button id="test" small=true quiet=true refused=Signal::stored(refused) busy on_press=press>
                "Test this connection"
            </Button>
            <p class="min-w-0 [overflow-wrap:anywhere]" role="status">
                <span class=tone>{words}</span>
            </p>
        </div>
    }
}

/// "Signed in at 127.0.0.1:15432 in 4 ms · TLS off · PostgreSQL 17.11"
fn said(answer: Result<ConnectionTest, CallError>) -> (&'static str, String) {
    match answer {
        Ok(test) if test.ok => {
            let tls = if test.tls { "TLS on" } else { "TLS off" };
            let version = test.version.map(|version| format!(" · PostgreSQL {version}")).unwrap_or_default();
            ("text-ok", format!("Signed in at {} in {} · {tls}{version}", test.address, words::took(test.ms)))
        }
        Ok(test) => ("text-bad", format!("{}: {}", test.address, test.error.unwrap_or_else(|| "no answer".to_owned()))),
        Err(error) => ("text-bad", error.to_string()),
    }
}
