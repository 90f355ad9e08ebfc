use contract::{Service, State};
use leptos::prelude::*;

use crate::{
    components::words::number,
    ui::{Figure, Figures, Notice, Tone},
};

/// What it is allowed to take, and what it waits for while it is on the way.
#[component]
pub fn Facts(service: Service, advisory: Option<String>) -> impl IntoView {
    let waiting = service.state.is_moving() || service.state == State::Stopped;
    let waits_for = service.state_reason.filter(|_| waiting);
    let many = service.instances;
    let unit = move |unit: &str| if many > 1 { format!("{unit} each") } else { unit.to_owned() };
    let standbys = if many == 1 { "without a standby" } else { "with automatic failover" };
    let instances =
        service.ram_size.map(|_| view! { <Figure label="Instances" value=many.to_string() rest=standbys /> });
    view! {
        {waits_for.map(|words| view! { <Notice tone=Tone::Idle cause=words /> })}
        <div>
            <Figures>
                {service.ram_size.map(|ram| view! { <Figure label="Memory" value=number(ram) rest=unit("MiB") /> })}
                <Figure label="Disk" value=number(service.disk_size) rest=unit("GiB") />
                {service.cpu_size.map(|cpu| view! { <Figure label="CPU, at most" value=number(cpu) rest=unit("cores") /> })}
                {instances}
            </Figures>
            {advisory.map(|words| view! { <p class="mt-2 px-1 text-sm text-ink-3">{words}</p> })}
        </div>
    }
}
