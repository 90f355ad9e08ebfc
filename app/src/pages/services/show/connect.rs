use contract::{Action, Service, permission::Permission, service::ConnectionTest};
use leptos::{prelude::*, task::spawn_local};

use super::{
    lines::Format,
    reveal::{Credentials, Want, Why},
};
use crate::{
    calls::{CallError, services::test_connection},
    components::{Refusal, words},
    pages::workspace,
    ui::{Button, Card, CardBody, CardHead, Choice, CopyFace, KeyValue, KeyValues, Segmented, lu, use_copy},
    viewer,
};

/// How to reach the database: the address openly, the password only when asked for.
#[component]
pub fn Connect(service: Memo<Service>) -> impl IntoView {
    let (copied, copy) = use_copy();
    let format = RwSignal::new(Format::Url.word().to_owned());
    let credentials = Credentials::new(service, format, copy);
    let formats: Vec<_> = Format::ALL.iter().map(|format| Choice::new(format.word(), format.word())).collect();
    let about = Signal::derive(move || Format::parse(&format.get()).about().to_owned());
    let shown = Signal::derive(move || credentials.shown.with(Option::is_some));
    let reveal =
        Callback::new(move |_| if shown.get_untracked() { credentials.hide() } else { credentials.want(Want::Show) });
    let refused = Credentials::refused();
    let (may_not, may_not_copy) = (Signal::stored(refused.clone()), Signal::stored(refused));
    let part = move |of: fn(&contract::connection::Internal) -> Option<String>| {
        move || {
            service.with(|service| {
                service.connection_details.as_ref().and_then(|at| of(&at.internal)).unwrap_or_else(|| "–".to_owned())
            })
        }
    };
    view! {
        <Card>
            <CardHead title="Connect">
                <Segmented name="format" label="Format" value=format options=formats hide_label=true />
            </CardHead>
            <CardBody>
                <div class="min-w-0">
                    <div class="flex min-w-0 flex-wrap items-start gap-x-3 gap-y-2 rounded-sm border border-line bg-sunk px-3 py-2">
                        <code
                            class="min-w-0 flex-1 basis-60 py-1 font-mono text-sm [overflow-wrap:anywhere]"
                            tabindex="0"
                            role="group"
                            aria-label=move || about.get()
                        >
                            {move || credentials.line()}
                        </code>
                        <div class="ml-auto flex flex-none gap-2">
                            <Button
                                id="reveal"
                                small=true
                                quiet=true
                                icon=lu::LuEye
                                refused=may_not
                                busy=Signal::derive(move || credentials.busy.get() == Some(Want::Show))
                                on_press=reveal
                            >
                                {move || if shown.get() { "Hide" } else { "Reveal" }}
                            </Button>
                            <CopyFace
                                copied
                                label=about
                                refused=may_not_copy
                                busy=Signal::derive(move || credentials.busy.get() == Some(Want::Copy))
                                on_press=Callback::new(move |_| credentials.want(Want::Copy))
                            />
                        </div>
                    </div>
                    <p class="mt-1.5 text-sm text-ink-3 empty:hidden" role="status">
                        {move || shown.get().then_some("Hidden again after a minute. The audit log has noted it.")}
                    </p>
                </div>
                <Refusal cause="The credentials weren't shown." error=credentials.failed />
                <KeyValues>
                    <KeyValue key="Hostname" mono=true>{part(|at| Some(at.hostname.clone()))}</KeyValue>
                    <KeyValue key="Port" mono=true>{part(|at| Some(at.port.to_string()))}</KeyValue>
                    <KeyValue key="Database" mono=true>{part(|at| at.database.clone())}</KeyValue>
                    <KeyValue key="User" mono=true>{part(|at| at.username.clone())}</KeyValue>
                </KeyValues>
                <Test service />
            </CardBody>
        </Card>
        <Why credentials />
    }
}

/// A sign-in from the server, and what came of it.
#[component]
fn Test(service: Memo<Service>) -> impl IntoView {
    let slug = workspace();
    let lacks = viewer::lacks(Permission::ServicesView);
    let state = Memo::new(move |_| service.with(|service| service.state));
    let refused = Signal::derive(move || {
        lacks.clone().or_else(|| state.get().allows(Action::TestConnection).reason().map(str::to_owned))
    });
    let (busy, result) = (RwSignal::new(false), RwSignal::new(None::<Result<ConnectionTest, CallError>>));
    // what was true in another state says nothing
    Effect::new(move |_| {
        state.track();
        result.set(None);
    });
    let press = Callback::new(move |_| {
        busy.set(true);
        result.set(None);
        let (slug, name) = (slug.clone(), service.with_untracked(|service| service.name.clone()));
        spawn_local(async move {
            let answer = test_connection(slug, name).await;
            let _ = busy.try_set(false);
            let _ = result.try_set(Some(answer));
        });
    });
    view! {
        <div class="flex flex-wrap items-center gap-x-3 gap-y-2">
            <Button id="test" small=true quiet=true refused busy on_press=press>
                "Test this connection"
            </Button>
            <p class="min-w-0 [overflow-wrap:anywhere]" role="status">
                {move || {
                    result
                        .get()
                        .map(|answer| {
                            let (tone, words) = said(answer);
                            view! { <span class=tone>{words}</span> }
                        })
                }}
            </p>
        </div>
    }
}

/// "Signed in from the console in 4 ms · TLS off · PostgreSQL 17.11"
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
