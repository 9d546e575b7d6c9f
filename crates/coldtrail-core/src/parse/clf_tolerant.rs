//! Reads a line of the common log format family however it is bent: no field is trusted to lack blanks or quotes.
//!
//! The anchors, in the order of how hard they are to forge: the quote that opens the request stands behind
//! `[time] `; the quote that closes it stands before a status and a size; what is left of the time is client and
//! user, what is right of the size is referrer and user agent.

use super::formats::{
    COMBINED, COMBINEDIO, COMMON, SQUID_COMBINED, SSL_REQUEST, TRAEFIK_CLF, VHOST_COMBINED,
};
use super::prefix::Prefixed;
use super::request::{digits, is_address, metric, set_client_list, split_request, trim_line, value};
use crate::record::{ClientKey, Escape, Metric, Reason, Rec, Role, Span, parse_time};

/// Longest text in `[...]` that can be a time.
const MAX_TIME: usize = 48;
/// Fields after the size that are kept; more are ignored.
const MAX_TAIL: usize = 12;

/// Reads one line; raw if it has neither the time nor the request of the family.
pub(crate) fn read_line(block: &[u8], line: Span, escape: Escape) -> Rec {
    let text = trim_line(block, line);
    if text.is_empty() || block[text.start()] == b'#' {
        return Rec::skipped(line);
    }
    if Prefixed::of(block, text).is_some() {
        // The line itself begins behind the head; `parse_any` takes it off.
        return Rec::unread(line);
    }
    let mut rec = Rec::begin(line);
    rec.escape = escape;
    rec.format = COMMON;
    let mut reader = Reader { rec, block, start: text.start(), end: text.end() };
    if !reader.read() {
        return Rec::unread(line);
    }
    let mut rec = reader.rec;
    if !rec.client.bytes(block).iter().all(|c| is_client_byte(*c)) {
        // Neither address nor name: the line was split or forged in front.
        rec.client = Span::NONE;
    }
    if rec.client.is_none() || rec.client.is_empty() {
        rec.flag(Reason::NoClient);
    }
    rec.or_raw()
}

/// Bytes of addresses and host names, with zone, port and brackets; `unix:` of nginx.
fn is_client_byte(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'.' | b':' | b'-' | b'_' | b'[' | b']' | b'%')
}

struct Reader<'a> {
    rec: Rec,
    block: &'a [u8],
    start: usize,
    end: usize,
}

/// `[time] "`: where the bracket opens and where the quote stands.
struct Anchor {
    bracket: usize,
    quote: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> bool {
        let Some(anchor) = self.find_anchor(self.start) else { return self.read_without_request() };
        let is_time_first = anchor.bracket == self.start;
        if !is_time_first {
            self.read_prefix(self.start, anchor.bracket - usize::from(self.byte(anchor.bracket - 1) == b' '));
        }
        if self.rec.user.bytes(self.block).contains(&b'"') && self.find_anchor(anchor.quote + 1).is_some() {
            self.rec.escape = Escape::None;
            self.rec.flag(Reason::AmbiguousQuotes);
        }
        if is_time_first {
            self.read_ssl_request(&anchor)
        } else {
            self.read_request(anchor.quote);
            true
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.block[at]
    }

    fn text(&self, from: usize, to: usize) -> &'a [u8] {
        &self.block[from..to]
    }

    /// The first quote at or behind `from` that stands behind `[time] `; else a time anywhere and the next quote.
    fn find_anchor(&mut self, from: usize) -> Option<Anchor> {
        for i in memchr::memchr_iter(b'"', self.text(from, self.end)) {
            let quote = from + i;
            if quote < self.start + 3 || self.text(quote - 2, quote) != b"] " {
                continue;
            }
            let low = self.start.max(quote.saturating_sub(MAX_TIME));
            if let Some(open) = memchr::memrchr(b'[', self.text(low, quote - 2)).map(|o| low + o)
                && self.set_time(open + 1, quote - 2)
            {
                return Some(Anchor { bracket: open, quote });
            }
        }
        if from != self.start {
            return None;
        }
        let (bracket, close) = self.find_time()?;
        let quote = close + memchr::memchr(b'"', self.text(close, self.end))?;
        Some(Anchor { bracket, quote })
    }

