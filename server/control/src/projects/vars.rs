//! Environment variables of a project: sealed, unique without case, masked below projects:operate.

use contract::error::Noun;
use contract::event::EventKind;
use contract::page::{Page, PageRequest};
use contract::permission::Permission;
use contract::project::{Var, VarFields, VarKey};
use contract::values::Secret;
use contract::{ApiError, Caller};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::reach::{self, ProjectRow};
use crate::seal::Place;
use crate::store::audit::{self, Entry};
use crate::store::cursor::Window;
use crate::store::events::{self, Change};
use crate::{Control, Sealer};

/// What names a variable for good: its project, and its key without case.
pub(crate) fn var_row(project: Uuid, key: &str) -> String {
    format!("{project}/{}", key.to_lowercase())
}

/// Where the value of the variable is sealed that [`var_row`] names.
pub(crate) fn var_place(workspace: Uuid, row: &str) -> Place<'_> {
    Place { workspace, row, column: "vars.value" }
}

/// Seals a value for `vars.sealed_value`.
///
/// # Errors
/// There is no key to seal with.
pub(crate) fn seal_var(
    sealer: &Sealer,
    workspace: Uuid,
    project: Uuid,
    key: &str,
    value: &Secret,
) -> Result<Vec<u8>, Error> {
    sealer.seal(var_place(workspace, &var_row(project, key)), value)
}

struct VarRow {
    id: Uuid,
    key: String,
    sealed_value: Vec<u8>,
    service_id: Option<Uuid>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl VarRow {
    fn shown(self, value: Option<String>) -> Var {
        Var {
            key: self.key,
            value,
            service_id: self.service_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Control {
    /// projects:view. Newest first; values only from projects:operate on.
    ///
    /// # Errors
    /// 403, 404, or 400 for a page that isn't one.
    pub async fn list_vars(&self, who: &Caller, project: Uuid, page: PageRequest) -> Result<Page<Var>, Error> {
        who.require(Permission::ProjectsView)?;
        let window = Window::of(&page)?;
        let mut connection = self.pool.acquire().await?;
        let project = reach::project(&mut connection, who, project).await?;
        let rows = sqlx::query_as!(
            VarRow,
            "select id, key, sealed_value, service_id, created_at, updated_at from vars
             where workspace_id = $1 and project_id = $2 and id < $3 order by id desc limit $4",
            who.workspace_id,
            project.id,
            window.before,
            window.rows
        )
        .fetch_all(&mut *connection)
        .await?;
        let page = window.page(rows, |row| row.id);
        let items = page.items.into_iter().map(|row| self.var(who, project.id, row)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// projects:operate.
    ///
    /// # Errors
    /// 403, 404, 400 or 422; 409 where the key exists, compared without case.
    pub async fn create_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Result<Var, Error> {
        who.require(Permission::ProjectsOperate)?;
        let (key, value) = fields.parse()?;
        let sealed = self.seal_var(who, project, &key, value)?;
        let mut transaction = self.pool.begin().await?;
        let project = reach::hold_project(&mut transaction, who, project).await?;
        let row = sqlx::query_as!(
            VarRow,
            "insert into vars (id, workspace_id, project_id, key, sealed_value) values ($1, $2, $3, $4, $5)
             on conflict (project_id, lower(key)) do nothing
             returning id, key, sealed_value, service_id, created_at, updated_at",
            Uuid::now_v7(),
            who.workspace_id,
            project.id,
            key,
            sealed
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| ApiError::Conflict(format!("The variable {key} exists already")))?;
        record(&mut transaction, who, "var.create", &project, &row).await?;
        transaction.commit().await?;
        self.var(who, project.id, row)
    }

    /// projects:operate. An edited variable belongs to nobody's service any more.
    ///
    /// # Errors
    /// 403, 404, 400 or 422.
    pub async fn update_var(&self, who: &Caller, project: Uuid, fields: VarFields) -> Result<Var, Error> {
        who.require(Permission::ProjectsOperate)?;
        let (key, value) = fields.parse()?;
        let sealed = self.seal_var(who, project, &key, value)?;
        let mut transaction = self.pool.begin().await?;
        let project = reach::hold_project(&mut transaction, who, project).await?;
        let row = sqlx::query_as!(
            VarRow,
            "update vars set sealed_value = $4, service_id = null, updated_at = now()
             where workspace_id = $1 and project_id = $2 and lower(key) = lower($3)
             returning id, key, sealed_value, service_id, created_at, updated_at",
            who.workspace_id,
            project.id,
            key,
            sealed
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Error::not_found(Noun::Variable))?;
        record(&mut transaction, who, "var.update", &project, &row).await?;
        transaction.commit().await?;
        self.var(who, project.id, row)
    }

    /// projects:operate.
    ///
    /// # Errors
    /// 403, 404, 400 or 422.
    pub async fn delete_var(&self, who: &Caller, project: Uuid, key: VarKey) -> Result<(), Error> {
        who.require(Permission::ProjectsOperate)?;
        let key = key.parse()?;
        let mut transaction = self.pool.begin().await?;
        let project = reach::hold_project(&mut transaction, who, project).await?;
        let row = sqlx::query_as!(
            VarRow,
            "delete from vars where workspace_id = $1 and project_id = $2 and lower(key) = lower($3)
             returning id, key, sealed_value, service_id, created_at, updated_at",
            who.workspace_id,
            project.id,
            key
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(|| Error::not_found(Noun::Variable))?;
        record(&mut transaction, who, "var.delete", &project, &row).await?;
        transaction.commit().await?;
        Ok(())
    }

    fn seal_var(&self, who: &Caller, project: Uuid, key: &str, value: String) -> Result<Vec<u8>, Error> {
        seal_var(&self.sealer, who.workspace_id, project, key, &Secret::new(value))
    }

    fn var(&self, who: &Caller, project: Uuid, row: VarRow) -> Result<Var, Error> {
        if !who.may(Permission::ProjectsOperate) {
            return Ok(row.shown(None));
        }
        let place = var_row(project, &row.key);
        let value = self.sealer.open(var_place(who.workspace_id, &place), &row.sealed_value)?;
        Ok(row.shown(Some(value.expose().to_owned())))
    }
}

async fn record(
    connection: &mut PgConnection,
    who: &Caller,
    action: &'static str,
    project: &ProjectRow,
    var: &VarRow,
) -> Result<(), Error> {
    let entity = format!("{}/{}", project.name, var.key);
    let entry = Entry { action, entity_id: Some(var.id), entity: &entity, reason: None };
    audit::write(&mut *connection, who, entry).await?;
    let (workspace, id) = (who.workspace_id, project.id);
    events::emit(connection, &[Change { workspace, kind: EventKind::Project, id, project: Some(id) }]).await
}
