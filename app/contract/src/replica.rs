//! The wire form of `POST /services/{id}/create_replica` and its parsing.

use crate::capabilities::Capabilities;
use crate::new_service;
use crate::problem::Invalid;
use crate::read::Reader;
use crate::scalar::wire;
use crate::values::{Mib, MilliCores};

/// The most replicas of one primary. A primary lets ten senders in (CloudNativePG's max_wal_senders); each replica takes one, and one
/// that is being copied takes two.
pub const MOST: usize = 5;

wire! {
    /// The body of `POST /services/{id}/create_replica`. What is absent is as its primary has it.
    pub struct NewReplica {
        /// MiB.
        [value_type = Option<f64>, minimum = 64, maximum = 1048576, example = 256] ram_size,
        /// Cores.
        [value_type = Option<f64>, minimum = 0.001, maximum = 256, example = 0.25] cpu_size,
    }
}

/// A checked [`NewReplica`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReplicaSpec {
    pub ram: Option<Mib>,
    pub cpu: Option<MilliCores>,
}

impl NewReplica {
    /// # Errors
    /// Every problem, in the order of the fields.
    pub fn parse(&self, within: &Capabilities) -> Result<ReplicaSpec, Invalid> {
        let mut read = Reader::new(&self.surplus);
        read.note(within.replica_refusal());
        let (mut ram, mut cpu) = (None, None);
        if !self.ram_size.is_absent() {
            ram = new_service::ram(&mut read, &self.ram_size, &within.ram_size);
        }
        if !self.cpu_size.is_absent() {
            cpu = new_service::cpu(&mut read, &self.cpu_size, &within.cpu_size);
        }
        read.finish(Some(ReplicaSpec { ram, cpu }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::{Choice, Runtime};

    #[test]
    fn every_problem_of_a_replica_is_said_at_once() {
        let mut can = Capabilities::everything(Runtime::Kubernetes, time::Date::MIN);
        let fields = |new: &NewReplica, can: &Capabilities| {
            new.parse(can).unwrap_err().problems.into_iter().map(|p| p.field).collect::<Vec<_>>()
        };
        let wrong = NewReplica { ram_size: "1".into(), cpu_size: "-1".into(), ..NewReplica::default() };
        assert_eq!(fields(&wrong, &can), ["ram_size", "cpu_size"]);
        assert_eq!(NewReplica::default().parse(&can).unwrap(), ReplicaSpec::default());
        let new = NewReplica { ram_size: "512".into(), ..NewReplica::default() };
        assert_eq!(new.parse(&can).unwrap(), ReplicaSpec { ram: Some(Mib::new(512)), cpu: None });
        can.replicas = Choice::no("replica", "this runtime makes none");
        let said = NewReplica::default().parse(&can).unwrap_err().problems.remove(0).words;
        assert!(said.ends_with("this runtime makes none"), "{said}");
    }
}
