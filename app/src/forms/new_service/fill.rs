//! The form itself, which lives in the browser.

use contract::{NewService, event::EventKind};
use leptos::{ev::FocusEvent, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::{
    Form, Offer,
    fields::{Basics, Sizes, Types},
    request::Request,
    source::Source,
    summary::Summary,
    variables::Variables,
    volume::Volume,
};
use crate::{
    calls::{CallError, projects::list_var_names, resources::list_pools, services::create_service},
    components::Refusal,
    live, paths,
    ui::{Card, CardBody, on},
};

const ID: &str = "new-service";

#[island(lazy)]
pub fn Fill(
    slug: String,
    offer: Offer,
    /// Why the viewer may not create anything.
    lacks: Option<String>,
) -> impl IntoView {
    let advisory = offer.capabilities.advisory.clone();
    let form = Form::new(offer);
    let (asked, source) = (slug.clone(), slug.clone());
    follow_pools(&slug, form);
    follow_vars(&slug, form);
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let ready = RwSignal::new(false);
    Effect::new(move || ready.set(true));
    let refused = Signal::derive(move || {
        lacks.clone().or_else(|| (!ready.get()).then(|| "The form needs script in this browser".to_owned()))
    });

    let attempt = Callback::new(move |()| {
        form.attempted.set(true);
        request_animation_frame(focus_first_error);
    });
    let key = StoredValue::new(None::<(NewService, String)>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form.attempted.set(true);
        let judged = form.judged.get_untracked();
        if busy.get_untracked() || refused.get_untracked().is_some() || !judged.problems.is_empty() {
            return;
        }
        busy.set(true);
        failed.set(None);
        let slug = slug.clone();
        let key = once(key, &judged.wire);
        spawn_local(async move {
            match create_service(slug.clone(), judged.wire.clone(), key).await {
                // busy until the service's page is there
                Ok(name) => {
                    let _ = window().location().assign(&paths::service(&slug, &name));
                }
                Err(error) => {
                    if !error.problems().is_empty() {
                        form.refuse(error.problems().to_vec());
                        request_animation_frame(focus_first_error);
                    }
                    failed.set(Some(error));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        // a form of no method that goes nowhere by itself: without script, and before the script is there, nothing is sent
        <form
            id=ID
            method="dialog"
            novalidate
            class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]"
            on:submit=on(submit)
            on:focusout=on(move |event: FocusEvent| form.touch(left(&event)))
        >
            <div class="grid min-w-0 gap-4.5">
                <Refusal cause="The service wasn't created." error=failed />
                <Types form />
                <Card>
                    <CardBody>
                        <Basics form />
                        <Source form slug=source />
                        <Sizes form />
                        <Volume form />
                        {advisory.map(|words| view! { <p class="text-sm text-ink-3">{words}</p> })}
                        <Variables form />
                    </CardBody>
                </Card>
            </div>
            <div class="grid min-w-0 gap-4.5 lg:sticky lg:top-4.5">
                <Summary form busy=busy.into() refused on_attempt=attempt />
                <Request form slug=asked />
            </div>
        </form>
    }
}

/// What others take meanwhile is seen on the open form.
fn follow_pools(slug: &str, form: Form) {
    let slug = slug.to_owned();
    live::on_change(&[EventKind::Service, EventKind::Resource], move || {
        let slug = slug.clone();
        spawn_local(async move {
            if let Ok(pools) = list_pools(slug).await {
                form.now(|offer| offer.pools = pools);
            }
        });
    });
}

/// The names of the variables of the project that is chosen.
fn follow_vars(slug: &str, form: Form) {
    let slug = slug.to_owned();
    let fetch = Callback::new(move |()| {
        let (slug, project) = (slug.clone(), form.draft.project.get_untracked());
        spawn_local(async move {
            let names = list_var_names(slug, project.clone()).await;
            if form.draft.project.get_untracked() == project {
                form.now(|offer| offer.known = names.ok());
            }
        });
    });
    Effect::new(move |before: Option<String>| {
        let now = form.draft.project.get();
        if before.is_some_and(|before| before != now) {
            form.now(|offer| offer.known = None);
            fetch.run(());
        }
        now
    });
    live::on_change(&[EventKind::Project], move || fetch.run(()));
}

/// One key for one request: pressed again after a broken connection, it creates nothing twice.
fn once(kept: StoredValue<Option<(NewService, String)>>, wire: &NewService) -> String {
    let known = kept.get_value().filter(|(asked, _)| asked == wire).map(|(_, key)| key);
    known.unwrap_or_else(|| {
        let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        let key = format!("console-{:08x}{:08x}{:08x}{:08x}", part(), part(), part(), part());
        kept.set_value(Some((wire.clone(), key.clone())));
        key
    })
}

/// The name of the field that the keyboard has left.
fn left(event: &FocusEvent) -> String {
    let field = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    field.and_then(|field| field.get_attribute("name")).unwrap_or_default()
}

fn focus_first_error() {
    let Some(form) = document().get_element_by_id(ID) else { return };
    let wrong = form.query_selector(
        "input[aria-invalid=true], select[aria-invalid=true], [aria-invalid=true] input:not(:disabled)",
    );
    if let Some(field) = wrong.ok().flatten().and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = field.focus();
    }
}
