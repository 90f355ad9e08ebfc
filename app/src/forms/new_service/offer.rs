//! What the form chooses from, as little of it as the browser needs.

use contract::{
    Capabilities,
    capacity::{Free, Need},
    project::Project,
    resource::Resource,
};
use serde::{Deserialize, Serialize};

use crate::ui::Level;

const MIB: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub capabilities: Capabilities,
    pub projects: Vec<Named>,
    pub pools: Vec<Pool>,
    /// The names of the chosen project's variables; `None` where they aren't known.
    pub known: Option<Vec<String>>,
    /// How long a service usually takes to be ready here, in words; `None` before the first one.
    pub ready_in: Option<String>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// A resource, in MiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    pub id: String,
    pub label: String,
    /// Only these projects may place on it; empty: every project may.
    pub projects: Vec<String>,
    pub ram: Room,
    pub disk: Room,
}

/// How much of one kind there is, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub used: u64,
    pub free: u64,
    pub whole: u64,
}

impl From<Project> for Named {
    fn from(project: Project) -> Self {
        Self { id: project.uuid.to_string(), name: project.name }
    }
}

impl From<Resource> for Pool {
    fn from(pool: Resource) -> Self {
        let room = |used, free, whole| Room { used: used / MIB, free: free / MIB, whole: whole / MIB };
        Self {
            id: pool.uuid.to_string(),
            ram: room(pool.total_used_ram_size, pool.available_ram_size, pool.total_ram_size),
            disk: room(pool.total_used_disk_size, pool.available_disk_size, pool.total_disk_size),
            projects: pool.project_ids.iter().map(ToString::to_string).collect(),
            label: pool.label,
        }
    }
}

impl Pool {
    /// True where a project may place on it.
    pub fn takes(&self, project: &str) -> bool {
        self.projects.is_empty() || self.projects.iter().any(|open| open == project)
    }

    /// What the capacity rule looks at.
    pub fn free(&self) -> Free {
        Free { resource: self.label.clone(), ram: self.ram.free, disk: self.disk.free }
    }

    /// Memory in MiB and disk in GiB, before and after.
    pub fn levels(&self, need: Option<Need>) -> (Level, Level) {
        let many = need.map_or(0.0, |need| f64::from(need.instances));
        let ram = need.map_or(0.0, |need| f64::from(need.ram.mib()));
        let disk = need.map_or(0.0, |need| f64::from(need.disk.mib()));
        let level = |room: Room, each: f64, unit: f64| Level {
            used: room.used as f64 / unit,
            this: each * many / unit,
            whole: room.whole as f64 / unit,
        };
        (level(self.ram, ram, 1.0), level(self.disk, disk, 1024.0))
    }
}

impl Offer {
    /// The project that the form begins with: the oldest, since lists begin with the newest.
    pub fn first_project(&self) -> &str {
        self.projects.last().map_or("", |project| &project.id)
    }

    pub fn pool(&self, id: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == id)
    }

    /// The resource that the form begins with: the oldest that is open to the project.
    pub fn first_pool(&self, project: &str) -> &str {
        self.pools.iter().rfind(|pool| pool.takes(project)).map_or("", |pool| &pool.id)
    }
}
