//! Every cell of the matrix.

use std::io::Write as _;
use std::time::Instant;

use contract::permission::Role;
use serde_json::Value;
use sqlx::PgPool;

use crate::asking::{Answer, Asked};
use crate::routes::{served, unruled};
use crate::rules::{self, Expected, Reach};
use crate::store::Store;
use crate::table::{Needs, Row, Shows, TABLE};
use crate::world::{self, World};

#[sqlx::test(migrations = "control/migrations")]
async fn h09_h11_every_endpoint_answers_by_role_and_reach(pool: PgPool) {
    matrix(pool, "endpoints", |row| row.path.starts_with("/api/")).await;
}

#[sqlx::test(migrations = "control/migrations")]
async fn h09_h11_every_server_function_answers_by_role_and_reach(pool: PgPool) {
    matrix(pool, "server functions", |row| row.path.starts_with("/call")).await;
}

#[sqlx::test(migrations = "control/migrations")]
async fn h09_h11_every_page_answers_by_role_and_reach(pool: PgPool) {
    matrix(pool, "pages", |row| !row.path.starts_with("/api/") && !row.path.starts_with("/call")).await;
}

#[sqlx::test(migrations = "control/migrations")]
async fn h10_every_route_has_a_line_and_one_without_is_found(pool: PgPool) {
    let router = world::empty(pool);
    let served = served(&router);
    assert_eq!(unruled(&served, TABLE), [] as [String; 0]);
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        assert!(served.contains(&format!("{method} {path}")), "{method} {path}: the list of routes lacks it");
    }
    // one that somebody added without a thought: of the API, a server function, a page
    let leaky = || async { "everything" };
    let grown = router.route("/api/v1/services/{id}/leak", axum::routing::get(leaky));
    let grown =
        grown.route("/call/leak", axum::routing::post(leaky)).route("/w/{workspace}/leak", axum::routing::get(leaky));
    let lacks = ": it is served and has no line in the table";
    let found =
        ["GET /api/v1/services/{}/leak", "GET /w/{}/leak", "POST /call/leak"].map(|route| format!("{route}{lacks}"));
    assert_eq!(unruled(&crate::routes::served(&grown), TABLE), found);
    // and a line that is taken out
    let shorter: Vec<Row> = TABLE.iter().copied().filter(|row| row.path != "/call/reveal").collect();
    assert_eq!(unruled(&served, &shorter), [format!("POST /call/reveal{lacks}")]);
}

async fn matrix(pool: PgPool, name: &str, of: impl Fn(&Row) -> bool) {
    let began = Instant::now();
    let world = World::new(pool).await;
    let store = Store::remember(&world.pool).await;
    let made = began.elapsed();
    let (mut cells, mut wrong) = (0, Vec::new());
    for row in TABLE.iter().filter(|row| of(row)) {
        for who in Role::ALL.iter().copied().map(Some).chain([None]) {
            for spelling in row.spellings() {
                let mut seen: Vec<(Reach, Answer)> = Vec::new();
                for reach in row.reaches() {
                    let cell = Cell { world: &world, store: &store, row, who, reach: *reach };
                    let asked = Asked::new(&world, row, who, (*reach, *spelling));
                    let answer = cell.judge(&asked, &mut wrong).await;
                    seen.push((*reach, answer));
                    cells += 1;
                }
                let cell = |reach| Cell { world: &world, store: &store, row, who, reach };
                row.reaches().iter().for_each(|reach| cell(*reach).compare(&seen, &mut wrong));
            }
        }
    }
    let took = began.elapsed();
    // past the capture of tests: it is to be seen that they ran
    let _ = writeln!(std::io::stderr(), "isolation: {cells} cells of {name} in {took:.1?} (the world: {made:.1?})");
    world.end().await;
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// One cell.
struct Cell<'w> {
    world: &'w World,
    store: &'w Store,
    row: &'w Row,
    who: Option<Role>,
    reach: Reach,
}

/// Keys of JSON that hold secrets.
const SECRET_KEYS: [&str; 9] = [
    "password",
    "connection_url",
    "external_connection_url",
    "psql_command",
    "token",
    "access_token",
    "refresh_token",
    "password_hash",
    "secret_hash",
];

