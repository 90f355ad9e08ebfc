//! Use cases and identity on a real database; every test has one of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what stands around a test may panic as the test may")]

mod account;
mod first_start;
mod projects;
mod resources;
mod seed;
mod sessions;
mod setting;
mod tokens;
mod users;
mod vars;
