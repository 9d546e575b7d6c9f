//! Zeek's `http.log` as tab-separated values. Its `#` lines say how to read it; they may come again.

use super::Format;
use super::formats::ZEEK_HTTP;
use super::slot::{Slot, check};
use crate::record::{ClientKey, Escape, FormatId, Outcome, Reason, Rec, Role, Span};

/// Columns kept of one line; `http.log` with all scripts loaded has some 40.
const MAX_COLUMNS: usize = 128;

/// The columns in force.
#[derive(Clone, Debug)]
pub struct Zeek {
    columns: Vec<Slot>,
    separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    /// `#path` is another log's: its lines are no requests.
    is_other_log: bool,
}

impl Default for Zeek {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            separator: b'\t',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            is_other_log: false,
        }
    }
}

impl Zeek {
    pub(super) fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    pub(super) fn is_directive(line: &[u8]) -> bool {
        [&b"#separator "[..], b"#empty_field", b"#unset_field", b"#path", b"#fields"]
            .iter()
            .any(|d| line.starts_with(d))
    }

    /// The format in force after a `#` line.
    pub(super) fn with_directive(&self, line: &[u8]) -> Self {
        let mut next = self.clone();
        let name_len =
            line.iter().position(|c| *c == self.separator || *c == b' ' || *c == b'\t').unwrap_or(line.len());
        let value = line.get(name_len + 1..).unwrap_or_default();
        match &line[..name_len] {
            b"#separator" => {
                next.separator = match crate::record::unescape(value, Escape::Zeek).first() {
                    Some(c) => *c,
                    None => b'\t',
                };
            }
            b"#empty_field" => next.empty = value.to_vec(),
            b"#unset_field" => next.unset = value.to_vec(),
            b"#path" => next.is_other_log = !value.starts_with(b"http"),
            b"#fields" => {
                next.columns = value.split(|c| *c == next.separator).take(MAX_COLUMNS).map(slot).collect()
            }
            _ => {}
        }
        next
    }
}

fn slot(name: &[u8]) -> Slot {
    match name {
        b"ts" => Slot::Time,
        b"id.orig_h" => Slot::Client,
        b"id.resp_h" => Slot::Peer,
        b"method" => Slot::Method,
        b"host" => Slot::Host,
        b"uri" => Slot::Target,
        b"referrer" => Slot::Referrer,
        b"user_agent" => Slot::UserAgent,
        b"request_body_len" => Slot::RequestBytes,
        b"response_body_len" => Slot::BodyBytes,
        b"status_code" => Slot::Status,
        b"username" => Slot::User,
        b"proxied" => Slot::Action,
        b"resp_mime_types" => Slot::Mime,
        _ => Slot::Ignore,
    }
}

/// A sensor sees both ways: a request from an internal address is one of our own people's, as in a proxy's log;
/// any other is a stranger's to one of our servers. A public address of ours (a router's, seen on its outer side, as
/// it asks in the name of those behind it) is so taken for a stranger: nothing in a line tells the two apart.
pub(super) fn set_role(rec: &mut Rec, block: &[u8]) {
    let is_inside = rec.client.get(block).is_some_and(|c| ClientKey::parse(c).is_internal());
    rec.role = if is_inside { Role::Proxy } else { Role::Server };
}

impl Format for Zeek {
    fn id(&self) -> FormatId {
        ZEEK_HTTP
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = line.bytes(block);
        if text.trim_ascii().is_empty() || text[0] == b'#' || self.is_other_log {
            return Rec::skipped(line);
        }
        if self.columns.is_empty() {
            return Rec::unread(line);
        }
        let mut rec = Rec::begin(line);
        rec.format = ZEEK_HTTP;
        rec.escape = Escape::Zeek;
        let mut at = line.start();
        let mut n = 0;
        let mut server = Span::NONE;
        for value in text.split(|c| *c == self.separator) {
            let span = Span::new(at, at + value.len());
            at += value.len() + 1;
            n += 1;
            let Some(slot) = self.columns.get(n - 1) else { break };
            if value == self.unset {
                continue;
            }
            match slot {
                Slot::Peer => server = span,
                _ if value == self.empty => slot.set(&mut rec, block, Span::new(span.end(), span.end())),
                _ => slot.set(&mut rec, block, span),
            }
        }
        if n < self.columns.len() {
            rec.flag(Reason::TooFewFields);
        } else if n > self.columns.len() {
            rec.flag(Reason::TooManyFields);
        }
        if n < 2 {
            return Rec::unread(line);
        }
        if rec.host.is_none() {
            rec.host = server;
        }
        set_role(&mut rec, block);
        if rec.outcome == Outcome::Ok {
            check(&mut rec);
        }
        if rec.client.is_none() { Rec::unread(line) } else { rec }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TextField;

    #[test]
    fn follows_its_head() {
        let format = Zeek::default()
            .with_directive(b"#separator \\x09")
            .with_directive(b"#unset_field\t-")
            .with_directive(b"#path\thttp")
            .with_directive(b"#fields\tts\tuid\tid.orig_h\tid.resp_h\tmethod\thost\turi\tuser_agent\tresponse_body_len\tstatus_code\ttags");
        let line = b"1517336154.078555\tC1\t10.55.100.109\t52.44.164.170\tGET\twww.x.org\t/a \\xfc\\x09b?c\t(empty)\t178\t301\t(empty)";
        let rec = format.parse_line(line, Span::new(0, line.len()));
        assert_eq!(
            (rec.outcome, rec.status_code, rec.role, rec.ts_digits),
            (Outcome::Ok, 301, Role::Proxy, 6)
        );
        assert_eq!(rec.text(TextField::Path, line).as_deref(), Some(&b"/a \xfc\tb"[..]));
        assert_eq!(rec.user_agent.get(line), Some(&b""[..]));
        assert_eq!(rec.response_body_bytes.get(), Some(178));
        let conn = format.with_directive(b"#path\tconn");
        assert_eq!(conn.parse_line(line, Span::new(0, line.len())).outcome, Outcome::Skipped);
    }
}
