use contract::{
    Service, State,
    mount::MountState,
    service::MemberRole,
    spec::{ServiceType, StorageAccess},
};
use leptos::prelude::*;

use crate::{
    components::words::number,
    ui::{Figure, Figures, Notice, Tone},
};

/// What it is allowed to take, and what it waits for while it is on the way.
#[component]
pub fn Facts(service: Service, advisory: Option<String>) -> impl IntoView {
    let waiting = service.state.is_moving() || service.state == State::Stopped;
    let waits_for = service.state_reason.clone().filter(|_| waiting);
    let figures = match service.service_type {
        ServiceType::Postgres => view! { <OfDatabase service /> }.into_any(),
        ServiceType::SharedStorage => view! { <OfVolume service /> }.into_any(),
    };
    view! {
        {waits_for.map(|words| view! { <Notice tone=Tone::Idle cause=words /> })}
        <div>
            <Figures>{figures}</Figures>
            {advisory.map(|words| view! { <p class="mt-2 px-1 text-sm text-ink-3">{words}</p> })}
        </div>
    }
}

#[component]
fn OfDatabase(service: Service) -> impl IntoView {
    let many = service.instances;
    let unit = move |unit: &str| if many > 1 { format!("{unit} each") } else { unit.to_owned() };
    let standbys = match (many, service.role) {
        (1, Some(MemberRole::Replica)) => "takes no writes",
        (1, _) => "without a standby",
        _ => "with automatic failover",
    };
    let instances =
        service.ram_size.map(|_| view! { <Figure label="Instances" value=many.to_string() rest=standbys /> });
    view! {
        {service.ram_size.map(|ram| view! { <Figure label="Memory" value=number(ram) rest=unit("MiB") /> })}
        <Figure label="Disk" value=number(service.disk_size) rest=unit("GiB") />
        {service.cpu_size.map(|cpu| view! { <Figure label="CPU, at most" value=number(cpu) rest=unit("cores") /> })}
        {instances}
    }
}

#[component]
fn OfVolume(service: Service) -> impl IntoView {
    let access = service.storage_access.map(|access| {
        let rest = match access {
            StorageAccess::Rwx => "many apps",
            StorageAccess::Rwo => "one app",
        };
        view! { <Figure label="Access" value=access.to_string() rest /> }
    });
    let apps = service.mounts.len();
    let mounted = service.mounts.iter().filter(|mount| mount.state == MountState::Mounted).count();
    let rest = if mounted < apps { format!("{mounted} mounted") } else { String::new() };
    view! {
        <Figure label="Disk" value=number(service.disk_size) rest="GiB" />
        {access}
        {service.mount_point.map(|at| view! { <Figure label="Mount point" value=at /> })}
        <Figure label="Apps" value=apps.to_string() rest />
    }
}
