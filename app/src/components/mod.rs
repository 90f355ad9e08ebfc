//! What several pages share and what knows the console's own map.

mod audit;
mod call_form;
mod create_service;
mod fill;
mod frame;
mod names;
mod not_here;
mod page;
mod palette;
mod refusal;
mod services;
mod title;
pub mod words;

pub use audit::{AuditRows, audit_title};
pub use call_form::CallForm;
pub use create_service::CreateService;
pub use fill::Fill;
pub use frame::Frame;
pub use names::{Names, names};
pub use not_here::NotHere;
pub use page::{Page, PageHead, Themes, WhenGone};
pub use palette::Palette;
pub use refusal::{Refusal, StateBadge};
pub use services::ServiceRows;
pub use title::TabTitle;
