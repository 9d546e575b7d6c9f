//! Pieces that several formats share: the request line, lists of addresses, numbers.

use crate::record::{ClientKey, Metric, Outcome, Reason, Rec, Span};

/// The bytes of a method that we believe: letters, digits, `-` and `_`, at most this many.
const MAX_METHOD: usize = 32;

/// Splits the request line between `start` and `end` into method and target. What is no `METHOD target HTTP/x` stays
/// whole in `target`, and the record becomes partial; `-` means that the server had none to log.
#[inline]
pub(crate) fn split_request(rec: &mut Rec, block: &[u8], start: usize, end: usize) {
    let line = &block[start..end];
    let method_len = line.iter().take(MAX_METHOD + 1).position(|c| *c == b' ');
    let version = line.len().wrapping_sub(9);
    if let Some(n) = method_len.filter(|n| is_method(&line[..*n]))
        && version > n
        && version < line.len()
        && line[version] == b' '
        && &line[version + 1..version + 6] == b"HTTP/"
    {
        return set_target(rec, block, start, n, version);
    }
    split_odd_request(rec, block, start, end);
}

#[inline]
fn is_method(token: &[u8]) -> bool {
    token.first().is_some_and(u8::is_ascii_alphanumeric)
        && token.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

/// Target between the method (`n` bytes) and the version (at `version`), both relative to `start`.
#[inline]
fn set_target(rec: &mut Rec, block: &[u8], start: usize, n: usize, version: usize) {
    rec.method = Span::new(start, start + n);
    let (mut from, mut to) = (start + n + 1, start + version);
    while from < to && block[from] == b' ' {
        from += 1;
    }
    while to > from && block[to - 1] == b' ' {
        to -= 1;
    }
    let from = from.min(to);
    rec.target = Span::new(from, to);
    rec.split_target(block);
}

#[cold]
fn split_odd_request(rec: &mut Rec, block: &[u8], start: usize, end: usize) {
    let line = &block[start..end];
    if line == b"-" {
        return;
    }
    // `HTTP/2`, `RTSP/1.0`, `NONE/0.0`: one last word with a slash and a digit after it.
    let last = memchr::memrchr(b' ', line).filter(|i| is_version(&line[i + 1..]));
    let space = memchr::memchr(b' ', line);
    if let (Some(n), Some(version)) = (space, last) {
        let is_none = &line[..n] == b"-";
        if n < version && n <= MAX_METHOD && (is_none || is_method(&line[..n])) {
            set_target(rec, block, start, n, version);
            if is_none {
                // Squid: `- error:invalid-request HTTP/1.1`.
                rec.method = Span::NONE;
            }
            return;
        }
    }
    if let Some(n) = space.filter(|n| *n <= MAX_METHOD && is_method(&line[..*n])) {
        let rest = line[n..].trim_ascii_start();
        let is_target = matches!(rest.first(), Some(b'/' | b'*'))
            || memchr::memmem::find(&rest[..rest.len().min(16)], b"://").is_some()
            || &line[..n] == b"CONNECT";
        if is_target {
            return set_target(rec, block, start, n, line.len());
        }
    }
    rec.target = Span::new(start, end);
    rec.path = rec.target;
    rec.flag(Reason::BadRequest);
}

/// `HTTP/1.1`, `HTTP/2`, `RTSP/1.0`.
fn is_version(word: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', word) else { return false };
    let (name, number) = (&word[..slash], &word[slash + 1..]);
    (2..=8).contains(&name.len())
        && name.iter().all(u8::is_ascii_uppercase)
        && number.first().is_some_and(u8::is_ascii_digit)
        && number.len() <= 3
        && number.iter().all(|c| c.is_ascii_digit() || *c == b'.')
}

impl Rec {
    /// Notes what could not be read. The first reason stays: it is the one that the others follow from.
    #[inline]
    pub(crate) fn flag(&mut self, reason: Reason) {
        if self.reason == Reason::None || self.outcome == Outcome::Raw {
            self.reason = reason;
        }
        self.outcome = Outcome::Partial;
    }

    /// The line was read to its end; reasons that were noted stay.
    #[inline]
    pub(crate) fn begin(line: Span) -> Self {
        let mut rec = Self::unread(line);
        rec.outcome = Outcome::Ok;
        rec.reason = Reason::None;
        rec
    }

    /// A record with neither client nor time nor request is no record: the line stays raw.
    pub(crate) fn or_raw(self) -> Self {
        let known = u8::from(self.client.is_some())
            + u8::from(self.ts_us != crate::record::NO_TIME)
            + u8::from(self.target.is_some() || self.path.is_some())
            + u8::from(self.status_code != 0);
        if known >= 2 || self.outcome == Outcome::Skipped { self } else { Self::unread(self.line) }
    }

    pub(crate) fn skipped(line: Span) -> Self {
        let mut rec = Self::unread(line);
        rec.outcome = Outcome::Skipped;
        rec.reason = Reason::None;
        rec
    }
}

/// A number of digits only; none for anything else, also for more than fits.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut n = 0u64;
    for c in text {
        let d = c.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        n = n * 10 + u64::from(d);
    }
    Some(n)
}

