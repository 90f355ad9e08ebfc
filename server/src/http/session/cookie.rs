//! The session's cookie.
//!
//! Over TLS it is `__Host-berth`: browsers take that name only with Secure, Path=/ and without Domain, so that no other
//! host of the domain and no plain HTTP can plant one. Plain HTTP on loopback can have none of this; there the port
//! stands in the name, because cookies don't know ports and two consoles may run on one machine.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};
use contract::values::Secret;

use crate::http::Site;
use crate::http::credential::Credential;

/// Seconds: as long as a session can last; the store ends an idle one earlier.
const AGE: u64 = control::identity::sessions::ABSOLUTE.as_secs();
/// Ours take 43 characters.
const LONGEST: usize = 256;

fn name(secure: bool, port: u16) -> Cow<'static, str> {
    if secure { "__Host-berth".into() } else { format!("berth-{port}").into() }
}

/// The session's secret; none where two cookies have the name: one of them was planted, and nobody can say which.
pub fn read(site: &Site, headers: &HeaderMap) -> Option<Secret> {
    let name = name(site.secure(headers), site.port);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (Some(value), None) if (1..=LONGEST).contains(&value.len()) => Some(Secret::new(value)),
        _ => None,
    }
}

/// What the request's session signs in with, in this workspace.
pub fn credential(site: &Site, headers: &HeaderMap, workspace: Option<String>) -> Option<Credential> {
    read(site, headers).map(|session| Credential::Session { session, workspace })
}

/// Keeps the session. `None` for a secret that can't stand in a cookie, which ours never are.
pub fn set(site: &Site, headers: &HeaderMap, session: &Secret) -> Option<HeaderValue> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let value = Some(session.expose()).filter(|text| !text.is_empty() && text.bytes().all(plain))?;
    write(site.secure(headers), site.port, value, AGE)
}

/// Forgets it.
pub fn clear(site: &Site, headers: &HeaderMap) -> Option<HeaderValue> {
    write(site.secure(headers), site.port, "", 0)
}

fn write(secure: bool, port: u16, value: &str, age: u64) -> Option<HeaderValue> {
    let name = name(secure, port);
    let only = if secure { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{only}");
    let mut value = HeaderValue::try_from(line).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> Site {
        Site { port: 7340, ..Site::default() }
    }

    fn tls() -> Site {
        Site { tls: true, port: 7340, ..Site::default() }
    }

    fn cookies(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    fn written(value: Option<HeaderValue>) -> String {
        value.unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn attributes_fit_the_connection() {
        let (none, secret) = (HeaderMap::new(), Secret::new("aB3-_"));
        assert_eq!(
            written(set(&loopback(), &none, &secret)),
            "berth-7340=aB3-_; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            written(set(&tls(), &none, &secret)),
            "__Host-berth=aB3-_; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(written(clear(&tls(), &none)), "__Host-berth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set(&tls(), &none, &Secret::new("a; Domain=evil.example")), None);
    }

    #[test]
    fn h22_a_cookie_of_another_name_or_a_second_one_is_nobodys() {
        let found =
            |site: &Site, lines: &[&'static str]| read(site, &cookies(lines)).map(|secret| secret.expose().to_owned());
        assert_eq!(found(&loopback(), &["theme=dark; berth-7340=abc"]).as_deref(), Some("abc"));
        assert_eq!(found(&tls(), &["theme=dark", "__Host-berth=abc"]).as_deref(), Some("abc"));
        assert_eq!(found(&tls(), &["berth-7340=abc"]), None);
        assert_eq!(found(&loopback(), &["__Host-berth=abc; berth-7341=abc"]), None);
        assert_eq!(found(&loopback(), &["berth-7340=planted; berth-7340=abc"]), None);
        assert_eq!(found(&loopback(), &["berth-7340="]), None);
    }
}
