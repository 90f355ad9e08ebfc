use contract::{
    audit::{AuditEntry, AuditFilter},
    page::{Page, PageRequest},
};
use leptos::prelude::*;

use super::{Answer, Calls};

#[server(prefix = "/call", endpoint = "list_audit", protocol = Calls)]
pub async fn list_audit(workspace: String, filter: AuditFilter, page: PageRequest) -> Answer<Page<AuditEntry>> {
    let (console, who) = super::enter(workspace).await?;
    Ok(console.list_audit(&who, filter, page).await?)
}