    /// The first `[time]`: positions of its brackets.
    fn find_time(&mut self) -> Option<(usize, usize)> {
        let mut at = self.start;
        while let Some(open) = memchr::memchr(b'[', self.text(at, self.end)).map(|i| at + i) {
            let high = self.end.min(open + MAX_TIME);
            if let Some(close) = memchr::memchr(b']', self.text(open, high)).map(|i| open + i)
                && self.set_time(open + 1, close)
            {
                return Some((open, close));
            }
            at = open + 1;
        }
        None
    }

    fn set_time(&mut self, from: usize, to: usize) -> bool {
        // Bare numbers in brackets are no times of this family.
        let Some(moment) = parse_time(self.text(from, to)).filter(|_| to - from >= 19) else { return false };
        self.rec.ts_us = moment.ts_us;
        self.rec.ts_digits = moment.digits;
        self.rec.ts_assumed_utc = !moment.has_offset;
        true
    }

    /// A time but no quoted request: client and time are kept, and the line is partial.
    fn read_without_request(&mut self) -> bool {
        let Some((open, _)) = self.find_time() else { return false };
        if open == self.start {
            return false;
        }
        self.read_prefix(self.start, open - usize::from(self.byte(open - 1) == b' '));
        self.rec.flag(Reason::TooFewFields);
        self.rec.client.is_some()
    }

    /// `[time] client protocol cipher "request" bytes`.
    fn read_ssl_request(&mut self, anchor: &Anchor) -> bool {
        let Some(close) = memchr::memchr(b']', self.text(anchor.bracket, anchor.quote)) else { return false };
        let from = anchor.bracket + close + 1;
        let lead = from + self.text(from, anchor.quote).iter().take_while(|c| **c == b' ').count();
        let len = memchr::memchr(b' ', self.text(lead, anchor.quote)).unwrap_or(anchor.quote - lead);
        if !is_address(self.text(lead, lead + len)) {
            return false;
        }
        self.rec.client = Span::new(lead, lead + len);
        self.rec.format = SSL_REQUEST;
        let Some(quote) =
            memchr::memrchr(b'"', self.text(anchor.quote + 1, self.end)).map(|i| anchor.quote + 1 + i)
        else {
            return false;
        };
        split_request(&mut self.rec, self.block, anchor.quote + 1, quote);
        let rest = self.text(quote + 1, self.end).trim_ascii();
        if !rest.is_empty() && rest != b"-" {
            match digits(rest) {
                Some(n) => self.rec.response_body_bytes = Metric::new(n),
                None => self.rec.flag(Reason::BadSize),
            }
        }
        true
    }

    /// The request behind the quote at `open`, then status, size and the rest.
    fn read_request(&mut self, open: usize) {
        let Some(closing) = self.find_closing(open) else { return self.read_cut_request(open) };
        split_request(&mut self.rec, self.block, open + 1, closing.quote);
        self.rec.status_code = closing.status.unwrap_or(0);
        self.rec.has_status = closing.status.is_some();
        self.rec.response_body_bytes = closing.size;
        self.read_tail(closing.end);
    }