impl Cell<'_> {
    /// Sends it, and notes everything that is wrong with its answer but how it compares with others.
    async fn judge(&self, asked: &Asked, wrong: &mut Vec<String>) -> Answer {
        let answer = asked.send(&self.world.router).await;
        let Expected { status, like } = self.expected();
        let mut note = |what: String| wrong.push(format!("{}: {what}", self.name(asked)));
        let missing_file = self.row.needs == Needs::Anything && answer.status == 404;
        if answer.status != status && !missing_file {
            note(format!("{} instead of {status}: {}", answer.status, beginning(&answer.text)));
        }
        let good = like.is_none() && answer.status == status;
        self.secrets(asked, &answer, good).into_iter().for_each(&mut note);
        let credentials = matches!(self.row.shows, Some(Shows::Credentials | Shows::Revealed));
        let shown = rules::shown(self.world, self.row, self.who, self.reach);
        if good && credentials && !shown.is_empty() && self.store.changed("audit").await.is_empty() {
            note("shows credentials, and the audit log hasn't heard of it".to_owned());
        }
        let changes = if good { Vec::new() } else { self.store.changes().await };
        if !changes.is_empty() {
            note(format!("a refusal changed rows: {changes:?}"));
        }
        self.store.restore().await;
        answer.without(&asked.named)
    }

    fn expected(&self) -> Expected {
        rules::expected(self.row, self.who, self.reach)
    }

    fn name(&self, asked: &Asked) -> String {
        let who = self.who.map_or_else(|| "nobody".to_owned(), |role| role.to_string());
        format!("{who}, {:?}: {} {} {}", self.reach, asked.method, asked.path, asked.body)
    }

    /// Exactly the secrets that he may see, and nothing of what he can't reach.
    fn secrets(&self, asked: &Asked, answer: &Answer, good: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let whole = format!("{}\n{}", answer.headers.join("\n"), answer.text);
        let typed = |secret: &&str| !asked.body.contains(*secret) && !asked.path.contains(*secret);
        let all = rules::secrets(self.world).into_iter().filter(typed);
        let found: Vec<&str> = all.filter(|secret| whole.contains(secret)).collect();
        let may = if good { rules::shown(self.world, self.row, self.who, self.reach) } else { Vec::new() };
        for secret in found.iter().filter(|secret| !may.contains(secret)) {
            wrong.push(format!("shows {secret}"));
        }
        for secret in may.iter().filter(|secret| !found.contains(secret)) {
            wrong.push(format!("doesn't show {secret}, which it should"));
        }
        let no_store = |header: &String| header.starts_with("cache-control:") && header.contains("no-store");
        if !found.is_empty() && !answer.headers.iter().any(no_store) {
            wrong.push("shows a secret that may be stored on the way".to_owned());
        }
        if may.is_empty() && (self.row.shows != Some(Shows::Fresh) || !good) {
            let keys = serde_json::from_str(&answer.text).map(|json: Value| held(&json)).unwrap_or_default();
            wrong.extend(keys.into_iter().map(|key| format!("has something in `{key}`")));
        }
        let text = asked.named.iter().fold(whole, |text, named| text.replace(named.as_str(), ""));
        let marks = rules::marks(self.world, self.who);
        wrong.extend(marks.iter().filter(|mark| text.contains(mark.as_str())).map(|mark| format!("tells of {mark}")));
        wrong
    }

    /// What isn't there and what can't be reached look the same, to the last byte and header.
    fn compare(&self, seen: &[(Reach, Answer)], wrong: &mut Vec<String>) {
        let of = |reach: Reach| seen.iter().find(|(of, _)| *of == reach).map(|(_, answer)| answer);
        let (Some(like), Some(answer)) = (self.expected().like, of(self.reach)) else { return };
        if let Some(model) = of(like).filter(|model| *model != answer) {
            let what = format!("not the answer of {like:?}: {}", difference(model, answer));
            wrong.push(format!("{} {} {:?} {:?}: {what}", self.row.method, self.row.path, self.reach, self.who));
        }
    }
}

/// Keys of secrets that have a value, however deep.
fn held(json: &Value) -> Vec<String> {
    match json {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(key, value)| SECRET_KEYS.contains(&key.as_str()) && value.is_string());
            own.map(|(key, _)| key.clone()).chain(fields.values().flat_map(held)).collect()
        }
        Value::Array(items) => items.iter().flat_map(held).collect(),
        _ => Vec::new(),
    }
}

/// Status, headers, or where the texts part.
fn difference(model: &Answer, answer: &Answer) -> String {
    if (model.status, &model.headers) != (answer.status, &answer.headers) {
        return format!("{} {:?}, {} {:?}", model.status, model.headers, answer.status, answer.headers);
    }
    let parted = model.text.bytes().zip(answer.text.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let bytes = text.as_bytes();
        let part = &bytes[parted.saturating_sub(100)..bytes.len().min(parted + 200)];
        String::from_utf8_lossy(part).into_owned()
    };
    format!("\n  {}\n  {}", around(&model.text), around(&answer.text))
}

/// What somebody would read first.
fn beginning(text: &str) -> String {
    let main = text.split_once("<main").map_or(text, |(_, main)| main);
    main.chars().take(1200).collect()
}
