//! JSON lines: nginx `escape=json`, Caddy, Traefik, Zeek, Cloudflare, ECS and what administrators make up.
//!
//! A scanner of its own, because strict readers lose exactly the hostile lines: bytes from 0x80 and control bytes
//! stand raw in strings, a quote that is not escaped does not end the record, a cut line keeps what was read. Values
//! are spans; nothing is copied.

use super::connection::Connection;
use super::formats::{CADDY, HAR, JSON, KEY_VALUE, SURICATA, TRAEFIK_JSON, ZEEK_CONN, ZEEK_JSON, ZEEK_SSL};
use super::json_keys::{Key, lookup};
use super::request::{metric, scaled, set_client_list, trim_line};
use super::slot::{Slot, check};
use super::zeek::set_role;
use super::{Format, request};
use crate::record::{
    Escape, FormatId, Metric, NO_TIME, Outcome, Reason, Rec, Role, Span, parse_time, parse_time_of_day,
};

/// Levels of nesting that are read; deeper ones are skipped without recursion.
const MAX_DEPTH: usize = 8;
/// Bytes of a dotted path of keys; longer ones are of no interest.
const MAX_PATH: usize = 96;
/// Where a HAR has its headers: objects of name and value.
const HAR_HEADERS: &[u8] = b"request.headers";
/// Kinds of values that a record can take, for their ranks.
const N_KINDS: usize = 40;

/// JSON lines, of whatever software.
pub struct Json {
    id: FormatId,
}

impl Json {
    /// The software that most lines are of.
    pub(super) fn of(id: FormatId) -> Self {
        Self { id }
    }
}

impl Default for Json {
    fn default() -> Self {
        Self { id: JSON }
    }
}

impl Format for Json {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' {
            return Rec::skipped(line);
        }
        if block[text.start()] != b'{' {
            return Rec::unread(line);
        }
        read_object(block, line, text)
    }
}

/// Reads the object that begins at `text`; `line` is what the record is of.
pub(super) fn read_object(block: &[u8], line: Span, text: Span) -> Rec {
    let mut rec = Rec::begin(line);
    rec.format = JSON;
    rec.escape = Escape::Json;
    let mut sink = Sink::new(rec, block);
    let fault = scan(block, text, &mut sink);
    if fault != Reason::None {
        sink.rec.flag(fault);
    }
    sink.finish()
}

/// Whoever wants the values of an object.
pub(super) trait Take {
    /// Takes a value by the dotted path of its keys, in lower case with `_` for `-`; empty for one of no interest.
    fn take(&mut self, path: &[u8], value: Value);
}

/// Hands out the values of the object that begins at `text`; says what is wrong with it.
pub(super) fn scan(block: &[u8], text: Span, sink: &mut impl Take) -> Reason {
    let mut scanner = Scanner {
        block,
        at: text.start(),
        end: text.end(),
        path: [0; MAX_PATH],
        path_len: 0,
        fault: Reason::None,
    };
    scanner.value(0, sink);
    let rest = Span::new(scanner.at.min(text.end()), text.end());
    match scanner.fault {
        Reason::None if !rest.bytes(block).trim_ascii().is_empty() => Reason::BadJson,
        fault => fault,
    }
}

/// A scalar value: a string without its quotes, or a number or word.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) span: Span,
    pub(super) is_string: bool,
}

