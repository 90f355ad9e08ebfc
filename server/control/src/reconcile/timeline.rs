//! Operations and their named steps: what people watch while the reconciler works.

use contract::operation::OperationKind;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::port::Power;

/// A step that people can watch: its key, what it is called while it is done, and afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub key: &'static str,
    pub doing: &'static str,
    pub done: &'static str,
}

macro_rules! step {
    ($name:ident, $key:literal, $doing:literal, $done:literal) => {
        pub const $name: Step = Step { key: $key, doing: $doing, done: $done };
    };
}

step!(PLACE, "place", "Placing it", "Placed it");
step!(PREPARE, "prepare", "Preparing the data directory", "Prepared the data directory");
step!(STOP, "stop", "Stopping the server", "Stopped the server");
step!(START, "start", "Starting the server", "Started the server");
step!(CONFIGURE, "configure", "Creating the role and the database", "Created the role and the database");
step!(SETTINGS, "configure", "Applying the settings", "Applied the settings");
step!(ROTATE, "configure", "Setting the new password", "Set the new password");
step!(COPY, "prepare", "Copying the source", "Copied the source");
step!(FOLLOW, "sign_in", "Beginning to follow the source", "Follows the source");
step!(
    PROMOTE,
    "configure",
    "Promoting it, with a role and a database of its own",
    "Promoted it, with a role and a database of its own"
);
step!(COPY_PRIMARY, "prepare", "Copying its primary", "Copied its primary");
step!(PROMOTE_REPLICA, "configure", "Promoting it", "Promoted it");
step!(SIGN_IN, "sign_in", "Signing in", "Signed in");
step!(VARIABLES, "variables", "Writing the variables", "Wrote the variables");
step!(VOLUME, "prepare", "Making the volume", "Made the volume");
step!(CHANGE, "prepare", "Changing the volume", "Changed the volume");
step!(AGAIN, "prepare", "Trying the volume again", "Tried the volume again");
step!(MOUNT, "mount", "Giving it to the app", "Gave it to the app");
step!(UNMOUNT, "unmount", "Taking it from the app", "Took it from the app");
step!(REMOVE_VOLUME, "remove", "Removing the volume and its data", "Removed the volume and its data");
step!(REMOVE, "remove", "Removing the server and its data", "Removed the server and its data");

/// The steps of each kind of operation on a database, in order. `VARIABLES` is left out of a create that writes none.
pub fn steps(kind: OperationKind, power: Power) -> &'static [Step] {
    match kind {
        // nobody signs in to what shall not run
        OperationKind::Update if power == Power::Stopped => &[SETTINGS, VARIABLES],
        OperationKind::Retry if power == Power::Stopped => &[STOP],
        OperationKind::RotatePassword if power == Power::Stopped => &[ROTATE, VARIABLES],
        OperationKind::Create => &[PLACE, PREPARE, START, CONFIGURE, SIGN_IN, VARIABLES],
        OperationKind::Update => &[SETTINGS, SIGN_IN, VARIABLES],
        OperationKind::Start | OperationKind::Retry => &[START, SIGN_IN],
        OperationKind::PromoteExternal => &[PROMOTE, SIGN_IN, VARIABLES],
        OperationKind::PromoteReplica => &[PROMOTE_REPLICA, SIGN_IN, VARIABLES],
        OperationKind::RotatePassword => &[ROTATE, SIGN_IN, VARIABLES],
        OperationKind::Restart => &[STOP, START, SIGN_IN],
        OperationKind::Stop => &[STOP],
        OperationKind::Delete => &[REMOVE],
        OperationKind::MountApp | OperationKind::UnmountApp => &[],
    }
}

/// The steps of each kind of operation on a volume, in order.
pub fn volume_steps(kind: OperationKind) -> &'static [Step] {
    match kind {
        OperationKind::Create => &[PLACE, VOLUME],
        OperationKind::Update => &[CHANGE],
        OperationKind::Retry => &[AGAIN],
        OperationKind::MountApp => &[MOUNT],
        OperationKind::UnmountApp => &[UNMOUNT],
        OperationKind::Delete => &[REMOVE_VOLUME],
        OperationKind::Start
        | OperationKind::Stop
        | OperationKind::Restart
        | OperationKind::RotatePassword
        | OperationKind::PromoteExternal
        | OperationKind::PromoteReplica => &[],
    }
}

/// Which service an operation is about; and which of its open operations, where that isn't all.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub workspace: Uuid,
    pub service: Uuid,
    pub operation: Option<Uuid>,
}

impl About {
    pub fn of(workspace: Uuid, service: Uuid) -> Self {
        Self { workspace, service, operation: None }
    }

    pub fn only(self, operation: Option<Uuid>) -> Self {
        Self { operation, ..self }
    }
}

/// Begins an operation. Open ones that it makes pointless are superseded.
pub async fn begin(
    connection: &mut PgConnection,
    about: About,
    kind: OperationKind,
    steps: &[Step],
    variables: bool,
) -> Result<Uuid, Error> {
    let pointless: &[&str] = match kind {
        OperationKind::Delete | OperationKind::Stop => &[
            "create",
            "update",
            "start",
            "stop",
            "restart",
            "retry",
            "rotate_password",
            "promote_external",
            "promote_replica",
            "mount_app",
            "unmount_app",
        ],
        _ => &["start", "stop", "restart", "retry"],
    };
    let pointless: Vec<String> = pointless.iter().map(|k| (*k).to_owned()).collect();
    sqlx::query!(
        "with pointless as (
           update operations set state = 'superseded', finished_at = now()
           where service_id = $1 and workspace_id = $2 and finished_at is null and kind = any($3) returning id)
         update operation_steps s set state = 'superseded', finished_at = now()
         from pointless p where s.operation_id = p.id and s.workspace_id = $2 and s.finished_at is null",
        about.service,
        about.workspace,
        &pointless
    )
    .execute(&mut *connection)
    .await?;
    insert(connection, about, kind, steps, variables, None).await
}

