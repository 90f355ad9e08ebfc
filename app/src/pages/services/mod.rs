//! `/w/{workspace}/services` and below.

mod create;
mod list;
mod show;

pub use create::CreateRoute;
pub use list::ListRoute;
pub use show::ShowRoute;
