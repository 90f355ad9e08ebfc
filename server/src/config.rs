//! The command line: every flag, its environment variable and its default.
//!
//! What can be judged by the flags alone is judged here and ends with exit code 2; what needs the machine is
//! judged where it is used and ends with 1.

mod ports;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use secrecy::SecretString;

pub use ports::Ports;
pub use values::PublicHost;

/// Databases and shared volumes, each created and run as a service.
#[derive(Debug, Parser)]
#[command(name = "berth", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What `berth` is asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the console and its API
    Serve(Box<Serve>),
    /// Make a user, set a new password, or list the users
    User(User),
    /// End the console that runs on a data directory
    Stop(Stop),
}

/// Where the metadata is: the same two flags for every command.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Directory for everything that Berth keeps
    #[arg(long, env = "BERTH_DATA_DIR", value_name = "DIR", default_value = "./var")]
    pub data_dir: PathBuf,
    /// PostgreSQL that holds the metadata [default: Berth's own server below the data directory]
    #[arg(long, env = "BERTH_DATABASE_URL", hide_env_values = true, value_name = "URL", value_parser = values::secret)]
    pub database_url: Option<SecretString>,
    /// File with the key that seals secrets [default: `key` in the data directory]
    #[arg(long, env = "BERTH_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Flags of `berth serve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = FIRST_START)]
