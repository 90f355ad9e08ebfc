//! What several pages share and what knows the console's own map.

mod frame;
mod page;

pub use frame::{Frame, LiveState};
pub use page::{Page, PageHead};
