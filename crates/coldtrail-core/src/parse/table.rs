//! Tables whose first line names the columns: CSV of proxies, of cloud services and of what was exported from a
//! collector, with commas, semicolons, tabs or bars; and the blank-separated log of Skyhigh's web gateway.

use super::Format;
use super::cells::cells;
use super::formats::{SKYHIGH, TABLE};
use super::json::{Sink, Value};
use super::json_keys::{Key, lookup};
use super::request::trim_line;
use super::slot::Slot;
use crate::record::{Escape, FormatId, Outcome, Reason, Rec, Role, Span};

/// What a column means, and its rank among those that mean the same.
pub(super) type Column = Option<(Key, u8)>;

/// The columns that a head names.
pub(super) struct Table {
    id: FormatId,
    head: Vec<u8>,
    separator: u8,
    columns: Vec<Column>,
    role: Role,
}

impl Table {
    /// Skyhigh's head, which may come again anywhere.
    pub(super) fn is_directive(line: &[u8]) -> bool {
        line.starts_with(b"#time_stamp ")
    }

    /// Columns whose meaning shows.
    pub(super) fn inferred(id: FormatId, separator: u8, columns: Vec<Column>) -> Self {
        Self { id, head: Vec::new(), separator, columns, role: Role::Server }
    }

    /// The columns of Exchange's logs stand behind `#Fields:` as in the W3C format, but with commas between.
    pub(super) fn of_exchange(line: &[u8]) -> Option<Self> {
        let names = line.strip_prefix(b"#Fields:")?.trim_ascii();
        if names.contains(&b' ') { None } else { Self::from_head(names) }
    }

    /// A line that names at least a client, a time, and what was asked for.
    pub(super) fn from_head(line: &[u8]) -> Option<Self> {
        let is_skyhigh = Self::is_directive(line);
        let text = line.strip_prefix(b"#").unwrap_or(line).trim_ascii();
        let count = |separator: u8| memchr::memchr_iter(separator, text).count();
        let separator = if is_skyhigh { b' ' } else { *b",;\t|".iter().max_by_key(|s| count(**s))? };
        let names = cells(text, Span::new(0, text.len()), separator);
        if !names.iter().all(|name| is_name(name.bytes(text))) {
            return None;
        }
        let columns: Vec<Column> = names.iter().map(|name| column(name.bytes(text))).collect();
        let has = |wanted: fn(Key) -> bool| columns.iter().flatten().any(|(key, _)| wanted(*key));
        let is_head = columns.len() >= 4
            && has(|key| matches!(key, Key::Slot(Slot::Client | Slot::Peer | Slot::Forwarded)))
            && has(|key| matches!(key, Key::Slot(Slot::Time) | Key::Date))
            && has(|key| {
                matches!(
                    key,
                    Key::Slot(Slot::Target | Slot::Path | Slot::Request | Slot::HostTarget | Slot::Host)
                )
            });
        let role = if is_skyhigh || has(|key| key == Key::Category) { Role::Proxy } else { Role::Server };
        let id = if is_skyhigh { SKYHIGH } else { TABLE };
        is_head.then(|| Self { id, head: text.to_vec(), separator, columns, role })
    }
}

/// A cell without blanks around it.
pub(super) fn bare(block: &[u8], cell: Span) -> Span {
    let text = cell.bytes(block);
    let from = cell.start() + (text.len() - text.trim_ascii_start().len());
    Span::new(from, from + text.trim_ascii().len())
}

/// Longest name of a column, bytes.
const MAX_NAME: usize = 64;

/// What a column may be called; what clients send has other characters.
fn is_name(cell: &[u8]) -> bool {
    let is_of_names = |c: &u8| c.is_ascii_alphanumeric() || b"_-. ()@#".contains(c);
    cell.len() <= MAX_NAME && cell.iter().all(is_of_names)
}

/// `cs(User-Agent)`, `Client IP` and `client_ip` are names alike.
fn column(name: &[u8]) -> Column {
    let spelled = |c: &u8| if matches!(c, b'-' | b' ') { b'_' } else { c.to_ascii_lowercase() };
    let name: Vec<u8> = name.trim_ascii().iter().map(spelled).collect();
    lookup(&name)
}

impl Table {
    /// How many columns stand before the first that a client writes and that is not kept to one cell, and that one.
    fn first_text(&self) -> usize {
        let is_free = |column: &Column| {
            use Slot::{Cookie, HostTarget, Path, Query, Referrer, Request, Target, User, UserAgent};
            let free = [Cookie, HostTarget, Path, Query, Referrer, Request, Target, User, UserAgent];
            matches!(column, Some((Key::Slot(slot), _)) if free.contains(slot))
        };
        self.columns.iter().position(is_free).map_or(self.columns.len(), |i| i + 1)
    }
}

