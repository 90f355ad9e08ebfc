use contract::{
    Action, Service,
    permission::Permission,
    replica::{MOST, NewReplica},
    scalar::plain,
    service::ReplicaSummary,
};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::services::CreateReplica,
    components::{CallForm, StateBadge},
    pages::workspace,
    paths,
    ui::{Button, Card, CardHead, Cell, Column, Kind, Row, Table, TextField},
};

const REPLICAS: &[Column] = &[Column::text("Replica"), Column::text("Name"), Column::text("State")];

/// The replicas of a primary, and the form that makes another.
#[component]
pub fn Replicas(service: Service) -> impl IntoView {
    let replicas = service.replicas.clone();
    let list = if replicas.is_empty() {
        view! { <p class="px-4 py-8 text-center text-ink-2">"It has no replicas. One that is made below follows it, and answers what only reads."</p> }
            .into_any()
    } else {
        let rows = replicas.into_iter().map(|replica| view! { <Replica replica /> }).collect_view();
        view! { <Table label="Replicas" columns=REPLICAS>{rows}</Table> }.into_any()
    };
    view! {
        <Card>
            <CardHead title="Replicas" />
            {list}
            <div class="grid min-w-0 gap-4.5 border-t border-line p-4">
                <h3 class="font-medium">"Create a replica"</h3>
                <Another service />
            </div>
        </Card>
    }
}

#[component]
fn Replica(replica: ReplicaSummary) -> impl IntoView {
    let ReplicaSummary { uuid, name, label, state } = replica;
    let href = paths::service(&workspace(), &name);
    view! {
        <Row id=format!("replica-{uuid}")>
            <th scope="row" class="h-11 max-w-[22rem] truncate px-4 text-left font-normal">
                <a href=href class="text-accent underline-offset-2 hover:underline">{label}</a>
            </th>
            <Cell>
                <span class="font-mono text-sm">{name}</span>
            </Cell>
            <Cell>
                <StateBadge state />
            </Cell>
        </Row>
    }
}

#[component]
fn Another(service: Service) -> impl IntoView {
    let refused = refused(service.state, Action::CreateReplica, Permission::ServicesOperate)
        .or_else(|| (service.instances != 1).then(|| "Only a database with one instance can have replicas".to_owned()))
        .or_else(|| (service.replicas.len() >= MOST).then(|| format!("It has {MOST} replicas, and can't have more")));
    let [ram, cpu] = [service.ram_size, service.cpu_size].map(|size| size.map(plain).unwrap_or_default());
    let call = CreateReplica { workspace: workspace(), id: service.name, new: NewReplica::default() };
    view! {
        <CallForm call fields="new" said="The replica is being made.">
            <p class="text-ink-2">
                "A database of its own in the same place, with the same credentials. It takes no writes until it is promoted."
            </p>
            <div class="grid gap-4.5 sm:grid-cols-2">
                <TextField name="ram_size" label="Memory, MiB" filled=ram inputmode="decimal" mono=true />
                <TextField name="cpu_size" label="CPU, cores" filled=cpu inputmode="decimal" mono=true />
            </div>
            <div class="flex justify-end">
                <Button id="create-replica" kind=Kind::Primary submit=true refused=Signal::stored(refused)>
                    "Create the replica"
                </Button>
            </div>
        </CallForm>
    }
}
