//! What this installation can do, as choices; what it can't is there with the reason.

use contract::{Capabilities, capabilities};
use leptos::prelude::*;

use crate::ui::Choice;

/// Why something can't be chosen.
pub fn off(available: bool, reason: &Option<String>) -> Signal<Option<String>> {
    let reason = reason.clone().unwrap_or_else(|| "this installation doesn't offer it".to_owned());
    Signal::stored((!available).then_some(reason))
}

/// Values of the contract, each called as people call it.
pub fn choices(of: &[capabilities::Choice], label: impl Fn(&str) -> String) -> Vec<Choice> {
    of.iter()
        .map(|choice| Choice::new(&choice.value, label(&choice.value)).off(off(choice.available, &choice.reason)))
        .collect()
}

/// Who reaches a database.
pub fn access(can: &Capabilities) -> Vec<Choice> {
    choices(&can.public_access, |value| if value == "1" { "Public" } else { "Private" }.to_owned())
}