    /// The request's closing quote: the first that is not escaped, if a status follows; else, where quotes are
    /// not escaped, the first with a status behind it and `HTTP/x` before it.
    fn find_closing(&mut self, open: usize) -> Option<Closing> {
        let mut first = None;
        let mut best = None;
        let mut n_versioned = 0;
        let raw = self.rec.escape == Escape::None;
        let mut seen_unescaped = false;
        for i in memchr::memchr_iter(b'"', self.text(open + 1, self.end)) {
            let quote = open + 1 + i;
            let escaped = !raw && self.is_escaped(quote, open + 1);
            let Some(closing) = self.answer_behind(quote) else {
                seen_unescaped |= !escaped;
                continue;
            };
            if !escaped && !seen_unescaped && !raw {
                return Some(closing);
            }
            seen_unescaped |= !escaped;
            let is_versioned = ends_with_version(self.text(open + 1, quote));
            n_versioned += usize::from(is_versioned);
            if is_versioned && best.is_none() {
                best = Some(closing);
            } else if first.is_none() && (!escaped || raw) {
                first = Some(closing);
            }
        }
        if best.is_none() && first.is_none() && !raw {
            // The only quote before a status is an "escaped" one: this server does not escape.
            let quotes: Vec<usize> =
                memchr::memchr_iter(b'"', self.text(open + 1, self.end)).map(|i| open + 1 + i).collect();
            first = quotes.into_iter().find_map(|q| self.answer_behind(q));
        }
        let found = best.or(first)?;
        if !raw || n_versioned > 1 {
            self.rec.escape = Escape::None;
        }
        if n_versioned > 1 {
            self.rec.flag(Reason::AmbiguousQuotes);
        }
        Some(found)
    }

    /// An odd number of backslashes stands before the quote.
    fn is_escaped(&self, quote: usize, from: usize) -> bool {
        self.text(from, quote).iter().rev().take_while(|c| **c == b'\\').count() % 2 == 1
    }

    /// `" status size` at `quote`, each a number or `-`, followed by a blank or the end.
    fn answer_behind(&self, quote: usize) -> Option<Closing> {
        let mut at = quote + 1;
        let mut word = || -> Option<(usize, usize)> {
            if at >= self.end || self.byte(at) != b' ' {
                return None;
            }
            let from = at + 1;
            let len = memchr::memchr(b' ', self.text(from, self.end)).unwrap_or(self.end - from);
            at = from + len;
            Some((from, at))
        };
        let (from, to) = word()?;
        let status = match self.text(from, to) {
            b"-" => None,
            s if s.len() <= 3 => Some(digits(s)? as u16),
            _ => return None,
        };
        let mut end = to;
        let mut size = Metric::NONE;
        if let Some((from, to)) = word() {
            match self.text(from, to) {
                b"-" => end = to,
                s => match digits(s) {
                    Some(n) => (size, end) = (Metric::new(n), to),
                    // A status and something else: a status alone is enough where it has three digits.
                    None if status.is_some_and(|s| s >= 100) => {}
                    None => return None,
                },
            }
        } else if status.is_none_or(|s| s < 100) {
            return None;
        }
        Some(Closing { quote, status, size, end })
    }

    /// No closing quote with a status: the line was cut, or its format has no status here.
    fn read_cut_request(&mut self, open: usize) {
        let last = memchr::memchr_iter(b'"', self.text(open + 1, self.end))
            .map(|i| open + 1 + i)
            .find(|q| !self.is_escaped(*q, open + 1));
        split_request(&mut self.rec, self.block, open + 1, last.unwrap_or(self.end));
        self.rec.flag(if last.is_some() { Reason::BadStatus } else { Reason::CutOff });
        if last.is_none() {
            self.rec.reason = Reason::CutOff;
        }
    }

    /// What follows the size: referrer, user agent, and what the administrator appended.
    fn read_tail(&mut self, from: usize) {
        let mut tail = Tail::default();
        let clean = self.rec.escape != Escape::None && self.split_tail(from, &mut tail);
        if !clean {
            let mut cut = Tail::default();
            let is_raw = self.split_raw_tail(from, &mut cut);
            if is_raw && self.rec.escape != Escape::None && tail.is_cut {
                // No quote closes the last field: the line ends inside it.
                self.rec.flag(Reason::CutOff);
            } else {
                if memchr::memchr(b'"', self.text(from, self.end)).is_some() && is_raw {
                    self.rec.escape = Escape::None;
                }
                tail = cut;
            }
        }
        let [referrer, user_agent, third] = tail.quoted;
        self.rec.referrer = value(self.block, referrer);
        self.rec.user_agent = value(self.block, user_agent);
        if third.is_some() {
            set_forwarded(&mut self.rec, self.block, third);
        }
        let has_vhost = self.rec.format == VHOST_COMBINED;
        if user_agent.is_some() && !has_vhost {
            self.rec.format = COMBINED;
        }
        self.read_extras(&tail);
    }