struct Scanner<'a> {
    block: &'a [u8],
    at: usize,
    end: usize,
    path: [u8; MAX_PATH],
    /// More than `MAX_PATH` if the path did not fit.
    path_len: usize,
    fault: Reason,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.block[self.at])
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n' | 0)) {
            self.at += 1;
        }
    }

    /// Reads one value and stops behind it; with a fault set, everything stops.
    fn value(&mut self, depth: usize, sink: &mut impl Take) {
        self.skip_blanks();
        match self.peek() {
            None => self.fault = Reason::CutOff,
            Some(b'{' | b'[') if depth >= MAX_DEPTH => self.skip_nested(),
            Some(b'{') => self.object(depth, sink),
            Some(b'[') => self.array(depth, sink),
            Some(b'"') => {
                let span = self.string();
                sink.take(self.path(), Value { span, is_string: true });
            }
            Some(_) => {
                let from = self.at;
                while !matches!(self.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\t')) {
                    self.at += 1;
                }
                sink.take(self.path(), Value { span: Span::new(from, self.at), is_string: false });
            }
        }
    }

    fn path(&self) -> &[u8] {
        self.path.get(..self.path_len).unwrap_or_default()
    }

    fn object(&mut self, depth: usize, sink: &mut impl Take) {
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return;
                }
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(b'"') => {}
                other => {
                    self.fault = if other.is_none() { Reason::CutOff } else { Reason::BadJson };
                    return;
                }
            }
            let key = self.string();
            let outer = self.path_len;
            self.push_key(key);
            self.skip_blanks();
            if self.peek() != Some(b':') {
                if self.fault == Reason::None {
                    self.fault = if self.peek().is_none() { Reason::CutOff } else { Reason::BadJson };
                }
                return;
            }
            self.at += 1;
            self.value(depth + 1, sink);
            self.path_len = outer;
            if matches!(self.fault, Reason::CutOff | Reason::BadJson) {
                return;
            }
        }
    }

    /// The first element stands for the array.
    fn array(&mut self, depth: usize, sink: &mut impl Take) {
        self.at += 1;
        let outer = self.path_len;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    // Further elements are scanned but have no path; of a HAR's headers each is read.
                    if self.path() != HAR_HEADERS {
                        self.path_len = usize::MAX;
                    }
                }
                None => {
                    self.fault = Reason::CutOff;
                    break;
                }
                Some(_) => {
                    let before = self.at;
                    self.value(depth + 1, sink);
                    if self.at == before || matches!(self.fault, Reason::CutOff | Reason::BadJson) {
                        self.fault = if self.fault == Reason::None { Reason::BadJson } else { self.fault };
                        break;
                    }
                }
            }
        }
        self.path_len = outer;
    }

    fn push_key(&mut self, key: Span) {
        let bytes = key.bytes(self.block);
        let dot = usize::from(self.path_len > 0);
        let end = self.path_len.saturating_add(dot + bytes.len());
        if end > MAX_PATH {
            self.path_len = usize::MAX;
            return;
        }
        if dot == 1 {
            self.path[self.path_len] = b'.';
        }
        for (to, from) in self.path[self.path_len + dot..end].iter_mut().zip(bytes) {
            *to = if *from == b'-' { b'_' } else { from.to_ascii_lowercase() };
        }
        self.path_len = end;
    }

    /// A string without its quotes; stops behind the closing quote. A quote that neither a comma nor a colon nor a
    /// closing bracket follows was not escaped by the server and belongs to the string.
    fn string(&mut self) -> Span {
        let from = self.at + 1;
        let mut at = from;
        while let Some(i) = memchr::memchr2(b'"', b'\\', &self.block[at.min(self.end)..self.end]) {
            at += i;
            if self.block[at] == b'\\' {
                at += 2;
                continue;
            }
            let next = self.block[at + 1..self.end].iter().find(|c| !c.is_ascii_whitespace());
            if matches!(next, None | Some(b',' | b'}' | b']' | b':')) {
                self.at = at + 1;
                return Span::new(from, at);
            }
            if self.fault == Reason::None {
                self.fault = Reason::AmbiguousQuotes;
            }
            at += 1;
        }
        self.fault = Reason::CutOff;
        self.at = self.end;
        Span::new(from.min(self.end), self.end)
    }

    /// Skips a value that is nested too deeply, by counting brackets outside of strings.
    fn skip_nested(&mut self) {
        let mut depth = 0usize;
        while let Some(c) = self.peek() {
            match c {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
        self.fault = Reason::CutOff;
    }
}

/// Puts values into the record as they are found.
pub(super) struct Sink<'a> {
    pub(super) rec: Rec,
    block: &'a [u8],
    ranks: [u8; N_KINDS],
    duration: Span,
    date: Span,
    time: Span,
    request: Span,
    /// Suricata's kind of event.
    event: Span,
    /// Zeek's connection.
    connection: Connection,
    /// Name of a HAR's header whose value comes next.
    header: Span,
    /// Which log of Zeek's it is, as far as its keys tell.
    zeek_log: FormatId,
}

