//! How one line was read, for people.

use super::{FormatInfo, LogFormatError, Parser, format_info};
use crate::record::{Escape, Metric, NO_TIME, Outcome, Rec, Span, TextField, format_ts, printable};

/// One line, its format and its fields.
pub struct Explained {
    pub format: &'static FormatInfo,
    pub rec: Rec,
    /// Name and value of every field that the line carries, unescaped and printable.
    pub fields: Vec<(&'static str, String)>,
    /// What a reader should know about this reading.
    pub notes: Vec<String>,
}

/// Reads one line as `coldtrail explain LINE` shows it; `format` as for [`Parser::named`].
pub fn explain(line: &[u8], format: Option<&str>) -> Result<Explained, LogFormatError> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let parser = match format {
        Some(text) => Parser::named(text)?,
        None => Parser::detect(line),
    };
    let rec = parser.parse_line(line, Span::new(0, line.len()));
    let mut fields = Vec::new();
    if rec.ts_us != NO_TIME {
        fields.push(("ts", format_ts(rec.ts_us, rec.ts_digits)));
    }
    for field in TextField::ALL {
        if let Some(text) = rec.text(field, line) {
            fields.push((field.name(), printable(&text)));
        }
    }
    if rec.has_status {
        fields.push(("status_code", rec.status_code.to_string()));
    }
    let metrics = [
        ("response_bytes", rec.response_bytes),
        ("response_body_bytes", rec.response_body_bytes),
        ("request_bytes", rec.request_bytes),
        ("duration_us", rec.duration_us),
    ];
    for (name, metric) in metrics {
        if metric != Metric::NONE {
            fields.push((name, metric.or_zero().to_string()));
        }
    }
    let mut notes = Vec::new();
    match rec.outcome {
        Outcome::Ok => {}
        Outcome::Skipped => notes.push("not a request: a header, a comment or a blank line".to_string()),
        Outcome::Partial | Outcome::Raw => notes.push(rec.reason.words().to_string()),
    }
    if rec.ts_assumed_utc && rec.ts_us != NO_TIME {
        notes.push("the line states no offset: the time is read as UTC, give --tz if it is not".to_string());
    }
    if rec.escape == Escape::None && rec.outcome != Outcome::Raw && rec.outcome != Outcome::Skipped {
        notes.push("the server escapes nothing: a quote in a field can forge what follows".to_string());
    }
    Ok(Explained { format: format_info(rec.format), rec, fields, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_field() {
        let line = br#"203.0.113.9 - o'brien [24/Nov/2026:02:11:59 +0000] "GET /a?b=\x22 HTTP/1.1" 200 6 "-" "u\x1b""#;
        let explained = explain(line, None).expect("no hint");
        assert_eq!(explained.format.name, "combined");
        let get = |name: &str| explained.fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        assert_eq!(get("ts"), Some("2026-11-24T02:11:59Z"));
        assert_eq!(get("client_ip"), Some("203.0.113.9"));
        assert_eq!(get("user"), Some("o'brien"));
        assert_eq!(get("url_query"), Some("b=\""));
        assert_eq!(get("user_agent"), Some("u\\x1B"));
        assert_eq!(get("referrer"), None);
        assert_eq!(get("response_body_bytes"), Some("6"));
        assert!(explained.notes.is_empty());
        assert_eq!(explain(b"nonsense", None).expect("no hint").notes, ["no known format fits"]);
        assert!(explain(b"x", Some("%Z")).is_err());
    }
}
