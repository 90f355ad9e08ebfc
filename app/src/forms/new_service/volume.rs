use contract::spec::{ServiceType, StorageAccess};
use leptos::prelude::*;

use super::Form;
use crate::{
    forms::choices::choices,
    ui::{Segmented, TextField},
};

/// Where a volume appears, and who may mount it.
#[component]
pub fn Volume(form: Form) -> impl IntoView {
    let draft = form.draft;
    let word = |value: &str| if value == "RWX" { "Many apps (RWX)" } else { "One app (RWO)" }.to_owned();
    let accesses = choices(&form.offer.get_untracked().capabilities.storage_access, word);
    let access_hint = Signal::derive(move || {
        let many = draft.storage_access.get() == StorageAccess::Rwx.as_str();
        let hint = if many { "Any number of the project's apps at once." } else { "One of the project's apps." };
        Some(hint.to_owned())
    });
    view! {
        <div class=draft.only(ServiceType::SharedStorage, "grid gap-4.5 sm:grid-cols-2")>
            <TextField
                name="mount_point"
                label="Mount point"
                value=draft.mount_point
                mono=true
                hint=Some("Where it appears in an app's containers, unless an app is given another place.".to_owned())
                error=form.error("mount_point")
            />
            <Segmented name="storage_access" label="Access" value=draft.storage_access options=accesses hint=access_hint error=form.error("storage_access") />
        </div>
    }
}
