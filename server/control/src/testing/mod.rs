//! What tests of any crate stand on: a runtime in memory that fails on demand, and the contract tests of the port.
//! For tests only: the feature `testing`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by it")]

mod fake;
mod lab;
mod script;
pub mod suite;
mod work;

pub use fake::FakeRuntime;
pub use script::{Effect, Fault, Method};
pub use work::{Work, as_a_copy, as_a_replica};
