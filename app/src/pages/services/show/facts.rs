use contract::Service;
use leptos::prelude::*;

use super::actions::Waiting;
use crate::{
    components::words::number,
    ui::{Figure, Figures},
};

/// What it is allowed to take.
#[component]
pub fn Facts(service: Memo<Service>, advisory: Signal<Option<String>>) -> impl IntoView {
    let instances = Signal::derive(move || service.with(|service| service.instances));
    let each = Signal::derive(move || if instances.get() > 1 { " each" } else { "" });
    let is_database = service.with_untracked(|service| service.ram_size.is_some());
    let ram = Signal::derive(move || number(service.with(|service| service.ram_size).unwrap_or_default()));
    let cpu = Signal::derive(move || number(service.with(|service| service.cpu_size).unwrap_or_default()));
    let disk = Signal::derive(move || number(service.with(|service| service.disk_size)));
    let unit = move |unit: &'static str| Signal::derive(move || format!("{unit}{}", each.get()));
    view! {
        <Waiting service />
        <div>
            <Figures>
                {is_database.then(|| view! { <Figure label="Memory" value=ram rest=unit("MiB") /> })}
                <Figure label="Disk" value=disk rest=unit("GiB") />
                {is_database
                    .then(|| {
                        view! {
                            <Figure label="CPU, at most" value=cpu rest=unit("cores") />
                            <Figure
                                label="Instances"
                                value=Signal::derive(move || instances.get().to_string())
                                rest=Signal::derive(move || if instances.get() == 1 { "without a standby" } else { "with automatic failover" }.to_owned())
                            />
                        }
                    })}
            </Figures>
            {move || advisory.get().map(|words| view! { <p class="mt-2 px-1 text-sm text-ink-3">{words}</p> })}
        </div>
    }
}
