//! What stands before a line that was not written to a file by the server itself: the head of syslog, of a container's
//! log, of `docker compose logs`.

use super::Format;
use super::request::trim_line;
use super::slot::Slot;
use crate::record::{FormatId, NO_TIME, Outcome, Reason, Rec, Span, parse_time};
use std::sync::Arc;

/// Heads that may stand one behind the other: `web-1  | 2026-11-24T02:12:46.123456789Z `.
const MAX_HEADS: usize = 3;
/// Bytes in which a head must end.
const MAX_HEAD: usize = 200;
/// Bytes of a time in a head.
const MAX_TIME: usize = 40;

/// A line behind its heads.
#[derive(Clone, Copy)]
pub(super) struct Prefixed {
    pub(super) text: Span,
    /// When the collector had the line, where it says so with the offset; for lines that have no time of their own.
    time: Span,
}

impl Prefixed {
    /// The line without the heads that it has; none if it has none.
    pub(super) fn of(block: &[u8], text: Span) -> Option<Self> {
        let mut inner = Self { text, time: Span::NONE };
        for _ in 0..MAX_HEADS {
            let bytes = inner.text.bytes(block);
            let Some(head) = head(bytes).filter(|head| head.len < bytes.len()) else { break };
            let start = inner.text.start();
            if head.time > 0 {
                inner.time = Span::new(start, start + head.time);
            }
            inner.text = trim_line(block, Span::new(start + head.len, text.end()));
        }
        (inner.text != text && !inner.text.is_empty()).then_some(inner)
    }

    /// Makes a record of the text one of the line, with the collector's time if it has none.
    pub(super) fn complete(self, block: &[u8], line: Span, mut rec: Rec) -> Rec {
        rec.line = line;
        if rec.ts_us == NO_TIME && matches!(rec.outcome, Outcome::Ok | Outcome::Partial) {
            Slot::Time.set(&mut rec, block, self.time);
            if rec.ts_us != NO_TIME && rec.reason == Reason::BadTime {
                (rec.outcome, rec.reason) = (Outcome::Ok, Reason::None);
            }
        }
        rec
    }
}

/// How long a head is, and the time that it begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Head {
    len: usize,
    /// Bytes; 0 where there is none that states its offset.
    time: usize,
}

fn head(bytes: &[u8]) -> Option<Head> {
    let untimed = |len| Head { len, time: 0 };
    match bytes.first()? {
        b'<' => syslog(bytes).map(untimed),
        b'0'..=b'9' => timed(bytes).or_else(|| service(bytes).map(untimed)),
        c if c.is_ascii_alphabetic() => bsd(bytes).or_else(|| service(bytes)).map(untimed),
        _ => None,
    }
}

/// `<134>Nov 24 02:12:46 host program[1]: `, or RFC 5424's `<134>1 2026-11-24T02:12:46Z host program 1 - - `.
fn syslog(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memchr(b'>', &bytes[..bytes.len().min(6)])? + 1;
    if !bytes[1..at - 1].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = &bytes[at..];
    if !rest.starts_with(b"1 ") {
        return Some(at + bsd(rest).unwrap_or(0));
    }
    // version, time, host, program, process, message id, then structured data `-` or `[...]`.
    let mut skip = 0;
    for _ in 0..6 {
        skip += memchr::memchr(b' ', &rest[skip..])? + 1;
    }
    let data = &rest[skip..];
    let data_len = if data.first() == Some(&b'[') { memchr::memmem::find(data, b"] ")? + 1 } else { 1 };
    Some(at + skip + data_len)
}

/// `Nov 24 02:12:46 host program[1]: `; some relays leave out the host.
fn bsd(bytes: &[u8]) -> Option<usize> {
    let is_head = bytes.len() > 16
        && bytes[3] == b' '
        && bytes[9] == b':'
        && bytes[12] == b':'
        && bytes[15] == b' '
        && bytes[0].is_ascii_uppercase();
    // It ends at the first `: `: a program's name has no blank.
    is_head.then(|| program(bytes, 16, 2)).flatten()
}

/// Where a head ends whose last word, of at most `most` behind `from`, is a program with a colon.
fn program(bytes: &[u8], from: usize, most: usize) -> Option<usize> {
    let end = from + memchr::memmem::find(&bytes[from..bytes.len().min(from + MAX_HEAD)], b": ")?;
    let words = bytes[from..end].split(|c| *c == b' ').filter(|word| !word.is_empty()).count();
    ((1..=most).contains(&words) && !bytes[from..end].contains(&b'"')).then_some(end + 2)
}

