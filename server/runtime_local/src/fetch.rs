//! Downloads of programs, one a major version, beside the work on services: a service waits and says what for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use postgres::{Availability, Host, Major, Progress};

/// Downloads under way, and why the last one failed.
#[derive(Clone, Default)]
pub(crate) struct Fetches(Arc<Mutex<HashMap<Major, Fetch>>>);

enum Fetch {
    Running(String),
    Failed(String),
}

/// Whether the programs of a version are there.
pub(crate) enum Programs {
    Ready,
    /// They are on their way; says how far.
    Waiting(String),
    /// The last attempt failed; asking again tries again.
    Failed(String),
}

impl Fetches {
    /// Begins a download where the programs aren't here and none is under way.
    pub(crate) async fn programs(&self, host: &Host, major: Major) -> Programs {
        let here = host.available_majors().await;
        if here.iter().any(|(m, a)| *m == major && matches!(a, Availability::Ready { .. })) {
            return Programs::Ready;
        }
        let mut fetches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match fetches.remove(&major) {
            Some(Fetch::Failed(reason)) => return Programs::Failed(reason),
            Some(Fetch::Running(said)) => {
                fetches.insert(major, Fetch::Running(said.clone()));
                return Programs::Waiting(said);
            }
            None => {}
        }
        let said = format!("Downloading PostgreSQL {}", major.archive_version());
        fetches.insert(major, Fetch::Running(said.clone()));
        drop(fetches);
        tokio::spawn(self.clone().fetch(host.clone(), major));
        Programs::Waiting(said)
    }

    async fn fetch(self, host: Host, major: Major) {
        let note = |fetch| self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(major, fetch);
        let outcome = host
            .binaries(major, &|progress| {
                let said = match progress {
                    Progress::Downloading { version } => format!("Downloading PostgreSQL {version}"),
                    Progress::Unpacking { version } => format!("Unpacking PostgreSQL {version}"),
                };
                tracing::info!("{said}");
                note(Fetch::Running(said));
            })
            .await;
        match outcome {
            Ok(_) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&major);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "programs could not be fetched");
                note(Fetch::Failed(error.to_string()));
            }
        }
    }
}