pub struct Serve {
    #[command(flatten)]
    pub place: Place,
    /// Address that the console listens on
    #[arg(long, env = "BERTH_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7340")]
    pub listen: SocketAddr,
    /// What runs the services
    #[arg(long, env = "BERTH_RUNTIME", value_enum, default_value_t = Runtime::Local)]
    pub runtime: Runtime,
    /// YAML with images, storage class and namespaces of the cluster [default: the community's images]
    #[arg(long, env = "BERTH_KUBERNETES_CONFIG", value_name = "FILE")]
    pub kubernetes_config: Option<PathBuf>,
    /// Name or address that users reach this machine by, for the console and for the databases
    #[arg(long, env = "BERTH_PUBLIC_HOST", value_name = "HOST")]
    pub public_host: Option<PublicHost>,
    /// TCP ports that databases get, first and last
    #[arg(long, env = "BERTH_DATABASE_PORTS", value_name = "FIRST-LAST", default_value_t = Ports::DEFAULT)]
    pub database_ports: Ports,
    /// Address that serves GET /metrics in Prometheus' text format [default: off]
    #[arg(long, env = "BERTH_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// Networks that external databases, S3 endpoints and webhooks may lie in besides public addresses
    #[arg(long, env = "BERTH_ALLOW_NETWORKS", value_name = "CIDR,…", value_delimiter = ',')]
    pub allow_networks: Vec<IpNet>,
    /// Certificate chain in PEM; needs --tls-key
    #[arg(long, env = "BERTH_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM; needs --tls-cert
    #[arg(long, env = "BERTH_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front terminates TLS and appends the client to X-Forwarded-For
    #[arg(long, env = "BERTH_BEHIND_PROXY", value_parser = BoolishValueParser::new())]
    pub behind_proxy: bool,
    /// Form of the log lines on standard error
    #[arg(long, env = "BERTH_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

const FIRST_START: &str =
    "First start: with BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD in the environment that admin is made; \
without them a single-use set-up link is printed.
BERTH_LOG filters the log, e.g. BERTH_LOG=info,server=debug.";

/// What runs the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// PostgreSQL servers on this machine
    Local,
    /// CloudNativePG on the Kubernetes cluster that kubectl would use
    Kubernetes,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Flags of `berth user`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct User {
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user with a role in a workspace; prints a password unless one is given
    Add {
        #[command(flatten)]
        place: Place,
        /// E-mail address that the user signs in with
        email: String,
        /// Role in the workspace: owner, admin, member, support, viewer
        #[arg(long, default_value = "member")]
        role: String,
        /// Workspace, by its name in addresses [default: the oldest]
        #[arg(long)]
        workspace: Option<String>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set a new password and end all sessions of a user
    Reset {
        #[command(flatten)]
        place: Place,
        /// E-mail address of the user
        email: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the users with their workspaces and roles
    List {
        #[command(flatten)]
        place: Place,
    },
}

impl UserCommand {
    /// Where the users are.
    pub fn place(&self) -> &Place {
        match self {
            Self::Add { place, .. } | Self::Reset { place, .. } | Self::List { place } => place,
        }
    }
}

/// Flags of `berth stop`.
#[derive(Debug, Args)]
pub struct Stop {
    /// Directory that the console was started on
    #[arg(long, env = "BERTH_DATA_DIR", value_name = "DIR", default_value = "./var")]
    pub data_dir: PathBuf,
    /// End every database server below the data directory, too
    #[arg(long)]
    pub databases: bool,
}

impl Cli {
    /// The command line of this process; ends it with a message on standard error and code 2 where it is wrong,
    /// with code 0 after `--help` and `--version`.
    pub fn from_process() -> Self {
        let cli = Self::parse();
        let (name, checked) = match &cli.command {
            Command::Serve(serve) => ("serve", serve.check()),
            Command::User(user) => ("user", user.command.place().check()),
            Command::Stop(_) => ("stop", Ok(())),
        };
        if let Err(message) = checked {
            use clap::CommandFactory;
            let mut command = Self::command();
            command.build();
            let at = command.find_subcommand(name).cloned().unwrap_or(command);
            { at }.error(clap::error::ErrorKind::ArgumentConflict, message).exit();
        }
        cli
    }
}

impl Place {
    /// Judges the URL here and not while the flags are read: clap repeats a value that it refuses, and this one
    /// holds a password.
    fn check(&self) -> Result<(), String> {
        self.database_url.as_ref().map_or(Ok(()), values::check_database_url)
    }
}

impl Serve {
    /// Whether connections to the console's own listener are TLS.
    pub fn tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// What no single flag can tell: flags that don't go together.
    pub fn check(&self) -> Result<(), String> {
        self.place.check()?;
        if self.kubernetes_config.is_some() && self.runtime != Runtime::Kubernetes {
            return Err(
                "--kubernetes-config (BERTH_KUBERNETES_CONFIG) needs --runtime kubernetes (BERTH_RUNTIME)".into()
            );
        }
        if self.tls() && self.behind_proxy {
            return Err("--tls-cert and --behind-proxy (BERTH_TLS_CERT, BERTH_BEHIND_PROXY) exclude each other: behind a proxy, TLS ends there".into());
        }
        if !self.listen.ip().is_loopback() && !self.tls() && !self.behind_proxy {
            return Err(format!(
                "{} can be reached from other machines, and passwords would cross the network in clear: give --tls-cert and --tls-key \
                 (BERTH_TLS_CERT, BERTH_TLS_KEY), or --behind-proxy (BERTH_BEHIND_PROXY) where a proxy in front speaks TLS, or --listen 127.0.0.1:{}",
                self.listen,
                self.listen.port()
            ));
        }
        if self.metrics_listen.is_some_and(|metrics| metrics == self.listen && metrics.port() != 0) {
            return Err(
                "--metrics-listen (BERTH_METRICS_LISTEN) needs an address of its own, not that of --listen".into()
            );
        }
        Ok(())
    }
}

/// The admin that the first start makes, from BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD. No flag carries a
/// password: command lines are read by everybody on a machine.
#[derive(Debug)]
pub struct FirstAdmin {
    pub email: String,
    pub password: SecretString,
}

impl FirstAdmin {
    /// `Ok(None)` where neither is set (or both are empty); an error where one of the two is missing.
    pub fn from_env() -> Result<Option<Self>, String> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::from_values(set("BERTH_ADMIN_EMAIL"), set("BERTH_ADMIN_PASSWORD"))
    }

    fn from_values(email: Option<String>, password: Option<String>) -> Result<Option<Self>, String> {
        match (email, password) {
            (Some(email), Some(password)) => Ok(Some(Self { email, password: password.into() })),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err("BERTH_ADMIN_EMAIL is set and BERTH_ADMIN_PASSWORD isn't: set both or neither".into())
            }
            (None, Some(_)) => {
                Err("BERTH_ADMIN_PASSWORD is set and BERTH_ADMIN_EMAIL isn't: set both or neither".into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
