//! The API server answers late, with refusals that a moment mends, or not at all where it is watched.

use std::time::Duration;

use control::port::{Desired, Phase, PortError, Provisioner as _, Removal};
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams};
use tokio::time::{Instant, sleep, timeout};

use super::proxy::{Proxy, Wrong};
use super::{config, desired};
use crate::cluster::Cluster;
use crate::{KubernetesRuntime, SILENCE, names};

/// From the moment on at which nothing is wrong any more.
const SOON: Duration = Duration::from_secs(5);

async fn made(runtime: &KubernetesRuntime, desired: &Desired) {
    let made = async {
        loop {
            match runtime.ensure(desired).await {
                Ok(seen) => return assert_eq!(seen.phase, Phase::Preparing),
                Err(PortError::Rejected(said)) => panic!("{said}"),
                Err(PortError::Retry { .. } | PortError::Away(_)) => sleep(Duration::from_millis(100)).await,
            }
        }
    };
    timeout(SOON, made).await.expect("made soon");
}

async fn clusters(client: &Client, desired: &Desired) -> usize {
    let ours = ListParams::default().labels(&format!("{}={}", names::SERVICE, desired.id));
    Api::<Cluster>::all(client.clone()).list(&ours).await.unwrap().items.len()
}

/// Somebody else deletes it.
async fn take_away(client: &Client, desired: &Desired) {
    let clusters = Api::<Cluster>::namespaced(client.clone(), &names::namespace(desired.service.workspace));
    clusters.delete(desired.service.name.as_str(), &DeleteParams::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_is_refused_for_a_moment_is_made_once_when_it_is_not_any_more() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    for code in [409, 410, 429, 500] {
        for wrong in [Wrong::Refused(code), Wrong::DoneAndRefused(code)] {
            let desired = desired();
            proxy.is(wrong);
            for _ in 0..3 {
                let answer = runtime.ensure(&desired).await;
                assert!(matches!(answer, Err(PortError::Retry { .. })), "{wrong:?}: {answer:?}");
            }
            let done = matches!(wrong, Wrong::DoneAndRefused(_));
            assert_eq!(clusters(&proxy.behind(), &desired).await, usize::from(done), "{wrong:?}");
            proxy.is(Wrong::Nothing);
            made(&runtime, &desired).await;
            assert_eq!(clusters(&proxy.behind(), &desired).await, 1, "{wrong:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_is_not_deleted_at_once_is_deleted_a_moment_later() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    for wrong in [Wrong::Refused(409), Wrong::DoneAndRefused(500)] {
        let desired = desired();
        made(&runtime, &desired).await;
        proxy.is(wrong);
        let answer = runtime.delete(&desired.service).await;
        assert!(matches!(answer, Err(PortError::Retry { .. })), "{wrong:?}: {answer:?}");
        proxy.is(Wrong::Nothing);
        let gone = async {
            while runtime.delete(&desired.service).await != Ok(Removal::Gone) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(SOON * 4, gone).await.expect("it goes");
        assert_eq!(clusters(&proxy.behind(), &desired).await, 0, "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn where_every_answer_is_late_what_is_known_is_said_at_once() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    let known = desired();
    let mut hints = runtime.changes();
    made(&runtime, &known).await;
    timeout(SOON, async { while hints.next().await.as_ref() != Some(&known.service.name) {} }).await.expect("a hint");
    proxy.is(Wrong::Late(Duration::from_secs(2)));
    let began = Instant::now();
    assert_eq!(runtime.observe(&known.service).await.unwrap().phase, Phase::Preparing);
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    let late = desired();
    assert_eq!(runtime.ensure(&late).await.unwrap().phase, Phase::Preparing);
    assert!(began.elapsed() > Duration::from_secs(2), "it was late");
    assert_eq!(clusters(&proxy.behind(), &late).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn a_watch_that_is_refused_begins_anew_and_nobody_is_told_old_news() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    let (goes, stays) = (desired(), desired());
    made(&runtime, &goes).await;
    made(&runtime, &stays).await;
    proxy.is(Wrong::WatchesRefused(410));
    proxy.asked();
    take_away(&proxy.behind(), &goes).await;
    let gone = async {
        while runtime.observe(&goes.service).await.map(|seen| seen.phase) != Ok(Phase::Absent) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, gone).await.expect("seen without a watch");
    sleep(Duration::from_secs(5)).await;
    let watches = proxy.asked().iter().filter(|line| line.contains("watch=")).count();
    assert!((1..=15).contains(&watches), "{watches} attempts in 5 s");
    let mut hints = runtime.changes();
    proxy.is(Wrong::Nothing);
    timeout(SOON, async { while hints.next().await.as_ref() != Some(&stays.service.name) {} }).await.expect("a hint");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn a_watch_that_has_died_in_silence_is_found_out() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    let (goes, stays) = (desired(), desired());
    made(&runtime, &goes).await;
    made(&runtime, &stays).await;
    proxy.is(Wrong::WatchesMute);
    take_away(&proxy.behind(), &goes).await;
    sleep(Duration::from_secs(1)).await;
    // the watches that are there stay silent
    proxy.is(Wrong::Nothing);
    let known = Desired { existed: true, ..goes.clone() };
    let mut hints = runtime.changes();
    let found_out = async {
        while runtime.ensure(&known).await.map(|seen| seen.phase) != Ok(Phase::Lost) {
            // whatever it says until then, nothing is made anew
            sleep(Duration::from_millis(200)).await;
        }
        while hints.next().await.as_ref() != Some(&stays.service.name) {}
    };
    timeout(SILENCE + SOON, found_out).await.expect("found out");
    assert_eq!(clusters(&proxy.behind(), &goes).await, 0, "nothing is made anew");
    assert_eq!(clusters(&proxy.behind(), &stays).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_somebody_else_deletes_is_hinted_at_and_made_again() {
    let proxy = Proxy::start().await;
    let runtime = KubernetesRuntime::start(proxy.access(), config()).unwrap();
    let desired = desired();
    made(&runtime, &desired).await;
    let (client, service) = (proxy.behind(), &desired.service);
    let (namespace, name) = (names::namespace(service.workspace), service.name.as_str());
    let secrets = Api::<Secret>::namespaced(client.clone(), &namespace);
    let policies = Api::<NetworkPolicy>::namespaced(client, &namespace);
    let seen = async |missing: Option<&str>| {
        let seen = async {
            while runtime.observe(service).await.unwrap().missing.as_deref() != missing {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(SOON, seen).await.unwrap_or_else(|_| panic!("{missing:?} is never seen"));
    };
    seen(None).await;
    for missing in ["its Secret is gone", "its NetworkPolicy is gone"] {
        let mut hints = runtime.changes();
        if missing.contains("Secret") {
            secrets.delete(&names::owner(&service.name), &DeleteParams::default()).await.unwrap();
        } else {
            policies.delete(name, &DeleteParams::default()).await.unwrap();
        }
        timeout(SOON, async { while hints.next().await.as_ref() != Some(&service.name) {} }).await.expect("a hint");
        seen(Some(missing)).await;
        made(&runtime, &desired).await;
        seen(None).await;
    }
    secrets.get(&names::owner(&service.name)).await.unwrap();
    policies.get(name).await.unwrap();
}
