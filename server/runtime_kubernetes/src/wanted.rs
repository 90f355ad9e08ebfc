//! Whether what runs is what is wanted.

use std::time::Duration;

use contract::spec::Size;
use control::port::{Desired, Observed, Origin, Outside, Phase, PortError, SignIn};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::ListParams;

use crate::answers::failed;
use crate::capabilities::amount;
use crate::cluster::{Cluster, Database};
use crate::manifests::POSTGRES;
use crate::members::is_ready;
use crate::parameters::parameters;
use crate::provisioner::CONTAINER;
use crate::session::{ask, dialled, refused};
use crate::{Inner, follows, names, phases};

/// The operator's: another value restarts the instances, one after the other.
pub(crate) const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// When the primary had begun that a restart is to replace.
pub(crate) const RESTARTED_FROM: &str = "berth.dev/restarted-from";
/// Between two looks at what the operator has still to do.
const SOON: Duration = Duration::from_secs(1);

impl Inner {
    /// Whether a cluster that runs is what is wanted, asked of the server itself as its owner.
    pub(crate) async fn as_wanted(
        &self,
        desired: &Desired,
        cluster: &Cluster,
        running: Observed,
    ) -> Result<Observed, PortError> {
        let service = &desired.service;
        // once it is in use, a server that is down keeps nothing else from being done
        if !(phases::is_whole(cluster) || desired.existed && phases::is_settled(cluster)) {
            return Ok(running);
        }
        // the status is still that of before for a moment; the pods show what has been done
        let members = ListParams::default().labels(&names::instances(&service.name));
        let mut pods = self.namespaced::<Pod>(service).list(&members).await.map_err(failed)?.items;
        pods.retain(is_ready);
        if cluster.annotation(RESTARTED_AT).is_some_and(|restart| !pods.iter().all(|pod| has_restarted(pod, restart))) {
            return Ok(Observed::saying(Phase::Starting, "Its servers are restarted one after the other"));
        }
        if !pods.iter().all(|pod| is_sized(pod, &desired.size)) {
            return Ok(Observed::saying(Phase::Starting, "Its servers get their new size one after the other"));
        }
        match &desired.origin {
            Origin::Fresh | Origin::Replica(_) | Origin::Detached { .. } => {}
            Origin::Follows(_) => {
                // it answers; whether it follows is another question
                let head = running.primary.as_deref().unwrap_or_default();
                self.instance(service, head).await.map_err(soon)?;
                let Observed { primary, degraded, .. } = running;
                return Ok(Observed { primary, degraded, ..self.reached_from_outside(desired).await? });
            }
            Origin::Promoted { .. } => {
                let made = self.namespaced::<Database>(service).get_opt(service.name.as_str()).await.map_err(failed)?;
                let made = made.map(|made| made.status).unwrap_or_default();
                if made.applied != Some(true) {
                    let said = if made.message.is_empty() { String::new() } else { format!(": {}", made.message) };
                    return Ok(Observed::saying(Phase::Starting, format!("Its database is being made{said}")));
                }
            }
        }
        let wanted = parameters(&desired.size, follows::least(desired).as_deref());
        let looked = async {
            let client = self.session(&credentials(desired)).await?;
            let query = "select setting::bigint / 128 || 'MB', current_setting('max_connections'),
                                pg_postmaster_start_time()::text, pg_is_in_recovery()
                         from pg_settings where name = 'shared_buffers'";
            let row = ask(&client, query).await?;
            let text = |at: usize| row.try_get::<_, String>(at).map_err(|error| refused(&error));
            let follows: bool = row.try_get(3).map_err(|error| refused(&error))?;
            Ok::<_, PortError>(([text(0)?, text(1)?], text(2)?, follows))
        };
        Ok(match looked.await {
            Err(error) => return Err(soon(error)),
            Ok((_, began, _)) if cluster.annotation(RESTARTED_FROM) == Some(began.as_str()) => {
                Observed::saying(Phase::Starting, "It is about to be restarted")
            }
            Ok((_, _, true)) if !matches!(desired.origin, Origin::Replica(_)) => {
                Observed::saying(Phase::Starting, "It is being promoted")
            }
            // the two that no reload changes
            Ok((has, ..)) if has != ["shared_buffers", "max_connections"].map(|name| wanted[name].clone()) => {
                Observed::saying(Phase::Starting, "It is about to be restarted with its new settings")
            }
            Ok(_) => {
                let Observed { primary, degraded, .. } = running;
                Observed { primary, degraded, ..self.reached_from_outside(desired).await? }
            }
        })
    }

