use contract::{
    connection::{self, External, Internal},
    values::Secret,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    formats::Format,
    reveal::{Credentials, Want, Why},
};
use crate::{
    components::Refusal,
    ui::{Button, CardBody, CardHead, Choice, CopyFace, KeyValue, KeyValues, Select, lu, use_copy},
};

/// How a database is reached, without what is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub host: String,
    pub port: u16,
    pub database: Option<String>,
    pub user: Option<String>,
}

impl Address {
    pub fn of(at: &Internal) -> Self {
        Self { host: at.hostname.clone(), port: at.port, database: at.database.clone(), user: at.username.clone() }
    }

    /// The same database, reached from outside.
    pub fn outside(&self, at: &External) -> Self {
        Self { host: at.hostname.clone(), port: at.port, ..self.clone() }
    }

    /// What stands in the lines; an ellipsis for what only the source of a replica knows.
    fn whole(self) -> connection::Address {
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "…".to_owned());
        connection::Address {
            host: self.host,
            port: self.port,
            database: or_unknown(self.database),
            username: or_unknown(self.user),
        }
    }
}

#[component]
pub fn Parts(at: Address, outside: Option<Address>) -> impl IntoView {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    view! {
        <KeyValues>
            <KeyValue key="Hostname" mono=true>{at.host}</KeyValue>
            <KeyValue key="Port" mono=true>{at.port.to_string()}</KeyValue>
            <KeyValue key="Database" mono=true>{or_none(at.database)}</KeyValue>
            <KeyValue key="User" mono=true>{or_none(at.user)}</KeyValue>
            {outside.map(|at| view! { <KeyValue key="From outside" mono=true>{format!("{}:{}", at.host, at.port)}</KeyValue> })}
        </KeyValues>
    }
}

const INSIDE: &str = "inside";

/// The line that connects: the address openly, the password only when asked for.
#[island]
pub fn Connect(
    slug: String,
    name: String,
    at: Address,
    /// Where it is reached from outside; then that can be chosen.
    outside: Option<Address>,
    /// Why the viewer may not have the credentials.
    refused: Option<String>,
    /// Whether the viewer has to say what he needs them for.
    asks_why: bool,
) -> impl IntoView {
    let (said, copy) = use_copy();
    let format = RwSignal::new(Format::Url.word().to_owned());
    let formats: Vec<_> = Format::ALL.iter().map(|format| Choice::new(format.word(), format.word())).collect();
    let about = Signal::derive(move || Format::parse(&format.get()).about());
    let (of, at, beyond) = (name.clone(), at.whole(), outside.map(Address::whole));
    let from = RwSignal::new(INSIDE.to_owned());
    let places =
        beyond.is_some().then(|| vec![Choice::new(INSIDE, "From the project"), Choice::new("outside", "From outside")]);
    let lines = Callback::new(move |password: Option<Secret>| {
        let format = Format::parse(&format.get());
        let at = beyond.as_ref().filter(|_| from.get() != INSIDE).unwrap_or(&at);
        match password {
            Some(password) => format.whole(&of, at, &password),
            None => format.masked(&of, at),
        }
    });
    let copy = Callback::new(move |password: Secret| copy.run(untrack(|| lines.run(Some(password)))));
    let credentials = Credentials::new(slug, name, asks_why, copy);
    let shown = Signal::derive(move || credentials.shown.get().is_some());
    let line = Signal::derive(move || lines.run(credentials.shown.get()));
    let reveal =
        Callback::new(move |_| if shown.get_untracked() { credentials.hide() } else { credentials.want(Want::Show) });
    let refused = Signal::stored(refused);
    let busy = move |want: Want| Signal::derive(move || credentials.busy.get() == Some(want));
    view! {
        <CardHead title="Connect">
            <div class="flex flex-wrap justify-end gap-2">
                {places
                    .map(|places| view! { <div class="w-44"><Select name="from" label="From" value=from options=places hide_label=true /></div> })}
                <div class="w-44">
                    <Select name="format" label="Format" value=format options=formats hide_label=true />
                </div>
            </div>
        </CardHead>
        <CardBody>
            <div class="min-w-0">
                <div class="flex min-w-0 flex-wrap items-start gap-x-3 gap-y-2 rounded-sm border border-line bg-sunk px-3 py-2">
                    <code
                        class="min-w-0 flex-1 basis-60 py-1 font-mono text-sm whitespace-pre-wrap [overflow-wrap:anywhere]"
                        tabindex="0"
                        role="group"
                        aria-label=about
                    >
                        {line}
                    </code>
                    <div class="ml-auto flex flex-none gap-2">
                        <Button id="reveal" small=true quiet=true icon=lu::LuEye refused busy=busy(Want::Show) on_press=reveal>
                            {Signal::derive(move || if shown.get() { "Hide" } else { "Reveal" }.to_owned())}
                        </Button>
                        <CopyFace
                            said
                            label=about
                            refused
                            busy=busy(Want::Copy)
                            on_press=Callback::new(move |_| credentials.want(Want::Copy))
                        />
                    </div>
                </div>
                <p class="mt-1.5 text-sm text-ink-3 empty:hidden" role="status">
                    {Signal::derive(move || shown.get().then(|| "Hidden again after a minute. The audit log has noted it.".to_owned()))}
                </p>
            </div>
            <Refusal cause="The credentials weren't shown." error=credentials.failed />
        </CardBody>
        <Why credentials />
    }
}
