//! `/w/{workspace}`: what needs attention first, then the newest services and how full the resources are.

use contract::{
    Service, State,
    audit::{AuditEntry, AuditFilter},
    event::EventKind,
    page::{Page as Slice, PageRequest},
    permission::Permission,
    service::ServiceFilter,
};
use leptos::prelude::*;

use crate::{
    calls::{CallError, activity::list_audit, resources::list_resources, services::list_services},
    components::{
        AuditRows, CreateService, Fill, Names, Page, PageHead, ServiceRows, StateBadge, audit_title, names, words,
    },
    live::Topic,
    pages::workspace,
    paths,
    ui::{ButtonLink, Card, CardHead, Crumb, EmptyState, Notice, Tone},
    viewer,
};

/// As many as fit beside the rest; the list has them all.
const NEWEST: usize = 6;
/// Of each state of trouble. More than this at once is one trouble, not many.
const TROUBLED: u8 = 10;

/// Newest first, and every service in trouble, however old.
struct Found {
    newest: Slice<Service>,
    troubled: Vec<Service>,
}

async fn found(slug: String) -> Result<Found, CallError> {
    let page = || PageRequest::default();
    let newest = list_services(slug.clone(), ServiceFilter::default(), page()).await?;
    if newest.next.is_none() {
        let troubled = newest.items.iter().filter(|service| words::trouble(service.state).is_some()).cloned().collect();
        return Ok(Found { newest, troubled });
    }
    let states = State::ALL.iter().copied().filter(|state| words::trouble(*state).is_some());
    let asked = states.map(|state| {
        let filter = ServiceFilter { state: Some(state), ..ServiceFilter::default() };
        let page = PageRequest { limit: Some(TROUBLED.to_string()), cursor: None };
        list_services(slug.clone(), filter, page)
    });
    let troubled = futures::future::try_join_all(asked).await?;
    Ok(Found { newest, troubled: troubled.into_iter().flat_map(|slice| slice.items).collect() })
}

#[component]
pub fn Overview() -> impl IntoView {
    let slug = workspace();
    let live = EventKind::ALL.iter().copied().map(Topic::Every).collect::<Vec<_>>();
    view! {
        <Page title="Overview" crumbs=vec![Crumb::here("Overview")] live>
            {Suspend::new(async move {
                let (found, names, pools, latest) = futures::join!(
                    found(slug.clone()),
                    names(slug.clone()),
                    list_resources(slug.clone(), PageRequest::whole()),
                    list_audit(slug, AuditFilter::default(), latest())
                );
                let latest = latest.map(|page| page.items).unwrap_or_default();
                let pools = pools.map(|pools| pools.items).unwrap_or_default();
                match found {
                    Ok(Found { newest, troubled }) => {
                        view! {
                            <Head summary=summary(&newest, troubled.len()) />
                            <div class="grid gap-4.5">
                                <Attention troubled />
                                <Newest newest names />
                                <div class="grid items-start gap-4.5 lg:grid-cols-2">
                                    <div class="grid min-w-0 gap-4.5">
                                        {pools.into_iter().map(|pool| view! { <Fill pool link=true /> }).collect_view()}
                                    </div>
                                    <Latest latest />
                                </div>
                            </div>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! {
                            <Head summary=String::new() />
                            <Notice tone=Tone::Bad cause="The services can't be shown." evidence=Some(error.to_string()) />
                        }
                            .into_any()
                    }
                }
            })}
        </Page>
    }
}

/// As many as stand beside the resources.
fn latest() -> PageRequest {
    PageRequest { limit: Some("8".to_owned()), cursor: None }
}

#[component]
fn Latest(latest: Vec<AuditEntry>) -> impl IntoView {
    let slug = workspace();
    let sees_all = viewer::lacks(Permission::WorkspaceSecurity).is_none();
    (!latest.is_empty()).then(|| {
        view! {
            <Card>
                <CardHead title=audit_title(sees_all)>
                    <ButtonLink href=paths::activity(&slug, None) small=true>
                        "All activity"
                    </ButtonLink>
                </CardHead>
                <AuditRows entries=latest named=true />
            </Card>
        }
    })
}

/// Nothing is counted but what is there.
fn summary(newest: &Slice<Service>, troubled: usize) -> String {
    match (newest.next.is_some(), troubled) {
        (false, _) => words::attention(newest.items.iter().map(|service| service.state)),
        (true, 0) => "No service needs attention.".to_owned(),
        (true, 1) => "One service needs attention.".to_owned(),
        (true, many) => format!("{many} services need attention."),
    }
}

#[component]
fn Head(summary: String) -> impl IntoView {
    view! {
        <PageHead title="Overview" below=move || view! { <p>{summary.clone()}</p> }>
            <CreateService />
        </PageHead>
    }
}

/// State, cause and the way to the next action, each on one line; nothing where all is well.
#[component]
fn Attention(troubled: Vec<Service>) -> impl IntoView {
    let slug = workspace();
    let rows = troubled
        .into_iter()
        .map(|service| {
            let href = paths::service(&slug, &service.name);
            let cause = words::trouble(service.state).unwrap_or_default();
            let reason =
                service.state_reason.filter(|words| words.trim_end_matches('.') != cause.trim_end_matches('.'));
            let id = format!("trouble-{}", service.name);
            view! {
                <li
                    id=id
                    class="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-b border-line px-4 py-2.5 last:border-b-0"
                >
                    <a href=href.clone() class="order-1 min-w-0 flex-1 basis-40 underline-offset-2 hover:underline">
                        <span class="block truncate leading-[1.3]">{service.label}</span>
                        <span class="block truncate font-mono text-xs text-ink-3">{service.name}</span>
                    </a>
                    <div class="order-2 sm:order-none sm:w-28">
                        <StateBadge state=service.state />
                    </div>
                    <p class="order-3 min-w-0 basis-full [overflow-wrap:anywhere] sm:flex-2 sm:basis-60">
                        {cause} " " <span class="text-ink-2">{reason}</span>
                    </p>
                    <div class="order-4"><ButtonLink href small=true>"Look into it"</ButtonLink></div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!rows.is_empty()).then(|| {
        view! {
            <Card>
                <CardHead title="Needs attention" />
                <ul aria-label="Services that need attention">{rows.into_iter().collect_view()}</ul>
            </Card>
        }
    })
}

#[component]
fn Newest(newest: Slice<Service>, names: Names) -> impl IntoView {
    let slug = workspace();
    let more = newest.next.is_some() || newest.items.len() > NEWEST;
    let items: Vec<_> = newest.items.into_iter().take(NEWEST).collect();
    if items.is_empty() {
        let may_create = viewer::lacks(Permission::ServicesManage).is_none();
        return view! {
            <EmptyState
                title="No services yet"
                text="A service is a database of its own, reachable by every app of its project. The first one takes less than a minute."
            >
                {may_create.then(|| view! { <ButtonLink href=paths::new_service(&slug)>"Create a service"</ButtonLink> })}
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <Card>
            <CardHead title="Services">
                {more.then(|| view! { <ButtonLink href=paths::services(&slug) small=true>"All services"</ButtonLink> })}
            </CardHead>
            <ServiceRows items names />
        </Card>
    }
    .into_any()
}
