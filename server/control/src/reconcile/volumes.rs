//! The step of a volume: that it is there, and that its apps have it.

use std::time::Duration;

use contract::mount::{AppId, MountState};
use contract::values::MountPoint;
use sqlx::PgConnection;
use uuid::Uuid;

use super::lease::Lease;
use super::row::Row;
use super::steps::{self, Next, PACE, Step, StepError};
use super::{state, timeline};
use crate::Control;
use crate::error::Error;
use crate::port::{Mounted, Observed, Phase, Place, PortError, Volume, Volumes};

/// Between two looks at an app whose pods are being replaced.
const APPS: Duration = Duration::from_secs(1);

pub(super) fn of(control: &Control) -> Result<&dyn Volumes, PortError> {
    control.runtime.volumes().ok_or_else(|| PortError::Rejected("This runtime has no volumes".into()))
}

/// Brings the volume and its apps to what is wanted, and looks whether they still are.
pub(super) async fn ensure(control: &Control, lease: Lease, row: &Row, volume: &Volume) -> Result<Next, StepError> {
    let observed = of(control)?.ensure(volume).await?;
    note_volume(control, lease, row, &observed).await?;
    // also before it is there: some are made where their first app is
    let underway = apps(control, lease, row, volume, observed.phase == Phase::Lost).await?;
    Ok(match observed.phase {
        // what it still waits for is told by hints
        _ if row.step == Step::Watch => Next::Settled,
        _ if underway && !row.overdue => Next::Wait(APPS),
        Phase::Preparing if !observed.idle => Next::Wait(PACE),
        _ => Next::Settled,
    })
}

/// Writes down how the volume itself is, and ends what was asked of it.
async fn note_volume(control: &Control, lease: Lease, row: &Row, observed: &Observed) -> Result<(), StepError> {
    let mut transaction = steps::begin(control, lease, row).await?;
    steps::observe(&mut transaction, row, observed).await?;
    let open = sqlx::query!(
        "select id, kind from operations
         where service_id = $1 and workspace_id = $2 and finished_at is null and kind not in ('mount_app', 'unmount_app')",
        row.id,
        row.workspace
    );
    let open = open.fetch_all(&mut *transaction).await?;
    let mut told = false;
    for operation in open {
        let about = row.about().only(Some(operation.id));
        let outcome = match observed.phase {
            Phase::Lost => Some(Some("Its storage is gone")),
            Phase::Ready => Some(observed.degraded.as_deref()),
            // a wish about what isn't made yet is part of how it will be made
            _ if observed.idle && operation.kind != "create" => Some(None),
            _ => None,
        };
        told |= match (outcome, steps::waits_for(observed)) {
            (Some(error), _) => {
                timeline::end(&mut transaction, about, error).await?;
                true
            }
            (None, Some(detail)) => timeline::waiting(&mut transaction, about, detail).await?,
            (None, None) => false,
        };
    }
    if observed.phase == Phase::Ready && !row.was_ready {
        sqlx::query!(
            "update observations set was_ready = true where service_id = $1 and workspace_id = $2",
            row.id,
            row.workspace
        )
        .execute(&mut *transaction)
        .await?;
        state::refresh(&mut transaction, row.id).await?;
    }
    if told {
        state::changed(&mut transaction, row).await?;
    }
    Ok(transaction.commit().await?)
}

struct MountRow {
    app: String,
    mount_point: String,
    leaving: bool,
    state: String,
    reason: Option<String>,
    operation_id: Option<Uuid>,
}

