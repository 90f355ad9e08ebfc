//! What can be wrong with a request: one [`Problem`] a field, all of them in one [`Invalid`].

use serde::{Deserialize, Serialize};

/// Whether a value has the wrong shape (400) or breaks a rule (422).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Shape,
    Rule,
}

/// One problem of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The field's name on the wire.
    pub field: String,
    pub kind: Kind,
    /// A stable word for programs: `missing`, `invalid`, `unknown`, `repeated`, `not_allowed`, `too_long`, …
    pub code: String,
    /// The sentence as it stands in the joined text of the answer; it names the field.
    pub words: String,
    /// What to do about it, where the sentence alone doesn't say it.
    pub mend: Option<String>,
}

impl Problem {
    /// The field has to be there.
    pub fn missing(field: &str) -> Self {
        Self::shape(field, "missing", format!("{field} is missing"))
    }

    /// The value isn't of the field's type. `mend` says what is.
    pub fn invalid(field: &str, mend: &str) -> Self {
        Self::shape(field, "invalid", format!("{field} is invalid")).mended(mend)
    }

    /// The value is none of the listed ones. `mend` lists them.
    pub fn not_listed(field: &str, mend: &str) -> Self {
        Self::shape(field, "not_listed", format!("{field} does not have a valid value")).mended(mend)
    }

    /// The field belongs to another type or mode.
    pub fn not_allowed(field: &str, why: &str) -> Self {
        Self::rule(field, "not_allowed", format!("{} is not allowed here ({why})", human(field)))
    }

    /// The value breaks a rule; `rest` follows the field's name: "is too long (maximum is 40 characters)".
    pub fn breaks(field: &str, code: &str, rest: &str) -> Self {
        Self::rule(field, code, format!("{} {rest}", human(field)))
    }

    /// The runtime's own words about what the field led to.
    pub fn refused(field: &str, words: &str) -> Self {
        Self::rule(field, "refused", words.to_owned())
    }

    fn shape(field: &str, code: &str, words: String) -> Self {
        Self { field: field.into(), kind: Kind::Shape, code: code.into(), words, mend: None }
    }

    fn rule(field: &str, code: &str, words: String) -> Self {
        Self { field: field.into(), kind: Kind::Rule, code: code.into(), words, mend: None }
    }

    fn mended(mut self, mend: &str) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// What stands at the field: the words, and what mends it.
    pub fn message(&self) -> String {
        match &self.mend {
            Some(mend) => format!("{} ({mend})", self.words),
            None => self.words.clone(),
        }
    }
}

/// `ram_size` → `Ram size`.
pub fn human(field: &str) -> String {
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => std::iter::once(first.to_ascii_uppercase()).chain(letters).collect(),
        None => words,
    }
}

/// Every problem of one request, in the order of its fields. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    pub problems: Vec<Problem>,
}

impl Invalid {
    /// `Ok` with the value where there are no problems.
    pub fn unless<T>(value: Option<T>, problems: Vec<Problem>) -> Result<T, Self> {
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(Self { problems }),
        }
    }

    /// True where the answer is a 400: at least one value has the wrong shape.
    pub fn is_shape(&self) -> bool {
        self.problems.iter().any(|p| p.kind == Kind::Shape)
    }

    /// The joined text of the answer.
    pub fn words(&self) -> String {
        self.problems.iter().map(|p| p.words.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// What stands at a field of a form.
    pub fn at(&self, field: &str) -> Option<String> {
        self.problems.iter().find(|p| p.field == field).map(Problem::message)
    }
}

impl From<Problem> for Invalid {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}
