//! `Rec`: a parsed line as offsets into its block. Nothing is copied and nothing is decoded until somebody asks.

use super::{ClientKey, Escape, NO_TIME, unescape};
use std::borrow::Cow;

/// Bytes of a block. An absent field is not an empty one: a log that does not carry the field has none, a log that
/// carries `""` has an empty one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    pub const NONE: Self = Self { start: u32::MAX, len: 0 };

    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start: start as u32, len: (end - start) as u32 }
    }

    #[inline]
    pub fn is_none(self) -> bool {
        self.start == u32::MAX
    }

    #[inline]
    pub fn is_some(self) -> bool {
        !self.is_none()
    }

    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    #[inline]
    pub fn len(self) -> usize {
        self.len as usize
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The bytes, or none where the field is absent.
    #[inline]
    pub fn get(self, block: &[u8]) -> Option<&[u8]> {
        if self.is_none() { None } else { block.get(self.start()..self.end()) }
    }

    /// The bytes; empty where the field is absent.
    #[inline]
    pub fn bytes(self, block: &[u8]) -> &[u8] {
        self.get(block).unwrap_or_default()
    }
}

/// How far a line was understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outcome {
    /// Every field that the format has was read.
    Ok,
    /// Client, time or request could be read, but not everything; `reason` says what is missing.
    Partial,
    /// Not understood; the line itself is the evidence.
    #[default]
    Raw,
    /// Not a request: a header, a comment, a blank line.
    Skipped,
}

/// Why a line is not `Ok`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Reason {
    #[default]
    None,
    /// No known format fits the line.
    UnknownFormat,
    /// No time stamp that can be read.
    BadTime,
    /// The client field is empty or not there.
    NoClient,
    /// The request is not `METHOD target HTTP/x`: binary, empty or cut.
    BadRequest,
    /// The status is not a number.
    BadStatus,
    /// The size is neither a number nor `-`.
    BadSize,
    /// Fewer fields than the format has.
    TooFewFields,
    /// More fields than the format has, and no way to tell which are meant.
    TooManyFields,
    /// A quote inside a field makes it uncertain where the field ends.
    AmbiguousQuotes,
    /// JSON that does not parse.
    BadJson,
    /// The line is longer than the cap and was cut.
    TooLong,
    /// The line ends in the middle: the input was cut off.
    CutOff,
    /// A line of an error log, which tells of a request but is not the record of one.
    ErrorLog,
}

impl Reason {
    /// Words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::UnknownFormat => "no known format fits",
            Self::BadTime => "the time cannot be read",
            Self::NoClient => "no client address",
            Self::BadRequest => "the request is not METHOD TARGET HTTP/x",
            Self::BadStatus => "the status is not a number",
            Self::BadSize => "the size is not a number",
            Self::TooFewFields => "fewer fields than the format has",
            Self::TooManyFields => "more fields than the format has",
            Self::AmbiguousQuotes => "quotes inside a field: its end is uncertain",
            Self::BadJson => "not valid JSON",
            Self::TooLong => "longer than the line cap, cut",
            Self::CutOff => "the input ends inside this line",
            Self::ErrorLog => "a line of an error log, not of an access log",
        }
    }
}

/// A number that a log may not carry: `u64::MAX` stands for absent, so that a record stays flat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metric(u64);

impl Metric {
    pub const NONE: Self = Self(u64::MAX);

    #[inline]
    pub fn new(value: u64) -> Self {
        Self(value.min(u64::MAX - 1))
    }

    #[inline]
    pub fn get(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }

    /// The value, 0 where the log does not carry it.
    #[inline]
    pub fn or_zero(self) -> u64 {
        if self.0 == u64::MAX { 0 } else { self.0 }
    }
}

/// Whose log a record is from: a server logs strangers who come in, a proxy logs its own people who go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    #[default]
    Server,
    Proxy,
}

/// Which format read a line; the names are in `parse::format_name`. 0 is no format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct FormatId(pub u8);

/// The text fields of a record, to ask for one by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextField {
    Client,
    Peer,
    Forwarded,
    User,
    Method,
    Host,
    Target,
    Path,
    Query,
    Referrer,
    UserAgent,
    Cookie,
    Body,
    Action,
    Mime,
}

impl TextField {
    pub const ALL: [Self; 15] = [
        Self::Client,
        Self::Peer,
        Self::Forwarded,
        Self::User,
        Self::Method,
        Self::Host,
        Self::Target,
        Self::Path,
        Self::Query,
        Self::Referrer,
        Self::UserAgent,
        Self::Cookie,
        Self::Body,
        Self::Action,
        Self::Mime,
    ];

