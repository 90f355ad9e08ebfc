use std::collections::HashMap;

use contract::page::PageRequest;
use uuid::Uuid;

use crate::calls::{projects::list_projects, resources::list_resources};

/// What people call the projects and resources that services name by their ids.
pub type Names = HashMap<Uuid, String>;

/// The names of all projects and resources that the viewer can see; empty where he may see none.
pub async fn names(slug: String) -> Names {
    let (projects, pools) =
        futures::join!(list_projects(slug.clone(), PageRequest::whole()), list_resources(slug, PageRequest::whole()));
    let projects = projects.into_iter().flat_map(|page| page.items).map(|project| (project.uuid, project.name));
    let pools = pools.into_iter().flat_map(|page| page.items).map(|pool| (pool.uuid, pool.label));
    projects.chain(pools).collect()
}
