//! Keeps what people typed or chose before the page was hydrated, and afterwards keeps control and signal the same.
//!
//! Controls are found by their names, which are unique on a page: a `NodeRef` for each kind of element would be compiled
//! once for each.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// An input, a textarea or a select: all of them have a `value`, which is looked up by its name.
fn control(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// On the first run the element is right (it may hold what was typed while the WASM loaded), from then on the signal is.
pub fn follow(id: String, value: RwSignal<String>) {
    Effect::new(move |met: Option<()>| {
        let wanted = value.get();
        let Some(control) = control(&id) else { return };
        let held = control.value();
        if held != wanted {
            if met.is_some() { control.set_value(&wanted) } else { value.set(held) }
        }
    });
}

/// The same for a group of radio buttons.
pub fn follow_radios(name: String, value: RwSignal<String>) {
    Effect::new(move |met: Option<()>| {
        let wanted = value.get();
        let radios = document().get_elements_by_name(&name);
        for radio in (0..radios.length()).filter_map(|at| radios.get(at)?.dyn_into::<HtmlInputElement>().ok()) {
            let is_wanted = radio.value() == wanted;
            if met.is_some() {
                radio.set_checked(is_wanted);
            } else if radio.checked() && !is_wanted {
                value.set(radio.value());
            }
        }
    });
}

/// The same for a checkbox.
pub fn follow_checkbox(id: String, on: RwSignal<bool>) {
    Effect::new(move |met: Option<()>| {
        let wanted = on.get();
        let Some(control) = control(&id) else { return };
        if control.checked() != wanted {
            if met.is_some() { control.set_checked(wanted) } else { on.set(control.checked()) }
        }
    });
}
