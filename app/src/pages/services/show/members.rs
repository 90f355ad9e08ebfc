use contract::{
    members::{Member, Members, PrimaryChange},
    service::MemberRole,
};
use leptos::prelude::*;

use crate::{
    calls::services::service_members,
    components::words,
    pages::workspace,
    ui::{Badge, Card, CardHead, Cell, Column, Notice, RelativeTime, Row, Table, Tone},
};

const SERVERS: &[Column] = &[
    Column::text("Server"),
    Column::text("Role"),
    Column::text("State"),
    Column::number("Behind"),
    Column::text("Node").wide(),
    Column::text("Started").wide(),
];
const CHANGES: &[Column] = &[Column::text("When"), Column::text("From"), Column::text("To"), Column::number("Took")];

/// The servers behind it, and which of them took over when.
#[component]
pub fn Servers(name: String) -> impl IntoView {
    let slug = workspace();
    Suspend::new(async move {
        match service_members(slug, name).await {
            Ok(Members { members, changes }) => view! {
                <Now members />
                <Before changes />
            }
            .into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad cause="Its servers can't be shown." evidence=Some(error.to_string()) /> }
                    .into_any()
            }
        }
    })
}

#[component]
fn Now(members: Vec<Member>) -> impl IntoView {
    let ready = members.iter().filter(|member| member.ready).count();
    let count = format!("{ready} of {} ready", members.len());
    let none = members.is_empty().then(|| view! { <p class="px-4 py-10 text-center text-ink-2">"No server runs."</p> });
    let rows = members.into_iter().map(|member| view! { <Server member /> }).collect_view();
    view! {
        <Card>
            <CardHead title="Servers">{count}</CardHead>
            {match none {
                Some(none) => none.into_any(),
                None => view! { <Table label="Servers" columns=SERVERS>{rows}</Table> }.into_any(),
            }}
        </Card>
    }
}

#[component]
fn Server(member: Member) -> impl IntoView {
    let Member { name, role, ready, node, started_at, lag_bytes, detail } = member;
    let role = match role {
        Some(MemberRole::Primary) => "Primary",
        Some(MemberRole::Replica) => "Standby",
        None => "–",
    };
    let (tone, word) = match (ready, &detail) {
        (true, None) => (Tone::Ok, "Ready"),
        (true, Some(_)) => (Tone::Warn, "Ready"),
        (false, _) => (Tone::Busy, "Not ready"),
    };
    let behind = lag_bytes.map(|bytes| words::bytes(bytes as f64));
    view! {
        <Row id=format!("member-{name}")>
            <th scope="row" class="h-11 px-4 text-left font-mono text-sm font-normal">{name}</th>
            <Cell>{role}</Cell>
            <Cell wrap={detail.is_some()}>
                <Badge tone word />
                {detail.map(|words| view! { <span class="ml-2 text-sm text-ink-2">{words}</span> })}
            </Cell>
            <Cell number=true>{behind.unwrap_or_else(|| "–".to_owned())}</Cell>
            <Cell quiet=true wide=true>{node.unwrap_or_else(|| "–".to_owned())}</Cell>
            <Cell quiet=true wide=true>
                {match started_at {
                    Some(at) => view! { <RelativeTime at /> }.into_any(),
                    None => "–".into_any(),
                }}
            </Cell>
        </Row>
    }
}

#[component]
fn Before(changes: Vec<PrimaryChange>) -> impl IntoView {
    if changes.is_empty() {
        return None;
    }
    let rows = changes
        .into_iter()
        .map(|PrimaryChange { at, from, to, ms }| {
            view! {
                <Row id=format!("change-{}", at.unix_timestamp_nanos())>
                    <Cell><RelativeTime at /></Cell>
                    <Cell><span class="font-mono text-sm">{from}</span></Cell>
                    <Cell><span class="font-mono text-sm">{to}</span></Cell>
                    <Cell number=true>{ms.map_or_else(|| "–".to_owned(), words::took)}</Cell>
                </Row>
            }
        })
        .collect_view();
    Some(view! {
        <Card>
            <CardHead title="Failovers" />
            <Table label="Failovers" columns=CHANGES>{rows}</Table>
            <p class="border-t border-line px-4 py-2 text-sm text-ink-3">
                "How long nobody could sign in, as Berth saw it. A dash: nobody was seen to be kept out."
            </p>
        </Card>
    })
}
