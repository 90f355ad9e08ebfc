use leptos::prelude::*;

use crate::{
    calls::services::DeleteService,
    components::CallForm,
    pages::workspace,
    ui::{Button, Dialog, Kind, TextField},
};

/// The button, and what it opens: what goes, what is kept, and a field in which the name has to be typed.
#[component]
pub fn Remove(
    name: String,
    label: String,
    is_database: bool,
    /// The variables that go with it; `None` where they aren't known.
    variables: Option<Vec<String>>,
    /// How many replicas go with it.
    replicas: usize,
    /// Why it can't be deleted.
    refused: Option<String>,
) -> impl IntoView {
    let call = DeleteService { workspace: workspace(), id: name.clone() };
    let (what, beside, kept) = if is_database {
        let kept = "What is kept: variables that somebody edited. There is no way back.";
        ("The database and everything in it", going(variables.as_deref()), kept)
    } else {
        let beside = "Its mounts: no app has it any more".to_owned();
        ("The volume and everything on it", beside, "There is no way back.")
    };
    let (confirm, why) = (format!("Type {name} to confirm"), format!("Type {name} to delete it"));
    view! {
        <Button id="delete" kind=Kind::Danger quiet=true refused=Signal::stored(refused) opens="remove-dialog">
            "Delete"
        </Button>
        <Dialog id="remove-dialog" title=format!("Delete {label}?")>
            <div class="grid gap-2">
                <p>"What goes:"</p>
                <ul class="list-disc pl-5 text-ink-2">
                    <li>{what}</li>
                    <li class="[overflow-wrap:anywhere]">{beside}</li>
                    {along(replicas).map(|words| view! { <li>{words}</li> })}
                </ul>
                <p>{kept}</p>
            </div>
            <CallForm call class="grid gap-4">
                <TextField name="confirm" label=confirm until=name mono=true />
                <div class="flex flex-wrap items-start justify-end gap-2">
                    <Button closes="remove-dialog">"Cancel"</Button>
                    <Button id="remove" kind=Kind::Danger submit=true quiet=true refused=Signal::stored(Some(why))>
                        "Delete it for good"
                    </Button>
                </div>
            </CallForm>
        </Dialog>
    }
}

/// What the dialog says of the replicas.
fn along(replicas: usize) -> Option<String> {
    match replicas {
        0 => None,
        1 => Some("Its replica".to_owned()),
        many => Some(format!("Its {many} replicas")),
    }
}

/// What the dialog says of the variables.
fn going(variables: Option<&[String]>) -> String {
    match variables {
        None => "The variables that Berth wrote for it".to_owned(),
        Some([]) => "No variables: none of the project's is its own".to_owned(),
        Some([one]) => format!("The variable {one}"),
        Some(many) => format!("The variables {}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_that_go_are_named() {
        let some = |names: &[&str]| going(Some(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        assert_eq!(going(None), "The variables that Berth wrote for it");
        assert_eq!(some(&["A"]), "The variable A");
        assert_eq!(some(&["A", "B"]), "The variables A, B");
        assert_eq!(some(&[]), "No variables: none of the project's is its own");
    }
}
