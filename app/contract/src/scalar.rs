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
const EXACT: f64 = 9_007_199_254_740_992.0;

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

fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (plain(whole) && plain(part)).then(|| text.parse().ok()).flatten().filter(|n: &f64| n.is_finite())
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
    if number.fract() == 0.0 && number.abs() < EXACT {
        to.serialize_i64(number as i64)
    } else {
        to.serialize_f64(number)
    }
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
