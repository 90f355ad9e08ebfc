//! `GET /services` and `GET /services/{id}`.

use contract::console::Secrets;
use contract::page::{Page, PageRequest};
use contract::permission::Permission;
use contract::problem::Problem;
use contract::service::ServiceFilter;
use contract::{Caller, Service};

use super::entity;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::cursor::Window;
use crate::{Control, reach};

impl Control {
    pub(crate) async fn list_services(
        &self,
        who: &Caller,
        filter: ServiceFilter,
        page: PageRequest,
    ) -> Result<Page<Service>, Error> {
        who.require(Permission::ServicesView)?;
        let window = Window::of(&page)?;
        // no name or label has one in it, and the store would choke on a NUL
        if filter.q.as_deref().is_some_and(|q| q.contains(char::is_control)) {
            return Err(Problem::breaks("q", "control", "must not contain control characters").into());
        }
        let pattern = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(contains);
        let mut connection = self.pool.acquire().await?;
        let ids = sqlx::query_scalar!(
            "select s.id from services s join projects p on p.id = s.project_id and p.workspace_id = s.workspace_id
             where s.workspace_id = $1 and s.id < $2 and (not p.restricted or $3)
               and ($4::uuid is null or s.project_id = $4)
               and ($5::uuid is null or s.resource_id = $5)
               and ($6::text is null or s.service_type = $6)
               and ($7::text is null or s.state = $7)
               and ($8::text is null or s.name ilike $8 or s.label ilike $8)
             order by s.id desc limit $9",
            who.workspace_id,
            window.before,
            reach::sees_restricted(who),
            filter.project_id,
            filter.resource_id,
            filter.service_type.map(|t| t.as_str()),
            filter.state.map(|s| s.as_str()),
            pattern,
            window.rows
        )
        .fetch_all(&mut *connection)
        .await?;
        let rows = entity::rows(&mut connection, who, &ids).await?;
        let services = rows.iter().map(|row| row.entity(None)).collect::<Result<Vec<_>, _>>()?;
        Ok(window.page(services, |s| s.uuid))
    }

    pub(crate) async fn get_service(&self, who: &Caller, id: &str, secrets: Secrets) -> Result<Service, Error> {
        who.require(Permission::ServicesView)?;
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        // a role that has to say why gets them by POST …/reveal only
        let shown = secrets == Secrets::Shown
            && who.may(Permission::ServicesReveal)
            && !who.role.reveals_with_reason()
            && row.sealed_password.is_some()
            && !row.follows;
        let password = if shown {
            let entry = Entry { action: "service.reveal", entity_id: Some(row.id), entity: &row.name, reason: None };
            audit::write(&mut connection, who, entry).await?;
            row.password(self, who)?
        } else {
            None
        };
        row.entity(row.connection(self, who, password.as_ref())?)
    }
}

/// A pattern of `ilike` that finds the text anywhere, taken literally.
fn contains(text: &str) -> String {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(super::contains("50%_\\"), "%50\\%\\_\\\\%");
    }
}
