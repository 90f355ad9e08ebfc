//! Where there is an API server and nothing that makes pods: how soon an object is there, and how a console finds its way back
//! into a cluster that is full. This program plays the operator's part of a stop.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::Outcome;
use crate::cluster::LINE;
use crate::console::{Api as Rest, Console, free_port};

/// Creates whose objects are waited for, one after another.
const VISIBLE: usize = 200;
const SERVICES: usize = 2_000;
const CLIENTS: usize = 8;
/// How long a console that has nothing to do is watched.
const REST: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn measure() -> Outcome<()> {
    let metrics = format!("127.0.0.1:{}", free_port()?);
    let mut console = Console::new(&["--runtime", "kubernetes", "--metrics-listen", &metrics])?;
    let found = find(&mut console, &metrics).await;
    console.end()?;
    writeln!(std::io::stdout(), "{LINE}{}", found?)?;
    Ok(())
}

async fn find(console: &mut Console, metrics: &str) -> Outcome<Value> {
    console.start().await?;
    console.sql("update resources set ram_mib = 1000000000, disk_mib = 1000000000").await?;
    let seen = Seen::default();
    let operator = tokio::spawn(operate(Client::try_default().await?, seen.clone()));
    let mut visible = visible(console, &seen).await?;
    visible.sort();
    fill(console, visible.len()).await?;
    let stopped = "select count(*) from services where state = 'stopped' and created_at < $1";
    reaches(console, stopped, SystemTime::now()).await?;
    let took = console.restart().await?;
    let since = SystemTime::now() - took;
    reaches(console, "select count(*) from observations where observed_at > $1", since).await?;
    let resync = since.elapsed()?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let first = requests(console, metrics).await?;
    tokio::time::sleep(REST).await;
    let requests = (requests(console, metrics).await? - first) / SERVICES as f64;
    operator.abort();
    let at = |share: usize| visible.get(visible.len() * share / 100).map(Duration::as_millis);
    Ok(json!({ "services": SERVICES, "visible_p50": at(50), "visible_p99": at(99),
               "resync_ms": resync.as_millis(), "requests": requests }))
}

/// When each object was heard of for the first time.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashMap<String, Instant>>>);

/// Hears of every cluster, and stops those that shall be stopped.
async fn operate(client: Client, seen: Seen) -> Result<(), watcher::Error> {
    let kind = ApiResource {
        group: "postgresql.cnpg.io".into(),
        version: "v1".into(),
        api_version: "postgresql.cnpg.io/v1".into(),
        kind: "Cluster".into(),
        plural: "clusters".into(),
    };
    let all: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    let events = watcher(all, watcher::Config::default()).applied_objects();
    let (client, kind, seen) = (&client, &kind, &seen);
    let done = events.try_for_each_concurrent(CLIENTS, async move |cluster| {
        let name = cluster.name_any();
        seen.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.clone()).or_insert_with(Instant::now);
        let hibernates = cluster.annotations().get("cnpg.io/hibernation").is_some_and(|it| it == "on");
        if hibernates && cluster.data["status"].is_null() {
            let status = json!({ "status": {
                "phase": "Cluster in healthy state", "instances": 1, "readyInstances": 0,
                "conditions": [{ "type": "cnpg.io/hibernation", "status": "True", "reason": "Hibernated", "message": "",
                                 "lastTransitionTime": "2026-01-01T00:00:00Z" }] } });
            let there: Api<DynamicObject> =
                Api::namespaced_with(client.clone(), &cluster.namespace().unwrap_or_default(), kind);
            // it may be gone; then there is nothing to stop
            drop(there.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await);
        }
        Ok(())
    });
    done.await
}

async fn visible(console: &Console, seen: &Seen) -> Outcome<Vec<Duration>> {
    let api = Rest::sign_in(console).await?;
    let project = api.get("/api/v1/projects").await?[0]["uuid"].clone();
    let mut all = Vec::new();
    // the first one makes the namespace
    for n in 0..=VISIBLE {
        let began = Instant::now();
        let name = create(&api, &project, n).await?;
        let at = loop {
            let at = seen.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
            match at {
                Some(at) => break at,
                None if began.elapsed() > PATIENCE => return Err(format!("{name} never came").into()),
                None => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        if n > 0 {
            all.push(at - began);
        }
        stop(&api, &name).await?;
    }
    Ok(all)
}

/// Makes the rest of them.
async fn fill(console: &Console, there: usize) -> Outcome<()> {
    let api = Rest::sign_in(console).await?;
    let project = api.get("/api/v1/projects").await?[0]["uuid"].clone();
    let (api, project) = (&api, &project);
    let rest = futures::stream::iter(there + 1..SERVICES).map(async |n| {
        let name = create(api, project, n).await?;
        stop(api, &name).await
    });
    rest.buffer_unordered(CLIENTS).try_collect::<()>().await
}

async fn create(api: &Rest<'_>, project: &Value, n: usize) -> Outcome<String> {
    let body = json!({ "service_type": "postgres", "project_id": project, "label": format!("bench {n}"),
                       "postgres_version": "17" });
    let service = api.post("/api/v1/services", &body).await?;
    Ok(service["name"].as_str().ok_or("no name")?.to_owned())
}

async fn stop(api: &Rest<'_>, name: &str) -> Outcome<()> {
    api.patch(&format!("/api/v1/services/{name}/state"), &json!({ "state": "process_stop" })).await.map(drop)
}

/// Until all are counted.
async fn reaches(console: &Console, count: &str, at: SystemTime) -> Outcome<()> {
    let began = Instant::now();
    loop {
        let now = console.count(count, at).await?;
        if usize::try_from(now) == Ok(SERVICES) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{now} of {SERVICES}: {count}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Requests to the API server since the console began.
async fn requests(console: &Console, metrics: &str) -> Outcome<f64> {
    let text = console.http.get(format!("http://{metrics}/metrics")).send().await?.text().await?;
    let counters = text.lines().filter(|line| line.starts_with("berth_kubernetes_requests_total"));
    Ok(counters.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}
