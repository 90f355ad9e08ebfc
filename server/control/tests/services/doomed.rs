//! Consoles that die.

use control::reconcile::{Waker, run};
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::world::{World, control};

/// A console that a test kills.
pub struct Doomed {
    executor: tokio::runtime::Runtime,
    /// It hears no notifications.
    pub waker: Waker,
}

impl Doomed {
    /// With its own connections, in a runtime of its own: nothing of it ends in an orderly way.
    pub fn new(world: &World) -> Self {
        let (options, runtime) = (world.on.pool.connect_options(), world.runtime.clone());
        let waker = Waker::default();
        let woken = waker.clone();
        let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        executor.spawn(async move {
            let pool = PgPoolOptions::new().max_connections(3).connect_with((*options).clone()).await.unwrap();
            run(control(pool, &runtime), woken, CancellationToken::new()).await;
        });
        Self { executor, waker }
    }

    /// Everything that it did ends where it is.
    pub fn die(self) {
        self.executor.shutdown_background();
    }
}
