//! What may be changed of a service that exists, judged by the contract's own rules while it is typed.

use std::sync::Arc;

use contract::{
    Capabilities, Problem, ServiceChange,
    capacity::{self, Need},
    scalar::{Raw, plain},
    spec::ServiceType,
    values::{Instances, Mib},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use super::{
    choices::{access, choices},
    new_service::{Named, Pool},
};
use crate::{
    calls::{CallError, services::update_service},
    components::Refusal,
    paths,
    ui::{Button, Card, CardBody, CardHead, Choice, Kind, NumberField, Segmented, Select, Switch, TextField, on},
};

/// The service as it is, and what it may become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Now {
    pub label: String,
    pub project: String,
    /// MiB; `None` for a volume.
    pub ram: Option<f64>,
    /// GiB.
    pub disk: f64,
    pub cpu: Option<f64>,
    pub instances: u8,
    /// "0" or "1".
    pub access: String,
    pub variables: bool,
    pub capabilities: Capabilities,
    pub projects: Vec<Named>,
    /// The resource that it is placed on, where the viewer can see it.
    pub pool: Option<Pool>,
}

#[derive(Clone, Copy)]
struct Draft {
    label: RwSignal<String>,
    project: RwSignal<String>,
    ram: RwSignal<String>,
    disk: RwSignal<String>,
    cpu: RwSignal<String>,
    instances: RwSignal<String>,
    access: RwSignal<String>,
    variables: RwSignal<bool>,
}

impl Draft {
    fn new(now: &Now) -> Self {
        let number = |number: Option<f64>| RwSignal::new(number.map(plain).unwrap_or_default());
        Self {
            label: RwSignal::new(now.label.clone()),
            project: RwSignal::new(now.project.clone()),
            ram: number(now.ram),
            disk: number(Some(now.disk)),
            cpu: number(now.cpu),
            instances: RwSignal::new(now.instances.to_string()),
            access: RwSignal::new(now.access.clone()),
            variables: RwSignal::new(now.variables),
        }
    }

    /// Only what differs. An emptied field is no wish to leave it as it is: it is asked for, and refused by name.
    fn change(self, now: &Now) -> ServiceChange {
        let text = |typed: String, now: &str| match typed.trim() {
            same if same == now => Raw::Absent,
            "" => Raw::Malformed,
            other => Raw::from(other),
        };
        let number = |typed: String, now: Option<f64>| {
            let raw = text(typed, &now.map(plain).unwrap_or_default());
            raw.as_number().map_or(raw, Raw::from)
        };
        let variables = self.variables.get();
        ServiceChange {
            label: text(self.label.get(), &now.label),
            project_id: text(self.project.get(), &now.project),
            ram_size: number(self.ram.get(), now.ram),
            disk_size: number(self.disk.get(), Some(now.disk)),
            cpu_size: number(self.cpu.get(), now.cpu),
            instances: number(self.instances.get(), Some(now.instances.into())),
            public_access: text(self.access.get(), &now.access),
            environment_variables: if variables == now.variables { Raw::Absent } else { Raw::from(variables) },
            ..ServiceChange::default()
        }
    }
}

/// A change, judged.
#[derive(Debug, PartialEq)]
struct Judged {
    change: ServiceChange,
    problems: Vec<Problem>,
}

fn judge(change: ServiceChange, now: &Now, refused: &Option<Arc<Judged>>) -> Judged {
    let kind = if now.ram.is_some() { ServiceType::Postgres } else { ServiceType::SharedStorage };
    let disk_now = Mib::from_gib(now.disk).unwrap_or(Mib::new(0));
    let mut problems = match change.parse(kind, disk_now, &now.capabilities) {
        // a volume takes no memory
        Ok(asked) => match (&now.pool, now.ram.map_or(Some(Mib::new(0)), Mib::from_mib)) {
            (Some(pool), Some(ram)) => {
                let held = Need { ram, disk: disk_now, instances: now.instances };
                let need = Need {
                    ram: asked.ram.unwrap_or(ram),
                    disk: asked.disk.unwrap_or(disk_now),
                    instances: asked.instances.map_or(now.instances, Instances::count),
                };
                capacity::problems(need, &pool.free().without(held))
            }
            _ => Vec::new(),
        },
        Err(invalid) => invalid.problems,
    };
    if let Some(refused) = refused.as_ref().filter(|refused| refused.change == change) {
        let fresh = refused.problems.iter().filter(|said| problems.iter().all(|known| known.field != said.field));
        problems.extend(fresh.cloned().collect::<Vec<_>>());
    }
    Judged { change, problems }
}

