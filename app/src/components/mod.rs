//! What several pages share and what knows the console's own map.

mod frame;
mod not_here;
mod page;
mod refusal;
pub mod words;

pub use frame::Frame;
pub use not_here::NotHere;
pub use page::{Page, PageHead, Themes, WhenGone};
pub use refusal::{Refusal, StateBadge};
