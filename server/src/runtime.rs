//! The runtime that was asked for, and the resource of all that it has to place services on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use control::identity::{Capacity, Site, seed_site};
use control::port::Provisioner;
use nix::sys::statvfs::statvfs;
use postgres::{Host, HostConfig, disk_usage};
use runtime_kubernetes::{Access, KubernetesRuntime};
use runtime_local::LocalRuntime;
use sqlx::PgPool;

use crate::account::Ground;
use crate::compose::{ComposeError, SERVICES_DIR};
use crate::config::{Runtime, Serve};
use crate::metadata::HOST_DIR;

/// How long a start waits for a cluster to say what it has.
const CLUSTER: Duration = Duration::from_secs(3);
/// Between two attempts to hear it behind the start.
const AGAIN: Duration = Duration::from_secs(5);
/// Nodes come and go.
const LATER: Duration = Duration::from_secs(600);

/// A runtime, with what only the user that started Berth may read.
#[derive(Debug)]
pub enum Chosen {
    Local,
    Kubernetes { access: Access, config: runtime_kubernetes::Config },
}

/// Why it can't be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    #[error("--kubernetes-config: {0}")]
    Config(#[from] runtime_kubernetes::ConfigError),
    #[error(transparent)]
    Access(#[from] runtime_kubernetes::StartError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Chosen {
    /// Reads the files that flags and environment name.
    ///
    /// # Errors
    /// One of them can't be read, or says nothing that can be used.
    pub fn by(flags: &Serve) -> Result<Self, ChoiceError> {
        if flags.runtime == Runtime::Local {
            return Ok(Self::Local);
        }
        let config = flags.kubernetes_config.as_deref().map(runtime_kubernetes::Config::read).transpose()?;
        let reading = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let access = reading.block_on(Access::find())?;
        Ok(Self::Kubernetes { access, config: config.unwrap_or_default() })
    }

    /// Starts it, and makes its resource.
    pub async fn start(
        self,
        flags: &Serve,
        ground: &Ground,
        pool: &PgPool,
    ) -> Result<Arc<dyn Provisioner>, ComposeError> {
        match self {
            Self::Local => {
                let seeded = seed_site(pool, Site::Machine, machine(&ground.data_dir)?).await;
                seeded.map_err(|error| ComposeError::Store("the first resource", Box::new(error)))?;
                local(flags, ground).await
            }
            Self::Kubernetes { access, config } => {
                let runtime = KubernetesRuntime::start(access, config)?;
                let seeding = seed_cluster(runtime.clone(), pool.clone());
                // a cluster that is away keeps nobody from signing in
                if tokio::time::timeout(CLUSTER, tokio::spawn(seeding)).await.is_err() {
                    tracing::warn!("the cluster has not said what it has; it is asked again");
                }
                tokio::spawn(follow_cluster(runtime.clone(), pool.clone()));
                Ok(Arc::new(runtime))
            }
        }
    }
}

async fn local(flags: &Serve, ground: &Ground) -> Result<Arc<dyn Provisioner>, ComposeError> {
    let cgroup = ground.cgroup.clone();
    let limits_enforced = cgroup.is_some();
    let host = Host::new(HostConfig { cgroup, ..HostConfig::new(ground.data_dir.join(HOST_DIR)) })?;
    let services = ground.data_dir.join(SERVICES_DIR);
    let config = runtime_local::Config { services, ports: flags.database_ports.range(), limits_enforced };
    Ok(Arc::new(LocalRuntime::start(host, config).await?))
}

/// What this machine has: all of its memory and cores, and the disk that is free or already taken by services.
fn machine(data_dir: &Path) -> Result<Capacity, ComposeError> {
    let disk = statvfs(data_dir).map_err(std::io::Error::from)?;
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let taken = disk_usage(&data_dir.join(SERVICES_DIR)).unwrap_or_default();
    let memory = nix::sys::sysinfo::sysinfo().map_err(std::io::Error::from)?.ram_total();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Capacity {
        ram_mib: memory >> 20,
        disk_mib: free.saturating_add(taken) >> 20,
        cpu_millis: u32::try_from(cores).unwrap_or(1).saturating_mul(1000),
    })
}

/// Once the cluster has said what it has.
async fn seed_cluster(runtime: KubernetesRuntime, pool: PgPool) {
    loop {
        match runtime.capacity().await {
            Ok(has) => {
                let capacity = Capacity { ram_mib: has.ram_mib, disk_mib: has.disk_mib, cpu_millis: has.cpu_millis };
                match seed_site(&pool, Site::Cluster, capacity).await {
                    Ok(_) => return,
                    Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "no resource was made"),
                }
            }
            Err(error) => tracing::warn!(%error, "the cluster does not say what it has"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn follow_cluster(runtime: KubernetesRuntime, pool: PgPool) {
    loop {
        tokio::time::sleep(LATER).await;
        seed_cluster(runtime.clone(), pool.clone()).await;
    }
}
