//! A control plane on loopback: all that a cluster says, and nothing that it runs.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::{Api, PostParams};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::access::{Access, by_certificate, by_token};
use crate::api;
use crate::manifests::{NAMESPACE, Release, operator_image};
use crate::pki::Pki;
use crate::process::{Running, tell};
use crate::programs::Programs;

/// Ten times what it takes on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(120);
const SERVICE_ADDRESSES: &str = "10.96.0.0/16";
const LOGS: &str = "log";
/// The operator's service account, in its release manifest.
const OPERATOR_ACCOUNT: &str = "cnpg-manager";

/// etcd, the API server, the controller-manager and the operator. All of it ends when it is dropped.
pub struct Loopback {
    /// They end in this order.
    _running: Vec<(&'static str, Running)>,
    access: Access,
    _place: TempDir,
}

impl Loopback {
    /// Starts it in a temporary directory, on ports that were free. Called by a thread that outlives it.
    ///
    /// `operated`: with CloudNativePG's operator and its webhooks; without, its objects are kept and nobody does what they ask for.
    ///
    /// # Errors
    /// One of the programs ended, or wasn't ready in time; the end of its log says why.
    pub async fn start(programs: &Programs, operated: bool) -> Result<Self> {
        let place = tempfile::Builder::new().prefix("berth-cluster-").tempdir()?;
        fs::create_dir(place.path().join(LOGS))?;
        let mut starting = Starting { programs, dir: place.path().to_owned(), running: Vec::new() };
        let access = Access::at(place.path());
        // none of them is run here
        let images: Vec<String> = (14..=18).map(|major| format!("localhost/postgresql:{major}.0")).collect();
        // nor is a volume made
        access.tell_berth(&images, "shared")?;
        starting.start(&access.kubeconfig, operated).await.inspect_err(|_| tell(&place.path().join(LOGS)))?;
        let mut running = starting.running;
        running.reverse();
        Ok(Self { _running: running, access, _place: place })
    }

    /// As somebody who may do everything.
    pub fn access(&self) -> &Access {
        &self.access
    }
}

struct Starting<'a> {
    programs: &'a Programs,
    dir: PathBuf,
    running: Vec<(&'static str, Running)>,
}

impl Starting<'_> {
    async fn start(&mut self, kubeconfig: &Path, operated: bool) -> Result<()> {
        let ports = free_ports::<5>()?;
        let [etcd, peers, api_port, webhooks, metrics] = ports;
        let pki = self.identities()?;
        let server = format!("https://127.0.0.1:{api_port}");
        for name in ["admin", "controller-manager"] {
            by_certificate(&pki, &server, name, &self.dir.join(format!("{name}.kubeconfig")))?;
        }
        self.etcd(etcd, peers)?;
        self.api_server(&pki, etcd, api_port)?;
        let client = api::client(kubeconfig).await?;
        api::ready(&client, PATIENCE).await?;
        self.controller_manager(&pki)?;

        let release = Release::read(&self.programs.manifest)?;
        for object in &release.base {
            api::apply(&client, object).await?;
        }
        api::defined(&client, &release.base).await?;
        if operated {
            self.operator(&client, &pki, &server, webhooks, metrics).await?;
            api::until(PATIENCE, "the operator's webhooks answer", async || {
                Ok(TcpStream::connect(("127.0.0.1", webhooks)).await.is_ok())
            })
            .await?;
            let authority = BASE64_STANDARD.encode(fs::read(pki.path("ca.crt"))?);
            for object in release.webhooks_at(&format!("https://127.0.0.1:{webhooks}"), &authority)? {
                api::apply(&client, &object).await?;
            }
        }
        let mut ended = self.running.iter_mut().filter_map(|(name, running)| (!running.is_alive()).then_some(*name));
        if let Some(name) = ended.next() {
            bail!("{name} has ended");
        }
        Ok(())
    }

    fn identities(&self) -> Result<Pki> {
        let pki = Pki::new(&self.dir.join("pki"))?;
        pki.server("apiserver", &["127.0.0.1", "10.96.0.1", "localhost", "kubernetes.default.svc"])?;
        pki.server("webhooks", &["127.0.0.1"])?;
        pki.client("admin", "admin", Some("system:masters"))?;
        pki.client("controller-manager", "system:kube-controller-manager", None)?;
        Ok(pki)
    }

