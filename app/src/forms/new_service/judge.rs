//! What a request comes to: every problem by the rules that the server has, too, and what it takes.

use std::sync::Arc;

use contract::{
    NewService, Problem,
    capacity::{self, Need},
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
    let count = wire.instances.as_number().and_then(Instances::new)?;
    Some(Need {
        ram: wire.ram_size.as_number().and_then(Mib::from_mib)?,
        disk: wire.disk_size.as_number().and_then(Mib::from_gib)?,
        instances: count.count(),
    })
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