/// A quantity with a fraction, times a power of ten, rounded down: `0.123` with scale 6 is 123,000.
pub(crate) fn scaled(text: &[u8], scale: u32) -> Option<u64> {
    let dot = memchr::memchr(b'.', text).unwrap_or(text.len());
    let whole = digits(&text[..dot])?;
    let fraction = text.get(dot + 1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut value = whole;
    for i in 0..scale as usize {
        value = value.checked_mul(10)?.checked_add(u64::from(fraction.get(i).map_or(0, |c| c - b'0')))?;
    }
    Some(value)
}

pub(crate) fn metric(value: Option<u64>) -> Metric {
    value.map_or(Metric::NONE, Metric::new)
}

/// Looks like an address: IPv4 or IPv6, perhaps with brackets, port or zone.
pub(crate) fn is_address(token: &[u8]) -> bool {
    token.len() >= 2
        && token
            .iter()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, b'.' | b':' | b'[' | b']') || token.contains(&b'%'))
        && !ClientKey::parse(token).is_name()
}

/// Sets client, peer and the forwarded list from a list of addresses as proxies build it: `client, proxy1, proxy2`.
/// What stands leftmost is the client's own word, so the client is the rightmost address that is not one of our own
/// kind (private); if all are private, the leftmost.
pub(crate) fn set_client_list(rec: &mut Rec, block: &[u8], list: Span) {
    let text = list.bytes(block);
    if memchr::memchr(b',', text).is_none() {
        rec.client = bare_address(block, list);
        return;
    }
    rec.forwarded = list;
    let mut chosen = Span::NONE;
    let mut last = Span::NONE;
    let mut at = list.start();
    for item in text.split(|c| *c == b',') {
        let trimmed = item.trim_ascii();
        let lead = item.len() - item.trim_ascii_start().len();
        if !trimmed.is_empty() && trimmed != b"-" {
            last = bare_address(block, Span::new(at + lead, at + lead + trimmed.len()));
            let is_outside = is_address(trimmed) && !ClientKey::parse(trimmed).is_internal();
            if chosen.is_none() || is_outside {
                chosen = last;
            }
        }
        at += item.len() + 1;
    }
    rec.client = chosen;
    if rec.peer.is_none() && last != chosen {
        rec.peer = last;
    }
}

/// An address without the port that some logs join to it; anything else as it is.
pub(crate) fn bare_address(block: &[u8], span: Span) -> Span {
    let text = span.bytes(block);
    let without_port = match text {
        [b'[', rest @ ..] => memchr::memchr(b']', rest).map(|i| (1, i + 1)),
        _ => memchr::memrchr(b':', text)
            .filter(|i| memchr::memchr(b':', text) == Some(*i) && *i + 1 < text.len())
            .filter(|i| text[i + 1..].iter().all(u8::is_ascii_digit) && is_address(&text[..*i]))
            .map(|i| (0, i)),
    };
    without_port.map_or(span, |(from, to)| Span::new(span.start() + from, span.start() + to))
}

/// A value as a log writes it: `-` is an absent one.
pub(crate) fn value(block: &[u8], span: Span) -> Span {
    if span.bytes(block) == b"-" { Span::NONE } else { span }
}

