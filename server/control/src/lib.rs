//! Use cases, authorisation, the metadata store and the reconciler.
//!
//! HTTP calls [`Control`] through the trait [`contract::Console`] and never the store; the reconciler drives the
//! runtime through the port [`port::Provisioner`]; a use case never calls a runtime to change anything.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Semaphore;

pub mod audit;
mod console;
pub mod error;
pub mod events;
pub mod identity;
pub mod outbound;
pub mod port;
pub mod projects;
mod reach;
pub mod reconcile;
pub mod resources;
pub mod samples;
pub mod seal;
mod services;
pub(crate) mod source;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::Error;
pub use seal::Sealer;

use identity::Identity;
use outbound::Outbound;
use port::Provisioner;
use reconcile::fail_points::FailPoints;

/// Sources checked at once.
const CHECKS: usize = 8;

/// Everything that a use case needs.
#[derive(Clone)]
pub struct Control {
    pub(crate) pool: PgPool,
    pub(crate) sealer: Sealer,
    pub(crate) runtime: Arc<dyn Provisioner>,
    pub(crate) identity: Identity,
    pub(crate) outbound: Outbound,
    /// Turns at checking a source, each of which may hold connections for half a minute.
    pub(crate) checks: Arc<Semaphore>,
    pub(crate) fail_points: FailPoints,
}

impl Control {
    pub fn new(pool: PgPool, sealer: Sealer, runtime: Arc<dyn Provisioner>) -> Self {
        let identity = Identity::new(pool.clone());
        Self {
            pool,
            sealer,
            runtime,
            identity,
            outbound: Outbound::default(),
            checks: Arc::new(Semaphore::new(CHECKS)),
            fail_points: FailPoints::default(),
        }
    }

    /// External servers may lie in these networks, too.
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self { outbound, ..self }
    }

    /// Steps can be broken into here.
    #[cfg(feature = "testing")]
    pub fn with_fail_points(self, fail_points: FailPoints) -> Self {
        Self { fail_points, ..self }
    }

    /// Who somebody is; hashing is bounded together with the use cases'.
    pub fn identity(&self) -> Identity {
        self.identity.clone()
    }
}