    fn etcd(&mut self, clients: u16, peers: u16) -> Result<()> {
        let (clients, peers) = (format!("http://127.0.0.1:{clients}"), format!("http://127.0.0.1:{peers}"));
        let data = self.dir.join("etcd");
        self.run("etcd", self.programs.etcd.clone(), |etcd| {
            // nothing of it is kept
            etcd.args(["--unsafe-no-fsync", "--log-level", "warn", "--data-dir"]).arg(data);
            etcd.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
            etcd.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
            etcd.args(["--initial-cluster", &format!("default={peers}")]);
        })
    }

    fn api_server(&mut self, pki: &Pki, etcd: u16, port: u16) -> Result<()> {
        let file = |flag: &str, name: &str| format!("--{flag}={}", pki.path(name).display());
        let args = [
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            "--bind-address=127.0.0.1".into(),
            "--advertise-address=127.0.0.1".into(),
            format!("--secure-port={port}"),
            "--endpoint-reconciler-type=none".into(),
            file("tls-cert-file", "apiserver.crt"),
            file("tls-private-key-file", "apiserver.key"),
            file("client-ca-file", "ca.crt"),
            file("service-account-key-file", "sa.pub"),
            file("service-account-signing-key-file", "sa.key"),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--service-cluster-ip-range={SERVICE_ADDRESSES}"),
            "--authorization-mode=RBAC".into(),
            "--allow-privileged=true".into(),
            "--anonymous-auth=false".into(),
            // nobody makes accounts for pods that never run
            "--disable-admission-plugins=ServiceAccount".into(),
            "--profiling=false".into(),
        ];
        self.kubernetes("kube-apiserver", &args)
    }

    fn controller_manager(&mut self, pki: &Pki) -> Result<()> {
        let args = [
            format!("--kubeconfig={}", self.dir.join("controller-manager.kubeconfig").display()),
            format!("--service-account-private-key-file={}", pki.path("sa.key").display()),
            format!("--root-ca-file={}", pki.path("ca.crt").display()),
            "--use-service-account-credentials=true".into(),
            "--leader-elect=false".into(),
            "--secure-port=0".into(),
            "--profiling=false".into(),
        ];
        self.kubernetes("kube-controller-manager", &args)
    }

    /// It signs in as its own service account, so that its rights are the real ones.
    async fn operator(&mut self, client: &Client, pki: &Pki, server: &str, webhooks: u16, metrics: u16) -> Result<()> {
        let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), NAMESPACE);
        let day = TokenRequest {
            spec: TokenRequestSpec { expiration_seconds: Some(86_400), ..Default::default() },
            ..Default::default()
        };
        let token = accounts.create_token_request(OPERATOR_ACCOUNT, &PostParams::default(), &day).await?;
        let token = token.status.context("no token")?.token;

        // it looks for its certificate and for its own program under these names, from where it stands
        let place = self.dir.join("operator");
        fs::create_dir_all(place.join("operator"))?;
        fs::copy(pki.path("webhooks.crt"), place.join("apiserver.crt"))?;
        fs::copy(pki.path("webhooks.key"), place.join("apiserver.key"))?;
        symlink(&self.programs.operator, place.join("operator/manager_amd64"))?;
        let kubeconfig = place.join("kubeconfig");
        by_token(pki, server, &token, &kubeconfig)?;
        self.run("operator", self.programs.operator.clone(), |operator| {
            operator.arg("controller");
            operator
                .args([format!("--webhook-port={webhooks}"), format!("--metrics-bind-address=127.0.0.1:{metrics}")]);
            operator.args([
                "--config-map-name=cnpg-controller-manager-config",
                "--secret-name=cnpg-controller-manager-config",
            ]);
            operator.current_dir(&place).env("KUBECONFIG", kubeconfig).env("WEBHOOK_CERT_DIR", &place);
            operator.env("OPERATOR_NAMESPACE", NAMESPACE).env("OPERATOR_IMAGE_NAME", operator_image());
            operator.env("POSTGRES_IMAGE_NAME", "localhost/postgresql:17");
            operator.env("MONITORING_QUERIES_CONFIGMAP", "cnpg-default-monitoring");
        })
    }

    fn kubernetes(&mut self, name: &'static str, args: &[String]) -> Result<()> {
        self.run(name, self.programs.kubernetes.clone(), |program| {
            program.arg(name).args(args);
        })
    }

    fn run(
        &mut self,
        name: &'static str,
        program: PathBuf,
        configure: impl FnOnce(&mut std::process::Command),
    ) -> Result<()> {
        self.running.push((name, Running::start(&program, &self.log(name), configure)?));
        Ok(())
    }

    fn log(&self, name: &str) -> PathBuf {
        self.dir.join(LOGS).join(format!("{name}.log"))
    }
}

fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
