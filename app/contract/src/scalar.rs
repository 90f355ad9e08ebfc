//! The raw scalars of a request: what came, before anybody has judged it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// One value of a request as it came. Reading it never fails, so that one answer can name every problem.
///
/// `null` and `""` are [`Raw::Absent`]; an array or an object is [`Raw::Malformed`]. `Debug` shows the kind and
/// never the content, because some fields are secrets.
#[derive(Clone, Default, PartialEq)]
pub enum Raw {
    #[default]
    Absent,
    Switch(bool),
    Number(f64),
    Text(String),
    Malformed,
}

/// Whole numbers up to here are exact in an `f64`.
const EXACT: u64 = 1 << 53;

impl Raw {
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The text, where this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A JSON number, or a text of digits with at most one point. Exponents, `inf` and `NaN` in a text are refused.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.is_finite().then_some(*number),
            Self::Text(text) => decimal(text.trim()),
            _ => None,
        }
    }

    /// true/false, "true"/"false", 1/0, "1"/"0".
    pub fn as_switch(&self) -> Option<bool> {
        match self {
            Self::Switch(on) => Some(*on),
            Self::Number(number) if *number == 1.0 => Some(true),
            Self::Number(number) if *number == 0.0 => Some(false),
            Self::Text(text) => match text.as_str() {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Digits with at most one point. Its own few lines, since the standard parser is a table of 10 kB in the browser; the
/// first 15 significant digits count (more as far as they are exact), and give the number that the standard parser gives.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(part) {
        return None;
    }
    let (mut mantissa, mut full, mut scale) = (0u64, false, 0i32);
    for (at, digit) in whole.bytes().chain(part.bytes()).enumerate() {
        let behind_the_point = at >= whole.len();
        let longer = mantissa * 10 + u64::from(digit - b'0');
        full |= longer > EXACT;
        if full {
            scale += i32::from(!behind_the_point);
        } else {
            mantissa = longer;
            scale -= i32::from(behind_the_point);
        }
    }
    // the mantissa is exact, and so are powers of ten up to the 22nd
    let power = (0..scale.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
    let number = if scale < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    let number = if digits.len() < text.len() { -number } else { number };
    Some(number).filter(|number| number.is_finite())
}

/// As people write it: at most six digits behind the point, and none that say nothing. In whole millionths, since the
/// standard printing of an `f64` is 20 kB in the browser.
pub fn plain(number: f64) -> String {
    const PART: u64 = 1_000_000;
    let millionths = (number.abs() * PART as f64).round() as u64;
    let (whole, part) = (millionths / PART, millionths % PART);
    let sign = if number < 0.0 && millionths > 0 { "-" } else { "" };
    if part == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part:06}").trim_end_matches('0').to_owned()
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Absent } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Raw {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Absent } else { Self::Text(text) }
    }
}

impl From<bool> for Raw {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

impl From<f64> for Raw {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Switch(_) => "switch",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Malformed => "malformed",
        })
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Malformed => to.serialize_unit(),
            Self::Switch(on) => to.serialize_bool(*on),
            Self::Number(number) => serialize_number(*number, to),
            Self::Text(text) => to.serialize_str(text),
        }
    }
}

/// Writes a whole number without a point, as people write it: 256, not 256.0.
pub fn serialize_number<S: Serializer>(number: f64, to: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < EXACT as f64 {
        to.serialize_i64(number as i64)
    } else {
        serialize_part(number, to)
    }
}

#[cfg(not(target_family = "wasm"))]
fn serialize_part<S: Serializer>(number: f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(number)
}

/// What is typed in the browser has few digits; see [`plain`].
#[cfg(target_family = "wasm")]
fn serialize_part<S: Serializer>(number: f64, to: S) -> Result<S::Ok, S::Error> {
    serde_json::value::RawValue::from_string(plain(number)).map_err(serde::ser::Error::custom)?.serialize(to)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, on: bool) -> Result<Raw, E> {
                Ok(Raw::Switch(on))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
                Ok(Raw::Number(number as f64))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
                Ok(Raw::Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
                Ok(Raw::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::from(text))
            }
            fn visit_string<E>(self, text: String) -> Result<Raw, E> {
                Ok(Raw::from(text))
            }
            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Absent)
            }
            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Absent)
            }
            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Raw, D::Error> {
                Raw::deserialize(inner)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Raw::Malformed)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Raw::Malformed)
            }
        }
        from.deserialize_any(Any)
    }
}

