//! `key=value` lines of proxies and firewalls (Fortinet, Sophos, Skyhigh, Zscaler, CEF and LEEF), and LTSV.
//!
//! A value is quoted, or goes on until a blank before the next `key=`. Nothing protects an unquoted value from
//! looking like the next key, so of two values for one key the first is taken.

use super::formats::{KEY_VALUE, LTSV};
use super::json::{Sink, Take, Value};
use super::json_keys::{Key, lookup};
use super::slot::Slot;
use crate::record::{Escape, Outcome, Rec, Role, Span};

/// Keys that a line must have to be taken for this format.
const MIN_KEYS: usize = 6;
/// Bytes of a key; longer words are text.
const MAX_KEY: usize = 40;

/// Reads the line if it is of this format and tells of a request.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let bytes = text.bytes(block);
    let mut rec = Rec::begin(line);
    rec.escape = Escape::None;
    let rec = if memchr::memchr(b'\t', bytes).is_some() {
        read_labels(block, text, rec)?
    } else {
        rec.format = KEY_VALUE;
        rec.role = Role::Proxy;
        read_pairs(block, text, rec)?
    };
    (rec.outcome != Outcome::Raw).then_some(rec)
}

/// `label:value` or `key=value` between tabs: what comes first says which.
fn read_labels(block: &[u8], text: Span, mut rec: Rec) -> Option<Rec> {
    let bytes = text.bytes(block);
    let label = |item: &[u8], mark: u8| memchr::memchr(mark, item).filter(|i| is_key(&item[..*i]));
    let n_of =
        |mark| bytes.split(|c| *c == b'\t').filter(|item| label(item, mark).is_some()).take(MIN_KEYS).count();
    let is_pairs = n_of(b'=') >= MIN_KEYS;
    if is_pairs {
        (rec.format, rec.role) = (KEY_VALUE, Role::Proxy);
    } else if n_of(b':') < 3 {
        return None;
    } else {
        rec.format = LTSV;
    }
    let mut sink = Sink::new(rec, block);
    let mut at = text.start();
    for item in bytes.split(|c| *c == b'\t') {
        // LEEF's head ends at a bar, Zscaler's feed begins with a time without a name.
        let item_at = at;
        at += item.len() + 1;
        let bar = if is_pairs {
            memchr::memrchr(b'|', &item[..memchr::memchr(b'=', item).unwrap_or(0)])
        } else {
            None
        };
        let skip = bar.map_or(0, |i| i + 1);
        let item_text = &item[skip..];
        let Some(mark) = label(item_text, if is_pairs { b'=' } else { b':' }) else {
            if is_pairs && Slot::Time.fits(item_text) {
                let span = Span::new(item_at + skip, item_at + item.len());
                sink.put(Key::Slot(Slot::Time), 2, Value { span, is_string: true });
            }
            continue;
        };
        let name = item_text[..mark].to_ascii_lowercase();
        let span = Span::new(item_at + skip + mark + 1, item_at + item.len());
        if is_pairs {
            put(&mut sink, &name, span, Product::Other);
        } else {
            sink.take(&name, Value { span, is_string: true });
        }
    }
    Some(sink.finish())
}

fn read_pairs(block: &[u8], text: Span, rec: Rec) -> Option<Rec> {
    let bytes = text.bytes(block);
    if memchr::memchr_iter(b'=', bytes).take(MIN_KEYS).count() < MIN_KEYS {
        return None;
    }
    let has = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
    let product = match () {
        () if has(b"devname=") => Product::Fortinet,
        () if has(b"sys=\"SecureWeb\"") => Product::SophosUtm,
        () if [b" dyno=".as_slice(), b" controller=", b"http_retcode=", b"web_application_name="]
            .iter()
            .any(|w| has(w)) =>
        {
            Product::Application
        }
        () => Product::Other,
    };
    let mut sink = Sink::new(rec, block);
    if product == Product::Application {
        sink.rec.role = Role::Server;
    }
    let mut n_keys = 0;
    let mut at = next_key(bytes, 0);
    while let Some((key, equals)) = at {
        n_keys += 1;
        let (from, to, end) = value_at(bytes, equals + 1);
        let name = bytes[key..equals].to_ascii_lowercase();
        let span = Span::new(text.start() + from, text.start() + to);
        put(&mut sink, &name, span, product);
        at = next_key(bytes, end);
    }
    if n_keys < MIN_KEYS {
        return None;
    }
    if product == Product::SophosUtm {
        // `2026:03:02-10:00:01` before the name of the machine.
        let head = Span::new(text.start(), text.start() + 19.min(bytes.len()));
        sink.put(Key::Slot(Slot::Time), 1, Value { span: head, is_string: true });
    }
    Some(sink.finish())
}

