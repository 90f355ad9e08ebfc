//! Gives a copied data directory an identity of its own.
//!
//! A copy shares the system identifier of its template, and a standby could follow the wrong primary. The identifier stands in
//! `global/pg_control` and in the first page of each WAL segment; both are changed here, on a cleanly shut down directory only. The
//! same was tried, crash recovery included, on PostgreSQL 13 to 18.

use std::path::Path;
use std::time::SystemTime;

use crate::error::{At, Result};

/// `DBState` at this offset of `ControlFileData`, in `catalog/pg_control.h`: after the identifier (8 bytes) and two versions (4 each).
const STATE_AT: usize = 16;
/// `DB_SHUTDOWNED`.
const SHUT_DOWN: u32 = 1;
/// `mock_authentication_nonce`, 32 bytes, is the last field before the checksum.
const NONCE_BYTES: usize = 32;
/// Where the checksum may stand: at 288 in PostgreSQL 13 to 17 and 292 in 18, with room to move.
const CHECKSUM_AT: std::ops::RangeInclusive<usize> = 200..=480;
/// `xlp_sysid` in `XLogLongPageHeaderData`, `access/xlog_internal.h`.
const SEGMENT_IDENTIFIER_AT: usize = 24;

/// Why a control file or WAL segment is not what a cleanly shut down template has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlFileError {
    #[error("pg_control is too short")]
    TooShort,
    #[error("pg_control has no valid checksum")]
    Checksum,
    #[error("the directory was not shut down cleanly")]
    NotShutDown,
    #[error("a WAL segment belongs to another system")]
    OtherSystem,
}

/// A new system identifier, made as `BootStrapXLOG` does: the time in its upper half, and what differs in the lower.
pub(crate) fn new_identifier() -> u64 {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    (seconds << 32) | u64::from(rand::random::<u32>())
}

/// Rewrites `global/pg_control` and `pg_wal` below `data` for `identifier`. Nothing is synced here.
pub(crate) fn renew(data: &Path, identifier: u64) -> Result<()> {
    let path = data.join("global/pg_control");
    let mut bytes = std::fs::read(&path).at("read", &path)?;
    let old = renew_control(&mut bytes, identifier, rand::random())?;
    let wal = data.join("pg_wal");
    for entry in std::fs::read_dir(&wal).at("list", &wal)? {
        let entry = entry.at("list", &wal)?;
        if is_segment(&entry.file_name().to_string_lossy()) {
            renew_segment(&entry.path(), old, identifier)?;
        }
    }
    std::fs::write(&path, bytes).at("write", &path)
}

fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the identifier that stood there before.
fn renew_control(bytes: &mut [u8], identifier: u64, nonce: [u8; NONCE_BYTES]) -> Result<u64, ControlFileError> {
    let checksum_at = CHECKSUM_AT
        .step_by(4)
        .find(|at| {
            let stored = read_u32(bytes, *at);
            stored.is_some() && stored == bytes.get(..*at).map(crc32c::crc32c)
        })
        .ok_or(ControlFileError::Checksum)?;
    if read_u32(bytes, STATE_AT) != Some(SHUT_DOWN) {
        return Err(ControlFileError::NotShutDown);
    }
    let old = read_u64(bytes, 0).ok_or(ControlFileError::TooShort)?;
    put(bytes, 0, &identifier.to_ne_bytes())?;
    put(bytes, checksum_at - NONCE_BYTES, &nonce)?;
    let checksum = crc32c::crc32c(bytes.get(..checksum_at).unwrap_or_default());
    put(bytes, checksum_at, &checksum.to_ne_bytes())?;
    Ok(old)
}

fn renew_segment(path: &Path, old: u64, identifier: u64) -> Result<()> {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).at("open", path)?;
    let mut found = [0; 8];
    let at = SEGMENT_IDENTIFIER_AT as u64;
    file.read_exact_at(&mut found, at).at("read", path)?;
    if u64::from_ne_bytes(found) != old {
        return Err(ControlFileError::OtherSystem.into());
    }
    file.write_all_at(&identifier.to_ne_bytes(), at).at("write", path)
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) -> Result<(), ControlFileError> {
    bytes.get_mut(at..at + value.len()).ok_or(ControlFileError::TooShort)?.copy_from_slice(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(checksum_at: usize, state: u32) -> Vec<u8> {
        let mut bytes = vec![0; 8192];
        put(&mut bytes, 0, &7_u64.to_ne_bytes()).unwrap();
        put(&mut bytes, STATE_AT, &state.to_ne_bytes()).unwrap();
        let checksum = crc32c::crc32c(&bytes[..checksum_at]);
        put(&mut bytes, checksum_at, &checksum.to_ne_bytes()).unwrap();
        bytes
    }

    #[test]
    fn identifier_nonce_and_checksum_change_and_nothing_else() {
        for checksum_at in [288, 292] {
            let before = control(checksum_at, SHUT_DOWN);
            let mut after = before.clone();
            assert_eq!(renew_control(&mut after, 99, [0xAB; 32]), Ok(7));
            assert_eq!(read_u64(&after, 0), Some(99));
            assert_eq!(after[checksum_at - 32..checksum_at], [0xAB; 32]);
            let checksum = crc32c::crc32c(&after[..checksum_at]);
            assert_eq!(read_u32(&after, checksum_at), Some(checksum));
            assert_eq!(before[8..checksum_at - 32], after[8..checksum_at - 32], "fields between");
            assert_eq!(before[checksum_at + 4..], after[checksum_at + 4..]);
        }
    }

    #[test]
    fn a_directory_that_ran_or_is_damaged_is_refused() {
        let mut running = control(288, 6);
        let refused = renew_control(&mut running, 99, [0; 32]);
        assert_eq!(refused, Err(ControlFileError::NotShutDown));
        let mut damaged = control(288, SHUT_DOWN);
        damaged[100] = 1;
        let refused = renew_control(&mut damaged, 99, [0; 32]);
        assert_eq!(refused, Err(ControlFileError::Checksum));
        let refused = renew_control(&mut [0; 20], 99, [0; 32]);
        assert_eq!(refused, Err(ControlFileError::Checksum));
    }

    #[test]
    fn a_segment_of_another_system_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("000000010000000000000001");
        let mut page = vec![0; 8192];
        put(&mut page, SEGMENT_IDENTIFIER_AT, &7_u64.to_ne_bytes()).unwrap();
        std::fs::write(&path, &page).unwrap();
        assert!(renew_segment(&path, 8, 99).is_err());
        renew_segment(&path, 7, 99).unwrap();
        let page = std::fs::read(&path).unwrap();
        assert_eq!(read_u64(&page, SEGMENT_IDENTIFIER_AT), Some(99));
    }

    #[test]
    fn identifiers_differ_and_stay_positive_in_sql() {
        let (one, other) = (new_identifier(), new_identifier());
        assert_ne!(one, other);
        assert!(i64::try_from(one).is_ok());
    }
}
