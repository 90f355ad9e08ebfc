use contract::{Service, project::Var};
use leptos::prelude::*;

use crate::{
    pages::workspace,
    paths,
    ui::{Badge, Card, CardHead, Tone},
};

/// What is so of one of the two variables of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// Berth wrote it for this service, and its value is this service's.
    Written,
    /// It was there before, or somebody edited it.
    Other,
    Absent,
}

fn kept(vars: &[Var], key: &str, service: uuid::Uuid) -> Kept {
    match vars.iter().find(|var| var.key.eq_ignore_ascii_case(key)) {
        None => Kept::Absent,
        Some(var) if var.service_id == Some(service) => Kept::Written,
        Some(_) => Kept::Other,
    }
}

/// The variables that a service writes: which of them are its own, and which are kept because they existed.
#[component]
pub fn Variables(service: Service, vars: Vec<Var>) -> impl IntoView {
    let own = format!("{}_URL", service.name.to_ascii_uppercase().replace('-', "_"));
    let href = paths::project(&workspace(), service.project_id);
    let row = |key: String| {
        let (tone, word, why) = match kept(&vars, &key, service.uuid) {
            Kept::Written => (Tone::Ok, "written", None),
            Kept::Other => (Tone::Idle, "kept", Some("The project has it from elsewhere; Berth overwrites nothing.")),
            Kept::Absent => (Tone::Busy, "to come", None),
        };
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0">
                <code class="min-w-0 flex-1 font-mono text-sm [overflow-wrap:anywhere]">{key}</code>
                <Badge tone word />
                {why.map(|why| view! { <p class="basis-full text-sm text-ink-3">{why}</p> })}
            </li>
        }
    };
    let rows = [own, "DATABASE_URL".to_owned()].map(row).into_iter().collect_view();
    view! {
        <Card>
            <CardHead title="Variables">
                <a href=href class="text-accent underline-offset-2 hover:underline">"of the project"</a>
            </CardHead>
            <ul>{rows}</ul>
        </Card>
    }
}
