use contract::{Service, page::PageRequest};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    calls::{CallError, projects::list_vars, services::delete_service},
    components::Refusal,
    live::use_changes,
    pages::workspace,
    ui::{Button, Dialog, Kind, TextField},
};

/// What goes and what is kept; the name has to be typed.
#[component]
pub fn Remove(service: Memo<Service>, open: RwSignal<bool>) -> impl IntoView {
    let (slug, changes) = (workspace(), use_changes());
    let name = service.with_untracked(|service| service.name.clone());
    let typed = RwSignal::new(String::new());
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let refused = {
        let name = name.clone();
        Signal::derive(move || typed.with(|typed| typed.trim() != name).then(|| format!("Type {name} to delete it")))
    };
    let variables = written(service, open, slug.clone());
    Effect::new(move || {
        if open.get() {
            typed.set(String::new());
            failed.set(None);
        }
    });
    let submit = {
        let name = name.clone();
        move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            if busy.get_untracked() || refused.with_untracked(Option::is_some) {
                return;
            }
            busy.set(true);
            failed.set(None);
            let (slug, name) = (slug.clone(), name.clone());
            spawn_local(async move {
                let answer = delete_service(slug, name).await;
                let _ = busy.try_set(false);
                match answer {
                    Ok(()) => {
                        let _ = open.try_set(false);
                        changes.all();
                    }
                    Err(error) => {
                        let _ = failed.try_set(Some(error));
                    }
                }
            });
        }
    };
    let label = service.with_untracked(|service| service.label.clone());
    let what = service.with_untracked(|service| {
        if service.connection_details.is_some() {
            "The database and everything in it"
        } else {
            "The volume and everything on it"
        }
    });
    view! {
        <Dialog open id="remove" title=format!("Delete {label}?")>
            <form method="dialog" novalidate class="grid gap-4" on:submit=submit>
                <div class="grid gap-2">
                    <p>"What goes:"</p>
                    <ul class="list-disc pl-5 text-ink-2">
                        <li>{what}</li>
                        <li>{move || variables.with(going)}</li>
                    </ul>
                    <p>"What is kept: variables that somebody edited. There is no way back."</p>
                </div>
                <Refusal cause="It wasn't deleted." error=failed />
                <TextField name="confirm" label=format!("Type {name} to confirm") value=typed mono=true />
                <div class="flex flex-wrap items-start justify-end gap-2">
                    <Button on_press=Callback::new(move |_| open.set(false))>"Cancel"</Button>
                    <Button id="remove" kind=Kind::Danger submit=true quiet=true busy refused>
                        "Delete it for good"
                    </Button>
                </div>
            </form>
        </Dialog>
    }
}

/// The names of the variables that go with the service, asked for when the dialog opens; `None` until they are known.
fn written(service: Memo<Service>, open: RwSignal<bool>, slug: String) -> RwSignal<Option<Vec<String>>> {
    let names = RwSignal::new(None);
    Effect::new(move || {
        if !open.get() {
            return;
        }
        let (id, project) = service.with_untracked(|service| (service.uuid, service.project_id));
        let slug = slug.clone();
        spawn_local(async move {
            let page = PageRequest { limit: Some(PageRequest::MAX_LIMIT.to_string()), cursor: None };
            if let Ok(vars) = list_vars(slug, project, page).await {
                let own = vars.items.into_iter().filter(|var| var.service_id == Some(id)).map(|var| var.key).collect();
                let _ = names.try_set(Some(own));
            }
        });
    });
    names
}

fn going(variables: &Option<Vec<String>>) -> String {
    match variables.as_deref() {
        None => "The variables that Berth wrote for it and nobody edited".to_owned(),
        Some([]) => "No variables: Berth has written none for it that nobody edited".to_owned(),
        Some([one]) => format!("The variable {one}"),
        Some(many) => format!("The variables {}", many.join(" and ")),
    }
}
