//! Which format a file has, and what it turns into.

use super::clf::Clf;
use super::clf_tolerant;
use super::formats::{UNKNOWN, formats};
use super::json::JsonLines;
use super::log_format::{LogFormat, LogFormatError};
use super::squid::{Squid, is_squid};
use super::w3c::{Extended, parse_day};
use super::zeek::Zeek;
use super::{Format, lines};
use crate::decode::Block;
use crate::record::{ClientKey, Escape, FormatId, NO_TIME, Outcome, Reason, Rec, Span};
use std::sync::Arc;

/// Lines of a file's first block that are looked at.
const SAMPLE_LINES: usize = 200;

/// The format of a file at some place in it, and the readers for lines that are of another. Cheap to clone.
#[derive(Clone)]
pub struct Parser {
    format: Arc<dyn Format>,
    directives: Directives,
    settings: Arc<Settings>,
}

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

    fn apply(&self, block: &[u8], rec: &mut Rec) {
        if rec.ts_assumed_utc && rec.ts_us != NO_TIME {
            rec.ts_us -= self.offset_s * 1_000_000;
        }
        if !self.trusted_proxies.is_empty() && rec.forwarded.is_some() {
            rec.trust_forwarded(block, |client| self.trusts(client));
        }
    }
}

/// What header lines have said so far.
#[derive(Clone, Default)]
struct Directives {
    is_iis: bool,
    day_us: Option<i64>,
    /// What follows `#Fields:`.
    fields: Option<Arc<[u8]>>,
    /// Zeek's `#separator`.
    separator: Option<u8>,
}

/// Reads lines of which nothing is known: each is left to the readers that look at single lines.
struct Unknown;

impl Format for Unknown {
    fn id(&self) -> FormatId {
        UNKNOWN
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = line.bytes(block);
        if text.trim_ascii().is_empty() || text[0] == b'#' { Rec::skipped(line) } else { Rec::unread(line) }
    }
}

/// What one line looks like on its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Json,
    Squid,
    Clf,
    Other,
}

fn look(block: &[u8], line: Span) -> Look {
    let text = line.bytes(block).trim_ascii();
    if text.starts_with(b"{") {
        Look::Json
    } else if is_squid(text) {
        Look::Squid
    } else if matches!(
        clf_tolerant::read_line(block, line, Escape::Backslash).outcome,
        Outcome::Ok | Outcome::Partial
    ) {
        Look::Clf
    } else {
        Look::Other
    }
}

impl Parser {
    /// Finds the format of a file from its first block: the one that most of the first lines have, or what a header
    /// among them names.
    pub fn detect(sample: &[u8]) -> Self {
        let mut votes = [0usize; 4];
        for line in lines(sample).filter(|l| !l.is_empty() && sample[l.start()] != b'#').take(SAMPLE_LINES) {
            votes[look(sample, line) as usize] += 1;
        }
        let [json, squid, clf, other] = votes;
        let format: Arc<dyn Format> = match [json, squid, clf].into_iter().max() {
            Some(n) if n == 0 || n < other => Arc::new(Unknown),
            Some(n) if n == clf => Arc::new(Clf::new(clf_escape(sample))),
            Some(n) if n == squid => Arc::new(Squid),
            _ => Arc::new(JsonLines),
        };
        Self { format, directives: Directives::default(), settings: Arc::default() }
    }

    /// The format that a user names: one of `formats()`, or a `LogFormat` or `log_format` string.
    ///
    /// # Errors
    /// No such name, and no format string that can be used.
    pub fn named(text: &str) -> Result<Self, LogFormatError> {
        let clf: Arc<dyn Format> = Arc::new(Clf::new(Escape::Backslash));
        let format: Arc<dyn Format> = match text.trim().to_ascii_lowercase().as_str() {
            "combined" | "common" | "vhost-combined" | "vhost_combined" | "combinedio" | "apache"
            | "nginx" | "traefik" | "ssl-request" => clf,
            "squid-combined" => Arc::new(Clf::new(Escape::None)),
            "squid" => Arc::new(Squid),
            "json" | "caddy" | "traefik-json" | "zeek-json" => Arc::new(JsonLines),
            // Their columns stand in the file.
            "iis" | "w3c" | "cloudfront" | "zeek" => Arc::new(Unknown),
            name if !name.contains(['%', '$', ' ']) => {
                let names = formats().iter().skip(1).map(|f| f.name).collect::<Vec<_>>().join(", ");
                return Err(LogFormatError::UnknownName { text: text.to_owned(), names });
            }
            _ => Arc::new(LogFormat::compile(text)?),
        };
        Ok(Self { format, directives: Directives::default(), settings: Arc::default() })
    }