/// The line without what is not text of a log: a byte order mark, NULs that a copied or truncated file begins with, and trailing blanks.
pub(crate) fn trim_line(block: &[u8], line: Span) -> Span {
    let text = line.bytes(block);
    let mut start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    start += text[start..].iter().take_while(|c| matches!(c, 0 | b' ' | b'\t')).count();
    let end = start + text[start..].trim_ascii_end().len();
    Span::new(line.start() + start, line.start() + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str, method: Option<&str>, target: Option<&str>, outcome: Outcome) {
        let block = text.as_bytes();
        let mut rec = Rec::begin(Span::new(0, block.len()));
        split_request(&mut rec, block, 0, block.len());
        let show = |s: Span| s.get(block).map(|b| String::from_utf8_lossy(b).into_owned());
        assert_eq!(show(rec.method).as_deref(), method, "method of {text}");
        assert_eq!(show(rec.target).as_deref(), target, "target of {text}");
        assert_eq!(rec.outcome, outcome, "{text}");
    }

    #[test]
    fn request_lines() {
        use Outcome::{Ok, Partial};
        request("GET /a?b HTTP/1.1", Some("GET"), Some("/a?b"), Ok);
        request("GET /a?id=1 UNION SELECT HTTP/1.1", Some("GET"), Some("/a?id=1 UNION SELECT"), Ok);
        request("GET  /x  HTTP/1.1", Some("GET"), Some("/x"), Ok);
        request("GET /birthday HTTP/2", Some("GET"), Some("/birthday"), Ok);
        request("OPTIONS / RTSP/1.0", Some("OPTIONS"), Some("/"), Ok);
        request("PRI * HTTP/2.0", Some("PRI"), Some("*"), Ok);
        request("get / HTTP/1.1", Some("get"), Some("/"), Ok);
        request("GET /x", Some("GET"), Some("/x"), Ok);
        request("GET /?id=1 UNION", Some("GET"), Some("/?id=1 UNION"), Ok);
        request("CONNECT h.example:443", Some("CONNECT"), Some("h.example:443"), Ok);
        request("- error:invalid-request HTTP/1.1", None, Some("error:invalid-request"), Ok);
        request(
            "- error:transaction-end-before-headers NONE/0.0",
            None,
            Some("error:transaction-end-before-headers"),
            Ok,
        );
        request("-", None, None, Ok);
        request("", None, Some(""), Partial);
        request(r"\x16\x03\x01\x01 \x02", None, Some(r"\x16\x03\x01\x01 \x02"), Partial);
        request("MGLNDD_1.2.3.4_443", None, Some("MGLNDD_1.2.3.4_443"), Partial);
        request("lv|'|'|Win XP|'|'|", None, Some("lv|'|'|Win XP|'|'|"), Partial);
        request("HELP me", None, Some("HELP me"), Partial);
        request("GET HTTP/1.1", None, Some("GET HTTP/1.1"), Partial);
        request("GET  HTTP/1.1", Some("GET"), Some(""), Ok);
        request(" HTTP/1.1", None, Some(" HTTP/1.1"), Partial);
    }

    #[test]
    fn lists_of_addresses() {
        let check = |text: &str, client: &str, peer: Option<&str>| {
            let block = text.as_bytes();
            let mut rec = Rec::begin(Span::new(0, block.len()));
            set_client_list(&mut rec, block, Span::new(0, block.len()));
            assert_eq!(rec.client.bytes(block), client.as_bytes(), "{text}");
            assert_eq!(rec.peer.get(block), peer.map(str::as_bytes), "{text}");
        };
        check("203.0.113.9", "203.0.113.9", None);
        check("1.2.3.4, 10.0.0.9", "1.2.3.4", Some("10.0.0.9"));
        check("6.6.6.6,1.2.3.4, 10.0.0.9", "1.2.3.4", Some("10.0.0.9"));
        check("10.0.0.2, 10.0.0.1, 127.0.0.1", "10.0.0.2", Some("127.0.0.1"));
        check("'; DROP, 203.0.113.5", "203.0.113.5", None);
        check("203.0.113.9:5000", "203.0.113.9", None);
        check("[2001:db8::1]:443", "2001:db8::1", None);
        check("2001:db8::1", "2001:db8::1", None);
    }

    #[test]
    fn numbers() {
        assert_eq!(digits(b"0123"), Some(123));
        assert_eq!(digits(b"12a"), None);
        assert_eq!(digits(b"99999999999999999999"), None);
        assert_eq!(scaled(b"0.123", 6), Some(123_000));
        assert_eq!(scaled(b"7", 3), Some(7000));
        assert_eq!(scaled(b"-", 3), None);
        assert_eq!(scaled(b"1.x", 3), None);
        assert_eq!(scaled(b"9999999999999999999", 6), None);
    }
}
