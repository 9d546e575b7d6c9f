//! ModSecurity's serial audit log: a request is a run of lines, cut into sections by lines with a random name.
//!
//! The record stands on the request's own line; its fields point into the other sections, whose lines are skipped. A
//! body may hold lines that look like those of the log: within a request only lines with its name count.

use super::formats::MODSECURITY;
use super::request::{bare_address, digits, metric, split_request, value};
use super::slot::{Slot, check};
use super::{Format, lines};
use crate::record::{Escape, FormatId, Rec, Span};

/// Requests of a block whose end is looked for in vain, before it is looked for no more.
const MAX_SEARCHES: usize = 16;

/// Reads whole blocks; single lines say nothing.
pub(super) struct ModSecurity;

impl ModSecurity {
    /// Whether a file begins like an audit log.
    pub(super) fn begins(line: &[u8]) -> bool {
        Boundary::of(line).is_some_and(|b| b.section == b'A')
    }
}

/// `--a1b2c3d4-A--`, with version 3 `---a1B2c3d4---A--`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Boundary<'a> {
    name: &'a [u8],
    section: u8,
}

impl<'a> Boundary<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (rest, section) = line.strip_prefix(b"--")?.strip_suffix(b"--")?.split_last_chunk::<2>()?;
        let [b'-', section @ b'A'..=b'Z'] = *section else { return None };
        let name = rest.strip_prefix(b"-").map_or(rest, |name| name.strip_suffix(b"--").unwrap_or(name));
        let is_name = (4..=32).contains(&name.len()) && name.iter().all(u8::is_ascii_alphanumeric);
        is_name.then_some(Self { name: rest, section })
    }
}

impl Format for ModSecurity {
    fn id(&self) -> FormatId {
        MODSECURITY
    }

    fn parse_line(&self, _block: &[u8], line: Span) -> Rec {
        if line.is_empty() { Rec::skipped(line) } else { Rec::unread(line) }
    }

    fn parse_block(&self, block: &[u8], records: &mut Vec<Rec>) {
        let all: Vec<Span> = lines(block).collect();
        let first = records.len();
        records.extend(all.iter().map(|line| Rec::skipped(*line)));
        let records = &mut records[first..];
        let mut searches = 0;
        let mut at = 0;
        while at < all.len() {
            let Some(begin) = Boundary::of(all[at].bytes(block)) else {
                at += 1;
                continue;
            };
            let end = end_of(block, &all[at..], begin, &mut searches).map_or(all.len(), |n| at + n);
            if let Some((line, rec)) = read(block, &all[at..end], begin.name) {
                records[at + line] = rec;
            }
            at = end;
        }
    }
}

/// How many of `lines`, of which the first begins a request, are of it.
fn end_of(block: &[u8], lines: &[Span], begin: Boundary<'_>, searches: &mut usize) -> Option<usize> {
    let is = |line: &Span, section: u8| {
        Boundary::of(line.bytes(block)) == Some(Boundary { name: begin.name, section })
    };
    if *searches < MAX_SEARCHES {
        if let Some(last) = lines.iter().position(|line| is(line, b'Z')) {
            return Some(last + 1);
        }
        *searches += 1;
    }
    // The server broke off, or the block ends: up to the next request.
    let others = lines.iter().skip(1).position(|line| ModSecurity::begins(line.bytes(block)));
    others.map(|n| n + 1)
}

/// The record of a request, and the line that it stands on; none where the request itself is missing.
fn read(block: &[u8], lines: &[Span], name: &[u8]) -> Option<(usize, Rec)> {
    let boundary = |line: &Span| Boundary::of(line.bytes(block)).filter(|b| b.name == name);
    let mut starts = lines.iter().enumerate().filter_map(|(i, l)| Some((boundary(l)?.section, i + 1)));
    let mut sections: Vec<(u8, &[Span], usize)> = Vec::new();
    let mut next = starts.next();
    while let Some((section, from)) = next {
        next = starts.next();
        let to = next.map_or(lines.len(), |(_, to)| to - 1);
        sections.push((section, &lines[from..to], from));
    }
    let section = |wanted: u8| sections.iter().find(|(s, ..)| *s == wanted).map(|(_, of, from)| (*of, *from));
    let (request, at) = section(b'B')?;
    let line = *request.first()?;
    let mut rec = Rec::begin(line);
    (rec.format, rec.escape) = (MODSECURITY, Escape::None);
    split_request(&mut rec, block, line.start(), line.end());
    for line in &request[1..] {
        let Some((header, text)) = header(block, *line) else { continue };
        let slot = match header.to_ascii_lowercase().as_slice() {
            b"host" => Slot::Host,
            b"user-agent" => Slot::UserAgent,
            b"referer" => Slot::Referrer,
            b"cookie" => Slot::Cookie,
            b"x-forwarded-for" => Slot::Forwarded,
            b"content-length" => Slot::RequestBytes,
            _ => continue,
        };
        slot.set(&mut rec, block, text);
    }
    if let Some((head, _)) = section(b'A') {
        read_head(block, head.first().copied(), &mut rec);
    }
    if let Some((body, _)) = section(b'C').or_else(|| section(b'I'))
        && let (Some(first), Some(last)) = (body.first(), body.last())
    {
        let span = Span::new(first.start(), last.end());
        rec.body = if span.bytes(block).trim_ascii().is_empty() { Span::NONE } else { span };
    }
    if let Some((answer, _)) = section(b'F')
        && let Some((status, headers)) = answer.split_first()
    {
        let mut words = status.bytes(block).split(|c| *c == b' ').skip(1);
        if let Some(code) = words.next().and_then(digits).filter(|code| *code <= 999) {
            (rec.status_code, rec.has_status) = (code as u16, true);
        }
        let size = headers.iter().filter_map(|line| header(block, *line));
        let mut size = size.filter(|(name, _)| name.eq_ignore_ascii_case(b"content-length"));
        rec.response_body_bytes = metric(size.next().and_then(|(_, text)| digits(text.bytes(block))));
    }
    check(&mut rec);
    Some((at, rec))
}