/// The next `key=` behind the start or a blank: where the key begins, and its `=`.
fn next_key(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let equals = at + memchr::memchr(b'=', bytes.get(at..)?)?;
        let low = equals.saturating_sub(MAX_KEY).max(from);
        let key = memchr::memrchr3(b' ', b'|', b',', &bytes[low..equals]).map_or(low, |i| low + i + 1);
        // A comma separates only where a quoted value ends before it.
        let is_start = matches!(bytes[..key], [] | [.., b' ' | b'|'] | [.., b'"', b',']);
        if is_start && is_key(&bytes[key..equals]) {
            return Some((key, equals));
        }
        at = equals + 1;
    }
}

fn is_key(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.len() <= MAX_KEY
        && word.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'))
}

/// The value that begins at `from`: its start and end without quotes, and where it ends with them.
fn value_at(bytes: &[u8], from: usize) -> (usize, usize, usize) {
    let quotes = bytes[from..].iter().take_while(|c| **c == b'"').count().min(2);
    // `""value""` comes from an export that doubled the quotes; `""` alone is an empty value.
    let is_empty = quotes == 2 && matches!(bytes.get(from + 2), None | Some(b' '));
    if quotes == 0 || is_empty {
        if is_empty {
            return (from + 1, from + 1, from + 2);
        }
        let end = match next_key(bytes, from) {
            Some((key, _)) => key.saturating_sub(1).max(from),
            None => bytes.len(),
        };
        let trimmed = bytes[from..end].trim_ascii_end().len();
        return (from, from + trimmed, end);
    }
    let inside = from + quotes;
    let close = memchr::memchr_iter(b'"', &bytes[inside..]).map(|i| inside + i).find(|q| {
        match bytes.get(q + quotes) {
            None | Some(b' ') => true,
            // F5 puts commas between its pairs, and a value may hold `",` too.
            Some(b',') => next_key(bytes, q + quotes).is_some_and(|(key, _)| key == q + quotes + 1),
            Some(_) => false,
        }
    });
    match close {
        Some(close) => (inside, close, (close + quotes).min(bytes.len())),
        None => (inside, bytes.len(), bytes.len()),
    }
}

/// Whose line it is, where that changes what a key means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Product {
    Fortinet,
    SophosUtm,
    /// Of a web application or what stands before one: the router of Heroku, Rails with one line a request, FortiWeb,
    /// F5's ASM.
    Application,
    Other,
}

fn put(sink: &mut Sink, name: &[u8], span: Span, product: Product) {
    let is_fortinet = product == Product::Fortinet;
    let slot = |slot| Some((Key::Slot(slot), 0));
    let later = |slot| Some((Key::Slot(slot), 1));
    let mut span = span;
    let known = match name {
        b"srcip" | b"src" | b"source_ip" | b"sourceip" => slot(Slot::Peer),
        b"suser" => {
            // `LDAP://server OU=.../User 1`
            span = last_part(sink, span).unwrap_or(span);
            slot(Slot::User)
        }
        b"loginid" => later(Slot::User),
        b"dhost" | b"destination_host" | b"requested_host" | b"remotename" => slot(Slot::Host),
        b"hostname" if is_fortinet => later(Slot::Host),
        b"host" if product == Product::Application => slot(Slot::Host),
        b"path" if product == Product::Application => slot(Slot::Target),
        // Of the logging machine itself.
        b"hostname" | b"host" | b"server" => None,
        // A number of the product's own.
        b"user_id" | b"id" => None,
        // A pointer.
        b"request" if product == Product::SophosUtm => None,
        b"request" | b"requested_path" => slot(Slot::Target),
        b"http_request_first_line" => slot(Slot::Request),
        b"http_action" => slot(Slot::Method),
        b"method" if is_fortinet => None,
        b"server_to_client_bytes" | b"destination_bytes" | b"dstbytes" | b"rcvdbyte" | b"in" => {
            slot(Slot::Bytes)
        }
        b"resplength" => slot(Slot::BodyBytes),
        b"client_to_server_bytes" | b"source_bytes" | b"srcbytes" | b"sentbyte" | b"out" => {
            slot(Slot::RequestBytes)
        }
        b"reqlength" => later(Slot::RequestBytes),
        b"eventtime" | b"request_timestamp_epoch" => slot(Slot::Time),
        b"date" if span.len() == 10 => Some((Key::Date, 0)),
        b"rt" | b"date" => later(Slot::Time),
        b"refererurl" | b"referralurl" => slot(Slot::Referrer),
        b"requestclientapplication" | b"user_agent_comment" => slot(Slot::UserAgent),
        b"act" | b"result" | b"utmaction" => slot(Slot::Action),
        b"media_type" => slot(Slot::Mime),
        b"duration" | b"url_categories" | b"clientpublicip" => None,
        _ => lookup(name),
    };
    if let Some((key, rank)) = known {
        sink.put(key, rank, Value { span, is_string: true });
    }
}

