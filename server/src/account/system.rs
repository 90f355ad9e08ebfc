//! The system account: found, made, become.

use std::io;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

use super::{ACCOUNT, AccountError};

/// Who the process becomes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub uid: Uid,
    pub gid: Gid,
}

/// The account, made with `useradd` where it is missing.
pub(super) fn find_or_make() -> Result<Account, AccountError> {
    if let Some(account) = find()? {
        return Ok(account);
    }
    // somebody else may make it at the same time: what counts is whether it is there
    let reason = make().err().unwrap_or_else(|| "useradd ended well and made nothing".into());
    let account = find()?.ok_or(AccountError::NoAccount { reason })?;
    tracing::warn!(
        account = ACCOUNT,
        uid = account.uid.as_raw(),
        "made a system account for the console and its databases"
    );
    Ok(account)
}

/// The account, if it exists.
pub(super) fn find() -> Result<Option<Account>, AccountError> {
    let user = User::from_name(ACCOUNT).map_err(AccountError::Become)?;
    match user {
        Some(user) if user.uid.is_root() || user.gid == Gid::from_raw(0) => Err(AccountError::StillRoot),
        Some(user) => Ok(Some(Account { uid: user.uid, gid: user.gid })),
        None => Ok(None),
    }
}

fn make() -> Result<(), String> {
    // Minimal images leave sbin out of PATH.
    for program in ["useradd", "/usr/sbin/useradd"] {
        let run = Command::new(program)
            .args([
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                super::FALLBACK_DIR,
                "--shell",
                "/usr/sbin/nologin",
                ACCOUNT,
            ])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .output();
        match run {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => return Err(format!("useradd: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("useradd: {error}")),
        }
    }
    Err("there is no useradd on this machine".into())
}

/// Groups first, the user last: each step needs the right that the next one gives away. Then proves that no way
/// leads back.
pub(super) fn become_for_good(account: &Account) -> Result<(), AccountError> {
    let Account { uid, gid } = *account;
    setgroups(&[gid]).map_err(AccountError::Become)?;
    setresgid(gid, gid, gid).map_err(AccountError::Become)?;
    setresuid(uid, uid, uid).map_err(AccountError::Become)?;

    let root = Uid::from_raw(0);
    let users = getresuid().map_err(AccountError::Become)?;
    let groups = getresgid().map_err(AccountError::Become)?;
    let rest = getgroups().map_err(AccountError::Become)?;
    let gone = [users.real, users.effective, users.saved] == [uid; 3]
        && [groups.real, groups.effective, groups.saved] == [gid; 3]
        && rest == [gid]
        && setresuid(root, root, root) == Err(Errno::EPERM)
        && setgroups(&[Gid::from_raw(0)]) == Err(Errno::EPERM);
    if gone { Ok(()) } else { Err(AccountError::StillRoot) }
}
