//! How it behaves while something is wrong with the API server: run by `cluster with`, which names one in KUBECONFIG.

mod answers;
mod away;
mod proxy;

use std::path::Path;

use contract::spec::Size;
use contract::values::{Instances, Mib, MilliCores, PgMajor, Secret};
use control::port::{Desired, Origin, Power, ServiceName, ServiceRef};
use uuid::Uuid;

use crate::Config;

pub(crate) fn config() -> Config {
    let path = std::env::var_os("BERTH_KUBERNETES_CONFIG").expect("`cluster with` names its images");
    Config::read(Path::new(&path)).unwrap()
}

pub(crate) fn desired() -> Desired {
    Desired {
        database: "orders".into(),
        service: ServiceRef { workspace: Uuid::now_v7(), name: ServiceName::random("postgres") },
        id: Uuid::now_v7(),
        project: Uuid::now_v7(),
        major: PgMajor::new(17).expect("a version"),
        instances: Instances::ONE,
        size: Size { ram: Mib::new(256), disk: Mib::new(512), cpu: MilliCores::new(250) },
        public_access: false,
        power: Power::Running,
        port: None,
        password: Secret::new("x"),
        origin: Origin::Fresh,
        generation: 0,
        existed: false,
    }
}
