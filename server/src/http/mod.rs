//! HTTP: from the socket to a handler and back. Handlers are one call of the console each; nothing here asks a
//! database or a runtime.
//!
//! A request passes, outermost first: [`request_id`], [`trace`], [`headers`], compression, [`error`] (which gives
//! every refusal its body), [`catch`], [`host`], [`origin`], [`body`], then the routes of [`router`].

pub mod assets;
pub mod body;
pub mod catch;
pub mod credential;
pub mod docs;
pub mod error;
pub mod extract;
pub mod headers;
pub mod health;
pub mod host;
pub mod limits;
pub mod listener;
pub mod openapi;
pub mod origin;
pub mod pages;
pub mod query;
pub mod request_id;
pub mod rest;
pub mod router;
pub mod session;
pub mod site;
pub mod stream;
pub mod tls;
pub mod trace;
pub mod uses;

pub use error::Failure;
pub use extract::Body;
pub use request_id::RequestId;
pub use router::{AppState, console, router};
pub use site::{ClientAddress, Site};
pub use uses::Uses;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
