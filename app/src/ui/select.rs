use leptos::{html, prelude::*};

use super::{
    Choice, FieldFrame, Icon,
    field::{INPUT, invalid, note_id},
    lu,
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
    let select = NodeRef::<html::Select>::new();
    follow(move || select.get(), value);
    let first = value.get_untracked();
    let options = options
        .into_iter()
        .map(|choice| {
            let off = choice.off;
            view! {
                <option value=choice.value.clone() selected=choice.value == first disabled=move || off.with(Option::is_some)>
                    {move || match off.get() {
                        Some(reason) => format!("{} ({reason})", choice.label),
                        None => choice.label.clone(),
                    }}
                </option>
            }
        })
        .collect_view();
    view! {
        <FieldFrame name=name.clone() label hint error hide_label>
            <div class="relative">
                <select
                    node_ref=select
                    id=name.clone()
                    name=name.clone()
                    class=format!("{INPUT} appearance-none pr-9")
                    aria-invalid=invalid(error)
                    aria-describedby=note_id(&name)
                    on:change=move |event| value.set(event_target_value(&event))
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
