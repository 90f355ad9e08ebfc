//! What an e-mail address, a password and a role may be.

use contract::Problem;
use contract::permission::Role;
use contract::values::Secret;

/// RFC 5321, section 4.5.3.1.3.
const EMAIL_MAX: usize = 254;
/// Characters. NIST SP 800-63B asks for 8 at least beside a second factor, and 15 without; length is all we ask.
pub const PASSWORD_MIN: usize = 12;
/// Characters: as many as a sign-in takes.
pub const PASSWORD_MAX: usize = 256;

/// The address as it is stored: trimmed, in lower case. Printable ASCII, so that no two look alike.
///
/// # Errors
/// A problem of the field `email`.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim().to_lowercase();
    let parts =
        text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'));
    if text.len() > EMAIL_MAX {
        Err(Problem::breaks("email", "too_long", "is too long (maximum is 254 characters)"))
    } else if !parts || !text.bytes().all(|b| b.is_ascii_graphic()) {
        Err(Problem::breaks("email", "invalid_email", "must be an e-mail address such as ada@example.com"))
    } else {
        Ok(text)
    }
}

/// # Errors
/// A problem of the field `password`.
pub fn password(secret: &Secret) -> Result<(), Problem> {
    let text = secret.expose();
    match text.chars().count() {
        n if n < PASSWORD_MIN => {
            Err(Problem::breaks("password", "too_short", "is too short (minimum is 12 characters)"))
        }
        n if n > PASSWORD_MAX => {
            Err(Problem::breaks("password", "too_long", "is too long (maximum is 256 characters)"))
        }
        _ if text.chars().any(char::is_control) => {
            Err(Problem::breaks("password", "control", "must not contain control characters"))
        }
        _ => Ok(()),
    }
}

/// # Errors
/// A problem of the field `role`.
pub fn role(text: &str) -> Result<Role, Problem> {
    text.parse().map_err(|_| Problem::not_listed("role", "owner, admin, member, support or viewer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_one_at_and_nothing_odd() {
        assert_eq!(email(" Ada@Example.COM ").unwrap(), "ada@example.com");
        assert!(email(&format!("{}@x", "a".repeat(252))).is_ok());
        assert_eq!(email(&format!("{}@x", "a".repeat(253))).unwrap_err().code, "too_long");
        for bad in ["", "ada", "@x", "ada@", "a@b@c", "a b@c", "a\0@c", "a@b\r\nc", "ädä@x"] {
            assert_eq!(email(bad).unwrap_err().code, "invalid_email", "{bad:?}");
        }
    }

    #[test]
    fn a_password_has_12_to_256_characters() {
        let of = |n| password(&Secret::new("ä".repeat(n)));
        assert_eq!(of(11).unwrap_err().code, "too_short");
        assert!(of(12).is_ok() && of(256).is_ok());
        assert_eq!(of(257).unwrap_err().code, "too_long");
        assert_eq!(password(&Secret::new("a password\twith a tab")).unwrap_err().code, "control");
    }

    #[test]
    fn a_role_is_one_of_five() {
        assert_eq!(role("admin").unwrap(), Role::Admin);
        assert_eq!(role("root").unwrap_err().field, "role");
    }
}
