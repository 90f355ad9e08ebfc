//! A box that outlives the program that made it.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::boxed::Boxed;

/// Holds the number of its first process, and when that began: numbers are given again.
const FILE: &str = "box";

pub(super) fn write(place: &Path, boxed: Boxed) -> Result<()> {
    Ok(fs::write(place.join(FILE), format!("{} {}\n", boxed.first, began(boxed.first).unwrap_or_default()))?)
}

/// The one that is there, if its first process still is.
pub(super) fn read(place: &Path) -> Result<Option<Boxed>> {
    let text = match fs::read_to_string(place.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let known = text.trim().split_once(' ').and_then(|(pid, at)| Some((pid.parse().ok()?, at.to_owned())));
    Ok(known.filter(|(pid, at)| began(*pid).as_ref() == Some(at)).map(|(pid, _)| Boxed::known(place, pid)))
}

pub(super) fn refuse_another(place: &Path) -> Result<()> {
    if read(place)?.is_some() {
        bail!("a cluster is running already; `make cluster-down` ends it");
    }
    Ok(())
}

/// Ticks since the machine's start, as the kernel counts them: field 22 of `stat`.
fn began(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}