/// `[24/Nov/2026:02:12:00 +0000] ID CLIENT PORT SERVER PORT`
fn read_head(block: &[u8], line: Option<Span>, rec: &mut Rec) {
    let Some(line) = line else { return };
    let text = line.bytes(block);
    let Some(close) = memchr::memchr(b']', text) else { return };
    Slot::Time.set(rec, block, Span::new(line.start(), line.start() + close + 1));
    // Behind the time and the id.
    let words = text[close + 1..].split(|c| *c == b' ');
    let mut from = line.start() + close + 1;
    let mut n_words = 0;
    for word in words {
        n_words += usize::from(!word.is_empty());
        if n_words == 2 {
            rec.client = value(block, bare_address(block, Span::new(from, from + word.len())));
            return;
        }
        from += word.len() + 1;
    }
}

/// `Name: value`
fn header(block: &[u8], line: Span) -> Option<(&[u8], Span)> {
    let text = line.bytes(block);
    let colon = memchr::memchr(b':', text)?;
    let blanks = text[colon + 1..].iter().take_while(|c| **c == b' ').count();
    Some((&text[..colon], Span::new(line.start() + colon + 1 + blanks, line.end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, Reason, TextField, format_ts};

    const FIRST: &str = "--a1b2c3d4-A--\n[24/Nov/2026:02:12:00 +0000] Zx@ 203.0.113.9 54321 10.0.0.1 80\n--a1b2c3d4-B--\n\
        POST /a?b=c HTTP/1.1\nHost: h.example\nUser-Agent: u\nCookie: k=v\n\n--a1b2c3d4-C--\nd=1\n--00000000-A--\nx\n--a1b2c3d4-F--\n\
        HTTP/1.1 403 Forbidden\nContent-Length: 202\n\n--a1b2c3d4-H--\nMessage: denied\n\n--a1b2c3d4-Z--\n\n";

    fn rows(log: &str) -> Vec<(String, Reason)> {
        let block = log.as_bytes();
        let mut records = Vec::new();
        ModSecurity.parse_block(block, &mut records);
        assert_eq!(records.len(), lines(block).count(), "one record a line");
        let fields = [
            TextField::Client,
            TextField::Method,
            TextField::Target,
            TextField::Host,
            TextField::UserAgent,
            TextField::Cookie,
            TextField::Body,
        ];
        let row = |rec: &Rec| {
            let texts = fields
                .map(|f| rec.text(f, block).map_or("~".into(), |t| String::from_utf8_lossy(&t).into_owned()));
            let ts =
                if rec.ts_us == crate::record::NO_TIME { "~".to_owned() } else { format_ts(rec.ts_us, 0) };
            (format!("{ts} {} {}", texts.join(" "), rec.status_code), rec.reason)
        };
        records.iter().filter(|rec| rec.outcome != Outcome::Skipped).map(row).collect()
    }

    #[test]
    fn a_request_is_a_run_of_lines() {
        let body = "d=1\n--00000000-A--\nx";
        let want = format!("2026-11-24T02:12:00Z 203.0.113.9 POST /a?b=c h.example u k=v {body} 403");
        assert_eq!(rows(FIRST), [(want.clone(), Reason::None)]);
        let third = FIRST.replace("--a1b2c3d4-", "---a1b2c3d4---");
        assert_eq!(rows(&format!("{third}{FIRST}")), [(want.clone(), Reason::None), (want, Reason::None)]);
    }

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        let at = FIRST.find("--a1b2c3d4-C--").expect("a body");
        let want = "2026-11-24T02:12:00Z 203.0.113.9 POST /a?b=c h.example u k=v ~ 0".to_owned();
        assert_eq!(rows(FIRST.split_at(at).0), [(want, Reason::None)]);
        let at = FIRST.find("--a1b2c3d4-B--").expect("a request");
        let got = rows(FIRST.split_at(at).1);
        assert_eq!((got.len(), got[0].1), (1, Reason::NoClient));
        for at in 0..FIRST.len() {
            let (head, tail) = FIRST.split_at(at);
            assert!(rows(head).len() <= 1 && rows(tail).len() <= 1, "{at}");
        }
    }
}
