use contract::{capabilities::Version, scalar::plain, spec::ServiceType};
use leptos::prelude::*;

use super::Form;
use crate::{
    components::words,
    forms::choices::{access, choices, off},
    ui::{Button, Choice, ChoiceCards, Kind, NumberField, Segmented, Select, TextField, dynamic},
};

/// What kind of service.
#[component]
pub fn Types(form: Form) -> impl IntoView {
    let label = |value: &str| if value == "postgres" { "PostgreSQL" } else { "Shared storage" }.to_owned();
    let mut types = choices(&form.offer.get_untracked().capabilities.service_types, label);
    for choice in &mut types {
        choice.text = match choice.value.as_str() {
            "postgres" => "A database of its own: fresh, or a replica of one you run elsewhere.",
            _ => "A volume that apps mount: one of them, or many at once.",
        }
        .to_owned();
    }
    view! {
        <ChoiceCards name="service_type" label="Type" value=form.draft.service_type options=types error=form.error("service_type") hide_label=true />
    }
}

/// Label, project, resource, start and version.
#[component]
pub fn Basics(form: Form) -> impl IntoView {
    let draft = form.draft;
    let offer = form.offer.get_untracked();
    let projects: Vec<_> = offer.projects.iter().map(|project| Choice::new(&project.id, &project.name)).collect();
    let word = |value: &str| if value == "fresh" { "Fresh" } else { "External replica" }.to_owned();
    let modes = choices(&offer.capabilities.creation_modes, word);
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
        <div class=draft.only(ServiceType::Postgres, "grid gap-4.5 sm:grid-cols-2")>
            <Segmented name="creation_mode" label="Start from" value=draft.mode options=modes error=form.error("creation_mode") />
            <Versions form versions=offer.capabilities.postgres_versions.clone() />
        </div>
    }
}

/// The resources that are open to the project; nothing to choose where there is only one.
#[component]
fn Pools(form: Form) -> impl IntoView {
    let draft = form.draft;
    let offer = form.offer.get_untracked();
    if offer.pools.len() < 2 {
        return None;
    }
    let closed = |pool: &super::Pool| {
        let pool = pool.clone();
        Signal::derive(move || (!pool.takes(&draft.project.get())).then(|| "not open to this project".to_owned()))
    };
    let options: Vec<_> = offer.pools.iter().map(|pool| Choice::new(&pool.id, &pool.label).off(closed(pool))).collect();
    // Another project may have other resources.
    Effect::new(move || {
        let project = draft.project.get();
        let open = offer.pool(&draft.pool.get_untracked()).is_some_and(|pool| pool.takes(&project));
        let first = offer.first_pool(&project);
        if !open && !first.is_empty() {
            draft.pool.set(first.to_owned());
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
        let chosen = chosen.get();
        let version = versions.iter().find(|version| chosen == version.value)?;
        let Version { value, end_of_life, past_end_of_life, .. } = version;
        past_end_of_life.then(|| format!("The community's support for PostgreSQL {value} ended on {end_of_life}: no more fixes, of security neither."))
    });
    view! { <Segmented name="postgres_version" label="Version" value=chosen options=options hint error=form.error("postgres_version") /> }
}

/// The disk; and of a database memory, CPU, instances, and who reaches them.
#[component]
pub fn Sizes(form: Form) -> impl IntoView {
    let draft = form.draft;
    let instances = choices(&form.offer.get_untracked().capabilities.instances, str::to_owned);
    let count_hint = Signal::derive(move || {
        Some(match draft.instances.get().as_str() {
            "1" => "One server. Choose 3 or more for standbys and automatic failover.".to_owned(),
            many => format!("{many} servers, one primary and its standbys; each takes this memory and disk."),
        })
    });
    view! {
        <div class="grid gap-4.5 sm:grid-cols-3">
            <div class=draft.only(ServiceType::Postgres, "min-w-0")>
                <NumberField name="ram_size" label="Memory, MiB" value=draft.ram error=form.error("ram_size") />
                <Take form field="ram_size" value=draft.ram unit="MiB" />
            </div>
            <div>
                <NumberField name="disk_size" label="Disk, GiB" value=draft.disk error=form.error("disk_size") />
                <Take form field="disk_size" value=draft.disk unit="GiB" />
            </div>
            <div class=draft.only(ServiceType::Postgres, "min-w-0")>
                <NumberField name="cpu_size" label="CPU, cores" value=draft.cpu hint=Some("A ceiling, never refused.".to_owned()) error=form.error("cpu_size") />
            </div>
        </div>
        <div class=draft.only(ServiceType::Postgres, "grid gap-4.5 sm:grid-cols-2")>
            <Segmented name="instances" label="Instances" value=draft.instances options=instances hint=count_hint error=form.error("instances") />
            <Segmented name="public_access" label="Access" value=draft.access options=access(&form.offer.get_untracked().capabilities) error=form.error("public_access") />
        </div>
    }
}

/// Takes the largest that fits, where what was typed doesn't.
#[component]
fn Take(form: Form, field: &'static str, value: RwSignal<String>, unit: &'static str) -> impl IntoView {
    dynamic(move || {
        let judged = form.judged.get();
        let too_much = judged.problems.iter().any(|p| p.field == field && p.code == "does_not_fit");
        let largest = if field == "ram_size" { judged.largest.0 as f64 } else { judged.largest.1 };
        if !too_much || largest <= 0.0 {
            return ().into_any();
        }
        let press = Callback::new(move |_| value.set(plain(largest)));
        view! {
            <Button kind=Kind::Link small=true on_press=press>
                {format!("Take {} {unit}", words::number(largest))}
            </Button>
        }
        .into_any()
    })
}
