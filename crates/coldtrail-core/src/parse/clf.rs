//! The common log format and its family: common, combined, with virtual host, with X-Forwarded-For, combinedio,
//! Squid's `combined`, Traefik's.
//!
//! The fast path is anchored on quotes: it takes a line only if its quotes are exactly those of the format and
//! everything between them has the expected shape, so a line that an attacker bent goes to the tolerant reader
//! (`clf_tolerant`). Both give the same record for every line that the fast path takes; a test holds that.

use super::Format;
use super::clf_tolerant::{read_line, set_forwarded};
use super::formats::{COMBINED, COMMON};
use super::request::{metric, split_request, value};
use crate::record::{ClfClock, Escape, FormatId, Metric, NO_TIME, Rec, Span};

/// The family of the common log format, with the escaping of the server that wrote it.
pub struct Clf {
    escape: Escape,
    id: FormatId,
}

impl Clf {
    /// `Backslash` for Apache and nginx, `None` for nginx `escape=none` and Squid.
    pub fn new(escape: Escape) -> Self {
        Self { escape, id: COMBINED }
    }

    /// The member of the family that most lines are of.
    pub(super) fn with_id(mut self, id: FormatId) -> Self {
        self.id = id;
        self
    }
}

impl Format for Clf {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        read_line(block, line, self.escape)
    }

    fn parse_block(&self, block: &[u8], records: &mut Vec<Rec>) {
        let mut all = Vec::with_capacity(block.len() / 24);
        coldtrail_simd::positions2(block, b'"', b'\n', &mut all);
        let mut clock = ClfClock::default();
        let mut marks = all.as_slice();
        let mut start = 0;
        while start < block.len() {
            let n_quotes = quotes_of_line(block, marks);
            let newline = marks.get(n_quotes).map_or(block.len(), |m| *m as usize);
            let end = if newline > start && block[newline - 1] == b'\r' { newline - 1 } else { newline };
            // Filled in its place: a record is some hundred bytes.
            let rec = records.push_mut(Rec::begin(Span::new(start, end)));
            rec.escape = self.escape;
            if !fast_line(rec, block, start, end, &marks[..n_quotes], &mut clock) {
                *rec = self.parse_line(block, Span::new(start, end));
            }
            marks = marks.get(n_quotes + 1..).unwrap_or_default();
            start = newline + 1;
        }
    }
}

/// How many marks stand before the newline that ends the line.
#[inline]
fn quotes_of_line(block: &[u8], marks: &[u32]) -> usize {
    // Combined has six quotes: looked at first, it costs one test of a line in a usual log.
    if let Some(m) = marks.get(6)
        && block[*m as usize] == b'\n'
        && marks[..6].iter().all(|q| block[*q as usize] == b'"')
    {
        return 6;
    }
    marks.iter().position(|m| block[*m as usize] == b'\n').unwrap_or(marks.len())
}

/// Fills `rec` from a line whose quotes stand at `quotes`; false if the line is not exactly of the expected shape.
#[inline]
fn fast_line(
    rec: &mut Rec,
    block: &[u8],
    start: usize,
    end: usize,
    quotes: &[u32],
    clock: &mut ClfClock,
) -> bool {
    let at = |i: usize| quotes[i] as usize;
    let (q0, q1) = match quotes.len() {
        2 | 6 | 8 => (at(0), at(1)),
        _ => return false,
    };
    // `C - U [dd/Mon/yyyy:hh:mm:ss +zzzz] "`
    if q0 < start + 36 || &block[q0 - 2..q0] != b"] " || &block[q0 - 30..q0 - 28] != b" [" {
        return false;
    }
    let Some(time) = block[q0 - 28..].first_chunk::<{ ClfClock::LEN }>() else { return false };
    rec.ts_us = clock.read(time);
    let Some(client_len) = plain_client(&block[start..q0 - 30]) else { return false };
    let user_at = start + client_len + 3;
    if rec.ts_us == NO_TIME || user_at >= q0 - 30 || &block[start + client_len..user_at] != b" - " {
        return false;
    }
    rec.client = Span::new(start, start + client_len);
    rec.user = value(block, Span::new(user_at, q0 - 30));
    if rec.user.len() > 32 {
        return false;
    }
    // `" sss bytes`
    let size_end = match quotes.len() {
        2 => end,
        _ => at(2) - 1,
    };
    if !fast_answer(rec, block, q1, size_end) {
        return false;
    }
    if quotes.len() == 2 {
        rec.format = COMMON;
    } else {
        let (q2, q3, q4, q5) = (at(2), at(3), at(4), at(5));
        if block[q2 - 1] != b' '
            || q4 != q3 + 2
            || block[q3 + 1] != b' '
            || block[q3 - 1] == b'\\'
            || block[q5 - 1] == b'\\'
        {
            return false;
        }
        rec.format = COMBINED;
        rec.referrer = value(block, Span::new(q2 + 1, q3));
        rec.user_agent = value(block, Span::new(q4 + 1, q5));
        if quotes.len() == 6 {
            if q5 + 1 != end {
                return false;
            }
        } else {
            let (q6, q7) = (at(6), at(7));
            if q6 != q5 + 2 || block[q5 + 1] != b' ' || q7 + 1 != end || block[q7 - 1] == b'\\' {
                return false;
            }
            set_forwarded(rec, block, Span::new(q6 + 1, q7));
        }
    }
    split_request(rec, block, q0 + 1, q1);
    true
}

/// The length of the client field if it is one plain address or name: without a list, a port or brackets.
#[inline]
fn plain_client(prefix: &[u8]) -> Option<usize> {
    let mut n_colons = 0;
    for (i, c) in prefix.iter().enumerate() {
        match c {
            b'0'..=b'9' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => {}
            b':' => n_colons += 1,
            b' ' => return (i > 1 && n_colons != 1).then_some(i),
            _ => return None,
        }
    }
    None
}

/// Status and size: three digits and a number or `-`, between the request's closing quote and `end`.
#[inline]
fn fast_answer(rec: &mut Rec, block: &[u8], q1: usize, end: usize) -> bool {
    if end < q1 + 7 || block[q1 - 1] == b'\\' {
        return false;
    }
    let status = &block[q1 + 1..q1 + 6];
    let d = |i: usize| status[i].wrapping_sub(b'0');
    if status[0] != b' ' || status[4] != b' ' || d(1) > 9 || d(2) > 9 || d(3) > 9 {
        return false;
    }
    rec.status_code = u16::from(d(1)) * 100 + u16::from(d(2)) * 10 + u16::from(d(3));
    rec.has_status = true;
    let size = &block[q1 + 6..end];
    if size == b"-" {
        rec.response_body_bytes = Metric::NONE;
        return true;
    }
    rec.response_body_bytes = metric(super::request::digits(size));
    rec.response_body_bytes != Metric::NONE
}
