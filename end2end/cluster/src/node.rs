//! A whole node in a box: namespaces of processes, mounts and network of its own, whose end is the end of all that is in it.
//!
//! The box's first process only waits and reaps. Every program is started in there from outside, and belongs to the box from then
//! on. Two routes lead from the machine to the addresses of its pods and services; nothing leads out of it.

pub mod balancer;
mod boxed;
mod configuration;
mod left_running;
mod needs;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node as KubernetesNode;
use kube::Client;
use kube::api::Api;
use serde_json::json;

use self::boxed::Boxed;
use crate::access::{Access, by_certificate};
use crate::api;
use crate::cache::Cache;
use crate::files::passage;
use crate::images::{self, Images, POSTGRES_UID};
use crate::manifests::{DEPLOYMENT, NAMESPACE, Release, operator_image};
use crate::pki::Pki;
use crate::process::tell;
use crate::programs::{Programs, say};

/// One box on a machine: its addresses are fixed. Not below the temporary directory, which the box has its own of.
const PLACE: &str = "/var/tmp/berth-cluster";
/// The storage class of volumes that many apps share: on one node any directory is one.
const SHARED: &str = "shared";
const NODE: &str = "node1";
/// The box's own address; the machine has the one before it on the same wire.
const ADDRESS: &str = "10.200.0.2";
const MACHINE: &str = "10.200.0.1";
const SERVICES: &str = "10.96.0.0/16";
const PODS: &str = "10.244.0.0/16";
const BALANCED: &str = "10.97.0.0/24";
const PATIENCE: Duration = Duration::from_secs(180);
/// Where the controller-manager makes volumes: fixed in its source.
const VOLUMES: &str = "/tmp/hostpath_pv";

/// A node with the operator on it. It ends when it is dropped, unless it is left running.
pub struct Node {
    boxed: Option<Boxed>,
    access: Access,
}

impl Node {
    /// Starts it; needs root.
    ///
    /// # Errors
    /// The machine lacks something, which is named; another box is there; or a program wasn't ready in time.
    pub async fn start(cache: &Cache, programs: &Programs) -> Result<Self> {
        needs::check()?;
        let images = images::make(cache, programs)?;
        let place = Path::new(PLACE);
        left_running::refuse_another(place)?;
        boxed::clear_up(place).context("what another cluster has left")?;
        let starting = Starting { programs, images, place: place.to_owned() };
        let pki = starting.lay_out()?;
        let mut node = Self { boxed: None, access: Access::at(place) };
        node.access.tell_berth(&starting.images.postgres, SHARED)?;
        let boxed = node.boxed.insert(Boxed::new(place, &programs.pause).await?);
        starting.wire(boxed)?;
        // with the node go its logs
        starting.programs_of_the_node(boxed, &pki).await.inspect_err(|_| tell(&place.join("log")))?;
        Ok(node)
    }

    /// As somebody who may do everything.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Of the one that was left running, if there is one.
    ///
    /// # Errors
    /// What says so can't be read.
    pub fn left_running() -> Result<Option<Access>> {
        let place = Path::new(PLACE);
        Ok(left_running::read(place)?.map(|_| Access::at(place)))
    }

    /// Lets it run on when this process ends; its kubeconfig.
    ///
    /// # Errors
    /// What ends it later can't be written down.
    pub fn leave_running(mut self) -> Result<Access> {
        if let Some(boxed) = self.boxed.take() {
            left_running::write(Path::new(PLACE), boxed)?;
        }
        Ok(self.access.clone())
    }

    /// Ends the one that was left running. None: nothing to do.
    ///
    /// # Errors
    /// Something of it stays.
    pub fn stop_left_running() -> Result<()> {
        let place = Path::new(PLACE);
        if let Some(boxed) = left_running::read(place)? {
            boxed.end()?;
        }
        boxed::clear_up(place)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let Some(boxed) = self.boxed.take() else { return };
        if let Err(error) = boxed.end().and_then(|()| boxed::clear_up(Path::new(PLACE))) {
            say(&format!("{error:#}"));
        }
    }
}

struct Starting<'a> {
    programs: &'a Programs,
    images: Images,
    place: PathBuf,
}

