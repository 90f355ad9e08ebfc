//! The public state of a service: derived from what is wanted and what was seen, never chosen by hand.

use contract::State;

use crate::port::{Phase, Power};

/// Everything that the state depends on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// It is a volume: nothing of it runs, and nobody signs in.
    pub volume: bool,
    pub deleting: bool,
    pub power: Power,
    pub phase: Phase,
    /// The runtime refused for good.
    pub rejected: bool,
    /// The last sign-in with the credentials that the API returns succeeded.
    pub signed_in: bool,
    /// What is wrong with it though it serves.
    pub degraded: Option<&'a str>,
    /// All of it was as wanted once: somebody signed in, and its variables were written.
    pub was_ready: bool,
    /// Nobody has begun the present work.
    pub untouched: bool,
    /// It died several times in a short while.
    pub crash_loop: bool,
    /// A restart was asked for and hasn't begun.
    pub restarting: bool,
    /// It broke by itself, while nobody asked for anything.
    pub broke: bool,
    /// The present work should have been done by now.
    pub overdue: bool,
    /// What went wrong last, or what is waited for.
    pub said: Option<&'a str>,
}

impl Facts<'_> {
    fn serves(&self) -> bool {
        let now = if self.volume { self.phase == Phase::Ready } else { self.signed_in && !self.restarting };
        now && self.was_ready
    }
}

/// The state, and why.
pub fn derive(facts: &Facts<'_>) -> (State, Option<String>) {
    let said = || facts.said.map(str::to_owned);
    if facts.deleting {
        return (State::Deleting, said());
    }
    if facts.rejected {
        return (State::Failed, said());
    }
    if facts.phase == Phase::Lost {
        // what was said before, while it was looked for, is over
        return (State::Lost, Some("Its storage is gone".into()));
    }
    match facts.power {
        Power::Stopped if facts.phase == Phase::Stopped => return (State::Stopped, None),
        Power::Running if facts.serves() => {
            return match facts.degraded {
                Some(why) => (State::Degraded, Some(why.to_owned())),
                None if facts.volume => (State::Bound, said()),
                None => (State::Healthy, said()),
            };
        }
        _ => {}
    }
    if facts.crash_loop {
        return (State::Crashloopbackoff, said());
    }
    if facts.overdue || facts.broke {
        return (State::Failing, said());
    }
    let state = match facts.phase {
        _ if facts.was_ready => State::Processing,
        Phase::Absent if facts.untouched => State::Pending,
        Phase::Absent => State::Processing,
        _ => State::Creating,
    };
    (state, said())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATING: Facts<'static> = Facts {
        volume: false,
        deleting: false,
        power: Power::Running,
        phase: Phase::Absent,
        rejected: false,
        signed_in: false,
        degraded: None,
        was_ready: false,
        untouched: false,
        crash_loop: false,
        restarting: false,
        broke: false,
        overdue: false,
        said: None,
    };

    #[test]
    fn the_whole_table() {
        let ready = Facts { phase: Phase::Ready, was_ready: true, ..CREATING };
        let table = [
            ("accepted", Facts { untouched: true, ..CREATING }, State::Pending),
            ("begun", CREATING, State::Processing),
            ("preparing", Facts { phase: Phase::Preparing, ..CREATING }, State::Creating),
            ("prepared", Facts { phase: Phase::Stopped, ..CREATING }, State::Creating),
            ("started", Facts { phase: Phase::Running, ..CREATING }, State::Creating),
            ("ready and not yet signed in", Facts { phase: Phase::Ready, ..CREATING }, State::Creating),
            (
                "its variables not yet written",
                Facts { signed_in: true, phase: Phase::Ready, ..CREATING },
                State::Creating,
            ),
            ("all done", Facts { signed_in: true, ..ready.clone() }, State::Healthy),
            ("a standby down", Facts { signed_in: true, degraded: Some("2 of 3"), ..ready.clone() }, State::Degraded),
            (
                "a standby down, and stopped",
                Facts { degraded: Some("2 of 3"), broke: true, ..ready.clone() },
                State::Failing,
            ),
            ("a late create", Facts { phase: Phase::Preparing, overdue: true, ..CREATING }, State::Failing),
            ("refused", Facts { rejected: true, ..CREATING }, State::Failed),
            ("stop asked", Facts { power: Power::Stopped, ..ready.clone() }, State::Processing),
            ("stopped", Facts { power: Power::Stopped, phase: Phase::Stopped, ..ready.clone() }, State::Stopped),
            ("created stopped", Facts { power: Power::Stopped, phase: Phase::Stopped, ..CREATING }, State::Stopped),
            ("start asked", Facts { phase: Phase::Stopped, ..ready.clone() }, State::Processing),
            ("died by itself", Facts { phase: Phase::Stopped, broke: true, ..ready.clone() }, State::Failing),
            (
                "died often",
                Facts { phase: Phase::Stopped, broke: true, crash_loop: true, ..ready.clone() },
                State::Crashloopbackoff,
            ),
            (
                "came back after dying often",
                Facts { signed_in: true, crash_loop: true, ..ready.clone() },
                State::Healthy,
            ),
            ("restart asked", Facts { signed_in: true, restarting: true, ..ready.clone() }, State::Processing),
            ("a volume on its way", Facts { volume: true, phase: Phase::Preparing, ..CREATING }, State::Creating),
            ("a volume", Facts { volume: true, ..ready.clone() }, State::Bound),
            (
                "a volume that can't grow",
                Facts { volume: true, degraded: Some("no"), ..ready.clone() },
                State::Degraded,
            ),
            ("a volume that is gone", Facts { volume: true, phase: Phase::Lost, ..ready.clone() }, State::Lost),
            ("storage gone", Facts { phase: Phase::Lost, ..ready.clone() }, State::Lost),
            ("deleting wins", Facts { deleting: true, rejected: true, signed_in: true, ..ready }, State::Deleting),
        ];
        for (what, facts, state) in table {
            assert_eq!(derive(&facts).0, state, "{what}");
        }
    }

    #[test]
    fn every_state_says_what_there_is_to_say() {
        let facts = Facts { overdue: true, said: Some("port 15432 is taken"), ..CREATING };
        assert_eq!(derive(&facts).1.as_deref(), Some("port 15432 is taken"));
        let full = Facts { signed_in: true, was_ready: true, said: Some("Its disk is almost full"), ..CREATING };
        assert_eq!(derive(&full), (State::Healthy, Some("Its disk is almost full".into())));
    }
}
