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
pub fn LiveDot(#[prop(into)] live: Signal<Live>) -> impl IntoView {
    let look = move || match live.get() {
        Live::Off => ("bg-idle", "Not live yet"),
        Live::Live => ("bg-ok", "Live"),
        Live::Asking => ("bg-warn", "Asking every few seconds"),
        Live::Away => ("bg-bad", "Offline"),
    };
    view! {
        <span class="inline-flex items-center" role="status" title=move || look().1>
            <span class=move || format!("size-2 rounded-full {}", look().0) aria-hidden="true"></span>
            <span class="sr-only">{move || look().1}</span>
        </span>
    }
}
