//! Which format a file has, and how it is followed when it changes inside the file.

use super::any::{Any, parse_any};
use super::clf::Clf;
use super::envelope::Envelope;
use super::formats::*;
use super::inferred::infer;
use super::modsecurity::ModSecurity;
use super::prefix::{Behind, Prefixed};
use super::request::trim_line;
use super::table::Table;
use super::w3c::W3c;
use super::zeek::Zeek;
use super::{Format, Json, LogFormat, LogFormatError, Squid, format_name, formats, lines};
use crate::decode::Block;
use crate::record::{ClientKey, Escape, FormatId, NO_TIME, Outcome, Reason, Rec, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// Lines of the sample that vote for a format.
pub(super) const MAX_VOTES: usize = 200;

/// What a user tells about how the logs came to be.
#[derive(Clone, Default, Debug)]
pub struct Settings {
    /// Seconds east of UTC of logs that do not state their offset.
    pub offset_s: i64,
    /// Proxies of ours: what they say of a client's address is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
}

impl Settings {
    fn trusts(&self, client: ClientKey) -> bool {
        client.ip().is_some_and(|ip| self.trusted_proxies.iter().any(|net| net.contains(&ip)))
    }

    fn changes_records(&self) -> bool {
        self.offset_s != 0 || !self.trusted_proxies.is_empty()
    }

    fn apply(&self, block: &[u8], rec: &mut Rec) {
        if rec.ts_assumed_utc && rec.ts_us != NO_TIME {
            rec.ts_us -= self.offset_s * 1_000_000;
        }
        if !self.trusted_proxies.is_empty() && rec.forwarded.is_some() {
            rec.trust_forwarded(block, |client| self.trusts(client));
        }
    }
}

/// The format of one input, and what to do with lines that are not of it: no line is given up before every reader
/// was asked. A parser never changes; [`Parser::after`] gives the one for the next block. Cheap to clone.
#[derive(Clone)]
pub struct Parser {
    format: Arc<dyn Format>,
    /// Columns from `#Fields` and `#fields` lines, for when they come into force.
    w3c: W3c,
    zeek: Zeek,
    /// The user named the format: only lines that are nothing of it are given to other readers.
    is_given: bool,
    /// What a collector has put around the lines.
    envelope: Option<Arc<Envelope>>,
    settings: Arc<Settings>,
}

impl Parser {
    /// Finds the format of an input from its first block: what a head says, else what most of the first lines are.
    pub fn detect(sample: &[u8]) -> Self {
        let parser = Self::new(Arc::new(Any { id: UNKNOWN }), false).in_envelope_of(sample);
        let mut opened = Cow::Borrowed(sample);
        if parser.envelope.is_some() {
            parser.open(opened.to_mut());
        }
        parser.voted(&opened)
    }

    /// The same format, in what a collector has put around the lines of an input.
    #[must_use]
    pub fn in_envelope_of(mut self, sample: &[u8]) -> Self {
        self.envelope = Envelope::of(sample).map(Arc::new);
        self
    }

    /// Takes the lines of a block out of what a collector has put around them. Each keeps its place and its length.
    pub fn open(&self, bytes: &mut [u8]) {
        if let Some(envelope) = &self.envelope {
            envelope.open(bytes);
        }
    }

    /// The format that a user names: one of `formats()`, or a `LogFormat` or `log_format` string.
    ///
    /// # Errors
    /// No such name, and no format string that can be used.
    pub fn named(text: &str) -> Result<Self, LogFormatError> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        let format: Arc<dyn Format> = match name.as_str() {
            "combined" | "common" | "vhost-combined" | "vcombined" | "combinedio" | "nginx" | "apache"
            | "ncsa" | "clf" | "traefik" | "main" => Arc::new(Clf::new(Escape::Backslash)),
            "squid-combined" => Arc::new(Clf::new(Escape::None)),
            "squid" => Arc::new(Squid),
            // Their columns stand in the file; a file without them is recognised line by line.
            "iis" => Arc::new(Any { id: IIS_W3C }),
            "w3c" | "cloudfront" => Arc::new(Any { id: W3C }),
            "zeek" | "bro" | "zeek-conn" | "zeek-ssl" => Arc::new(Any { id: ZEEK_HTTP }),
            "modsecurity" => Arc::new(ModSecurity),
            "json" | "har" | "caddy" | "traefik-json" | "zeek-json" | "nginx-json" => {
                Arc::new(Json::default())
            }
            _ => match formats()
                .iter()
                .find(|f| f.name == name && !matches!(f.id, UNKNOWN | CUSTOM | INFERRED))
            {
                Some(known) => Arc::new(Any { id: known.id }),
                None => Self::compile(text)?,
            },
        };
        Ok(Self::new(format, true))
    }

    fn new(format: Arc<dyn Format>, is_given: bool) -> Self {
        Self {
            format,
            w3c: W3c::default(),
            zeek: Zeek::default(),
            is_given,
            envelope: None,
            settings: Arc::default(),
        }
    }

    /// The same format under other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Arc<Settings>) -> Self {
        self.settings = settings;
        self
    }

    /// A format string; one that is the combined format in its own words gets its fast reader.
    fn compile(text: &str) -> Result<Arc<dyn Format>, LogFormatError> {
        const COMBINED_TEXTS: [&[u8]; 3] = [
            br#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            br#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i""#,
            br#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
        ];
        let compiled = LogFormat::compile(text)?;
        let is_combined = LogFormat::body(text).is_some_and(|body| COMBINED_TEXTS.contains(&body.as_slice()));
        Ok(if is_combined { Arc::new(Clf::new(Escape::Backslash)) } else { Arc::new(compiled) })
    }

    /// Whether each line is read without those beside it.
    pub fn reads_lines_alone(&self) -> bool {
        self.format_id() != MODSECURITY
    }

    /// The format that most lines of the input have.
    pub fn format_id(&self) -> FormatId {
        self.format.id()
    }

    pub fn format_name(&self) -> &'static str {
        format_name(self.format_id())
    }

    /// The parser for what most lines of a sample are.
    fn voted(mut self, sample: &[u8]) -> Self {
        if self.vote(sample) {
            self.format = Arc::new(Behind(self.format));
        }
        self
    }

    /// Finds the format; whether most lines stand behind heads.
    fn vote(&mut self, sample: &[u8]) -> bool {
        let mut votes = [0u32; 256];
        let (mut n_votes, mut n_ok, mut n_unescaped, mut n_behind) = (0, 0, 0u32, 0);
        let mut headless = None;
        for line in lines(sample) {
            let bytes = strip_mark(line.bytes(sample));
            if n_votes == 0 && ModSecurity::begins(bytes) {
                self.format = Arc::new(ModSecurity);
                return false;
            }
            if let Some(next) = self.with_directive(bytes).filter(|_| n_votes == 0) {
                *self = next;
                continue;
            }
            if n_votes == 0 && !matches!(self.format.id(), UNKNOWN) && self.has_columns() {
                // A head came first: it says what the file is.
                return false;
            }
            let rec = parse_any(sample, line);
            // A line that is a request is no head, whatever words a client put into it.
            let is_no_request = n_votes == 0 && matches!(rec.outcome, Outcome::Skipped | Outcome::Raw);
            if let Some(table) = Table::from_head(bytes).filter(|_| is_no_request) {
                self.format = Arc::new(table);
                return false;
            }
            if matches!(rec.outcome, Outcome::Skipped | Outcome::Raw) {
                continue;
            }
            votes[usize::from(rec.format.0)] += 1;
            n_ok += u32::from(rec.outcome == Outcome::Ok);
            n_unescaped += u32::from(rec.escape == Escape::None);
            n_behind += u32::from(Prefixed::of(sample, trim_line(sample, line)).is_some());
            if rec.format == IIS_W3C && headless.is_none() {
                headless = W3c::headless(bytes);
            }
            n_votes += 1;
            if n_votes == MAX_VOTES {
                break;
            }
        }
        let winner = (1..=255u8)
            .max_by_key(|id| (votes[usize::from(*id)], std::cmp::Reverse(*id)))
            .filter(|id| votes[usize::from(*id)] > 0);
        // What begins with a time in brackets is read half as the log that comes nearest.
        if n_ok == 0
            && winner.is_none_or(|id| FormatId(id) == SSL_REQUEST)
            && let Some(table) = infer(sample)
        {
            self.format = Arc::new(table);
            return false;
        }
        let Some(winner) = winner else { return false };
        let winner = FormatId(winner);
        let most = votes[usize::from(winner.0)];
        self.format = match winner {
            COMBINED | COMMON | VHOST_COMBINED | COMBINEDIO | TRAEFIK_CLF | SQUID_COMBINED => {
                let escape = if n_unescaped * 2 > most { Escape::None } else { Escape::Backslash };
                Arc::new(Clf::new(escape).with_id(winner))
            }
            SQUID => Arc::new(Squid),
            JSON | HAR | CADDY | TRAEFIK_JSON | ZEEK_JSON | ZEEK_CONN | ZEEK_SSL => {
                Arc::new(Json::of(winner))
            }
            IIS_W3C => match headless {
                Some(w3c) => {
                    self.w3c = w3c.clone();
                    Arc::new(w3c)
                }
                None => Arc::new(Any { id: winner }),
            },
            _ => Arc::new(Any { id: winner }),
        };
        n_behind * 2 > n_votes as u32
    }

    fn has_columns(&self) -> bool {
        self.w3c.has_columns() || self.zeek.has_columns()
    }

    /// The parser after a directive line; none if the line is no directive.
    fn with_directive(&self, line: &[u8]) -> Option<Self> {
        // What begins with `#` in a body was written by a client.
        if line.first() != Some(&b'#') || self.format.id() == MODSECURITY {
            return None;
        }
        let mut next = self.clone();
        if let Some(table) = Table::of_exchange(line) {
            next.format = Arc::new(table);
        } else if W3c::is_directive(line) {
            next.w3c = self.w3c.with_directive(line);
            // `#Software` and `#Date` alone do not make a file W3C.
            let is_w3c = matches!(self.format.id(), W3C | IIS_W3C | CLOUDFRONT);
            if next.w3c.has_columns() && (is_w3c || line.starts_with(b"#Fields")) {
                next.format = Arc::new(next.w3c.clone());
            }
        } else if Zeek::is_directive(line) {
            next.zeek = self.zeek.with_directive(line);
            let is_zeek = matches!(self.format.id(), ZEEK_HTTP | ZEEK_CONN | ZEEK_SSL);
            if next.zeek.has_columns() && (is_zeek || line.starts_with(b"#fields")) {
                next.format = Arc::new(next.zeek.clone());
            }
        } else if let Some(table) = Table::from_head(line) {
            next.format = Arc::new(table);
        } else {
            return None;
        }
        Some(next)
    }

    /// The parser for what follows the block; none if nothing in it changes the format.
    pub fn after(&self, block: &Block) -> Option<Self> {
        let bytes = block.bytes.as_slice();
        let mut next = None;
        for line in directives(bytes) {
            let parser: &Self = next.as_ref().unwrap_or(self);
            if let Some(changed) = parser.with_directive(strip_mark(line.bytes(bytes))) {
                next = Some(changed);
            }
        }
        next
    }

    /// Appends one record for every line of the block, in order.
    pub fn parse_block(&self, block: &Block, records: &mut Vec<Rec>) {
        let first = records.len();
        self.parse_bytes(&block.bytes, records);
        if !block.cut_line && !block.cut_off {
            return;
        }
        if let Some(last) = records[first..].last_mut().filter(|r| r.outcome != Outcome::Skipped) {
            let reason = if block.cut_line { Reason::TooLong } else { Reason::CutOff };
            if last.outcome == Outcome::Raw {
                last.reason = reason;
            } else {
                last.flag(reason);
            }
        }
    }

    /// Appends one record for every line of `bytes`, in order.
    fn parse_bytes(&self, bytes: &[u8], records: &mut Vec<Rec>) {
        let first = records.len();
        if self.format.id() == MODSECURITY || directives(bytes).next().is_none() {
            self.format.parse_block(bytes, records);
            for rec in &mut records[first..] {
                self.second_look(bytes, rec);
            }
        } else {
            let mut parser = Cow::Borrowed(self);
            for line in lines(bytes) {
                if let Some(next) = parser.with_directive(strip_mark(line.bytes(bytes))) {
                    parser = Cow::Owned(next);
                    records.push(Rec::skipped(line));
                    continue;
                }
                let mut rec = parser.format.parse_line(bytes, line);
                parser.second_look(bytes, &mut rec);
                records.push(rec);
            }
        }
        if self.settings.changes_records() {
            records[first..].iter_mut().for_each(|rec| self.settings.apply(bytes, rec));
        }
    }

    /// Reads one line on its own.
    pub fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let mut rec = self.format.parse_line(block, line);
        self.second_look(block, &mut rec);
        self.settings.apply(block, &mut rec);
        rec
    }

    /// Gives a line that is not of the file's format to all other readers.
    #[inline]
    fn second_look(&self, bytes: &[u8], rec: &mut Rec) {
        if matches!(rec.outcome, Outcome::Raw | Outcome::Partial) {
            self.ask_others(bytes, rec);
        }
    }

    #[cold]
    fn ask_others(&self, bytes: &[u8], rec: &mut Rec) {
        let is_raw = rec.outcome == Outcome::Raw;
        let is_of_columns = matches!(
            self.format.id(),
            W3C | IIS_W3C | CLOUDFRONT | ZEEK_HTTP | ZEEK_CONN | ZEEK_SSL | CUSTOM
        );
        let is_torn =
            matches!(rec.reason, Reason::BadStatus | Reason::TooFewFields | Reason::CutOff | Reason::BadJson);
        if !is_raw && (self.is_given || is_of_columns || !is_torn) {
            return;
        }
        let other = parse_any(bytes, rec.line);
        if is_raw && other.outcome != Outcome::Raw || other.outcome == Outcome::Ok {
            *rec = other;
        }
    }
}

/// A line without the byte order mark that a file may begin with.
pub(super) fn strip_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

/// Lines that may be directives: those that begin with `#`.
fn directives(bytes: &[u8]) -> impl Iterator<Item = Span> + '_ {
    let line_at = move |from: usize| {
        let end = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        let end = if end > from && bytes[end - 1] == b'\r' { end - 1 } else { end };
        Span::new(from, end)
    };
    let first = strip_mark(bytes).first().filter(|c| **c == b'#').map(|_| line_at(0));
    let others = memchr::memmem::find_iter(bytes, b"\n#").map(move |i| line_at(i + 1));
    first.into_iter().chain(others).filter(move |l| {
        let line = strip_mark(l.bytes(bytes));
        W3c::is_directive(line) || Zeek::is_directive(line) || Table::is_directive(line)
    })
}
