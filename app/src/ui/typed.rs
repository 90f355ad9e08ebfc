//! Keeps what people typed or chose before the page was hydrated, and afterwards keeps control and signal the same.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// What a form control holds, whatever its element.
pub trait Holds: Clone + 'static {
    fn held(&self) -> String;
    fn hold(&self, value: &str);
}

impl Holds for HtmlInputElement {
    fn held(&self) -> String {
        self.value()
    }
    fn hold(&self, value: &str) {
        self.set_value(value);
    }
}

impl Holds for HtmlTextAreaElement {
    fn held(&self) -> String {
        self.value()
    }
    fn hold(&self, value: &str) {
        self.set_value(value);
    }
}

impl Holds for HtmlSelectElement {
    fn held(&self) -> String {
        self.value()
    }
    fn hold(&self, value: &str) {
        self.set_value(value);
    }
}

/// On the first run the element is right (it may hold what was typed while the WASM loaded), from then on the signal is.
pub fn follow<E: Holds>(element: impl Fn() -> Option<E> + 'static, value: RwSignal<String>) {
    Effect::new(move |met: Option<bool>| {
        let wanted = value.get();
        let Some(element) = element() else { return false };
        let held = element.held();
        if held != wanted {
            if met == Some(true) { element.hold(&wanted) } else { value.set(held) }
        }
        true
    });
}

/// The same for a group of radio buttons.
pub fn follow_radios(group: NodeRef<html::Fieldset>, value: RwSignal<String>) {
    Effect::new(move |met: Option<bool>| {
        let wanted = value.get();
        let Some(radios) = group.get().and_then(|group| group.query_selector_all("input[type=radio]").ok()) else {
            return false;
        };
        let radios = (0..radios.length()).filter_map(|at| radios.get(at)?.dyn_into::<HtmlInputElement>().ok());
        for radio in radios {
            let is_wanted = radio.value() == wanted;
            if met == Some(true) {
                radio.set_checked(is_wanted);
            } else if radio.checked() && !is_wanted {
                value.set(radio.value());
            }
        }
        true
    });
}
