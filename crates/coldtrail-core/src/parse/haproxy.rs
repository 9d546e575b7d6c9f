//! HAProxy's `option httplog`, usually behind a syslog head:
//! `client:port [time] frontend backend/server timers status bytes - - flags conns queues {captured|headers} "request"`.
//!
//! The time has no offset. Bytes that are no text, and `"{}|#`, are written as `#HH`.

use super::formats::HAPROXY;
use super::request::{bare_address, digits, metric, split_request};
use crate::record::{Escape, Metric, Reason, Rec, Span, parse_clf_time};

/// Reads the line whose text is at `text` (the syslog head may still be there); none if it is not of HAProxy.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let bytes = text.bytes(block);
    let (open, close) = memchr::memchr_iter(b'[', bytes).take(8).find_map(|open| {
        let close = open + memchr::memchr(b']', &bytes[open..bytes.len().min(open + 32)])?;
        parse_clf_time(&bytes[open + 1..close]).is_some().then_some((open, close))
    })?;
    let (ts_us, digits_n) = parse_clf_time(&bytes[open + 1..close])?;
    let head = bytes[..open].trim_ascii_end();
    let client_at = memchr::memrchr(b' ', head).map_or(0, |i| i + 1);
    let mut words = [(0, 0); 9];
    let mut n = 0;
    let mut at = close + 1;
    while n < words.len() && at < bytes.len() {
        let from = at + bytes[at..].iter().take_while(|c| **c == b' ').count();
        let to = memchr::memchr(b' ', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        if from < to {
            words[n] = (from, to);
            n += 1;
        }
        at = to;
    }
    let word = |i: usize| &bytes[words[i].0..words[i].1];
    // frontend, backend/server, five timers, status, bytes.
    let is_timers = |w: &[u8]| {
        w.iter().filter(|c| **c == b'/').count() == 4
            && w.iter().all(|c| c.is_ascii_digit() || matches!(c, b'/' | b'-' | b'+'))
    };
    if n < 5 || !word(1).contains(&b'/') || !is_timers(word(2)) {
        return None;
    }
    let mut rec = Rec::begin(line);
    rec.format = HAPROXY;
    rec.escape = Escape::Hash;
    (rec.ts_us, rec.ts_digits, rec.ts_assumed_utc) = (ts_us, digits_n, close - open - 1 < 26);
    let place = |from: usize, to: usize| Span::new(text.start() + from, text.start() + to);
    rec.client = bare_address(block, place(client_at, head.len()));
    if let Some(status) = digits(word(3)).filter(|s| *s <= 999) {
        (rec.status_code, rec.has_status) = (status as u16, true);
    }
    rec.response_bytes = metric(digits(word(4).strip_prefix(b"+").unwrap_or(word(4))));
    let total = memchr::memrchr(b'/', word(2)).and_then(|i| {
        let ms = &word(2)[i + 1..];
        digits(ms.strip_prefix(b"+").unwrap_or(ms))
    });
    rec.duration_us = total.map_or(Metric::NONE, |ms| Metric::new(ms.saturating_mul(1000)));
    let Some(quote) = memchr::memchr(b'"', &bytes[words[4].1..]).map(|i| words[4].1 + i) else {
        rec.flag(Reason::CutOff);
        return Some(rec);
    };
    read_captures(&mut rec, &bytes[words[4].1..quote], text.start() + words[4].1);
    let end = memchr::memrchr(b'"', &bytes[quote + 1..]).map(|i| quote + 1 + i);
    let request = place(quote + 1, end.unwrap_or(bytes.len()));
    if request.bytes(block) == b"<BADREQ>" {
        rec.flag(Reason::BadRequest);
        return Some(rec);
    }
    split_request(&mut rec, block, request.start(), request.end());
    if end.is_none() {
        rec.reason = Reason::None;
        rec.flag(Reason::CutOff);
    }
    Some(rec)
}

/// The captured request headers, `{a|b}`. The log does not name them; a value with `://` is a referrer, one that is a
/// name with a dot and neither blank nor slash is a host, any other is a user agent.
fn read_captures(rec: &mut Rec, between: &[u8], base: usize) {
    let Some(open) = memchr::memchr(b'{', between) else { return };
    let Some(close) = memchr::memchr(b'}', &between[open..]).map(|i| open + i) else { return };
    let inner = &between[open + 1..close];
    let mut at = base + open + 1;
    for value in inner.split(|c| *c == b'|') {
        let span = Span::new(at, at + value.len());
        at += value.len() + 1;
        let is_host = value.contains(&b'.')
            && value.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':'));
        let is_url = memchr::memmem::find(value, b"://").is_some_and(|i| i < 8);
        let field = match value {
            b"" => continue,
            _ if is_url && rec.referrer.is_none() => &mut rec.referrer,
            _ if is_host && rec.host.is_none() => &mut rec.host,
            _ => &mut rec.user_agent,
        };
        if field.is_none() {
            *field = span;
        }
    }
}
