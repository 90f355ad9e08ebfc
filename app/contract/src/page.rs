//! Cursor pages.

use serde::{Deserialize, Serialize};

use crate::problem::{Invalid, Problem};

/// `limit` and `cursor` of a list, as they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageRequest {
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// One page of a list, newest first, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Hand it back as `cursor`; `None` on the last page.
    pub next: Option<String>,
}

impl PageRequest {
    pub const DEFAULT_LIMIT: u16 = 50;
    pub const MAX_LIMIT: u16 = 200;
    /// Every cursor, and nothing else: 16 bytes in base64url without padding.
    pub const CURSOR: &str = "^[A-Za-z0-9_-]{21}[AQgw]$";

    /// As much as one page holds, from the newest on.
    pub fn whole() -> Self {
        Self { limit: Some(Self::MAX_LIMIT.to_string()), cursor: None }
    }

    /// # Errors
    /// `limit` isn't a whole number from 1 to 200.
    pub fn limit(&self) -> Result<u16, Invalid> {
        match self.limit.as_deref() {
            None | Some("") => Ok(Self::DEFAULT_LIMIT),
            Some(text) => match text.parse() {
                Ok(limit) if (1..=Self::MAX_LIMIT).contains(&limit) => Ok(limit),
                _ => Err(Problem::not_listed("limit", "1 to 200").into()),
            },
        }
    }
}
