//! What is asked for at `/services/new`: the fields, and the contract's judgement of them.

mod fields;
mod fill;
mod judge;
mod offer;
mod request;
mod source;
mod summary;
mod variables;
mod volume;

pub use fill::Fill;
pub use offer::{Named, Offer, Pool};

use std::sync::Arc;

use contract::{
    Capabilities, NewService, Problem,
    scalar::{Raw, plain},
    spec::{ServiceType, StorageAccess},
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
    pub mount_point: RwSignal<String>,
    pub storage_access: RwSignal<String>,
}

/// The creation mode that has a source.
const EXTERNAL: &str = "external_replica";

/// A number as a number, so that the request shows it as one; anything else as it was typed.
fn size(typed: &str) -> Raw {
    let raw = Raw::from(typed.trim());
    raw.as_number().map_or(raw, Raw::from)
}

/// The wider one of those that this installation has.
fn first_access(can: &Capabilities) -> StorageAccess {
    let is_there = |access: &StorageAccess| {
        can.storage_access.iter().any(|choice| choice.available && choice.value == access.as_str())
    };
    [StorageAccess::Rwx, StorageAccess::Rwo].into_iter().find(is_there).unwrap_or(StorageAccess::Rwx)
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
            mount_point: text("/data"),
            storage_access: text(first_access(can).as_str()),
        }
    }

    pub fn is(self, kind: ServiceType) -> bool {
        self.service_type.get() == kind.as_str()
    }

    /// A database that follows an external source.
    pub fn copies(self) -> bool {
        self.is(ServiceType::Postgres) && self.mode.get() == EXTERNAL
    }

    /// The class of what belongs to one type of service: it is hidden while another is chosen.
    pub fn only(self, kind: ServiceType, class: &'static str) -> Signal<String> {
        Signal::derive(move || if self.is(kind) { class } else { "hidden" }.to_owned())
    }

    /// The request, field for field: nothing that belongs to another type of service.
    pub fn wire(self) -> NewService {
        let text = |field: RwSignal<String>| Raw::from(field.get());
        NewService {
            service_type: text(self.service_type),
            project_id: text(self.project),
            resource_id: text(self.pool),
            label: Raw::from(self.label.get().trim()),
            disk_size: size(&self.disk.get()),
            ..if self.is(ServiceType::SharedStorage) { self.volume() } else { self.database() }
        }
    }

    fn volume(self) -> NewService {
        NewService {
            mount_point: Raw::from(self.mount_point.get().trim()),
            storage_access: Raw::from(self.storage_access.get()),
            ..NewService::default()
        }
    }

    fn database(self) -> NewService {
        let text = |field: RwSignal<String>| Raw::from(field.get());
        NewService {
            ram_size: size(&self.ram.get()),
            cpu_size: size(&self.cpu.get()),
            postgres_version: text(self.version),
            environment_variables: Raw::from(self.variables.get()),
            instances: size(&self.instances.get()),
            public_access: if self.access.get() == "1" { Raw::from("1") } else { Raw::Absent },
            creation_mode: text(self.mode),
            ..if self.copies() { self.source.get() } else { NewService::default() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use contract::capabilities::{Choice, Runtime};

    fn drawn<T>(offer: &Offer, fill: impl FnOnce(Draft) -> T) -> T {
        Owner::new().with(|| untrack(|| fill(Draft::new(offer))))
    }

    fn offer() -> Offer {
        let capabilities = Capabilities::everything(Runtime::Kubernetes, time::macros::date!(2026 - 11 - 23));
        Offer { capabilities, projects: Vec::new(), pools: Vec::new(), known: None, ready_in: None }
    }

    #[test]
    fn a_volume_is_asked_for_without_what_belongs_to_a_database() {
        let wire = drawn(&offer(), |draft| {
            draft.mode.set(EXTERNAL.to_owned());
            draft.service_type.set("shared_storage".to_owned());
            draft.label.set(" Uploads ".to_owned());
            draft.wire()
        });
        let asked = NewService {
            service_type: "shared_storage".into(),
            label: "Uploads".into(),
            disk_size: 1.0.into(),
            mount_point: "/data".into(),
            storage_access: "RWX".into(),
            ..NewService::default()
        };
        assert_eq!(wire, asked);
    }

    #[test]
    fn a_database_is_asked_for_without_what_belongs_to_a_volume() {
        let wire = drawn(&offer(), Draft::wire);
        assert!(wire.mount_point.is_absent() && wire.storage_access.is_absent());
        assert_eq!(wire.creation_mode, Raw::from("fresh"));
    }

    #[test]
    fn the_form_begins_with_an_access_that_can_be_had() {
        let mut offer = offer();
        let begins = |offer: &Offer| drawn(offer, |draft| draft.storage_access.get());
        assert_eq!(begins(&offer), "RWX");
        offer.capabilities.storage_access = vec![Choice::yes("RWO"), Choice::no("RWX", "no class for it")];
        assert_eq!(begins(&offer), "RWO");
        offer.capabilities.storage_access = Vec::new();
        assert_eq!(begins(&offer), "RWX");
    }
}
