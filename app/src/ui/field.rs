use leptos::{ev::Event, prelude::*};

use super::{on, typed::follow};

pub const INPUT: &str = "h-9 w-full min-w-0 rounded-sm border border-control bg-card px-[11px] text-ink placeholder:text-ink-3 \
    focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent-soft \
    aria-invalid:border-bad aria-invalid:ring-3 aria-invalid:ring-bad-soft \
    disabled:cursor-not-allowed disabled:opacity-55";

/// Label above, hint or error below. The control inside takes `name` as its id and `{name}-note` as its description.
#[component]
pub fn FieldFrame(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] hide_label: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="min-w-0">
            <label for=name.clone() class=if hide_label { "sr-only" } else { "mb-1.5 block font-medium" }>
                {label}
            </label>
            {children()}
            <Note name hint error />
        </div>
    }
}

/// The line below a control: the error while there is one, else the hint. It exists always, so that a new error is read out.
#[component]
pub fn Note(name: String, hint: Signal<Option<String>>, error: Signal<Option<String>>) -> impl IntoView {
    let class = Signal::derive(move || {
        let ink = if error.get().is_some() { "text-bad" } else { "text-ink-3 empty:mt-0" };
        format!("mt-1.5 text-sm first-letter:uppercase data-bad:text-bad {ink}")
    });
    view! {
        <div id=note_id(&name) class=class aria-live="polite">
            {Signal::derive(move || error.get().or_else(|| hint.get()))}
        </div>
    }
}

/// Follows what is typed.
fn typed(value: Option<RwSignal<String>>) -> Box<dyn FnMut(Event)> {
    on(move |event| {
        if let Some(value) = value {
            value.set(event_target_value(&event));
        }
    })
}

pub fn note_id(name: &str) -> String {
    format!("{name}-note")
}

pub fn invalid(error: Signal<Option<String>>) -> Signal<Option<String>> {
    Signal::derive(move || error.get().map(|_| "true".to_owned()))
}

/// One line of text. Without `value` it is a plain form field that no signal follows: for passwords.
#[component]
pub fn TextField(
    #[prop(into)] name: String,
    /// Where several forms of a page have a field of this name.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] value: Option<RwSignal<String>>,
    /// What stands in it at first, where no signal follows it.
    #[prop(optional, into)]
    filled: Option<String>,
    /// What has to be typed before its form can be sent.
    #[prop(optional, into)]
    until: Option<String>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    /// The input's type: text, email, password, url, search.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] mono: bool,
    #[prop(optional)] hide_label: bool,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    if let Some(value) = value {
        follow(name.clone(), value);
    }
    let class = if mono { format!("{INPUT} font-mono text-sm") } else { INPUT.to_owned() };
    let id = id.unwrap_or_else(|| name.clone());
    view! {
        <FieldFrame name=id.clone() label hint error hide_label>
            <input
                type=kind
                id=id.clone()
                name=name
                class=class
                value=value.map(|value| value.get_untracked()).or(filled)
                data-until=until
                placeholder=placeholder
                autocomplete=autocomplete
                inputmode=inputmode
                spellcheck="false"
                required=required
                disabled=disabled
                aria-invalid=invalid(error)
                aria-describedby=note_id(&id)
                on:input=typed(value)
            />
        </FieldFrame>
    }
}

/// A number as it was typed: parsing it is the form's business. The unit belongs to the label ("Memory, MiB").
#[component]
pub fn NumberField(
    #[prop(into)] name: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    view! { <TextField name label value hint error inputmode="decimal" required disabled /> }
}

/// Several lines, monospace: certificates and the like.
#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    /// Where several forms of a page have a field of this name.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] value: Option<RwSignal<String>>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(default = 5)] rows: u16,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    if let Some(value) = value {
        follow(name.clone(), value);
    }
    let id = id.unwrap_or_else(|| name.clone());
    view! {
        <FieldFrame name=id.clone() label hint error>
            <textarea
                id=id.clone()
                name=name
                class=format!("{INPUT} h-auto py-2 font-mono text-sm")
                rows=rows
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                required=required
                aria-invalid=invalid(error)
                aria-describedby=note_id(&id)
                on:input=typed(value)
            >
                {value.map(|value| value.get_untracked())}
            </textarea>
        </FieldFrame>
    }
}
