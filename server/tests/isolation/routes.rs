//! What the router serves, read from the router itself: every path with its methods, REST, pages, server functions and
//! all the rest.

use std::collections::BTreeSet;

use axum::Router;

use crate::table::Row;

const METHODS: [&str; 8] = ["get", "delete", "options", "patch", "post", "put", "trace", "connect"];

/// `METHOD /path/{}` of each route; ANY where it takes all of them. axum has no list of its routes but what it prints.
pub fn served(router: &Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let text = text.split("fallback_router").next().unwrap();
    let (endpoints, paths) = text.split_once("node: Node").expect("what axum prints of a router has another shape");
    let mut served = BTreeSet::new();
    for (id, path) in entries(paths) {
        let path = path.split('"').nth(1).unwrap();
        let (_, endpoint) = entries(endpoints).find(|(of, _)| *of == id).unwrap();
        let takes = |method: &&&str| !endpoint.contains(&format!(" {method}: None"));
        let mut methods: Vec<String> = METHODS.iter().filter(takes).map(|method| method.to_uppercase()).collect();
        if methods.is_empty() {
            methods.push("ANY".to_owned());
        }
        served.extend(methods.iter().map(|method| format!("{method} {}", shape(path))));
    }
    served
}

/// What stands behind each `RouteId(n): `.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("RouteId(").skip(1).filter_map(|entry| entry.split_once("): "))
}

/// A path without what its parameters are called, and without a query.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let segment = |segment: &str| {
        let parameter = segment.starts_with('{') || segment.starts_with(':');
        if parameter { "{}".to_owned() } else { segment.to_owned() }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// What has a route and no line in the table, or a line and no route.
pub fn unruled(served: &BTreeSet<String>, table: &[Row]) -> Vec<String> {
    let ruled: BTreeSet<String> = table.iter().map(|row| format!("{} {}", row.method, shape(row.path))).collect();
    let without = |what: &str, these: &BTreeSet<String>, those: &BTreeSet<String>| {
        these.difference(those).map(|one| format!("{one}: {what}")).collect::<Vec<_>>()
    };
    let mut found = without("it is served and has no line in the table", served, &ruled);
    found.extend(without("it has a line in the table and isn't served", &ruled, served));
    found
}
