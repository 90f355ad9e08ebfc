//! Use cases, authorisation, the metadata store and the reconciler.
//!
//! HTTP calls [`Control`] through the trait [`contract::Console`] and never the store; the reconciler drives the
//! runtime through the port [`port::Provisioner`]; a use case never calls a runtime to change anything.

use std::sync::Arc;

use sqlx::PgPool;

mod console;
pub mod error;
pub mod events;
pub mod identity;
pub mod port;
pub mod projects;
mod reach;
pub mod reconcile;
pub mod resources;
pub mod seal;
mod services;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::Error;
pub use seal::Sealer;

use port::Provisioner;

/// Everything that a use case needs.
#[derive(Clone)]
pub struct Control {
    pub(crate) pool: PgPool,
    pub(crate) sealer: Sealer,
    pub(crate) runtime: Arc<dyn Provisioner>,
}

impl Control {
    pub fn new(pool: PgPool, sealer: Sealer, runtime: Arc<dyn Provisioner>) -> Self {
        Self { pool, sealer, runtime }
    }
}
