//! What application servers write of requests when nothing else does: uvicorn, Gin, Rails, Django's and PHP's own.

use super::formats::APP_SERVER;
use super::request::split_request;
use super::slot::{Slot, check};
use crate::record::{Escape, Rec, Span};

/// Reads the line if it is one of theirs that tells of a request.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let mut rec = Rec::begin(line);
    (rec.format, rec.escape) = (APP_SERVER, Escape::None);
    let mut reader = Reader { block, at: text.start(), end: text.end(), rec };
    let bytes = text.bytes(block);
    match bytes {
        _ if bytes.starts_with(b"INFO:  ") => reader.uvicorn(),
        _ if bytes.starts_with(b"[GIN] ") => reader.gin(),
        [b'[', ..] => reader.bracketed(),
        _ => reader.rails(),
    }?;
    check(&mut reader.rec);
    Some(reader.rec)
}

struct Reader<'a> {
    block: &'a [u8],
    at: usize,
    end: usize,
    rec: Rec,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        &self.block[self.at..self.end]
    }

    /// Steps behind `literal`, which must stand here.
    fn expect(&mut self, literal: &[u8]) -> Option<()> {
        self.rest().starts_with(literal).then(|| self.at += literal.len())
    }

    /// What stands before `literal`, without blanks around it; steps behind it.
    fn until(&mut self, literal: &[u8]) -> Option<Span> {
        let len = memchr::memmem::find(self.rest(), literal)?;
        let text = &self.rest()[..len];
        let from = self.at + (len - text.trim_ascii_start().len());
        let to = from + self.block[from..self.at + len].trim_ascii_end().len();
        self.at += len + literal.len();
        Some(Span::new(from, to))
    }

    fn put(&mut self, slot: Slot, span: Span) -> Option<()> {
        if !slot.fits(span.bytes(self.block)) {
            return None;
        }
        slot.set(&mut self.rec, self.block, span);
        Some(())
    }

    /// What is up to the last quote of the line, with the value behind it.
    fn quoted_last(&mut self) -> Option<Span> {
        let len = memchr::memrchr(b'"', self.rest())?;
        let span = Span::new(self.at, self.at + len);
        self.at += len + 1;
        Some(span)
    }

    /// The next number.
    fn status(&mut self) -> Option<()> {
        let skip = self.rest().iter().take_while(|c| **c == b' ').count();
        let len = self.rest()[skip..].iter().take_while(|c| c.is_ascii_digit()).count();
        let span = Span::new(self.at + skip, self.at + skip + len);
        self.at += skip + len;
        if len == 3 { self.put(Slot::Status, span) } else { None }
    }

    /// `INFO:     203.0.113.9:52510 - "GET /a HTTP/1.1" 404 Not Found`
    fn uvicorn(&mut self) -> Option<()> {
        self.expect(b"INFO:")?;
        let client = self.until(b" - \"")?;
        self.put(Slot::Client, client)?;
        let request = self.quoted_last()?;
        split_request(&mut self.rec, self.block, request.start(), request.end());
        self.status()
    }

    /// `[GIN] 2026/11/24 - 02:11:59 | 200 |     1.2ms |    203.0.113.9 | GET      "/ping"`
    fn gin(&mut self) -> Option<()> {
        self.expect(b"[GIN] ")?;
        let date = self.until(b" - ")?;
        let time = self.until(b" |")?;
        let moment =
            crate::record::parse_time(&[date.bytes(self.block), b" ", time.bytes(self.block)].concat())?;
        (self.rec.ts_us, self.rec.ts_digits, self.rec.ts_assumed_utc) = (moment.ts_us, moment.digits, true);
        self.status()?;
        self.until(b"|")?;
        let _duration = self.until(b"|")?;
        let client = self.until(b"|")?;
        self.put(Slot::Client, client)?;
        let method = self.until(b"\"")?;
        self.put(Slot::Method, method)?;
        let target = self.quoted_last()?;
        self.put(Slot::Target, target)
    }

    /// `[24/Nov/2026 02:11:59] "GET /a HTTP/1.1" 404 1843` of Django, and
    /// `[Tue Nov 24 02:11:59 2026] 203.0.113.9:51234 [200]: GET /a` of PHP; a failed one has ` - ` and the reason behind it.
    fn bracketed(&mut self) -> Option<()> {
        self.expect(b"[")?;
        let time = self.until(b"] ")?;
        self.put(Slot::Time, time)?;
        if self.expect(b"\"").is_some() {
            let request = self.quoted_last()?;
            split_request(&mut self.rec, self.block, request.start(), request.end());
            self.status()?;
            let size = Span::new(self.at.min(self.end), self.end);
            let skip = size.bytes(self.block).iter().take_while(|c| **c == b' ').count();
            return self.put(Slot::BodyBytes, Span::new(size.start() + skip, size.end()));
        }
        let client = self.until(b" [")?;
        self.put(Slot::Client, client)?;
        self.status()?;
        self.expect(b"]: ")?;
        let method = self.until(b" ")?;
        self.put(Slot::Method, method)?;
        let end = memchr::memmem::rfind(self.rest(), b" - ").map_or(self.end, |i| self.at + i);
        self.put(Slot::Target, Span::new(self.at, end))
    }

    /// `Started GET "/a?b=c" for 203.0.113.9 at 2026-11-24 02:11:59 +0100`, also behind the head of Ruby's logger.
    fn rails(&mut self) -> Option<()> {
        self.until(b"Started ")?;
        let method = self.until(b" \"")?;
        self.put(Slot::Method, method)?;
        let len = memchr::memmem::rfind(self.rest(), b"\" for ")?;
        let target = Span::new(self.at, self.at + len);
        self.at += len + 6;
        self.put(Slot::Target, target)?;
        let client = self.until(b" at ")?;
        self.put(Slot::Client, client)?;
        self.put(Slot::Time, Span::new(self.at, self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, format_ts};

    fn check(line: &str, want: Option<(&str, &str, u16, &str)>) {
        let block = line.as_bytes();
        let span = Span::new(0, block.len());
        let rec = read(block, span, span);
        let text = |span: Span| std::str::from_utf8(span.bytes(block)).expect("text");
        let got = rec.map(|r| {
            let ts = if r.ts_us == crate::record::NO_TIME { String::new() } else { format_ts(r.ts_us, 0) };
            (text(r.client), text(r.target), r.status_code, ts)
        });
        let want = want.map(|(client, target, status, ts)| (client, target, status, ts.to_owned()));
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn each_server() {
        let ts = "2026-11-24T02:11:59Z";
        check(
            r#"INFO:     203.0.113.9:52510 - "GET /a?q="x" HTTP/1.1" 404 Not Found"#,
            Some(("203.0.113.9", "/a?q=\"x\"", 404, "")),
        );
        check(
            r#"[GIN] 2026/11/24 - 02:11:59 | 200 |     1.234ms |     203.0.113.9 | GET      "/ping?a="|"""#,
            Some(("203.0.113.9", "/ping?a=\"|\"", 200, ts)),
        );
        check(r#"[24/Nov/2026 02:11:59] "GET /a HTTP/1.1" 404 1843"#, Some(("", "/a", 404, ts)));
        check(
            "[Tue Nov 24 02:11:59 2026] 203.0.113.9:51234 [404]: GET /a - b - No such file or directory",
            Some(("203.0.113.9", "/a - b", 404, ts)),
        );
        check(
            r#"I, [2026-11-24T02:11:59.1 #12]  INFO -- : [x] Started GET "/a?b" for 203.0.113.9 at 2026-11-24 03:11:59 +0100"#,
            Some(("203.0.113.9", "/a?b", 0, ts)),
        );
        let django = br#"[24/Nov/2026 02:11:59] "GET /a HTTP/1.1" 404 1843"#;
        let span = Span::new(0, django.len());
        assert_eq!(read(django, span, span).map(|r| r.outcome), Some(Outcome::Partial));
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in [
            "INFO:     Started server process [1]",
            "[Tue Nov 24 02:11:59 2026] 203.0.113.9:51234 Accepted",
            "[Tue Nov 24 02:11:59 2026] [core:error] [pid 1] [client 203.0.113.9:1] x",
            "Started worker \"a\" for b",
            "[GIN] 2026/11/24 - 02:11:59",
            "",
        ] {
            check(line, None);
        }
    }
}
