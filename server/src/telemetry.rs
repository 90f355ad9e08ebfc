//! The log: lines on standard error, as text or JSON, filtered by `BERTH_LOG`.
//!
//! Never logged, at any level, by any part of Berth:
//! - headers and bodies of requests and answers, and the query part of a URL;
//! - passwords, tokens, session and set-up links, keys, certificates' keys, S3 credentials;
//! - values of variables, and connection URLs of services;
//! - SQL parameters, and the statements that set a password;
//! - the text that a user typed into a form.
//!
//! A message reads alone; what varies stands in fields.

use std::backtrace::Backtrace;
use std::io;
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::LogFormat;

/// Our own lines, and of the libraries below us what is worth a look.
pub const SERVER: &str = "info,sqlx=warn,hyper=warn,hyper_util=warn,rustls=warn,tower_http=warn";

/// Commands say what they did on standard output.
pub const COMMAND: &str = "warn";

/// Starts the log and sends panics to it. Once per process, before anything can be worth a line.
///
/// `filter` counts where `BERTH_LOG` is absent; a `BERTH_LOG` that can't be read is an error.
pub fn init(format: LogFormat, filter: &str) -> Result<(), String> {
    let filter = match std::env::var("BERTH_LOG") {
        Ok(text) if !text.is_empty() => {
            EnvFilter::try_new(&text).map_err(|e| format!("BERTH_LOG isn't a filter as in info,server=debug: {e}"))?
        }
        _ => EnvFilter::new(filter),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(BoxMakeWriter::new(io::stderr));
    match format {
        LogFormat::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("(no text)");
    let backtrace = Backtrace::capture();
    tracing::error!(place, message, %backtrace, "a bug: panicked");
}
