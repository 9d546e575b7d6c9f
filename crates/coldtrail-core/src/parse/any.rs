//! One line whose format is not known: every reader is asked, the strictest first.

use super::clf_tolerant::read_line;
use super::formats::SQUID;
use super::prefix::Prefixed;
use super::presets::presets;
use super::request::trim_line;
use super::w3c::W3c;
use super::{Format, Squid, app_server, error_log, haproxy, json, key_value, palo_alto, umbrella};
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
    let inner = Prefixed::of(block, text).map(|p| p.complete(block, line, try_readers(block, line, p.text)));
    let mut best = Rec::unread(line);
    let whole = || {
        let mut rec = try_readers(block, line, text);
        rec.line = line;
        rec
    };
    for rec in inner.into_iter().chain(std::iter::once_with(whole)) {
        if rec.outcome == Outcome::Ok {
            return rec;
        }
        if best.outcome == Outcome::Raw {
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
            if let Some(rec) =
                app_server::read(block, line, text).or_else(|| error_log::read(block, line, text))
            {
                return rec;
            }
        }
        Some(b'I' | b'S') => {
            if let Some(rec) = app_server::read(block, line, text) {
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
    if let Some(rec) = palo_alto::read(block, line, text) {
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
    // All of them have the time first, or after one word, or (S3) an address right behind it; or bars between.
    let head = &text.bytes(block)[..text.len().min(200)];
    let may_fit = head.first() == Some(&b'[')
        || memchr::memmem::find(head, b"T").is_some_and(|i| i >= 10 && head[i - 3] == b'-')
        || head.get(64) == Some(&b' ')
        || memchr::memmem::find(head, b" | ").is_some();
    let whole = |rec: &Rec| {
        rec.outcome == Outcome::Ok
            || rec.outcome == Outcome::Partial && matches!(rec.reason, Reason::NoClient | Reason::BadRequest)
    };
    if may_fit { presets().iter().map(|f| f.parse_line(block, text)).find(whole) } else { None }
}
