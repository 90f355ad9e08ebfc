//! What a service's server logs.

use contract::Caller;
use contract::log::{LogFilter, LogLines};
use contract::permission::Permission;
use contract::problem::Problem;

use super::entity;
use crate::Control;
use crate::error::Error;
use crate::port::PortError;

/// Stands where the password stood.
const DOTS: &str = "••••••••";

impl Control {
    pub(crate) async fn service_log(&self, who: &Caller, id: &str, filter: LogFilter) -> Result<LogLines, Error> {
        who.require(Permission::ServicesView)?;
        if !(1..=LogFilter::MOST).contains(&filter.lines) {
            return Err(Problem::not_listed("lines", &format!("1 to {}", LogFilter::MOST)).into());
        }
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        drop(connection);
        let Some(password) = row.password(self, who)? else {
            return Err(Problem::breaks("service_type", "no_log", "shared_storage has no server that logs").into());
        };
        let found = self.runtime.log(&row.name()?, &filter).await.map_err(|error| match error {
            PortError::Retry { message, .. } | PortError::Rejected(message) => {
                contract::ApiError::Unavailable(format!("The log can't be read: {message}"))
            }
        })?;
        let clean = |line: String| line.replace(password.expose(), DOTS);
        Ok(LogLines { lines: found.lines.into_iter().map(clean).collect(), more: found.more })
    }
}
