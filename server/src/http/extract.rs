//! `Body<T>`: a request's body as JSON or as a form, which the contract takes alike.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use contract::ApiError;
use contract::problem::{Kind, Problem};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use super::{Failure, body};

/// The body, read as `T`. What `T` does about a repeated key is its own affair.
///
/// `serde_json` stops at 128 levels of nesting, and the size is bounded before a handler is reached.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let format = Format::of(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge(body::LARGEST))?;
        Ok(Self(format.read(&bytes)?))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Form,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let refused =
            || ApiError::MediaType("Send application/json or application/x-www-form-urlencoded, in UTF-8".into());
        let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(refused()) };
        let mut parts = line.to_str().map_err(|_| refused())?.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        if !parts.filter(|part| !part.is_empty()).all(is_utf8) {
            return Err(refused());
        }
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::Form)
        } else {
            Err(refused())
        }
    }

    fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, ApiError> {
        match self {
            Self::Json => serde_json::from_slice(bytes).map_err(|error| of_json(&error)),
            Self::Form => {
                // The parser would put U+FFFD for what isn't UTF-8, and change a password without a word.
                percent_decode(bytes).decode_utf8().map_err(|_| ApiError::Unreadable("The form isn't UTF-8".into()))?;
                serde_urlencoded::from_bytes(bytes)
                    .map_err(|error| of_data(&error.to_string(), "The form can't be read"))
            }
        }
    }
}

fn is_utf8(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

fn of_json(error: &serde_json::Error) -> ApiError {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => of_data(&error.to_string(), "The body is JSON, but not of the expected shape"),
        Category::Syntax | Category::Eof | Category::Io => ApiError::Unreadable(format!(
            "The body isn't JSON that can be read (line {}, column {})",
            error.line(),
            error.column()
        )),
    }
}

/// serde's messages may repeat values, which may be secrets; those that name a field only are passed on.
fn of_data(message: &str, otherwise: &str) -> ApiError {
    let field = |start: &str| message.strip_prefix(start)?.split('`').next().map(str::to_owned);
    let shape = |field: String, code: &str, rest: &str| {
        let words = format!("{field} {rest}");
        ApiError::from(Problem { field, kind: Kind::Shape, code: code.into(), words, mend: None })
    };
    if let Some(field) = field("unknown field `") {
        shape(field, "unknown", "is not a known field")
    } else if let Some(field) = field("missing field `") {
        Problem::missing(&field).into()
    } else if let Some(field) = field("duplicate field `") {
        shape(field, "repeated", "is given twice")
    } else {
        ApiError::Unreadable(otherwise.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(value: &'static str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        Format::of(&headers).ok()
    }

    #[test]
    fn two_content_types_are_taken_in_utf_8_only() {
        for json in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json;",
        ] {
            assert_eq!(format(json), Some(Format::Json), "{json}");
        }
        assert_eq!(format("application/x-www-form-urlencoded"), Some(Format::Form));
        for other in [
            "text/plain",
            "application/json; charset=utf-16",
            "application/json; q",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            assert_eq!(format(other), None, "{other}");
        }
        assert!(Format::of(&HeaderMap::new()).is_err());
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Login {
        email: String,
        #[serde(rename = "password")]
        _password: String,
    }

    fn refusal(format: Format, text: &str) -> ApiError {
        format.read::<Login>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn fields_are_named_and_values_never_repeated() {
        let unknown = refusal(Format::Json, r#"{"emial":"a","password":"Hunter2"}"#);
        assert_eq!((unknown.status(), unknown.to_string().as_str()), (400, "emial is not a known field"));
        assert_eq!(refusal(Format::Json, r#"{"email":"a"}"#).to_string(), "password is missing");
        assert_eq!(refusal(Format::Json, r#"{"email":"a","email":"b"}"#).to_string(), "email is given twice");
        assert_eq!(refusal(Format::Form, "email=a&role=b").to_string(), "role is not a known field");
        for text in [r#"{"email":{"x":"Hunter2"}}"#, r#"{"email":"a","password":["Hunter2"]}"#, r#""Hunter2""#] {
            let error = refusal(Format::Json, text);
            assert!(error.status() == 400 && !error.to_string().contains("Hunter2"), "{error}");
        }
    }

    #[test]
    fn broken_deep_and_foreign_text_is_refused() {
        assert!(refusal(Format::Json, "{\"email\":").to_string().contains("line 1"));
        assert_eq!(refusal(Format::Json, &"[".repeat(100_000)).status(), 400);
        assert_eq!(Format::Json.read::<serde_json::Value>("[".repeat(100_000).as_bytes()).unwrap_err().status(), 400);
        assert_eq!(Format::Json.read::<Login>(b"{\"email\":\"\xff\"}").unwrap_err().status(), 400);
        assert_eq!(Format::Form.read::<Login>(b"email=a&password=%ff").unwrap_err().status(), 400);
    }

    #[test]
    fn a_form_keeps_odd_characters() {
        let it: Login = Format::Form.read(b"email=%00%0a%27+%25&password=").unwrap();
        assert_eq!(it.email, "\0\n' %");
    }
}
