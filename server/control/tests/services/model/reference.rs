//! What a service is after each wish and each event, in a few lines: without rows, leases or time.

use std::collections::BTreeMap;

use contract::State;
use contract::operation::OperationKind as Kind;
use control::testing::{Effect, Method};

/// What a resource of the test has, in MiB, beside what the neighbour takes.
pub const RAM: u32 = 1024 - 64;
pub const DISK: u32 = 10 * 1024 - 512;

/// What may be asked of a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    Ram(u32),
    Disk(u32),
    Cpu(u32),
    Label(usize),
    Variables(bool),
    Move(usize),
    Start,
    Stop,
    Restart,
    Retry,
    Delete,
}

/// What goes wrong once with a call of the runtime.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// It is tried again.
    Passing,
    /// The answer got lost, and it is done again.
    Unheard,
    /// It won't, for good.
    Refusal,
}

/// A server in the runtime.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub size: (u32, u32, u32),
    running: bool,
    configured: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Nothing,
    Stopped,
    Ready,
    Lost,
}

#[derive(Clone, Debug)]
pub struct Model {
    /// The row is there.
    pub there: bool,
    pub label: usize,
    pub project: usize,
    pub variables: bool,
    /// Memory and disk in MiB, CPU in thousandths.
    pub size: (u32, u32, u32),
    pub stopped: bool,
    pub deleting: bool,
    pub restart: bool,
    /// Something is wished and not carried out.
    pub wished: bool,
    pub failed: bool,
    seen: Seen,
    signed_in: bool,
    pub was_ready: bool,
    pub server: Option<Server>,
    pub effects: Vec<Effect>,
    /// The project that its variables stand in.
    pub written: Option<usize>,
    pub operations: Vec<(Kind, &'static str)>,
    pub troubles: BTreeMap<Method, Trouble>,
}

/// The runtime refused.
struct Refused;

impl Model {
    pub fn created(variables: bool) -> Self {
        let mut new = Self {
            there: true,
            label: 0,
            project: 0,
            variables,
            size: (128, 1024, 250),
            stopped: false,
            deleting: false,
            restart: false,
            wished: false,
            failed: false,
            seen: Seen::Nothing,
            signed_in: false,
            was_ready: false,
            server: None,
            effects: Vec::new(),
            written: None,
            operations: Vec::new(),
            troubles: BTreeMap::new(),
        };
        new.begin(Kind::Create);
        new
    }

    pub fn state(&self) -> State {
        match self.seen {
            _ if self.deleting => State::Deleting,
            _ if self.failed => State::Failed,
            Seen::Lost => State::Lost,
            Seen::Stopped if self.stopped => State::Stopped,
            _ if !self.stopped && self.signed_in && !self.restart => State::Healthy,
            _ if self.was_ready => State::Processing,
            Seen::Nothing => State::Pending,
            _ => State::Creating,
        }
    }

    /// True where the wish is taken; false: 422.
    pub fn takes(&self, wish: Wish, state: State) -> bool {
        use State::{Crashloopbackoff, Creating, Deleting, Failed, Failing, Lost, Pending, Processing, Stopped};
        match (wish, state) {
            (Wish::Delete, _) => true,
            (_, Deleting) => false,
            (Wish::Ram(mib), _) => mib == self.size.0 || mib <= RAM,
            (Wish::Disk(mib), _) => (self.size.1..=DISK).contains(&mib),
            (Wish::Start | Wish::Stop | Wish::Restart, Lost) => false,
            (Wish::Restart, Stopped | Pending | Processing | Creating) => false,
            (Wish::Retry, state) => matches!(state, Failed | Failing | Crashloopbackoff | Lost),
            _ => true,
        }
    }

    /// A wish that is taken.
    pub fn ask(&mut self, wish: Wish, state: State) {
        let before = self.clone();
        match wish {
            Wish::Ram(mib) => self.size.0 = mib,
            Wish::Disk(mib) => self.size.1 = mib,
            Wish::Cpu(millis) => self.size.2 = millis,
            Wish::Label(label) => self.label = label,
            Wish::Variables(on) => self.variables = on,
            Wish::Move(project) => self.project = project,
            Wish::Start => self.stopped = false,
            Wish::Stop => self.stopped = true,
            Wish::Restart => self.restart = true,
            Wish::Retry => {}
            Wish::Delete => self.deleting = true,
        }
        let changes = (self.size, self.variables, self.project) != (before.size, before.variables, before.project);
        let so_already = match wish {
            Wish::Start => {
                !before.stopped && !matches!(state, State::Failed | State::Failing | State::Crashloopbackoff)
            }
            Wish::Stop => state == State::Stopped,
            Wish::Delete => before.deleting,
            _ => false,
        };
        match wish {
            _ if so_already => {}
            Wish::Start => self.begin(Kind::Start),
            Wish::Stop => self.begin(Kind::Stop),
            Wish::Restart => self.begin(Kind::Restart),
            Wish::Retry => self.begin(Kind::Retry),
            Wish::Delete => self.begin(Kind::Delete),
            _ if changes => self.begin(Kind::Update),
            _ => {}
        }
    }

