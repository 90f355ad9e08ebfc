use contract::{
    Action, Service,
    live::{Drift, Live},
    permission::Permission,
};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::services::{PutBack, service_live},
    components::CallForm,
    pages::workspace,
    ui::{Badge, Button, Card, CardBody, CardHead, Cell, Column, Dialog, Kind, Notice, RelativeTime, Row, Table, Tone},
};

const DRIFT: &[Column] = &[
    Column::text("Field"),
    Column::text("Wanted"),
    Column::text("Found"),
    Column::text("Set by"),
    Column::text("When").wide(),
];

/// The object behind a service as it is in the cluster, and what of it isn't as Berth wants it.
#[component]
pub fn Object(service: Service) -> impl IntoView {
    let slug = workspace();
    Suspend::new(async move {
        match service_live(slug, service.name.clone()).await {
            Ok(Some(Live { yaml, drift, refused })) => view! {
                <Drifted service drift not_now=refused />
                <Card>
                    <CardHead title="In the cluster" />
                    <pre aria-label="The object" class="max-h-[40rem] overflow-auto px-4 py-3 font-mono text-xs leading-[1.6]" tabindex="0">
                        {yaml}
                    </pre>
                </Card>
            }
            .into_any(),
            Ok(None) => view! { <Notice tone=Tone::Idle cause="There is no object behind it." /> }.into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad cause="Its object can't be shown." evidence=Some(error.to_string()) /> }
                    .into_any()
            }
        }
    })
}

#[component]
fn Drifted(service: Service, drift: Vec<Drift>, not_now: Option<String>) -> impl IntoView {
    if drift.is_empty() {
        return view! {
            <Card>
                <CardHead title="Drift">
                    <Badge tone=Tone::Ok word="As Berth wants it" />
                </CardHead>
                <CardBody>
                    <p class="text-ink-2">"Every field of its object that Berth sets is as it should be."</p>
                </CardBody>
            </Card>
        }
        .into_any();
    }
    let refused = refused(service.state, Action::Update, Permission::ServicesOperate)
        .or_else(|| not_now.as_ref().map(|_| "The cluster would refuse it".to_owned()));
    let call = PutBack { workspace: workspace(), id: service.name };
    let rows = drift.into_iter().map(|drift| view! { <Changed drift /> }).collect_view();
    view! {
        <Card>
            <CardHead title="Drift">
                <Badge tone=Tone::Warn word="Not what Berth wants" />
            </CardHead>
            <Table label="Drift" columns=DRIFT>{rows}</Table>
            {not_now
                .map(|words| {
                    view! { <Notice tone=Tone::Warn cause="It can't be put back as it is." evidence=Some(words) /> }
                })}
            <div class="flex justify-end border-t border-line p-4">
                <Button id="put-back" quiet=true refused=Signal::stored(refused) opens="put-back-dialog">
                    "Put it back"
                </Button>
            </div>
        </Card>
        <Dialog id="put-back-dialog" title=format!("Put {} back?", service.label)>
            <p>"Each of these fields becomes what Berth wants. Servers are restarted where that needs it."</p>
            <CallForm call said="It is being put back." class="flex flex-wrap items-start justify-end gap-2">
                <Button closes="put-back-dialog">"Cancel"</Button>
                <Button id="put-back-now" kind=Kind::Primary submit=true>
                    "Put it back now"
                </Button>
            </CallForm>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Changed(drift: Drift) -> impl IntoView {
    let Drift { path, wanted, found, by, at } = drift;
    let value = |value: Option<String>| {
        view! { <span class="font-mono text-xs [overflow-wrap:anywhere]">{value.unwrap_or_else(|| "–".to_owned())}</span> }
    };
    view! {
        <Row id=format!("drift-{}", path.replace(['.', '/'], "-"))>
            <th scope="row" class="h-11 min-w-52 px-4 text-left font-mono text-xs font-normal [overflow-wrap:anywhere]">{path}</th>
            <Cell wrap=true>{value(wanted)}</Cell>
            <Cell wrap=true>{value(found)}</Cell>
            <Cell>
                <span class="font-mono text-xs">{by.unwrap_or_else(|| "–".to_owned())}</span>
            </Cell>
            <Cell quiet=true wide=true>
                {match at {
                    Some(at) => view! { <RelativeTime at /> }.into_any(),
                    None => "–".into_any(),
                }}
            </Cell>
        </Row>
    }
}
