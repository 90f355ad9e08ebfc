//! A runtime in memory. It goes one phase a call, so that a test can stand between any two.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contract::Capabilities;
use contract::capabilities::Runtime;
use contract::live::Live;
use contract::log::{LogFilter, LogLines};
use contract::members::Member;
use contract::mount::{App, AppId};
use contract::preview::Preview;
use contract::replication::Lsn;
use contract::service::MemberRole;
use contract::spec::Size;
use contract::values::{Mib, MountPoint, PgMajor, Secret};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use uuid::Uuid;

use super::script::{Effect, Fault, Gate, Method, Script};
use crate::port::{
    Desired, Following, Measurement, Mounted, Observed, Origin, Outside, Phase, Place, PortError, Power, Provisioner,
    Publication, Removal, ServiceName, ServiceRef, SignIn, SignedIn, Volume, Volumes,
};

/// Hints kept for a reader.
const HINTS: usize = 1024;
/// Ports that services are given. Nobody listens on them.
const PORTS: RangeInclusive<u16> = 24_000..=24_999;
/// Where every server writes, and what has arrived of it.
const LEVEL: Lsn = Lsn(1 << 24);

/// Services in memory. Clones share them.
#[derive(Clone)]
pub struct FakeRuntime(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    gate: Gate,
    hints: broadcast::Sender<ServiceName>,
}

#[derive(Default)]
struct World {
    script: Script,
    services: BTreeMap<ServiceName, Server>,
    effects: Vec<(ServiceName, Effect)>,
    published: Vec<Publication>,
    volumes: BTreeMap<ServiceName, Held>,
    apps: Vec<(Uuid, AppId)>,
    /// Volumes are made where their first app is.
    lazy: bool,
    away: bool,
    slow_removal: bool,
}

struct Server {
    /// At most [`Phase::Running`].
    phase: Phase,
    major: PgMajor,
    size: Size,
    /// Of the owner, once he is there.
    password: Option<Secret>,
    /// Another one than that it began with.
    primary: Option<String>,
    follows: Option<Following>,
    missing: Option<String>,
    going: bool,
    log: Vec<String>,
    /// Each look counts a transaction and a second of CPU.
    looks: i64,
}

/// A volume.
struct Held {
    disk: Mib,
    /// It was asked for a second time.
    ready: bool,
    apps: BTreeMap<String, MountPoint>,
}

impl Server {
    fn member(&self, name: &ServiceName) -> Member {
        Member {
            name: self.primary.clone().unwrap_or_else(|| name.to_string()),
            role: Some(MemberRole::Primary),
            ready: self.phase == Phase::Running,
            node: None,
            started_at: None,
            lag_bytes: None,
            detail: None,
        }
    }
}

impl Default for FakeRuntime {
    fn default() -> Self {
        Self(Arc::new(Inner { world: Mutex::default(), gate: Gate::new(), hints: broadcast::channel(HINTS).0 }))
    }
}

impl FakeRuntime {
    /// The n-th call of a method, counted from 1 over the runtime's life, goes wrong.
    pub fn on(&self, method: Method, nth: usize, fault: Fault) {
        self.world().script.on(method, nth, fault);
    }

    /// The next call of a method goes wrong.
    pub fn next(&self, method: Method, fault: Fault) {
        let nth = self.count(method) + 1;
        self.on(method, nth, fault);
    }

    /// Every call of a method goes wrong, until [`Self::heal`].
    pub fn always(&self, method: Method, fault: Fault) {
        self.world().script.always(method, fault);
    }

    /// Nothing goes wrong any more. Paused calls stay paused.
    pub fn heal(&self) {
        let mut world = self.world();
        world.script.heal();
        world.away = false;
    }

    /// Every call fails, as where the runtime can't be reached.
    pub fn leave(&self) {
        self.world().away = true;
    }

    /// A removal takes a second call to end.
    pub fn remove_slowly(&self) {
        self.world().slow_removal = true;
    }

    /// So many calls of a method began.
    pub fn count(&self, method: Method) -> usize {
        self.world().script.count(method)
    }

