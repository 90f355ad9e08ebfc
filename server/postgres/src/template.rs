//! One initialised data directory for each major version, to be copied: `initdb` takes seconds, a copy tenths.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::Binaries;
use crate::copy::sync_tree;
use crate::disk::{blocking, make_private_dir, remove_dir, rename_durably, sync_dir};
use crate::error::{At, Error, Result};
use crate::host::refuse_root;
use crate::locks::lock_file;
use crate::{Host, Major, logs, process, secret};

/// The file in a data directory that [`crate::Settings`] go to. `postgresql.auto.conf`, and so `ALTER SYSTEM`, wins over it.
pub(crate) const CONFIG_FILE: &str = "berth.conf";

/// A cleanly shut down data directory, and the file with the password of its superuser.
pub(crate) struct Template {
    pub data: PathBuf,
    pub superuser: PathBuf,
}

impl Host {
    /// The template of a major version; makes it if missing. It appears whole or not at all.
    pub(crate) async fn template(&self, major: Major) -> Result<Template> {
        let place = self.templates_dir().join(major.to_string());
        if place.join("data/PG_VERSION").exists() {
            return Ok(Template::at(&place));
        }
        refuse_root()?;
        let binaries = self.binaries(major, &|_| {}).await?;
        let lock = lock_file(&self.templates_dir().join(format!(".lock-{major}"))).await?;
        if place.join("data/PG_VERSION").exists() {
            return Ok(Template::at(&place));
        }
        // Under the lock, so what is there is of a process that died.
        let new = self.templates_dir().join(format!(".new-{major}"));
        remove_dir(&new)?;
        make_private_dir(&new)?;
        initialise(&binaries, &Template::at(&new)).await?;
        let finished = Template::at(&place);
        blocking(move || {
            let _lock = lock;
            let template = Template::at(&new);
            let include = format!("\ninclude '{CONFIG_FILE}'\n");
            append(&template.data.join("postgresql.conf"), &include)?;
            sync_tree(&template.data)?;
            sync_dir(&new)?;
            rename_durably(&new, &place)
        })
        .await?;
        Ok(finished)
    }
}

impl Template {
    fn at(dir: &Path) -> Template {
        Template { data: dir.join("data"), superuser: dir.join("superuser") }
    }
}

async fn initialise(binaries: &Binaries, template: &Template) -> Result<()> {
    secret::write(&template.superuser, &secret::random_password())?;
    for locale in locales(binaries.major) {
        let output = process::run(initdb(binaries, template, locale)).await.at("run", &binaries.initdb())?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        // Not every system has C.UTF-8.
        if locale == PLAIN || !text.contains("locale") {
            return Err(Error::Program { program: "initdb", output: logs::tail(&text, 10) });
        }
        remove_dir(&template.data)?;
    }
    Ok(())
}

const PLAIN: &[&str] = &["--locale=C"];

/// Sorting by bytes always, so that no upgrade of the system's C library damages an index; upper and lower case of all letters where that
/// is known: built in from 17 on, by the C library before.
fn locales(major: Major) -> [&'static [&'static str]; 2] {
    let best: &[&str] = match major >= Major::V17 {
        true => &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        false => &["--locale=C", "--lc-ctype=C.UTF-8"],
    };
    [best, PLAIN]
}

/// The password file is the one that stays (0600): nothing secret is left over. Syncing is left to us, since initdb's takes 1.3 s.
fn initdb(binaries: &Binaries, template: &Template, locale: &[&str]) -> Command {
    let dir = crate::disk::parent(&template.data);
    let mut command = process::command(&binaries.initdb(), dir);
    command
        .arg("-D")
        .arg(&template.data)
        .arg("--pwfile")
        .arg(&template.superuser)
        .args(["--username=postgres", "--encoding=UTF8", "--no-sync"])
        .args(["--auth-local=scram-sha-256", "--auth-host=scram-sha-256"])
        // Page checksums, which 18 has by default: rejoining standbys and finding damage need them.
        .arg("--data-checksums")
        .args(locale);
    command
}

fn append(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .at("write", path)
}
