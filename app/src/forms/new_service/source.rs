//! The external source of a replica: its fields, a URL that fills them, and the check. Its code comes when it is asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{
    NewService,
    preflight::{Check, CheckResult},
    scalar::Raw,
};
use leptos::{ev::MouseEvent, lazy, prelude::*, task::spawn_local};

use super::Form;
use crate::{
    calls::{CallError, services::preflight},
    components::Refusal,
    ui::{Badge, Button, Choice, CopyButton, NumberField, Segmented, Switch, TextArea, TextField, Tone, dynamic},
};

/// Where the fields will be, shown as soon as they are wanted.
#[component]
pub fn Source(form: Form, slug: String) -> impl IntoView {
    // no local one: the server drops a page on another thread than it drew it on
    let fields = StoredValue::new(Mutex::new(None::<AnyView>));
    let there = RwSignal::new(false);
    Effect::new(move |asked: Option<bool>| {
        let wanted = form.draft.copies();
        if wanted && !asked.unwrap_or_default() {
            let slug = slug.clone();
            spawn_local(async move {
                let drawn = source_fields(form, slug).await;
                fields.try_with_value(|fields| hold(fields).replace(drawn));
                there.set(true);
            });
        }
        wanted || asked.unwrap_or_default()
    });
    let class =
        Signal::derive(move || if form.draft.copies() { "grid gap-4.5 empty:hidden" } else { "hidden" }.to_owned());
    view! {
        <div class=class>
            {dynamic(move || match there.get() {
                true => fields.try_with_value(|fields| hold(fields).take()).flatten().into_any(),
                false => ().into_any(),
            })}
        </div>
    }
}

fn hold(fields: &Mutex<Option<AnyView>>) -> MutexGuard<'_, Option<AnyView>> {
    fields.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is typed of a source.
#[derive(Clone, Copy)]
struct Typed {
    host: RwSignal<String>,
    port: RwSignal<String>,
    auth: RwSignal<String>,
    user: RwSignal<String>,
    password: RwSignal<String>,
    ca: RwSignal<String>,
    certificate: RwSignal<String>,
    key: RwSignal<String>,
    archive: RwSignal<bool>,
    endpoint: RwSignal<String>,
    bucket: RwSignal<String>,
    path: RwSignal<String>,
    server_name: RwSignal<String>,
    access_key: RwSignal<String>,
    secret_key: RwSignal<String>,
}

impl Typed {
    fn new() -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Self {
            host: text(""),
            port: text("5432"),
            auth: text(PASSWORD),
            user: text(""),
            password: text(""),
            ca: text(""),
            certificate: text(""),
            key: text(""),
            archive: RwSignal::new(false),
            endpoint: text(""),
            bucket: text(""),
            path: text(""),
            server_name: text(""),
            access_key: text(""),
            secret_key: text(""),
        }
    }

    /// These fields of a request, and no others.
    fn wire(self) -> NewService {
        let text = |field: RwSignal<String>| Raw::from(field.get());
        let line = |field: RwSignal<String>| Raw::from(field.get().trim());
        let mut wire = NewService {
            external_host: line(self.host),
            external_port: super::size(&self.port.get()),
            auth_type: text(self.auth),
            replication_username: text(self.user),
            ca_crt: text(self.ca),
            ..NewService::default()
        };
        if self.auth.get() == PASSWORD {
            wire.replication_password = text(self.password);
        } else {
            wire.tls_crt = text(self.certificate);
            wire.tls_key = text(self.key);
        }
        if self.archive.get() {
            wire.s3_enabled = Raw::from("1");
            wire.s3_endpoint = line(self.endpoint);
            wire.s3_bucket = line(self.bucket);
            wire.s3_path = line(self.path);
            wire.s3_server_name = line(self.server_name);
            wire.s3_access_key = line(self.access_key);
            wire.s3_secret_key = line(self.secret_key);
        }
        wire
    }

    /// Takes what a URL says, `postgres://user:password@host:port/…`; false where it is none.
    fn take(self, url: &str) -> bool {
        let Ok(url) = web_sys::Url::new(url.trim()) else { return false };
        if !["postgres:", "postgresql:"].contains(&url.protocol().as_str()) || url.hostname().is_empty() {
            return false;
        }
        let decoded = |part: String| match js_sys::decode_uri_component(&part) {
            Ok(text) => String::from(text),
            Err(_) => part,
        };
        self.host.set(decoded(url.hostname()).trim_matches(['[', ']']).to_owned());
        for (field, part) in [(self.port, url.port()), (self.user, url.username()), (self.password, url.password())] {
            if !part.is_empty() {
                field.set(decoded(part));
            }
        }
        true
    }
}

const PASSWORD: &str = "password";