/// Declares a wire type: raw scalars only, every field optional, unknown and repeated fields remembered by name.
///
/// Deserialising it fails only where the body is no JSON object or form at all.
macro_rules! wire {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ [$($schema:tt)+] $field:ident, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub struct $name {
            $(
                $(#[doc = $doc])+
                #[cfg_attr(feature = "openapi", schema($($schema)+))]
                #[serde(skip_serializing_if = "crate::scalar::Raw::is_absent")]
                pub $field: $crate::scalar::Raw,
            )+
            /// Names of fields that were given and that this request doesn't have, or has twice.
            #[serde(skip)]
            #[cfg_attr(feature = "openapi", schema(ignore))]
            pub surplus: Vec<$crate::scalar::Surplus>,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object of fields")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<$name, A::Error> {
                        let mut it = $name::default();
                        let mut seen = std::collections::BTreeSet::new();
                        while let Some(key) = entries.next_key::<String>()? {
                            let value = entries.next_value::<$crate::scalar::Raw>()?;
                            if !seen.insert(key.clone()) {
                                $crate::scalar::Surplus::note(&mut it.surplus, key, true);
                                continue;
                            }
                            match key.as_str() {
                                $( stringify!($field) => it.$field = value, )+
                                _ => $crate::scalar::Surplus::note(&mut it.surplus, key, false),
                            }
                        }
                        Ok(it)
                    }
                }
                from.deserialize_map(Fields)
            }
        }
    };
}
pub(crate) use wire;

/// A field that should not be in a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Surplus {
    pub name: String,
    pub repeated: bool,
}

impl Surplus {
    /// How many are remembered: enough to mend a request, too few to fill an answer.
    const KEPT: usize = 16;
    const NAME_SHOWN: usize = 64;

    pub(crate) fn note(into: &mut Vec<Surplus>, name: String, repeated: bool) {
        if into.len() < Self::KEPT {
            let name = name.chars().filter(|c| !c.is_control()).take(Self::NAME_SHOWN).collect();
            into.push(Surplus { name, repeated });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Raw {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn null_and_empty_mean_absent() {
        assert!(raw("null").is_absent() && raw("\"\"").is_absent());
    }

    #[test]
    fn numbers_come_as_numbers_or_digits() {
        assert_eq!(raw("256").as_number(), Some(256.0));
        assert_eq!(raw("\"0.25\"").as_number(), Some(0.25));
        for text in ["\"1e3\"", "\"inf\"", "\"NaN\"", "\"0x10\"", "\"1.\"", "\".5\"", "[]", "{}", "true", "\"--1\""] {
            assert_eq!(raw(text).as_number(), None, "{text}");
        }
    }

    #[test]
    fn digits_are_read_as_the_standard_library_reads_them() {
        for text in
            ["0", "-0.0", "0.1", "0.25", "1.5", "123456.789", "0.000001", "9007199254740991", "1048576.000000", "00.50"]
        {
            assert_eq!(raw(&format!("\"{text}\"")).as_number(), text.parse().ok(), "{text}");
        }
        assert_eq!(raw("\"0.1000000000000000000000001\"").as_number(), Some(0.1));
        let long = "9".repeat(400);
        assert_eq!(raw(&format!("\"{long}\"")).as_number(), None);
    }

    proptest::proptest! {
        #[test]
        fn any_amount_is_read_and_written_alike(millis in 0u64..1 << 40) {
            let text = plain(millis as f64 / 1000.0);
            assert_eq!(decimal(&text), text.parse().ok());
            assert_eq!(decimal(&text), Some(millis as f64 / 1000.0));
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let said = [0.0, -0.0, 256.0, 0.25, 1.5, 0.001, 73.63, -2.5, 1_048_576.0].map(plain);
        assert_eq!(said.join(" "), "0 0 256 0.25 1.5 0.001 73.63 -2.5 1048576");
    }

    #[test]
    fn switches_come_in_four_spellings() {
        for on in ["true", "\"true\"", "1", "\"1\""] {
            assert_eq!(raw(on).as_switch(), Some(true), "{on}");
        }
        for off in ["false", "\"false\"", "0", "\"0\""] {
            assert_eq!(raw(off).as_switch(), Some(false), "{off}");
        }
        for neither in ["2", "\"yes\"", "[]", "\"TRUE\""] {
            assert_eq!(raw(neither).as_switch(), None, "{neither}");
        }
    }

    #[test]
    fn debug_never_shows_the_content() {
        assert_eq!(format!("{:?}", Raw::from("hunter2")), "text");
    }
}
