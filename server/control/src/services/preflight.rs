//! `POST /services/preflight`: what a source is found to be.

use contract::permission::Permission;
use contract::preflight::Check;
use contract::{Caller, NewService};
use time::OffsetDateTime;

use crate::Control;
use crate::error::Error;
use crate::source::preflight;

impl Control {
    pub(crate) async fn preflight(&self, who: &Caller, new: NewService) -> Result<Vec<Check>, Error> {
        who.require(Permission::ServicesManage)?;
        let asked = new.parse_source(&self.runtime.capabilities(), OffsetDateTime::now_utc())?;
        Ok(preflight::check(&self.outbound, &asked).await)
    }
}
