//! H12: a good request with a field more. Every body of the table is tried, as JSON and as a form.

use contract::permission::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::asking::{Answer, Asked, Spelling};
use crate::rules::Reach;
use crate::store::Store;
use crate::table::{Row, TABLE};
use crate::world::World;

/// What is the server's to say, with values that stand nowhere else. One line for each.
fn extras(world: &World) -> Vec<(&'static str, Value)> {
    vec![
        ("uuid", json!("0192f0c1-dead-7abc-8def-0123456789ab")),
        ("id", json!("0192f0c1-dead-7abc-8def-0123456789ab")),
        ("name", json!("mass-assigned")),
        ("state", json!("crashloopbackoff")),
        ("role", json!("owner")),
        ("workspace", json!(world.foreign.workspace.slug)),
        ("workspace_id", json!(world.foreign.workspace.id)),
        ("user_id", json!(world.stranger.id)),
        ("restricted", json!(true)),
        ("created_at", json!("1999-12-31T23:59:59Z")),
        ("connection_details", json!({ "internal": { "password": "mass-assigned" } })),
        ("port", json!(24_987)),
        ("password", json!("mass-assigned")),
        ("sealed_password", json!("mass-assigned")),
    ]
}

/// What a row must not hold after such a request.
fn traces(world: &World) -> [String; 7] {
    let (workspace, stranger) = (world.foreign.workspace.id.to_string(), world.stranger.id.to_string());
    ["dead-7abc", "mass-assigned", "crashloopbackoff", "1999-12-31", "24987", &workspace, &stranger].map(str::to_owned)
}

#[sqlx::test(migrations = "control/migrations")]
async fn h12_what_is_the_servers_to_say_is_never_written(pool: PgPool) {
    let world = World::new(pool).await;
    let store = Store::remember(&world.pool).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for row in TABLE.iter().filter(|row| !row.body.is_empty()) {
        let good = Asked::new(&world, row, Some(Role::Owner), (Reach::Own, Spelling::Uuid));
        for (field, value) in extras(&world) {
            for (grown, strict) in grown(row, &good.body, field, &value) {
                let asked = Asked { body: grown, ..good.clone() };
                let answer = asked.send(&world.router).await;
                let refused = answer.status == 400 && names(&answer, field) && store.changes().await.is_empty();
                let passed_over = !strict && answer.status == row.good;
                let written = written(&world, &store).await;
                if !(refused || passed_over) || !written.is_empty() {
                    let Answer { status, text, .. } = answer;
                    wrong.push(format!("{} {} {}: {status} {text} {written:?}", asked.method, asked.path, asked.body));
                }
                store.restore().await;
                tried += 1;
            }
        }
    }
    world.end().await;
    assert!(tried > 300, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The body with a field more, at each place that has fields. True: the contract wants it refused by its name.
///
/// The arguments of a server function are no body of the contract: there, and in what a list is filtered by, a field
/// more is passed over.
fn grown(row: &Row, body: &str, field: &str, value: &Value) -> Vec<(String, bool)> {
    let Ok(Value::Object(fields)) = serde_json::from_str(body) else {
        let more = body.split('&').all(|pair| pair.split('=').next() != Some(field));
        return more.then(|| (format!("{body}&{field}={}", plain(value)), true)).into_iter().collect();
    };
    let is_call = row.path.starts_with("/call/");
    let with = |inside: Option<&str>| {
        let mut grown = Value::Object(fields.clone());
        let at = inside.map_or("".to_owned(), |key| format!("/{key}"));
        let object = grown.pointer_mut(&at).and_then(Value::as_object_mut)?;
        object.insert(field.to_owned(), value.clone()).is_none().then_some(grown)
    };
    let strict = |key: &str| !["filter", "page"].contains(&key);
    let mut all: Vec<(String, bool)> = with(None).map(|grown| (grown.to_string(), !is_call)).into_iter().collect();
    all.extend(fields.keys().filter_map(|key| Some((with(Some(key))?.to_string(), strict(key)))));
    if !is_call && !fields.contains_key(field) {
        let pairs = fields.iter().map(|(key, value)| (key.as_str(), plain(value)));
        let form = pairs.chain([(field, plain(value))]).map(|(key, value)| format!("{key}={value}"));
        all.push((form.collect::<Vec<_>>().join("&"), true));
    }
    all
}

/// As a form has it; nothing of ours needs to be escaped.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string().replace(['"', '{', '}'], "").replace(' ', "+"), str::to_owned)
}

/// The refusal is about this field: it is unknown.
fn names(answer: &Answer, field: &str) -> bool {
    fn inside(json: &Value, field: &str) -> bool {
        match json {
            Value::Object(of) => {
                (of.get("field") == Some(&field.into()) && of.get("code") == Some(&"unknown".into()))
                    || of.values().any(|value| inside(value, field))
            }
            Value::Array(items) => items.iter().any(|item| inside(item, field)),
            _ => false,
        }
    }
    match serde_json::from_str::<Value>(&answer.text) {
        Ok(json) => inside(&json, field),
        // a browser is told on a page
        Err(_) => answer.text.contains(&format!(">{field} is not a known field<")),
    }
}

/// Rows that hold what was sent, and any that says who may do what.
async fn written(world: &World, store: &Store) -> Vec<(String, String)> {
    let traces = traces(world);
    let changes = store.changes().await.into_iter();
    let held = |(table, row): &(String, String)| {
        ["memberships", "workspaces"].contains(&table.as_str()) || traces.iter().any(|trace| row.contains(trace))
    };
    changes.filter(held).collect()
}
