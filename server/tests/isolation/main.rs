//! H09 to H12: who gets what of whom. Every route, page and server function is asked by every role, for things in every
//! reach, and each answer is compared with the one rule of [`rules`].
//!
//! A new route, page or server function needs one line in [`table`].

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by it")]

mod asking;
mod cells;
mod mass_assignment;
mod routes;
mod rules;
mod store;
mod streams;
mod table;
mod world;
