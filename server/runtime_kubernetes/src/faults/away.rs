//! Nobody can reach the API server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use control::port::{Desired, Phase, PortError, Provisioner as _};
use futures::StreamExt as _;
use kube::api::{Api, DeleteParams, ListParams};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::{config, desired};
use crate::cluster::Cluster;
use crate::{Access, KubernetesRuntime, names};

/// A way to the API server that can be closed: what goes through it breaks, and what comes anew is dropped and counted.
struct Gate {
    address: SocketAddr,
    open: watch::Sender<bool>,
    refused: Arc<AtomicUsize>,
}

impl Gate {
    async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, is_open) = watch::channel(true);
        let refused = Arc::new(AtomicUsize::new(0));
        let counted = refused.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut is_open = is_open.clone();
                if !*is_open.borrow() {
                    counted.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(server).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = is_open.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { address, open, refused }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cluster with`"]
async fn what_happens_while_the_api_server_is_away_is_right_within_5_s_of_its_return() {
    let direct = Access::find().await.unwrap();
    let at = direct.0.cluster_url.clone();
    let gate = Gate::before(SocketAddr::new(at.host().unwrap().parse().unwrap(), at.port_u16().unwrap())).await;
    let mut through = direct.clone();
    through.0.cluster_url = format!("https://{}", gate.address).parse().unwrap();
    let runtime = KubernetesRuntime::start(through, config()).unwrap();
    let behind = kube::Client::try_from(*direct.0).unwrap();
    let (stays, goes) = (desired(), desired());
    for desired in [&stays, &goes] {
        assert_eq!(runtime.ensure(desired).await.unwrap().phase, Phase::Preparing);
    }

    gate.open.send(false).unwrap();
    // as many as a console has workers, and pages that ask
    let (asking, slowest) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let ask = |_| {
        let (runtime, service, asking, slowest) =
            (runtime.clone(), stays.service.clone(), asking.clone(), slowest.clone());
        tokio::spawn(async move {
            while asking.load(Ordering::SeqCst) {
                let began = Instant::now();
                let _ = runtime.members(&service).await;
                let _ = runtime.observe(&service).await;
                let ms = usize::try_from(began.elapsed().as_millis()).unwrap();
                slowest.fetch_max(ms, Ordering::SeqCst);
                sleep(Duration::from_millis(20)).await;
            }
        })
    };
    let askers: Vec<_> = (0..20).map(ask).collect();
    sleep(Duration::from_secs(1)).await;
    let away = runtime.ensure(&stays).await;
    assert!(matches!(&away, Err(PortError::Away(_))), "{away:?}");
    gate.refused.store(0, Ordering::SeqCst);
    slowest.store(0, Ordering::SeqCst);
    sleep(Duration::from_secs(5)).await;
    let refused = gate.refused.load(Ordering::SeqCst);
    assert!((1..=11).contains(&refused), "{refused} requests in 5 s");
    let slowest = slowest.load(Ordering::SeqCst);
    assert!(slowest < 500, "somebody waited {slowest} ms");
    let clusters = Api::<Cluster>::namespaced(behind.clone(), &names::namespace(goes.service.workspace));
    clusters.delete(goes.service.name.as_str(), &DeleteParams::default()).await.unwrap();

    let mut hints = runtime.changes();
    gate.open.send(true).unwrap();
    let back = Instant::now();
    let right = async {
        while runtime.observe(&goes.service).await.map(|seen| seen.phase) != Ok(Phase::Absent) {
            sleep(Duration::from_millis(50)).await;
        }
        while hints.next().await.as_ref() != Some(&stays.service.name) {}
    };
    timeout(Duration::from_secs(5), right).await.expect("right within 5 s");
    asking.store(false, Ordering::SeqCst);
    futures::future::join_all(askers).await;
    let known = Desired { existed: true, ..goes.clone() };
    assert_eq!(runtime.ensure(&known).await.unwrap().phase, Phase::Lost, "after {:?}", back.elapsed());
    assert_eq!(runtime.ensure(&stays).await.unwrap().phase, Phase::Preparing);
    let ours = ListParams::default().labels(&format!("{}={}", names::WORKSPACE, stays.service.workspace));
    let there = Api::<Cluster>::all(behind).list(&ours).await.unwrap();
    assert_eq!(there.items.len(), 1, "nothing twice");
}
