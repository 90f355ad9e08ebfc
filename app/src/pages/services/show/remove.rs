use leptos::{prelude::*, task::spawn_local};

use crate::{
    calls::{CallError, projects::list_var_names, services::delete_service},
    components::Refusal,
    live,
    ui::{Button, Dialog, Kind, TextField, on},
};

/// What goes and what is kept; the name has to be typed.
#[island]
pub fn Remove(
    slug: String,
    name: String,
    label: String,
    service: String,
    project: String,
    is_database: bool,
    /// Why it can't be deleted.
    refused: Option<String>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let wrong = {
        let name = name.clone();
        Signal::derive(move || (typed.get().trim() != name).then(|| format!("Type {name} to delete it")))
    };
    let variables = written(slug.clone(), project, service, open);
    let submit = {
        let name = name.clone();
        move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            if busy.get_untracked() || wrong.get_untracked().is_some() {
                return;
            }
            busy.set(true);
            failed.set(None);
            let (slug, name) = (slug.clone(), name.clone());
            spawn_local(async move {
                let answer = delete_service(slug, name).await;
                busy.set(false);
                match answer {
                    Ok(()) => {
                        open.set(false);
                        live::changed();
                    }
                    Err(error) => failed.set(Some(error)),
                }
            });
        }
    };
    let ask = Callback::new(move |_| {
        typed.set(String::new());
        failed.set(None);
        open.set(true);
    });
    let what = if is_database { "The database and everything in it" } else { "The volume and everything on it" };
    view! {
        <Button id="delete" kind=Kind::Danger quiet=true refused=Signal::stored(refused) on_press=ask>
            "Delete"
        </Button>
        <Dialog open id="remove-dialog" title=format!("Delete {label}?")>
            <form method="dialog" novalidate class="grid gap-4" on:submit=on(submit)>
                <div class="grid gap-2">
                    <p>"What goes:"</p>
                    <ul class="list-disc pl-5 text-ink-2">
                        <li>{what}</li>
                        <li>{Signal::derive(move || going(&variables.get()))}</li>
                    </ul>
                    <p>"What is kept: variables that somebody edited. There is no way back."</p>
                </div>
                <Refusal cause="It wasn't deleted." error=failed />
                <TextField name="confirm" label=format!("Type {name} to confirm") value=typed mono=true />
                <div class="flex flex-wrap items-start justify-end gap-2">
                    <Button on_press=Callback::new(move |_| open.set(false))>"Cancel"</Button>
                    <Button id="remove" kind=Kind::Danger submit=true quiet=true busy refused=wrong>
                        "Delete it for good"
                    </Button>
                </div>
            </form>
        </Dialog>
    }
}

/// The names of the variables that go with the service, asked for when the dialog opens; `None` until they are known.
fn written(slug: String, project: String, service: String, open: RwSignal<bool>) -> RwSignal<Option<Vec<String>>> {
    let names = RwSignal::new(None);
    Effect::new(move || {
        if !open.get() {
            return;
        }
        let (slug, project, service) = (slug.clone(), project.clone(), service.clone());
        spawn_local(async move {
            if let Ok(own) = list_var_names(slug, project, Some(service)).await {
                names.set(Some(own));
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
