//! What a source is found to be, before a replica of it is made.

use serde::{Deserialize, Serialize};

use crate::spec::words;

words! {
    /// What came of a check.
    pub enum CheckResult { Pass = "pass", Warn = "warn", Fail = "fail", }
}

/// One check of `POST /services/preflight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// A stable word: `address`, `connection`, `tls`, `login`, `version`, `wal_level`, …
    pub check: String,
    pub result: CheckResult,
    pub message: String,
    /// What mends it: an SQL statement, a line for `pg_hba.conf` or a setting; `null` where nothing has to be mended.
    pub mend: Option<String>,
}

impl Check {
    pub fn pass(check: &str, message: impl Into<String>) -> Self {
        Self { check: check.to_owned(), result: CheckResult::Pass, message: message.into(), mend: None }
    }

    pub fn warn(check: &str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { result: CheckResult::Warn, mend: Some(mend.into()), ..Self::pass(check, message) }
    }

    pub fn fail(check: &str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { result: CheckResult::Fail, mend: Some(mend.into()), ..Self::pass(check, message) }
    }
}
