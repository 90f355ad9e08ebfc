use std::time::Duration;

use contract::{change::RevealRequest, values::Secret};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    calls::{CallError, services::reveal},
    ui::{Button, Dialog, Kind, TextField, on},
};

const SHOWN_FOR: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Show,
    Copy,
}

/// The credentials of a service: fetched only when somebody asks, and each time noted with his name.
#[derive(Clone, Copy)]
pub struct Credentials {
    slug: StoredValue<String>,
    name: StoredValue<String>,
    asks_why: bool,
    /// There while they are shown.
    pub shown: RwSignal<Option<Secret>>,
    hiding: StoredValue<Option<TimeoutHandle>>,
    pub busy: RwSignal<Option<Want>>,
    pub failed: RwSignal<Option<CallError>>,
    /// True while a reason is being asked for.
    asking: RwSignal<bool>,
    wanted: StoredValue<Want>,
    copy: Callback<Secret>,
}

impl Credentials {
    pub fn new(slug: String, name: String, asks_why: bool, copy: Callback<Secret>) -> Self {
        Self {
            slug: StoredValue::new(slug),
            name: StoredValue::new(name),
            asks_why,
            shown: RwSignal::new(None),
            hiding: StoredValue::new(None),
            busy: RwSignal::new(None),
            failed: RwSignal::new(None),
            asking: RwSignal::new(false),
            wanted: StoredValue::new(Want::Show),
            copy,
        }
    }

    /// Shows or copies them; some have to say why first.
    pub fn want(self, want: Want) {
        match (want, self.shown.get_untracked()) {
            (Want::Copy, Some(password)) => self.copy.run(password),
            _ if self.asks_why => {
                self.wanted.set_value(want);
                self.failed.set(None);
                self.asking.set(true);
            }
            _ => self.fetch(want, RevealRequest::default()),
        }
    }

    pub fn hide(self) {
        if let Some(Some(hiding)) = self.hiding.try_update_value(Option::take) {
            hiding.clear();
        }
        self.shown.set(None);
    }

    fn fetch(self, want: Want, why: RevealRequest) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        self.busy.set(Some(want));
        self.failed.set(None);
        let (slug, name) = (self.slug.get_value(), self.name.get_value());
        spawn_local(async move {
            let answer = reveal(slug, name, why).await;
            self.busy.set(None);
            match answer {
                Ok(password) => self.arrived(want, password),
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    fn arrived(self, want: Want, password: Secret) {
        self.asking.set(false);
        if want == Want::Copy {
            return self.copy.run(password);
        }
        self.hide();
        self.shown.set(Some(password));
        self.hiding.set_value(set_timeout_with_handle(move || self.hide(), SHOWN_FOR).ok());
    }
}

/// Asks why, before the credentials are fetched.
#[component]
pub fn Why(credentials: Credentials) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    let error = Signal::derive(move || {
        let problems = credentials.failed.get()?.problems().to_vec();
        problems.iter().find(|problem| problem.field == "reason").map(contract::Problem::message)
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let why = RevealRequest { reason: reason.get_untracked().into(), ..RevealRequest::default() };
        match why.parse(true) {
            Ok(_) => credentials.fetch(credentials.wanted.get_value(), why),
            Err(invalid) => credentials.failed.set(Some(CallError(invalid.into()))),
        }
    };
    let busy = Signal::derive(move || credentials.busy.get().is_some());
    view! {
        <Dialog open=credentials.asking id="why" title="Why do you need the credentials?">
            <form method="dialog" novalidate class="grid gap-4" on:submit=on(submit)>
                <TextField
                    name="reason"
                    label="Reason"
                    value=reason
                    error
                    hint=Some("Kept with your name in the audit log, where the owner can read it.".to_owned())
                />
                <div class="flex justify-end gap-2">
                    <Button on_press=Callback::new(move |_| credentials.asking.set(false))>"Cancel"</Button>
                    <Button kind=Kind::Primary submit=true busy>"Go on"</Button>
                </div>
            </form>
        </Dialog>
    }
}
