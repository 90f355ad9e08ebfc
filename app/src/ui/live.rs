use leptos::prelude::*;

/// How the page learns of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Live {
    /// Not yet, or no script.
    #[default]
    Off,
    /// Told at once.
    Live,
    /// The stream is down: asking every few seconds.
    Asking,
    /// No network: what is shown may be old.
    Away,
}

#[component]
pub fn LiveDot(live: RwSignal<Live>) -> impl IntoView {
    let look = move || match live.get() {
        Live::Off => ("bg-idle", "Not live yet"),
        Live::Live => ("bg-ok", "Live"),
        Live::Asking => ("bg-warn", "Asking every few seconds"),
        Live::Away => ("bg-bad", "Offline"),
    };
    let words = Signal::derive(move || look().1.to_owned());
    let ground = Signal::derive(move || format!("size-2 rounded-full {}", look().0));
    view! {
        <span class="inline-flex items-center" role="status" title=words>
            <span class=ground aria-hidden="true"></span>
            <span class="sr-only">{words}</span>
        </span>
    }
}
