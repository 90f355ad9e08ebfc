//! Reading the audit log. It is written by [`crate::store::audit`], in the transaction of what it tells of.

use contract::Caller;
use contract::audit::{AuditEntry, AuditFilter};
use contract::page::{Page, PageRequest};
use contract::permission::Permission;

use crate::Control;
use crate::error::Error;
use crate::store::cursor::Window;

impl Control {
    /// Newest first: everything with workspace:security, else what the caller did himself.
    ///
    /// # Errors
    /// 400 for a page that isn't one.
    pub async fn list_audit(
        &self,
        who: &Caller,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, Error> {
        let window = Window::of(&page)?;
        let only = (!who.may(Permission::WorkspaceSecurity)).then_some(who.user_id);
        let entries = sqlx::query_as!(
            AuditEntry,
            "select id as uuid, at, email, action, entity_id, entity, reason, request_id from audit
             where workspace_id = $1 and id < $2 and ($3::uuid is null or user_id = $3)
               and ($4::uuid is null or entity_id = $4)
             order by id desc limit $5",
            who.workspace_id,
            window.before,
            only,
            filter.entity_id,
            window.rows
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(window.page(entries, |entry| entry.uuid))
    }
}
