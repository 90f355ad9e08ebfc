//! Berth's contract: every type that crosses a boundary, its parsing, and the tables that decide what may be done.
//!
//! The REST handlers, the console's server functions and the form in the browser hold these same types, and
//! [`NewService::parse`] is the only validation there is. Nothing here reads a clock, a file or a database: what
//! needs rows is checked by the use case in the transaction that inserts.
//!
//! | module | holds |
//! |---|---|
//! | [`scalar`], [`problem`], [`error`] | raw values of a request, what may be wrong with them, how it is answered |
//! | [`new_service`], [`replica`], [`change`], [`spec`], [`values`] | what is asked for, and what it means once it is checked |
//! | [`service`], [`connection`], [`operation`], [`log`], [`metrics`], [`members`], [`replication`], [`live`] | what is answered |
//! | [`mount`] | apps, and the volumes that they mount |
//! | [`preview`], [`preflight`] | what would come of a request |
//! | [`state`], [`permission`] | who may do what, and when |
//! | [`capabilities`], [`capacity`] | what this installation can do, and what still fits |
//! | [`project`], [`resource`], [`user`], [`audit`], [`event`], [`page`] | the other nouns |
//! | [`console`] | the application interface: one method per use case |

pub mod audit;
pub mod capabilities;
pub mod capacity;
#[cfg(feature = "certificates")]
mod certificates;
pub mod change;
pub mod connection;
pub mod console;
pub mod error;
pub mod event;
pub mod live;
pub mod log;
pub mod members;
pub mod metrics;
pub mod mount;
pub mod new_service;
pub mod operation;
pub mod page;
pub mod permission;
pub mod preflight;
pub mod preview;
pub mod problem;
pub mod project;
mod read;
pub mod replica;
pub mod replication;
pub mod resource;
pub mod scalar;
pub mod service;
pub mod spec;
pub mod state;
pub mod user;
pub mod values;

pub use capabilities::Capabilities;
pub use change::ServiceChange;
pub use console::{Caller, Console, Doorkeeper};
pub use error::ApiError;
pub use new_service::NewService;
pub use problem::{Invalid, Problem};
pub use service::Service;
pub use spec::ServiceSpec;
pub use state::{Action, State};
