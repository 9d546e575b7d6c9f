//! Zeek's `http.log`, `conn.log` and `ssl.log` as tab-separated values. Their `#` lines say how to read them; they may
//! come again.

use super::Format;
use super::connection::Connection;
use super::formats::{ZEEK_CONN, ZEEK_HTTP, ZEEK_SSL};
use super::slot::{Slot, check};
use crate::record::{ClientKey, Escape, FormatId, Outcome, Reason, Rec, Role, Span};

/// Columns kept of one line; `http.log` with all scripts loaded has some 40.
const MAX_COLUMNS: usize = 128;

/// What a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Of(Slot),
    Server,
    Port,
    Protocol,
    Established,
    IsLocal,
}

/// The columns in force.
#[derive(Clone, Debug)]
pub struct Zeek {
    columns: Vec<Column>,
    separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    /// Which log it is; none: another, whose lines are neither requests nor connections.
    log: Option<FormatId>,
}

impl Default for Zeek {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            separator: b'\t',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            log: Some(ZEEK_HTTP),
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
            b"#path" => {
                let name = value.split(|c| matches!(c, b'_' | b'.')).next().unwrap_or_default();
                next.log = match name {
                    b"conn" => Some(ZEEK_CONN),
                    b"ssl" => Some(ZEEK_SSL),
                    _ => value.starts_with(b"http").then_some(ZEEK_HTTP),
                };
            }
            b"#fields" => {
                next.columns = value.split(|c| *c == next.separator).take(MAX_COLUMNS).map(column).collect()
            }
            _ => {}
        }
        next
    }
}

fn column(name: &[u8]) -> Column {
    Column::Of(match name {
        b"ts" => Slot::Time,
        b"id.orig_h" => Slot::Client,
        b"id.resp_h" => return Column::Server,
        b"id.resp_p" => return Column::Port,
        b"proto" => return Column::Protocol,
        b"established" => return Column::Established,
        b"local_orig" => return Column::IsLocal,
        b"method" => Slot::Method,
        b"host" | b"server_name" => Slot::Host,
        b"uri" => Slot::Target,
        b"referrer" => Slot::Referrer,
        b"user_agent" => Slot::UserAgent,
        b"request_body_len" | b"orig_bytes" => Slot::RequestBytes,
        b"response_body_len" => Slot::BodyBytes,
        b"resp_bytes" => Slot::Bytes,
        b"duration" => Slot::DurationS,
        b"status_code" => Slot::Status,
        b"username" => Slot::User,
        b"proxied" | b"conn_state" => Slot::Action,
        b"resp_mime_types" => Slot::Mime,
        _ => Slot::Ignore,
    })
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
        self.log.unwrap_or(ZEEK_HTTP)
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = line.bytes(block);
        let Some(log) = self.log.filter(|_| !text.trim_ascii().is_empty() && text[0] != b'#') else {
            return Rec::skipped(line);
        };
        if self.columns.is_empty() {
            return Rec::unread(line);
        }
        let mut rec = Rec::begin(line);
        rec.format = ZEEK_HTTP;
        rec.escape = Escape::Zeek;
        let mut at = line.start();
        let mut n = 0;
        let mut connection = Connection::NONE;
        for value in text.split(|c| *c == self.separator) {
            let span = Span::new(at, at + value.len());
            at += value.len() + 1;
            n += 1;
            let Some(column) = self.columns.get(n - 1) else { break };
            if value == self.unset {
                continue;
            }
            match column {
                Column::Of(slot) if value == self.empty => {
                    slot.set(&mut rec, block, Span::new(span.end(), span.end()))
                }
                Column::Of(slot) => slot.set(&mut rec, block, span),
                Column::Server => connection.server = span,
                Column::Port => connection.port = span,
                Column::Protocol => connection.protocol = span,
                Column::Established => connection.established = span,
                Column::IsLocal => connection.is_local = span,
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
        if log != ZEEK_HTTP {
            return connection.finish(rec, block, log);
        }
        if rec.host.is_none() {
            rec.host = connection.server;
        }
        rec.is_unanswered = !rec.has_status;
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
        let dns = format.with_directive(b"#path\tdns");
        assert_eq!(dns.parse_line(line, Span::new(0, line.len())).outcome, Outcome::Skipped);
    }
}
