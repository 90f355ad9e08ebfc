//! The capacity rule: one pure function, used by the preview in the browser and by the check on the server.

use crate::problem::Problem;
use crate::resource::Resource;
use crate::scalar::plain;
use crate::spec::{Kind, PostgresSpec};
use crate::values::Mib;

/// What a service asks of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Of one instance.
    pub ram: Mib,
    /// Of one instance.
    pub disk: Mib,
    /// Each takes both.
    pub instances: u8,
}

impl Need {
    /// What a new service asks of its resource; a volume asks for disk alone.
    pub fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Postgres(PostgresSpec { size, instances, .. }) => {
                Self { ram: size.ram, disk: size.disk, instances: instances.count() }
            }
            Kind::SharedStorage(volume) => Self { ram: Mib::new(0), disk: volume.disk, instances: 1 },
        }
    }
}

/// What a resource has left, in whole MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// What people call the resource.
    pub resource: String,
    pub ram: u64,
    pub disk: u64,
}

impl Free {
    pub fn of(resource: &Resource) -> Self {
        Self {
            resource: resource.label.clone(),
            ram: resource.available_ram_size >> 20,
            disk: resource.available_disk_size >> 20,
        }
    }

    /// The same with what a service has now given back, for an update of it.
    pub fn without(mut self, held: Need) -> Self {
        self.ram += u64::from(held.ram.mib()) * u64::from(held.instances);
        self.disk += u64::from(held.disk.mib()) * u64::from(held.instances);
        self
    }
}

/// What doesn't fit, each with the largest that does; nothing where it fits.
///
/// CPU is a ceiling and never refuses a placement.
pub fn problems(need: Need, free: &Free) -> Vec<Problem> {
    let mut found = Vec::new();
    let many = u64::from(need.instances);
    if u64::from(need.ram.mib()) * many > free.ram {
        let largest = largest_ram(free, need.instances);
        found.push(refusal("ram_size", &format!("{} MiB are", free.ram), &largest.to_string(), free, many));
    }
    if u64::from(need.disk.mib()) * many > free.disk {
        let largest = largest_disk(free, need.instances);
        found.push(refusal("disk_size", &format!("{} GiB are", plain(gib(free.disk))), &plain(largest), free, many));
    }
    found
}

/// The largest `ram_size` that fits, in MiB.
pub fn largest_ram(free: &Free, instances: u8) -> u64 {
    free.ram / u64::from(instances)
}

/// The largest `disk_size` that fits, in GiB with two digits, rounded down.
pub fn largest_disk(free: &Free, instances: u8) -> f64 {
    gib(free.disk / u64::from(instances))
}

/// MiB as GiB with two digits, rounded down, so that what is named always fits.
fn gib(mib: u64) -> f64 {
    ((mib * 100) / 1024) as f64 / 100.0
}

fn refusal(field: &str, free_words: &str, largest: &str, free: &Free, instances: u64) -> Problem {
    let each = if instances == 1 { String::new() } else { format!(" for each of {instances} instances") };
    let rest = format!("doesn't fit: {free_words} free on {}; the largest that fits is {largest}{each}", free.resource);
    Problem::breaks(field, "does_not_fit", &rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(ram: u64, disk: u64) -> Free {
        Free { resource: "local-1".into(), ram, disk }
    }

    fn need(ram: u32, disk: u32, instances: u8) -> Need {
        Need { ram: Mib::new(ram), disk: Mib::new(disk), instances }
    }

    #[test]
    fn the_last_mib_fits_and_one_more_does_not() {
        assert!(problems(need(256, 1024, 1), &free(256, 1024)).is_empty());
        let found = problems(need(257, 1025, 1), &free(256, 1024));
        let words: Vec<_> = found.iter().map(|p| p.words.as_str()).collect();
        assert_eq!(
            words,
            [
                "Ram size doesn't fit: 256 MiB are free on local-1; the largest that fits is 256",
                "Disk size doesn't fit: 1 GiB are free on local-1; the largest that fits is 1",
            ]
        );
    }

    #[test]
    fn every_instance_counts() {
        assert!(problems(need(100, 100, 3), &free(300, 300)).is_empty());
        let found = problems(need(101, 100, 3), &free(300, 300));
        assert_eq!(
            found[0].words,
            "Ram size doesn't fit: 300 MiB are free on local-1; the largest that fits is 100 for each of 3 instances"
        );
    }

    #[test]
    fn an_update_gets_its_own_back() {
        let held = need(256, 1024, 1);
        assert!(problems(need(512, 2048, 1), &free(256, 1024).without(held)).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_named_as_largest_fits(ram in 0u64..1 << 24, disk in 0u64..1 << 24, n in 0usize..4) {
            let instances = crate::values::Instances::ALL[n];
            let room = free(ram, disk);
            let ram = u32::try_from(largest_ram(&room, instances)).unwrap();
            let disk = Mib::from_gib(largest_disk(&room, instances)).unwrap();
            assert!(problems(Need { ram: Mib::new(ram), disk, instances }, &room).is_empty());
        }
    }
}
