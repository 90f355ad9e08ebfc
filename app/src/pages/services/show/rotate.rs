use contract::{Action, State, permission::Permission};
use leptos::prelude::*;

use super::actions::refused;
use crate::{
    calls::services::RotatePassword,
    components::CallForm,
    pages::workspace,
    ui::{Button, Card, CardBody, CardHead, Dialog, Kind},
};

/// Another password in the place of the one that is known.
#[component]
pub fn Rotate(state: State, name: String, label: String) -> impl IntoView {
    let refused = refused(state, Action::RotatePassword, Permission::ServicesOperate);
    let call = RotatePassword { workspace: workspace(), id: name };
    view! {
        <Card>
            <CardHead title="Password" />
            <CardBody>
                <p class="text-ink-2">"Another password takes the place of the one that is in use. Variables that Berth wrote follow."</p>
                <div class="flex justify-end">
                    <Button id="rotate" quiet=true refused=Signal::stored(refused) opens="rotate-dialog">
                        "Rotate the password"
                    </Button>
                </div>
            </CardBody>
        </Card>
        <Dialog id="rotate-dialog" title=format!("Rotate the password of {label}?")>
            <p>"Whoever signs in with the old one is refused from then on. Sessions that are open stay."</p>
            <CallForm call said="The password is being rotated." class="flex flex-wrap items-start justify-end gap-2">
                <Button closes="rotate-dialog">"Cancel"</Button>
                <Button id="rotate-now" kind=Kind::Primary submit=true>
                    "Rotate it"
                </Button>
            </CallForm>
        </Dialog>
    }
}
