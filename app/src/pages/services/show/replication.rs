use contract::{Action, Service, permission::Permission, replication::Replication};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::Serialize;

use super::actions::refused;
use crate::{
    calls::services::{PromoteExternal, PromoteReplica, service_replication},
    components::{CallForm, words},
    pages::workspace,
    paths,
    ui::{
        Badge, Button, Card, CardBody, CardHead, Dialog, KeyValue, KeyValues, Kind, Notice, RelativeTime, TextField,
        Tone,
    },
};

/// What a replica follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leader {
    External,
    /// Another service of Berth's.
    Service,
}

impl Leader {
    fn word(self) -> &'static str {
        match self {
            Self::External => "source",
            Self::Service => "primary",
        }
    }

    fn promotion(self) -> Action {
        match self {
            Self::External => Action::PromoteExternal,
            Self::Service => Action::PromoteReplica,
        }
    }

    /// What a promotion does.
    fn means(self) -> &'static str {
        match self {
            Self::External => {
                "It stops following its source, takes writes, and gets a role and a database of its own beside what it holds. Stop what writes to the source first."
            }
            Self::Service => {
                "It stops following its primary and takes writes, with the database and the credentials that it has now. Stop what writes to the primary first."
            }
        }
    }
}

/// What a replica follows, how far it has come, and its promotion.
#[component]
pub fn Replicated(service: Service) -> impl IntoView {
    let slug = workspace();
    let Service { name, primary_addon_uuid: primary, .. } = service.clone();
    let leader = if primary.is_some() { Leader::Service } else { Leader::External };
    let to_primary = primary.map(|primary| paths::service(&slug, &primary.to_string()));
    Suspend::new(async move {
        match service_replication(slug.clone(), name.clone()).await {
            Ok(Some(replication)) if replication.promoted_at.is_some() => {
                view! { <Before replication /> }.into_any()
            }
            Ok(Some(replication)) => {
                let level = replication.is_level();
                let promote = match leader {
                    Leader::External => {
                        let call = PromoteExternal { workspace: slug, id: name };
                        view! { <Promote service leader level call /> }.into_any()
                    }
                    Leader::Service => {
                        let call = PromoteReplica { workspace: slug, id: name };
                        view! { <Promote service leader level call /> }.into_any()
                    }
                };
                view! {
                    <Now leader to_primary replication />
                    {promote}
                }
                .into_any()
            }
            Ok(None) => view! { <Notice tone=Tone::Idle cause="It follows nobody." /> }.into_any(),
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
fn Now(leader: Leader, to_primary: Option<String>, replication: Replication) -> impl IntoView {
    let word = leader.word();
    let behind = replication.behind();
    let Replication { host, port, archive, source, source_error, streams, received, replayed, error, .. } = replication;
    let (tone, face) = match (&error, &source_error, streams) {
        (Some(_), ..) => (Tone::Bad, "Not running"),
        (None, Some(_), _) if leader == Leader::Service => (Tone::Bad, "Primary not reached"),
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
        source_error
            .map(|error| (format!("The {word} can't be reached: how far behind the replica is isn't known."), error)),
        error.map(|error| ("The replica can't be asked.".to_owned(), error)),
    ];
    let trouble = trouble
        .into_iter()
        .flatten()
        .map(|(cause, evidence)| view! { <Notice tone=Tone::Bad cause evidence=Some(evidence) /> })
        .collect_view();
    let (leader_key, writes_key) = match leader {
        Leader::External => ("Source", "The source writes at"),
        Leader::Service => ("Primary", "The primary writes at"),
    };
    let at = format!("{host}:{port}");
    let address = match to_primary {
        Some(href) => view! { <a href=href class="text-accent underline-offset-2 hover:underline">{at}</a> }.into_any(),
        None => at.into_any(),
    };
    let fallback = (leader == Leader::External).then(|| {
        view! { <KeyValue key="Falls back to" mono=true>{archive.unwrap_or_else(|| "–".to_owned())}</KeyValue> }
    });
    view! {
        {trouble}
        <Card>
            <CardHead title="Replication">
                <Badge tone word=face />
            </CardHead>
            <CardBody>
                <KeyValues>
                    <KeyValue key=leader_key mono=true>{address}</KeyValue>
                    <KeyValue key=writes_key mono=true>{place(source)}</KeyValue>
                    <KeyValue key="Received" mono=true>{place(received)}</KeyValue>
                    <KeyValue key="Replayed" mono=true>{place(replayed)}</KeyValue>
                    <KeyValue key="Behind">{behind}</KeyValue>
                    {fallback}
                </KeyValues>
            </CardBody>
        </Card>
    }
}

/// Gated: what it means, whether something would be lost, and the name typed.
#[component]
fn Promote<C>(service: Service, leader: Leader, level: bool, call: C) -> impl IntoView
where
    C: ServerFn + Serialize + 'static,
{
    let Service { name, label, state, .. } = service;
    let refused = refused(state, leader.promotion(), Permission::ServicesOperate);
    let word = leader.word();
    let (confirm, why) = (format!("Type {name} to confirm"), format!("Type {name} to promote it"));
    let lost = (!level).then(|| {
        view! {
            <Notice
                tone=Tone::Warn
                cause=format!("It isn't level with its {word}, or the {word} can't be asked: what the replica hasn't received is lost to it.")
            />
        }
    });
    view! {
        <Card>
            <CardHead title="Promote" />
            <CardBody>
                <p class="text-ink-2">
                    {leader.means()}
                </p>
                <div class="flex justify-end">
                    <Button id="promote" quiet=true refused=Signal::stored(refused) opens="promote-dialog">
                        "Promote it"
                    </Button>
                </div>
            </CardBody>
        </Card>
        <Dialog id="promote-dialog" title=format!("Promote {label}?")>
            <p>{format!("This can't be undone: it never follows its {word} again.")}</p>
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
