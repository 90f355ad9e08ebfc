use leptos::prelude::*;

use super::typed::follow_checkbox;

/// On or off. In a plain form post the field is there when it is on and absent when it is off.
#[component]
pub fn Switch(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    on: RwSignal<bool>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    /// While it holds a reason the switch can't be turned.
    #[prop(optional, into)]
    refused: Signal<Option<String>>,
    #[prop(default = "1")] value: &'static str,
) -> impl IntoView {
    follow_checkbox(name.clone(), on);
    let note = format!("{name}-note");
    view! {
        <div>
            <label class="inline-flex items-center gap-2.5 font-medium has-disabled:cursor-not-allowed has-disabled:opacity-55">
                <input
                    type="checkbox"
                    role="switch"
                    class="relative h-5 w-9 shrink-0 cursor-[inherit] appearance-none rounded-full border border-control bg-sunk transition-colors \
                    before:absolute before:top-[2px] before:left-[2px] before:size-3.5 before:rounded-full before:bg-control before:transition-transform \
                    checked:border-accent checked:bg-accent checked:before:translate-x-4 checked:before:bg-accent-ink"
                    id=name.clone()
                    name=name.clone()
                    value=value
                    checked=on.get_untracked()
                    disabled=Signal::derive(move || refused.get().is_some())
                    aria-describedby=note.clone()
                    on:change=super::on(move |event| on.set(event_target_checked(&event)))
                />
                {label}
            </label>
            <div id=note class="mt-1 pl-[46px] text-sm text-ink-3 empty:mt-0">
                {Signal::derive(move || refused.get().or_else(|| hint.get()))}
            </div>
        </div>
    }
}
