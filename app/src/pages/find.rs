//! `/w/{workspace}/find`: services, projects, pages and actions by what they are called. The palette shows this page's list.

use contract::{Action, Service, page::PageRequest, permission::Permission, project::Project, service::ServiceFilter};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    calls::{projects::list_projects, resources::list_resources, services::list_services},
    components::{Page, PageHead, StateBadge},
    pages::{
        services::{PressForm, can_press},
        workspace,
    },
    paths,
    ui::{Crumb, Glyph, Icon, lu},
    viewer,
};

/// Of each kind: what is looked for stands at the top, or one types another letter.
const MOST: usize = 8;
const ROW: &str =
    "flex w-full items-center gap-2.5 rounded-sm px-2.5 py-2 text-left hover:bg-sunk focus-visible:bg-sunk";

/// A page of the console.
struct Place {
    label: &'static str,
    glyph: Glyph,
    href: String,
}

fn places(slug: &str) -> Vec<Place> {
    let place = |label, glyph, href| Place { label, glyph, href };
    let mut all = vec![
        place("Overview", lu::LuHouse, paths::overview(slug)),
        place("Services", lu::LuDatabase, paths::services(slug)),
        place("Projects", lu::LuFolder, paths::projects(slug)),
        place("Resources", lu::LuServer, paths::resources(slug)),
        place("Activity", lu::LuHistory, paths::activity(slug, None)),
        place("Account", lu::LuCircleUser, paths::account(slug)),
    ];
    if viewer::lacks(Permission::ServicesManage).is_none() {
        all.push(place("Create service", lu::LuPlus, paths::new_service(slug)));
    }
    all
}

/// What is asked for: words that a thing is called, and perhaps one of an action before them ("restart orders").
#[derive(Debug, PartialEq)]
struct Asked {
    action: Option<Action>,
    words: String,
}

const ACTIONS: [(&str, Action); 4] =
    [("start", Action::Start), ("stop", Action::Stop), ("restart", Action::Restart), ("retry", Action::Retry)];

impl Asked {
    fn parse(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let action = ACTIONS.iter().find(|(word, _)| *word == first).map(|(_, action)| *action);
        match action {
            Some(action) => Self { action: Some(action), words: rest.trim().to_owned() },
            None => Self { action: None, words: text.clone() },
        }
    }

    fn is(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.words)
    }
}

/// Everything that matches.
struct Found {
    services: Vec<Service>,
    projects: Vec<Project>,
    resources: Vec<contract::resource::Resource>,
    places: Vec<Place>,
}

async fn find(slug: String, asked: &Asked, places: Vec<Place>) -> Found {
    let filter = ServiceFilter { q: Some(asked.words.clone()).filter(|q| !q.is_empty()), ..ServiceFilter::default() };
    let page = PageRequest { limit: Some(MOST.to_string()), cursor: None };
    let (services, projects, resources) = futures::join!(
        list_services(slug.clone(), filter, page),
        list_projects(slug.clone(), PageRequest::whole()),
        list_resources(slug, PageRequest::whole())
    );
    let only_services = asked.action.is_some();
    let rest = |keep: bool| keep && !only_services;
    Found {
        services: services.map(|page| page.items).unwrap_or_default(),
        projects: projects
            .into_iter()
            .flat_map(|page| page.items)
            .filter(|project| rest(asked.is(&project.name)))
            .take(MOST)
            .collect(),
        resources: resources
            .into_iter()
            .flat_map(|page| page.items)
            .filter(|resource| rest(asked.is(&resource.label)))
            .take(MOST)
            .collect(),
        places: places.into_iter().filter(|place| rest(asked.is(place.label))).collect(),
    }
}

#[component]
pub fn Find() -> impl IntoView {
    let slug = workspace();
    let q = use_query_map().with_untracked(|query| query.get("q").unwrap_or_default());
    let asked = Asked::parse(&q);
    let places = places(&slug);
    view! {
        <Page title="Go to" crumbs=vec![Crumb::here("Go to")]>
            <PageHead title="Go to" />
            <form action=paths::find(&slug) method="get" role="search" data-instant class="mb-4 max-w-[36rem]">
                <input
                    type="search"
                    name="q"
                    id="find-q"
                    value=q
                    aria-label="Go to a service, a project, a page or an action"
                    autocomplete="off"
                    class=crate::ui::INPUT
                />
            </form>
            {Suspend::new(async move {
                let found = find(slug, &asked, places).await;
                view! { <div class="max-w-[36rem]"><List found asked /></div> }
            })}
        </Page>
    }
}

#[component]
fn List(found: Found, asked: Asked) -> impl IntoView {
    let slug = workspace();
    let Found { services, projects, resources, places } = found;
    let link = |href: String, glyph: Glyph, label: String, about: AnyView| {
        view! {
            <li>
                <a href=href class=ROW>
                    <span class="text-ink-3"><Icon glyph /></span>
                    <span class="min-w-0 truncate">{label}</span>
                    <span class="ml-auto flex-none text-sm text-ink-3">{about}</span>
                </a>
            </li>
        }
        .into_any()
    };
    let mut rows = Vec::new();
    for service in services {
        match asked.action {
            None => {
                let href = paths::service(&slug, &service.name);
                let about = view! { <StateBadge state=service.state /> }.into_any();
                rows.push(link(href, lu::LuDatabase, service.label, about));
            }
            Some(action) if action.is_of(service.service_type) && can_press(service.state, action) => {
                rows.push(action_row(&slug, &service, action));
            }
            Some(_) => {}
        }
    }
    for project in projects {
        rows.push(link(paths::project(&slug, project.uuid), lu::LuFolder, project.name, "project".into_any()));
    }
    for resource in resources {
        rows.push(link(paths::resource(&slug, resource.uuid), lu::LuServer, resource.label, "resource".into_any()));
    }
    for place in places {
        rows.push(link(place.href, place.glyph, place.label.to_owned(), ().into_any()));
    }
    let none = rows.is_empty();
    view! {
        <div data-found>
            <ul>{rows}</ul>
            {none.then(|| view! { <p class="px-2.5 py-6 text-center text-ink-2">"Nothing is called that. Actions begin with start, stop, restart or retry."</p> })}
        </div>
    }
}

fn action_row(slug: &str, service: &Service, action: Action) -> AnyView {
    let word = ACTIONS.iter().find(|(_, known)| *known == action).map_or("", |(word, _)| word);
    let (name, label, state) = (service.name.clone(), service.label.clone(), service.state);
    view! {
        <li>
            <PressForm slug=slug.to_owned() name action said=format!("Asked to {word} {label}.")>
                <button type="submit" class=ROW>
                    <span class="text-ink-3"><Icon glyph=lu::LuZap /></span>
                    <span class="min-w-0 truncate"><span class="capitalize">{word}</span> " " {label}</span>
                    <span class="ml-auto flex-none"><StateBadge state /></span>
                </button>
            </PressForm>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_may_stand_before_the_name() {
        let asked = |action, words: &str| Asked { action, words: words.into() };
        assert_eq!(Asked::parse(" Restart  Orders "), asked(Some(Action::Restart), "orders"));
        assert_eq!(Asked::parse("stop"), asked(Some(Action::Stop), ""));
        assert_eq!(Asked::parse("Stopwatch app"), asked(None, "stopwatch app"));
        assert_eq!(Asked::parse(""), asked(None, ""));
    }
}
