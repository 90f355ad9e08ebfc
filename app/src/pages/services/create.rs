//! `/w/{workspace}/services/new`

use contract::{
    Capabilities, NewService,
    error::Noun,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    permission::Permission,
    project::{Project, Var},
    resource::Resource as Pool,
};
use leptos::{ev::FocusEvent, html, prelude::*, task::spawn_local};
use leptos_router::{LazyRoute, NavigateOptions, hooks::use_navigate, lazy_route};
use uuid::Uuid;
use wasm_bindgen::JsCast;

use crate::{
    calls::{
        CallError,
        installation::get_capabilities,
        projects::{list_projects, list_vars},
        resources::list_resources,
        services::create_service,
    },
    components::{Page, PageHead, Refusal},
    forms::new_service::{Basics, Form, Offer, Request, Sizes, Summary, Types, Variables},
    live::{self, Fetched},
    pages::workspace,
    paths,
    ui::{Card, CardBody, Crumb, Skeleton},
    viewer,
};

pub struct CreateRoute;

#[lazy_route]
impl LazyRoute for CreateRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <Create /> }.into_any()
    }
}

fn whole() -> PageRequest {
    PageRequest { limit: Some(PageRequest::MAX_LIMIT.to_string()), cursor: None }
}

/// What the form chooses from, fetched anew only where it may change under one's hands.
#[derive(Clone, Copy)]
struct Sources {
    can: Fetched<Capabilities>,
    projects: Fetched<Slice<Project>>,
    pools: Fetched<Slice<Pool>>,
    /// Of the project that is chosen, and before that of the one that the form begins with.
    vars: Fetched<Slice<Var>>,
    project: RwSignal<Option<Uuid>>,
}

impl Sources {
    fn new(slug: &str) -> Self {
        let slug = StoredValue::new(slug.to_owned());
        let slug = move || slug.get_value();
        let project = RwSignal::new(None);
        Self {
            can: live::once(move || get_capabilities(slug())),
            projects: live::once(move || list_projects(slug(), whole())),
            pools: live::resource(
                &[EventKind::Service, EventKind::Resource],
                || (),
                move |()| list_resources(slug(), whole()),
            ),
            vars: live::resource(
                &[EventKind::Project],
                move || project.get(),
                move |project| variables(slug(), project),
            ),
            project,
        }
    }

    /// What the form is made of; once it is there it stays, whatever is fetched anew.
    fn offer(self) -> Option<Result<Offer, CallError>> {
        let (can, projects, pools) = (self.can.get()?, self.projects.get()?, self.pools.get()?);
        let pools = pools.map(|pools| pools.items).unwrap_or_default();
        Some(can.and_then(|capabilities| Ok(Offer { capabilities, projects: projects?.items, pools })))
    }

    fn pools(self) -> Vec<Pool> {
        self.pools.get().and_then(Result::ok).map(|pools| pools.items).unwrap_or_default()
    }

    /// The names of the project's variables.
    fn known(self) -> Option<Vec<String>> {
        let vars = self.vars.get()?.ok()?;
        Some(vars.items.into_iter().map(|var| var.key).collect())
    }
}

async fn variables(slug: String, project: Option<Uuid>) -> Result<Slice<Var>, CallError> {
    let project = match project {
        Some(project) => Some(project),
        None => list_projects(slug.clone(), whole()).await?.items.last().map(|first| first.uuid),
    };
    match project {
        Some(project) => list_vars(slug, project, whole()).await,
        None => Err(CallError::not_found(Noun::Project)),
    }
}

#[component]
fn Create() -> impl IntoView {
    let slug = workspace();
    let crumbs = vec![Crumb::to("Services", paths::services(&slug)), Crumb::here("Create")];
    let sources = Sources::new(&slug);
    view! {
        <Page title="Create a service" crumbs>
            <Transition fallback=|| view! { <Skeleton size="h-96 w-full" /> }>
                <Loaded sources />
            </Transition>
        </Page>
    }
}

#[component]
fn Loaded(sources: Sources) -> impl IntoView {
    let offer = Memo::new(move |before: Option<&Option<Result<Offer, CallError>>>| match before {
        Some(Some(Ok(offer))) => Some(Ok(offer.clone())),
        _ => sources.offer(),
    });
    let pools = Signal::derive(move || sources.pools());
    let known = Signal::derive(move || sources.known());
    move || {
        Some(match offer.get()? {
            Ok(offer) => view! { <Fill offer pools known project=sources.project /> }.into_any(),
            Err(error) => view! {
                <PageHead title="Create a service" />
                <Refusal cause="The form can't be shown." error=Some(error) />
            }
            .into_any(),
        })
    }
}

