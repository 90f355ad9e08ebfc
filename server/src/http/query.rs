//! Query strings: known names only, each once, every problem in one answer; and the pages of lists.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use contract::page::{Page, PageRequest};
use contract::problem::{Kind, Problem};
use contract::{ApiError, Invalid};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use url::form_urlencoded;

use super::Failure;

/// The parameters of a query string, by name. Empty ones are absent.
#[derive(Debug, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Refuses what isn't one of `known`, or is given twice, by name.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Self, ApiError> {
        let text = uri.query().unwrap_or_default();
        percent_decode_str(text).decode_utf8().map_err(|_| ApiError::Unreadable("The query isn't UTF-8".into()))?;
        let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                problems.push(refused(&name, "unknown", "is not a parameter of this request"));
            } else if values.insert(name.clone(), value).is_some() {
                problems.push(refused(&name, "repeated", "is given twice"));
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Invalid::unless(Some(Self(values)), problems)?)
    }

    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// One value through `read`; what it can't read is noted as a problem.
    pub fn parse<T>(
        &mut self,
        name: &str,
        problems: &mut Vec<Problem>,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        match read(&self.take(name)?) {
            Ok(value) => Some(value),
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }

    pub fn page(&mut self) -> PageRequest {
        PageRequest { limit: self.take("limit"), cursor: self.take("cursor") }
    }
}

/// The name comes from outside: its beginning says enough.
fn refused(name: &str, code: &str, what: &str) -> Problem {
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    Problem { words: format!("{name} {what}"), field: name, kind: Kind::Shape, code: code.into(), mend: None }
}

/// `limit` and `cursor` of a list, and where the list is, for the link to its next page.
#[derive(Debug)]
pub struct Paging {
    pub request: PageRequest,
    pub(super) uri: Uri,
}

impl Paging {
    pub(super) const PARAMETERS: [&str; 2] = ["limit", "cursor"];

    /// The page as an answer.
    pub fn answer<T>(self, page: Page<T>) -> Listed<T> {
        Listed { link: page.next.map(|cursor| next(&self.uri, &cursor)), items: page.items }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let uri = here(parts);
        Ok(Self { request: Query::read(&uri, &Self::PARAMETERS)?.page(), uri })
    }
}

/// The address as it was asked for: nested routes see the rest of it only.
pub(super) fn here(parts: &Parts) -> Uri {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |original| original.0.clone())
}

/// The same path and query, one page on.
fn next(uri: &Uri, cursor: &str) -> String {
    let kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "cursor");
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("cursor", cursor).finish();
    format!("<{}?{query}>; rel=\"next\"", uri.path())
}

/// One page of a list: a JSON array, and the next page in `Link`.
#[derive(Debug)]
pub struct Listed<T> {
    items: Vec<T>,
    link: Option<String>,
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(link) = self.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest, ApiError> {
        Query::read(&format!("/list?{query}").parse().unwrap(), &Paging::PARAMETERS).map(|mut query| query.page())
    }

    #[test]
    fn what_is_unknown_or_twice_is_named() {
        let page = read("limit=2&cursor=a%20b").unwrap();
        assert_eq!((page.limit.as_deref(), page.cursor.as_deref()), (Some("2"), Some("a b")));
        assert_eq!(read("limit=&cursor="), Ok(PageRequest::default()));
        let error = read("page=2&limit=1&limit=2").unwrap_err();
        assert_eq!(
            (error.status(), error.to_string().as_str()),
            (400, "page is not a parameter of this request, limit is given twice")
        );
        assert_eq!(read("limit=%ff").unwrap_err().status(), 400);
    }

    #[test]
    fn the_next_page_keeps_the_query() {
        let uri = "/api/v1/services?q=a%20b&limit=2&cursor=old".parse().unwrap();
        assert_eq!(next(&uri, "new"), "</api/v1/services?q=a+b&limit=2&cursor=new>; rel=\"next\"");
        let uri = "/api/v1/projects".parse().unwrap();
        assert_eq!(next(&uri, "a>b"), "</api/v1/projects?cursor=a%3Eb>; rel=\"next\"");
    }
}
