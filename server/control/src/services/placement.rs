//! Where a new service goes: its resource, its name, its port.

use std::collections::HashSet;

use contract::capacity::{self, Free, Need};
use contract::error::Noun;
use contract::problem::{Invalid, Problem};
use contract::resource::Resource;
use contract::{Caller, ServiceSpec};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::resources;

/// The resource that a service goes on: the one that was asked for, or the only one.
pub(super) async fn choose(connection: &mut PgConnection, who: &Caller, spec: &ServiceSpec) -> Result<Resource, Error> {
    let mut usable = resources::usable(&mut *connection, who.workspace_id, spec.project_id).await?;
    let Some(id) = spec.resource_id else { return only(usable) };
    if let Some(at) = usable.iter().position(|r| r.uuid == id) {
        return Ok(usable.swap_remove(at));
    }
    match resources::seen(connection, who, id).await? {
        Some(_) => Err(Problem::breaks("resource_id", "closed", "is closed to this project").into()),
        None => Err(Error::not_found(Noun::Resource)),
    }
}

/// The chosen resource, locked until the transaction ends, with room for `need`.
pub(super) async fn hold(
    connection: &mut PgConnection,
    who: &Caller,
    spec: &ServiceSpec,
    chosen: Uuid,
    need: Need,
) -> Result<Resource, Error> {
    resources::lock(&mut *connection, chosen).await?;
    // read again behind the lock: somebody may have placed something in between
    let resource = resources::usable(connection, who.workspace_id, spec.project_id).await?;
    let resource = resource.into_iter().find(|r| r.uuid == chosen).ok_or_else(|| Error::not_found(Noun::Resource))?;
    fits(need, &Free::of(&resource))?;
    Ok(resource)
}

pub(super) fn fits(need: Need, free: &Free) -> Result<(), Error> {
    Ok(Invalid::unless(Some(()), capacity::problems(need, free))?)
}

fn only(mut usable: Vec<Resource>) -> Result<Resource, Error> {
    if usable.len() > 1 {
        let names: Vec<&str> = usable.iter().map(|r| r.label.as_str()).collect();
        let rest = format!("has to be chosen: {} are open to this project", names.join(" and "));
        return Err(Problem::breaks("resource_id", "ambiguous", &rest).into());
    }
    let none = "can't be chosen: no resource is open to this project";
    usable.pop().ok_or_else(|| Problem::breaks("resource_id", "none", none).into())
}

/// Ports of all services are taken under one lock, so that two creates never get the same.
const PORT_LOCK: i64 = 0x62_65_72_74_68; // "berth"

/// Ports that are tried at most under that lock.
const TRIES: usize = 64;

/// A port of the range that no service has and that nobody else listens on: the next one above all that are taken, so that
/// one of a service that was deleted isn't soon another's, and the lowest that is free once the end is reached.
pub(super) async fn port(connection: &mut PgConnection, range: std::ops::RangeInclusive<u16>) -> Result<u16, Error> {
    let (first, last) = (i32::from(*range.start()), i32::from(*range.end()));
    sqlx::query!("select pg_advisory_xact_lock($1)", PORT_LOCK).execute(&mut *connection).await?;
    let highest = sqlx::query_scalar!("select max(port) from services where port between $1 and $2", first, last);
    let next = highest.fetch_one(&mut *connection).await?.map_or(first, |port| port + 1);
    let above = (next..=last).filter_map(|port| u16::try_from(port).ok());
    if let Some(port) = above.take(TRIES).find(is_open) {
        return Ok(port);
    }
    let taken =
        sqlx::query_scalar!(r#"select port as "port!" from services where port between $1 and $2"#, first, last);
    let taken: HashSet<i32> = taken.fetch_all(connection).await?.into_iter().collect();
    let free = range.into_iter().filter(|port| !taken.contains(&i32::from(*port)));
    free.take(TRIES).find(is_open).ok_or_else(|| {
        let rest = "can't be reached: every port of --database-ports is taken; delete a service or widen the range";
        Problem::breaks("service", "no_port", rest).into()
    })
}

fn is_open(port: &u16) -> bool {
    std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, *port)).is_ok()
}
