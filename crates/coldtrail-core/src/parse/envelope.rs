//! Lines that a collector has put into an object or a table of its own, with the server's line as one of the values:
//! Docker's json-file, the journal as JSON, Filebeat and Elasticsearch, Google's and Azure's logs, exports of Splunk.
//!
//! They are opened where they stand: the server's line takes the place of the collector's, behind the collector's time,
//! and blanks fill the rest. So every line keeps its number and its place in the file, and evidence is shown as the
//! file has it.

use super::any::parse_any;
use super::cells::cells;
use super::json::{Take, Value, scan};
use super::lines;
use super::parser::{MAX_VOTES, strip_mark};
use super::request::trim_line;
use super::table::Table;
use crate::record::{Escape, Outcome, Rec, Span, parse_time, unescape};

/// How the lines of a file are wrapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Envelope {
    /// Objects, one a line.
    Json,
    /// A table; which of its columns have the line and the time.
    Table { head: Vec<u8>, separator: u8, line: usize, time: Option<usize> },
}

/// What an envelope holds, as spans of it.
#[derive(Clone, Copy)]
struct Letter {
    line: Span,
    time: Span,
    escape: Escape,
}

/// Names under which collectors keep the line, the surest first.
const LINES: [&[u8]; 8] = [
    b"event.original",
    b"_raw",
    b"message",
    b"log",
    b"textpayload",
    b"line",
    b"short_message",
    b"properties",
];
/// Names under which they keep the time at which they had it.
const TIMES: [&[u8]; 6] = [b"@timestamp", b"_time", b"time", b"__realtime_timestamp", b"timestamp", b"ts"];
/// What stands between the time and the line: as in the log of a container, which `prefix` reads.
const MARK: &[u8] = b" stdout F ";

impl Envelope {
    /// How the lines of a sample are wrapped; none if more of them are requests as they are.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let first = lines(sample).map(|line| trim_line(sample, line)).find(|line| !line.is_empty())?;
        let head = strip_mark(first.bytes(sample));
        let envelope = if head.first() == Some(&b'{') { Self::Json } else { Self::of_head(head)? };
        let (mut n_inside, mut n_outside) = (0, 0);
        for line in lines(sample).take(MAX_VOTES) {
            let mut opened = line.bytes(sample).to_vec();
            if !envelope.open_line(&mut opened) {
                continue;
            }
            let is_request = |rec: Rec| !matches!(rec.outcome, Outcome::Raw | Outcome::Skipped);
            n_inside += u32::from(is_request(parse_any(&opened, Span::new(0, opened.len()))));
            n_outside += u32::from(parse_any(sample, line).outcome == Outcome::Ok);
        }
        (n_inside > n_outside).then_some(envelope)
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        let separator = *b",;\t".iter().max_by_key(|s| memchr::memchr_iter(**s, head).count())?;
        let names = cells(head, Span::new(0, head.len()), separator);
        let find = |wanted: &[&[u8]]| {
            let is = |name: &Span, w: &[u8]| name.bytes(head).eq_ignore_ascii_case(w);
            wanted.iter().find_map(|w| names.iter().position(|name| is(name, w)))
        };
        let (line, time) = (find(&LINES)?, find(&TIMES));
        // A table that names the fields themselves needs no opening.
        Table::from_head(head).is_none().then(|| Self::Table { head: head.to_vec(), separator, line, time })
    }

    /// Opens every line of `bytes`, which are whole lines.
    pub(super) fn open(&self, bytes: &mut [u8]) {
        let mut start = 0;
        while start < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |i| start + i);
            self.open_line(&mut bytes[start..end]);
            start = end + 1;
        }
    }

    /// Whether it was one that could be opened.
    fn open_line(&self, bytes: &mut [u8]) -> bool {
        let text = trim_line(bytes, Span::new(0, bytes.len()));
        if matches!(self, Self::Table { head, .. } if text.bytes(bytes) == head) {
            bytes.fill(b' ');
            return false;
        }
        let Some(letter) = self.letter(bytes, text) else { return false };
        let mut opened = Vec::with_capacity(bytes.len());
        let time = letter.time.bytes(bytes);
        if parse_time(time).is_some_and(|moment| moment.has_offset) && !time.contains(&b' ') {
            opened.extend_from_slice(time);
            opened.extend_from_slice(MARK);
        }
        let line = unescape(letter.line.bytes(bytes), letter.escape);
        opened.extend_from_slice(line.trim_ascii_end());
        // One line stays one line.
        opened.iter_mut().filter(|c| matches!(c, b'\n' | b'\r')).for_each(|c| *c = b' ');
        if opened.len() > bytes.len() {
            return false;
        }
        bytes[..opened.len()].copy_from_slice(&opened);
        bytes[opened.len()..].fill(b' ');
        true
    }

    fn letter(&self, bytes: &[u8], text: Span) -> Option<Letter> {
        match self {
            Self::Json if bytes.get(text.start()) == Some(&b'{') => {
                let mut finder =
                    Finder { lines: [Span::NONE; LINES.len()], times: [Span::NONE; TIMES.len()] };
                scan(bytes, text, &mut finder);
                let properties = &mut finder.lines[LINES.len() - 1];
                if properties.bytes(bytes).first() != Some(&b'{') {
                    *properties = Span::NONE;
                }
                let first = |spans: &[Span]| spans.iter().copied().find(|span| span.is_some());
                let time = first(&finder.times).unwrap_or(Span::NONE);
                Some(Letter { line: first(&finder.lines)?, time, escape: Escape::Json })
            }
            Self::Json => None,
            Self::Table { separator, line, time, .. } => {
                let cells = cells(bytes, text, *separator);
                let time = time.and_then(|column| cells.get(column).copied()).unwrap_or(Span::NONE);
                Some(Letter { line: *cells.get(*line)?, time, escape: Escape::Doubled })
            }
        }
    }
}

