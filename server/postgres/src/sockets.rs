//! The directory of the servers' unix sockets: one for each host, private, and short enough.

use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::disk::remove_file;
use crate::error::{At, Error, Result};
use crate::procs::Proc;

/// Longest path of a socket: `sun_path` of unix(7) has 108 bytes, one of them for the end.
const LONGEST: usize = 107;
/// Longest name of a socket, with the slash before it.
const NAME: &str = "/.s.PGSQL.65535";

/// Where the sockets of a host with this root go: below the root, or, if that is too long, into a directory of /tmp named after it.
/// (Not into `XDG_RUNTIME_DIR`: that one goes when its user signs out, and servers stay. Servers touch their sockets every minute, so
/// that cleaners of /tmp leave them alone.)
pub(crate) fn place(root: &Path) -> PathBuf {
    let below = root.join("sockets");
    if below.as_os_str().len() + NAME.len() <= LONGEST {
        return below;
    }
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    let mut name = String::from("/tmp/berth-");
    for byte in hash.iter().take(8) {
        // Writing to a String can't fail.
        let _ = write!(name, "{byte:02x}");
    }
    PathBuf::from(name)
}

/// Makes the directory, or checks that what is there is a directory of this user that nobody else can enter.
pub(crate) fn ensure(dir: &Path) -> Result<()> {
    // Not those above it: a root that somebody has removed stays removed.
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("create", dir),
        _ => {}
    }
    let metadata = std::fs::symlink_metadata(dir).at("inspect", dir)?;
    let private = metadata.permissions().mode() & 0o077 == 0;
    match metadata.is_dir() && private && metadata.uid() == nix::unistd::geteuid().as_raw() {
        true => Ok(()),
        false => Err(Error::SocketDirectory(dir.to_owned())),
    }
}

/// Removes the socket and its lock, unless a living server holds them: then the port is in use.
pub(crate) fn clear(dir: &Path, port: u16) -> Result<()> {
    let socket = dir.join(format!(".s.PGSQL.{port}"));
    let lock = dir.join(format!(".s.PGSQL.{port}.lock"));
    if holder(&lock).is_some() {
        return Err(Error::PortInUse { port });
    }
    remove_file(&lock)?;
    remove_file(&socket)
}

/// The living server that a lock file names: pid in line 1, data directory in line 2.
fn holder(lock: &Path) -> Option<Proc> {
    let text = std::fs::read_to_string(lock).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Proc::of_server(pid, Path::new(lines.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_root_gets_a_short_place_of_its_own() {
        assert_eq!(place(Path::new("/srv/b")), Path::new("/srv/b/sockets"));
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(90)));
        let short = place(&long);
        assert!(short.as_os_str().len() + NAME.len() <= LONGEST);
        assert_eq!(short, place(&long));
        assert_ne!(short, place(&long.join("y")));
    }

    #[test]
    fn a_directory_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        ensure(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ensure(&open), Err(Error::SocketDirectory(_))));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(matches!(ensure(&link), Err(Error::SocketDirectory(_))));
    }

    #[test]
    fn a_lock_of_no_living_server_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join(".s.PGSQL.15432.lock");
        // A reused pid: this very process, which is no server.
        std::fs::write(&lock, format!("{}\n/nowhere\n", std::process::id())).unwrap();
        std::fs::write(dir.path().join(".s.PGSQL.15432"), "").unwrap();
        clear(dir.path(), 15432).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
