//! The program `berth`: command line, account, log, HTTP, and the one place where everything is put together.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | flags and their environment variables |
//! | [`account`] | giving root up, the data directory, the cgroup |
//! | [`lock`], [`stop`] | one console per data directory, and ending it |
//! | [`key`] | the key that seals secrets |
//! | [`telemetry`] | the log, and what never stands in it |
//! | [`http`] | listener, layers, routes |
//! | [`serve`], `compose`, `adapters` | the composition root |
//! | `metadata` | our own PostgreSQL |
//! | `metrics` | numbers for Prometheus |

pub mod account;
pub mod adapters;
mod compose;
pub mod config;
pub mod http;
pub mod key;
pub mod lock;
mod metadata;
mod metrics;
pub mod program;
pub mod runtime;
pub mod serve;
pub mod stop;
pub mod telemetry;
pub mod users;
