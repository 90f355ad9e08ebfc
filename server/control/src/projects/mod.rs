//! Projects and, in [`vars`], their environment variables, which [`publish`] brings to their apps.

pub mod publish;
pub mod vars;

use contract::error::Noun;
use contract::event::EventKind;
use contract::page::{Page, PageRequest};
use contract::permission::Permission;
use contract::project::{Project, ProjectFields};
use contract::{Caller, Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Control;
use crate::error::Error;
use crate::reach::{self, ProjectRow};
use crate::store::audit::{self, Entry};
use crate::store::cursor::Window;
use crate::store::events::{self, Change};

/// Keeps a project's name unique in its workspace, compared without case.
const NAME_INDEX: &str = "projects_by_name";

impl Control {
    /// projects:view. Newest first, only what the caller can reach.
    ///
    /// # Errors
    /// 403, or 400 for a page that isn't one.
    pub async fn list_projects(&self, who: &Caller, page: PageRequest) -> Result<Page<Project>, Error> {
        who.require(Permission::ProjectsView)?;
        let window = Window::of(&page)?;
        let rows = sqlx::query_as!(
            ProjectRow,
            "select id, name, restricted, created_at, updated_at from projects
             where workspace_id = $1 and id < $2 and (not restricted or $3) order by id desc limit $4",
            who.workspace_id,
            window.before,
            reach::sees_restricted(who),
            window.rows
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(window.page(rows.into_iter().map(Project::from).collect(), |p| p.uuid))
    }

    /// projects:view.
    ///
    /// # Errors
    /// 403, 404.
    pub async fn get_project(&self, who: &Caller, project: Uuid) -> Result<Project, Error> {
        who.require(Permission::ProjectsView)?;
        let mut connection = self.pool.acquire().await?;
        Ok(reach::project(&mut connection, who, project).await?.into())
    }

    /// projects:manage.
    ///
    /// # Errors
    /// 403, 400 or 422; `taken` where another project has the name.
    pub async fn create_project(&self, who: &Caller, fields: ProjectFields) -> Result<Project, Error> {
        who.require(Permission::ProjectsManage)?;
        let name = fields.parse()?;
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query_as!(
            ProjectRow,
            "insert into projects (id, workspace_id, name) values ($1, $2, $3)
             on conflict (workspace_id, lower(name)) do nothing
             returning id, name, restricted, created_at, updated_at",
            Uuid::now_v7(),
            who.workspace_id,
            name.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(taken)?;
        record(&mut transaction, who, "project.create", &row).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// projects:manage.
    ///
    /// # Errors
    /// 403, 404, 400 or 422; `taken` where another project has the name.
    pub async fn update_project(&self, who: &Caller, project: Uuid, fields: ProjectFields) -> Result<Project, Error> {
        who.require(Permission::ProjectsManage)?;
        let name = fields.parse()?;
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query_as!(
            ProjectRow,
            "update projects set name = $4, updated_at = now()
             where workspace_id = $1 and id = $2 and (not restricted or $3)
             returning id, name, restricted, created_at, updated_at",
            who.workspace_id,
            project,
            reach::sees_restricted(who),
            name.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await
        .map_err(taken_or)?
        .ok_or_else(|| Error::not_found(Noun::Project))?;
        record(&mut transaction, who, "project.update", &row).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// projects:manage. Its variables go with it.
    ///
    /// # Errors
    /// 403, 404; 422 `has_services` while it has any.
    pub async fn delete_project(&self, who: &Caller, project: Uuid) -> Result<(), Error> {
        who.require(Permission::ProjectsManage)?;
        let mut transaction = self.pool.begin().await?;
        let row = claim(&mut transaction, who, project).await?;
        let services = sqlx::query_scalar!(
            r#"select count(*) as "count!" from services where workspace_id = $1 and project_id = $2"#,
            who.workspace_id,
            row.id
        )
        .fetch_one(&mut *transaction)
        .await?;
        if services > 0 {
            let things = if services == 1 { "service" } else { "services" };
            let rest = format!("still has {services} {things}: delete or move them first");
            return Err(Problem::breaks("project", "has_services", &rest).into());
        }
        // Before the row goes by which it is judged who may hear of it.
        record(&mut transaction, who, "project.delete", &row).await?;
        sqlx::query!(
            "update publications set version = version + 1, retry_at = now() where workspace_id = $1 and project_id = $2",
            who.workspace_id,
            row.id
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!("delete from projects where workspace_id = $1 and id = $2", who.workspace_id, row.id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The project, and nobody puts anything into it until the transaction ends.
async fn claim(connection: &mut PgConnection, who: &Caller, id: Uuid) -> Result<ProjectRow, Error> {
    sqlx::query_as!(
        ProjectRow,
        "select id, name, restricted, created_at, updated_at from projects
         where workspace_id = $1 and id = $2 and (not restricted or $3) for update",
        who.workspace_id,
        id,
        reach::sees_restricted(who)
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::not_found(Noun::Project))
}

/// Writes the audit row and the event of a change.
async fn record(
    connection: &mut PgConnection,
    who: &Caller,
    action: &'static str,
    row: &ProjectRow,
) -> Result<(), Error> {
    let entry = Entry { action, entity_id: Some(row.id), entity: &row.name, reason: None };
    audit::write(&mut *connection, who, entry).await?;
    let (workspace, id) = (who.workspace_id, row.id);
    events::emit(connection, &[Change { workspace, kind: EventKind::Project, id, project: Some(id) }]).await
}

fn taken() -> Error {
    Problem::breaks("name", "taken", "is taken by another project of this workspace").into()
}

fn taken_or(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some(NAME_INDEX) => taken(),
        _ => error.into(),
    }
}
