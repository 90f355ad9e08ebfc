//! `POST /services/preflight`: what a source is found to be.

use contract::permission::Permission;
use contract::preflight::Check;
use contract::{ApiError, Caller, NewService};
use time::OffsetDateTime;

use crate::Control;
use crate::error::Error;
use crate::source::{agreed, preflight};

impl Control {
    /// Whoever creates a replica soon afterwards agrees to what is warned of here.
    pub(crate) async fn preflight(&self, who: &Caller, new: NewService) -> Result<Vec<Check>, Error> {
        who.require(Permission::ServicesManage)?;
        let asked = new.parse_source(&self.runtime.capabilities(), OffsetDateTime::now_utc())?;
        let busy = |_| ApiError::Unavailable("Too many sources are being checked; try again in a moment".into());
        let _turn = self.checks.try_acquire().map_err(busy)?;
        let (checks, sslmode) = preflight::check(&self.outbound, &asked).await;
        if let Some(found) = sslmode {
            agreed::note(&mut *self.pool.acquire().await?, who, &asked.source, found).await?;
        }
        Ok(checks)
    }
}