/// What is behind the last `/` of an LDAP path.
fn last_part(sink: &Sink, span: Span) -> Option<Span> {
    let text = sink.text(span);
    if !text.starts_with(b"LDAP://") {
        return None;
    }
    memchr::memrchr(b'/', text).map(|i| Span::new(span.start() + i + 1, span.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TextField;

    fn check(line: &str, fields: &[(&str, &str)], status: u16) {
        let block = line.as_bytes();
        let rec = read(block, Span::new(0, block.len()), Span::new(0, block.len())).expect(line);
        for (name, want) in fields {
            let field = TextField::ALL.into_iter().find(|f| f.name() == *name).expect(name);
            let got = rec.text(field, block).map(|t| String::from_utf8_lossy(&t).into_owned());
            assert_eq!(got.as_deref(), Some(*want), "{name} of {line}");
        }
        assert_eq!(rec.status_code, status, "{line}");
    }

    #[test]
    fn pairs_and_labels() {
        check(
            r#"time=15:01:22 devname="unit" eventtime=1631192482 user="u@h" srcip=192.168.1.2 dstip=1.2.3.4 action="pass" hostname="h.example" url="/a?b=c" statuscode=200 method="ip""#,
            &[
                ("client_ip", "192.168.1.2"),
                ("user", "u@h"),
                ("host", "h.example"),
                ("target", "/a?b=c"),
                ("action", "pass"),
            ],
            200,
        );
        check(
            r#"date="2022-03-11T10:39:16.390Z" hostname="proxy" username="" source_ip=1.2.3.4 destination_host="h.example" http_status_code=403 source_bytes=131 destination_bytes=0 http_request_first_line="GET http://h.example/ HTTP/1.1" user_agent="curl/7.77.0""#,
            &[
                ("client_ip", "1.2.3.4"),
                ("host", "h.example"),
                ("method", "GET"),
                ("target", "http://h.example/"),
                ("user", ""),
                ("user_agent", "curl/7.77.0"),
            ],
            403,
        );
        check(
            "0|F|S|8|2|Permitted|1| act=permitted dst=5.6.7.8 dhost=h.example src=1.2.3.4 suser=LDAP://x OU\\=A,DC\\=B/User 1 loginID=n rt=1653555521000 in=10 out=39 requestMethod=POST requestClientApplication=Office/16.0 (X; Y) reason=- request=https://h.example/",
            &[
                ("client_ip", "1.2.3.4"),
                ("user", "User 1"),
                ("method", "POST"),
                ("user_agent", "Office/16.0 (X; Y)"),
                ("target", "https://h.example/"),
            ],
            0,
        );
        check(
            "host:1.2.3.4\tuser:u\ttime:[10/Oct/2026:13:55:36 +0000]\treq:GET /a HTTP/1.1\tstatus:200\tsize:7\tua:x y",
            &[("target", "/a"), ("user_agent", "x y"), ("host", "1.2.3.4")],
            200,
        );
    }

    #[test]
    fn commas_between_pairs() {
        check(
            r#"<131>Nov 24 02:12:00 f5 ASM:unit_hostname="f5",web_application_name="/C/x",response_code="404",ip_client="203.0.113.9",method="GET",query_string="b=","c",date_time="2026-11-24 02:12:00",uri="/a",severity="C""#,
            &[("client_ip", "203.0.113.9"), ("method", "GET"), ("url_path", "/a"), ("url_query", "b=\",\"c")],
            404,
        );
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in ["a=b c=d", "GET /?a=1&b=2&c=3&d=4&e=5&f=6&g=7", "x\ty\tz", "a:1\tb:2\tc:3"] {
            assert!(
                read(line.as_bytes(), Span::new(0, line.len()), Span::new(0, line.len())).is_none(),
                "{line}"
            );
        }
    }
}