/// The steps of a replica of an external server.
pub const FOLLOWING: &[Step] = &[PLACE, COPY, START, FOLLOW];

/// The steps of a replica of another service.
pub const REPLICA: &[Step] = &[PLACE, COPY_PRIMARY, START, SIGN_IN];

/// Begins the first operation of a service, which is placed already.
pub async fn begin_create(
    connection: &mut PgConnection,
    about: About,
    steps: &[Step],
    variables: bool,
    placed: &str,
) -> Result<Uuid, Error> {
    insert(connection, about, OperationKind::Create, steps, variables, Some(placed)).await
}

/// `done`: what the first step, which is done already, has found.
async fn insert(
    connection: &mut PgConnection,
    about: About,
    kind: OperationKind,
    steps: &[Step],
    variables: bool,
    done: Option<&str>,
) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    let (mut positions, mut keys, mut titles, mut done_titles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (position, step) in (0i16..).zip(steps.iter().filter(|s| **s != VARIABLES || variables)) {
        positions.push(position);
        keys.push(step.key.to_owned());
        titles.push(step.doing.to_owned());
        done_titles.push(step.done.to_owned());
    }
    let running = i16::from(done.is_some());
    sqlx::query!(
        "with operation as (
           insert into operations (id, workspace_id, service_id, kind, state) values ($1, $2, $3, $4, 'running')
           returning id, workspace_id)
         insert into operation_steps (operation_id, workspace_id, position, key, title, done_title, detail, state,
             started_at, finished_at)
         select operation.id, operation.workspace_id, position, key,
                case when position < $5 then done_title else title end, done_title,
                case when position < $5 then $6 end,
                case when position < $5 then 'succeeded' when position = $5 then 'running' else 'queued' end,
                case when position <= $5 then clock_timestamp() end,
                case when position < $5 then clock_timestamp() end
         from operation, unnest($7::smallint[], $8::text[], $9::text[], $10::text[])
                as step (position, key, title, done_title)",
        id,
        about.workspace,
        about.service,
        kind.as_str(),
        running,
        done,
        &positions,
        &keys,
        &titles,
        &done_titles
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Marks a step of every open operation as done and the one behind it as begun. Asking twice is harmless.
pub async fn reached(
    connection: &mut PgConnection,
    about: About,
    step: Step,
    detail: Option<&str>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update operation_steps s
         set state = 'succeeded', title = s.done_title, detail = coalesce($4, s.detail),
             started_at = coalesce(s.started_at, clock_timestamp()),
             finished_at = clock_timestamp()
         from operations o
         where o.id = s.operation_id and o.service_id = $1 and o.workspace_id = $2 and o.finished_at is null
           and s.key = $3 and s.finished_at is null and ($5::uuid is null or o.id = $5)",
        about.service,
        about.workspace,
        step.key,
        detail,
        about.operation
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    sqlx::query!(
        "update operation_steps s set state = 'running', started_at = clock_timestamp()
         from operations o
         where o.id = s.operation_id and o.service_id = $1 and o.workspace_id = $2 and o.finished_at is null
           and s.state = 'queued'
           and s.position = (select min(position) from operation_steps n
                             where n.operation_id = o.id and n.finished_at is null)",
        about.service,
        about.workspace
    )
    .execute(connection)
    .await?;
    Ok(done > 0)
}

/// Says under the step that is being done what it waits for.
pub async fn waiting(connection: &mut PgConnection, about: About, detail: &str) -> Result<bool, Error> {
    let said = sqlx::query!(
        "update operation_steps s set detail = $3
         from operations o
         where o.id = s.operation_id and o.service_id = $1 and o.workspace_id = $2 and o.finished_at is null
           and s.state = 'running' and s.detail is distinct from $3 and ($4::uuid is null or o.id = $4)",
        about.service,
        about.workspace,
        detail,
        about.operation
    )
    .execute(connection)
    .await?;
    Ok(said.rows_affected() > 0)
}

/// Ends an operation that another one has taken the place of.
pub async fn supersede(connection: &mut PgConnection, workspace: Uuid, operation: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "with over as (
           update operations set state = 'superseded', finished_at = now()
           where id = $1 and workspace_id = $2 and finished_at is null returning id)
         update operation_steps s set state = 'superseded', finished_at = now()
         from over where s.operation_id = over.id and s.workspace_id = $2 and s.finished_at is null",
        operation,
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every open operation, well or with an error.
pub async fn end(connection: &mut PgConnection, about: About, error: Option<&str>) -> Result<(), Error> {
    sqlx::query!(
        "update operation_steps s
         set state = case when $3::text is null then 'succeeded' else 'failed' end,
             title = case when $3::text is null then s.done_title else s.title end, detail = coalesce($3, s.detail),
             started_at = coalesce(s.started_at, clock_timestamp()), finished_at = clock_timestamp()
         from operations o
         where o.id = s.operation_id and o.service_id = $1 and o.workspace_id = $2 and o.finished_at is null
           and s.finished_at is null and (s.state = 'running' or $3::text is null)
           and ($4::uuid is null or o.id = $4)",
        about.service,
        about.workspace,
        error,
        about.operation
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update operations
         set state = case when $3::text is null then 'succeeded' else 'failed' end, error = $3,
             finished_at = clock_timestamp()
         where service_id = $1 and workspace_id = $2 and finished_at is null and ($4::uuid is null or id = $4)",
        about.service,
        about.workspace,
        error,
        about.operation
    )
    .execute(connection)
    .await?;
    Ok(())
}