#[lazy]
fn source_fields(form: Form, slug: String) -> AnyView {
    let typed = Typed::new();
    Effect::new(move || form.draft.source.set(typed.wire()));
    let url = RwSignal::new(String::new());
    let url_error = RwSignal::new(None::<String>);
    Effect::new(move || {
        let pasted = url.get();
        let good = pasted.trim().is_empty() || typed.take(&pasted);
        url_error.set((!good).then(|| "It must be an address such as postgres://user:password@host:5432/".to_owned()));
    });
    let ways = vec![Choice::new(PASSWORD, "Password"), Choice::new("tls", "TLS certificate")];
    let by_password = Signal::derive(move || typed.auth.get() == PASSWORD);
    let shown =
        |when: Signal<bool>| Signal::derive(move || if when.get() { "grid gap-4.5" } else { "hidden" }.to_owned());
    let (with_password, with_certificate) = (shown(by_password), shown(Signal::derive(move || !by_password.get())));
    let with_archive = shown(typed.archive.into());
    let ca_hint = Signal::derive(move || {
        by_password
            .get()
            .then(|| "Of the authority that signed its certificate. Without it the source isn't checked.".to_owned())
    });
    view! {
        <TextField
            name="source_url"
            label="Paste a URL"
            value=url
            kind="password"
            hint=Some("Fills the fields below; it isn't sent itself.".to_owned())
            error=url_error
        />
        <div class="grid gap-4.5 sm:grid-cols-2">
            <TextField name="external_host" label="Host" value=typed.host mono=true error=form.error("external_host") />
            <NumberField name="external_port" label="Port" value=typed.port error=form.error("external_port") />
        </div>
        <div class="grid gap-4.5 sm:grid-cols-2">
            <Segmented name="auth_type" label="Signs in by" value=typed.auth options=ways error=form.error("auth_type") />
            <TextField
                name="replication_username"
                label="Role"
                value=typed.user
                mono=true
                hint=Some("One with the right REPLICATION.".to_owned())
                error=form.error("replication_username")
            />
        </div>
        <div class=with_password>
            <TextField name="replication_password" label="Password" value=typed.password kind="password" error=form.error("replication_password") />
        </div>
        <TextArea name="ca_crt" label="CA certificate" value=typed.ca hint=ca_hint placeholder=PEM error=form.error("ca_crt") />
        <div class=with_certificate>
            <TextArea name="tls_crt" label="Client certificate" value=typed.certificate placeholder=PEM error=form.error("tls_crt") />
            <TextArea name="tls_key" label="Client key" value=typed.key placeholder="-----BEGIN PRIVATE KEY-----" error=form.error("tls_key") />
        </div>
        <Switch
            name="s3_enabled"
            label="Fall back to its WAL archive in S3"
            on=typed.archive
            hint=Some("For a replica that was away for longer than the source keeps its WAL.".to_owned())
        />
        <div class=with_archive>
            <TextField name="s3_endpoint" label="Endpoint" value=typed.endpoint mono=true placeholder="https://s3.example.com" error=form.error("s3_endpoint") />
            <div class="grid gap-4.5 sm:grid-cols-3">
                <TextField name="s3_bucket" label="Bucket" value=typed.bucket mono=true error=form.error("s3_bucket") />
                <TextField name="s3_path" label="Path" value=typed.path mono=true error=form.error("s3_path") />
                <TextField name="s3_server_name" label="Server name" value=typed.server_name mono=true error=form.error("s3_server_name") />
            </div>
            <div class="grid gap-4.5 sm:grid-cols-2">
                <TextField name="s3_access_key" label="Access key" value=typed.access_key mono=true error=form.error("s3_access_key") />
                <TextField name="s3_secret_key" label="Secret key" value=typed.secret_key kind="password" error=form.error("s3_secret_key") />
            </div>
        </div>
        <Checked form slug />
    }
    .into_any()
}

const PEM: &str = "-----BEGIN CERTIFICATE-----";

/// The button, and what came of it.
#[component]
fn Checked(form: Form, slug: String) -> impl IntoView {
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let checks = RwSignal::new(Vec::<Check>::new());
    let press = Callback::new(move |_: MouseEvent| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(None);
        checks.set(Vec::new());
        let (slug, asked) = (slug.clone(), form.judged.get_untracked().wire.clone());
        spawn_local(async move {
            match preflight(slug, asked).await {
                Ok(found) => checks.set(found),
                Err(error) => {
                    if !error.problems().is_empty() {
                        form.refuse(error.problems().to_vec());
                    }
                    failed.set(Some(error));
                }
            }
            busy.set(false);
        });
    });
    view! {
        <div class="grid gap-3">
            <Refusal cause="The source wasn't checked." error=failed />
            <div>
                <Button id="check-source" quiet=true busy on_press=press>
                    "Check the source"
                </Button>
            </div>
            <ul class="grid gap-2 empty:hidden" aria-label="Checks of the source" aria-live="polite">
                {dynamic(move || checks.get().into_iter().map(|check| view! { <Found check /> }).collect_view().into_any())}
            </ul>
        </div>
    }
}

#[component]
fn Found(check: Check) -> impl IntoView {
    let (tone, word) = match check.result {
        CheckResult::Pass => (Tone::Ok, "Pass"),
        CheckResult::Warn => (Tone::Warn, "Warn"),
        CheckResult::Fail => (Tone::Bad, "Fail"),
    };
    let mend = check.mend.map(|mend| {
        view! {
            <div class="mt-1.5 flex min-w-0 flex-wrap items-center gap-2">
                <code class="min-w-0 rounded-sm border border-line bg-sunk px-2 py-1 font-mono text-xs [overflow-wrap:anywhere]">
                    {mend.clone()}
                </code>
                <CopyButton text=Signal::stored(mend) label="what mends it" />
            </div>
        }
    });
    view! {
        <li class="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
            <Badge tone word />
            <div class="min-w-0">
                <p class="[overflow-wrap:anywhere]">{check.message}</p>
                {mend}
            </div>
        </li>
    }
}
