//! What each cell has to answer: one rule for all of them.

use contract::permission::{Permission, Role};

use crate::asking::Spelling;
use crate::table::{Needs, Row, Shows};
use crate::world::{PASSWORD, Person, Place, World};

/// Where the thing is that a request is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    Own,
    /// Another project of the same workspace, open to every member.
    Other,
    /// One that only owners and admins reach.
    Restricted,
    /// In a workspace where the caller isn't a member.
    Foreign,
    /// In a workspace where he is the owner, but not the one that he asks in.
    Second,
    /// A uuid or a name of nothing.
    Random,
    /// Another member's, and somebody's of another workspace: tokens and sessions.
    Colleague,
    Stranger,
    /// The request itself is sent to a workspace where the caller isn't a member, and to one that doesn't exist.
    Abroad,
    Nowhere,
}

use Reach::*;

impl Reach {
    /// Of a thing of a project; what the others have to look like comes first.
    const OF_PLACES: &[Reach] = &[Random, Nowhere, Own, Other, Restricted, Foreign, Second, Abroad];
    const OF_PERSONS: &[Reach] = &[Random, Nowhere, Own, Colleague, Stranger, Abroad];
    const OF_NOTHING: &[Reach] = &[Nowhere, Own, Abroad];
}

const OF_SERVICES: [&str; 5] = ["{service}", "{failed}", "{copy}", "{replica}", "{volume}"];
const OF_PLACES: [&str; 4] = ["{project}", "{empty}", "{resource}", "{operation}"];
const OF_PERSONS: [&str; 2] = ["{token}", "{session}"];

impl Row {
    fn names(&self, any: &[&str]) -> bool {
        any.iter().any(|one| self.path.contains(one) || self.body.contains(one))
    }

    pub fn reaches(&self) -> &'static [Reach] {
        match self.needs {
            Needs::Anything | Needs::Nothing => &[Own],
            _ if self.names(&OF_PLACES) || self.names(&OF_SERVICES) => Reach::OF_PLACES,
            _ if self.names(&OF_PERSONS) => Reach::OF_PERSONS,
            _ => Reach::OF_NOTHING,
        }
    }

    /// A service is its uuid or its name.
    pub fn spellings(&self) -> &'static [Spelling] {
        let both = self.names(&OF_SERVICES) && !self.body.contains("entity_id");
        if both { &[Spelling::Uuid, Spelling::Name] } else { &[Spelling::Uuid] }
    }

    fn is_page(&self) -> bool {
        self.path.starts_with("/w/")
    }
}

/// What a cell has to answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub status: u16,
    /// The cell whose answer it must not differ from but in what the request named.
    pub like: Option<Reach>,
}

/// Permission first, then reach: who lacks a permission hears of it whatever he names, so that it tells him nothing.
pub fn expected(row: &Row, who: Option<Role>, reach: Reach) -> Expected {
    let good = |status| Expected { status, like: None };
    let like = |status, reach| Expected { status, like: Some(reach) };
    if matches!(row.needs, Needs::Anything | Needs::Nothing) {
        return good(row.good);
    }
    let Some(role) = who else {
        return like(if row.is_page() { 303 } else { 401 }, Nowhere);
    };
    if matches!(reach, Abroad | Nowhere) {
        return like(404, Nowhere);
    }
    if let Needs::May(permission) = row.needs
        && !role.may(permission)
    {
        return like(403, Own);
    }
    match reach {
        Own => good(row.good),
        Other => good(row.elsewhere.unwrap_or(row.good)),
        Restricted if sees_restricted(role) => good(row.elsewhere.unwrap_or(row.good)),
        _ => like(row.hidden, Random),
    }
}

/// Who reaches a restricted project.
pub fn sees_restricted(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

/// The secrets of the world that a good answer holds.
pub fn shown<'w>(world: &'w World, row: &Row, who: Option<Role>, reach: Reach) -> Vec<&'w str> {
    let place = match reach {
        Own => &world.own,
        Other => &world.other,
        Restricted => &world.restricted,
        _ => return Vec::new(),
    };
    let (Some(role), Some(shows)) = (who, row.shows) else { return Vec::new() };
    let (password, value, line) = (place.password.as_str(), place.value.as_str(), place.line.as_str());
    match shows {
        Shows::Credentials if role.may(Permission::ServicesReveal) && !role.reveals_with_reason() => vec![password],
        Shows::Revealed if role.may(Permission::ServicesReveal) => vec![password],
        Shows::Values if role.may(Permission::ProjectsOperate) => vec![password, value],
        Shows::Log if role.may(Permission::ServicesReveal) => vec![line],
        _ => Vec::new(),
    }
}

/// Every secret that there is.
pub fn secrets(world: &World) -> Vec<&str> {
    let places = world.places().into_iter().flat_map(Place::secrets);
    places
        .chain(world.persons().flat_map(Person::secrets))
        .chain(world.sealed.iter().map(String::as_str))
        .chain([PASSWORD])
        .collect()
}

/// Words by which places are known that somebody can't reach.
pub fn marks(world: &World, who: Option<Role>) -> Vec<String> {
    let sees = who.is_some_and(sees_restricted);
    let hidden = world.places().into_iter().filter(|place| {
        let here = place.workspace.slug == world.own.workspace.slug;
        !(here && who.is_some() && (place.word != world.restricted.word || sees))
    });
    hidden.flat_map(Place::marks).collect()
}
