//! The console's pages: the app rendered with what the request carries.

use app::{App, shell::shell, viewer};
use axum::{Router, extract::Request, http::request::Parts};
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};

use super::{RequestId, assets};

/// Pages, and one that says so for every address that leads nowhere.
///
/// `context` runs for each page before it is rendered, with the request's [`Parts`] in reach, and provides what pages ask for: the
/// [`Viewer`](viewer::Viewer) of a request with a session, and whatever the server functions take from context.
pub fn routes<S>(context: impl Fn() + Clone + Send + Sync + 'static) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let bundle = assets::bundle();
    let known = bundle.clone();
    let context = move || {
        if let Some(parts) = use_context::<Parts>() {
            if let Some(nonce) = parts.extensions.get::<Nonce>() {
                provide_context(nonce.clone());
            }
            if let Some(id) = parts.extensions.get::<RequestId>() {
                provide_context(viewer::RequestId(id.to_string()));
            }
        }
        provide_context(known.clone());
        context();
    };
    let document = move || shell(bundle.clone());
    let missing = render_app_async_with_context(context.clone(), document.clone());
    // Leptos only asks it where the disk has files, and here it has none.
    let options = LeptosOptions::builder().output_name("berth").site_root("/nonexistent").build();
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, document)
        .fallback(move |request: Request| missing(request))
        .with_state(options)
}
