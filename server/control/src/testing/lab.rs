//! A runtime under test, and what each contract does to it.

use std::time::Duration;

use contract::spec::Size;
use contract::values::{Mib, MilliCores, PgMajor, Secret};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::port::{Desired, Observed, Phase, PortError, Power, Provisioner, Removal, ServiceName, SignIn, SignedIn};

/// How long a runtime may take to get anywhere. Programs are on this machine already, or few.
pub(super) const LONG: Duration = Duration::from_secs(120);
/// Between two calls that found nothing new.
const PACE: Duration = Duration::from_millis(10);

/// A runtime under test, and what can be seen of it and done to it behind the port's back.
pub trait Lab: Send + Sync {
    type Runtime: Provisioner;

    fn runtime(&self) -> &Self::Runtime;

    fn major(&self) -> PgMajor;

    /// For a new service; never the same twice.
    fn port(&self) -> Option<u16>;

    /// Something that depends on the memory that the running server was set up for.
    fn memory(&self, name: &ServiceName) -> impl Future<Output = String> + Send;

    /// The server ends by itself.
    fn kill(&self, name: &ServiceName) -> impl Future<Output = ()> + Send;
}

pub(super) fn name() -> ServiceName {
    ServiceName::random("postgres")
}

/// A small service with a name of its own.
pub(super) fn wanted(lab: &impl Lab, name: ServiceName) -> Desired {
    Desired {
        name,
        workspace: Uuid::now_v7(),
        major: lab.major(),
        size: Size { ram: Mib::new(64), disk: Mib::new(512), cpu: MilliCores::new(250) },
        power: Power::Running,
        port: lab.port(),
        password: Secret::new("a'b\"c $d\\ %00 é"),
        existed: false,
    }
}

/// Asks until the service is there; answers every phase on the way, each once.
pub(super) async fn drive(lab: &impl Lab, desired: &Desired, phase: Phase) -> Vec<Phase> {
    let way = async {
        let mut way = Vec::new();
        loop {
            match lab.runtime().ensure(desired).await {
                Ok(Observed { phase: reached, .. }) => {
                    if way.last() != Some(&reached) {
                        way.push(reached);
                    }
                    if reached == phase {
                        return way;
                    }
                }
                Err(PortError::Retry { .. }) => sleep(PACE).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(LONG, way).await.unwrap_or_else(|_| panic!("{} is never {phase:?}", desired.name))
}

/// A service that is there.
pub async fn ready(lab: &impl Lab) -> Desired {
    let desired = wanted(lab, name());
    drive(lab, &desired, Phase::Ready).await;
    desired
}

pub(super) async fn phase(lab: &impl Lab, name: &ServiceName) -> Phase {
    lab.runtime().observe(name).await.unwrap().phase
}

pub(super) async fn sign_in(lab: &impl Lab, desired: &Desired) -> Result<SignedIn, PortError> {
    let host = lab.runtime().host(&desired.name);
    let (name, password) = (desired.name.clone(), desired.password.clone());
    let at = SignIn { name, host, port: desired.port.unwrap_or(5432), password };
    lab.runtime().sign_in(&at).await
}

pub(super) async fn delete(lab: &impl Lab, name: &ServiceName) {
    let gone = async { while lab.runtime().delete(name).await.unwrap() == Removal::Pending {} };
    timeout(LONG, gone).await.expect("it goes");
}
