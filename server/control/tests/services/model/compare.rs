//! What there has to be: after every step, and once there is nothing to do.

use std::collections::BTreeSet;

use contract::console::Secrets;
use contract::{Console as _, State};
use control::testing::Effect;
use uuid::Uuid;

use super::{LABELS, Run};
use crate::world::{name, refusal};

const ROWS: &str = "select (select count(*) from services where id = $1)
                         + (select count(*) from observations where service_id = $1)
                         + (select count(*) from tasks where service_id = $1)
                         + (select count(*) from signals where service_id = $1)
                         + (select count(*) from operations where service_id = $1)
                         + (select count(*) from samples where service_id = $1)
                         + (select count(*) from vars where service_id = $1)
                         + (select count(*) from operation_steps where operation_id not in (select id from operations))";
/// Steps of what has succeeded that nobody does where it shall not run.
const UNTRUE: &str = "select count(*) from operation_steps s join operations o on o.id = s.operation_id
                      where o.service_id = $1 and o.state = 'succeeded' and s.state = 'succeeded'
                        and s.key in ('start', 'sign_in') and o.id = any($2)";

impl Run<'_> {
    /// What there is after every step.
    pub(super) async fn compare(&self) {
        let (world, model) = (self.world, &self.model);
        let seen = world.on.control.get_service(&world.on.owner, &self.subject.uuid.to_string(), Secrets::Hidden).await;
        let mut used = (64, 512, 250);
        if !model.there {
            assert_eq!(refusal(seen), (404, "Service not found".into()));
        } else if self.live && model.deleting {
            return;
        } else {
            let seen = seen.unwrap();
            let size = (model.size.0.into(), f64::from(model.size.1) / 1024.0, f64::from(model.size.2) / 1000.0);
            assert_eq!((seen.ram_size, seen.disk_size, seen.cpu_size), (Some(size.0), size.1, Some(size.2)));
            assert_eq!((&*seen.label, seen.project_id), (LABELS[model.label], self.projects[model.project]));
            if !self.live {
                assert_eq!(seen.state, model.state(), "{:?}", seen.state_reason);
                self.compare_work().await;
            }
            used = (used.0 + model.size.0, used.1 + model.size.1, used.2 + model.size.2);
        }
        let pool = world.on.control.get_resource(&world.on.owner, world.resource).await.unwrap();
        let bytes = |mib: u32| u64::from(mib) << 20;
        assert_eq!((pool.total_used_ram_size, pool.total_used_disk_size), (bytes(used.0), bytes(used.1)));
        assert_eq!(pool.total_used_cpu_size, f64::from(used.2) / 1000.0);
    }

    async fn compare_work(&self) {
        let operations = sqlx::query_as("select kind, state from operations where service_id = $1 order by id");
        let operations: Vec<(String, String)> =
            operations.bind(self.subject.uuid).fetch_all(&self.world.on.pool).await.unwrap();
        let said: Vec<_> = operations.iter().map(|(kind, state)| (kind.as_str(), state.as_str())).collect();
        let wanted: Vec<_> = self.model.operations.iter().map(|(kind, state)| (kind.as_str(), *state)).collect();
        assert_eq!(said, wanted);
        let signals = self.number("select count(*) from signals where service_id = $1").await;
        assert_eq!(signals, i64::from(self.model.restart));
    }

    /// What there is once there is nothing to do.
    pub(super) async fn rested(&mut self) {
        let (world, id) = (self.world, self.subject.uuid);
        self.model.work();
        let effects = world.runtime.effects(&name(&self.subject));
        let others: BTreeSet<_> = world.runtime.names().into_iter().filter(|n| *n != name(&self.neighbour)).collect();
        if self.model.there {
            let seen = world.get(id).await;
            if self.live {
                let (state, said) = (seen.state, self.model.state());
                assert!(
                    state == said || self.maybe.contains(&state),
                    "{state} and not {said}: {:?}",
                    seen.state_reason
                );
                let was_ready = self.number("select count(*) from observations where service_id = $1 and was_ready");
                let was_ready = was_ready.await == 1;
                self.model.adopt(state, was_ready, others.contains(&name(&self.subject)));
            }
            assert_eq!(seen.state, self.model.state(), "{:?}", seen.state_reason);
            let trouble = matches!(seen.state, State::Failed | State::Lost);
            assert!(!trouble || seen.state_reason.is_some(), "{} without a reason", seen.state);
            let open = "select count(*) from operations o join operation_steps s on s.operation_id = o.id
                        where service_id = $1 and (o.finished_at is null or s.state = 'running')";
            assert_eq!(self.number(open).await, 0, "something is still under way");
            if seen.state != State::Lost && !self.live {
                assert_eq!(others.contains(&name(&self.subject)), self.model.server.is_some());
            }
            self.compare_variables(seen.state).await;
        } else if self.subject.uuid != self.neighbour.uuid {
            assert_eq!(self.number(ROWS).await, 0, "rows are left");
            assert!(others.is_empty(), "{others:?} are left");
            self.compare_variables(State::Deleting).await;
        }
        if !self.live && self.subject.uuid != self.neighbour.uuid {
            assert_eq!(effects, self.model.effects);
            let size = world.runtime.size(&name(&self.subject));
            let size = size.map(|size| (size.ram.mib(), size.disk.mib(), size.cpu.millis()));
            assert_eq!(size, self.model.server.as_ref().map(|server| server.size));
        }
        in_order(&effects);
        let neighbour = world.get(self.neighbour.uuid).await;
        assert_eq!(neighbour.state, State::Healthy);
        self.maybe.clear();
        self.maybe.extend(self.refuses.then_some(State::Failed));
    }

    async fn compare_variables(&self, state: State) {
        if self.live && matches!(state, State::Failed | State::Lost) {
            return;
        }
        let own = format!("{}_URL", self.subject.name.to_uppercase().replace('-', "_"));
        let theirs = format!("{}_URL", self.neighbour.name.to_uppercase().replace('-', "_"));
        let url = if self.model.there { self.world.url(self.subject.uuid).await } else { String::new() };
        for (at, project) in self.projects.iter().enumerate() {
            let written = self.model.written == Some(at);
            let mut wanted = Vec::new();
            if at == 0 {
                let url = self.world.url(self.neighbour.uuid).await;
                wanted.extend(
                    [&theirs, "DATABASE_URL"].map(|key| (key.to_owned(), url.clone(), Some(self.neighbour.uuid))),
                );
            } else if written {
                wanted.push(("DATABASE_URL".to_owned(), url.clone(), Some(self.subject.uuid)));
            }
            wanted.extend(written.then(|| (own.clone(), url.clone(), Some(self.subject.uuid))));
            wanted.sort();
            assert_eq!(self.world.vars(*project).await, wanted, "variables of project {at}");
        }
    }

    pub(super) async fn told_the_truth(&self, open: Vec<Uuid>) {
        if self.model.there && self.model.state() == State::Stopped {
            let untrue = sqlx::query_scalar(UNTRUE).bind(self.subject.uuid).bind(open);
            let untrue: i64 = untrue.fetch_one(&self.world.on.pool).await.unwrap();
            assert_eq!(untrue, 0, "steps of a stopped service say that it was started");
        }
    }

    async fn number(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).bind(self.subject.uuid).fetch_one(&self.world.on.pool).await.unwrap()
    }
}

/// Nothing is started or removed that isn't there, and nothing set or stopped that doesn't run.
fn in_order(effects: &[Effect]) {
    let (mut there, mut runs) = (false, false);
    for effect in effects {
        let (fits, after) = match effect {
            Effect::Made => (true, (true, false)),
            Effect::Started => (there, (true, true)),
            Effect::Configured => (there && runs, (true, true)),
            Effect::Stopped => (there && runs, (true, false)),
            Effect::Removed => (there, (false, false)),
        };
        assert!(fits, "{effect:?} in {effects:?}");
        (there, runs) = after;
    }
}
