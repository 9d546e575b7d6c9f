//! The head that syslog puts before a line.

use super::request::trim_line;
use crate::record::Span;

/// What is behind a syslog head: `<134>Nov 24 02:12:46 host program[1]: `, with or without priority or host, or
/// RFC 5424's `<134>1 2026-11-24T02:12:46Z host program 1 - - `.
pub(super) fn inside(block: &[u8], text: Span) -> Option<Span> {
    let bytes = text.bytes(block);
    let mut at = 0;
    if bytes.first() == Some(&b'<') {
        at = memchr::memchr(b'>', &bytes[..bytes.len().min(6)])? + 1;
        if !bytes[1..at - 1].iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    let rest = &bytes[at..];
    let is_bsd = rest.len() > 16
        && rest[3] == b' '
        && rest[9] == b':'
        && rest[12] == b':'
        && rest[15] == b' '
        && rest[0].is_ascii_uppercase();
    let is_5424 = at > 0 && rest.starts_with(b"1 ");
    if is_5424 {
        // version, time, host, program, process, message id, then structured data `-` or `[...]`.
        let mut skip = 0;
        for _ in 0..6 {
            skip += memchr::memchr(b' ', &rest[skip..])? + 1;
        }
        let data = &rest[skip..];
        let data_len = if data.first() == Some(&b'[') { memchr::memmem::find(data, b"] ")? + 1 } else { 1 };
        at += skip + data_len;
    } else if is_bsd {
        // The head ends at the first `: ` (a program's name has no blank); some relays leave out the host.
        at += 16 + memchr::memmem::find(&rest[16..rest.len().min(16 + 200)], b": ")? + 2;
    } else if at == 0 {
        return None;
    }
    (at < bytes.len()).then(|| trim_line(block, Span::new(text.start() + at, text.end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let check = |line: &str, want: Option<&str>| {
            let got = inside(line.as_bytes(), Span::new(0, line.len()));
            assert_eq!(got.map(|s| s.bytes(line.as_bytes())), want.map(str::as_bytes), "{line}");
        };
        check("<134>Nov 24 02:12:46 host prog[1]: text", Some("text"));
        check("<134>Nov 24 02:12:46 haproxy[24362]: text", Some("text"));
        check("Nov  4 02:12:46 host prog: text: more", Some("text: more"));
        check("<134>1 2026-11-24T02:12:46Z host prog 1 - - text", Some("text"));
        check("<134>1 2026-11-24T02:12:46Z host prog 1 - [a b=\"c\"] text", Some("text"));
        check("203.0.113.9 - - [24/Nov/2026:02:12:46 +0000] x: y", None);
        check("<134>", None);
        check("Nov 24 02:12:46 ", None);
    }
}
