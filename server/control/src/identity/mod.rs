//! Who somebody is: users, passwords, sessions and tokens.
//!
//! | module | holds |
//! |---|---|
//! | [`sign_in`], [`password`] | e-mail address and password |
//! | [`sessions`], [`tokens`] | what proves it from then on: a cookie, a bearer token |
//! | [`me`] | use cases about oneself: memberships, personal tokens, sessions, the password |
//! | [`users`], [`first_start`], [`seed`] | what the command line and the first start do |
//! | [`sweep`] | what is deleted when its time is over |
//!
//! Membership and role are read with every request, so that a change of them counts from the next one on.

mod caller;
pub mod first_start;
pub mod me;
pub mod password;
pub mod rules;
mod secret;
pub mod seed;
pub mod sessions;
pub mod sign_in;
pub mod sweep;
pub mod tokens;
pub mod users;

pub use first_start::FirstStart;
pub use seed::{Capacity, Site, seed_site, seed_workspace};
pub use sweep::sweep;
pub use users::User;

use sqlx::PgPool;

use password::Hasher;

/// Signs people in and recognises them. A clone is cheap and shares the bound on hashing.
#[derive(Clone)]
pub struct Identity {
    pool: PgPool,
    hasher: Hasher,
}

impl Identity {
    pub fn new(pool: PgPool) -> Self {
        Self { pool, hasher: Hasher::default() }
    }
}