    /// Splits quoted and plain fields; false if a quote stands inside a field.
    fn split_tail(&mut self, from: usize, tail: &mut Tail) -> bool {
        let mut at = from;
        while at < self.end {
            if self.byte(at) == b' ' || self.byte(at) == b'\t' {
                at += 1;
                continue;
            }
            if self.byte(at) != b'"' {
                let len = memchr::memchr(b' ', self.text(at, self.end)).unwrap_or(self.end - at);
                tail.push_plain(Span::new(at, at + len));
                at += len;
                continue;
            }
            let inside = at + 1;
            let close = memchr::memchr_iter(b'"', self.text(inside, self.end))
                .map(|i| inside + i)
                .find(|q| !self.is_escaped(*q, inside));
            let Some(close) = close else {
                tail.push_quoted(Span::new(inside, self.end));
                tail.is_cut = true;
                return false;
            };
            tail.push_quoted(Span::new(inside, close));
            at = close + 1;
            if at < self.end && self.byte(at) != b' ' {
                return false;
            }
        }
        true
    }

    /// Splits a tail whose quotes are not escaped: `"referrer" "user agent" rest`, anchored on the first and the
    /// last quote and the first `" "` between them. False if there are no quotes.
    fn split_raw_tail(&mut self, from: usize, tail: &mut Tail) -> bool {
        let text = self.text(from, self.end);
        let (Some(first), Some(last)) = (memchr::memchr(b'"', text), memchr::memrchr(b'"', text)) else {
            self.push_words(from, self.end, tail);
            return false;
        };
        let (first, last) = (from + first, from + last);
        self.push_words(from, first, tail);
        if first == last {
            tail.push_quoted(Span::new(first + 1, self.end));
            tail.is_cut = true;
            return true;
        }
        let inner = first + 1;
        let breaks: Vec<usize> =
            memchr::memmem::find_iter(self.text(inner, last + 1), b"\" \"").map(|i| inner + i).collect();
        // The last quote may open a field that nothing closes.
        tail.is_cut = breaks.last().is_some_and(|b| b + 3 > last);
        let (last, rest) = if tail.is_cut { (self.end, self.end) } else { (last, last + 1) };
        let mut n_breaks = breaks.len();
        let mut user_agent_end = last;
        if n_breaks >= 2 {
            // nginx appends X-Forwarded-For: taken only if it is a list of addresses.
            let third = Span::new(breaks[n_breaks - 1] + 3, last);
            if is_forwarded(third.bytes(self.block)) {
                tail.quoted[2] = third;
                user_agent_end = breaks[n_breaks - 1];
                n_breaks -= 1;
            }
        }
        if n_breaks == 0 {
            tail.push_quoted(Span::new(inner, last));
        } else {
            tail.quoted[0] = Span::new(inner, breaks[0]);
            tail.quoted[1] = Span::new(breaks[0] + 3, user_agent_end);
        }
        if n_breaks > 1 {
            self.rec.flag(Reason::AmbiguousQuotes);
        }
        if tail.is_cut {
            self.rec.flag(Reason::CutOff);
        }
        self.push_words(rest, self.end, tail);
        true
    }

    fn push_words(&self, from: usize, to: usize, tail: &mut Tail) {
        let mut at = from;
        for word in self.text(from, to).split(|c| *c == b' ') {
            if !word.is_empty() {
                tail.push_plain(Span::new(at, at + word.len()));
            }
            at += word.len() + 1;
        }
    }

