//! The part of the port for volumes that apps share.

use async_trait::async_trait;
use contract::mount::{App, AppId};
use contract::preview::Preview;
use contract::spec::StorageAccess;
use contract::values::{Mib, MountPoint};
use uuid::Uuid;

use super::{Observed, PortError, Removal, ServiceRef};

/// What is wanted of one volume.
#[derive(Clone, Debug)]
pub struct Volume {
    pub service: ServiceRef,
    /// Of the service; it stands on everything that a runtime makes for it.
    pub id: Uuid,
    pub project: Uuid,
    pub disk: Mib,
    pub access: StorageAccess,
    /// It was there once: a runtime that doesn't find it reports [`super::Phase::Lost`] and makes none.
    pub existed: bool,
}

/// Where an app has a volume.
#[derive(Clone, Debug)]
pub struct Place {
    pub app: AppId,
    pub mount_point: MountPoint,
}

/// How far a mount, or its end, is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mounted {
    /// It is so with every pod of the app.
    Done,
    /// What is waited for.
    Underway(String),
}

/// Volumes that apps share. Every method may be called again at any time, also after a crash in its middle.
#[async_trait]
pub trait Volumes: Send + Sync {
    /// Goes one step from what is there to what is wanted, and reports where that is: the [`super::Phase`] is `Preparing`,
    /// `Ready` or `Lost`.
    ///
    /// Absent: begins to make it. Half done: goes on. Already done: changes nothing. One that is to grow is ready, and degraded where
    /// it can't.
    async fn ensure(&self, volume: &Volume) -> Result<Observed, PortError>;

    /// What [`Volumes::ensure`] would make of a wish, with what it refuses, and changes nothing.
    async fn preview(&self, volume: &Volume) -> Result<Preview, PortError>;

    /// Gives an app of its project the volume, and begins its pods anew where they haven't got it. An app that has it at another place
    /// gets it at this one. Rejected where there is no such app, or something else is there.
    async fn mount(&self, volume: &Volume, place: &Place) -> Result<Mounted, PortError>;

    /// Takes the volume from an app, which is done once none of its pods has it. No such app, or it hasn't got it: nothing to do.
    /// Rejected where somebody else has given it to that app, too.
    async fn unmount(&self, service: &ServiceRef, app: &AppId) -> Result<Mounted, PortError>;

    /// Takes it from every app that Berth has given it to, and removes it once no pod has it. Absent: [`Removal::Gone`]. Half removed:
    /// goes on.
    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError>;

    /// The apps of a project, by name.
    async fn apps(&self, workspace: Uuid, project: Uuid) -> Result<Vec<App>, PortError>;
}
