//! The wire forms of what may be changed on a service, and their parsing.

use uuid::Uuid;

use crate::capabilities::Capabilities;
use crate::new_service;
use crate::problem::{Invalid, Problem};
use crate::read::Reader;
use crate::scalar::wire;
use crate::spec::{ServiceType, words};
use crate::values::{Instances, Label, Mib, MilliCores};

wire! {
    /// The body of `PUT /services/{id}`: what is absent stays as it is.
    pub struct ServiceChange {
        /// 1 to 40 characters.
        [value_type = Option<String>, max_length = 40] label,
        /// MiB of one instance.
        [value_type = Option<f64>, minimum = 64, maximum = 1048576] ram_size,
        /// GiB of one instance; it grows only.
        [value_type = Option<f64>, minimum = 0.5, maximum = 65536] disk_size,
        /// Cores of one instance.
        [value_type = Option<f64>, minimum = 0.001, maximum = 256] cpu_size,
        /// 1, 3, 5 or 7.
        [value_type = Option<Instances>] instances,
        /// "0" or "1".
        [value_type = Option<String>, pattern = "^(0|1|true|false)$"] public_access,
        /// Whether the project's variables are written.
        [value_type = Option<bool>] environment_variables,
        /// Another project: a move.
        [value_type = Option<uuid::Uuid>] project_id,
    }
}

wire! {
    /// The body of `PATCH /services/{id}/state`.
    pub struct StateChange {
        /// What to do.
        [value_type = ProcessAction] state,
    }
}

wire! {
    /// The body of `POST /services/{id}/reveal`.
    pub struct RevealRequest {
        /// Why; needed for the role support, kept in the audit log.
        [value_type = Option<String>, max_length = 200] reason,
    }
}

words! {
    /// What may be asked of a running service.
    pub enum ProcessAction {
        Start = "process_start",
        Stop = "process_stop",
        Restart = "process_restart",
    }
}

/// A checked [`ServiceChange`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub label: Option<Label>,
    pub ram: Option<Mib>,
    pub disk: Option<Mib>,
    pub cpu: Option<MilliCores>,
    pub instances: Option<Instances>,
    pub public_access: Option<bool>,
    pub environment_variables: Option<bool>,
    pub project_id: Option<Uuid>,
}

impl ServiceChange {
    /// Every rule of a create, and that a disk never shrinks below `disk_now`.
    ///
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self, kind: ServiceType, disk_now: Mib, within: &Capabilities) -> Result<Change, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let label = read.checked("label", &self.label, Label::new);
        let mut sized = |raw: &crate::scalar::Raw, parse: &dyn Fn(&mut Reader) -> Option<u32>| {
            if raw.is_absent() { None } else { parse(&mut read) }
        };
        let ram = sized(&self.ram_size, &|r| new_service::ram(r, &self.ram_size, &within.ram_size).map(Mib::mib));
        let disk = sized(&self.disk_size, &|r| new_service::disk(r, &self.disk_size, &within.disk_size).map(Mib::mib));
        let cpu =
            sized(&self.cpu_size, &|r| new_service::cpu(r, &self.cpu_size, &within.cpu_size).map(MilliCores::millis));
        if disk.is_some_and(|new| new < disk_now.mib()) {
            let rest = format!("can't shrink (it is {} GiB now)", disk_now.gib());
            read.note(Problem::breaks("disk_size", "shrinks", &rest));
        }
        let instances = new_service::instances(&mut read, &self.instances, within);
        let public_access = read.switch("public_access", &self.public_access);
        if public_access == Some(true) {
            read.note(Capabilities::refusal(&within.public_access, "public_access", "1"));
        }
        let environment_variables = read.switch("environment_variables", &self.environment_variables);
        let project_id = read.uuid("project_id", &self.project_id);
        if kind == ServiceType::SharedStorage {
            let foreign = [
                ("ram_size", &self.ram_size),
                ("cpu_size", &self.cpu_size),
                ("instances", &self.instances),
                ("public_access", &self.public_access),
                ("environment_variables", &self.environment_variables),
            ];
            read.foreign(&foreign, "it belongs to postgres");
        }
        read.finish(Some(Change {
            label,
            ram: ram.map(Mib::new),
            disk: disk.map(Mib::new),
            cpu: cpu.map(MilliCores::new),
            instances,
            public_access,
            environment_variables,
            project_id,
        }))
    }
}

impl StateChange {
    /// # Errors
    /// `state` is missing or none of the three.
    pub fn parse(&self) -> Result<ProcessAction, Invalid> {
        let mut read = Reader::new(&self.surplus);
        let listed = ProcessAction::listed();
        let action =
            read.required("state", &self.state).and_then(|raw| read.listed("state", raw, &listed, |t| t.parse().ok()));
        read.finish(action)
    }
}

impl RevealRequest {
    /// Longest reason, in scalar values.
    pub const REASON_MAX: usize = 200;

    /// # Errors
    /// The reason is too long, has control characters, or is missing where it is needed.
    pub fn parse(&self, needed: bool) -> Result<Option<String>, Invalid> {
        let mut read = Reader::new(&self.surplus);
        if needed && self.reason.as_text().is_none_or(|r| r.trim().is_empty()) {
            let rest = "is needed: say why you look at these credentials (the owner can read it)";
            read.note(Problem::breaks("reason", "missing", rest));
        }
        let reason = read.checked("reason", &self.reason, |text| {
            crate::values::Word::new(text.trim(), Self::REASON_MAX).map(|w| w.as_str().to_owned())
        });
        read.finish(Some(())).map(|()| reason.filter(|r| !r.is_empty()))
    }
}
