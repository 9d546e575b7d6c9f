//! JSON text that is safe to print: what would act on a terminal is escaped, and reads back as the same text.

use crate::safe::is_unsafe;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};

/// One value on one line.
pub(crate) fn write_line(out: &mut impl Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{}", escape(&serde_json::to_string(value)?))
}

/// One value, indented.
pub(crate) fn write_pretty(out: &mut impl Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{}", escape(&serde_json::to_string_pretty(value)?))
}

/// Outside of its strings JSON is plain ASCII, and inside them the writer has escaped all below U+0020. What remains
/// are DEL, C1, format and bidi characters.
fn escape(json: &str) -> Cow<'_, str> {
    if json.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A time as the contract writes it; null where there is none.
pub(crate) fn time(ts_us: Option<i64>) -> Value {
    ts_us.map_or(Value::Null, |t| crate::figures::iso(t).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_as_the_same_text() {
        let text = "\u{9b}31m \u{202e} \u{e0041} \u{1b} \" \\ \n é";
        let mut out = Vec::new();
        write_pretty(&mut out, &serde_json::json!({ "t": [text] })).expect("writes to memory");
        let shown = String::from_utf8(out).expect("JSON is UTF-8");
        assert!(!shown.chars().any(|c| is_unsafe(c) && c != '\n'), "{shown}");
        let back: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(back["t"][0], text);
    }
}
