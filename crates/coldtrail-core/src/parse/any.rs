//! One line whose format is not known: every reader is asked, the strictest first.

use super::clf_tolerant::read_line;
use super::formats::SQUID;
use super::presets::presets;
use super::request::trim_line;
use super::w3c::W3c;
use super::{Format, Squid, error_log, haproxy, json, key_value, umbrella};
use crate::record::{Escape, FormatId, Outcome, Reason, Rec, Span};

/// Reads each line on its own; `id` is what most lines of the file are.
pub(super) struct Any {
    pub(super) id: FormatId,
}

impl Format for Any {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        parse_any(block, line)
    }
}

/// Reads one line by the first reader that makes sense of it; raw if none does.
pub(super) fn parse_any(block: &[u8], line: Span) -> Rec {
    let text = trim_line(block, line);
    if text.is_empty() || block[text.start()] == b'#' {
        return Rec::skipped(line);
    }
    let inner = inside_syslog(block, text);
    let mut best = Rec::unread(line);
    for text in [Some(text), inner].into_iter().flatten() {
        let mut rec = try_readers(block, line, text);
        rec.line = line;
        if rec.outcome == Outcome::Ok {
            return rec;
        }
        if best.outcome == Outcome::Raw || inner == Some(text) && rec.outcome != Outcome::Raw {
            best = rec;
        }
    }
    best
}

fn try_readers(block: &[u8], line: Span, text: Span) -> Rec {
    let bytes = text.bytes(block);
    let found = |rec: &Rec| rec.outcome != Outcome::Raw;
    match bytes.first() {
        Some(b'{') => {
            return json::read_object(block, line, text);
        }
        Some(b'[') => {
            if let Some(rec) = error_log::read(block, line, text) {
                return rec;
            }
        }
        Some(b'0'..=b'9') => {
            let rec = Squid.parse_line(block, text);
            if rec.format == SQUID && found(&rec) {
                return rec;
            }
            if let Some(w3c) = bytes.get(4).filter(|c| **c == b'-').and_then(|_| W3c::headless(bytes)) {
                return w3c.parse_line(block, text);
            }
            if let Some(rec) = error_log::read(block, line, text) {
                return rec;
            }
        }
        _ => {}
    }
    if let Some(rec) = haproxy::read(block, line, text) {
        return rec;
    }
    if let Some(rec) = try_presets(block, text) {
        return rec;
    }
    if let Some(rec) = key_value::read(block, line, text).or_else(|| umbrella::read(block, line, text)) {
        return rec;
    }
    let rec = read_line(block, text, Escape::Backslash);
    if found(&rec) {
        return rec;
    }
    match json::find_object(block, text) {
        Some(object) => json::read_object(block, line, object),
        None => Rec::unread(line),
    }
}

/// The presets, whole lines only. Ambassador writes `ACCESS ` before Envoy's line.
fn try_presets(block: &[u8], text: Span) -> Option<Rec> {
    let skip = if text.bytes(block).starts_with(b"ACCESS [") { 7 } else { 0 };
    let text = Span::new(text.start() + skip, text.end());
    // All of them have the time first, or after one word, or (S3) an address right behind it.
    let head = &text.bytes(block)[..text.len().min(200)];
    let may_fit = head.first() == Some(&b'[') || memchr::memmem::find(head, b"T").is_some_and(|i| i >= 10 && head[i - 3] == b'-') || head.get(64) == Some(&b' ');
    let whole = |rec: &Rec| rec.outcome == Outcome::Ok || rec.outcome == Outcome::Partial && matches!(rec.reason, Reason::NoClient | Reason::BadRequest);
    if may_fit { presets().iter().map(|f| f.parse_line(block, text)).find(whole) } else { None }
}

/// What is behind a syslog head: `<134>Nov 24 02:12:46 host program[1]: `, with or without priority or host, or
/// RFC 5424's `<134>1 2026-11-24T02:12:46Z host program 1 - - `.
fn inside_syslog(block: &[u8], text: Span) -> Option<Span> {
    let bytes = text.bytes(block);
    let mut at = 0;
    if bytes.first() == Some(&b'<') {
        at = memchr::memchr(b'>', &bytes[..bytes.len().min(6)])? + 1;
        if !bytes[1..at - 1].iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    let rest = &bytes[at..];
    let is_bsd = rest.len() > 16 && rest[3] == b' ' && rest[9] == b':' && rest[12] == b':' && rest[15] == b' ' && rest[0].is_ascii_uppercase();
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