    /// The same format under other settings.
    pub fn with_settings(mut self, settings: Arc<Settings>) -> Self {
        self.settings = settings;
        self
    }

    /// Appends one record for each line of the block, in order. A line that the file's format cannot read is tried with the
    /// other readers; a header line changes the format of what follows.
    pub fn parse_block(&self, block: &Block, records: &mut Vec<Rec>) {
        let from = records.len();
        if has_directive(&block.bytes) {
            let mut now = self.clone();
            for line in lines(&block.bytes) {
                let rec = now.format.parse_line(&block.bytes, line);
                now.follow(line.bytes(&block.bytes));
                records.push(rec);
            }
        } else {
            self.format.parse_block(&block.bytes, records);
        }
        for rec in &mut records[from..] {
            if rec.outcome == Outcome::Raw {
                *rec = read_alone(&block.bytes, rec.line);
            }
            if rec.ts_assumed_utc || rec.forwarded.is_some() {
                self.settings.apply(&block.bytes, rec);
            }
        }
        if let Some(last) = records[from..].last_mut().filter(|r| r.outcome != Outcome::Skipped)
            && (block.cut_line || block.cut_off)
        {
            let reason = if block.cut_line { Reason::TooLong } else { Reason::CutOff };
            if last.outcome == Outcome::Raw {
                last.reason = reason;
            } else {
                last.flag(reason);
            }
        }
    }

    /// Reads one line on its own.
    pub fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let mut rec = self.format.parse_line(block, line);
        if rec.outcome == Outcome::Raw {
            rec = read_alone(block, line);
        }
        self.settings.apply(block, &mut rec);
        rec
    }

    /// The parser for what follows the block, if a header line in it changes the format.
    pub fn after(&self, block: &Block) -> Option<Self> {
        if !has_directive(&block.bytes) {
            return None;
        }
        let mut now = self.clone();
        for line in lines(&block.bytes).filter(|l| !l.is_empty() && block.bytes[l.start()] == b'#') {
            now.follow(line.bytes(&block.bytes));
        }
        Some(now)
    }

    /// Takes in a header line; any other line changes nothing.
    fn follow(&mut self, line: &[u8]) {
        let text = line.trim_ascii_end();
        let rest = |name: &[u8]| {
            text.get(..name.len()).filter(|t| t.eq_ignore_ascii_case(name)).map(|_| &text[name.len()..])
        };
        let state = &mut self.directives;
        if text.first() != Some(&b'#') {
            return;
        }
        if let Some(software) = rest(b"#Software:") {
            state.is_iis = memchr::memmem::find(software, b"Internet Information").is_some();
        } else if let Some(date) = rest(b"#Date:") {
            state.day_us = parse_day(date.trim_ascii());
            if state.fields.is_some() {
                self.set_extended();
            }
        } else if let Some(fields) = rest(b"#Fields:") {
            state.fields = Some(fields.into());
            self.set_extended();
        } else if let Some(separator) = rest(b"#separator ") {
            state.separator = match separator {
                [b'\\', b'x', a, b] => hex(*a).zip(hex(*b)).map(|(a, b)| a << 4 | b),
                [c] => Some(*c),
                _ => None,
            };
        } else if let Some(fields) = rest(b"#fields") {
            let separator = state.separator.unwrap_or(b'\t');
            self.format = Arc::new(Zeek::new(fields.strip_prefix(&[separator]).unwrap_or(fields), separator));
        }
    }

    fn set_extended(&mut self) {
        let Directives { is_iis, day_us, fields, .. } = &self.directives;
        let fields = fields.as_deref().unwrap_or_default();
        self.format = Arc::new(Extended::new(fields, *is_iis, *day_us));
    }
}

fn hex(c: u8) -> Option<u8> {
    (c as char).to_digit(16).map(|d| d as u8)
}