#[island(lazy)]
pub fn SettingsForm(
    slug: String,
    name: String,
    now: Now,
    /// Why nothing can be changed.
    refused: Option<String>,
) -> impl IntoView {
    let draft = Draft::new(&now);
    let now = Arc::new(now);
    let said = RwSignal::new(None::<Arc<Judged>>);
    let judged = {
        let now = now.clone();
        Memo::new(move |_| Arc::new(judge(draft.change(&now), &now, &said.get())))
    };
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let judged = judged.get();
            judged.problems.iter().find(|problem| problem.field == field).map(Problem::message)
        })
    };
    let off = Signal::derive(move || {
        let judged = judged.get();
        let problem =
            judged.problems.first().map(|problem| format!("{} needs a look", contract::problem::human(&problem.field)));
        let same = (judged.change == ServiceChange::default()).then(|| "Nothing is changed yet".to_owned());
        refused.clone().or(problem).or(same)
    });
    warn_of_loss(judged, busy);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || off.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        failed.set(None);
        let (slug, name, change) = (slug.clone(), name.clone(), judged.get_untracked().change.clone());
        spawn_local(async move {
            match update_service(slug.clone(), name.clone(), change.clone()).await {
                Ok(()) => {
                    let _ = window().location().assign(&paths::service(&slug, &name));
                }
                Err(error) => {
                    let problems = error.problems().to_vec();
                    said.set((!problems.is_empty()).then(|| Arc::new(Judged { change, problems })));
                    failed.set(Some(error));
                    busy.set(false);
                }
            }
        });
    };
    let projects: Vec<_> = now.projects.iter().map(|project| Choice::new(&project.id, &project.name)).collect();
    let several = projects.len() > 1;
    let is_database = now.ram.is_some();
    let moves = if is_database {
        "Variables that Berth wrote move along; none of the other project's is overwritten."
    } else {
        "Only while no app mounts it."
    };
    let counts = choices(&now.capabilities.instances, str::to_owned);
    let reached = access(&now.capabilities);
    let disk_hint = format!("It is {} GiB now, and can only grow.", plain(now.disk));
    view! {
        <form method="dialog" novalidate class="grid gap-4.5" on:submit=on(submit)>
            <Refusal cause="Nothing was changed." error=failed />
            <Card>
                <CardHead title="Settings" />
                <CardBody>
                    <TextField name="label" label="Label" value=draft.label error=error("label") hint=Some("Shown to people. The name that addresses it stays.".to_owned()) />
                    {several
                        .then(|| {
                            view! {
                                <Select
                                    name="project_id"
                                    label="Project"
                                    value=draft.project
                                    options=projects
                                    hint=Some(moves.to_owned())
                                    error=error("project_id")
                                />
                            }
                        })}
                    <div class="grid gap-4.5 sm:grid-cols-3">
                        {is_database.then(|| view! { <NumberField name="ram_size" label="Memory, MiB" value=draft.ram hint=Some("Another size restarts the database.".to_owned()) error=error("ram_size") /> })}
                        <NumberField name="disk_size" label="Disk, GiB" value=draft.disk hint=Some(disk_hint) error=error("disk_size") />
                        {is_database.then(|| view! { <NumberField name="cpu_size" label="CPU, cores" value=draft.cpu hint=Some("A ceiling, never refused.".to_owned()) error=error("cpu_size") /> })}
                    </div>
                    {is_database
                        .then(|| {
                            view! {
                                <div class="grid gap-4.5 sm:grid-cols-2">
                                    <Segmented name="instances" label="Instances" value=draft.instances options=counts error=error("instances") />
                                    <Segmented name="public_access" label="Access" value=draft.access options=reached error=error("public_access") />
                                </div>
                            }
                        })}
                    {is_database.then(|| view! { <Switch name="environment_variables" label="Write connection variables to the project" on=draft.variables /> })}
                    <div class="flex justify-end">
                        <Button id="save" kind=Kind::Primary submit=true busy refused=off>
                            "Save"
                        </Button>
                    </div>
                </CardBody>
            </Card>
        </form>
    }
}

/// The browser asks before a page with changes is left, but for where saving leads.
fn warn_of_loss(judged: Memo<Arc<Judged>>, busy: RwSignal<bool>) {
    Effect::new(move || {
        let asks = window_event_listener(leptos::ev::beforeunload, move |event| {
            if judged.get_untracked().change != ServiceChange::default() && !busy.get_untracked() {
                event.prevent_default();
            }
        });
        on_cleanup(move || asks.remove());
    });
}
