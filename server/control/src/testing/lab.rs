//! A runtime under test, and what each contract does to it.

use std::time::Duration;

use contract::spec::Size;
use contract::values::{Instances, Mib, MilliCores, PgMajor, Secret};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::port::{
    Desired, Observed, Origin, Phase, PortError, Power, Provisioner, Removal, ServiceName, ServiceRef, SignIn, SignedIn,
};

/// How long a runtime may take to get anywhere. Programs are on this machine already, or few.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// A runtime under test, and what can be seen of it and done to it behind the port's back.
pub trait Lab: Send + Sync {
    type Runtime: Provisioner;

    fn runtime(&self) -> &Self::Runtime;

    fn major(&self) -> PgMajor;

    /// Of a small service.
    fn size(&self) -> Size {
        Size { ram: Mib::new(64), disk: Mib::new(512), cpu: MilliCores::new(250) }
    }

    /// For a new service; never the same twice.
    fn port(&self) -> Option<u16>;

    /// Between two calls that found nothing new.
    fn pace(&self) -> Duration {
        Duration::from_millis(10)
    }

    /// Phases that every way to [`Phase::Ready`] shows.
    fn way(&self) -> &'static [Phase];

    /// Something that is another one once the server has begun anew.
    fn began(&self, service: &ServiceRef) -> impl Future<Output = String> + Send;

    /// Something that depends on the memory that the running server was set up for.
    fn memory(&self, service: &ServiceRef) -> impl Future<Output = String> + Send;

    /// The server ends by itself.
    fn kill(&self, service: &ServiceRef) -> impl Future<Output = ()> + Send;
}

pub(super) fn service() -> ServiceRef {
    ServiceRef { workspace: Uuid::now_v7(), name: ServiceName::random("postgres") }
}

/// A small service with a name of its own.
pub(super) fn wanted(lab: &impl Lab, service: ServiceRef) -> Desired {
    Desired {
        database: service.name.database(),
        service,
        id: Uuid::now_v7(),
        project: Uuid::now_v7(),
        major: lab.major(),
        instances: Instances::ONE,
        size: lab.size(),
        public_access: false,
        power: Power::Running,
        port: lab.port(),
        password: Secret::new("a'b\"c $d\\ %00 é"),
        origin: Origin::Fresh,
        generation: 0,
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
                    let news = way.last() != Some(&reached);
                    if news {
                        way.push(reached);
                    }
                    if reached == phase {
                        return way;
                    }
                    if !news {
                        sleep(lab.pace()).await;
                    }
                }
                Err(PortError::Retry { .. } | PortError::Away(_)) => sleep(lab.pace()).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(LONG, way).await.unwrap_or_else(|_| panic!("{} is never {phase:?}", desired.service))
}

/// A service that is there.
pub async fn ready(lab: &impl Lab) -> Desired {
    let desired = wanted(lab, service());
    drive(lab, &desired, Phase::Ready).await;
    desired
}

pub(super) async fn phase(lab: &impl Lab, service: &ServiceRef) -> Phase {
    lab.runtime().observe(service).await.unwrap().phase
}

/// Credentials of the service as it is wanted.
pub fn credentials(lab: &impl Lab, desired: &Desired) -> SignIn {
    let host = lab.runtime().host(&desired.service);
    let Desired { service, database, password, .. } = desired.clone();
    SignIn { service, host, port: desired.port.unwrap_or(5432), database, password }
}

pub(super) async fn sign_in(lab: &impl Lab, desired: &Desired) -> Result<SignedIn, PortError> {
    lab.runtime().sign_in(&credentials(lab, desired)).await
}

pub(super) async fn delete(lab: &impl Lab, service: &ServiceRef) {
    let gone = async {
        while lab.runtime().delete(service).await.unwrap() == Removal::Pending {
            sleep(lab.pace()).await;
        }
    };
    timeout(LONG, gone).await.expect("it goes");
}
