//! What a machine must have for a box. Debian's packages are installed where that is allowed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail, ensure};

use crate::programs::{run, say};

/// A program, and Debian's package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("debootstrap", "debootstrap"),
    ("nft", "nftables"),
    ("conntrack", "conntrack"),
    ("iptables", "iptables"),
    ("ethtool", "ethtool"),
    ("socat", "socat"),
    ("ip", "iproute2"),
    ("sysctl", "procps"),
    ("nsenter", "util-linux"),
];
/// Where its package puts the programs that connect pods.
const PLUGIN: (&str, &str) = ("/usr/lib/cni/ptp", "containernetworking-plugins");

pub(super) fn check() -> Result<()> {
    ensure!(nix::unistd::geteuid().is_root(), "a node needs root: for namespaces, mounts and cgroups");
    ensure!(Path::new("/sys/fs/cgroup").exists(), "a node needs cgroups: none are mounted on /sys/fs/cgroup");
    let mut unshare = Command::new("unshare");
    let works = unshare.args(["--fork", "--pid", "--mount", "--net", "--uts", "--ipc", "--mount-proc", "true"]);
    let works = works.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    ensure!(
        works,
        "a node needs namespaces, and this machine allows none: `unshare --pid --mount --net --uts --ipc --mount-proc` fails"
    );
    install()
}

fn install() -> Result<()> {
    let missing = |(program, package): &(&str, &'static str)| which::which(program).is_err().then_some(*package);
    let mut packages: Vec<&str> = PROGRAMS.iter().filter_map(missing).collect();
    if !Path::new(PLUGIN.0).exists() {
        packages.push(PLUGIN.1);
    }
    if packages.is_empty() {
        return Ok(());
    }
    if which::which("apt-get").is_err() {
        bail!("these packages are missing: {}", packages.join(" "));
    }
    say(&format!("installing {}", packages.join(" ")));
    let mut update = Command::new("apt-get");
    run(update.args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages);
    // a package that would start its service is told not to
    install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1").stdout(Stdio::null());
    run(&mut install)
}