impl Take for Sink<'_> {
    fn take(&mut self, path: &[u8], value: Value) {
        if path.is_empty() {
            return;
        }
        // All events of Suricata have it, of which few are requests.
        match path {
            b"flow_id" => self.rec.format = SURICATA,
            b"starteddatetime" => self.rec.format = HAR,
            b"time" if self.rec.format == HAR => {
                return Slot::DurationMs.set(&mut self.rec, self.block, value.span);
            }
            b"request.headers.name" => self.header = value.span,
            b"request.headers.value" => return self.har_header(value),
            b"event_type" => self.event = value.span,
            b"id.resp_h" => self.connection.server = value.span,
            b"id.resp_p" => self.connection.port = value.span,
            b"proto" => self.connection.protocol = value.span,
            b"established" => {
                self.connection.established = value.span;
                self.zeek_log = ZEEK_SSL;
            }
            b"local_orig" => self.connection.is_local = value.span,
            b"conn_state" => self.zeek_log = ZEEK_CONN,
            _ => {}
        }
        let Some((key, rank)) = lookup(path) else { return };
        match path {
            b"id.orig_h" => self.rec.format = ZEEK_JSON,
            b"downstreamstatus" => self.rec.format = TRAEFIK_JSON,
            b"request.remote_ip" | b"request.remote_addr" => self.rec.format = CADDY,
            _ => {}
        }
        self.put(key, rank, value);
    }
}

impl<'a> Sink<'a> {
    pub(super) fn new(rec: Rec, block: &'a [u8]) -> Self {
        let none = Span::NONE;
        Self {
            rec,
            block,
            ranks: [u8::MAX; N_KINDS],
            duration: none,
            date: none,
            time: none,
            request: none,
            event: none,
            connection: Connection::NONE,
            header: none,
            zeek_log: ZEEK_JSON,
        }
    }

