//! Squid's native access.log: `time elapsed client code/status bytes method URL user hierarchy/peer type`.

use super::Format;
use super::formats::SQUID;
use super::request::{digits, trim_line};
use super::slot::{Slot, check};
use crate::record::{FormatId, Reason, Rec, Role, Span, parse_time};

/// Squid's native format. The time is that of the end of the request.
#[derive(Debug)]
pub(super) struct Squid;

const AFTER_URL: usize = 3;

impl Format for Squid {
    fn id(&self) -> FormatId {
        SQUID
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' {
            return Rec::skipped(line);
        }
        if !is_squid(text.bytes(block)) {
            return Rec::unread(line);
        }
        let mut rec = Rec::begin(line);
        (rec.format, rec.role) = (SQUID, Role::Proxy);
        let mut words = Words { block, at: text.start(), end: text.end() };
        for slot in [Slot::Time, Slot::DurationMs, Slot::Client] {
            slot.set(&mut rec, block, words.next());
        }
        let code = words.next();
        let slash = memchr::memrchr(b'/', code.bytes(block)).map_or(code.end(), |i| code.start() + i);
        rec.action = Span::new(code.start(), slash);
        match digits(&block[(slash + 1).min(code.end())..code.end()]) {
            Some(status) if status <= 999 => rec.status_code = status as u16,
            _ => rec.flag(Reason::BadStatus),
        }
        Slot::Bytes.set(&mut rec, block, words.next());
        Slot::Method.set(&mut rec, block, words.next());
        let (url, rest) = words.url_and_rest();
        Slot::Target.set(&mut rec, block, url);
        match rest {
            Some([user, _peer, mime]) => {
                Slot::User.set(&mut rec, block, user);
                Slot::Mime.set(&mut rec, block, mime);
            }
            None => rec.flag(Reason::TooFewFields),
        }
        check(&mut rec);
        rec.or_raw()
    }
}

/// Words between runs of blanks.
struct Words<'a> {
    block: &'a [u8],
    at: usize,
    end: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Span {
        while self.at < self.end && self.block[self.at] == b' ' {
            self.at += 1;
        }
        let start = self.at;
        self.at = memchr::memchr(b' ', &self.block[start..self.end]).map_or(self.end, |i| start + i);
        Span::new(start, self.at)
    }

    /// The URL and the three words after it. A URL with blanks ends where three words remain; what `log_mime_hdrs`
    /// adds (`[...] [...]`) is left out.
    fn url_and_rest(&mut self) -> (Span, Option<[Span; AFTER_URL]>) {
        let mut words = Vec::new();
        while self.at < self.end {
            let word = self.next();
            if word.bytes(self.block).starts_with(b"[") && words.len() > AFTER_URL {
                break;
            }
            if !word.is_empty() {
                words.push(word);
            }
        }
        let first = words.first().copied().unwrap_or(Span::NONE);
        let Some(n) = words.len().checked_sub(AFTER_URL).filter(|n| *n > 0) else { return (first, None) };
        (Span::new(first.start(), words[n - 1].end()), Some([words[n], words[n + 1], words[n + 2]]))
    }
}

/// Starts with seconds since 1970 with a fraction and a number of milliseconds, and its fourth word is `CODE/status`.
pub(super) fn is_squid(text: &[u8]) -> bool {
    let mut words = text.split(|c| *c == b' ').filter(|w| !w.is_empty());
    let is_time =
        words.next().is_some_and(|w| w.len() >= 12 && w.get(10) == Some(&b'.') && parse_time(w).is_some());
    is_time
        && words.next().is_some_and(|w| digits(w.strip_prefix(b"-").unwrap_or(w)).is_some())
        && words.nth(1).is_some_and(|w| {
            memchr::memchr(b'/', w)
                .is_some_and(|i| i > 0 && w[..i].iter().all(|c| c.is_ascii_uppercase() || *c == b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, TextField};

    fn check(line: &str, want: [&str; 4], status: u16) {
        let rec = Squid.parse_line(line.as_bytes(), Span::new(0, line.len()));
        let show =
            |f| rec.text(f, line.as_bytes()).map_or("-".into(), |t| String::from_utf8_lossy(&t).into_owned());
        let got = [TextField::Client, TextField::Method, TextField::Target, TextField::User].map(show);
        assert_eq!((got.each_ref().map(String::as_str), rec.status_code), (want, status), "{line}");
        assert_eq!((rec.outcome, rec.role), (Outcome::Ok, Role::Proxy), "{line}");
    }

    #[test]
    fn lines() {
        check(
            "1795486414.235      0 10.0.0.1 TCP_MISS/200 324 GET http://h.example/a?b bob HIER_DIRECT/192.0.2.1 text/html",
            ["10.0.0.1", "GET", "http://h.example/a?b", "bob"],
            200,
        );
        check(
            "1795486424.271      0 127.0.0.1 NONE_NONE/400 1533 - error:invalid-request - HIER_NONE/- text/html",
            ["127.0.0.1", "-", "error:invalid-request", "-"],
            400,
        );
        check(
            "1795486427.182      0 127.0.0.1 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -",
            ["127.0.0.1", "-", "error:transaction-end-before-headers", "-"],
            0,
        );
        check(
            "1795486422.362    300 127.0.0.1 TCP_TUNNEL/200 274 CONNECT h.example:443 - HIER_DIRECT/192.0.2.1 -",
            ["127.0.0.1", "CONNECT", "h.example:443", "-"],
            200,
        );
        check(
            "1795486422.362 300 10.0.0.1 TCP_MISS/200 274 GET http://h/a b c - HIER_DIRECT/192.0.2.1 -",
            ["10.0.0.1", "GET", "http://h/a b c", "-"],
            200,
        );
    }

    #[test]
    fn other_lines_are_not_squids() {
        for line in [
            "",
            "1795486414 x",
            "1.2.3.4 - - [10/Oct/2025:13:55:36 +0000] \"GET / HTTP/1.1\" 200 1",
            "1795486414.235 a b c/d e",
        ] {
            assert!(!is_squid(line.as_bytes()), "{line}");
        }
    }
}