    /// Until exactly so many calls are paused.
    pub async fn paused(&self, calls: usize) {
        self.0.gate.full(calls).await;
    }

    /// Lets every paused call go on.
    pub fn release(&self) {
        self.0.gate.release();
    }

    /// The server ends by itself, and a hint says so.
    pub fn die(&self, name: &ServiceName) {
        self.world().services.get_mut(name).expect("a service to kill").phase = Phase::Stopped;
        self.hint(name);
    }

    /// The server ends by itself, another one takes its place, and a hint says so.
    pub fn fail_over(&self, name: &ServiceName, to: &str) {
        self.world().services.get_mut(name).expect("a service to fail over").primary = Some(to.to_owned());
        self.die(name);
    }

    /// What it follows is heard of, or isn't any more, and a hint says so.
    pub fn hears(&self, name: &ServiceName, streams: bool) {
        let mut world = self.world();
        let server = world.services.get_mut(name).expect("a service that follows");
        server.follows.as_mut().expect("a source").streams = streams;
        drop(world);
        self.hint(name);
    }

    /// Something vanishes that it needs, and a hint says so.
    pub fn misses(&self, name: &ServiceName, what: &str) {
        self.world().services.get_mut(name).expect("a service to take from").missing = Some(what.into());
        self.hint(name);
    }

    /// Everything of it vanishes, and a hint says so.
    pub fn lose(&self, name: &ServiceName) {
        let mut world = self.world();
        let volume = world.volumes.remove(name).is_some();
        assert!(world.services.remove(name).is_some() || volume, "nothing to lose");
        drop(world);
        self.hint(name);
    }

    /// An app that a project has from now on.
    pub fn has_app(&self, project: Uuid, app: &str) {
        self.world().apps.push((project, AppId::new(app).expect("an app")));
    }

    /// From now on volumes are made where their first app is.
    pub fn makes_volumes_late(&self) {
        self.world().lazy = true;
    }

    /// Where apps have a volume.
    pub fn mounts(&self, name: &ServiceName) -> BTreeMap<String, String> {
        let world = self.world();
        let apps = world.volumes.get(name).map(|held| &held.apps);
        apps.into_iter().flatten().map(|(app, at)| (app.clone(), at.as_str().to_owned())).collect()
    }

    /// The MiB of a volume.
    pub fn disk(&self, name: &ServiceName) -> Option<u32> {
        self.world().volumes.get(name).map(|held| held.disk.mib())
    }

    pub fn hint(&self, name: &ServiceName) {
        // nobody listens: as a hint that got lost
        let _ = self.0.hints.send(name.clone());
    }

    /// The server logs a line.
    pub fn says(&self, name: &ServiceName, line: &str) {
        self.world().services.get_mut(name).expect("a service that logs").log.push(line.into());
    }

    /// The services that there is anything of.
    pub fn names(&self) -> Vec<ServiceName> {
        let world = self.world();
        world.services.keys().chain(world.volumes.keys()).cloned().collect()
    }

    /// What was published last of a project.
    pub fn published(&self, project: Uuid) -> Option<Publication> {
        self.world().published.iter().rev().find(|publication| publication.project == project).cloned()
    }

    /// What was done to a service, in order.
    pub fn effects(&self, name: &ServiceName) -> Vec<Effect> {
        self.world().effects.iter().filter(|(n, _)| n == name).map(|(_, effect)| *effect).collect()
    }

    /// What the server was last started with.
    pub fn size(&self, name: &ServiceName) -> Option<Size> {
        self.world().services.get(name).map(|server| server.size)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: its fault, its effect, its answer.
    async fn call<T>(
        &self,
        method: Method,
        effect: impl FnOnce(&mut World) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let fault = self.world().script.called(method);
        // a call may be dropped here, as over a network
        tokio::task::yield_now().await;
        if self.world().away {
            return Err(PortError::retry("the runtime is away"));
        }
        match &fault {
            Some(Fault::Before(error)) => return Err(error.clone()),
            Some(Fault::PauseBefore) => self.0.gate.wait().await,
            Some(Fault::PauseRejected(message)) => {
                self.0.gate.wait().await;
                return Err(PortError::Rejected(message.clone()));
            }
            _ => {}
        }
        let done = effect(&mut self.world());
        tokio::task::yield_now().await;
        match fault {
            Some(Fault::After(error)) => return Err(error),
            Some(Fault::PauseAfter) => self.0.gate.wait().await,
            _ => {}
        }
        done
    }
}

#[async_trait]
impl Provisioner for FakeRuntime {
    fn capabilities(&self) -> Capabilities {
        Capabilities::everything(Runtime::Local, time::Date::MIN)
    }

