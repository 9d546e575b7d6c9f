//! Zeek's http.log as tab-separated values; the columns are what its `#fields` line says.

use super::Format;
use super::formats::ZEEK_HTTP;
use super::slot::{Slot, check};
use crate::record::{ClientKey, Escape, FormatId, Reason, Rec, Role, Span};

/// A reader for one `#fields` line.
#[derive(Debug)]
pub(super) struct Zeek {
    separator: u8,
    columns: Vec<Column>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Is(Slot),
    /// The server's address: the host where the request named none.
    Server,
}

impl Zeek {
    /// `fields` is what follows `#fields`, with its separators.
    pub(super) fn new(fields: &[u8], separator: u8) -> Self {
        let columns = fields
            .split(|c| *c == separator)
            .filter(|n| !n.is_empty())
            .map(|n| column(n.trim_ascii()))
            .collect();
        Self { separator, columns }
    }
}

fn column(name: &[u8]) -> Column {
    Column::Is(match name {
        b"id.resp_h" => return Column::Server,
        b"ts" => Slot::Time,
        b"id.orig_h" => Slot::Client,
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
    })
}

/// What a Zeek record is of: an internal client that goes out, or somebody who comes to a server.
pub(super) fn role_of(block: &[u8], client: Span) -> Role {
    if ClientKey::parse(client.bytes(block)).is_internal() { Role::Proxy } else { Role::Server }
}

impl Format for Zeek {
    fn id(&self) -> FormatId {
        ZEEK_HTTP
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = line.bytes(block);
        if text.trim_ascii().is_empty() || text[0] == b'#' {
            return Rec::skipped(line);
        }
        let mut rec = Rec::begin(line);
        (rec.format, rec.escape) = (ZEEK_HTTP, Escape::Zeek);
        let mut server = Span::NONE;
        let mut n = 0;
        let mut at = 0;
        for (column, value) in self.columns.iter().zip(text.split(|c| *c == self.separator)) {
            let span = Span::new(line.start() + at, line.start() + at + value.len());
            at += value.len() + 1;
            n += 1;
            match (column, value) {
                (_, b"-") => {}
                (Column::Is(slot), b"(empty)") => {
                    slot.set(&mut rec, block, Span::new(span.start(), span.start()))
                }
                (Column::Is(slot), _) => slot.set(&mut rec, block, span),
                (Column::Server, _) => server = span,
            }
        }
        if n < self.columns.len() {
            rec.flag(Reason::TooFewFields);
        }
        finish(&mut rec, block, server);
        rec.or_raw()
    }
}

/// What both of Zeek's formats share once the fields are set.
pub(super) fn finish(rec: &mut Rec, block: &[u8], server: Span) {
    if rec.host.is_none() {
        rec.host = server;
    }
    rec.role = role_of(block, rec.client);
    check(rec);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, TextField, format_ts};

    #[test]
    fn fields_by_name() {
        let zeek = Zeek::new(
            b"ts\tuid\tid.orig_h\tid.resp_h\tmethod\thost\turi\tuser_agent\tstatus_code\tresponse_body_len",
            b'\t',
        );
        let line =
            "1389719059.311698\tC1\t192.168.2.66\t203.0.113.4\tGET\t-\t/a\\x09?b\t(empty)\t200\t411648";
        let rec = zeek.parse_line(line.as_bytes(), Span::new(0, line.len()));
        let show = |f| rec.text(f, line.as_bytes()).map(|t| String::from_utf8_lossy(&t).into_owned());
        assert_eq!(show(TextField::Host).as_deref(), Some("203.0.113.4"));
        assert_eq!(show(TextField::Path).as_deref(), Some("/a\t"));
        assert_eq!(show(TextField::UserAgent).as_deref(), Some(""));
        assert_eq!(format_ts(rec.ts_us, rec.ts_digits), "2014-01-14T17:04:19.311698Z");
        assert_eq!(
            (rec.role, rec.outcome, rec.response_body_bytes.get()),
            (Role::Proxy, Outcome::Ok, Some(411_648))
        );
    }

    #[test]
    fn a_cut_line_is_partial() {
        let zeek = Zeek::new(b"ts\tid.orig_h\tmethod\thost\turi", b'\t');
        let line = "1389719059.311698\t203.0.113.4\tGET";
        let rec = zeek.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_eq!(
            (rec.outcome, rec.reason, rec.role),
            (Outcome::Partial, Reason::TooFewFields, Role::Server)
        );
    }
}
