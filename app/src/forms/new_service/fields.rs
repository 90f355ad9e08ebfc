use contract::{
    capabilities::{self, Version},
    capacity::{Free, largest_disk, largest_ram},
    values::Instances,
};
use leptos::prelude::*;

use super::{Form, chosen_pool, takes};
use crate::{
    components::words,
    ui::{Button, Choice, ChoiceCards, Kind, NumberField, Segmented, Select, TextField},
};

fn off(available: bool, reason: &Option<String>) -> Signal<Option<String>> {
    let reason = reason.clone().unwrap_or_else(|| "this installation doesn't offer it".to_owned());
    Signal::stored((!available).then_some(reason))
}

fn choices(of: &[capabilities::Choice], label: impl Fn(&str) -> String) -> Vec<Choice> {
    of.iter()
        .map(|choice| Choice::new(&choice.value, label(&choice.value)).off(off(choice.available, &choice.reason)))
        .collect()
}

/// What kind of service.
#[component]
pub fn Types(form: Form) -> impl IntoView {
    let text = |value: &str| match value {
        "postgres" => "A database of its own: fresh, or a replica of one you run elsewhere.",
        _ => "A volume that several apps mount at the same path.",
    };
    let label = |value: &str| if value == "postgres" { "PostgreSQL" } else { "Shared storage" }.to_owned();
    let types = form.offer.with_value(|offer| {
        let types = choices(&offer.capabilities.service_types, label);
        types
            .into_iter()
            .map(|choice| {
                let about = text(&choice.value);
                choice.text(about)
            })
            .collect()
    });
    view! {
        <ChoiceCards name="service_type" label="Type" value=form.draft.service_type options=types error=form.error("service_type") hide_label=true />
    }
}

/// Label, project, resource, start and version.
#[component]
pub fn Basics(form: Form) -> impl IntoView {
    let draft = form.draft;
    let (projects, modes, versions) = form.offer.with_value(|offer| {
        let projects: Vec<_> =
            offer.projects.iter().map(|project| Choice::new(project.uuid.to_string(), &project.name)).collect();
        let word = |value: &str| if value == "fresh" { "Fresh" } else { "External replica" }.to_owned();
        (projects, choices(&offer.capabilities.creation_modes, word), offer.capabilities.postgres_versions.clone())
    });
    let several = projects.len() > 1;
    view! {
        <TextField
            name="label"
            label="Label"
            value=draft.label
            hint=Some("Shown to people. The name that addresses it is given by Berth.".to_owned())
            error=form.error("label")
        />
        <div class="grid gap-4.5 empty:hidden sm:grid-cols-2">
            {several.then(|| view! { <Select name="project_id" label="Project" value=draft.project options=projects error=form.error("project_id") /> })}
            <Pools form />
        </div>
        <div class="grid gap-4.5 sm:grid-cols-2">
            <Segmented name="creation_mode" label="Start from" value=draft.mode options=modes error=form.error("creation_mode") />
            <Versions form versions />
        </div>
    }
}

/// The resources that are open to the project; nothing to choose where there is only one.
#[component]
fn Pools(form: Form) -> impl IntoView {
    let draft = form.draft;
    let all = form.offer.with_value(|offer| offer.pools.clone());
    if all.len() < 2 {
        return None;
    }
    let project = Memo::new(move |_| draft.project.with(|id| uuid::Uuid::try_parse(id).ok()));
    let closed = |pool: &contract::resource::Resource| {
        let pool = pool.clone();
        Signal::derive(move || {
            let open = project.get().is_none_or(|project| takes(&pool, project));
            (!open).then(|| "not open to this project".to_owned())
        })
    };
    let options: Vec<_> =
        all.iter().map(|pool| Choice::new(pool.uuid.to_string(), &pool.label).off(closed(pool))).collect();
    // Another project may have other resources.
    Effect::new(move || {
        let Some(project) = project.get() else { return };
        let open = all
            .iter()
            .find(|pool| pool.uuid.to_string() == draft.pool.get_untracked())
            .is_some_and(|pool| takes(pool, project));
        if let (false, Some(first)) = (open, all.iter().rfind(|pool| takes(pool, project))) {
            draft.pool.set(first.uuid.to_string());
        }
    });
    Some(
        view! { <Select name="resource_id" label="Resource" value=draft.pool options=options error=form.error("resource_id") /> },
    )
}

#[component]
fn Versions(form: Form, versions: Vec<Version>) -> impl IntoView {
    let options =
        versions.iter().map(|v| Choice::new(&v.value, &v.value).off(off(v.available, &v.reason))).collect::<Vec<_>>();
    let chosen = form.draft.version;
    let hint = Signal::derive(move || {
        let version = versions.iter().find(|version| chosen.with(|chosen| *chosen == version.value))?;
        let Version { value, end_of_life, past_end_of_life, .. } = version;
        past_end_of_life.then(|| format!("The community's support for PostgreSQL {value} ended on {end_of_life}: no more fixes, of security neither."))
    });
    view! { <Segmented name="postgres_version" label="Version" value=chosen options=options hint error=form.error("postgres_version") /> }
}

/// Memory, disk, CPU and instances.
#[component]
pub fn Sizes(form: Form) -> impl IntoView {
    let draft = form.draft;
    let instances = form.offer.with_value(|offer| choices(&offer.capabilities.instances, str::to_owned));
    let free = Signal::derive(move || {
        let now = super::Offer { pools: form.pools.get(), ..form.offer.get_value() };
        let wire = form.wire.get();
        let count = wire.instances.as_number().and_then(Instances::new)?;
        chosen_pool(&wire, &now).map(|pool| (Free::of(pool), count.count()))
    });
    let largest = move |field: &'static str| {
        Signal::derive(move || {
            let too_much = form.problems.with(|all| all.iter().any(|p| p.field == field && p.code == "does_not_fit"));
            let (free, count) = free.get().filter(|_| too_much)?;
            let largest =
                if field == "ram_size" { largest_ram(&free, count) as f64 } else { largest_disk(&free, count) };
            (largest > 0.0).then_some(largest)
        })
    };
    let count_hint = Signal::derive(move || {
        Some(match draft.instances.get().as_str() {
            "1" => "One server. Choose 3 or more for standbys and automatic failover.".to_owned(),
            many => format!("{many} servers, one primary and its standbys; each takes this memory and disk."),
        })
    });
    view! {
        <div class="grid gap-4.5 sm:grid-cols-3">
            <div>
                <NumberField name="ram_size" label="Memory, MiB" value=draft.ram error=form.error("ram_size") />
                <Take value=draft.ram largest=largest("ram_size") unit="MiB" />
            </div>
            <div>
                <NumberField name="disk_size" label="Disk, GiB" value=draft.disk error=form.error("disk_size") />
                <Take value=draft.disk largest=largest("disk_size") unit="GiB" />
            </div>
            <NumberField name="cpu_size" label="CPU, cores" value=draft.cpu hint=Some("A ceiling, never refused.".to_owned()) error=form.error("cpu_size") />
        </div>
        <Segmented name="instances" label="Instances" value=draft.instances options=instances hint=count_hint error=form.error("instances") />
    }
}

/// Takes the largest that fits.
#[component]
fn Take(value: RwSignal<String>, largest: Signal<Option<f64>>, unit: &'static str) -> impl IntoView {
    move || {
        largest.get().map(|largest| {
            let press = Callback::new(move |_| value.set(largest.to_string()));
            view! {
                <Button kind=Kind::Link small=true on_press=press>
                    {format!("Take {} {unit}", words::number(largest))}
                </Button>
            }
        })
    }
}
