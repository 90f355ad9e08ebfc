//! Services from wish to end: use cases and reconciler on a real database, with a runtime in memory.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by it")]

mod actions;
mod capacity;
mod consoles;
mod create;
mod delete;
mod doomed;
mod events;
mod external;
mod idempotency;
mod kills;
mod live;
mod looks;
mod members;
mod model;
mod publish;
mod repeats;
mod replicas;
mod rotate;
mod secrets;
#[path = "../store/setting.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod setting;
mod trouble;
mod update;
mod variables;
mod volumes;
mod workers;
mod world;