    fn host(&self, _: &ServiceRef) -> String {
        "127.0.0.1".into()
    }

    fn ports(&self) -> Option<RangeInclusive<u16>> {
        Some(PORTS)
    }

    async fn ensure(&self, desired: &Desired) -> Result<Observed, PortError> {
        self.call(Method::Ensure, |world| Ok(world.ensure(desired))).await
    }

    async fn preview(&self, desired: &Desired) -> Result<Option<Preview>, PortError> {
        let yaml = format!("database: {}", desired.database);
        self.call(Method::Preview, |_| Ok(Some(Preview { yaml, problems: Vec::new() }))).await
    }

    async fn live(&self, desired: &Desired) -> Result<Option<Live>, PortError> {
        let look = |world: &mut World| {
            let server = world.services.get(&desired.service.name);
            Ok(server.map(|server| Live {
                yaml: format!("phase: {}", server.phase.as_str()),
                drift: Vec::new(),
                refused: None,
            }))
        };
        self.call(Method::Live, look).await
    }

    async fn observe(&self, service: &ServiceRef) -> Result<Observed, PortError> {
        let look = |world: &mut World| {
            let server = world.services.get(&service.name);
            let primary = server.map(|server| server.member(&service.name).name);
            let missing = server.and_then(|server| server.missing.clone());
            Ok(Observed { primary, missing, ..Observed::at(server.map_or(Phase::Absent, |server| server.phase)) })
        };
        self.call(Method::Observe, look).await
    }

    async fn restart(&self, at: &SignIn) -> Result<Observed, PortError> {
        let name = &at.service.name;
        let stop = |world: &mut World| {
            let phase = world.services.get(name).map_or(Phase::Absent, |s| s.phase);
            let runs = phase >= Phase::Starting;
            Ok(Observed::at(if runs { world.reach(name, Phase::Stopped, Some(Effect::Stopped)) } else { phase }))
        };
        self.call(Method::Restart, stop).await
    }

    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        self.call(Method::Delete, |world| Ok(world.remove(&service.name))).await
    }

    async fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError> {
        self.call(Method::SignIn, |world| world.sign_in(at)).await
    }

    async fn following(&self, service: &ServiceRef) -> Result<Option<Following>, PortError> {
        let look = |world: &mut World| {
            let server = world.services.get(&service.name).filter(|server| server.phase == Phase::Running);
            Ok(server.and_then(|server| server.follows))
        };
        self.call(Method::Following, look).await
    }

    async fn written(&self, service: &ServiceRef) -> Result<Option<Lsn>, PortError> {
        let look = |world: &mut World| {
            let server = world.services.get(&service.name).filter(|server| server.phase == Phase::Running);
            Ok(server.map(|_| LEVEL))
        };
        self.call(Method::Written, look).await
    }

    async fn members(&self, service: &ServiceRef) -> Result<Vec<Member>, PortError> {
        let look = |world: &mut World| {
            let server = world.services.get(&service.name);
            Ok(server.map(|server| server.member(&service.name)).into_iter().collect())
        };
        self.call(Method::Members, look).await
    }

    async fn log(&self, service: &ServiceRef, filter: &LogFilter, secret: &Secret) -> Result<LogLines, PortError> {
        let find = |world: &mut World| {
            let lines = world.services.get(&service.name).map(|server| server.log.clone()).unwrap_or_default();
            let text = filter.q.to_lowercase();
            let dotted = lines.into_iter().map(|line| line.replace(secret.expose(), "••••••••"));
            let mut lines: Vec<_> = dotted.filter(|line| line.to_lowercase().contains(&text)).collect();
            let older = lines.len().saturating_sub(usize::from(filter.lines));
            Ok(LogLines { lines: lines.split_off(older), more: older > 0 })
        };
        self.call(Method::Log, find).await
    }

