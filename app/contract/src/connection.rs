//! How to reach a database, and the lines made of it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use shell_quote::Sh;

use crate::values::Secret;

/// Everything that isn't unreserved in a URL (RFC 3986, section 2.3) is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `connection_details` of a postgres service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionDetails {
    pub internal: Internal,
    /// `null` while public_access is "0".
    pub external: Option<External>,
}

impl ConnectionDetails {
    /// Of a database whose roles aren't ours: where it is, and nothing to sign in with.
    pub fn of_nobody(hostname: String, port: u16, outside: Option<(String, u16)>) -> Self {
        Self {
            internal: Internal {
                hostname,
                port,
                database: None,
                username: None,
                password: None,
                connection_url: None,
                psql_command: None,
            },
            external: outside.map(|(hostname, port)| External {
                hostname,
                port,
                external_connection_url: None,
                psql_command: None,
            }),
        }
    }
}

/// From inside: the project's apps, or this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Internal {
    pub hostname: String,
    pub port: u16,
    pub database: Option<String>,
    pub username: Option<String>,
    /// `null` for callers without `services:reveal`.
    pub password: Option<Secret>,
    /// `postgres://user:password@host:port/db`, every part percent-encoded.
    pub connection_url: Option<Secret>,
    /// Runs as it stands in a POSIX shell.
    pub psql_command: Option<Secret>,
}

/// From outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct External {
    pub hostname: String,
    pub port: u16,
    pub external_connection_url: Option<Secret>,
    pub psql_command: Option<Secret>,
}

/// One address of a database and who signs in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A hostname or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
}

impl Address {
    /// The details with the secret lines, or without them where there is no password to show; `outside` is host and port of
    /// public access.
    pub fn details(&self, outside: Option<(String, u16)>, password: Option<&Secret>) -> ConnectionDetails {
        let external = |(host, port)| {
            let there = Self { host, port, ..self.clone() };
            External {
                external_connection_url: password.map(|p| there.url(p)),
                psql_command: password.map(|p| there.psql(p)),
                hostname: there.host,
                port,
            }
        };
        ConnectionDetails {
            internal: Internal {
                hostname: self.host.clone(),
                port: self.port,
                database: Some(self.database.clone()),
                username: Some(self.username.clone()),
                password: password.cloned(),
                connection_url: password.map(|p| self.url(p)),
                psql_command: password.map(|p| self.psql(p)),
            },
            external: outside.map(external),
        }
    }

    /// `postgres://user:password@host:port/db`.
    pub fn url(&self, password: &Secret) -> Secret {
        let part = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { part(&self.host) };
        Secret::new(format!(
            "postgres://{}:{}@{host}:{}/{}",
            part(&self.username),
            part(password.expose()),
            self.port,
            part(&self.database)
        ))
    }

    /// `PGPASSWORD=… psql -h … -p … -U … db`.
    pub fn psql(&self, password: &Secret) -> Secret {
        // quoting adds ASCII to what is UTF-8 already
        let quoted = |text: &str| -> String { String::from_utf8_lossy(&Sh::quote_vec(text)).into_owned() };
        Secret::new(format!(
            "PGPASSWORD={} psql -h {} -p {} -U {} {}",
            quoted(password.expose()),
            quoted(&self.host),
            self.port,
            quoted(&self.username),
            quoted(&self.database)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str) -> Address {
        Address { host: host.into(), port: 15432, database: "postgres_ab".into(), username: "postgres_ab".into() }
    }

    #[test]
    fn url_encodes_every_part() {
        let url = address("127.0.0.1").url(&Secret::new("p@ss:w/o?r#d%00 é'\\"));
        assert_eq!(
            url.expose(),
            "postgres://postgres_ab:p%40ss%3Aw%2Fo%3Fr%23d%2500%20%C3%A9%27%5C@127.0.0.1:15432/postgres_ab"
        );
        assert!(address("::1").url(&Secret::new("x")).expose().contains("@[::1]:15432/"));
    }

    #[test]
    fn psql_line_is_shell_quoted() {
        let hostile = "a'b\"c $HOME `id` \\ !";
        let line = address("127.0.0.1").psql(&Secret::new(hostile));
        let script = format!("psql() {{ printf '%s' \"$PGPASSWORD\"; }}; {}", line.expose());
        let seen = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(seen.stdout).unwrap(), hostile);
    }

    #[test]
    fn without_a_password_there_are_no_lines() {
        let details = address("127.0.0.1").details(Some(("db.example".into(), 5432)), None);
        let json = serde_json::to_value(&details).unwrap();
        assert_eq!(json["internal"]["connection_url"], serde_json::Value::Null);
        assert_eq!(json["internal"]["username"], "postgres_ab");
        assert_eq!(json["external"]["hostname"], "db.example");
        assert_eq!(json["external"]["psql_command"], serde_json::Value::Null);
    }

    #[test]
    fn from_outside_host_and_port_are_others() {
        let details = address("127.0.0.1").details(Some(("2001:db8::1".into(), 5432)), Some(&Secret::new("x")));
        let external = details.external.unwrap();
        assert_eq!(
            external.external_connection_url.unwrap().expose(),
            "postgres://postgres_ab:x@[2001:db8::1]:5432/postgres_ab"
        );
        assert!(external.psql_command.unwrap().expose().contains(" -h 2001:db8::1 -p 5432 "));
        assert_eq!(address("127.0.0.1").details(None, None).external, None);
    }
}
