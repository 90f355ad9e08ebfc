//! A real Kubernetes with the real CloudNativePG operator, for tests and to play with, made only from package registries.
//!
//! Two sizes of it:
//! - [`Loopback`]: etcd, the API server, the controller-manager and the operator with its admission webhooks, as processes on
//!   loopback. No pods. For objects, refusals and faults.
//! - [`Node`]: a whole node in a box of Linux namespaces, where the operator brings up real PostgreSQL pods. Needs root.
//!
//! Programs are built once from the modules below `modules/` and kept in a [`Cache`] under the hash of all that goes into them.

mod access;
mod api;
mod cache;
mod files;
mod images;
mod loopback;
mod manifests;
mod node;
mod pki;
mod process;
mod programs;

pub use access::Access;
pub use api::{apply, client};
pub use cache::Cache;
pub use loopback::Loopback;
pub use node::{Node, balancer};
pub use programs::{Programs, build};

/// The versions that work together; the modules below `modules/` name the same ones.
pub mod versions {
    /// The last minor version whose kubelet takes cgroup v1 by default.
    pub const KUBERNETES: &str = "v1.34.4";
    pub const CLOUDNATIVE_PG: &str = "1.30.0";
}
