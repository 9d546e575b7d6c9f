//! Error logs of Apache 2.4 and nginx. They record no requests, but name clients and sometimes the request, which is
//! worth keeping: every line is partial.

use super::formats::ERROR_LOG;
use super::request::{bare_address, split_request};
use crate::record::{Escape, Reason, Rec, Span, parse_time};

/// Reads an error-log line; none if the text does not begin like one.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let bytes = text.bytes(block);
    let (time, rest) = match bytes {
        // `[Tue Nov 24 02:11:52.528452 2026] [core:error] [pid 1] [client 127.0.0.1:51400] ...`
        [b'[', inside @ ..] if inside.first().is_some_and(u8::is_ascii_alphabetic) => {
            let close = memchr::memchr(b']', &inside[..inside.len().min(40)])?;
            (&inside[..close], close + 2)
        }
        // `2022/01/24 16:33:06 [error] 334#334: *338 ..., client: 1.2.3.4, server: ..., request: "GET / HTTP/1.1", host: "h"`
        _ if bytes.get(4) == Some(&b'/') && bytes.get(19..21) == Some(b" [") => (&bytes[..19], 19),
        _ => return None,
    };
    let moment = parse_time(time)?;
    let mut rec = Rec::begin(line);
    rec.format = ERROR_LOG;
    rec.escape = Escape::Backslash;
    (rec.ts_us, rec.ts_digits, rec.ts_assumed_utc) = (moment.ts_us, moment.digits, true);
    let between = |open: &[u8], close: &[u8]| {
        let from = rest + memchr::memmem::find(&bytes[rest..], open)? + open.len();
        let to = from + memchr::memmem::find(&bytes[from..], close)?;
        Some(Span::new(text.start() + from, text.start() + to))
    };
    let client = between(b"[client ", b"]").or_else(|| between(b", client: ", b","));
    rec.client = client.map_or(Span::NONE, |c| bare_address(block, c));
    if let Some(request) = between(b", request: \"", b"\"") {
        split_request(&mut rec, block, request.start(), request.end());
    }
    if let Some(host) = between(b", host: \"", b"\"") {
        rec.host = host;
    }
    rec.reason = Reason::None;
    rec.flag(Reason::ErrorLog);
    Some(rec)
}
