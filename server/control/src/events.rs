//! The stream of events: one listener a console, however many pages are open.

use std::time::Duration;

use contract::Caller;
use contract::event::{Event, EventKind};
use futures::{Stream, StreamExt};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::reconcile::Waker;
use crate::store::events::{CHANNEL, TASKS};

/// Events kept for a reader that is slow; past it the reader's stream ends and it fetches everything again.
const BACKLOG: usize = 1024;
/// Between two attempts to listen while PostgreSQL is away.
const RETRY: Duration = Duration::from_secs(1);

/// One event, with what decides who may hear of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Heard {
    workspace: Uuid,
    restricted: bool,
    event: Event,
}

/// Hands every event of the store to whoever may hear of it.
#[derive(Clone)]
pub struct Hub {
    /// `None`: events may have been lost; every stream ends.
    sender: broadcast::Sender<Option<Heard>>,
}

impl Hub {
    #[expect(clippy::new_without_default, reason = "a hub nobody feeds is worth a visible call")]
    pub fn new() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0 }
    }

    /// What the caller can reach, from now on. The stream ends where events may have been lost: connect again, and
    /// fetch everything that is shown.
    pub fn subscribe(&self, who: &Caller) -> impl Stream<Item = Event> + Send + use<> {
        let (workspace, all) = (who.workspace_id, crate::reach::sees_restricted(who));
        BroadcastStream::new(self.sender.subscribe())
            .take_while(|heard| std::future::ready(matches!(heard, Ok(Some(_)))))
            .filter_map(move |heard| {
                let heard = heard.ok().flatten().filter(|h| h.workspace == workspace && (all || !h.restricted));
                std::future::ready(heard.map(|h| h.event))
            })
    }

    /// Listens until it is told to stop; wakes the workers too.
    pub async fn feed(self, pool: PgPool, waker: Waker, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let listening = async {
                let mut listener = PgListener::connect_with(&pool).await?;
                listener.listen_all([CHANNEL, TASKS]).await?;
                // what came before this moment was told to nobody
                let _ = self.sender.send(None);
                waker.wake();
                while let Some(notice) = listener.try_recv().await? {
                    match notice.channel() {
                        TASKS => waker.wake(),
                        _ => {
                            if let Some(heard) = parse(notice.payload()) {
                                let _ = self.sender.send(Some(heard));
                            }
                        }
                    }
                }
                Ok::<_, sqlx::Error>(())
            };
            tokio::select! {
                () = stop.cancelled() => return,
                ended = listening => {
                    if let Err(error) = ended {
                        tracing::warn!(error = &error as &dyn std::error::Error, "listening for events failed");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        }
    }
}

/// `workspace kind id version restricted`, as [`crate::store::events::emit`] writes it.
fn parse(payload: &str) -> Option<Heard> {
    let mut words = payload.split(' ');
    let workspace = words.next()?.parse().ok()?;
    let kind: EventKind = words.next()?.parse().ok()?;
    let id = words.next()?.parse().ok()?;
    let version = words.next()?.parse().ok()?;
    let restricted = words.next()? == "t";
    Some(Heard { workspace, restricted, event: Event { kind, id, version } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::permission::Role;

    fn caller(workspace: Uuid, role: Role) -> Caller {
        Caller {
            user_id: Uuid::nil(),
            email: "a@example.com".into(),
            workspace_id: workspace,
            workspace_slug: "main".into(),
            workspace_name: "Main".into(),
            role,
            proof: Uuid::nil(),
            request_id: "r".into(),
        }
    }

    #[tokio::test]
    async fn strangers_and_the_restricted_hear_nothing() {
        let hub = Hub::new();
        let here = Uuid::from_u128(1);
        let heard = |restricted: &str| parse(&format!("{here} service {} 7 {restricted}", Uuid::nil())).unwrap();
        let member = hub.subscribe(&caller(here, Role::Member));
        let owner = hub.subscribe(&caller(here, Role::Owner));
        let stranger = hub.subscribe(&caller(Uuid::from_u128(2), Role::Owner));
        for sent in [Some(heard("f")), Some(heard("t")), None] {
            hub.sender.send(sent).unwrap();
        }
        assert_eq!(member.collect::<Vec<_>>().await.len(), 1);
        assert_eq!(owner.collect::<Vec<_>>().await.len(), 2);
        assert_eq!(stranger.collect::<Vec<_>>().await.len(), 0);
    }

    #[test]
    fn foreign_payloads_are_passed_over() {
        for payload in ["", "x", "a b c d e"] {
            assert_eq!(parse(payload), None);
        }
    }
}
