use contract::Service;
use leptos::prelude::*;

use super::{Names, StateBadge, words};
use crate::{
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

fn memory(service: &Service) -> String {
    service.ram_size.map_or_else(|| "–".to_owned(), words::mib)
}

/// Services as a table where there is room, else as cards.
#[component]
pub fn ServiceRows(items: Vec<Service>, names: Names) -> impl IntoView {
    let called = |id: uuid::Uuid| names.get(&id).cloned().unwrap_or_else(|| "–".to_owned());
    let named = |service: Service| {
        let (project, pool) = (called(service.project_id), called(service.resource_id));
        (service, project, pool)
    };
    let rows =
        items.iter().cloned().map(named).map(|(service, project, pool)| view! { <TableRow service project pool /> });
    let rows = rows.collect_view();
    let cards = items.into_iter().map(named).map(|(service, project, pool)| view! { <CardRow service project pool /> });
    let cards = cards.collect_view();
    view! {
        <div class="hidden lg:block">
            <Table label="Services" columns=COLUMNS>
                {rows}
            </Table>
        </div>
        <ul class="lg:hidden">{cards}</ul>
    }
}

#[component]
fn TableRow(service: Service, project: String, pool: String) -> impl IntoView {
    let href = paths::service(&workspace(), &service.name);
    let (memory, kind) = (memory(&service), words::kind(&service));
    view! {
        <Row id=format!("row-{}", service.name)>
            <Cell>
                <StateBadge state=service.state />
            </Cell>
            <NameCell label=service.label name=service.name href />
            <Cell>{kind}</Cell>
            <Cell>{project}</Cell>
            <Cell>{pool}</Cell>
            <Cell number=true>{memory}</Cell>
            <Cell number=true>{words::gib(service.disk_size)}</Cell>
            <Cell quiet=true>
                <RelativeTime at=service.created_at />
            </Cell>
        </Row>
    }
}

#[component]
fn CardRow(service: Service, project: String, pool: String) -> impl IntoView {
    let href = paths::service(&workspace(), &service.name);
    let sizes = match service.ram_size {
        Some(ram) => format!("{}, {}", words::mib(ram), words::gib(service.disk_size)),
        None => words::gib(service.disk_size),
    };
    let (id, kind) = (format!("card-{}", service.name), words::kind(&service));
    view! {
        <li id=id class="border-b border-line last:border-b-0">
            <a href=href class="grid grid-cols-[minmax(0,1fr)] gap-1 px-4 py-3 hover:bg-sunk/60">
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
                    <span>{project} " on " {pool}</span>
                    <RelativeTime at=service.created_at />
                </span>
            </a>
        </li>
    }
}
