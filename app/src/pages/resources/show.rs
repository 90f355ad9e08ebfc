//! `/w/{workspace}/resources/{id}`: how full it is, what fills it, and who may place on it.

use contract::{
    Service,
    event::EventKind,
    page::{Page as Slice, PageRequest},
    resource::Resource as Pool,
    service::ServiceFilter,
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    calls::{CallError, resources::get_resource, services::list_services},
    components::{Fill, Names, NotHere, Page, PageHead, ServiceRows, names, words},
    live::Topic,
    pages::{address_id, workspace},
    paths,
    ui::{Card, CardBody, CardHead, Crumb, Figure, Figures, KeyValue, KeyValues, Notice, RelativeTime, Tone},
};

const GIB: f64 = 1_073_741_824.0;

async fn placed(slug: String, resource: Uuid) -> Result<Slice<Service>, CallError> {
    let filter = ServiceFilter { resource_id: Some(resource), ..ServiceFilter::default() };
    list_services(slug, filter, PageRequest::whole()).await
}

#[component]
pub fn Resource() -> impl IntoView {
    let (slug, id) = (workspace(), address_id());
    let back = paths::resources(&slug);
    Suspend::new(async move {
        let found = match id {
            Some(id) => {
                let (pool, placed, names) =
                    futures::join!(get_resource(slug.clone(), id), placed(slug.clone(), id), names(slug.clone()));
                pool.map(|pool| pool.map(|pool| (pool, placed, names)))
            }
            None => Ok(None),
        };
        match found {
            Ok(Some((pool, placed, names))) => view! { <Found pool placed names /> }.into_any(),
            Ok(None) => view! { <NotHere title="No such resource" back back_to="Resources" /> }.into_any(),
            Err(error) => view! {
                <Page title="Resource" crumbs=vec![Crumb::to("Resources", back), Crumb::here("Resource")]>
                    <Notice tone=Tone::Bad cause="The resource can't be shown." evidence=Some(error.to_string()) />
                </Page>
            }
            .into_any(),
        }
    })
}

#[component]
fn Found(pool: Pool, placed: Result<Slice<Service>, CallError>, names: Names) -> impl IntoView {
    let live = vec![Topic::One(EventKind::Resource, pool.uuid), Topic::Every(EventKind::Service)];
    let crumbs = vec![Crumb::to("Resources", paths::resources(&workspace())), Crumb::here(pool.label.clone())];
    let (label, plan, region) = (pool.label.clone(), pool.plan_code_name.clone(), pool.region_code.clone());
    let left = |bytes: u64| words::number(bytes as f64 / GIB);
    let (ram, disk) = (left(pool.available_ram_size), left(pool.available_disk_size));
    let open_to = match pool.project_ids.as_slice() {
        [] => "every project".to_owned(),
        some => {
            let known: Vec<_> = some.iter().filter_map(|id| names.get(id).cloned()).collect();
            if known.len() < some.len() {
                format!("{} of {} that you can see", known.join(", "), some.len())
            } else {
                known.join(", ")
            }
        }
    };
    let created = pool.created_at;
    let services = match placed {
        Ok(slice) if slice.items.is_empty() => {
            view! { <p class="px-4 py-8 text-center text-ink-2">"Nothing is placed on it."</p> }.into_any()
        }
        Ok(slice) => view! { <ServiceRows items=slice.items names /> }.into_any(),
        Err(error) => {
            view! { <div class="p-4"><Notice tone=Tone::Bad cause="The services can't be shown." evidence=Some(error.to_string()) /></div> }
                .into_any()
        }
    };
    view! {
        <Page title=format!("{label} · Resources") crumbs live>
            <PageHead title=label />
            <div class="grid gap-4.5">
                <Figures>
                    <Figure label="Memory left" value=ram rest="GiB" />
                    <Figure label="Disk left" value=disk rest="GiB" />
                </Figures>
                <div class="grid items-start gap-4.5 lg:grid-cols-[minmax(0,1fr)_340px]">
                    <Fill pool />
                    <Card>
                        <CardHead title="About" />
                        <CardBody>
                            <KeyValues>
                                <KeyValue key="Plan">{plan}</KeyValue>
                                <KeyValue key="Region">{region}</KeyValue>
                                <KeyValue key="Open to">{open_to}</KeyValue>
                                <KeyValue key="Created">
                                    <RelativeTime at=created />
                                </KeyValue>
                            </KeyValues>
                        </CardBody>
                    </Card>
                </div>
                <Card>
                    <CardHead title="Placed on it" />
                    {services}
                </Card>
            </div>
        </Page>
    }
}
