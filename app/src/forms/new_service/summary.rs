use leptos::prelude::*;

use super::{Form, chosen_pool, need, variables};
use crate::{
    components::words,
    ui::{Button, Card, CardBody, CardHead, KeyValue, KeyValues, Kind, Legend, Meter},
};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

/// What a pool holds of one kind, in the unit of the field.
#[derive(Clone, Copy, Default, PartialEq)]
struct Room {
    used: f64,
    this: f64,
    whole: f64,
}

impl Room {
    /// "38 → 43 of 80 GiB", or by how much it is too much.
    fn words(self, unit: &str) -> String {
        let Self { used, this, whole } = self;
        let say = words::number;
        match used + this - whole {
            over if over > 0.0 => format!("{} {unit} too much", say(over)),
            _ if this > 0.0 => format!("{} → {} of {} {unit}", say(used), say(used + this), say(whole)),
            _ => format!("{} of {} {unit}", say(used), say(whole)),
        }
    }
}

/// What will exist and what it takes, always in view; and the one thing to press.
#[component]
pub fn Summary(
    form: Form,
    known: Signal<Option<Vec<String>>>,
    busy: Signal<bool>,
    /// Why it can't be pressed for another reason than the fields.
    refused: Signal<Option<String>>,
    on_attempt: Callback<()>,
) -> impl IntoView {
    let rooms = Memo::new(move |_| {
        let now = super::Offer { pools: form.pools.get(), ..form.offer.get_value() };
        let wire = form.wire.get();
        let pool = chosen_pool(&wire, &now)?;
        let need = need(&wire);
        let many = need.map_or(0.0, |need| f64::from(need.instances));
        let memory = Room {
            used: pool.total_used_ram_size as f64 / MIB,
            this: need.map_or(0.0, |need| f64::from(need.ram.mib()) * many),
            whole: pool.total_ram_size as f64 / MIB,
        };
        let disk = Room {
            used: pool.total_used_disk_size as f64 / GIB,
            this: need.map_or(0.0, |need| need.disk.gib() * many),
            whole: pool.total_disk_size as f64 / GIB,
        };
        Some((memory, disk))
    });
    let memory = Signal::derive(move || rooms.get().map(|rooms| rooms.0).unwrap_or_default());
    let disk = Signal::derive(move || rooms.get().map(|rooms| rooms.1).unwrap_or_default());
    let variables = move || match (form.draft.variables.get(), known.with(variables::counts)) {
        (false, _) => "none".to_owned(),
        (true, Some((written, 0))) => format!("{written} written"),
        (true, Some((written, kept))) => format!("{written} written, {kept} kept"),
        (true, None) => "written, none overwritten".to_owned(),
    };
    let reason = Signal::derive(move || refused.get().or_else(|| form.reason()));
    view! {
        <Card>
            <CardHead title="What it takes" />
            <CardBody>
                <Show when=move || rooms.with(Option::is_some) fallback=|| view! { <p class="text-sm text-ink-3">"You can't see how full the resources are."</p> }>
                    <RoomMeter label="Memory" unit="MiB" room=memory />
                    <RoomMeter label="Disk" unit="GiB" room=disk />
                    <Legend />
                </Show>
                <div class="border-t border-line pt-4">
                    <KeyValues>
                        <KeyValue key="Variables">{variables}</KeyValue>
                    </KeyValues>
                </div>
                // bubbles from a press that was refused, too, and from Enter in a field
                <div on:click=move |_| on_attempt.run(())>
                    <Button id="create" kind=Kind::Primary submit=true wide=true busy refused=reason>
                        "Create"
                    </Button>
                </div>
            </CardBody>
        </Card>
    }
}

#[component]
fn RoomMeter(label: &'static str, unit: &'static str, room: Signal<Room>) -> impl IntoView {
    view! {
        <Meter
            label=label
            words=Signal::derive(move || room.get().words(unit))
            used=Signal::derive(move || room.get().used)
            this=Signal::derive(move || room.get().this)
            whole=Signal::derive(move || room.get().whole)
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_and_after_in_words() {
        let room = |used, this, whole| Room { used, this, whole }.words("GiB");
        assert_eq!(room(38.0, 5.0, 80.0), "38 → 43 of 80 GiB");
        assert_eq!(room(38.0, 42.0, 80.0), "38 → 80 of 80 GiB");
        assert_eq!(room(38.0, 42.5, 80.0), "0.5 GiB too much");
        assert_eq!(room(38.0, 0.0, 80.0), "38 of 80 GiB");
    }
}
