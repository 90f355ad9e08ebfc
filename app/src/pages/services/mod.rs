//! `/w/{workspace}/services` and below.

mod create;
mod list;
mod show;

pub use create::Create;
pub use list::List;
pub use show::{
    PressForm, Show, ShowActivity, ShowLogs, ShowMembers, ShowMetrics, ShowObject, ShowReplication, ShowSettings,
    can_press,
};
