//! While the API server is away, one request now and then finds out whether it is back; all others fail at once, so that neither a
//! page nor the server that comes back has to wait for them. tower has no such layer, and the crates that break circuits let
//! everybody through at once to try.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use kube::client::Body;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// Between two attempts on a server that is away.
const PROBE: Duration = Duration::from_millis(500);
/// How long the head of an answer may take: longer than the API server gives a webhook, which is 10 s.
const ANSWER: Duration = Duration::from_secs(15);
/// What the API server only passes on: an answer tells of a node or a pod, not of the server.
const PASSED_ON: [&str; 3] = ["/proxy/", "/portforward", "/log"];
/// Said by whatever stands in front of a server that is away, or by one that is starting.
const AWAY: [StatusCode; 3] = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

/// Stands between a client and the API server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker {
    /// Set while the server is away: when the next attempt may be made.
    next: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the API server is away")]
struct Away;

impl Breaker {
    /// Whether a request may be made now.
    fn admits(&self) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *next {
            Some(at) if now < at => false,
            Some(_) => {
                *next = Some(now + PROBE);
                true
            }
            None => true,
        }
    }

    fn answered(&self, well: bool) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = (!well).then(|| Instant::now() + PROBE);
    }
}

impl<S> Layer<S> for Breaker {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, breaker: self.clone() }
    }
}

/// A client's service behind a [`Breaker`].
#[derive(Clone, Debug)]
pub(crate) struct Guarded<S> {
    inner: S,
    breaker: Breaker,
}

impl<S, B> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if !self.breaker.admits() {
            return Box::pin(std::future::ready(Err(Away.into())));
        }
        let path = request.uri().path();
        let own = !PASSED_ON.iter().any(|part| path.contains(part));
        let to = if own { "server" } else { "pod" };
        metrics::counter!("berth_kubernetes_requests_total", "to" => to).increment(1);
        tracing::trace!(method = %request.method(), path, "asks the API server");
        let breaker = self.breaker.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER, answer).await.unwrap_or_else(|late| Err(late.into()));
            if own {
                breaker.answered(answer.as_ref().is_ok_and(|answer| !AWAY.contains(&answer.status())));
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tower::{ServiceExt as _, service_fn};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_away_is_asked_twice_a_second_and_everybody_again_once_it_is_back() {
        let (asked, up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let service = {
            let (asked, up) = (asked.clone(), up.clone());
            service_fn(move |_: Request<Body>| {
                asked.fetch_add(1, Ordering::SeqCst);
                let up = up.load(Ordering::SeqCst) > 0;
                async move { if up { Ok(Response::new(())) } else { Err::<_, BoxError>("refused".into()) } }
            })
        };
        let guarded = Breaker::default().layer(service);
        let ask = async || guarded.clone().oneshot(Request::new(Body::empty())).await.is_ok();
        for _ in 0..100 {
            assert!(!ask().await);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        let seen = asked.load(Ordering::SeqCst);
        assert!((15..=21).contains(&seen), "{seen} in 10 s");
        up.store(1, Ordering::SeqCst);
        tokio::time::advance(PROBE).await;
        assert!(ask().await && ask().await && ask().await);
        assert_eq!(asked.load(Ordering::SeqCst), seen + 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answers_is_away() {
        let never = service_fn(|_: Request<Body>| std::future::pending::<Result<Response<()>, BoxError>>());
        let guarded = Breaker::default().layer(never);
        let began = Instant::now();
        assert!(guarded.clone().oneshot(Request::new(Body::empty())).await.is_err());
        assert_eq!(began.elapsed(), ANSWER);
        assert!(guarded.oneshot(Request::new(Body::empty())).await.is_err());
        assert_eq!(began.elapsed(), ANSWER, "at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_can_not_be_reached_is_no_server_that_is_away() {
        let unavailable = service_fn(|_: Request<Body>| async {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            Ok::<_, BoxError>(answer)
        });
        let guarded = Breaker::default().layer(unavailable);
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            guarded.clone().oneshot(request).await.is_ok()
        };
        assert!(ask("/api/v1/namespaces/x/pods/y:9187/proxy/metrics").await);
        assert!(ask("/api/v1/namespaces/x/pods/y/portforward").await);
        assert!(ask("/api/v1/nodes").await, "it is asked");
        assert!(!ask("/api/v1/nodes").await, "and was away");
    }
}
