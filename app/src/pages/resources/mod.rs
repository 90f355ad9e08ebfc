//! `/w/{workspace}/resources` and below.

mod list;
mod show;

pub use list::Resources;
pub use show::Resource;
