use contract::Service;
use leptos::prelude::*;
use leptos_router::components::A;

use super::Names;
use crate::{
    components::{StateBadge, words},
    pages::workspace,
    paths,
    ui::{Cell, Column, NameCell, RelativeTime, Row, Table},
};

const COLUMNS: &[Column] = &[
    Column::text("State"),
    Column::text("Service"),
    Column::text("Type"),
    Column::text("Project"),
    Column::text("Resource"),
    Column::number("Memory"),
    Column::number("Disk"),
    Column::text("Created"),
];

/// A service as a row shows it; what stays the same isn't drawn again.
fn key(service: &Service) -> (uuid::Uuid, contract::State, String, i128) {
    (service.uuid, service.state, service.label.clone(), service.updated_at.unix_timestamp_nanos())
}

fn memory(service: &Service) -> String {
    service.ram_size.map_or_else(|| "–".to_owned(), words::mib)
}

/// A table where there is room, else cards.
#[component]
pub fn Rows(items: Memo<Vec<Service>>, names: Memo<Names>) -> impl IntoView {
    view! {
        <div class="hidden lg:block">
            <Table label="Services" columns=COLUMNS>
                <For each=move || items.get() key=key let:service>
                    <TableRow service names />
                </For>
            </Table>
        </div>
        <ul class="lg:hidden">
            <For each=move || items.get() key=key let:service>
                <CardRow service names />
            </For>
        </ul>
    }
}

fn name_of(names: Memo<Names>, id: uuid::Uuid) -> impl Fn() -> String + Copy {
    move || names.with(|names| names.get(&id).cloned()).unwrap_or_else(|| "–".to_owned())
}

#[component]
fn TableRow(service: Service, names: Memo<Names>) -> impl IntoView {
    let href = paths::service(&workspace(), &service.name);
    let (memory, kind) = (memory(&service), words::kind(&service));
    view! {
        <Row>
            <Cell>
                <StateBadge state=service.state />
            </Cell>
            <NameCell label=service.label name=service.name href />
            <Cell>{kind}</Cell>
            <Cell>{name_of(names, service.project_id)}</Cell>
            <Cell>{name_of(names, service.resource_id)}</Cell>
            <Cell number=true>{memory}</Cell>
            <Cell number=true>{words::gib(service.disk_size)}</Cell>
            <Cell quiet=true>
                <RelativeTime at=service.created_at />
            </Cell>
        </Row>
    }
}

#[component]
fn CardRow(service: Service, names: Memo<Names>) -> impl IntoView {
    let href = paths::service(&workspace(), &service.name);
    let sizes = match service.ram_size {
        Some(ram) => format!("{}, {}", words::mib(ram), words::gib(service.disk_size)),
        None => words::gib(service.disk_size),
    };
    let kind = words::kind(&service);
    view! {
        <li class="border-b border-line last:border-b-0">
            <A href attr:class="grid grid-cols-[minmax(0,1fr)] gap-1 px-4 py-3 hover:bg-sunk/60">
                <span class="flex items-start gap-3">
                    <span class="min-w-0 flex-1">
                        <span class="block truncate font-medium">{service.label}</span>
                        <span class="block truncate font-mono text-xs text-ink-3">{service.name}</span>
                    </span>
                    <StateBadge state=service.state />
                </span>
                <span class="flex flex-wrap gap-x-3 text-sm text-ink-2">
                    <span>{kind}</span>
                    <span>{sizes}</span>
                </span>
                <span class="flex flex-wrap gap-x-3 text-sm text-ink-3">
                    <span>{name_of(names, service.project_id)} " on " {name_of(names, service.resource_id)}</span>
                    <RelativeTime at=service.created_at />
                </span>
            </A>
        </li>
    }
}
