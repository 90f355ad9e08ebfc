//! The lines that connect: whole once they are revealed, else with dots of a fixed length where the password stands.

use contract::connection::Internal;

use super::connect::Address;

const DOTS: &str = "••••••••••";

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Url,
    Psql,
    Env,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Url, Self::Psql, Self::Env];

    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|format| format.word() == word).unwrap_or(Self::Url)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Psql => "psql",
            Self::Env => ".env",
        }
    }

    /// What the line is, for those who can't see it.
    pub fn about(self) -> &'static str {
        match self {
            Self::Url => "the connection URL",
            Self::Psql => "the psql command",
            Self::Env => "the line for .env",
        }
    }

    /// The whole line; `None` where the secret isn't there.
    pub fn whole(self, at: &Internal) -> Option<String> {
        let url = at.connection_url.as_ref().map(|url| url.expose());
        match self {
            Self::Url => url.map(str::to_owned),
            Self::Psql => at.psql_command.as_ref().map(|line| line.expose().to_owned()),
            Self::Env => url.map(|url| format!("DATABASE_URL=\"{url}\"")),
        }
    }

    pub fn masked(self, at: &Address) -> String {
        let (user, database) = (at.user.as_deref().unwrap_or("…"), at.database.as_deref().unwrap_or("…"));
        let (host, port) = (&at.host, at.port);
        let url = if host.contains(':') {
            format!("postgres://{user}:{DOTS}@[{host}]:{port}/{database}")
        } else {
            format!("postgres://{user}:{DOTS}@{host}:{port}/{database}")
        };
        match self {
            Self::Url => url,
            Self::Psql => format!("PGPASSWORD={DOTS} psql -h {host} -p {port} -U {user} {database}"),
            Self::Env => format!("DATABASE_URL=\"{url}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{connection, values::Secret};

    #[test]
    fn masked_is_the_whole_with_dots() {
        let secret = Secret::new("k3Fq");
        for host in ["127.0.0.1", "db.example.com", "::1"] {
            let at = connection::Address {
                host: host.into(),
                port: 15432,
                database: "postgres_ab".into(),
                username: "postgres_ab".into(),
            };
            for format in Format::ALL {
                let whole = format.whole(&at.details(Some(&secret)).internal).unwrap_or_default();
                let hidden = at.details(None).internal;
                assert_eq!(format.masked(&Address::of(&hidden)), whole.replace("k3Fq", DOTS), "{host}");
                assert_eq!(format.whole(&hidden), None);
            }
        }
    }
}
