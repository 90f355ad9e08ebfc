//! The use cases of services. One file a use case; each begins with its authorisation.

mod act;
mod create;
pub(crate) mod entity;
mod idempotency;
mod live;
mod log;
mod members;
mod mounts;
mod operations;
mod placement;
mod preflight;
mod preview;
mod promote;
mod read;
mod replicas;
mod replication;
mod reveal;
mod rotate;
mod update;
