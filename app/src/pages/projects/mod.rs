//! `/w/{workspace}/projects` and below.

mod list;
mod show;
mod variables;

pub use list::Projects;
pub use show::Project;