    /// What is as wanted inside, once it is reached from outside as well, where that is wanted.
    async fn reached_from_outside(&self, desired: &Desired) -> Result<Observed, PortError> {
        let service = &desired.service;
        let ready = match desired.origin {
            Origin::Follows(_) | Origin::Replica(_) | Origin::Detached { .. } => Observed::at(Phase::Ready),
            Origin::Fresh | Origin::Promoted { .. } => {
                Observed::saying(Phase::Ready, format!("both are called {}", desired.database))
            }
        };
        if !desired.public_access {
            return Ok(ready);
        }
        let leads = self.namespaced::<Service>(service).get_opt(&names::public(&service.name)).await.map_err(failed)?;
        let Some(outside) = leads.and_then(address) else {
            return Err(soon(PortError::retry("The cluster has given it no public address yet")));
        };
        let reached = match desired.origin {
            Origin::Follows(_) => dialled(&outside.host, outside.port).await.map(drop),
            _ => self.session_from_outside(&credentials(desired), &outside).await.map(drop),
        };
        match reached {
            Ok(()) => Ok(Observed { outside: Some(outside), ..ready }),
            Err(error) => Err(soon(PortError::retry(format!("Its public address does not answer: {error}")))),
        }
    }

    /// When the primary began.
    pub(crate) async fn began(&self, at: &SignIn) -> Result<String, PortError> {
        let client = self.session(at).await?;
        let row = ask(&client, "select pg_postmaster_start_time()::text").await?;
        row.try_get(0).map_err(|error| refused(&error))
    }
}

/// How its owner signs in.
fn credentials(desired: &Desired) -> SignIn {
    SignIn {
        service: desired.service.clone(),
        host: names::host(&desired.service),
        port: POSTGRES,
        database: desired.database.clone(),
        password: desired.password.clone(),
    }
}

/// Whether an instance has begun behind the last restart that was asked for.
fn has_restarted(pod: &Pod, restart: &str) -> bool {
    pod.metadata.annotations.as_ref().and_then(|all| all.get(RESTARTED_AT)).is_some_and(|at| at == restart)
}

/// Whether an instance has the limits that are wanted.
fn is_sized(pod: &Pod, size: &Size) -> bool {
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let limits = containers.iter().find(|container| container.name == CONTAINER);
    let limits = limits.and_then(|container| container.resources.as_ref()?.limits.as_ref());
    let is = |of: &str, wanted: f64| {
        limits.and_then(|limits| limits.get(of)).is_some_and(|limit| (amount(limit) - wanted).abs() < 1e-6)
    };
    is("cpu", size.cpu.cores()) && is("memory", f64::from(size.ram.mib()) * f64::from(1 << 20))
}

/// The operator and the cluster work on it: another look is worth it in a moment. What is served meanwhile stays served.
fn soon(error: PortError) -> PortError {
    match error {
        PortError::Retry { message, .. } => PortError::Retry { message, after: Some(SOON) },
        other => other,
    }
}

/// What a load balancer has been given.
fn address(service: Service) -> Option<Outside> {
    let given = service.status?.load_balancer?.ingress?.into_iter().next()?;
    Some(Outside { host: given.hostname.or(given.ip)?, port: POSTGRES })
}
