use contract::audit::AuditEntry;
use leptos::prelude::*;

use super::words;
use crate::ui::RelativeTime;

/// Lines that say the same, one behind the other.
struct Run {
    newest: AuditEntry,
    times: usize,
}

fn runs(entries: Vec<AuditEntry>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for entry in entries {
        let same = |run: &&mut Run| {
            let key = |of: &AuditEntry| (of.email.clone(), of.action.clone(), of.entity_id, of.reason.clone());
            key(&run.newest) == key(&entry)
        };
        match runs.last_mut().filter(same) {
            Some(run) => run.times += 1,
            None => runs.push(Run { newest: entry, times: 1 }),
        }
    }
    runs
}

/// Who did what, newest first. What somebody did again and again stands there once.
#[component]
pub fn AuditRows(
    entries: Vec<AuditEntry>,
    /// Whether the thing is named: not where all of it is about one.
    #[prop(optional)]
    named: bool,
) -> impl IntoView {
    let row = move |Run { newest: entry, times }: Run| {
        let thing = if named { entry.entity } else { "it".to_owned() };
        let times = (times > 1).then(|| format!(", {times} times"));
        let reason = entry
            .reason
            .map(|reason| view! { <p class="text-sm text-ink-2 [overflow-wrap:anywhere]">"“" {reason} "”"</p> });
        view! {
            <li id=format!("audit-{}", entry.uuid) class="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-b border-line px-4 py-2.5 last:border-b-0">
                <div class="min-w-0 flex-1 basis-60">
                    <p class="[overflow-wrap:anywhere]"><span class="font-medium">{entry.email}</span> " " {words::done(&entry.action)} " " {thing} {times}</p>
                    {reason}
                </div>
                <p class="text-sm text-ink-3" title=format!("Request {}", entry.request_id)><RelativeTime at=entry.at /></p>
            </li>
        }
    };
    view! { <ul>{runs(entries).into_iter().map(row).collect_view()}</ul> }
}

/// The title above such a list: whoever may not see what others did sees what he did himself.
pub fn audit_title(sees_all: bool) -> &'static str {
    if sees_all { "Who did what" } else { "What you did" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_done_again_and_again_stands_there_once() {
        let entry = |email: &str, action: &str, reason: Option<&str>| AuditEntry {
            uuid: Uuid::nil(),
            at: time::OffsetDateTime::UNIX_EPOCH,
            email: email.into(),
            action: action.into(),
            entity_id: None,
            entity: "x".into(),
            reason: reason.map(Into::into),
            request_id: "r".into(),
        };
        let all = vec![
            entry("a", "service.reveal", None),
            entry("a", "service.reveal", None),
            entry("a", "service.reveal", Some("Ticket 1")),
            entry("b", "service.reveal", None),
            entry("a", "service.reveal", None),
        ];
        assert_eq!(runs(all).iter().map(|run| run.times).collect::<Vec<_>>(), [2, 1, 1, 1]);
    }
}
