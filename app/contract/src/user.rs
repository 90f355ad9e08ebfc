//! People, their workspaces and their tokens.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::permission::{Permission, Role};
use crate::problem::Invalid;
use crate::read::Reader;
use crate::scalar::wire;
use crate::values::{Label, Secret, Word};
use time::OffsetDateTime;

/// Answer of `GET /users/me`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub uuid: Uuid,
    pub email: String,
    pub workspaces: Vec<Membership>,
}

/// A workspace that somebody is a member of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Membership {
    pub uuid: Uuid,
    /// What stands in the console's addresses.
    pub slug: String,
    pub name: String,
    pub role: Role,
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub permissions: Vec<Permission>,
}

/// A personal token, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    pub uuid: Uuid,
    pub label: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

/// A token that was just made: the only time that its secret is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    #[serde(flatten)]
    pub about: Token,
    /// Send it as `Authorization: Bearer …`.
    pub token: Secret,
}

wire! {
    /// The body of `POST /users/me/tokens`.
    pub struct NewToken {
        /// 1 to 40 characters.
        [value_type = String, min_length = 1, max_length = 40] label,
        /// Days until it expires, 1 to 3650; absent: it doesn't.
        [value_type = Option<u16>, minimum = 1, maximum = 3650] expires_in_days,
    }
}

impl NewToken {
    /// Label and days.
    ///
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self) -> Result<(Label, Option<u16>), Invalid> {
        let mut read = Reader::new(&self.surplus);
        let label = read.required("label", &self.label).and_then(|raw| read.checked("label", raw, Label::new));
        let days = read.number("expires_in_days", &self.expires_in_days, "1 to 3650", |n| {
            (n.fract() == 0.0 && (1.0..=3650.0).contains(&n)).then_some(n as u16)
        });
        read.finish(label.map(|label| (label, days)))
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub uuid: Uuid,
    /// Where it signed in from.
    pub address: String,
    /// What the browser says of itself.
    pub agent: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen_at: OffsetDateTime,
    /// The one that asks.
    pub current: bool,
}

wire! {
    /// A new password for oneself.
    pub struct PasswordChange {
        /// The password as it is.
        [value_type = String, write_only] current_password,
        /// At least 12 characters.
        [value_type = String, write_only] new_password,
    }
}

impl PasswordChange {
    /// The current and the new one; what a new one may be is for the identity's rules to say.
    ///
    /// # Errors
    /// One of them is missing, or far too long.
    pub fn parse(&self) -> Result<(Secret, Secret), Invalid> {
        let mut read = Reader::new(&self.surplus);
        let mut field = |name: &str, raw: &crate::scalar::Raw| {
            let raw = read.required(name, raw)?;
            read.checked(name, raw, |text| Word::new(text, PASSWORD_MAX))
        };
        let current = field("current_password", &self.current_password);
        let new = field("new_password", &self.new_password);
        read.finish(current.zip(new).map(|(current, new)| (Secret::new(current.as_str()), Secret::new(new.as_str()))))
    }
}

wire! {
    /// The body of `POST /auth/sign_in`.
    pub struct SignIn {
        /// The user's e-mail address.
        [value_type = String] email,
        /// The user's password.
        [value_type = String, write_only] password,
    }
}

/// Longest e-mail address (RFC 5321, section 4.5.3.1.3) and longest password that is hashed.
const EMAIL_MAX: usize = 254;
const PASSWORD_MAX: usize = 256;

impl SignIn {
    /// # Errors
    /// A field is missing or far too long.
    pub fn parse(&self) -> Result<(String, Secret), Invalid> {
        let mut read = Reader::new(&self.surplus);
        let mut field = |name: &str, raw: &crate::scalar::Raw, max: usize| {
            let raw = read.required(name, raw)?;
            read.checked(name, raw, |text| Word::new(text, max))
        };
        let email = field("email", &self.email, EMAIL_MAX);
        let password = field("password", &self.password, PASSWORD_MAX);
        read.finish(email.zip(password).map(|(e, p)| (e.as_str().trim().to_lowercase(), Secret::new(p.as_str()))))
    }
}

wire! {
    /// The body of `POST /auth/refresh_token`.
    pub struct Refresh {
        /// As sign_in or the last refresh answered it; good for one use.
        [value_type = String, write_only] refresh_token,
    }
}

impl Refresh {
    /// # Errors
    /// The token is missing.
    pub fn parse(&self) -> Result<Secret, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let token = read
            .required("refresh_token", &self.refresh_token)
            .and_then(|raw| read.checked("refresh_token", raw, |text| Word::new(text, PASSWORD_MAX)));
        read.finish(token.map(|t| Secret::new(t.as_str())))
    }
}

/// Answer of `POST /auth/sign_in` and `POST /auth/refresh_token`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    pub access_token: Secret,
    pub refresh_token: Secret,
    /// Seconds until the access token expires.
    pub expires_in: u32,
}