/// Whether a line of the block is a header that may change the format. `#Fields` and `#Date` are W3C's, `#fields` and
/// `#separator` are Zeek's; `Software` stands before them.
fn has_directive(block: &[u8]) -> bool {
    let is_header = |at: usize| {
        let next = &block[at + 1..block.len().min(at + 12)];
        [&b"Fields"[..], b"fields", b"Date:", b"separator", b"Software"]
            .iter()
            .any(|name| next.starts_with(name))
    };
    (block.first() == Some(&b'#') && is_header(0))
        || memchr::memmem::find_iter(block, b"\n#").any(|i| is_header(i + 1))
}

/// Reads a line by its own look.
fn read_alone(block: &[u8], line: Span) -> Rec {
    match look(block, line) {
        Look::Json => JsonLines.parse_line(block, line),
        Look::Squid => Squid.parse_line(block, line),
        Look::Clf => clf_tolerant::read_line(block, line, Escape::Backslash),
        Look::Other => Rec::unread(line),
    }
}

/// How the server that wrote the sample escapes. nginx `escape=none` and Squid write nothing for a missing value and
/// leave quotes as they are; with `escape=default`, and with Apache, a missing value is `-`.
fn clf_escape(sample: &[u8]) -> Escape {
    let is_bare = lines(sample).take(SAMPLE_LINES).any(|l| {
        let text = l.bytes(sample);
        [&b" -  ["[..], b":HIER_", b" \"\" \"\""]
            .iter()
            .any(|mark| memchr::memmem::find(text, mark).is_some())
    });
    if is_bare { Escape::None } else { Escape::Backslash }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::format_name;

    fn block(text: &str) -> Block {
        Block { bytes: text.as_bytes().to_vec(), ..Block::default() }
    }

    fn names(text: &str) -> Vec<(&'static str, Outcome)> {
        let block = block(text);
        let mut records = Vec::new();
        Parser::detect(&block.bytes).parse_block(&block, &mut records);
        records.iter().map(|r| (format_name(r.format), r.outcome)).collect()
    }

    const CLF: &str =
        "203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 512 \"-\" \"x\"\n";
    const JSON_LINE: &str = "{\"ip\":\"203.0.113.9\",\"req\":\"GET /a HTTP/1.1\",\"st\":\"200\"}\n";
    const W3C: &str = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n\
                       2025-10-10 13:55:36 203.0.113.9 GET /a 200\n";

    #[test]
    fn a_file_may_change_its_format() {
        use Outcome::{Ok, Raw, Skipped};
        let text = format!("{CLF}{CLF}{JSON_LINE}{W3C}\nwhat is this\n{CLF}");
        let want = [
            ("combined", Ok),
            ("combined", Ok),
            ("json", Ok),
            ("unknown", Skipped),
            ("unknown", Skipped),
            ("iis", Ok),
            ("unknown", Skipped),
            ("unknown", Raw),
            ("combined", Ok),
        ];
        assert_eq!(names(&text), want);
    }

    #[test]
    fn a_header_in_one_block_rules_the_next() {
        let first = block(W3C);
        let parser = Parser::detect(&first.bytes).after(&first).expect("the block has a header");
        let mut records = Vec::new();
        parser.parse_block(&block("2025-10-10 13:55:37 203.0.113.9 GET /b 404\n"), &mut records);
        assert_eq!((records[0].status_code, records[0].outcome), (404, Outcome::Ok));
    }

    #[test]
    fn cut_lines_say_so() {
        let mut cut =
            block("203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 512 \"-\" \"x");
        cut.cut_off = true;
        let mut records = Vec::new();
        Parser::detect(&cut.bytes).parse_block(&cut, &mut records);
        assert_eq!(records[0].outcome, Outcome::Partial);
    }

    #[test]
    fn names_and_strings() {
        for name in formats().iter().skip(1).map(|f| f.name) {
            let is_listed_only = ["custom", "haproxy", "nginx-proxy-manager", "error-log"].contains(&name);
            assert_eq!(Parser::named(name).is_ok(), !is_listed_only, "{name}");
        }
        assert!(Parser::named("%h %l %u %t \"%r\" %>s %b").is_ok());
        assert!(Parser::named("nonsense").is_err());
    }
}
