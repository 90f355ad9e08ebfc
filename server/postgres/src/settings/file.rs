//! Parameters as PostgreSQL's configuration file.

use std::collections::BTreeMap;

/// The whole file. Every value is quoted, numbers too: the server takes them so.
pub(crate) fn render(parameters: &BTreeMap<String, String>) -> String {
    let mut text = String::from("# Written by Berth at every change; edits are lost.\n");
    for (name, value) in parameters {
        text.push_str(name);
        text.push_str(" = ");
        text.push_str(&quote(value));
        text.push('\n');
    }
    text
}

/// A string as `guc-file.l` reads it back: quotes doubled, backslashes and line ends escaped.
fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    for character in value.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_lines_are_escaped() {
        assert_eq!(quote("16MB"), "'16MB'");
        assert_eq!(quote(r"it's a \ "), r"'it''s a \\ '");
        assert_eq!(quote("a\r\nport = 1"), r"'a\r\nport = 1'");
    }

    #[test]
    fn no_value_can_leave_its_line() {
        proptest::proptest!(|(value in "[^\0]*")| {
            let text = render(&BTreeMap::from([("x".to_owned(), value)]));
            proptest::prop_assert_eq!(text.split(['\n', '\r']).count(), 3);
        });
    }
}
