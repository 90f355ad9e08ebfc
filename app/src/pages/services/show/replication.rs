use contract::{Action, State, permission::Permission, replication::Replication};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::services::{PromoteExternal, service_replication},
    components::{CallForm, words},
    pages::workspace,
    ui::{
        Badge, Button, Card, CardBody, CardHead, Dialog, KeyValue, KeyValues, Kind, Notice, RelativeTime, TextField,
        Tone,
    },
};

/// The external source, how far the replica has come, and its promotion.
#[component]
pub fn Replicated(state: State, name: String, label: String) -> impl IntoView {
    let slug = workspace();
    Suspend::new(async move {
        match service_replication(slug, name.clone()).await {
            Ok(Some(replication)) if replication.promoted_at.is_some() => {
                view! { <Before replication /> }.into_any()
            }
            Ok(Some(replication)) => view! {
                <Now replication=replication.clone() />
                <Promote state name label level=replication.is_level() />
            }
            .into_any(),
            Ok(None) => view! { <Notice tone=Tone::Idle cause="It follows no external server." /> }.into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad cause="Its replication can't be shown." evidence=Some(error.to_string()) /> }
                    .into_any()
            }
        }
    })
}

#[component]
fn Before(replication: Replication) -> impl IntoView {
    let Replication { host, port, promoted_at, .. } = replication;
    view! {
        <Card>
            <CardHead title="Replication" />
            <CardBody>
                <p>"It was promoted " {promoted_at.map(|at| view! { <RelativeTime at /> })} ", and follows nobody since."</p>
                <KeyValues>
                    <KeyValue key="Copied from" mono=true>{format!("{host}:{port}")}</KeyValue>
                </KeyValues>
            </CardBody>
        </Card>
    }
}

#[component]
fn Now(replication: Replication) -> impl IntoView {
    let behind = replication.behind();
    let Replication { host, port, archive, source, source_error, streams, received, replayed, error, .. } = replication;
    let (tone, word) = match (&error, &source_error, streams) {
        (Some(_), ..) => (Tone::Bad, "Not running"),
        (None, Some(_), _) => (Tone::Bad, "Source not reached"),
        (None, None, true) => (Tone::Ok, "Streaming"),
        (None, None, false) => (Tone::Bad, "Not streaming"),
    };
    let place = |at: Option<contract::replication::Lsn>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
    let behind = match behind {
        Some(0) => "nothing".to_owned(),
        Some(bytes) => words::bytes(bytes as f64),
        None => "not known".to_owned(),
    };
    let trouble = [
        source_error.map(|error| ("The source can't be reached: how far behind the replica is isn't known.", error)),
        error.map(|error| ("The replica can't be asked.", error)),
    ];
    let trouble = trouble
        .into_iter()
        .flatten()
        .map(|(cause, evidence)| view! { <Notice tone=Tone::Bad cause evidence=Some(evidence) /> })
        .collect_view();
    view! {
        {trouble}
        <Card>
            <CardHead title="Replication">
                <Badge tone word />
            </CardHead>
            <CardBody>
                <KeyValues>
                    <KeyValue key="Source" mono=true>{format!("{host}:{port}")}</KeyValue>
                    <KeyValue key="The source writes at" mono=true>{place(source)}</KeyValue>
                    <KeyValue key="Received" mono=true>{place(received)}</KeyValue>
                    <KeyValue key="Replayed" mono=true>{place(replayed)}</KeyValue>
                    <KeyValue key="Behind">{behind}</KeyValue>
                    <KeyValue key="Falls back to" mono=true>{archive.unwrap_or_else(|| "–".to_owned())}</KeyValue>
                </KeyValues>
            </CardBody>
        </Card>
    }
}

/// Gated: what it means, whether something would be lost, and the name typed.
#[component]
fn Promote(state: State, name: String, label: String, level: bool) -> impl IntoView {
    let refused = refused(state, Action::PromoteExternal, Permission::ServicesOperate);
    let call = PromoteExternal { workspace: workspace(), id: name.clone() };
    let (confirm, why) = (format!("Type {name} to confirm"), format!("Type {name} to promote it"));
    let lost = (!level).then(|| {
        view! {
            <Notice
                tone=Tone::Warn
                cause="It isn't level with its source, or the source can't be asked: what the replica hasn't received is lost to it."
            />
        }
    });
    view! {
        <Card>
            <CardHead title="Promote" />
            <CardBody>
                <p class="text-ink-2">
                    "It stops following its source, takes writes, and gets a role and a database of its own beside what it holds. Stop what writes to the source first."
                </p>
                <div class="flex justify-end">
                    <Button id="promote" quiet=true refused=Signal::stored(refused) opens="promote-dialog">
                        "Promote it"
                    </Button>
                </div>
            </CardBody>
        </Card>
        <Dialog id="promote-dialog" title=format!("Promote {label}?")>
            <p>"This can't be undone: it never follows its source again."</p>
            {lost}
            <CallForm call said="It is being promoted." class="grid gap-4">
                <TextField name="confirm" id="promote-confirm" label=confirm until=name mono=true />
                <div class="flex flex-wrap items-start justify-end gap-2">
                    <Button closes="promote-dialog">"Cancel"</Button>
                    <Button id="promote-now" kind=Kind::Danger submit=true quiet=true refused=Signal::stored(Some(why))>
                        "Promote it for good"
                    </Button>
                </div>
            </CallForm>
        </Dialog>
    }
}
