//! A way to the API server on which answers are late, others or none.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use kube::Client;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::Access;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wrong {
    Nothing,
    /// Every request has to wait.
    Late(Duration),
    /// Requests that would change a cluster are answered so, and nothing is done.
    Refused(u16),
    /// They are answered so, and it is done all the same.
    DoneAndRefused(u16),
    /// Watches are answered so, and those that are there end.
    WatchesRefused(u16),
    /// Watches say nothing any more, and stay.
    WatchesMute,
}

#[derive(Clone)]
pub(super) struct Proxy {
    address: SocketAddr,
    behind: Client,
    wrong: watch::Sender<Wrong>,
    /// Requests since it was asked last.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let behind = Client::try_from(*Access::find().await.unwrap().0).unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            behind,
            wrong: watch::channel(Wrong::Nothing).0,
            asked: Arc::default(),
        };
        let router = Router::new().fallback(pass).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        proxy
    }

    /// How the API server is reached through it.
    pub(super) fn access(&self) -> Access {
        Access(Box::new(kube::Config::new(format!("http://{}", self.address).parse().unwrap())))
    }

    /// How it is reached directly.
    pub(super) fn behind(&self) -> Client {
        self.behind.clone()
    }

    pub(super) fn is(&self, wrong: Wrong) {
        self.wrong.send_replace(wrong);
    }

    /// `METHOD path` of every request since the last call.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass(State(proxy): State<Proxy>, mut request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    proxy.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let changes = request.method() != Method::GET && request.uri().path().contains("/clusters/");
    let wrong = *proxy.wrong.borrow();
    match wrong {
        Wrong::Late(wait) => tokio::time::sleep(wait).await,
        Wrong::Refused(code) if changes => return refused(code),
        Wrong::WatchesRefused(code) if watches => return refused(code),
        _ => {}
    }
    request.headers_mut().remove(HOST);
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let passed_on = axum::http::Request::from_parts(parts, kube::client::Body::from(body));
    let Ok(answer) = proxy.behind.send(passed_on).await else { return refused(502) };
    let (parts, body) = answer.into_parts();
    match wrong {
        Wrong::DoneAndRefused(code) if changes => refused(code),
        _ if watches => {
            Response::from_parts(parts, Body::from_stream(watched(Body::new(body), proxy.wrong.subscribe())))
        }
        _ => Response::from_parts(parts, Body::new(body)),
    }
}

/// What a watch says, until it is cut off or falls silent for good.
fn watched(
    body: Body,
    wrong: watch::Receiver<Wrong>,
) -> impl futures::Stream<Item = Result<axum::body::Bytes, axum::Error>> {
    let (mut cut, mut mute) = (wrong.clone(), wrong.clone());
    let is_cut = async move {
        let _ = cut.wait_for(|wrong| matches!(wrong, Wrong::WatchesRefused(_))).await;
    };
    let falls_silent = async move {
        let _ = mute.wait_for(|wrong| *wrong == Wrong::WatchesMute).await;
    };
    let ends = async move {
        let mute = *wrong.borrow() == Wrong::WatchesMute;
        if mute {
            std::future::pending().await
        }
    };
    let end = futures::stream::once(ends).filter_map(|()| std::future::ready(None));
    body.into_data_stream().take_until(falls_silent).chain(end).take_until(is_cut)
}

/// As the API server says it.
fn refused(code: u16) -> Response {
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "a test says no", "reason": "Test", "code": code,
    });
    (StatusCode::from_u16(code).unwrap(), axum::Json(status)).into_response()
}