/// Brings every app to what is wanted of it; true while one of them is on its way. One that makes trouble doesn't keep the others waiting.
async fn apps(control: &Control, lease: Lease, row: &Row, volume: &Volume, lost: bool) -> Result<bool, StepError> {
    let mounts = sqlx::query_as!(
        MountRow,
        "select app, mount_point, leaving, state, reason, operation_id from mounts
         where service_id = $1 and workspace_id = $2 order by created_at, app",
        row.id,
        row.workspace
    );
    let (mut underway, mut trouble) = (false, None);
    for mount in mounts.fetch_all(&control.pool).await? {
        // what is gone is given to nobody
        if lost && !mount.leaving {
            continue;
        }
        match one(control, volume, &mount).await {
            Ok(mounted) => {
                let now = Seen::of(&mount, mounted);
                underway |= now.state == MountState::Pending || now.state == MountState::Unmounting && !now.refused;
                note(control, lease, row, &mount, &now).await?;
            }
            Err(error @ StepError::Port(PortError::Retry { .. })) => trouble = trouble.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    trouble.map_or(Ok(underway), Err)
}

/// Goes on with one app; a refusal is an answer about that app alone.
async fn one(control: &Control, volume: &Volume, mount: &MountRow) -> Result<Result<Mounted, String>, StepError> {
    let app = AppId::new(&mount.app).map_err(|_| Error::Unexpected("mounts.app"))?;
    let answer = if mount.leaving {
        of(control)?.unmount(&volume.service, &app).await
    } else {
        let mount_point = MountPoint::new(&mount.mount_point).map_err(|_| Error::Unexpected("mounts.mount_point"))?;
        of(control)?.mount(volume, &Place { app, mount_point }).await
    };
    match answer {
        Ok(mounted) => Ok(Ok(mounted)),
        Err(PortError::Rejected(words)) => Ok(Err(words)),
        Err(error) => Err(error.into()),
    }
}

/// How a mount is now.
struct Seen {
    state: MountState,
    reason: Option<String>,
    refused: bool,
    /// It is over: the app has it no more.
    gone: bool,
}

impl Seen {
    fn of(mount: &MountRow, mounted: Result<Mounted, String>) -> Self {
        let (refused, gone) = (mounted.is_err(), mount.leaving && mounted == Ok(Mounted::Done));
        let (given, reason) = match mounted {
            Ok(Mounted::Done) => (MountState::Mounted, None),
            Ok(Mounted::Underway(words)) => (MountState::Pending, Some(words)),
            Err(words) => (MountState::Failed, Some(words)),
        };
        let state = if mount.leaving { MountState::Unmounting } else { given };
        Self { state, reason, refused, gone }
    }
}

/// Writes down what came of one app, and ends the operation that waits for it.
async fn note(control: &Control, lease: Lease, row: &Row, mount: &MountRow, now: &Seen) -> Result<(), StepError> {
    let done = now.gone || now.state == MountState::Mounted;
    let ends = done || now.refused || row.overdue;
    let as_before = mount.state == now.state.as_str() && mount.reason == now.reason && !now.gone;
    if as_before && (!ends || mount.operation_id.is_none()) {
        return Ok(());
    }
    let mut transaction = steps::begin(control, lease, row).await?;
    let about = row.about().only(mount.operation_id);
    if mount.operation_id.is_some() {
        let step = if mount.leaving { timeline::UNMOUNT } else { timeline::MOUNT };
        if done {
            timeline::reached(&mut transaction, about, step, Some(&mount.app)).await?;
        } else if let Some(reason) = &now.reason {
            timeline::waiting(&mut transaction, about, reason).await?;
        }
        if ends {
            timeline::end(&mut transaction, about, now.reason.as_deref().filter(|_| !done)).await?;
        }
    }
    write(&mut transaction, row, mount, now, ends).await?;
    state::changed(&mut transaction, row).await?;
    Ok(transaction.commit().await?)
}

async fn write(
    connection: &mut PgConnection,
    row: &Row,
    mount: &MountRow,
    now: &Seen,
    ended: bool,
) -> Result<(), Error> {
    if now.gone {
        sqlx::query!(
            "delete from mounts where service_id = $1 and workspace_id = $2 and app = $3",
            row.id,
            row.workspace,
            mount.app
        )
        .execute(connection)
        .await?;
        return Ok(());
    }
    sqlx::query!(
        "update mounts set state = $4, reason = $5, operation_id = case when $6 then null else operation_id end
         where service_id = $1 and workspace_id = $2 and app = $3",
        row.id,
        row.workspace,
        mount.app,
        now.state.as_str(),
        now.reason,
        ended
    )
    .execute(connection)
    .await?;
    Ok(())
}
