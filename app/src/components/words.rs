//! How sizes, times and services are said.

use contract::{
    Service, State,
    operation::{Operation, OperationKind, OperationState},
    scalar::plain,
    service::MemberRole,
    spec::ServiceType,
};

use crate::ui::Tone;

/// At most two digits behind the point, and none that say nothing.
pub fn number(value: f64) -> String {
    grouped(&plain((value * 100.0).round() / 100.0))
}

/// "3104.5" as people read it: "3,104.5".
fn grouped(text: &str) -> String {
    let (whole, rest) = text.find('.').map_or((text, ""), |at| text.split_at(at));
    let mut out = String::with_capacity(text.len() + 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// "256 MiB", and from a GiB on "1.5 GiB", as long as that is exact.
pub fn mib(mib: f64) -> String {
    let gib = mib / 1024.0;
    if gib >= 1.0 && (gib * 4.0).fract() == 0.0 {
        format!("{} GiB", number(gib))
    } else {
        format!("{} MiB", number(mib))
    }
}

pub fn gib(gib: f64) -> String {
    format!("{} GiB", number(gib))
}

/// "212 ms", "0.68 s", "12.3 s", "2 min 3 s".
pub fn took(ms: u64) -> String {
    match ms {
        0..1000 if ms < 500 => format!("{ms} ms"),
        0..10_000 => format!("{} s", number((ms / 10) as f64 / 100.0)),
        10_000..60_000 => format!("{} s", number((ms / 100) as f64 / 10.0)),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// About as long: "0.7 s".
pub fn usually(ms: u64) -> String {
    let ms = if ms >= 100 { (ms + 50) / 100 * 100 } else { ms };
    format!("usually {}", took(ms))
}

/// "PostgreSQL 17", "PostgreSQL 16 · 3 instances", "PostgreSQL 16 · replica", "Storage RWX · /data".
pub fn kind(service: &Service) -> String {
    match service.service_type {
        ServiceType::Postgres => {
            let version = service.postgres_version.map(|version| format!(" {version}")).unwrap_or_default();
            let more = match (service.role, service.instances) {
                (Some(MemberRole::Replica), _) => " · replica".to_owned(),
                (_, 1) => String::new(),
                (_, many) => format!(" · {many} instances"),
            };
            format!("PostgreSQL{version}{more}")
        }
        ServiceType::SharedStorage => {
            let access = service.storage_access.map(|access| format!(" {access}")).unwrap_or_default();
            let at = service.mount_point.as_ref().map(|at| format!(" · {at}")).unwrap_or_default();
            format!("Storage{access}{at}")
        }
    }
}

pub fn tone(state: State) -> Tone {
    match state {
        State::Healthy | State::Bound => Tone::Ok,
        State::Pending | State::Processing | State::Creating | State::Deleting => Tone::Busy,
        State::Degraded => Tone::Warn,
        State::Failed | State::Failing | State::Lost | State::Crashloopbackoff => Tone::Bad,
        State::Stopped => Tone::Idle,
    }
}

/// What a state of trouble means, as a sentence. `None` where there is no trouble.
pub fn trouble(state: State) -> Option<&'static str> {
    match state {
        State::Degraded => Some("It is serving, but not all of it is as it should be."),
        State::Failed => Some("It has failed, and nothing more happens by itself."),
        State::Failing => Some("It isn't serving; Berth keeps trying."),
        State::Lost => Some("Its storage is gone."),
        State::Crashloopbackoff => Some("It starts and dies, again and again."),
        State::Pending
        | State::Processing
        | State::Creating
        | State::Healthy
        | State::Bound
        | State::Stopped
        | State::Deleting => None,
    }
}

/// What an operation does or has done: "Creating", "Created in 0.68 s", "Creating has failed".
pub fn operation(operation: &Operation) -> String {
    let (doing, done) = match operation.summary.kind {
        OperationKind::Create => ("Creating", "Created"),
        OperationKind::Update => ("Changing", "Changed"),
        OperationKind::Start => ("Starting", "Started"),
        OperationKind::Stop => ("Stopping", "Stopped"),
        OperationKind::Restart => ("Restarting", "Restarted"),
        OperationKind::Retry => ("Trying again", "Tried again"),
        OperationKind::RotatePassword => ("Rotating the password", "Rotated the password"),
        OperationKind::PromoteExternal | OperationKind::PromoteReplica => ("Promoting", "Promoted"),
        OperationKind::MountApp => ("Mounting into an app", "Mounted into an app"),
        OperationKind::UnmountApp => ("Unmounting from an app", "Unmounted from an app"),
        OperationKind::Delete => ("Deleting", "Deleted"),
    };
    match (operation.summary.state, operation.took_ms) {
        (OperationState::Succeeded, Some(ms)) => format!("{done} in {}", took(ms)),
        (OperationState::Succeeded, None) => done.to_owned(),
        (OperationState::Failed, _) => format!("{doing} has failed"),
        (OperationState::Superseded, _) => format!("{doing} gave way to a later wish"),
        (OperationState::Queued | OperationState::Running, _) => doing.to_owned(),
    }
}

/// What an audit line says somebody did; the thing's name follows.
pub fn done(action: &str) -> String {
    let known = match action {
        "service.create" => "created",
        "service.create_repeated" => "repeated the creation of",
        "service.update" => "changed",
        "service.delete" => "deleted",
        "service.start" => "started",
        "service.stop" => "stopped",
        "service.restart" => "restarted",
        "service.retry" => "had Berth try again with",
        "service.rotate_password" => "rotated the password of",
        "service.create_replica" => "created the replica",
        "service.promote_external" | "service.promote_replica" => "promoted",
        "service.put_back" => "put back",
        "service.mount_app" => "had an app mount",
        "service.unmount_app" => "had an app unmount",
        "service.reveal" => "looked at the credentials of",
        "project.create" => "created the project",
        "project.update" => "renamed the project",
        "project.delete" => "deleted the project",
        "var.create" => "added the variable",
        "var.update" => "changed the variable",
        "var.delete" => "deleted the variable",
        "token.create" => "made the token",
        "token.revoke" => "revoked the token",
        "session.end" => "ended the session from",
        "user.wrong_password" => "gave a wrong password to change that of",
        "user.password" => "changed the password of",
        // a newer Berth wrote it
        other => return format!("did {other} to"),
    };
    known.to_owned()
}

/// "3 min"
pub fn minutes(ms: u64) -> String {
    match ms / 60_000 {
        0 => "less than a minute".to_owned(),
        1 => "a minute".to_owned(),
        many => format!("{many} minutes"),
    }
}

/// Bytes in the largest unit of which there is at least one: "1.5 GiB".
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut left = bytes.max(0.0);
    let mut unit = 0;
    while left >= 1024.0 && unit + 1 < UNITS.len() {
        left /= 1024.0;
        unit += 1;
    }
    let rounded = if left >= 10.0 { left.round() } else { (left * 10.0).round() / 10.0 };
    format!("{} {}", number(rounded), UNITS[unit])
}

/// "Two services need attention, twelve are healthy." Of a list that is whole.
pub fn attention(states: impl Iterator<Item = State>) -> String {
    let (mut trouble, mut well, mut other) = (0, 0, 0);
    for state in states {
        match tone(state) {
            Tone::Bad | Tone::Warn => trouble += 1,
            Tone::Ok => well += 1,
            Tone::Busy | Tone::Idle => other += 1,
        }
    }
    let services = |n: usize| if n == 1 { "service" } else { "services" };
    let mut parts = Vec::new();
    if trouble > 0 {
        let need = if trouble == 1 { "needs" } else { "need" };
        parts.push(format!("{} {} {need} attention", count(trouble), services(trouble)));
    }
    if well > 0 {
        let are = if well == 1 { "is" } else { "are" };
        let noun = if parts.is_empty() { format!(" {}", services(well)) } else { String::new() };
        parts.push(format!("{}{noun} {are} healthy", count(well)));
    }
    if other > 0 {
        let are = if other == 1 { "is" } else { "are" };
        let noun = if parts.is_empty() { format!(" {}", services(other)) } else { String::new() };
        parts.push(format!("{}{noun} {are} stopped or on the way", count(other)));
    }
    let mut text = parts.join(", ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
        text.push('.');
    }
    text
}

fn count(n: usize) -> String {
    const SMALL: [&str; 13] =
        ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    SMALL.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_what_counts() {
        let said: Vec<_> = [0.0, 0.04, 0.5, 5.0, 3104.0, 1_048_576.0, -1234.0].map(number).into();
        assert_eq!(said.join(" "), "0 0.04 0.5 5 3,104 1,048,576 -1,234");
    }

    #[test]
    fn memory_is_gib_where_that_is_exact() {
        assert_eq!(
            [256.0, 1000.0, 1024.0, 1536.0, 2050.0].map(mib).join(" | "),
            "256 MiB | 1,000 MiB | 1 GiB | 1.5 GiB | 2,050 MiB"
        );
    }

    #[test]
    fn durations_keep_two_or_three_digits() {
        let said = [4, 212, 680, 1_234, 12_340, 123_000].map(took).join(" | ");
        assert_eq!(said, "4 ms | 212 ms | 0.68 s | 1.23 s | 12.3 s | 2 min 3 s");
        assert_eq!([43, 680, 12_340].map(usually).join(" | "), "usually 43 ms | usually 0.7 s | usually 12.3 s");
    }

    #[test]
    fn bytes_are_read_in_a_unit_that_fits() {
        let said = [0.0, 512.0, 1024.0, 1536.0, 10_240.0, 123_456_789.0, 5e12].map(bytes).join(" | ");
        assert_eq!(said, "0 B | 512 B | 1 KiB | 1.5 KiB | 10 KiB | 118 MiB | 4.5 TiB");
    }

    #[test]
    fn every_action_of_the_log_reads_as_a_sentence() {
        assert_eq!(done("service.reveal"), "looked at the credentials of");
        assert_eq!(done("service.create_replica"), "created the replica");
        assert_eq!(done("service.promote_replica"), "promoted");
        assert_eq!(done("a.b"), "did a.b to");
    }

    #[test]
    fn a_list_is_summed_up_in_a_sentence() {
        use State::{Creating, Failing, Healthy, Stopped};
        let said = |states: &[State]| attention(states.iter().copied());
        assert_eq!(said(&[]), "");
        assert_eq!(said(&[Healthy]), "One service is healthy.");
        assert_eq!(
            said(&[Failing, Failing, Healthy, Stopped]),
            "Two services need attention, one is healthy, one is stopped or on the way."
        );
        assert_eq!(said(&[Creating, Stopped]), "Two services are stopped or on the way.");
        assert_eq!(said(&[Healthy; 14]), "14 services are healthy.");
    }
}
