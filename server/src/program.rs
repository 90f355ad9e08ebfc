//! What `main` does: reads the command line and carries one command out. No thread exists before root is given up.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use crate::config::{Cli, Command, LogFormat, Stop};
use crate::stop::{self, Stopped};
use crate::{account, compose, serve, telemetry, users};

/// 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::from_process();
    let log = match &cli.command {
        Command::Serve(flags) => telemetry::init(flags.log_format, telemetry::SERVER),
        Command::User(_) | Command::Stop(_) => telemetry::init(LogFormat::Text, telemetry::COMMAND),
    };
    if let Err(message) = log {
        return failed(&message, 2);
    }
    let done = match cli.command {
        Command::Serve(flags) => serve::run(*flags).map_err(|e| e.to_string()),
        Command::User(user) => users::run(&user.command).map_err(|e| e.to_string()),
        Command::Stop(flags) => stop_console(&flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message, 1),
    }
}

fn stop_console(flags: &Stop) -> Result<(), String> {
    let Some(ground) = account::settle_existing(&flags.data_dir).map_err(|e| e.to_string())? else {
        say(format_args!("No console ever ran on {}.", flags.data_dir.display()));
        return Ok(());
    };
    let place = ground.data_dir.display();
    match stop::console(&ground.data_dir).map_err(|e| e.to_string())? {
        Stopped::Ended(pid) => say(format_args!("The console on {place} (process {pid}) has ended.")),
        Stopped::NotRunning => say(format_args!("No console runs on {place}.")),
    }
    if flags.databases {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let stopped = runtime.block_on(compose::stop_servers(&ground.data_dir)).map_err(|e| e.to_string())?;
        say(format_args!("{stopped} database servers below {place} were ended."));
    }
    Ok(())
}

fn say(words: impl Display) {
    // A closed pipe is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{words}");
}

/// The last line on standard error says why, beside whatever the log said before.
fn failed(message: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "berth: {message}");
    ExitCode::from(code)
}
