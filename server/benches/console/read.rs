//! Entities, lists and pages of the console, with few services and with many, beside PocketBase's.

use reqwest::header::COOKIE;

use crate::console::{Api, Console};
use crate::load::{Load, load};
use crate::pocketbase::PocketBase;
use crate::{Outcome, Row, millis, ratio};

const CLIENTS: usize = 8;
const REQUESTS: usize = 4_000;
const FEW: usize = 1_000;
const MANY: usize = 100_000;

/// Rows as they stand behind a finished create; older than all that the API has made, and nobody works on them.
const MORE: &str = "
    with new as (
      insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, postgres_version,
          creation_mode, instances, ram_mib, disk_mib, cpu_millis, state, power, sealed_password)
      select overlay(gen_random_uuid()::text placing '01900000' from 1 for 8)::uuid, workspace_id, project_id, resource_id,
          'more-' || n, 'One of many', 'postgres', 17, 'fresh', 1, 64, 1024, 250, 'stopped', 'stopped', sealed_password
      from (select * from services where label = 'One of many' limit 1) one, generate_series(1, 99000) n
      returning id, workspace_id),
    seen as (insert into observations (service_id, workspace_id, phase) select id, workspace_id, 'stopped' from new),
    done as (
      insert into operations (id, workspace_id, service_id, kind, state, finished_at)
      select gen_random_uuid(), workspace_id, id, 'create', 'succeeded', now() from new returning id, workspace_id)
    insert into operation_steps (operation_id, workspace_id, position, key, title, done_title, state, finished_at)
    select id, workspace_id, n, 'step' || n, 'Says what it does', 'Says what was done', 'succeeded', now()
    from done, generate_series(0, 5) n";

/// An entity and a list.
struct Reads {
    one: Load,
    list: Load,
}

pub(crate) async fn measure(console: &Console, pocketbase: &PocketBase) -> Outcome<Vec<Row>> {
    let api = Api::sign_in(console).await?;
    let few = (ours(&api).await?, theirs(pocketbase).await?);
    let pages = pages(console).await?;
    console.sql(MORE).await?;
    console.sql("vacuum analyze").await?;
    load(CLIENTS, MANY - FEW, |_| pocketbase.create()).await?;
    let many = (ours(&api).await?, theirs(pocketbase).await?);

    let mut rows = Vec::new();
    for (what, pick) in [("one service", one as fn(&Reads) -> &Load), ("a list of 50", list)] {
        for (number, (ours, theirs)) in [("1,000", &few), ("100,000", &many)] {
            rows.push((format!("{what} of {number}, at {CLIENTS} clients"), pick(ours).to_string(), "–"));
            let beside = ratio(pick(ours).rate, pick(theirs).rate);
            rows.push((format!("… beside PocketBase ({})", pick(theirs)), beside, "≥ 4×"));
        }
        let slower = ratio(pick(&many.0).p99.as_secs_f64(), pick(&few.0).p99.as_secs_f64());
        rows.push((format!("{what}: p99 with 100,000 beside 1,000"), slower, "≤ 1.2×"));
    }
    rows.extend(pages);
    Ok(rows)
}

fn one(reads: &Reads) -> &Load {
    &reads.one
}

fn list(reads: &Reads) -> &Load {
    &reads.list
}

async fn ours(api: &Api<'_>) -> Outcome<Reads> {
    let newest = api.get("/api/v1/services?limit=50").await?;
    let names: Vec<&str> = newest.as_array().ok_or("no list")?.iter().filter_map(|s| s["name"].as_str()).collect();
    let paths: Vec<String> = names.iter().map(|name| format!("/api/v1/services/{name}")).collect();
    let path = |n: usize| paths.get(n % paths.len()).map(String::as_str).unwrap_or_default();
    load(CLIENTS, REQUESTS / 4, |n| api.take(path(n))).await?;
    Ok(Reads {
        one: load(CLIENTS, REQUESTS, |n| api.take(path(n))).await?,
        list: load(CLIENTS, REQUESTS, |_| api.take("/api/v1/services?limit=50")).await?,
    })
}

async fn theirs(pocketbase: &PocketBase) -> Outcome<Reads> {
    let newest = pocketbase.list().await?;
    let ids: Vec<&str> = newest["items"].as_array().ok_or("no list")?.iter().filter_map(|r| r["id"].as_str()).collect();
    let id = |n: usize| ids.get(n % ids.len()).copied().unwrap_or_default();
    load(CLIENTS, REQUESTS / 4, |n| async move { pocketbase.one(id(n)).await.map(drop) }).await?;
    Ok(Reads {
        one: load(CLIENTS, REQUESTS, |n| async move { pocketbase.one(id(n)).await.map(drop) }).await?,
        list: load(CLIENTS, REQUESTS, |_| async { pocketbase.list().await.map(drop) }).await?,
    })
}

/// Pages as the server draws them, each with the query of the session.
async fn pages(console: &Console) -> Outcome<Vec<Row>> {
    let cookie = console.session().await?;
    let mut rows = Vec::new();
    for (page, aim) in
        [("/w/main/account", "≥ 3000/s, p99 ≤ 10 ms"), ("/w/main/projects", "–"), ("/w/main/services", "–")]
    {
        let get = || async {
            let request = console.http.get(console.url(page)).header(COOKIE, &cookie);
            request.send().await?.error_for_status()?.bytes().await?;
            Ok(())
        };
        let alone = load(1, 100, |_| get()).await?;
        let loaded = load(CLIENTS, REQUESTS, |_| get()).await?;
        rows.push((
            format!("the page {page} at {CLIENTS} clients ({} alone)", millis(alone.p50)),
            loaded.to_string(),
            aim,
        ));
    }
    Ok(rows)
}