/// Keeps the first value under each name.
struct Finder {
    lines: [Span; LINES.len()],
    times: [Span; TIMES.len()],
}

impl Take for Finder {
    fn take(&mut self, path: &[u8], value: Value) {
        // Elasticsearch puts the document under `_source`, Splunk under `result`.
        let name =
            [b"_source.".as_slice(), b"result."].iter().find_map(|w| path.strip_prefix(*w)).unwrap_or(path);
        let place = |names: &[&[u8]]| names.iter().position(|n| *n == name);
        let slot = match (place(&LINES), place(&TIMES)) {
            (Some(i), _) if value.is_string => &mut self.lines[i],
            (_, Some(i)) => &mut self.times[i],
            _ => return,
        };
        if slot.is_none() {
            *slot = value.span;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        r#"203.0.113.9 - - [24/Nov/2026:02:11:59 +0000] "GET /?q=\x22 HTTP/1.1" 200 6 "-" "u""#;

    fn check(sample: &str, want: &[&str]) {
        let envelope = Envelope::of(sample.as_bytes()).unwrap_or_else(|| panic!("{sample}"));
        let mut bytes = sample.as_bytes().to_vec();
        envelope.open(&mut bytes);
        assert_eq!(bytes.len(), sample.len(), "{sample}");
        let opened = String::from_utf8(bytes).expect("text");
        let opened: Vec<&str> = opened.lines().map(str::trim_end).collect();
        assert_eq!(opened, want, "{sample}");
    }

    #[test]
    fn lines_are_opened_where_they_stand() {
        let quoted = serde_json::to_string(&format!("{REQUEST}\n")).expect("a string");
        let behind = |time: &str| format!("{time} stdout F {REQUEST}");
        check(
            &format!(
                "{{\"log\":{quoted},\"stream\":\"stdout\",\"time\":\"2026-11-24T02:12:00.5Z\"}}\n{{\"log\":\"a\\nb\",\"time\":\"x\"}}\nother\n"
            ),
            &[&behind("2026-11-24T02:12:00.5Z"), "a b", "other"],
        );
        check(
            &format!("{{\"__REALTIME_TIMESTAMP\":\"1795486320000000\",\"MESSAGE\":{quoted}}}\r\n"),
            &[&behind("1795486320000000")],
        );
        check(
            &format!(
                "{{\"_source\":{{\"@timestamp\":\"2026-11-24T02:12:00Z\",\"log\":{{\"offset\":1}},\"message\":{quoted}}}}}"
            ),
            &[&behind("2026-11-24T02:12:00Z")],
        );
        let cell = REQUEST.replace('"', "\"\"");
        check(
            &format!("\"_raw\",\"_time\",host\n\"{cell}\",\"2026-11-24T02:12:00.000+0000\",h\n"),
            &["", &behind("2026-11-24T02:12:00.000+0000")],
        );
        check(
            r#"{"time":"2026-11-24T02:12:00Z","Properties":"{\"CsMethod\":\"GET\",\"CsUriStem\":\"/a\",\"CIp\":\"203.0.113.9\",\"ScStatus\":\"200\"}"}"#,
            &[
                r#"2026-11-24T02:12:00Z stdout F {"CsMethod":"GET","CsUriStem":"/a","CIp":"203.0.113.9","ScStatus":"200"}"#,
            ],
        );
    }

    #[test]
    fn others_stay_as_they_are() {
        let parsed = format!(
            r#"{{"@timestamp":"2026-11-24T02:12:00Z","source":{{"ip":"203.0.113.9"}},"url":{{"original":"/"}},"http":{{"response":{{"status_code":200}}}},"event":{{"original":{}}}}}"#,
            serde_json::to_string(REQUEST).expect("a string")
        );
        for sample in [
            parsed.as_str(),
            r#"{"level":"info","message":"started","time":"2026-11-24T02:12:00Z"}"#,
            REQUEST,
            "message,time\na,b\n",
            "{",
            "",
        ] {
            assert_eq!(Envelope::of(sample.as_bytes()), None, "{sample}");
        }
    }
}