    pub(super) fn text(&self, span: Span) -> &'a [u8] {
        span.bytes(self.block)
    }

    fn har_header(&mut self, value: Value) {
        let name = std::mem::replace(&mut self.header, Span::NONE).bytes(self.block);
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"referer" => Slot::Referrer,
            b"user-agent" => Slot::UserAgent,
            b"cookie" => Slot::Cookie,
            _ => return,
        };
        self.put(Key::Slot(slot), 0, value);
    }

    /// Takes a value of a known meaning, if none of a better rank was taken.
    pub(super) fn put(&mut self, key: Key, rank: u8, value: Value) {
        let text = value.span.bytes(self.block);
        if !value.is_string && matches!(text, b"null" | b"true" | b"false") {
            return;
        }
        let slot = match key {
            Key::Duration => return self.duration = value.span,
            Key::Date => return self.date = value.span,
            Key::Category => {
                self.rec.role = Role::Proxy;
                return Slot::Category.set(&mut self.rec, self.block, value.span);
            }
            // `requestTime` of Amazon's API Gateway is when, not how long.
            Key::Slot(Slot::DurationS) if text.contains(&b'/') => Slot::Time,
            Key::Slot(slot) => slot,
        };
        if text.is_empty()
            && matches!(
                slot,
                Slot::Client | Slot::Peer | Slot::Host | Slot::Target | Slot::Path | Slot::Time | Slot::Query
            )
        {
            return;
        }
        // A key of the right name with a value of another kind: `status: "success"`.
        let fits = match slot {
            Slot::Client => !text.contains(&b'"'),
            Slot::Time => slot.fits(text) || parse_time_of_day(text).is_some(),
            // GCP writes `0.123s`.
            Slot::DurationS => true,
            _ => slot.fits(text),
        };
        if !fits {
            return;
        }
        let place = slot as usize;
        if self.ranks[place] <= rank {
            return;
        }
        self.ranks[place] = rank;
        match slot {
            Slot::Time if parse_time(text).is_none() => self.time = value.span,
            Slot::Request if matches!(text.first(), Some(b'/')) => {
                Slot::Target.set(&mut self.rec, self.block, value.span)
            }
            // Split at the end, so that a method of its own is not lost to a request that is none.
            Slot::Request => self.request = value.span,
            // GCP: `0.123s`.
            Slot::DurationS => {
                let text = text.strip_suffix(b"s").unwrap_or(text);
                self.rec.duration_us = metric(scaled(text, 6));
            }
            _ => {
                let query = self.rec.query;
                slot.set(&mut self.rec, self.block, value.span);
                if self.rec.query.is_none() {
                    // It may stand under a key of its own, before that of the path.
                    self.rec.query = query;
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> Rec {
        let block = self.block;
        // Its other events tell of the same request again, or of none.
        let event = self.event.bytes(block);
        if event == b"stats" || self.rec.format == SURICATA && event != b"http" {
            return Rec::skipped(self.rec.line);
        }
        if self.rec.format == ZEEK_JSON && self.zeek_log != ZEEK_JSON {
            if self.duration.is_some() {
                Slot::DurationS.set(&mut self.rec, block, self.duration);
            }
            return self.connection.finish(self.rec, block, self.zeek_log);
        }
        if self.request.is_some() {
            let (method, target) = (self.rec.method, self.rec.target);
            Slot::Request.set(&mut self.rec, block, self.request);
            if method.is_some() && self.rec.method.is_none() {
                self.rec.method = method;
            }
            if target.is_some() && self.rec.method.is_none() {
                Slot::Target.set(&mut self.rec, block, target);
            }
        } else if self.rec.target.is_some() {
            // The method may have come after the target: CONNECT decides what is the host.
            let target = self.rec.target;
            let query = self.rec.query;
            Slot::Target.set(&mut self.rec, block, target);
            if self.rec.query.is_none() {
                self.rec.query = query;
            }
            self.split_bare_url();
        }
        if self.rec.role == Role::Proxy {
            // What Zscaler writes for nothing.
            let fields = [&mut self.rec.referrer, &mut self.rec.user_agent, &mut self.rec.user];
            fields.into_iter().filter(|f| f.bytes(block) == b"None").for_each(|f| *f = Span::NONE);
        }
        if self.rec.client.is_none() && self.rec.peer.is_some() {
            self.rec.client = std::mem::replace(&mut self.rec.peer, Span::NONE);
        }
        if self.rec.client.is_none() && self.rec.forwarded.is_some() {
            let list = self.rec.forwarded;
            set_client_list(&mut self.rec, block, list);
        }
        if self.rec.ts_us == NO_TIME && self.date.is_some() {
            self.read_date();
        }
        if self.rec.duration_us == Metric::NONE && self.duration.is_some() {
            let text = self.duration.bytes(block);
            let slot = match self.rec.format {
                TRAEFIK_JSON => Some(Slot::DurationNs),
                CADDY => Some(Slot::DurationS),
                _ if text.contains(&b'.') => Some(Slot::DurationS),
                _ => None,
            };
            if let Some(slot) = slot {
                slot.set(&mut self.rec, block, self.duration);
            }
        }
        if matches!(self.rec.format, ZEEK_JSON | SURICATA) {
            // A sensor sees whether an answer came.
            self.rec.is_unanswered = !self.rec.has_status;
            set_role(&mut self.rec, block);
            if self.rec.host.is_none() {
                self.rec.host = self.connection.server;
            }
        }
        let has_request = self.rec.target.is_some()
            || self.rec.path.is_some()
            || self.rec.method.is_some()
            || self.request.is_some();
        let has_contact =
            self.rec.format == KEY_VALUE && self.rec.host.is_some() && self.rec.client.is_some();
        if !has_request && !self.rec.has_status && self.rec.format == ZEEK_JSON {
            // Another log of the sensor.
            return Rec::skipped(self.rec.line);
        }
        if !has_request && !self.rec.has_status && !has_contact {
            // JSON, but of something else than requests.
            return Rec { reason: Reason::UnknownFormat, ..Rec::unread(self.rec.line) };
        }
        if self.rec.format == HAR {
            // It never has a client.
            self.rec.role = Role::Proxy;
            if self.rec.outcome == Outcome::Ok && self.rec.ts_us == NO_TIME {
                self.rec.flag(Reason::BadTime);
            }
        } else if self.rec.outcome == Outcome::Ok {
            check_json(&mut self.rec);
        }
        self.rec.or_raw()
    }

    /// `h.example/p?q`: a URL without its scheme, as firewalls log it.
    fn split_bare_url(&mut self) {
        let (rec, block) = (&mut self.rec, self.block);
        let text = rec.target.bytes(block);
        if rec.path.start() != rec.target.start() || text.first() == Some(&b'/') {
            return;
        }
        let end = memchr::memchr3(b'/', b'?', b'#', text).unwrap_or(text.len());
        let host = &text[..end];
        let is_host = match rec.host.get(block) {
            Some(named) => named.eq_ignore_ascii_case(host),
            None => rec.role == Role::Proxy && host.contains(&b'.'),
        };
        if is_host {
            rec.host = Span::new(rec.target.start(), rec.target.start() + end);
            rec.path = Span::new(rec.host.end(), rec.path.end());
        }
    }

    /// CloudFront as JSON: `date` and `time` apart; without the time, midnight of the day is all that is known.
    fn read_date(&mut self) {
        let mut text = self.date.bytes(self.block).to_vec();
        let time = self.time.bytes(self.block);
        if parse_time(&text).is_none() && time.is_empty() {
            return;
        }
        if !time.is_empty() {
            text.push(b'T');
            text.extend_from_slice(time);
            // CloudFront's is UTC; a firewall's is the time where it stands.
            if self.rec.format == JSON {
                text.push(b'Z');
            }
        }
        if let Some(moment) = parse_time(&text) {
            self.rec.ts_us = moment.ts_us;
            self.rec.ts_digits = moment.digits;
            self.rec.ts_assumed_utc = !moment.has_offset;
        }
    }
}

/// nginx's own examples log no time in JSON; that is a partial record, like one without a client.
fn check_json(rec: &mut Rec) {
    check(rec);
    if rec.outcome == Outcome::Ok && rec.target.is_none() && rec.path.is_none() {
        rec.flag(Reason::BadRequest);
    }
}

/// Where an object begins in a line that has something else before it.
pub(super) fn find_object(block: &[u8], text: Span) -> Option<Span> {
    let bytes = text.bytes(block);
    let open = memchr::memchr_iter(b'{', &bytes[..bytes.len().min(256)]).find(|i| {
        let rest = bytes[i + 1..].trim_ascii_start();
        rest.first() == Some(&b'"')
    })?;
    Some(request::trim_line(block, Span::new(text.start() + open, text.end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TextField, format_ts};

    fn read(line: &[u8]) -> Rec {
        Json::default().parse_line(line, Span::new(0, line.len()))
    }

    fn check_fields(line: &[u8], outcome: Outcome, fields: &[(&str, &[u8])]) -> Rec {
        let rec = read(line);
        assert_eq!(rec.outcome, outcome, "{:?} {}", rec.reason, String::from_utf8_lossy(line));
        for (name, want) in fields {
            let field = TextField::ALL.into_iter().find(|f| f.name() == *name).expect(name);
            let got = rec.text(field, line);
            assert_eq!(
                got.as_deref().map(String::from_utf8_lossy),
                Some(String::from_utf8_lossy(want)),
                "{name} of {}",
                String::from_utf8_lossy(line)
            );
        }
        rec
    }

    #[test]
    fn nginx_and_made_up_names() {
        let rec = check_fields(
            br#"{"time":"2026-11-24T02:11:57+00:00","ip":"127.0.0.1","user":"","req":"GET /?q=\"><svg> HTTP/1.1","st":"200","b":"6","rl":"62","ref":"","ua":"a\tb","body":"x=1"}"#,
            Outcome::Ok,
            &[("client_ip", b"127.0.0.1"), ("user", b""), ("target", b"/?q=\"><svg>"), ("user_agent", b"a\tb"), ("body", b"x=1"), ("referrer", b"")],
        );
        assert_eq!(
            (rec.status_code, rec.response_body_bytes.get(), rec.request_bytes.get()),
            (200, Some(6), Some(62))
        );
        check_fields(b"{\"ip\":\"1.2.3.4\",\"ts\":1795486414,\"req\":\"GET /caf\xc3\xa9\xff HTTP/1.1\",\"st\":404,\"ua\":\"\x01\"}", Outcome::Ok, &[("target", b"/caf\xc3\xa9\xff"), ("user_agent", b"\x01")]);
    }

    #[test]
    fn hostile_json() {
        use Outcome::{Ok, Partial, Raw};
        let head = r#"{"ip":"1.2.3.4","ts":1795486414,"req":"GET / HTTP/1.1","st":200"#;
        check_fields(
            format!(r#"{head},"ua":"Mozil"#).as_bytes(),
            Partial,
            &[("target", b"/"), ("user_agent", b"Mozil")],
        );
        check_fields(
            format!(r#"{head},"ua":"u "q" x"}}"#).as_bytes(),
            Partial,
            &[("user_agent", b"u \"q\" x")],
        );
        check_fields(format!(r#"{head}}} trailing"#).as_bytes(), Partial, &[("target", b"/")]);
        check_fields(
            format!(r#"{head},"ip":"6.6.6.6","st":500}}"#).as_bytes(),
            Ok,
            &[("client_ip", b"1.2.3.4")],
        );
        check_fields(
            format!(r#"{head},"x":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000)).as_bytes(),
            Ok,
            &[],
        );
        check_fields(
            format!(r#"{head},"x":{}"#, "{\"a\":".repeat(50_000)).as_bytes(),
            Partial,
            &[("client_ip", b"1.2.3.4")],
        );
        assert_eq!(read(b"{\"level\":\"info\",\"ts\":1795486414}").outcome, Raw);
        assert_eq!(read(b"{").outcome, Raw);
        assert_eq!(read(b"[1]").outcome, Raw);
    }

    #[test]
    fn caddy_traefik_zeek() {
        let rec = check_fields(
            br#"{"level":"info","ts":1716723772.6014807,"request":{"remote_ip":"10.5.1.1","client_ip":"203.0.113.7","method":"GET","host":"h.example:400","uri":"/a?b","headers":{"Accept":["*/*"],"User-Agent":["u1","u2"],"Referer":["r"]}},"bytes_read":5,"user_id":"","duration":0.000123,"size":77,"status":206,"resp_headers":{"Server":["Caddy"]}}"#,
            Outcome::Ok,
            &[("client_ip", b"203.0.113.7"), ("peer_ip", b"10.5.1.1"), ("host", b"h.example:400"), ("url_query", b"b"), ("user_agent", b"u1"), ("referrer", b"r")],
        );
        assert_eq!(
            (
                format_ts(rec.ts_us, rec.ts_digits).as_str(),
                rec.duration_us.get(),
                rec.response_body_bytes.get()
            ),
            ("2024-05-26T11:42:52.601480000Z", Some(123), Some(77))
        );
        let rec = check_fields(
            br#"{"ClientAddr":"172.17.0.1:39496","ClientHost":"172.17.0.1","ClientUsername":"-","DownstreamContentSize":357,"DownstreamStatus":200,"Duration":357313,"RequestHost":"h.example","RequestMethod":"GET","RequestPath":"/x?y","StartUTC":"2021-12-08T14:02:43.1Z","request_User-Agent":"Nikto"}"#,
            Outcome::Ok,
            &[("client_ip", b"172.17.0.1"), ("target", b"/x?y"), ("host", b"h.example"), ("user_agent", b"Nikto")],
        );
        assert_eq!((rec.duration_us.get(), rec.user.is_none(), rec.format), (Some(357), true, TRAEFIK_JSON));
        let rec = check_fields(
            br#"{"ts":1517336154.078555,"id":{"orig_h":"10.55.100.109"},"method":"GET","host":"h.example","uri":"/x","status_code":301,"response_body_len":178,"proxied":["VIA -> x"]}"#,
            Outcome::Ok,
            &[("client_ip", b"10.55.100.109"), ("action", b"VIA -> x")],
        );
        assert_eq!((rec.format, rec.role), (ZEEK_JSON, crate::record::Role::Proxy));
        check_fields(br#"{"ts":"2018-01-30T18:15:54.078555Z","id.orig_h":"203.0.113.9","method":"GET","uri":"/x","status_code":301}"#, Outcome::Ok, &[("client_ip", b"203.0.113.9")]);
    }
}