/// What begins with a time: `TIME stdout F ` (containers of Kubernetes), `TIME host program[1]: ` (syslog with ISO times,
/// the router of Heroku), and `TIME ` alone (`docker logs -t`, what CloudWatch exports).
fn timed(bytes: &[u8]) -> Option<Head> {
    let time = memchr::memchr(b' ', &bytes[..bytes.len().min(MAX_TIME + 1)])?;
    let moment = parse_time(&bytes[..time]).filter(|moment| moment.has_offset)?;
    let rest = &bytes[time + 1..];
    let stream = [b"stdout ", b"stderr "].iter().any(|stream| rest.starts_with(*stream));
    if stream && matches!(rest.get(7..9), Some(b"F " | b"P ")) {
        return Some(Head { len: time + 10, time });
    }
    if bytes.get(10) != Some(&b'T') {
        return None;
    }
    if let Some(len) = program(bytes, time + 1, 2) {
        return Some(Head { len, time });
    }
    // The load balancers of Amazon begin with a time of six digits and no head.
    matches!(moment.digits, 3 | 9).then_some(Head { len: time + 1, time })
}

/// `web-1  | `.
fn service(bytes: &[u8]) -> Option<usize> {
    const MAX_NAME: usize = 64;
    let bar = memchr::memmem::find(&bytes[..bytes.len().min(MAX_NAME)], b" | ")?;
    let name = bytes[..bar].trim_ascii_end();
    let is_name = name.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-'))
        && name.iter().any(u8::is_ascii_alphabetic);
    is_name.then_some(bar + 3)
}

/// A format whose lines stand behind heads.
pub(super) struct Behind(pub(super) Arc<dyn Format>);

impl Format for Behind {
    fn id(&self) -> FormatId {
        self.0.id()
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        match Prefixed::of(block, trim_line(block, line)) {
            Some(inner) => inner.complete(block, line, self.0.parse_line(block, inner.text)),
            None => self.0.parse_line(block, line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let check = |line: &str, want: Option<(&str, &str)>| {
            let block = line.as_bytes();
            let got = Prefixed::of(block, Span::new(0, line.len()));
            let got = got.map(|p| (p.text.bytes(block), p.time.bytes(block)));
            assert_eq!(got, want.map(|(text, time)| (text.as_bytes(), time.as_bytes())), "{line}");
        };
        check("<134>Nov 24 02:12:46 host prog[1]: text", Some(("text", "")));
        check("<134>Nov 24 02:12:46 haproxy[24362]: text", Some(("text", "")));
        check("Nov  4 02:12:46 host prog: text: more", Some(("text: more", "")));
        check("<134>1 2026-11-24T02:12:46Z host prog 1 - - text", Some(("text", "")));
        check("<134>1 2026-11-24T02:12:46Z host prog 1 - [a b=\"c\"] text", Some(("text", "")));
        check(
            "2026-11-24T02:12:46.123456+01:00 host nginx: text",
            Some(("text", "2026-11-24T02:12:46.123456+01:00")),
        );
        check(
            "2026-11-24T02:12:46.1+00:00 heroku[router]: at=x",
            Some(("at=x", "2026-11-24T02:12:46.1+00:00")),
        );
        check(
            "2026-11-24T02:12:46.123456789Z stderr F a: b",
            Some(("a: b", "2026-11-24T02:12:46.123456789Z")),
        );
        check("1795486366000000 stdout F text ", Some(("text", "1795486366000000")));
        check(
            "web-1  | 2026-11-24T02:12:46.123456789Z text",
            Some(("text", "2026-11-24T02:12:46.123456789Z")),
        );
        check("web-1  | text", Some(("text", "")));
        for none in [
            "203.0.113.9 - - [24/Nov/2026:02:12:46 +0000] x: y",
            "203.0.113.9 | https | x",
            "2026-11-24T02:12:46.123456Z lb 203.0.113.9:2817 10.0.0.1:80 x: y",
            "2026-11-24T02:12:46.123Z",
            "<134>",
            "Nov 24 02:12:46 ",
            "",
        ] {
            check(none, None);
        }
    }
}
