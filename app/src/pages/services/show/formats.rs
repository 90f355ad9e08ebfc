//! How a program is told to connect, in the words of its language. With dots of a fixed length where the password stands,
//! until it is revealed.

use contract::{connection::Address, values::Secret};

const DOTS: &str = "••••••••••";
/// Written in the password's place, and then replaced by dots: letters, which no language quotes.
const PLACE: &str = "xPASSWORDx";

/// Where the code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Url,
    Psql,
    Env,
    Libpq,
    Jdbc,
    DotNet,
    Python,
    Node,
    Go,
    Rust,
    Rails,
    Django,
    Prisma,
    Kubernetes,
}

impl Format {
    pub const ALL: [Self; 14] = [
        Self::Url,
        Self::Psql,
        Self::Env,
        Self::Libpq,
        Self::Jdbc,
        Self::DotNet,
        Self::Python,
        Self::Node,
        Self::Go,
        Self::Rust,
        Self::Rails,
        Self::Django,
        Self::Prisma,
        Self::Kubernetes,
    ];

    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|format| format.word() == word).unwrap_or(Self::Url)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Psql => "psql",
            Self::Env => ".env",
            Self::Libpq => "libpq",
            Self::Jdbc => "JDBC",
            Self::DotNet => ".NET",
            Self::Python => "Python",
            Self::Node => "Node.js",
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Rails => "Ruby on Rails",
            Self::Django => "Django",
            Self::Prisma => "Prisma",
            Self::Kubernetes => "Kubernetes Secret",
        }
    }

    /// What is shown, for those who can't see it.
    pub fn about(self) -> String {
        match self {
            Self::Url => "the connection URL".to_owned(),
            Self::Psql => "the psql command".to_owned(),
            Self::Env => "the line for .env".to_owned(),
            Self::Libpq => "the connection string of libpq".to_owned(),
            other => format!("the lines for {}", other.word()),
        }
    }

    /// Whole, as it is copied. `name` is the service's.
    pub fn whole(self, name: &str, at: &Address, password: &Secret) -> String {
        let Address { host, port, database, username } = at;
        let url = at.url(password);
        let (url, password) = (url.expose(), password.expose());
        match self {
            Self::Url => url.to_owned(),
            Self::Psql => at.psql(&Secret::new(password)).expose().to_owned(),
            Self::Env => format!("DATABASE_URL=\"{url}\""),
            Self::Libpq => {
                let [host, database, username, password] = [host, database, username, password].map(libpq);
                format!("host={host} port={port} dbname={database} user={username} password={password}")
            }
            Self::Jdbc => jdbc(url, at),
            Self::DotNet => {
                let [host, database, username, password] = [host, database, username, password].map(dot_net);
                format!("Host={host};Port={port};Database={database};Username={username};Password={password}")
            }
            Self::Python => {
                let [host, database, username, password] = [host, database, username, password].map(quoted);
                format!(
                    "import psycopg\n\nconnection = psycopg.connect(\n    host={host},\n    port={port},\n    dbname={database},\n    user={username},\n    password={password},\n)"
                )
            }
            Self::Node => {
                let [host, database, username, password] = [host, database, username, password].map(quoted);
                format!(
                    "import pg from \"pg\";\n\nconst client = new pg.Client({{\n  host: {host},\n  port: {port},\n  database: {database},\n  user: {username},\n  password: {password},\n}});\nawait client.connect();"
                )
            }
            // nothing that a URL holds means anything in a string of these languages
            Self::Go => format!("conn, err := pgx.Connect(context.Background(), \"{url}\")"),
            Self::Rust => format!("let pool = sqlx::PgPool::connect(\"{url}\").await?;"),
            Self::Rails => format!("production:\n  adapter: postgresql\n  url: \"{url}\""),
            Self::Django => {
                let [host, database, username, password] = [host, database, username, password].map(quoted);
                format!(
                    "DATABASES = {{\n    \"default\": {{\n        \"ENGINE\": \"django.db.backends.postgresql\",\n        \"HOST\": {host},\n        \"PORT\": {port},\n        \"NAME\": {database},\n        \"USER\": {username},\n        \"PASSWORD\": {password},\n    }}\n}}"
                )
            }
            Self::Prisma => format!("datasource db {{\n  provider = \"postgresql\"\n  url      = \"{url}\"\n}}"),
            Self::Kubernetes => {
                let [host, database, username, password] = [host, database, username, password].map(quoted);
                format!(
                    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n  DATABASE_URL: \"{url}\"\n  PGHOST: {host}\n  PGPORT: \"{port}\"\n  PGDATABASE: {database}\n  PGUSER: {username}\n  PGPASSWORD: {password}"
                )
            }
        }
    }

    pub fn masked(self, name: &str, at: &Address) -> String {
        self.whole(name, at, &Secret::new(PLACE)).replace(PLACE, DOTS)
    }
}

/// A string of JSON, which Python, JavaScript and YAML read alike.
fn quoted(text: impl AsRef<str>) -> String {
    serde_json::to_string(text.as_ref()).unwrap_or_default()
}

/// `'…'` with `\` before `'` and `\` (libpq, "Keyword/Value Connection Strings").
fn libpq(text: impl AsRef<str>) -> String {
    format!("'{}'", text.as_ref().replace('\\', r"\\").replace('\'', r"\'"))
}

/// `"…"` with each `"` twice (System.Data.Common.DbConnectionStringBuilder); bare where nothing has to be quoted.
fn dot_net(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}

/// The same parts as the URL has them, in the order of JDBC.
fn jdbc(url: &str, at: &Address) -> String {
    let rest = url.trim_start_matches("postgres://");
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (username, password) = user.split_once(':').unwrap_or((&at.username, ""));
    format!("jdbc:postgresql://{place}?user={username}&password={password}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> Address {
        Address { host: host.into(), port: 15432, database: "postgres_ab".into(), username: "postgres_ab".into() }
    }

    #[test]
    fn masked_is_the_whole_with_dots() {
        for host in ["127.0.0.1", "db.example.com", "::1"] {
            for format in Format::ALL {
                let whole = format.whole("postgres-ab", &at(host), &Secret::new("k3Fq"));
                assert_eq!(format.masked("postgres-ab", &at(host)), whole.replace("k3Fq", DOTS), "{format:?} {host}");
            }
        }
    }

    #[test]
    fn every_language_quotes_in_its_own_way() {
        let hostile = Secret::new("a'b\"c \\ $d %00 é\n<%=;");
        let all = Format::ALL
            .map(|format| format!("# {}\n{}", format.word(), format.whole("postgres-ab", &at("127.0.0.1"), &hostile)));
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn a_format_is_found_by_its_word() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.word()), format);
        }
        assert_eq!(Format::parse("COBOL"), Format::Url);
    }
}
