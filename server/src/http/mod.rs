//! HTTP: from the socket to a handler and back. Handlers are one call of the console each; nothing here asks a
//! database or a runtime.
//!
//! A request passes, outermost first: [`request_id`], [`trace`], [`headers`], compression, [`error`] (which gives
//! every refusal its body), [`catch`], [`host`], [`origin`], [`body`], then the routes of [`router`].

pub mod assets;
pub mod body;
pub mod catch;
pub mod error;
pub mod extract;
pub mod headers;
pub mod health;
pub mod host;
pub mod limits;
pub mod listener;
pub mod origin;
pub mod pages;
pub mod request_id;
pub mod router;
pub mod site;
pub mod tls;
pub mod trace;

pub use error::Failure;
pub use extract::Body;
pub use request_id::RequestId;
pub use router::{AppState, router};
pub use site::{ClientAddress, Site};

#[cfg(test)]
mod tests;