    async fn measure(&self, at: &SignIn) -> Result<Option<Measurement>, PortError> {
        self.call(Method::Measure, |world| Ok(world.measure(&at.service.name))).await
    }

    fn publishes(&self) -> bool {
        true
    }

    async fn publish(&self, publication: &Publication) -> Result<(), PortError> {
        self.call(Method::Publish, |world| {
            world.published.push(publication.clone());
            Ok(())
        })
        .await
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(self)
    }

    fn changes(&self) -> BoxStream<'static, ServiceName> {
        BroadcastStream::new(self.0.hints.subscribe()).filter_map(|hint| std::future::ready(hint.ok())).boxed()
    }
}

#[async_trait]
impl Volumes for FakeRuntime {
    async fn ensure(&self, volume: &Volume) -> Result<Observed, PortError> {
        self.call(Method::Ensure, |world| Ok(world.hold(volume))).await
    }

    async fn preview(&self, volume: &Volume) -> Result<Preview, PortError> {
        let yaml = format!("volume: {}", volume.service);
        self.call(Method::Preview, |_| Ok(Preview { yaml, problems: Vec::new() })).await
    }

    async fn mount(&self, volume: &Volume, place: &Place) -> Result<Mounted, PortError> {
        self.call(Method::Mount, |world| world.mount(volume, place)).await
    }

    async fn unmount(&self, service: &ServiceRef, app: &AppId) -> Result<Mounted, PortError> {
        // its pods have been replaced when it is asked about for a second time
        let take = |world: &mut World| {
            let held = world.volumes.get_mut(&service.name);
            let had = held.and_then(|held| held.apps.remove(&app.to_string()));
            Ok(had.map_or(Mounted::Done, |_| Mounted::Underway("1 pod still has it".into())))
        };
        self.call(Method::Unmount, take).await
    }

    async fn delete(&self, service: &ServiceRef) -> Result<Removal, PortError> {
        let remove = |world: &mut World| {
            if world.volumes.remove(&service.name).is_some() {
                world.effects.push((service.name.clone(), Effect::Removed));
            }
            Ok(Removal::Gone)
        };
        self.call(Method::Delete, remove).await
    }

    async fn apps(&self, _: Uuid, project: Uuid) -> Result<Vec<App>, PortError> {
        let list = |world: &mut World| {
            let apps = world.apps.iter().filter(|(of, _)| *of == project).map(|(_, app)| App {
                app_id: app.to_string(),
                kind: app.kind,
                name: app.name.clone(),
            });
            Ok(apps.collect())
        };
        self.call(Method::Apps, list).await
    }
}

impl World {
    fn hold(&mut self, volume: &Volume) -> Observed {
        let name = &volume.service.name;
        let Some(held) = self.volumes.get_mut(name) else {
            if volume.existed {
                return Observed::at(Phase::Lost);
            }
            let held = Held { disk: volume.disk, ready: false, apps: BTreeMap::new() };
            self.volumes.insert(name.clone(), held);
            self.effects.push((name.clone(), Effect::Made));
            return Observed::saying(Phase::Preparing, "It waits for its storage");
        };
        held.disk = volume.disk;
        if self.lazy && held.apps.is_empty() && !held.ready {
            return Observed { idle: true, ..Observed::saying(Phase::Preparing, "It is made once an app mounts it") };
        }
        held.ready = true;
        Observed::at(Phase::Ready)
    }

    /// The pods of an app have been replaced when it is asked about for a second time.
    fn mount(&mut self, volume: &Volume, place: &Place) -> Result<Mounted, PortError> {
        let app = place.app.to_string();
        if !self.apps.contains(&(volume.project, place.app.clone())) {
            return Err(PortError::Rejected(format!("There is no {app} in its project")));
        }
        let held = self.volumes.get_mut(&volume.service.name);
        let held = held.ok_or_else(|| PortError::retry("there is no such volume"))?;
        if held.apps.get(&app) != Some(&place.mount_point) {
            held.apps.insert(app, place.mount_point.clone());
            return Ok(Mounted::Underway("0 of 1 pods have it".into()));
        }
        Ok(Mounted::Done)
    }

