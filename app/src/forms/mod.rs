//! Forms: what is typed, judged by the contract's own rules while it is typed.

pub mod choices;
pub mod new_service;
pub mod settings;
