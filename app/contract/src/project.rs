//! Projects and their environment variables.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Invalid;
use crate::read::Reader;
use crate::scalar::wire;
use crate::values::{Broken, Label};
use time::OffsetDateTime;

/// A project: services and variables that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    pub uuid: Uuid,
    /// Unique in the workspace, compared without case.
    pub name: String,
    /// True where only some members may reach it.
    pub restricted: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

wire! {
    /// The body of `POST /projects` and `PUT /projects/{id}`.
    pub struct ProjectFields {
        /// 1 to 40 characters.
        [value_type = String, min_length = 1, max_length = 40] name,
    }
}

impl ProjectFields {
    /// # Errors
    /// The name is missing or breaks a rule of [`Label`].
    pub fn parse(&self) -> Result<Label, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let name = read.required("name", &self.name).and_then(|raw| read.checked("name", raw, Label::new));
        read.finish(name)
    }
}

/// An environment variable of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Var {
    pub key: String,
    /// `null` for callers below projects:operate.
    pub value: Option<String>,
    /// The service that wrote it and whose value it still has.
    pub service_id: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

wire! {
    /// The body of `POST` and `PUT …/vars`.
    pub struct VarFields {
        /// Letters, digits and `_`, not beginning with a digit; at most 128.
        [value_type = String, pattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$"] key,
        /// At most 32 KiB, no NUL; absent: empty.
        [value_type = Option<String>, max_length = 32768] value,
    }
}

wire! {
    /// The body of `DELETE …/vars`.
    pub struct VarKey {
        /// The variable to delete.
        [value_type = String, pattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$"] key,
    }
}

const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 32 * 1024;

/// A checked name of an environment variable (POSIX, section 8.1, and lower case).
fn var_key(text: &str) -> Result<String, Broken> {
    let broken = |code, rest: &str| Err(Broken { code, rest: rest.to_owned() });
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !first || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return broken("characters", "may only have letters, digits and _ in it, and no digit first");
    }
    if text.len() > KEY_MAX {
        return broken("too_long", "is too long (maximum is 128 characters)");
    }
    Ok(text.to_owned())
}

impl VarFields {
    /// Key and value; an absent value is an empty one.
    ///
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self) -> Result<(String, String), Invalid> {
        let mut read = Reader::new(&self.surplus);
        let key = read.required("key", &self.key).and_then(|raw| read.checked("key", raw, var_key));
        let value = read.checked("value", &self.value, |text| match text {
            _ if text.contains('\0') => Err(Broken { code: "control", rest: "must not contain a NUL".into() }),
            _ if text.len() > VALUE_MAX => {
                Err(Broken { code: "too_long", rest: "is too long (maximum is 32 KiB)".into() })
            }
            _ => Ok(text.to_owned()),
        });
        read.finish(key.map(|key| (key, value.unwrap_or_default())))
    }
}

impl VarKey {
    /// # Errors
    /// The key is missing or can't be a variable's name.
    pub fn parse(&self) -> Result<String, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let key = read.required("key", &self.key).and_then(|raw| read.checked("key", raw, var_key));
        read.finish(key)
    }
}