#[component]
fn Fill(
    offer: Offer,
    pools: Signal<Vec<Pool>>,
    known: Signal<Option<Vec<String>>>,
    project: RwSignal<Option<Uuid>>,
) -> impl IntoView {
    let slug = workspace();
    let place = place(&offer);
    let advisory = offer.capabilities.advisory.clone();
    let form = Form::new(offer, pools);
    Effect::new(move |first: Option<()>| {
        let chosen = form.draft.project.with(|id| Uuid::try_parse(id).ok());
        if first.is_some() {
            project.set(chosen);
        }
    });
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<CallError>));
    let element = NodeRef::<html::Form>::new();
    let ready = RwSignal::new(false);
    Effect::new(move || ready.set(true));
    let lacks = viewer::lacks(Permission::ServicesManage);
    let refused = Signal::derive(move || {
        lacks.clone().or_else(|| (!ready.get()).then(|| "The form needs script in this browser".to_owned()))
    });

    let attempt = Callback::new(move |()| {
        form.attempted.set(true);
        request_animation_frame(move || focus_first_error(element));
    });
    let key = StoredValue::new(None::<(NewService, String)>);
    let navigate = use_navigate();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form.attempted.set(true);
        if busy.get_untracked()
            || refused.get_untracked().is_some()
            || form.problems.with_untracked(|all| !all.is_empty())
        {
            return;
        }
        busy.set(true);
        failed.set(None);
        let (slug, wire, navigate) = (slug.clone(), form.wire.get_untracked(), navigate.clone());
        let key = once(key, &wire);
        spawn_local(async move {
            let answer = create_service(slug.clone(), wire, key).await;
            if busy.try_get_untracked().is_none() {
                return; // whoever asked has gone on to another page
            }
            match answer {
                // busy until the service's page is there
                Ok(name) => navigate(&paths::service(&slug, &name), NavigateOptions::default()),
                Err(error) => {
                    if !error.problems().is_empty() {
                        form.refuse(error.problems().to_vec());
                        request_animation_frame(move || focus_first_error(element));
                    }
                    failed.set(Some(error));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        <PageHead title="Create a service" below=move || view! { <p>{place.clone()}</p> } />
        // a form of no method that goes nowhere by itself: without script, and before the script is there, nothing is sent
        <form
            node_ref=element
            method="dialog"
            novalidate
            class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]"
            on:submit=submit
            on:focusout=move |event: FocusEvent| form.touch(&left(&event))
        >
            <div class="grid min-w-0 gap-4.5">
                <Refusal cause="The service wasn't created." error=failed />
                <Types form />
                <Card>
                    <CardBody>
                        <Basics form />
                        <Sizes form />
                        {advisory.map(|words| view! { <p class="text-sm text-ink-3">{words}</p> })}
                        <Variables form known />
                    </CardBody>
                </Card>
            </div>
            <div class="grid min-w-0 gap-4.5 lg:sticky lg:top-4.5">
                <Summary form known busy=busy.into() refused on_attempt=attempt />
                <Request form />
            </div>
        </form>
    }
}

/// "In default, on local-1": where there is nothing to choose.
fn place(offer: &Offer) -> String {
    let only = |names: Vec<&str>| match names.as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    };
    let project = only(offer.projects.iter().map(|project| project.name.as_str()).collect());
    let pool = only(offer.pools.iter().map(|pool| pool.label.as_str()).collect());
    match (project, pool) {
        (Some(project), Some(pool)) => format!("In {project}, on {pool}"),
        (Some(project), None) => format!("In {project}"),
        (None, Some(pool)) => format!("On {pool}"),
        (None, None) => String::new(),
    }
}

/// One key for one request: pressed again after a broken connection, it creates nothing twice.
fn once(kept: StoredValue<Option<(NewService, String)>>, wire: &NewService) -> String {
    let known = kept.with_value(|kept| kept.as_ref().filter(|(asked, _)| asked == wire).map(|(_, key)| key.clone()));
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

fn focus_first_error(form: NodeRef<html::Form>) {
    let Some(form) = form.get_untracked() else { return };
    let wrong = form.query_selector(
        "input[aria-invalid=true], select[aria-invalid=true], [aria-invalid=true] input:not(:disabled)",
    );
    if let Some(field) = wrong.ok().flatten().and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = field.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::capabilities::Runtime;

    #[test]
    fn a_place_without_a_choice_is_named() {
        let today = time::macros::date!(2026 - 11 - 23);
        let capabilities = Capabilities::everything(Runtime::Local, today);
        assert_eq!(place(&Offer { capabilities, projects: Vec::new(), pools: Vec::new() }), "");
    }
}
