//! How a call crosses the wire: a POST with JSON both ways.
//!
//! Leptos' own `Http<Json, Json>` answers on the server. In the browser it would be compiled anew for each call, and
//! reads JSON from bytes, where the islands read their properties from text: two copies of every type's reader.

use contract::ApiError;
use gloo_net::http::Request;
use leptos::server_fn::{
    Http, Protocol,
    client::Client,
    codec::{FromReq, FromRes, IntoReq, IntoRes, Json},
    server::Server,
};
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};

use super::CallError;

pub struct Calls;

impl<In, Out, C, S> Protocol<In, Out, C, S, CallError> for Calls
where
    In: Serialize
        + DeserializeOwned
        + Send
        + IntoReq<Json, C::Request, CallError>
        + FromReq<Json, S::Request, CallError>,
    Out: Serialize
        + DeserializeOwned
        + Send
        + IntoRes<Json, S::Response, CallError>
        + FromRes<Json, C::Response, CallError>,
    C: Client<CallError>,
    S: Server<CallError>,
{
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(request: S::Request, answer: F) -> Result<S::Response, CallError>
    where
        F: Fn(In) -> Fut + Send,
        Fut: Future<Output = Result<Out, CallError>> + Send,
    {
        <Http<Json, Json> as Protocol<In, Out, C, S, CallError>>::run_server(request, answer).await
    }

    async fn run_client(path: &str, input: In) -> Result<Out, CallError> {
        let body = serde_json::to_string(&input).map_err(|_| lost())?;
        let answer = SendWrapper::new(post(path.to_owned(), body)).await?;
        serde_json::from_str(&answer).map_err(|_| lost())
    }
}

/// The body of a good answer.
async fn post(path: String, body: String) -> Result<String, CallError> {
    let request = Request::post(&path).header("content-type", "application/json").header("accept", "application/json");
    let answer = request.body(body).map_err(|_| lost())?.send().await.map_err(|_| lost())?;
    let text = answer.text().await.map_err(|_| lost())?;
    if answer.ok() { Ok(text) } else { Err(serde_json::from_str(&text).unwrap_or_else(|_| lost())) }
}

/// Nobody answered, or nothing that can be read.
fn lost() -> CallError {
    CallError(ApiError::Unavailable("The console can't be reached; nothing was lost, try again".into()))
}
