//! `cluster up` gives a cluster to play with, `cluster down` ends it, `cluster with COMMAND` runs a command with one of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use cluster::{Access, Cache, Loopback, Node, Programs, balancer, build};

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Does,
}

#[derive(Subcommand)]
enum Does {
    /// Build what is missing, and start a node, unless it runs already; its last line is `export KUBECONFIG=…`
    Up,
    /// End that node
    Down,
    /// Run a command with KUBECONFIG and BERTH_KUBERNETES_CONFIG naming a cluster that lives as long as the command does
    With {
        /// How much of one
        #[arg(long, value_enum, default_value_t = Size::Loopback)]
        size: Size,
        /// On loopback, nobody does what the objects of CloudNativePG ask for
        #[arg(long)]
        without_operator: bool,
        #[arg(required = true, trailing_var_arg = true)]
        command: Vec<String>,
    },
    /// Build what is missing
    Build,
    /// Inside a node: give Services their addresses
    #[command(hide = true)]
    Balancer { kubeconfig: PathBuf },
}

#[derive(Clone, Copy, ValueEnum)]
enum Size {
    /// API server and operator; no pods
    Loopback,
    /// A whole node with pods
    Node,
}

// one thread: what is started ends with the thread that started it
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let cache = Cache::open()?;
    match Cli::parse().command {
        Does::Build => {
            build(&cache)?;
        }
        Does::Up => {
            let programs = build(&cache)?;
            let access = match Node::left_running()? {
                Some(access) => access,
                None => Node::start(&cache, &programs).await?.leave_running()?,
            };
            for (variable, path) in variables(&access, &programs) {
                say(&format!("export {variable}={}", path.display()));
            }
        }
        Does::Down => Node::stop_left_running()?,
        Does::Balancer { kubeconfig } => balancer::run(&kubeconfig).await?,
        Does::With { size: Size::Loopback, without_operator, command } => {
            let programs = build(&cache)?;
            let cluster = Loopback::start(&programs, !without_operator).await?;
            return run(&command, variables(cluster.access(), &programs));
        }
        Does::With { size: Size::Node, command, .. } => {
            let programs = build(&cache)?;
            let cluster = Node::start(&cache, &programs).await?;
            return run(&command, variables(cluster.access(), &programs));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How a cluster is reached, and what tests start beside it.
fn variables<'a>(access: &'a Access, programs: &'a Programs) -> [(&'static str, &'a Path); 3] {
    let [berth, kubeconfig] = access.variables();
    [("BERTH_TEST_S3", &programs.s3), berth, kubeconfig]
}

fn run(command: &[String], variables: [(&str, &Path); 3]) -> Result<ExitCode> {
    let (program, args) = command.split_first().context("no command")?;
    let status = Command::new(program).args(args).envs(variables).status();
    let status = status.with_context(|| format!("starting {program}"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

#[expect(clippy::print_stdout, reason = "what is asked for goes to standard output")]
fn say(line: &str) {
    println!("{line}");
}
