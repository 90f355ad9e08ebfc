use contract::spec::ServiceType;
use leptos::prelude::*;

use super::{Form, variables};
use crate::{
    components::words,
    ui::{Button, Card, CardBody, CardHead, KeyValue, KeyValues, Kind, Legend, Level, Meter, on},
};

/// "38 → 43 of 80 GiB", or by how much it is too much.
fn before_and_after(level: Level, unit: &str) -> String {
    let Level { used, this, whole } = level;
    let say = words::number;
    match used + this - whole {
        over if over > 0.0 => format!("{} {unit} too much", say(over)),
        _ if this > 0.0 => format!("{} → {} of {} {unit}", say(used), say(used + this), say(whole)),
        _ => format!("{} of {} {unit}", say(used), say(whole)),
    }
}

/// What will exist and what it takes, always in view; and the one thing to press.
#[component]
pub fn Summary(
    form: Form,
    busy: Signal<bool>,
    /// Why it can't be pressed for another reason than the fields.
    refused: Signal<Option<String>>,
    on_attempt: Callback<()>,
) -> impl IntoView {
    let levels = move || form.judged.get().levels.unwrap_or_default();
    let memory = Signal::derive(move || levels().0);
    let disk = Signal::derive(move || levels().1);
    let seen = form.judged.get_untracked().levels.is_some();
    let variables =
        Signal::derive(move || match (form.draft.variables.get(), variables::counts(&form.offer.get().known)) {
            (false, _) => "none".to_owned(),
            (true, Some((written, 0))) => format!("{written} written"),
            (true, Some((written, kept))) => format!("{written} written, {kept} kept"),
            (true, None) => "written, none overwritten".to_owned(),
        });
    let ready_in = form.offer.get_untracked().ready_in.clone();
    let reason = Signal::derive(move || refused.get().or_else(|| form.reason()));
    let room = |label: &'static str, unit: &'static str, level: Signal<Level>| {
        let words = Signal::derive(move || before_and_after(level.get(), unit));
        view! { <Meter label words level /> }
    };
    let of_database = move |class: &'static str| form.draft.only(ServiceType::Postgres, class);
    let rooms = if seen {
        view! {
            <div class=of_database("min-w-0")>{room("Memory", "MiB", memory)}</div>
            {room("Disk", "GiB", disk)}
            <Legend />
        }
        .into_any()
    } else {
        view! { <p class="text-sm text-ink-3">"You can't see how full the resources are."</p> }.into_any()
    };
    view! {
        <Card>
            <CardHead title="What it takes" />
            <CardBody>
                {rooms}
                // how long it takes is what databases took
                <div class=of_database("border-t border-line pt-4")>
                    <KeyValues>
                        <KeyValue key="Variables">{variables}</KeyValue>
                        {ready_in.map(|words| view! { <KeyValue key="Ready in">"about " {words}</KeyValue> })}
                    </KeyValues>
                </div>
                // bubbles from a press that was refused, too, and from Enter in a field
                <div on:click=on(move |_| on_attempt.run(()))>
                    <Button id="create" kind=Kind::Primary submit=true wide=true busy refused=reason>
                        "Create"
                    </Button>
                </div>
            </CardBody>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_and_after_in_words() {
        let level = |used, this, whole| before_and_after(Level { used, this, whole }, "GiB");
        assert_eq!(level(38.0, 5.0, 80.0), "38 → 43 of 80 GiB");
        assert_eq!(level(38.0, 42.0, 80.0), "38 → 80 of 80 GiB");
        assert_eq!(level(38.0, 42.5, 80.0), "0.5 GiB too much");
        assert_eq!(level(38.0, 0.0, 80.0), "38 of 80 GiB");
    }
}
