//! Makes a server's data directory, and changes its settings.

use std::path::Path;

use nix::sys::signal::Signal;

use crate::copy::{copy_tree, sync_tree};
use crate::disk::{blocking, make_private_dir, parent, remove_dir, rename_durably, sync_dir};
use crate::error::{At, Error, Result};
use crate::server::Server;
use crate::settings::Settings;
use crate::template::Template;
use crate::{Host, cgroup, control_file, secret};

use secrecy::SecretString;

impl Host {
    /// Makes the data directory below `dir`: a copy of the template with an identity and a superuser's password of its own, on disk when
    /// this returns. Half done: started over. Already done: the settings are written, and nothing else is touched.
    ///
    /// A caller that puts a `data` directory there itself (a standby's base backup of a server made here) calls this too.
    ///
    /// # Errors
    /// Missing programs, no room, another major version there already.
    pub async fn prepare(&self, dir: &Path, settings: &Settings) -> Result<()> {
        let server = Server::at(dir)?;
        // Held by the work itself: a caller that goes away doesn't let the next one in too early.
        let guard = self.lock(dir).await;
        let sockets = self.socket_dir().to_owned();
        let settings = settings.clone();
        if server.is_prepared() {
            return blocking(move || {
                let _guard = guard;
                check_major(&server, &settings)?;
                server.write_settings(&server.data(), &settings, &sockets)
            })
            .await;
        }
        let template = self.template(settings.major).await?;
        blocking(move || {
            let _guard = guard;
            make_private_dir(&server.dir)?;
            copy_template(&template, &server)?;
            // The data directory appears last: with it, all is there.
            server.write_settings(&server.new_data(), &settings, &sockets)?;
            rename_durably(&server.new_data(), &server.data())?;
            sync_dir(parent(&server.dir))
        })
        .await
    }

    /// Changes settings: writes them, tells a running server to read them, and sets its limits of memory and CPU. Returns the parameters that wait for a
    /// restart. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Error::NotPrepared`], another major version, a full disk.
    pub async fn apply(&self, dir: &Path, settings: &Settings) -> Result<Vec<String>> {
        let server = Server::at(dir)?;
        let guard = self.lock(dir).await;
        if !server.is_prepared() {
            return Err(Error::NotPrepared(server.dir));
        }
        if let Some(cgroup) = &self.config().cgroup
            && let Err(error) = cgroup.set(&cgroup::name_for(dir), &settings.limits, cgroup::Cpu::Limited)
        {
            tracing::warn!(%error, "limits of memory and CPU stay as they were");
        }
        let sockets = self.socket_dir().to_owned();
        let settings = settings.clone();
        blocking(move || {
            let _guard = guard;
            check_major(&server, &settings)?;
            let old = server.settings()?;
            server.write_settings(&server.data(), &settings, &sockets)?;
            if let Some(postmaster) = server.postmaster() {
                postmaster.signal(Signal::SIGHUP);
            }
            Ok(Settings::needs_restart(&old, &settings))
        })
        .await
    }

    /// The settings last prepared or applied.
    ///
    /// # Errors
    /// [`Error::NotPrepared`].
    pub fn settings(&self, dir: &Path) -> Result<Settings> {
        Server::at(dir)?.settings()
    }

    /// The password of the role `postgres`, if this host knows it.
    ///
    /// # Errors
    /// An unreadable file.
    pub fn superuser_password(&self, dir: &Path) -> Result<Option<SecretString>> {
        secret::read(&Server::at(dir)?.superuser())
    }

    /// Notes the password of the role `postgres` of a server that was copied from another one: a standby has its primary's.
    ///
    /// # Errors
    /// A path that can't be written.
    pub fn set_superuser_password(&self, dir: &Path, password: &SecretString) -> Result<()> {
        secret::write(&Server::at(dir)?.superuser(), password)
    }
}

fn check_major(server: &Server, settings: &Settings) -> Result<()> {
    let path = server.data().join("PG_VERSION");
    let found = std::fs::read_to_string(&path).at("read", &path)?;
    match found.trim() == settings.major.to_string() {
        true => Ok(()),
        false => Err(Error::OtherMajor {
            dir: server.dir.clone(),
            found: found.trim().to_owned(),
            wanted: settings.major.to_string(),
        }),
    }
}

fn copy_template(template: &Template, server: &Server) -> Result<()> {
    let new = server.new_data();
    remove_dir(&new)?;
    // Kept beside the copy, so that the first start can sign in whatever has become of the template by then.
    let initial = secret::read(&template.superuser)?;
    let initial = initial.ok_or_else(|| Error::NotPrepared(parent(&template.data).to_owned()))?;
    secret::write(&server.initial_superuser(), &initial)?;
    secret::write(&server.superuser(), &secret::random_password())?;
    copy_tree(&template.data, &new)?;
    control_file::renew(&new, control_file::new_identifier())?;
    sync_tree(&new)
}