    /// The name in the dictionary of fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client_ip",
            Self::Peer => "peer_ip",
            Self::Forwarded => "forwarded_for",
            Self::User => "user",
            Self::Method => "method",
            Self::Host => "host",
            Self::Target => "target",
            Self::Path => "url_path",
            Self::Query => "url_query",
            Self::Referrer => "referrer",
            Self::UserAgent => "user_agent",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Action => "action",
            Self::Mime => "mime_type",
        }
    }
}

/// One line. All spans are offsets into the block that it was parsed from and hold the bytes as logged;
/// [`Rec::escape_of`] says how to undo the server's escaping of a field, [`Rec::text`] does it.
#[derive(Clone, Copy, Debug)]
pub struct Rec {
    pub line: Span,
    pub format: FormatId,
    /// The log states no offset and is not UTC by definition: `ts_us` is read as UTC and may be shifted.
    pub ts_assumed_utc: bool,
    pub outcome: Outcome,
    pub reason: Reason,
    pub escape: Escape,
    pub role: Role,
    /// Digits after the second that the log carries: 0, 3, 6 or 9.
    pub ts_digits: u8,
    /// 0 where the log has none; Squid writes 000 for a request that never got an answer, which is 0 too.
    pub status_code: u16,
    /// The log states a status, though it may be 0.
    pub has_status: bool,
    /// A whole connection, of which no request is seen: a line of Zeek's conn.log or ssl.log.
    pub is_connection: bool,
    /// The log has no status, but says that the host did not answer.
    pub is_unanswered: bool,
    /// The proxy put the request into a category of ways around it: anonymisers, proxy avoidance.
    pub is_evasive: bool,
    /// The server's port where it stands apart from the host; 0 where it does not.
    pub port: u16,
    /// Microseconds since 1970 UTC; `NO_TIME` where absent.
    pub ts_us: i64,
    /// The address the request came from, as logged. Behind a proxy: the one that the proxy vouches for.
    pub client: Span,
    /// The peer of the connection where the log has both.
    pub peer: Span,
    /// `X-Forwarded-For` as logged, a list; what stands left in it is the client's own word.
    pub forwarded: Span,
    pub user: Span,
    pub method: Span,
    /// Name or address of the server asked, without port unless the log joins them.
    pub host: Span,
    /// The request target as logged, where it is one piece; else `path` and `query` are the pieces.
    pub target: Span,
    /// The target up to the first `?`, without scheme and host.
    pub path: Span,
    /// What follows the first `?`; absent if there is none.
    pub query: Span,
    pub referrer: Span,
    pub user_agent: Span,
    pub cookie: Span,
    pub body: Span,
    /// Cache or filter verdict of a proxy: `TCP_DENIED`, `PROXIED`, `blocked`.
    pub action: Span,
    /// Content type of the answer.
    pub mime: Span,
    /// Bytes to the client with headers.
    pub response_bytes: Metric,
    /// Bytes to the client without headers.
    pub response_body_bytes: Metric,
    /// Bytes from the client.
    pub request_bytes: Metric,
    pub duration_us: Metric,
}

impl Rec {
    /// A record of which nothing is known but where its line is.
    #[inline]
    pub fn unread(line: Span) -> Self {
        Self {
            line,
            format: FormatId(0),
            ts_assumed_utc: false,
            outcome: Outcome::Raw,
            reason: Reason::UnknownFormat,
            escape: Escape::None,
            role: Role::Server,
            ts_digits: 0,
            status_code: 0,
            has_status: false,
            is_connection: false,
            is_unanswered: false,
            is_evasive: false,
            port: 0,
            ts_us: NO_TIME,
            client: Span::NONE,
            peer: Span::NONE,
            forwarded: Span::NONE,
            user: Span::NONE,
            method: Span::NONE,
            host: Span::NONE,
            target: Span::NONE,
            path: Span::NONE,
            query: Span::NONE,
            referrer: Span::NONE,
            user_agent: Span::NONE,
            cookie: Span::NONE,
            body: Span::NONE,
            action: Span::NONE,
            mime: Span::NONE,
            response_bytes: Metric::NONE,
            response_body_bytes: Metric::NONE,
            request_bytes: Metric::NONE,
            duration_us: Metric::NONE,
        }
    }