impl Starting<'_> {
    fn lay_out(&self) -> Result<Pki> {
        passage(&self.place)?;
        for dir in ["log", "bin", "etcd", "containerd", "kubelet", "network"] {
            fs::create_dir_all(self.place.join(dir))?;
        }
        let pki = Pki::new(&self.place.join("pki"))?;
        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ];
        pki.server("apiserver", &[&["127.0.0.1", ADDRESS, "10.96.0.1"], &names[..]].concat())?;
        pki.server("kubelet", &["127.0.0.1", ADDRESS, NODE])?;
        pki.client("admin", "admin", Some("system:masters"))?;
        pki.client("kubelet-client", "apiserver-kubelet-client", Some("system:masters"))?;
        pki.client("controller-manager", "system:kube-controller-manager", None)?;
        pki.client("scheduler", "system:kube-scheduler", None)?;
        pki.client("proxy", "system:kube-proxy", None)?;
        pki.client("node", &format!("system:node:{NODE}"), Some("system:nodes"))?;
        let server = format!("https://{ADDRESS}:6443");
        for name in ["admin", "controller-manager", "scheduler", "proxy", "node"] {
            by_certificate(&pki, &server, name, &self.place.join(format!("{name}.kubeconfig")))?;
        }
        configuration::write(&self.place, &pki)?;
        // the controller-manager runs as PostgreSQL's user, so that volumes belong to it: it can't read what only root may
        let own = self.place.join("controller-manager");
        passage(&own)?;
        for from in [pki.path("ca.crt"), pki.path("sa.key"), self.place.join("controller-manager.kubeconfig")] {
            let name = from.file_name().context("a file without a name")?;
            fs::copy(&from, own.join(name))?;
            std::os::unix::fs::chown(own.join(name), Some(POSTGRES_UID), Some(POSTGRES_UID))?;
        }
        let volumes = self.place.join("volumes");
        fs::create_dir_all(&volumes)?;
        for dir in [&own, &volumes] {
            std::os::unix::fs::chown(dir, Some(POSTGRES_UID), Some(POSTGRES_UID))?;
        }
        // what is mounted over it is a program that lies where only root may look
        fs::write(self.place.join("bin/kubernetes"), "")?;
        Ok(pki)
    }

    /// The box's mounts, and the wire to it.
    fn wire(&self, boxed: &Boxed) -> Result<()> {
        let at = |name: &str| self.place.join(name).display().to_string();
        boxed.run(&["mount", "--make-rshared", "/"])?;
        boxed.run(&["hostname", NODE])?;
        boxed.run(&["mount", "-t", "tmpfs", "tmpfs", "/run"])?;
        boxed.run(&["mkdir", "-p", "/run/lock", "/run/netns"])?;
        boxed.run(&["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp"])?;
        boxed.run(&["mkdir", VOLUMES])?;
        boxed.run(&["mount", "--bind", &at("volumes"), VOLUMES])?;
        boxed.run(&["mount", "--bind", &self.programs.kubernetes.display().to_string(), &at("bin/kubernetes")])?;
        boxed.connect(MACHINE, ADDRESS, &[SERVICES, PODS, BALANCED])
    }

    async fn programs_of_the_node(&self, boxed: &Boxed, pki: &Pki) -> Result<()> {
        let at = |name: &str| self.place.join(name).display().to_string();
        let kubernetes = at("bin/kubernetes");
        let etcd = self.programs.etcd.display().to_string();
        boxed.start("etcd", &[&etcd], &configuration::etcd(&self.place))?;
        boxed.start("kube-apiserver", &[&kubernetes, "kube-apiserver"], &configuration::api_server(pki))?;
        boxed.start("containerd", &["containerd"], &["--config".into(), at("containerd.toml")])?;
        api::until(PATIENCE, "containerd answers", async || Ok(boxed.run(&["ctr", "version"]).is_ok())).await?;
        for archive in &self.images.archives {
            let archive = archive.display().to_string();
            boxed.run(&["ctr", "--namespace", "k8s.io", "images", "import", "--snapshotter", "overlayfs", &archive])?;
        }
        let client = api::client(&Access::at(&self.place).kubeconfig).await?;
        api::ready(&client, PATIENCE).await?;
        let uid = POSTGRES_UID.to_string();
        let as_postgres =
            ["setpriv", "--reuid", &uid, "--regid", &uid, "--clear-groups", &kubernetes, "kube-controller-manager"];
        boxed.start("kube-controller-manager", &as_postgres, &configuration::controller_manager(&self.place))?;
        boxed.start("kube-scheduler", &[&kubernetes, "kube-scheduler"], &configuration::scheduler(&self.place))?;
        boxed.start("kubelet", &[&kubernetes, "kubelet"], &configuration::kubelet(&self.place))?;
        boxed.start("kube-proxy", &[&kubernetes, "kube-proxy"], &["--config".into(), at("proxy.yaml")])?;
        let coredns = self.programs.coredns.display().to_string();
        boxed.start("coredns", &[&coredns], &["-conf".into(), at("Corefile")])?;
        // a copy: what lies below the machine's temporary directory isn't to be seen in the box
        let driver = at("bin/cluster");
        fs::copy(std::env::current_exe()?, &driver)?;
        boxed.start("balancer", &[&driver, "balancer"], &[at("admin.kubeconfig")])?;
        node_ready(&client).await?;
        self.operator(&client).await
    }

    async fn operator(&self, client: &Client) -> Result<()> {
        let class = |name: &str, default: bool, binding: &str| {
            json!({
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                "metadata": {
                    "name": name,
                    "annotations": { "storageclass.kubernetes.io/is-default-class": default.to_string() },
                },
                "provisioner": "kubernetes.io/host-path", "reclaimPolicy": "Delete", "volumeBindingMode": binding,
                "allowVolumeExpansion": default,
            })
        };
        api::apply(client, &class("standard", true, "WaitForFirstConsumer")).await?;
        api::apply(client, &class(SHARED, false, "Immediate")).await?;
        let release = Release::read(&self.programs.manifest)?;
        for object in &release.base {
            api::apply(client, object).await?;
        }
        let newest = self.images.postgres.last().context("no image of PostgreSQL")?;
        api::apply(client, &release.deployment_of(&operator_image(), newest)?).await?;
        // it ends at its start where there are none that it could sign
        for object in &release.webhooks {
            api::apply(client, object).await?;
        }
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
        api::until(PATIENCE, "the operator is ready", async || {
            let deployment = deployments.get(DEPLOYMENT).await?;
            Ok(deployment.status.and_then(|status| status.ready_replicas) == Some(1))
        })
        .await
    }
}

async fn node_ready(client: &Client) -> Result<()> {
    let nodes: Api<KubernetesNode> = Api::all(client.clone());
    api::until(PATIENCE, "the node is ready", async || {
        let node = nodes.get_opt(NODE).await?;
        let conditions = node.and_then(|node| node.status).and_then(|status| status.conditions).unwrap_or_default();
        Ok(conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
    })
    .await
}
