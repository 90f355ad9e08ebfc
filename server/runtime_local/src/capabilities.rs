//! What can be done on this machine. Looked up now and then, because programs may be installed meanwhile.

use std::time::Duration;

use contract::Capabilities;
use contract::capabilities::{Choice, Runtime};
use contract::spec::{CreationMode, ServiceType};
use contract::values::Instances;
use postgres::{Availability, Host, Major};
use tokio::sync::watch;

/// Between two looks at the programs.
const EVERY: Duration = Duration::from_secs(60);

const LATER: &str = "this version of Berth does not provide it yet";
const NO_CGROUP: &str = "Memory and CPU limits are advisory on this machine: Berth has no cgroup that it may write. A full disk limit makes the database read-only.";

/// The capabilities, kept up to date for as long as somebody holds the receiver.
pub(crate) async fn follow(host: Host, limits_enforced: bool) -> watch::Receiver<Capabilities> {
    let (sender, receiver) = watch::channel(look(&host, limits_enforced).await);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let seen = look(&host, limits_enforced).await;
            sender.send_if_modified(|known| {
                let changed = *known != seen;
                *known = seen;
                changed
            });
        }
    });
    receiver
}

async fn look(host: &Host, limits_enforced: bool) -> Capabilities {
    let today = time::OffsetDateTime::now_utc().date();
    let mut can = Capabilities::everything(Runtime::Local, today);
    can.service_types = vec![Choice::yes(ServiceType::Postgres), Choice::no(ServiceType::SharedStorage, LATER)];
    can.creation_modes = vec![Choice::yes(CreationMode::Fresh), Choice::no(CreationMode::ExternalReplica, LATER)];
    can.replicas = Choice::no("replica", LATER);
    can.instances =
        Instances::ALL.into_iter().map(|n| if n == 1 { Choice::yes(n) } else { Choice::no(n, LATER) }).collect();
    can.public_access = vec![Choice::yes("0"), Choice::no("1", LATER)];
    can.advisory = (!limits_enforced).then(|| NO_CGROUP.to_owned());
    for (major, availability) in host.available_majors().await {
        let missing = missing(major, &availability);
        let number = major.get().to_string();
        if let Some(version) = can.postgres_versions.iter_mut().find(|v| v.value == number) {
            version.available = missing.is_none();
            version.reason = missing;
        }
    }
    can
}

fn missing(major: Major, availability: &Availability) -> Option<String> {
    match availability {
        Availability::Ready { .. } | Availability::Downloadable { .. } => None,
        Availability::Missing { version } => {
            Some(format!("the programs of PostgreSQL {major} ({version}) are not on this machine"))
        }
    }
}