    fn begin(&mut self, kind: Kind) {
        for (open, state) in &mut self.operations {
            let always = matches!(open, Kind::Start | Kind::Stop | Kind::Restart | Kind::Retry);
            let ends = matches!(kind, Kind::Stop | Kind::Delete) && matches!(open, Kind::Create | Kind::Update);
            if *state == "running" && (always || ends) {
                *state = "superseded";
            }
        }
        self.operations.push((kind, "running"));
        (self.wished, self.failed) = (true, false);
    }

    /// Everything is carried out, as far as it can be.
    pub fn work(&mut self) {
        if !self.there {
            return;
        }
        if self.deleting {
            if self.server.take().is_some() {
                self.effects.push(Effect::Removed);
            }
            (self.there, self.written) = (false, None);
            return;
        }
        if !self.wished && (self.failed || self.as_wanted()) {
            return;
        }
        self.wished = false;
        let done = self.carry_out();
        self.failed = done.is_err();
        let how = if self.failed || self.seen == Seen::Lost { "failed" } else { "succeeded" };
        self.operations.iter_mut().filter(|(_, state)| *state == "running").for_each(|(_, state)| *state = how);
    }

    fn runs(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.running)
    }

    /// A look; it signs in where it can.
    fn as_wanted(&mut self) -> bool {
        self.troubles.remove(&Method::Observe);
        if self.seen == Seen::Lost {
            return true;
        }
        if self.stopped {
            return self.server.is_some() && !self.runs();
        }
        let lets_in = self.runs() && self.troubles.remove(&Method::SignIn).is_none();
        if !lets_in {
            self.signed_in = false;
            self.seen = match &self.server {
                None => Seen::Nothing,
                Some(server) if !server.running => Seen::Stopped,
                Some(_) => self.seen,
            };
        }
        lets_in
    }

    fn call(&mut self, method: Method) -> Result<(), Refused> {
        match self.troubles.remove(&method) {
            Some(Trouble::Refusal) => Err(Refused),
            _ => Ok(()),
        }
    }

    fn carry_out(&mut self) -> Result<(), Refused> {
        if self.restart {
            self.call(Method::Restart)?;
            self.stop();
            (self.restart, self.seen, self.signed_in) = (false, Seen::Stopped, false);
        }
        self.call(Method::Ensure)?;
        if self.server.is_none() && self.was_ready {
            (self.seen, self.signed_in) = (Seen::Lost, false);
            return Ok(());
        }
        if self.server.is_none() {
            self.effects.push(Effect::Made);
            self.server = Some(Server { size: self.size, running: false, configured: false });
        }
        if self.stopped {
            self.stop();
            (self.seen, self.signed_in) = (Seen::Stopped, false);
        } else {
            self.start();
            self.seen = Seen::Ready;
            self.call(Method::SignIn)?;
            (self.signed_in, self.was_ready) = (true, true);
        }
        self.written = self.variables.then_some(self.project);
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.as_mut().filter(|server| server.running) {
            server.running = false;
            self.effects.push(Effect::Stopped);
        }
    }

    fn start(&mut self) {
        let wanted = self.size;
        if self.server.as_ref().is_some_and(|server| server.size != wanted) {
            self.stop();
        }
        let Some(server) = &mut self.server else { return };
        if !server.running {
            (server.size, server.running) = (wanted, true);
            self.signed_in = false;
            self.effects.push(Effect::Started);
        }
        if !server.configured {
            server.configured = true;
            self.effects.push(Effect::Configured);
        }
    }

    pub fn dies(&mut self) {
        if let Some(server) = &mut self.server {
            server.running = false;
        }
    }

    pub fn loses(&mut self) {
        self.server = None;
    }

    /// What has become of it, where two things went on at once.
    pub fn adopt(&mut self, state: State, was_ready: bool, exists: bool) {
        (self.failed, self.was_ready) = (state == State::Failed, was_ready);
        self.server = exists.then_some(Server { size: self.size, running: true, configured: true });
        (self.seen, self.signed_in) = match state {
            State::Healthy => (Seen::Ready, true),
            State::Lost => (Seen::Lost, false),
            State::Stopped => (Seen::Stopped, false),
            _ => (self.seen, self.signed_in),
        };
        self.server.iter_mut().for_each(|server| server.running = state != State::Stopped);
    }
}
