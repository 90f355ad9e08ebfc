//! What a request comes to: every problem by the rules that the server has, too, and what it takes.

use std::sync::Arc;

use contract::{
    NewService, Problem,
    capacity::{self, Need},
    spec::ServiceType,
    values::{Instances, Mib},
};
use time::OffsetDateTime;

use super::Offer;
use crate::ui::Level;

/// A request, judged.
#[derive(Debug, PartialEq)]
pub struct Judged {
    pub wire: NewService,
    pub problems: Vec<Problem>,
    /// What memory and disk of the resource come to; `None` where the resource can't be seen.
    pub levels: Option<(Level, Level)>,
    /// The largest memory in MiB and disk in GiB that fit.
    pub largest: (u64, f64),
}

/// What the server refused.
pub type Refusal = Option<Arc<(NewService, Vec<Problem>)>>;

pub fn judge(wire: NewService, offer: &Offer, refused: &Refusal) -> Judged {
    // The dates of certificates are the server's to judge; nothing else asks for the time.
    let mut problems = match wire.parse(&offer.capabilities, OffsetDateTime::UNIX_EPOCH) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems,
    };
    let need = need(&wire);
    let pool = wire.resource_id.as_text().and_then(|id| offer.pool(id));
    let free = pool.map(super::offer::Pool::free);
    if let (Some(need), Some(free)) = (need, &free) {
        add(&mut problems, capacity::problems(need, free));
    }
    if let Some(refused) = refused.as_deref().filter(|(asked, _)| *asked == wire) {
        add(&mut problems, refused.1.clone());
    }
    let many = need.map_or(1, |need| need.instances);
    let largest = free.map(|free| (capacity::largest_ram(&free, many), capacity::largest_disk(&free, many)));
    Judged { problems, levels: pool.map(|pool| pool.levels(need)), largest: largest.unwrap_or_default(), wire }
}

/// One problem a field is enough.
fn add(known: &mut Vec<Problem>, more: Vec<Problem>) {
    for problem in more {
        if known.iter().all(|known| known.field != problem.field) {
            known.push(problem);
        }
    }
}

/// What a request takes of a resource, as far as its sizes can be read.
fn need(wire: &NewService) -> Option<Need> {
    let disk = wire.disk_size.as_number().and_then(Mib::from_gib)?;
    if wire.service_type.as_text() == Some(ServiceType::SharedStorage.as_str()) {
        return Some(Need { ram: Mib::new(0), disk, instances: Instances::ONE.count() });
    }
    let count = wire.instances.as_number().and_then(Instances::new)?;
    Some(Need { ram: wire.ram_size.as_number().and_then(Mib::from_mib)?, disk, instances: count.count() })
}

/// Why Create can't be pressed: short, the whole stands at the field.
pub fn short(problem: &Problem) -> String {
    match (problem.field.as_str(), problem.code.as_str()) {
        ("label", "missing" | "too_short") => "Give it a label first".to_owned(),
        ("ram_size", "does_not_fit") => "Memory doesn't fit yet".to_owned(),
        ("disk_size", "does_not_fit") => "Disk doesn't fit yet".to_owned(),
        ("project_id", "missing") => "There is no project to create it in".to_owned(),
        ("ram_size", _) => "Memory needs a look".to_owned(),
        ("disk_size", _) => "Disk needs a look".to_owned(),
        ("cpu_size", _) => "CPU needs a look".to_owned(),
        (field, _) => format!("{} needs a look", contract::problem::human(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::new_service::offer::{Pool, Room};
    use contract::{Capabilities, capabilities::Runtime};

    #[test]
    fn a_volume_takes_its_disk_and_no_memory() {
        let id = uuid::Uuid::nil().to_string();
        let room = |free: u64| Room { used: 0, free, whole: free };
        let pool =
            Pool { id: id.clone(), label: "local-1".into(), projects: Vec::new(), ram: room(0), disk: room(1024) };
        let capabilities = Capabilities::everything(Runtime::Kubernetes, time::macros::date!(2026 - 11 - 23));
        let offer = Offer { capabilities, projects: Vec::new(), pools: vec![pool], known: None, ready_in: None };
        let judged = |disk: f64| {
            let wire = NewService {
                service_type: "shared_storage".into(),
                project_id: id.as_str().into(),
                resource_id: id.as_str().into(),
                label: "Uploads".into(),
                disk_size: disk.into(),
                mount_point: "/data".into(),
                ..NewService::default()
            };
            judge(wire, &offer, &None)
        };
        let fits = judged(1.0);
        assert!(fits.problems.is_empty(), "{:?}", fits.problems);
        assert_eq!(fits.levels.map(|(ram, disk)| (ram.this, disk.this)), Some((0.0, 1.0)));
        assert_eq!(judged(2.0).problems.iter().map(short).collect::<Vec<_>>(), ["Disk doesn't fit yet"]);
    }

    #[test]
    fn a_field_without_words_of_its_own_is_called_as_on_the_wire() {
        let problem = Problem::breaks("mount_point", "relative", "must be an absolute path, such as /data");
        assert_eq!(short(&problem), "Mount point needs a look");
    }
}