    /// Fields behind the user agent that are told by their shape.
    fn read_extras(&mut self, tail: &Tail) {
        let word = |i: usize| tail.plain[i].bytes(self.block);
        match tail.n_plain {
            1 if is_squid_result(word(0)) => {
                self.rec.action = tail.plain[0];
                self.rec.format = SQUID_COMBINED;
                self.rec.role = Role::Proxy;
                self.rec.escape = Escape::None;
                self.rec.response_bytes = self.rec.response_body_bytes;
                self.rec.response_body_bytes = Metric::NONE;
            }
            2 if tail.quoted[2].is_some() => {
                // Traefik: `count "router" "server" 12ms`.
                if let Some(ms) = word(1).strip_suffix(b"ms").and_then(digits) {
                    self.rec.duration_us = Metric::new(ms.saturating_mul(1000));
                    self.rec.format = TRAEFIK_CLF;
                    self.rec.forwarded = Span::NONE;
                }
            }
            2 => {
                // mod_logio: `%I %O`, with headers, so never less than the body.
                let (received, sent) = (digits(word(0)), digits(word(1)));
                let body = self.rec.response_body_bytes.or_zero();
                if received.is_some_and(|r| r > 0)
                    && sent.is_some_and(|s| s > 0 && s >= body)
                    && tail.quoted[1].is_some()
                {
                    self.rec.request_bytes = metric(received);
                    self.rec.response_bytes = metric(sent);
                    self.rec.format = COMBINEDIO;
                }
            }
            _ => {}
        }
    }

    /// `[vhost] client[, proxy...] [peer] ident user`, between `start` and `end`.
    fn read_prefix(&mut self, start: usize, end: usize) {
        let text = self.text(start, end);
        if let Some(dash) = memchr::memmem::find(text, b" - ") {
            self.set_user(start + dash + 3, end);
            return self.read_addresses(start, start + dash, true);
        }
        let words: Vec<(usize, usize)> = words(text).map(|(a, b)| (start + a, start + b)).take(16).collect();
        let is_ip = |i: usize| words.get(i).is_some_and(|(a, b)| is_address(&self.block[*a..*b]));
        let span = |i: usize| words.get(i).map_or(Span::NONE, |(a, b)| value(self.block, Span::new(*a, *b)));
        let (host, client, user_at) = match words.len() {
            0 => return,
            1 => (None, 0, None),
            2 if is_ip(1) && !is_ip(0) => (Some(0), 1, None),
            2 => (None, 0, Some(1)),
            _ if !is_ip(0) && is_ip(1) => (Some(0), 1, Some(if words.len() > 3 { 3 } else { 2 })),
            // `client host user`.
            _ if is_ip(0) && span(1).bytes(self.block).contains(&b'.') => (Some(1), 0, Some(2)),
            _ => (None, 0, Some(2)),
        };
        if let Some(host) = host {
            self.rec.host = span(host);
            self.rec.format = VHOST_COMBINED;
        }
        let client = words[client];
        self.rec.client =
            super::request::bare_address(self.block, value(self.block, Span::new(client.0, client.1)));
        if let Some((from, _)) = user_at.and_then(|i| words.get(i)) {
            self.set_user(*from, end);
        }
    }

    fn set_user(&mut self, from: usize, to: usize) {
        let user = self.text(from, to);
        if user.is_empty() {
            // nginx `escape=none` and `escape=json` leave a missing user empty.
            self.rec.escape = Escape::None;
        }
        self.rec.user = match user {
            b"\"\"" => Span::new(from + 1, to - 1),
            // nginx `$request_id $remote_user`.
            _ if user.len() > 32 && user[32] == b' ' && user[..32].iter().all(u8::is_ascii_hexdigit) => {
                value(self.block, Span::new(from + 33, to))
            }
            _ => value(self.block, Span::new(from, to)),
        };
    }