    #[inline]
    pub fn span_of(&self, field: TextField) -> Span {
        match field {
            TextField::Client => self.client,
            TextField::Peer => self.peer,
            TextField::Forwarded => self.forwarded,
            TextField::User => self.user,
            TextField::Method => self.method,
            TextField::Host => self.host,
            TextField::Target => self.target,
            TextField::Path => self.path,
            TextField::Query => self.query,
            TextField::Referrer => self.referrer,
            TextField::UserAgent => self.user_agent,
            TextField::Cookie => self.cookie,
            TextField::Body => self.body,
            TextField::Action => self.action,
            TextField::Mime => self.mime,
        }
    }

    /// How a field is escaped. W3C logs write `+` for a space in headers only; in a path or a query a `+` is the
    /// client's own.
    #[inline]
    pub fn escape_of(&self, field: TextField) -> Escape {
        let is_header = matches!(field, TextField::UserAgent | TextField::Referrer | TextField::Cookie);
        if self.escape == Escape::Plus && !is_header { Escape::None } else { self.escape }
    }

    /// A field with the server's escaping undone; none where the log does not carry it.
    #[inline]
    pub fn text<'a>(&self, field: TextField, block: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        self.span_of(field).get(block).map(|raw| unescape(raw, self.escape_of(field)))
    }

    /// Replaces client and peer by what `X-Forwarded-For` says, as far as proxies of ours vouch for it: from the
    /// peer leftwards, the first address that is not a trusted proxy. Returns whether the client changed.
    pub fn trust_forwarded(&mut self, block: &[u8], trusted: impl Fn(ClientKey) -> bool) -> bool {
        let direct = if self.peer.is_some() { self.peer } else { self.client };
        if self.forwarded.is_none() || !direct.get(block).is_some_and(|b| trusted(ClientKey::parse(b))) {
            return false;
        }
        let list = self.forwarded.bytes(block);
        let mut end = list.len();
        let mut found = None;
        while end > 0 {
            let start = memchr::memrchr(b',', &list[..end]).map_or(0, |i| i + 1);
            let item = &list[start..end];
            let lead = item.len() - item.trim_ascii_start().len();
            let trimmed = item.trim_ascii();
            if !trimmed.is_empty() && trimmed != b"-" {
                let at = self.forwarded.start() + start + lead;
                found = Some(Span::new(at, at + trimmed.len()));
                if !trusted(ClientKey::parse(trimmed)) {
                    break;
                }
            }
            end = start.saturating_sub(1);
        }
        let Some(client) = found else { return false };
        self.peer = direct;
        let changed = client != self.client;
        self.client = client;
        changed
    }

    /// Whole seconds since 1970, of a time from then to 2106.
    #[inline]
    pub fn second(&self) -> Option<u32> {
        u32::try_from(self.ts_us.div_euclid(1_000_000)).ok().filter(|s| *s != u32::MAX)
    }

    /// Bytes that left towards the client: with headers if logged, else without.
    #[inline]
    pub fn bytes_out(&self) -> Metric {
        if self.response_body_bytes == Metric::NONE { self.response_bytes } else { self.response_body_bytes }
    }

    /// Whether a proxy says that it did not let the request through: by its verdict, by asking for a password, or by
    /// a 403 beside a verdict of any kind.
    #[inline]
    pub fn is_denied(&self, block: &[u8]) -> bool {
        // `TCP_DENIED`, `deny`, `Blocked`, `block-url`, `rejected`: four letters tell them, in any case.
        const WORDS: [u32; 4] = [
            u32::from_be_bytes(*b"deni"),
            u32::from_be_bytes(*b"deny"),
            u32::from_be_bytes(*b"bloc"),
            u32::from_be_bytes(*b"reje"),
        ];
        let mut last = 0u32;
        let mut says_so = false;
        for c in self.action.bytes(block) {
            last = last << 8 | u32::from(c | 0x20);
            says_so |= WORDS.contains(&last);
        }
        says_so || self.status_code == 407 || (self.status_code == 403 && !self.action.is_empty())
    }

    /// Splits `target` (must be set) into host, path and query: `http://h/p?q`, `h:443` (CONNECT), `/p?q`.
    #[inline]
    pub fn split_target(&mut self, block: &[u8]) {
        let target = self.target.bytes(block);
        let start = self.target.start();
        let mut at = 0;
        if target.first() != Some(&b'/') {
            if let Some(scheme) =
                memchr::memmem::find(target.get(..16.min(target.len())).unwrap_or_default(), b"://")
            {
                let from = scheme + 3;
                let rest = &target[from..];
                let end = memchr::memchr3(b'/', b'?', b'#', rest).map_or(target.len(), |i| from + i);
                self.host = Span::new(start + from, start + end);
                at = end;
            } else if self.method.bytes(block) == b"CONNECT" {
                self.host = self.target;
                at = target.len();
            }
        }
        let question = memchr::memchr(b'?', &target[at..]).map(|i| at + i);
        let end = question.unwrap_or(target.len());
        self.path = Span::new(start + at, start + end);
        self.query = question.map_or(Span::NONE, |q| Span::new(start + q + 1, start + target.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_space_in_headers_only() {
        let block = b"/a+b x+y u+a";
        let mut rec = Rec::unread(Span::new(0, block.len()));
        (rec.path, rec.query, rec.user_agent) = (Span::new(0, 4), Span::new(5, 8), Span::new(9, 12));
        rec.escape = Escape::Plus;
        assert_eq!(rec.text(TextField::Path, block).as_deref(), Some(&b"/a+b"[..]));
        assert_eq!(rec.text(TextField::Query, block).as_deref(), Some(&b"x+y"[..]));
        assert_eq!(rec.text(TextField::UserAgent, block).as_deref(), Some(&b"u a"[..]));
        assert_eq!(rec.text(TextField::Cookie, block), None);
    }

    #[test]
    fn the_forwarded_client_is_the_last_one_that_a_trusted_proxy_saw() {
        let check = |peer: &str, list: &str, want: &str| {
            let block = format!("{peer} {list}");
            let mut rec = Rec::unread(Span::new(0, block.len()));
            rec.client = Span::new(0, peer.len());
            rec.forwarded = Span::new(peer.len() + 1, block.len());
            let changed = rec.trust_forwarded(block.as_bytes(), ClientKey::is_internal);
            assert_eq!(rec.client.bytes(block.as_bytes()), want.as_bytes(), "{block}");
            assert_eq!(changed, want != peer, "{block}");
        };
        check("10.0.0.9", "6.6.6.6, 203.0.113.5, 10.0.0.2", "203.0.113.5");
        check("10.0.0.9", "203.0.113.5", "203.0.113.5");
        check("203.0.113.7", "6.6.6.6", "203.0.113.7");
        check("10.0.0.9", "-", "10.0.0.9");
        check("10.0.0.9", " , ", "10.0.0.9");
        check("10.0.0.9", "10.1.1.1, 10.2.2.2", "10.1.1.1");
    }

    #[test]
    fn verdicts_of_proxies() {
        let denied = |action: &str, status_code: u16| {
            let mut rec = Rec::unread(Span::new(0, action.len()));
            (rec.action, rec.status_code) = (Span::new(0, action.len()), status_code);
            rec.is_denied(action.as_bytes())
        };
        for action in
            ["TCP_DENIED", "Blocked", "block-url", "deny", "blocked", "policy_reject", "NONE_DENIED_REPLY"]
        {
            assert!(denied(action, 200), "{action}");
        }
        for action in ["TCP_MISS", "Allowed", "PROXIED", "TCP_TUNNEL", "passthrough", "den", ""] {
            assert!(!denied(action, 200), "{action}");
        }
        assert!(denied("TCP_MISS", 403) && denied("", 407) && !denied("", 403));
    }

    fn check(method: &str, target: &str, host: Option<&str>, path: &str, query: Option<&str>) {
        let block = format!("{method} {target}");
        let mut rec = Rec::unread(Span::new(0, block.len()));
        rec.method = Span::new(0, method.len());
        rec.target = Span::new(method.len() + 1, block.len());
        rec.split_target(block.as_bytes());
        let text = |s: Span| s.get(block.as_bytes()).map(|b| std::str::from_utf8(b).expect("ascii"));
        assert_eq!((text(rec.host), text(rec.path), text(rec.query)), (host, Some(path), query), "{target}");
    }

    #[test]
    fn splits_targets() {
        check("GET", "/a/b?x=1?y", None, "/a/b", Some("x=1?y"));
        check("GET", "/?", None, "/", Some(""));
        check("GET", "http://h.example:81/p?q", Some("h.example:81"), "/p", Some("q"));
        check("GET", "http://h.example", Some("h.example"), "", None);
        check("GET", "http://h.example?q=/x", Some("h.example"), "", Some("q=/x"));
        check("CONNECT", "h.example:443", Some("h.example:443"), "", None);
        check("OPTIONS", "*", None, "*", None);
        check("GET", "/go?to=http://x/", None, "/go", Some("to=http://x/"));
    }
}
