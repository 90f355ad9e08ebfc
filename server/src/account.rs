//! The account that Berth runs as.
//!
//! PostgreSQL refuses to run as root, and a console on the network shouldn't. Started as root, Berth prepares its
//! data directory and a cgroup that it may fill, then becomes the system account [`ACCOUNT`] for good. Started as
//! anybody else, it stays who it is. All of this happens before the process has a second thread.

mod cgroup;
pub mod directory;
mod reach;
mod system;

use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, geteuid};
use postgres::Cgroup;

/// The system account that a Berth started by root becomes.
pub const ACCOUNT: &str = "berth";

/// Where the data goes when the account can't enter the directory that was asked for.
pub const FALLBACK_DIR: &str = "/var/lib/berth";

/// The ground that everything later stands on.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Absolute, owned by the present user, mode 0700; also the working directory.
    pub data_dir: PathBuf,
    /// Where services can be put under limits; `None`: limits are advisory on this machine.
    pub cgroup: Option<Cgroup>,
}

/// Why there is no ground to stand on. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("can't {doing} {}: {source}", path.display())]
    Path { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} belongs to the user with id {owner}: start Berth as that user, or choose another with --data-dir (BERTH_DATA_DIR)", path.display())]
    Foreign { path: PathBuf, owner: u32 },
    #[error("{} isn't empty and isn't a data directory of Berth: choose another with --data-dir (BERTH_DATA_DIR)", path.display())]
    Occupied { path: PathBuf },
    #[error(
        "no account `{ACCOUNT}` exists and it can't be made ({reason}): make it with `useradd --system {ACCOUNT}`, or start Berth as a normal user"
    )]
    NoAccount { reason: String },
    #[error("can't become the account `{ACCOUNT}`: {0}")]
    Become(nix::Error),
    #[error(
        "the account `{ACCOUNT}` is root under another name, or could become root again: Berth doesn't run that way"
    )]
    StillRoot,
}

impl AccountError {
    fn path(doing: &'static str, path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::Path { doing, path: path.to_owned(), source: source.into() }
    }
}

/// Prepares the directory and the cgroup, gives root up if this is root, and enters the directory.
///
/// Called once, first thing, by every command that touches the data directory, so that all of them find the same
/// one. Relative paths of other flags must be read or made absolute before, since the working directory changes.
pub fn settle(wanted: &Path) -> Result<Ground, AccountError> {
    umask(Mode::from_bits_truncate(0o077));
    let wanted = std::path::absolute(wanted).map_err(|e| AccountError::path("resolve", wanted, e))?;
    let ground = if geteuid().is_root() { settle_root(&wanted)? } else { settle_user(&wanted)? };
    lock_down();
    std::env::set_current_dir(&ground.data_dir).map_err(|e| AccountError::path("enter", &ground.data_dir, e))?;
    match &ground.cgroup {
        Some(cgroup) => tracing::info!(?cgroup, "services can be put under limits"),
        None => tracing::info!("no cgroup can be written here: limits of RAM and CPU are advisory"),
    }
    Ok(ground)
}

/// As [`settle`], for a command that has nothing to do where no console ever ran: `None` then, and nothing is made.
pub fn settle_existing(wanted: &Path) -> Result<Option<Ground>, AccountError> {
    let absolute = std::path::absolute(wanted).map_err(|e| AccountError::path("resolve", wanted, e))?;
    let dir = match system::find()? {
        _ if !geteuid().is_root() => absolute,
        None => return Ok(None),
        Some(account) => reachable(&account, &absolute),
    };
    if dir.join(directory::MARK).exists() { settle(wanted).map(Some) } else { Ok(None) }
}

fn settle_root(wanted: &Path) -> Result<Ground, AccountError> {
    let account = system::find_or_make()?;
    let data_dir = reachable(&account, wanted);
    if data_dir != wanted {
        tracing::warn!(
            asked = %wanted.display(), used = %data_dir.display(), account = ACCOUNT,
            "the account that databases run as can't enter the data directory that was asked for; using another"
        );
    }
    directory::prepare(&data_dir, &account)?;
    let cgroup = cgroup::delegate(&account);
    system::become_for_good(&account)?;
    tracing::info!(account = ACCOUNT, uid = account.uid.as_raw(), "gave up root");
    Ok(Ground { data_dir, cgroup })
}

fn reachable(account: &system::Account, wanted: &Path) -> PathBuf {
    if reach::can_enter(account, wanted) { wanted.to_owned() } else { PathBuf::from(FALLBACK_DIR) }
}

fn settle_user(data_dir: &Path) -> Result<Ground, AccountError> {
    directory::prepare_own(data_dir, Uid::effective())?;
    Ok(Ground { data_dir: data_dir.to_owned(), cgroup: cgroup::own() })
}

/// No core dump and no debugger shows the keys in memory, and no program started from here gains rights. The first
/// also closes this process's `/proc` files to the database servers, which share its account.
fn lock_down() {
    use nix::sys::prctl;
    for (what, done) in [("dumpable", prctl::set_dumpable(false)), ("new privileges", prctl::set_no_new_privs())] {
        if let Err(error) = done {
            tracing::warn!(%error, "can't switch off: {what}");
        }
    }
}
