//! The variables of a project: their names, who wrote them, and their editing. Their values stay where they are.

use contract::{
    Service,
    permission::Permission,
    project::{Var, VarFields, VarKey},
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    calls::projects::{CreateVar, DeleteVar, UpdateVar},
    components::CallForm,
    pages::workspace,
    ui::{Button, Card, CardHead, Cell, Column, Dialog, Kind, RelativeTime, Row, Table, TextArea, TextField},
    viewer,
};

const COLUMNS: &[Column] = &[
    Column::text("Variable"),
    Column::text("Value").wide(),
    Column::text("Written by").wide(),
    Column::text("Changed").wide(),
    Column::text(""),
];
/// Of a fixed length: a secret's own says something of it.
const DOTS: &str = "••••••••••";

#[component]
pub fn Variables(
    project: Uuid,
    vars: Vec<Var>,
    /// Of the project; one of them may have written a variable.
    items: Vec<Service>,
) -> impl IntoView {
    let refused = viewer::lacks(Permission::ProjectsOperate);
    let writer = move |id: Option<Uuid>| match id {
        None => "somebody".to_owned(),
        Some(id) => items
            .iter()
            .find(|service| service.uuid == id)
            .map_or_else(|| "a service".to_owned(), |service| service.label.clone()),
    };
    let table = if vars.is_empty() {
        view! { <p class="px-4 py-8 text-center text-ink-2">"It has no variables. A service that is created with them writes its own."</p> }
            .into_any()
    } else {
        let may_edit = refused.is_none();
        let rows = vars.into_iter().map(move |var| {
            let written_by = writer(var.service_id);
            view! { <Variable project var written_by may_edit /> }
        });
        view! {
            <Table label="Variables" columns=COLUMNS>
                {rows.collect_view()}
            </Table>
        }
        .into_any()
    };
    let call = CreateVar { workspace: workspace(), project, fields: VarFields::default() };
    view! {
        <Card>
            <CardHead title="Variables">
                <Button id="add-variable" small=true quiet=true opens="new-variable" refused=Signal::stored(refused)>
                    "Add variable"
                </Button>
            </CardHead>
            {table}
        </Card>
        <Dialog id="new-variable" title="Add a variable">
            <CallForm call fields="fields" said="The variable was added.">
                <TextField name="key" label="Name" mono=true hint=Some("Letters, digits and _.".to_owned()) />
                <TextArea name="value" label="Value" rows=3 />
                <div class="flex justify-end gap-2">
                    <Button closes="new-variable">"Cancel"</Button>
                    <Button kind=Kind::Primary submit=true>"Add it"</Button>
                </div>
            </CallForm>
        </Dialog>
    }
}

#[component]
fn Variable(project: Uuid, var: Var, written_by: String, may_edit: bool) -> impl IntoView {
    let edit = may_edit.then(|| {
        let (sheet, key, is_own) = (format!("edit-{}", var.key), var.key.clone(), var.service_id.is_some());
        let name = key.clone();
        view! {
            <Button small=true opens=sheet>
                "Edit" <span class="sr-only">" " {name}</span>
            </Button>
            <Edit project key is_own />
        }
    });
    view! {
        <Row id=format!("var-{}", var.key)>
            <th scope="row" class="h-11 max-w-[24rem] px-4 text-left font-mono text-sm font-normal [overflow-wrap:anywhere]">{var.key}</th>
            <Cell quiet=true wide=true>
                <span aria-hidden="true">{DOTS}</span>
                <span class="sr-only">"hidden"</span>
            </Cell>
            <Cell wide=true>{written_by}</Cell>
            <Cell quiet=true wide=true>
                <RelativeTime at=var.updated_at />
            </Cell>
            <Cell number=true>{edit}</Cell>
        </Row>
    }
}

/// Another value, and the end of it. What it is now isn't shown: it is a secret.
#[component]
fn Edit(project: Uuid, key: String, is_own: bool) -> impl IntoView {
    let slug = workspace();
    let sheet = format!("edit-{key}");
    let fields = VarFields { key: key.as_str().into(), ..VarFields::default() };
    let update = UpdateVar { workspace: slug.clone(), project, fields };
    let delete = DeleteVar { workspace: slug, project, key: VarKey { key: key.as_str().into(), ..VarKey::default() } };
    let warning = is_own.then(|| {
        view! { <p class="text-sm whitespace-normal text-ink-2">"A service wrote it. Once edited it is yours: it follows no new password, and stays when the service goes."</p> }
    });
    let (changed, deleted) = (format!("{key} was changed."), format!("{key} was deleted."));
    let (id, closes, field) = (sheet.clone(), sheet, format!("value-{key}"));
    view! {
        <Dialog id title=key>
            <div class="grid gap-4 text-left whitespace-normal">
                {warning}
                <CallForm call=update fields="fields" said=changed>
                    <TextArea name="value" id=field label="New value" rows=3 />
                    <div class="flex justify-end gap-2">
                        <Button closes>"Cancel"</Button>
                        <Button kind=Kind::Primary submit=true>"Save"</Button>
                    </div>
                </CallForm>
                <CallForm call=delete said=deleted class="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
                    <p class="text-sm text-ink-2">"Apps that read it miss it at their next start."</p>
                    <Button kind=Kind::Danger submit=true>"Delete variable"</Button>
                </CallForm>
            </div>
        </Dialog>
    }
}
