//! What is asked for at `/services/new`: the fields, and the contract's judgement of them.

mod fields;
mod request;
mod summary;
mod variables;

pub use fields::{Basics, Sizes, Types};
pub use request::Request;
pub use summary::Summary;
pub use variables::Variables;

use std::collections::BTreeSet;

use contract::{
    Capabilities, NewService, Problem,
    capacity::{self, Free, Need},
    project::Project,
    resource::Resource as Pool,
    scalar::Raw,
    values::{Instances, Mib},
};
use leptos::prelude::*;
use time::OffsetDateTime;

/// What the form chooses from.
#[derive(Clone, PartialEq)]
pub struct Offer {
    pub capabilities: Capabilities,
    pub projects: Vec<Project>,
    pub pools: Vec<Pool>,
}

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
    pub variables: RwSignal<bool>,
}

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
        let project = offer.projects.last().map(|project| project.uuid);
        let pool = offer.pools.iter().rfind(|pool| project.is_none_or(|project| takes(pool, project)));
        let text = |text: Option<String>| RwSignal::new(text.unwrap_or_default());
        Self {
            service_type: RwSignal::new("postgres".to_owned()),
            project: text(project.map(|id| id.to_string())),
            pool: text(pool.map(|pool| pool.uuid.to_string())),
            label: RwSignal::default(),
            mode: RwSignal::new("fresh".to_owned()),
            version: text(version.map(|version| version.value.clone())),
            ram: RwSignal::new(can.ram_size.default.to_string()),
            disk: RwSignal::new(can.disk_size.default.to_string()),
            cpu: RwSignal::new(can.cpu_size.default.to_string()),
            instances: RwSignal::new("1".to_owned()),
            variables: RwSignal::new(true),
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
            creation_mode: text(self.mode),
            ..NewService::default()
        }
    }
}

/// True where a project may place on a resource.
pub fn takes(pool: &Pool, project: uuid::Uuid) -> bool {
    pool.project_ids.is_empty() || pool.project_ids.contains(&project)
}

/// What a request takes of a resource, as far as its sizes can be read.
pub fn need(wire: &NewService) -> Option<Need> {
    let count = wire.instances.as_number().and_then(Instances::new)?;
    Some(Need {
        ram: wire.ram_size.as_number().and_then(Mib::from_mib)?,
        disk: wire.disk_size.as_number().and_then(Mib::from_gib)?,
        instances: count.count(),
    })
}

/// Every problem of the request, by the rules that the server has, too.
fn judge(wire: &NewService, offer: &Offer) -> Vec<Problem> {
    // The dates of certificates are the server's to judge; nothing else asks for the time.
    let mut found = match wire.parse(&offer.capabilities, OffsetDateTime::UNIX_EPOCH) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems,
    };
    if let (Some(need), Some(pool)) = (need(wire), chosen_pool(wire, offer)) {
        let full = capacity::problems(need, &Free::of(pool));
        let fresh: Vec<_> =
            full.into_iter().filter(|full| found.iter().all(|known| known.field != full.field)).collect();
        found.extend(fresh);
    }
    found
}

/// The resource that the request names.
pub fn chosen_pool<'o>(wire: &NewService, offer: &'o Offer) -> Option<&'o Pool> {
    let id = wire.resource_id.as_text()?;
    offer.pools.iter().find(|pool| pool.uuid.to_string() == id)
}

/// The form's state: what is typed, what is wrong with it, and which of that has been earned to be said.
#[derive(Clone, Copy)]
pub struct Form {
    pub draft: Draft,
    pub offer: StoredValue<Offer>,
    pub pools: Signal<Vec<Pool>>,
    pub wire: Memo<NewService>,
    pub problems: Memo<Vec<Problem>>,
    /// True after the first press of Create: from then on every field says what is wrong.
    pub attempted: RwSignal<bool>,
    touched: RwSignal<BTreeSet<String>>,
    /// What the server refused, and the request that it refused.
    refused: RwSignal<Option<(NewService, Vec<Problem>)>>,
}

impl Form {
    /// `pools` as they are now; the rest of the offer as it was when the page was opened.
    pub fn new(offer: Offer, pools: Signal<Vec<Pool>>) -> Self {
        let draft = Draft::new(&offer);
        let offer = StoredValue::new(offer);
        let refused = RwSignal::new(None::<(NewService, Vec<Problem>)>);
        let wire = Memo::new(move |_| draft.wire());
        let problems = Memo::new(move |_| {
            let wire = wire.get();
            let now = Offer { pools: pools.get(), ..offer.get_value() };
            let mut found = judge(&wire, &now);
            let server = refused
                .with(|refused| refused.as_ref().filter(|(asked, _)| *asked == wire).map(|(_, said)| said.clone()));
            let server = server.unwrap_or_default().into_iter();
            found.extend(server.filter(|said| found.iter().all(|known| known.field != said.field)).collect::<Vec<_>>());
            found
        });
        Self {
            draft,
            offer,
            pools,
            wire,
            problems,
            attempted: RwSignal::new(false),
            touched: RwSignal::default(),
            refused,
        }
    }

    /// From now on this field says what is wrong with it.
    pub fn touch(self, field: &str) {
        if !field.is_empty() {
            self.touched.update(|touched| {
                touched.insert(field.to_owned());
            });
        }
    }

    /// The server's word about the request as it stands.
    pub fn refuse(self, problems: Vec<Problem>) {
        self.refused.set(Some((self.wire.get_untracked(), problems)));
        self.attempted.set(true);
    }

    /// What stands at a field. What doesn't fit is said at once: it is no mistake in typing.
    pub fn error(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let said = self.attempted.get() || self.touched.with(|touched| touched.contains(field));
            self.problems.with(|problems| {
                let problem = problems.iter().find(|problem| problem.field == field)?;
                (said || problem.code == "does_not_fit").then(|| sentence(problem))
            })
        })
    }

    /// Why Create can't be pressed: short, the whole stands at the field.
    pub fn reason(self) -> Option<String> {
        self.problems.with(|problems| match problems.as_slice() {
            [] => None,
            [one] => Some(short(one)),
            many => Some(format!("{} fields need a look", many.len())),
        })
    }
}

/// The contract's words as a sentence.
fn sentence(problem: &Problem) -> String {
    let mut text = problem.message();
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

fn short(problem: &Problem) -> String {
    match (problem.field.as_str(), problem.code.as_str()) {
        ("label", "missing" | "too_short") => "Give it a label first".to_owned(),
        ("ram_size", "does_not_fit") => "Memory doesn't fit yet".to_owned(),
        ("disk_size", "does_not_fit") => "Disk doesn't fit yet".to_owned(),
        ("project_id", "missing") => "There is no project to create it in".to_owned(),
        ("ram_size", _) => "Memory needs a look".to_owned(),
        ("disk_size", _) => "Disk needs a look".to_owned(),
        ("cpu_size", _) => "CPU needs a look".to_owned(),
        (field, _) => format!("{} needs a look", contract::problem::human(field)),
    }
}
