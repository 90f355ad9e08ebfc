//! `/w/{workspace}/projects` and below.

mod list;
mod show;

pub use list::Projects;
pub use show::Project;
