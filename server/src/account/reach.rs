//! Whether an account can enter a directory: every parent must let it pass.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::system::Account;

/// Symbolic links followed before a path counts as a loop, as in the kernel.
const MOST_LINKS: usize = 40;

/// Whether `account` could enter `dir`, once `dir` itself and what is missing above it are made for it.
///
/// Every directory on the way must be passable, those that a symbolic link leads through, too.
pub(super) fn can_enter(account: &Account, dir: &Path) -> bool {
    let mut links = 0;
    let mut at = PathBuf::from("/");
    let mut rest: Vec<PathBuf> = components(dir);
    while let Some(next) = rest.pop() {
        let Ok(here) = std::fs::metadata(&at) else { return false };
        if !here.is_dir() || !may_pass(account, &here) {
            return false;
        }
        let path = at.join(&next);
        match std::fs::symlink_metadata(&path) {
            // What is missing from here on is made by us, and made passable.
            Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
            Ok(meta) if meta.is_symlink() => {
                links += 1;
                let Ok(target) = std::fs::read_link(&path) else { return false };
                if links > MOST_LINKS {
                    return false;
                }
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                rest.extend(components(&target));
            }
            Ok(meta) if meta.is_dir() => at = if next.as_os_str() == ".." { parent(&at) } else { path },
            Ok(_) => return false,
        }
    }
    // The last one is handed over to the account, whoever owned it before.
    true
}

fn parent(at: &Path) -> PathBuf {
    at.parent().unwrap_or(Path::new("/")).to_owned()
}

/// The names of a path, last one first.
fn components(path: &Path) -> Vec<PathBuf> {
    let names = path.components().filter(|c| matches!(c, Component::Normal(_) | Component::ParentDir));
    let mut names: Vec<PathBuf> = names.map(|c| PathBuf::from(c.as_os_str())).collect();
    names.reverse();
    names
}

/// The kernel's rule: the owner's bit decides for the owner, the group's for the group, the last for the others.
fn may_pass(account: &Account, dir: &Metadata) -> bool {
    let bit = if dir.uid() == account.uid.as_raw() {
        0o100
    } else if dir.gid() == account.gid.as_raw() {
        0o010
    } else {
        0o001
    };
    dir.mode() & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::{Gid, Uid};
    use std::fs::{Permissions, create_dir_all, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// An id that owns nothing on any machine.
    const NOBODY_ELSE: Account = Account { uid: Uid::from_raw(3_999_999_999), gid: Gid::from_raw(3_999_999_999) };

    /// `<temp>/open/closed/inner`, passable as far as the names say.
    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        create_dir_all(dir.path().join("open/closed/inner")).unwrap();
        for (path, mode) in [("", 0o755), ("open", 0o711), ("open/closed", 0o700)] {
            set_permissions(dir.path().join(path), Permissions::from_mode(mode)).unwrap();
        }
        dir
    }

    fn reaches(dir: &tempfile::TempDir, path: &str) -> bool {
        can_enter(&NOBODY_ELSE, &dir.path().join(path))
    }

    #[test]
    fn a_parent_without_the_x_bit_closes_the_way() {
        let dir = tree();
        assert!(reaches(&dir, "open/var"));
        assert!(reaches(&dir, "open/not/there/yet"));
        assert!(!reaches(&dir, "open/closed/var"));
        assert!(!reaches(&dir, "open/closed/inner"));
    }

    #[test]
    fn the_directory_itself_may_be_closed_for_it_is_handed_over() {
        assert!(reaches(&tree(), "open/closed"));
    }

    #[test]
    fn the_owner_passes_where_others_dont() {
        let dir = tree();
        let owner = std::fs::metadata(dir.path()).unwrap();
        let me = Account { uid: Uid::from_raw(owner.uid()), gid: NOBODY_ELSE.gid };
        assert!(can_enter(&me, &dir.path().join("open/closed/inner")));
        set_permissions(dir.path().join("open/closed"), Permissions::from_mode(0o077)).unwrap();
        assert!(!can_enter(&me, &dir.path().join("open/closed/inner")) || owner.uid() == 0);
    }

    #[test]
    fn a_link_through_a_closed_directory_closes_the_way() {
        let dir = tree();
        symlink("closed/inner", dir.path().join("open/link")).unwrap();
        symlink("loop", dir.path().join("open/loop")).unwrap();
        symlink(dir.path().join("open"), dir.path().join("absolute")).unwrap();
        assert!(!reaches(&dir, "open/link/var"));
        assert!(!reaches(&dir, "open/loop/var"));
        assert!(reaches(&dir, "absolute/var"));
        assert!(reaches(&dir, "open/../absolute/var"));
    }

    #[test]
    fn a_file_on_the_way_closes_it() {
        let dir = tree();
        std::fs::write(dir.path().join("open/file"), "").unwrap();
        assert!(!reaches(&dir, "open/file/var"));
        assert!(!reaches(&dir, "open/file"));
    }
}