    fn ensure(&mut self, desired: &Desired) -> Observed {
        let name = &desired.service.name;
        let Some(server) = self.services.get_mut(name) else {
            if desired.existed {
                return Observed::at(Phase::Lost);
            }
            let (phase, major, size) = (Phase::Preparing, desired.major, desired.size);
            self.services.insert(
                name.clone(),
                Server {
                    phase,
                    major,
                    size,
                    password: None,
                    follows: None,
                    missing: None,
                    primary: None,
                    going: false,
                    log: vec!["LOG:  made".into()],
                    looks: 0,
                },
            );
            return Observed::saying(self.reach(name, phase, Some(Effect::Made)), "Copying the template");
        };
        server.missing = None;
        let stopped = desired.power == Power::Stopped;
        match server.phase {
            Phase::Preparing => Observed::saying(self.reach(name, Phase::Stopped, None), "from the template"),
            Phase::Stopped if stopped => Observed::at(Phase::Stopped),
            Phase::Stopped => {
                server.size = desired.size;
                Observed::at(self.reach(name, Phase::Starting, Some(Effect::Started)))
            }
            _ if stopped || server.size != desired.size => {
                Observed::at(self.reach(name, Phase::Stopped, Some(Effect::Stopped)))
            }
            Phase::Starting => Observed::saying(self.reach(name, Phase::Running, None), "on its port"),
            _ => {
                let outside = desired.public_access.then(|| Outside { host: "db.example".into(), port: 5432 });
                let primary = Some(server.member(name).name);
                let unowned = desired.origin.follows().is_some();
                let follows = unowned || matches!(desired.origin, Origin::Replica(_));
                let before = server.follows.is_none_or(|before| before.streams);
                server.follows =
                    follows.then_some(Following { streams: before, received: Some(LEVEL), replayed: Some(LEVEL) });
                let detail = (!unowned && server.password.as_ref() != Some(&desired.password)).then(|| {
                    server.password = Some(desired.password.clone());
                    format!("both are called {}", desired.database)
                });
                if detail.is_some() {
                    self.reach(name, Phase::Running, Some(Effect::Configured));
                }
                Observed { primary, outside, detail, ..Observed::at(Phase::Ready) }
            }
        }
    }

    fn reach(&mut self, name: &ServiceName, phase: Phase, effect: Option<Effect>) -> Phase {
        if let Some(server) = self.services.get_mut(name) {
            server.phase = phase;
        }
        self.effects.extend(effect.map(|effect| (name.clone(), effect)));
        phase
    }

    fn remove(&mut self, name: &ServiceName) -> Removal {
        match self.services.get_mut(name) {
            None => Removal::Gone,
            Some(server) if self.slow_removal && !server.going => {
                server.going = true;
                Removal::Pending
            }
            Some(_) => {
                self.services.remove(name);
                self.effects.push((name.clone(), Effect::Removed));
                Removal::Gone
            }
        }
    }

    fn measure(&mut self, name: &ServiceName) -> Option<Measurement> {
        let server = self.services.get_mut(name).filter(|server| server.phase == Phase::Running)?;
        server.looks += 1;
        Some(Measurement {
            connections: 2,
            max_connections: 20,
            transactions: server.looks,
            blocks_hit: server.looks * 9,
            blocks_read: server.looks,
            size: 8 << 20,
            wal: server.looks << 10,
            cpu_ms: server.looks * 1000,
            memory: 32 << 20,
        })
    }

    fn sign_in(&self, at: &SignIn) -> Result<SignedIn, PortError> {
        let server = self.services.get(&at.service.name).filter(|s| s.phase == Phase::Running);
        let server = server.ok_or_else(|| PortError::retry("nobody listens there"))?;
        if server.password.as_ref() != Some(&at.password) {
            return Err(PortError::retry(format!("password authentication failed for user \"{}\"", at.database)));
        }
        Ok(SignedIn { version: format!("{}.1", server.major), tls: false, took: Duration::from_millis(1) })
    }
}