impl Format for Table {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        // Files that were put one behind the other bring their heads along.
        if text.is_empty() || block[text.start()] == b'#' || text.bytes(block) == self.head {
            return Rec::skipped(line);
        }
        let values = cells(block, text, self.separator);
        // A value with a separator in it moved what follows: only what stands before it is where its name says.
        let n_sure = if values.len() > self.columns.len() { self.first_text() } else { self.columns.len() };
        let mut rec = Rec::begin(line);
        (rec.format, rec.role, rec.escape) = (self.id, self.role, Escape::Doubled);
        let mut sink = Sink::new(rec, block);
        for (column, span) in self.columns.iter().zip(&values).take(n_sure) {
            if let Some((key, rank)) = column {
                sink.put(*key, *rank, Value { span: bare(block, *span), is_string: true });
            }
        }
        let mut rec = sink.finish();
        if matches!(rec.outcome, Outcome::Ok | Outcome::Partial) && values.len() != self.columns.len() {
            let is_short = values.len() < self.columns.len();
            rec.flag(if is_short { Reason::TooFewFields } else { Reason::TooManyFields });
        }
        // Cells that do not stand under their names.
        if rec.client.get(block).is_some_and(|client| client.iter().all(|c| c.is_ascii_digit())) {
            rec.client = Span::NONE;
            rec.flag(Reason::NoClient);
        }
        rec
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TextField, format_ts};

    fn check(head: &str, line: &str, role: Role, fields: &[(&str, &str)]) -> Rec {
        let head = head.as_bytes();
        let table = Table::of_exchange(head).or_else(|| Table::from_head(head)).expect("a head");
        let block = line.as_bytes();
        let rec = table.parse_line(block, Span::new(0, block.len()));
        assert_eq!((rec.outcome, rec.reason.words(), rec.role), (Outcome::Ok, "", role), "{line}");
        assert_eq!(format_ts(rec.ts_us, 0), "2026-03-02T10:00:01Z", "{line}");
        for (name, want) in fields {
            let field = TextField::ALL.into_iter().find(|f| f.name() == *name).expect(name);
            let got = rec.text(field, block).map(|t| String::from_utf8_lossy(&t).into_owned());
            assert_eq!(got.as_deref(), Some(*want), "{name} of {line}");
        }
        rec
    }

    #[test]
    fn heads_name_the_columns() {
        let rec = check(
            "_time,clientip,method,uri_path,uri_query,status,bytes,referer,useragent",
            r#"2026-03-02T10:00:01.000+0000,203.0.113.9,GET,/p/x.php,a=1,200,5120,http://r/,"Mozilla/5.0 (X, ""y"")""#,
            Role::Server,
            &[("url_path", "/p/x.php"), ("url_query", "a=1"), ("user_agent", r#"Mozilla/5.0 (X, "y")"#)],
        );
        assert_eq!((rec.status_code, rec.response_body_bytes.get()), (200, Some(5120)));
        let rec = check(
            r#""time","login","eurl","action","reqsize","respsize","urlcat","cip","reqmethod","respcode","ua","ereferer""#,
            r#""Mon Mar 02 10:00:01 2026","u@h","www.h.example/p?a=1","Allowed","500","1500","X","10.1.2.3","GET","200","u","None""#,
            Role::Proxy,
            &[
                ("client_ip", "10.1.2.3"),
                ("user", "u@h"),
                ("host", "www.h.example"),
                ("url_path", "/p"),
                ("target", "www.h.example/p?a=1"),
            ],
        );
        assert_eq!((rec.request_bytes.get(), rec.response_bytes.get()), (Some(500), Some(1500)));
        assert!(rec.referrer.is_none());
        check(
            r#"#time_stamp "auth_user" src_ip status_code "req_line" "categories" "rep_level" "media_type" bytes_to_client "user_agent""#,
            r#"[02/Mar/2026:10:00:01 +0000] "u v" 10.1.2.3 200 "GET http://h.example/p HTTP/1.1" "Business" "Minimal Risk" "text/html" 5120 "a b""#,
            Role::Proxy,
            &[("user", "u v"), ("host", "h.example"), ("url_path", "/p"), ("user_agent", "a b")],
        );
        check(
            "#Fields: DateTime,RequestId,UrlHost,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,HttpStatus,Method",
            "2026-03-02T10:00:01.000Z,a,h.example,/ecp/y.js,,ServerInfo~x@h:444/a?#,u,203.0.113.9,200,POST",
            Role::Server,
            &[("client_ip", "203.0.113.9"), ("url_path", "/ecp/y.js"), ("cookie", "ServerInfo~x@h:444/a?#")],
        );
        let head = "Date;Time;Client IP;Host;URL;Status";
        check(head, "2026-03-02;10:00:01;10.1.2.3;h.example;/p;200", Role::Server, &[("host", "h.example")]);
        let table = Table::from_head(head.as_bytes()).expect("a head");
        let outcome = |line: &str| {
            let rec = table.parse_line(line.as_bytes(), Span::new(0, line.len()));
            (rec.outcome, rec.reason)
        };
        assert_eq!(outcome(head), (Outcome::Skipped, Reason::None));
        assert_eq!(outcome("2026-03-02;10:00:01;10.1.2.3;h;/p").1, Reason::TooFewFields);
        assert_eq!(outcome("2026-03-02;10:00:01;10.1.2.3;h;/p;200;x").1, Reason::TooManyFields);
        assert_eq!(outcome("no such line").0, Outcome::Raw);
    }

    #[test]
    fn other_lines_are_no_heads() {
        for line in [
            r#"203.0.113.9 - - [02/Mar/2026:10:00:01 +0000] "GET /?ip=1,time=2,url=3,host=4 HTTP/1.1" 200 5"#,
            "ip,time,status,bytes",
            "client,time,url",
            r#"203.0.113.9 - - [02/Mar/2026:10:00:01 +0000] "GET /,ip,time,url,x HTTP/1.1" 404 5"#,
            "1772504640.1 77 10.0.0.1 TCP_MISS/200 1 GET http://x.example/,ip,time,url,x - DIRECT/- -",
            "#Fields: date time c-ip cs-method",
            "",
        ] {
            assert!(Table::from_head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
