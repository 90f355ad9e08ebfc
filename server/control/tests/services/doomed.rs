//! Consoles that die.

use std::sync::mpsc;

use control::reconcile::fail_points::FailPoints;
use control::reconcile::{Waker, run};
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::world::{World, control};

/// The lease of a console that died has run out.
pub const LEASE_ENDS: &str =
    "update tasks set lease_until = now() - interval '1 second', run_at = now() where service_id = $1";

/// A console that a test kills.
pub struct Doomed {
    executor: Option<tokio::runtime::Runtime>,
    pub waker: Waker,
}

impl Doomed {
    /// With its own connections, in a runtime of its own: nothing of it ends in an orderly way. It hears nothing.
    pub fn new(world: &World) -> Self {
        Self::with(world, Waker::default(), FailPoints::default())
    }

    /// One that hears what the world hears, and can be broken into.
    pub fn with(world: &World, waker: Waker, fail_points: FailPoints) -> Self {
        let (options, runtime, woken) = (world.on.pool.connect_options(), world.runtime.clone(), waker.clone());
        let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        executor.spawn(async move {
            let pool = PgPoolOptions::new().max_connections(3).connect_with((*options).clone()).await.unwrap();
            let control = control(pool, &runtime).with_fail_points(fail_points);
            run(control, woken, CancellationToken::new()).await;
        });
        Self { executor: Some(executor), waker }
    }

    /// Stops it where it is, as SIGSTOP does, until what is answered is dropped: its only thread waits, and no timer or
    /// socket of it goes on.
    pub fn freeze(&self) -> mpsc::Sender<()> {
        let (thaw, thawed) = mpsc::channel();
        // the error is that the other end is gone
        self.executor.as_ref().expect("a console that lives").spawn(async move { thawed.recv() });
        thaw
    }

    /// Everything that it did ends where it is.
    pub fn die(self) {}
}

impl Drop for Doomed {
    fn drop(&mut self) {
        self.executor.take().expect("a console that lives").shutdown_background();
    }
}
