//! Runs a command with DATABASE_URL naming a PostgreSQL server that lives as long as the command does.
//!
//! `with_server [--migrate DIR] COMMAND [ARG …]`: for tests and for `make queries`. The server runs under an account that may run
//! servers, the command as whoever called; fsync is off, because nothing of it is kept.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use postgres::{Host, Limits, Listen, Major, Settings, free_port};
use secrecy::ExposeSecret as _;
use tokio::runtime::{Builder, Runtime};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The word that makes this program the server's side.
const SERVE: &str = "--serve";
/// Away from the ports that tests hand out to services.
const PORTS: std::ops::RangeInclusive<u16> = 14400..=14499;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [SERVE] => serve().map(|()| 0),
        ["--migrate", dir, command @ ..] if !command.is_empty() => with_server(Some(Path::new(dir)), command),
        command if !command.is_empty() => with_server(None, command),
        _ => Err("usage: with_server [--migrate DIR] COMMAND [ARG …]".into()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "with_server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the server's side, runs the command, and ends the server by closing its standard input.
fn with_server(migrations: Option<&Path>, command: &[&str]) -> Outcome<u8> {
    let exe = std::env::current_exe()?;
    let mut server = Command::new(exe).arg(SERVE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    BufReader::new(server.stdout.take().ok_or("no pipe")?).read_line(&mut url)?;
    let url = url.trim();
    if url.is_empty() {
        server.wait()?;
        return Err("the server didn't start".into());
    }
    let run = || -> Outcome<u8> {
        if let Some(dir) = migrations {
            migrate(url, dir)?;
        }
        let (program, args) = command.split_first().ok_or("no command")?;
        let status = Command::new(program).args(args).env("DATABASE_URL", url).status()?;
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    };
    let done = run();
    drop(server.stdin.take());
    server.wait()?;
    done
}

fn migrate(url: &str, dir: &Path) -> Outcome<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    runtime()?.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        for file in files {
            client.batch_execute(&std::fs::read_to_string(file)?).await?;
        }
        Ok(())
    })
}

/// The server's side: says its address, and lives until its standard input ends.
fn serve() -> Outcome<()> {
    // as root, this replaces the process by itself under another account
    let place = postgres::testing::unprivileged()?;
    runtime()?.block_on(async {
        let host = Host::new(place.host_config())?;
        let dir = place.path().join("server");
        let port = free_port(PORTS, &Default::default()).ok_or("no free port")?;
        let limits = Limits { ram_mib: 1024, disk_mib: 65_536, cpu_millis: 2000 };
        let settings = Settings::new(Major::new(17).ok_or("no major")?, limits, Listen::Loopback, port)
            .with("fsync", "off")?
            .with("max_connections", "200")?;
        host.prepare(&dir, &settings).await?;
        host.start(&dir).await?;
        let password = host.superuser_password(&dir)?.ok_or("no password")?;
        writeln!(std::io::stdout(), "postgres://postgres:{}@127.0.0.1:{port}/postgres", password.expose_secret())?;
        std::io::stdout().flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        host.remove(&dir).await?;
        Ok(())
    })
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
