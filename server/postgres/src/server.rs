//! One server's directory.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{require_absolute, write_durably};
use crate::error::{At, Error, Result};
use crate::pidfile;
use crate::procs::{self, Proc};
use crate::settings::{Settings, render};
use crate::template::CONFIG_FILE;

/// Names below a server's directory; see the crate's documentation.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub dir: PathBuf,
}

impl Server {
    pub(crate) fn at(dir: &Path) -> Result<Server> {
        require_absolute(dir)?;
        Ok(Server { dir: dir.to_owned() })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(crate) fn new_data(&self) -> PathBuf {
        self.dir.join("data.tmp")
    }

    pub(crate) fn superuser(&self) -> PathBuf {
        self.dir.join("superuser")
    }

    pub(crate) fn initial_superuser(&self) -> PathBuf {
        self.dir.join("superuser.initial")
    }

    pub(crate) fn stderr_log(&self) -> PathBuf {
        self.dir.join("stderr.log")
    }

    pub(crate) fn is_prepared(&self) -> bool {
        self.data().join("PG_VERSION").exists()
    }

    pub(crate) fn is_standby(&self) -> bool {
        self.data().join("standby.signal").exists()
    }

    /// The settings last written.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let path = self.dir.join("server.json");
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(Error::BadSettings),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotPrepared(self.dir.clone())),
            Err(error) => Err(error).at("read", &path),
        }
    }

    /// Writes settings: for the server below `data`, and for us. The server reads them at a reload.
    pub(crate) fn write_settings(&self, data: &Path, settings: &Settings, sockets: &Path) -> Result<()> {
        let mut parameters = settings.parameters();
        let sockets = sockets.to_string_lossy().into_owned();
        parameters.insert("unix_socket_directories".to_owned(), sockets);
        write_durably(&data.join(CONFIG_FILE), render(&parameters).as_bytes())?;
        let text = serde_json::to_vec_pretty(settings).map_err(Error::BadSettings)?;
        write_durably(&self.dir.join("server.json"), &text)
    }

    /// The living postmaster by its pid file.
    pub(crate) fn postmaster(&self) -> Option<Proc> {
        Proc::of_server(pidfile::read(&self.data())?.pid, &self.data())
    }

    /// All its living processes, orphans included.
    pub(crate) fn processes(&self) -> Vec<Proc> {
        procs::of_data(&self.data())
    }
}
