//! What a service's server logs.

use contract::Caller;
use contract::log::{LogFilter, LogLines};
use contract::permission::Permission;
use contract::problem::Problem;
use contract::spec::ServiceType;
use contract::values::Secret;

use super::entity;
use crate::Control;
use crate::error::Error;
use crate::port::PortError;

impl Control {
    pub(crate) async fn service_log(&self, who: &Caller, id: &str, filter: LogFilter) -> Result<LogLines, Error> {
        // it repeats what clients sent: whoever may not see the credentials may not see that either
        who.require(Permission::ServicesReveal)?;
        if filter.q.chars().count() > LogFilter::Q_MAX {
            return Err(Problem::breaks("q", "too_long", "is too long (maximum is 200 characters)").into());
        }
        if !(1..=LogFilter::MOST).contains(&filter.lines) {
            return Err(Problem::not_listed("lines", &format!("1 to {}", LogFilter::MOST)).into());
        }
        let mut connection = self.pool.acquire().await?;
        let row = entity::reachable(&mut connection, who, id).await?;
        drop(connection);
        if row.service_type()? != ServiceType::Postgres {
            return Err(Problem::breaks("service_type", "no_log", "shared_storage has no server that logs").into());
        }
        let password = row.password(self, who)?.unwrap_or_else(|| Secret::new(""));
        self.runtime.log(&row.service(who)?, &filter, &password).await.map_err(|error| match error {
            PortError::Retry { message, .. } | PortError::Away(message) | PortError::Rejected(message) => {
                contract::ApiError::Unavailable(format!("The log can't be read: {message}")).into()
            }
        })
    }
}
