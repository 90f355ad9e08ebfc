//! Reads raw scalars into checked values and collects every problem on the way.

use uuid::Uuid;

use crate::problem::{Invalid, Problem};
use crate::scalar::{Raw, Surplus};
use crate::values::Broken;

/// Collects problems in the order in which fields are read.
#[derive(Default)]
pub(crate) struct Reader {
    pub problems: Vec<Problem>,
}

impl Reader {
    pub fn new(surplus: &[Surplus]) -> Self {
        let problem = |s: &Surplus| {
            let (code, what) =
                if s.repeated { ("repeated", "is given twice") } else { ("unknown", "is not a field of this request") };
            Problem {
                field: s.name.clone(),
                kind: crate::problem::Kind::Shape,
                code: code.into(),
                words: format!("{} {what}", s.name),
                mend: None,
            }
        };
        Self { problems: surplus.iter().map(problem).collect() }
    }

    pub fn finish<T>(self, value: Option<T>) -> Result<T, Invalid> {
        Invalid::unless(value, self.problems)
    }

    pub fn note(&mut self, problem: impl Into<Option<Problem>>) {
        self.problems.extend(problem.into());
    }

    /// The field, noted as missing where it is absent.
    pub fn required<'a>(&mut self, field: &str, raw: &'a Raw) -> Option<&'a Raw> {
        if raw.is_absent() {
            self.note(Problem::missing(field));
            return None;
        }
        Some(raw)
    }

    /// A text; anything else is invalid.
    pub fn text<'a>(&mut self, field: &str, raw: &'a Raw) -> Option<&'a str> {
        if raw.is_absent() {
            return None;
        }
        let text = raw.as_text();
        if text.is_none() {
            self.note(Problem::invalid(field, "a text"));
        }
        text
    }

    /// A text that a constructor checks; its words follow the field's name.
    pub fn checked<T>(&mut self, field: &str, raw: &Raw, check: impl Fn(&str) -> Result<T, Broken>) -> Option<T> {
        let text = self.text(field, raw)?;
        match check(text) {
            Ok(value) => Some(value),
            Err(broken) => {
                self.note(Problem::breaks(field, broken.code, &broken.rest));
                None
            }
        }
    }

    /// One of a few words; `listed` says which.
    pub fn listed<T>(&mut self, field: &str, raw: &Raw, listed: &str, pick: impl Fn(&str) -> Option<T>) -> Option<T> {
        if raw.is_absent() {
            return None;
        }
        let value = raw.as_text().and_then(pick);
        if value.is_none() {
            self.note(Problem::not_listed(field, listed));
        }
        value
    }

    /// A number that `pick` accepts; `mend` says which.
    pub fn number<T>(&mut self, field: &str, raw: &Raw, mend: &str, pick: impl Fn(f64) -> Option<T>) -> Option<T> {
        if raw.is_absent() {
            return None;
        }
        let Some(number) = raw.as_number() else {
            self.note(Problem::invalid(field, mend));
            return None;
        };
        let value = pick(number);
        if value.is_none() {
            self.note(Problem::not_listed(field, mend));
        }
        value
    }

    pub fn switch(&mut self, field: &str, raw: &Raw) -> Option<bool> {
        if raw.is_absent() {
            return None;
        }
        let on = raw.as_switch();
        if on.is_none() {
            self.note(Problem::not_listed(field, "0 or 1"));
        }
        on
    }

    pub fn uuid(&mut self, field: &str, raw: &Raw) -> Option<Uuid> {
        let text = self.text(field, raw)?;
        let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH);
        if uuid.is_none() {
            self.note(Problem::invalid(field, "a uuid"));
        }
        uuid
    }

    /// Fields that belong to another type or mode are refused by name.
    pub fn foreign(&mut self, fields: &[(&str, &Raw)], why: &str) {
        for (field, raw) in fields {
            if !raw.is_absent() {
                self.note(Problem::not_allowed(field, why));
            }
        }
    }
}
