//! The data directory: made, recognised, handed over to the account.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::Path;

use nix::unistd::Uid;

use super::AccountError;
use super::system::Account;

/// Every data directory of Berth holds this file, from its first start on.
pub const MARK: &str = "berth.lock";

const PRIVATE: u32 = 0o700;
/// Parents that we make must let the account pass.
const PASSABLE: u32 = 0o755;

/// Makes `dir` the account's own with mode 0700. Run as root.
///
/// A directory with content is taken over only if root owns it and it is Berth's: a slip in `--data-dir` mustn't
/// give a whole system away.
pub(super) fn prepare(dir: &Path, account: &Account) -> Result<(), AccountError> {
    make_parents(dir)?;
    let meta = make(dir)?;
    if meta.uid() != account.uid.as_raw() {
        if meta.uid() != 0 {
            return Err(AccountError::Foreign { path: dir.to_owned(), owner: meta.uid() });
        }
        check_ours(dir)?;
        hand_over(dir, account).map_err(|e| AccountError::path("hand over", dir, e))?;
    }
    close(dir, &meta)
}

/// Makes `dir` private to the present user, who isn't root.
pub(super) fn prepare_own(dir: &Path, user: Uid) -> Result<(), AccountError> {
    make_parents(dir)?;
    let meta = make(dir)?;
    if meta.uid() != user.as_raw() {
        return Err(AccountError::Foreign { path: dir.to_owned(), owner: meta.uid() });
    }
    check_ours(dir)?;
    close(dir, &meta)
}

fn make_parents(dir: &Path) -> Result<(), AccountError> {
    for parent in dir.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
        match fs::create_dir(parent) {
            Ok(()) => fs::set_permissions(parent, Permissions::from_mode(PASSABLE))
                .map_err(|e| AccountError::path("open", parent, e))?,
            Err(_) if parent.is_dir() => {}
            Err(error) => return Err(AccountError::path("make", parent, error)),
        }
    }
    Ok(())
}

fn make(dir: &Path) -> Result<Metadata, AccountError> {
    match DirBuilder::new().mode(PRIVATE).create(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(AccountError::path("make", dir, error)),
    }
    let meta = fs::metadata(dir).map_err(|e| AccountError::path("look at", dir, e))?;
    if meta.is_dir() {
        Ok(meta)
    } else {
        Err(AccountError::path("enter", dir, io::Error::from(io::ErrorKind::NotADirectory)))
    }
}

fn check_ours(dir: &Path) -> Result<(), AccountError> {
    let mut content = fs::read_dir(dir).map_err(|e| AccountError::path("list", dir, e))?;
    // A volume of its own comes with lost+found.
    let empty = content.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found"));
    if empty || dir.join(MARK).is_file() { Ok(()) } else { Err(AccountError::Occupied { path: dir.to_owned() }) }
}

fn close(dir: &Path, meta: &Metadata) -> Result<(), AccountError> {
    if meta.mode() & 0o7777 == PRIVATE {
        return Ok(());
    }
    fs::set_permissions(dir, Permissions::from_mode(PRIVATE)).map_err(|e| AccountError::path("close", dir, e))
}

/// Gives `dir` and what root owns below it to the account, inner things first.
///
/// Nothing that belongs to somebody else is touched or entered: in a directory of root nobody can swap an entry for
/// a link while we walk.
fn hand_over(dir: &Path, account: &Account) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let meta = fs::symlink_metadata(&path)?;
        if meta.uid() != 0 {
            continue;
        }
        if meta.is_dir() {
            hand_over(&path, account)?;
        } else {
            lchown(&path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
        }
    }
    lchown(dir, Some(account.uid.as_raw()), Some(account.gid.as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_new_directory_is_private_and_its_parents_passable() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b/var");
        prepare_own(&dir, Uid::effective()).unwrap();
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&temp.path().join("a/b")), 0o755);
        prepare_own(&dir, Uid::effective()).unwrap();
    }

    #[test]
    fn an_open_directory_is_closed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("var");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        prepare_own(&dir, Uid::effective()).unwrap();
        assert_eq!(mode(&dir), 0o700);
    }

    #[test]
    fn somebody_elses_content_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("thesis.tex"), "").unwrap();
        assert!(matches!(prepare_own(temp.path(), Uid::effective()), Err(AccountError::Occupied { .. })));
        fs::write(temp.path().join(MARK), "").unwrap();
        assert!(prepare_own(temp.path(), Uid::effective()).is_ok());
    }

    #[test]
    fn another_users_directory_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let other = Uid::from_raw(Uid::effective().as_raw() + 1);
        assert!(matches!(prepare_own(temp.path(), other), Err(AccountError::Foreign { .. })));
    }

    #[test]
    fn a_file_is_no_data_directory() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("var");
        fs::write(&file, "").unwrap();
        assert!(prepare_own(&file, Uid::effective()).unwrap_err().to_string().contains("can't enter"));
    }
}