    /// `host client`, `client, proxy`, `"client, proxy" peer`, `client, proxy peer`.
    fn read_addresses(&mut self, start: usize, end: usize, host_allowed: bool) {
        let text = self.text(start, end);
        if let Some(close) = text.strip_prefix(b"\"").and_then(|t| memchr::memchr(b'"', t)) {
            let peer = self.text(start + close + 2, end).trim_ascii_start().len();
            self.rec.peer = if peer > 0 { Span::new(end - peer, end) } else { Span::NONE };
            return set_client_list(&mut self.rec, self.block, Span::new(start + 1, start + 1 + close));
        }
        let Some(space) = memchr::memchr(b' ', text) else {
            let list = value(self.block, Span::new(start, end));
            return if list.is_some() {
                set_client_list(&mut self.rec, self.block, list)
            };
        };
        let first = &text[..space];
        let rest = start + space + 1 + text[space + 1..].iter().take_while(|c| **c == b' ').count();
        if first == b"-" {
            return self.read_addresses(rest.min(end), end, host_allowed);
        }
        if first.ends_with(b",") {
            // The list goes on as long as a comma stands before the blank; what is behind it is the peer.
            let list_end = words(text).find(|(_, to)| text[to - 1] != b',').map_or(end, |(_, to)| start + to);
            let peer = self.text(list_end, end).trim_ascii_start().len();
            self.rec.peer = if peer > 0 { Span::new(end - peer, end) } else { Span::NONE };
            return set_client_list(&mut self.rec, self.block, Span::new(start, list_end));
        }
        let is_forwarded = is_address(first)
            && !ClientKey::parse(first).is_internal()
            && is_address(self.text(rest, end))
            && ClientKey::parse(self.text(rest, end)).is_internal();
        if is_forwarded {
            self.rec.client = Span::new(start, start + space);
            self.rec.forwarded = self.rec.client;
            self.rec.peer = Span::new(rest, end);
        } else if host_allowed {
            self.rec.host = Span::new(start, start + space);
            self.rec.format = VHOST_COMBINED;
            self.read_addresses(rest.min(end), end, false);
        } else {
            self.rec.client = Span::new(start, start + space);
            self.rec.peer = Span::new(rest.min(end), end);
        }
    }
}

struct Closing {
    quote: usize,
    status: Option<u16>,
    size: Metric,
    /// Where the size ends.
    end: usize,
}

/// The fields behind the size.
struct Tail {
    quoted: [Span; 3],
    n_quoted: usize,
    plain: [Span; MAX_TAIL],
    n_plain: usize,
    is_cut: bool,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            quoted: [Span::NONE; 3],
            n_quoted: 0,
            plain: [Span::NONE; MAX_TAIL],
            n_plain: 0,
            is_cut: false,
        }
    }
}

impl Tail {
    fn push_quoted(&mut self, span: Span) {
        if let Some(slot) = self.quoted.get_mut(self.n_quoted) {
            *slot = span;
        }
        self.n_quoted += 1;
    }

    fn push_plain(&mut self, span: Span) {
        if let Some(slot) = self.plain.get_mut(self.n_plain) {
            *slot = span;
            self.n_plain += 1;
        }
    }
}

/// Start and end of the words between blanks.
fn words(text: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    text.split(|c| *c == b' ').filter_map(move |w| {
        let from = at;
        at += w.len() + 1;
        (!w.is_empty()).then_some((from, from + w.len()))
    })
}

fn ends_with_version(request: &[u8]) -> bool {
    memchr::memrchr(b' ', request)
        .is_some_and(|i| request[i + 1..].starts_with(b"HTTP/") && request.len() - i < 12)
}

/// The third quoted field is X-Forwarded-For if it is a list of addresses.
fn is_forwarded(list: &[u8]) -> bool {
    list == b"-"
        || list.is_empty()
        || list.split(|c| *c == b',').all(|item| {
            let item = item.trim_ascii();
            is_address(item) || item == b"unknown"
        })
}

/// Takes a third quoted field as X-Forwarded-For if it looks like that.
#[inline]
pub(crate) fn set_forwarded(rec: &mut Rec, block: &[u8], span: Span) {
    if span.bytes(block) != b"-" && is_forwarded(span.bytes(block)) {
        rec.forwarded = span;
    }
}

/// `TCP_MISS:HIER_DIRECT`.
fn is_squid_result(word: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', word) else { return false };
    let is_code = |w: &[u8]| {
        w.len() > 2 && w.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == b'_')
    };
    is_code(&word[..colon]) && is_code(&word[colon + 1..])
}
