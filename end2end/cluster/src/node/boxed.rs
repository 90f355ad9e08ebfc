//! The box itself: its namespaces, what is started in there, and its end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::api::until;
use crate::programs::run;

/// The machine's end of the wire, and the box's.
const OUTSIDE: &str = "berth-cluster";
const INSIDE: &str = "eth0";
/// What a namespace takes to come into being, or to go.
const MOMENT: Duration = Duration::from_secs(10);

pub(super) struct Boxed {
    place: PathBuf,
    /// Of its first process, as the machine counts.
    pub(super) first: i32,
}

impl Boxed {
    pub(super) async fn new(place: &Path, pause: &Path) -> Result<Self> {
        let mut unshare = Command::new("setsid");
        unshare.args(["unshare", "--fork", "--pid", "--kill-child=KILL", "--mount", "--propagation", "slave"]);
        unshare.args(["--net", "--uts", "--ipc", "--mount-proc"]).arg(pause);
        let log = File::create(place.join("log/box.log"))?;
        unshare.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut child = unshare.spawn().context("starting unshare")?;
        let holder = child.id();
        let mut first = None;
        until(MOMENT, "the box is there", async || {
            let children = fs::read_to_string(format!("/proc/{holder}/task/{holder}/children")).unwrap_or_default();
            first = children
                .split_whitespace()
                .next()
                .and_then(|pid| pid.parse().ok())
                .filter(|pid| is_in_a_box(*pid, pause));
            Ok(first.is_some())
        })
        .await
        .inspect_err(|_| drop(child.kill()))?;
        Ok(Self { place: place.to_owned(), first: first.context("no first process")? })
    }

    pub(super) fn known(place: &Path, first: i32) -> Self {
        Self { place: place.to_owned(), first }
    }

    /// Runs a program in the box, to its end.
    pub(super) fn run(&self, line: &[&str]) -> Result<()> {
        let out = self.enter().args(line).stdin(Stdio::null()).output()?;
        ensure!(out.status.success(), "{}: {}", line.join(" "), String::from_utf8_lossy(&out.stderr).trim());
        Ok(())
    }

    /// Starts a program that belongs to the box from then on.
    pub(super) fn start(&self, name: &str, program: &[&str], args: &[String]) -> Result<()> {
        let log = File::create(self.place.join(format!("log/{name}.log")))?;
        let mut command = self.enter();
        command.args(["setsid", "--fork"]).args(program).args(args);
        run(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log))
            .with_context(|| format!("starting {name}"))
    }

    /// A wire with an address at each end, and the machine's routes to networks behind the box.
    pub(super) fn connect(&self, machine: &str, address: &str, networks: &[&str]) -> Result<()> {
        let first = self.first.to_string();
        ip(&["link", "add", OUTSIDE, "type", "veth", "peer", "name", INSIDE, "netns", &first])?;
        ip(&["address", "add", &format!("{machine}/24"), "dev", OUTSIDE])?;
        ip(&["link", "set", OUTSIDE, "up"])?;
        for network in networks {
            ip(&["route", "add", network, "via", address, "dev", OUTSIDE])?;
        }
        self.run(&["ip", "link", "set", "lo", "up"])?;
        self.run(&["ip", "address", "add", &format!("{address}/24"), "dev", INSIDE])?;
        self.run(&["ip", "link", "set", INSIDE, "up"])?;
        self.run(&["ip", "route", "add", "default", "via", machine])?;
        self.run(&["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.route_localnet=1"])
    }

    /// Kills its first process: the kernel ends all that is in the box with it.
    pub(super) fn end(&self) -> Result<()> {
        if !Path::new(&format!("/proc/{}", self.first)).exists() {
            return Ok(());
        }
        kill(Pid::from_raw(self.first), Signal::SIGKILL)?;
        let began = Instant::now();
        while Path::new(&format!("/proc/{}/ns/pid", self.first)).exists() {
            if began.elapsed() > MOMENT {
                bail!("the box's first process, {}, does not end", self.first);
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.to_string(), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]);
        command
    }
}

/// Whether this process is the first of a box: it runs the program that waits, and has processes of its own.
fn is_in_a_box(pid: i32, pause: &Path) -> bool {
    let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/pid")).ok();
    let apart = namespace(&pid.to_string()).is_some_and(|own| Some(own) != namespace("self"));
    apart && fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == pause)
}

/// What the kernel leaves of a box that has ended: its wire, for a moment; empty groups of processes; its files.
pub(super) fn clear_up(place: &Path) -> Result<()> {
    if Path::new("/sys/class/net").join(OUTSIDE).exists() {
        // it goes with the box's end of it, which may take a moment
        let _ = Command::new("ip").args(["link", "delete", OUTSIDE]).stderr(Stdio::null()).status();
    }
    let began = Instant::now();
    while let Some(group) = groups_of_pods().into_iter().find(|group| !remove_groups(group)) {
        // a process that was killed stays in its group until the kernel is done with it
        ensure!(began.elapsed() < MOMENT, "{} can't be removed", group.display());
        std::thread::yield_now();
    }
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("removing {}", place.display()))?;
    }
    Ok(())
}

/// What the kubelet made, in the one hierarchy (v2) or in each of them (v1).
fn groups_of_pods() -> Vec<PathBuf> {
    let root = PathBuf::from("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    let groups = hierarchies.chain([root]).map(|hierarchy| hierarchy.join("kubepods"));
    groups.filter(|group| group.is_dir()).collect()
}

/// The deepest first: only empty ones can be removed, by the kernel's own rule. `false`: one is left.
fn remove_groups(group: &Path) -> bool {
    let inner = fs::read_dir(group).into_iter().flatten().flatten();
    for entry in inner.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_groups(&entry.path());
    }
    fs::remove_dir(group).is_ok()
}

fn ip(args: &[&str]) -> Result<()> {
    run(Command::new("ip").args(args)).with_context(|| format!("ip {}", args.join(" ")))
}
