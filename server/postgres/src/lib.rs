//! PostgreSQL servers as processes of this machine: finds the programs, initialises, starts, watches, stops and adopts them.
//!
//! The crate knows no service, project or console, and no shell: a server is a directory that the caller chose, a [`Settings`] and a
//! process. Everything runs as the current operating-system user, which must not be root (PostgreSQL refuses it).
//!
//! What is true is read from the disk and from procfs, never from a child handle that was kept: a [`Host`] built after a crash, over the
//! same directories, sees the same servers. Every call may be repeated; each one says what it does when it finds its work half done.
//!
//! A server's directory:
//!
//! ```text
//! server.json           the settings last applied (no secret)
//! superuser             password of the role `postgres`, 0600
//! superuser.initial     password that the copied template came with, 0600; gone after the first start
//! stderr.log            what the server says before its log collector runs
//! data/                 PostgreSQL's own; berth.conf in it is ours, log/ holds a week of logs
//! data.tmp/             a copy in the making
//! ```
//!
//! One `Host` at a time works on a directory: its locks are in memory. Programs and templates are shared, and locked by files.

mod binaries;
mod cgroup;
mod connect;
mod control_file;
mod copy;
mod disk;
mod download;
mod error;
mod host;
mod locks;
mod logs;
mod major;
mod measure;
mod observe;
mod pidfile;
mod ports;
mod prepare;
mod process;
mod procs;
mod remove;
mod roles;
mod secret;
mod server;
mod settings;
mod sign_in;
mod sockets;
mod start;
mod stop;
mod template;
#[cfg(feature = "testing")]
pub mod testing;

pub use binaries::{Availability, Binaries, Progress, Source};
pub use cgroup::{Cgroup, LimitsEnforced};
pub use control_file::ControlFileError;
pub use disk::disk_usage;
pub use error::{Error, Result};
pub use host::{Host, HostConfig};
pub use logs::{FoundLines, find_log_lines, last_log_lines};
pub use major::{Major, UnknownMajor};
pub use measure::Measurement;
pub use observe::Status;
pub use ports::free_port;
pub use roles::{set_password, set_read_only, terminate_sessions};
pub use secret::{random_password, scram_verifier};
pub use settings::{InvalidSetting, Limits, Listen, Settings};
pub use sign_in::{SignInError, SignedIn, sign_in};
pub use start::Running;
pub use stop::StopMode;
pub use tokio_postgres::Client;
