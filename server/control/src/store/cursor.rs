//! Cursors: the id of the last row of a page, unreadable on purpose so that nobody builds one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::page::{Page, PageRequest};
use contract::problem::Problem;
use uuid::Uuid;

use crate::error::Error;

/// What a query of a page needs.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Rows before this id, newest first. The largest uuid on the first page.
    pub before: Uuid,
    /// One more than the page has, to know whether there is another.
    pub rows: i64,
    limit: usize,
}

impl Window {
    /// # Errors
    /// `limit` or `cursor` is not what this API hands out.
    pub fn of(page: &PageRequest) -> Result<Self, Error> {
        let limit = page.limit()?;
        let before = match page.cursor.as_deref().filter(|c| !c.is_empty()) {
            None => Uuid::max(),
            Some(text) => URL_SAFE_NO_PAD
                .decode(text)
                .ok()
                .and_then(|bytes| Uuid::from_slice(&bytes).ok())
                .ok_or_else(|| Problem::invalid("cursor", "take it from the Link header of the page before"))?,
        };
        Ok(Self { before, rows: i64::from(limit) + 1, limit: usize::from(limit) })
    }

    /// The page of the rows that came, and the cursor of the next one.
    pub fn page<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(id(last).as_bytes()));
        Page { items, next }
    }
}
