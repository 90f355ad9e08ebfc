//! `/w/{workspace}/services` and below.

mod create;
mod list;
mod show;

pub use create::Create;
pub use list::List;
pub use show::{Show, ShowActivity, ShowSettings};
