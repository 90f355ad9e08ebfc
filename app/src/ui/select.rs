use leptos::prelude::*;

use super::{
    Choice, FieldFrame, Icon,
    field::{INPUT, invalid, note_id},
    lu, on,
    typed::follow,
};

/// The browser's own list, for more choices than fit side by side.
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    options: Vec<Choice>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] hide_label: bool,
) -> impl IntoView {
    follow(name.clone(), value);
    let first = value.get_untracked();
    let options = options
        .into_iter()
        .map(|choice| {
            let off = choice.off;
            let words = Signal::derive(move || match off.get() {
                Some(reason) => format!("{} ({reason})", choice.label),
                None => choice.label.clone(),
            });
            let is_off = Signal::derive(move || off.get().is_some());
            view! { <option value=choice.value.clone() selected=choice.value == first disabled=is_off>{words}</option> }
        })
        .collect_view();
    view! {
        <FieldFrame name=name.clone() label hint error hide_label>
            <div class="relative">
                <select
                    id=name.clone()
                    name=name.clone()
                    class=format!("{INPUT} appearance-none pr-9")
                    aria-invalid=invalid(error)
                    aria-describedby=note_id(&name)
                    on:change=on(move |event| value.set(event_target_value(&event)))
                >
                    {options}
                </select>
                <span class="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-ink-3">
                    <Icon glyph=lu::LuChevronDown />
                </span>
            </div>
        </FieldFrame>
    }
}
