use leptos::prelude::*;

use super::{
    dynamic,
    field::{Note, note_id},
    on,
    typed::follow_radios,
};

/// One thing to choose. While `off` holds a reason it can't be chosen, and the reason stands below the group.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub text: String,
    pub off: Signal<Option<String>>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), text: String::new(), off: Signal::stored(None) }
    }

    /// The sentence below the label, on a card.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub fn off(mut self, reason: impl Into<Signal<Option<String>>>) -> Self {
        self.off = reason.into();
        self
    }
}

/// Why some of the choices can't be taken: "13, 14: not installed on this machine".
fn reasons(options: &[Choice]) -> Vec<String> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for option in options {
        let Some(reason) = option.off.get() else { continue };
        match found.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, labels)) => labels.push(&option.label),
            None => found.push((reason, vec![&option.label])),
        }
    }
    found.into_iter().map(|(reason, labels)| format!("{}: {reason}", labels.join(", "))).collect()
}

#[component]
fn Group(
    name: String,
    label: Signal<String>,
    value: RwSignal<String>,
    hint: Signal<Option<String>>,
    error: Signal<Option<String>>,
    hide_label: bool,
    options: Vec<Choice>,
    children: Children,
) -> impl IntoView {
    follow_radios(name.clone(), value);
    let described = note_id(&name);
    view! {
        <fieldset class="min-w-0" aria-describedby=described aria-invalid=super::field::invalid(error)>
            <legend class=if hide_label { "sr-only" } else { "mb-1.5 font-medium" }>{label}</legend>
            {children()}
            <Note name hint error />
            {dynamic(move || {
                reasons(&options).into_iter().map(|line| view! { <p class="mt-1.5 text-sm text-ink-3">{line}</p> }).collect_view().into_any()
            })}
        </fieldset>
    }
}

#[component]
fn Radio(
    name: String,
    choice: Choice,
    value: RwSignal<String>,
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let off = choice.off;
    let own = choice.value.clone();
    let checked = value.get_untracked() == choice.value;
    view! {
        <label class=class title=off>
            <input
                type="radio"
                class="sr-only"
                name=name
                value=choice.value
                checked=checked
                disabled=Signal::derive(move || off.get().is_some())
                on:change=on(move |_| value.set(own.clone()))
            />
            {children()}
        </label>
    }
}

/// A few short choices side by side.
#[component]
pub fn Segmented(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    options: Vec<Choice>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] hide_label: bool,
) -> impl IntoView {
    const SEGMENT: &str = "relative border-r border-line px-3 py-[5px] text-sm whitespace-nowrap text-ink-2 last:border-r-0 \
        has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent \
        has-disabled:cursor-not-allowed has-disabled:text-ink-3 has-disabled:line-through \
        has-focus-visible:z-10 has-focus-visible:outline-3 has-focus-visible:-outline-offset-1 has-focus-visible:outline-[var(--focus)]";
    let radios = options
        .iter()
        .map(|choice| {
            let label = choice.label.clone();
            view! { <Radio name=name.clone() choice=choice.clone() value class=SEGMENT>{label}</Radio> }
        })
        .collect_view();
    view! {
        <Group name label value hint error hide_label options>
            <div class="flex w-max max-w-full overflow-x-auto rounded-sm border border-control">{radios}</div>
        </Group>
    }
}

/// The choices that matter most, each with a sentence.
#[component]
pub fn ChoiceCards(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    options: Vec<Choice>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] hide_label: bool,
) -> impl IntoView {
    const CARD: &str = "relative block rounded-md border border-line-strong px-3.5 py-[13px] transition-colors hover:border-control \
        has-checked:border-accent has-checked:bg-accent-soft has-checked:ring-1 has-checked:ring-accent \
        has-disabled:cursor-not-allowed has-disabled:opacity-55 \
        has-focus-visible:outline-3 has-focus-visible:outline-offset-1 has-focus-visible:outline-[var(--focus)]";
    let radios = options
        .iter()
        .map(|choice| {
            let (label, text) = (choice.label.clone(), choice.text.clone());
            view! {
                <Radio name=name.clone() choice=choice.clone() value class=CARD>
                    <span class="block font-semibold">{label}</span>
                    <span class="mt-[3px] block text-sm text-ink-2">{text}</span>
                </Radio>
            }
        })
        .collect_view();
    view! {
        <Group name label value hint error hide_label options>
            <div class="grid gap-3 sm:grid-cols-2">{radios}</div>
        </Group>
    }
}
