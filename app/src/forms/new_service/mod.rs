//! What is asked for at `/services/new`: the fields, and the contract's judgement of them.

mod fields;
mod fill;
mod judge;
mod offer;
mod request;
mod source;
mod summary;
mod variables;

pub use fill::Fill;
pub use offer::{Named, Offer, Pool};

use std::sync::Arc;

use contract::{
    NewService, Problem,
    scalar::{Raw, plain},
};
use leptos::prelude::*;

use self::judge::{Judged, Refusal, judge, short};

/// The fields as they were typed.
#[derive(Clone, Copy)]
pub struct Draft {
    pub service_type: RwSignal<String>,
    pub project: RwSignal<String>,
    pub pool: RwSignal<String>,
    pub label: RwSignal<String>,
    pub mode: RwSignal<String>,
    pub version: RwSignal<String>,
    pub ram: RwSignal<String>,
    pub disk: RwSignal<String>,
    pub cpu: RwSignal<String>,
    pub instances: RwSignal<String>,
    pub access: RwSignal<String>,
    pub variables: RwSignal<bool>,
    /// The fields of an external source, as they would be sent.
    pub source: RwSignal<NewService>,
}

/// The creation mode that has a source.
const EXTERNAL: &str = "external_replica";

/// A number as a number, so that the request shows it as one; anything else as it was typed.
fn size(typed: &str) -> Raw {
    let raw = Raw::from(typed.trim());
    raw.as_number().map_or(raw, Raw::from)
}

impl Draft {
    /// The defaults of this installation: its newest version, and the first project and resource.
    pub fn new(offer: &Offer) -> Self {
        let can = &offer.capabilities;
        let version = can.postgres_versions.iter().find(|version| version.available);
        let project = offer.first_project();
        let text = |text: &str| RwSignal::new(text.to_owned());
        let number = |number: f64| RwSignal::new(plain(number));
        Self {
            service_type: text("postgres"),
            project: text(project),
            pool: text(offer.first_pool(project)),
            label: text(""),
            mode: text("fresh"),
            version: text(version.map_or("", |version| &version.value)),
            ram: number(can.ram_size.default),
            disk: number(can.disk_size.default),
            cpu: number(can.cpu_size.default),
            instances: text("1"),
            access: text("0"),
            variables: RwSignal::new(true),
            source: RwSignal::default(),
        }
    }

    /// The request, field for field.
    pub fn wire(self) -> NewService {
        let text = |field: RwSignal<String>| Raw::from(field.get());
        NewService {
            service_type: text(self.service_type),
            project_id: text(self.project),
            resource_id: text(self.pool),
            label: Raw::from(self.label.get().trim()),
            ram_size: size(&self.ram.get()),
            disk_size: size(&self.disk.get()),
            cpu_size: size(&self.cpu.get()),
            postgres_version: text(self.version),
            environment_variables: Raw::from(self.variables.get()),
            instances: size(&self.instances.get()),
            public_access: if self.access.get() == "1" { Raw::from("1") } else { Raw::Absent },
            creation_mode: text(self.mode),
            ..if self.mode.get() == EXTERNAL { self.source.get() } else { NewService::default() }
        }
    }
}

/// The form's state: what is typed, what is wrong with it, and which of that has been earned to be said.
#[derive(Clone, Copy)]
pub struct Form {
    pub draft: Draft,
    /// As it is now: others take from the resources meanwhile.
    pub offer: RwSignal<Arc<Offer>>,
    pub judged: Memo<Arc<Judged>>,
    /// True after the first press of Create: from then on every field says what is wrong.
    pub attempted: RwSignal<bool>,
    touched: RwSignal<Arc<Vec<String>>>,
    /// What the server refused, and the request that it refused.
    refused: RwSignal<Refusal>,
}

impl Form {
    pub fn new(offer: Offer) -> Self {
        let draft = Draft::new(&offer);
        let offer = RwSignal::new(Arc::new(offer));
        let refused = RwSignal::new(Refusal::None);
        let judged = Memo::new(move |_| Arc::new(judge(draft.wire(), &offer.get(), &refused.get())));
        Self { draft, offer, judged, attempted: RwSignal::new(false), touched: RwSignal::default(), refused }
    }

    /// Takes what came anew into the offer.
    pub fn now(self, change: impl FnOnce(&mut Offer)) {
        let mut offer = (*self.offer.get_untracked()).clone();
        change(&mut offer);
        self.offer.set(Arc::new(offer));
    }

    /// From now on this field says what is wrong with it.
    pub fn touch(self, field: String) {
        let mut touched = (*self.touched.get_untracked()).clone();
        if !field.is_empty() && !touched.contains(&field) {
            touched.push(field);
            self.touched.set(Arc::new(touched));
        }
    }

    /// The server's word about the request as it stands.
    pub fn refuse(self, problems: Vec<Problem>) {
        self.refused.set(Some(Arc::new((self.judged.get_untracked().wire.clone(), problems))));
        self.attempted.set(true);
    }

    /// What stands at a field. What doesn't fit is said at once: it is no mistake in typing.
    pub fn error(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let said = self.attempted.get() || self.touched.get().iter().any(|touched| touched == field);
            let judged = self.judged.get();
            let problem = judged.problems.iter().find(|problem| problem.field == field)?;
            (said || problem.code == "does_not_fit").then(|| problem.message())
        })
    }

    /// Why Create can't be pressed.
    pub fn reason(self) -> Option<String> {
        match self.judged.get().problems.as_slice() {
            [] => None,
            [one] => Some(short(one)),
            many => Some(format!("{} fields need a look", many.len())),
        }
    }
}
