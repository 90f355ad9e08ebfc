use leptos::prelude::*;

/// How the page learns of changes: `frontend/page/live.ts` listens to the stream at `events`, and shows here what has become of it.
#[component]
pub fn LiveDot(#[prop(into)] events: String) -> impl IntoView {
    const NOT_YET: &str = "Not live yet";
    view! {
        <span
            id="live"
            class="group inline-flex items-center"
            role="status"
            title=NOT_YET
            data-events=events
            data-live="Live"
            data-asking="Asking every few seconds"
            data-away="Offline"
        >
            <span
                aria-hidden="true"
                class="size-2 rounded-full bg-idle group-data-[state=asking]:bg-warn group-data-[state=away]:bg-bad group-data-[state=live]:bg-ok"
            ></span>
            <span class="sr-only" data-words>
                {NOT_YET}
            </span>
        </span>
    }
}
