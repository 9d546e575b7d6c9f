//! The administrator's own format: an Apache `LogFormat` or an nginx `log_format`, compiled to literals and slots.

use super::formats::CUSTOM;
use super::slot::Slot;
use super::time_format::{TimeField, parse_time_format};
use crate::record::{Escape, FormatId};

/// A format string that cannot be used, with the place and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogFormatError {
    #[error(
        "the log format is empty: give a name such as `combined`, or the string from LogFormat or log_format"
    )]
    Empty,
    #[error(
        "`{text}` is neither the name of a format nor a format string: names are {names}; \
         a string has `%h`-like directives (Apache) or `$remote_addr`-like variables (nginx)"
    )]
    UnknownName { text: String, names: String },
    #[error("at byte {at}: `{text}` is not a directive of Apache's LogFormat; write `%%` for a percent sign")]
    UnknownDirective { at: usize, text: String },
    #[error("at byte {at}: `{{` is not closed: write `%{{Name}}i`")]
    UnclosedBrace { at: usize },
    #[error("at byte {at}: the quote is not closed")]
    UnclosedQuote { at: usize },
    #[error(
        "at byte {at}: `{first}` and `{second}` stand side by side, so nothing tells where the first ends: their order in the log must be separated by a character"
    )]
    NothingBetween { at: usize, first: String, second: String },
    #[error(
        "the log format names neither a client nor a time nor a request: nothing could be said about its lines"
    )]
    NothingUseful,
}

/// One value of a line and the literal text that stands before it.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) literal: Vec<u8>,
    pub(super) place: Place,
    /// Stands between quotes, so it ends at a quote that is not escaped.
    pub(super) is_quoted: bool,
}

#[derive(Debug)]
pub(super) enum Place {
    Field(Slot),
    /// A part of the time in a format of its own.
    Clock(TimeField),
}

/// A compiled format string.
#[derive(Debug)]
pub struct LogFormat {
    pub(super) pieces: Vec<Piece>,
    pub(super) tail: Vec<u8>,
    pub(super) escape: Escape,
    pub(super) id: FormatId,
}

/// Names and variables that are read as text and not kept.
struct Source<'a> {
    text: &'a [u8],
    /// Where `text` began in what the user wrote.
    offset: usize,
}

impl LogFormat {
    /// Compiles an Apache or nginx format: only the string, or the whole directive as in the server's configuration.
    pub fn compile(text: &str) -> Result<Self, LogFormatError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(LogFormatError::Empty);
        }
        let offset = text.len() - text.trim_start().len();
        let source = Source { text: trimmed.as_bytes(), offset };
        if trimmed.starts_with("log_format") || trimmed.contains('$') && !trimmed.starts_with("LogFormat") {
            Self::compile_nginx(&source)
        } else {
            Self::compile_apache(&source)
        }
    }

    /// The string of the format without its directive, name and outer quotes; tells presets apart.
    pub(super) fn body(text: &str) -> Option<Vec<u8>> {
        let trimmed = text.trim();
        let source = Source { text: trimmed.as_bytes(), offset: 0 };
        if trimmed.starts_with("log_format") || trimmed.contains('$') {
            nginx_string(&source).ok().filter(|(_, escape)| *escape == Escape::Backslash).map(|(s, _)| s)
        } else {
            apache_string(&source).ok()
        }
    }

    pub(super) fn with_escape(mut self, escape: Escape) -> Self {
        self.escape = escape;
        self
    }

    pub(super) fn with_id(mut self, id: FormatId) -> Self {
        self.id = id;
        self
    }

    fn compile_nginx(source: &Source) -> Result<Self, LogFormatError> {
        let (string, escape) = nginx_string(source)?;
        let mut build = Builder::new(escape);
        let mut at = 0;
        while at < string.len() {
            if string[at] != b'$' {
                build.literal.push(string[at]);
                at += 1;
                continue;
            }
            let braced = string.get(at + 1) == Some(&b'{');
            let from = at + 1 + usize::from(braced);
            let len = string[from..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
            let name = &string[from..from + len];
            build.add(source.offset + at, name, Place::Field(nginx_slot(name)))?;
            at = from + len + usize::from(braced && string.get(from + len) == Some(&b'}'));
        }
        build.finish()
    }

    fn compile_apache(source: &Source) -> Result<Self, LogFormatError> {
        let string = apache_string(source)?;
        let mut build = Builder::new(Escape::Backslash);
        let mut at = 0;
        while at < string.len() {
            if string[at] != b'%' {
                build.literal.push(string[at]);
                at += 1;
                continue;
            }
            if string.get(at + 1) == Some(&b'%') {
                build.literal.push(b'%');
                at += 2;
                continue;
            }
            at = apache_directive(&string, at, source.offset, &mut build)?;
        }
        build.finish()
    }
}

/// Reads the directive at `at`; returns where it ends.
fn apache_directive(
    string: &[u8],
    at: usize,
    offset: usize,
    build: &mut Builder,
) -> Result<usize, LogFormatError> {
    let mut end = at + 1;
    // Modifiers: `<`, `>`, and a list of status codes, `!` for all others.
    let modifiers = string[end..]
        .iter()
        .take_while(|c| matches!(c, b'<' | b'>' | b'!' | b',') || c.is_ascii_digit())
        .count();
    end += modifiers;
    let mut argument: &[u8] = b"";
    if string.get(end) == Some(&b'{') {
        let close =
            memchr::memchr(b'}', &string[end..]).ok_or(LogFormatError::UnclosedBrace { at: offset + end })?;
        argument = &string[end + 1..end + close];
        end += close + 1;
        // The modifiers may also stand behind the braces.
        end += string[end..].iter().take_while(|c| matches!(c, b'<' | b'>')).count();
    }
    let unknown = |to: usize| LogFormatError::UnknownDirective {
        at: offset + at,
        text: String::from_utf8_lossy(&string[at..to.min(string.len())]).into_owned(),
    };
    let letters = if string.get(end) == Some(&b'^') { 3 } else { 1 };
    let Some(letter) = string.get(end..end + letters) else { return Err(unknown(end + 1)) };
    end += letters;
    let text = &string[at..end];
    if letter == b"t" {
        if argument.is_empty() {
            build.literal.push(b'[');
            build.add(offset + at, text, Place::Field(Slot::Time))?;
            build.literal.push(b']');
            return Ok(end);
        }
        for (literal, field) in parse_time_format(argument) {
            build.literal.extend_from_slice(&literal);
            if let Some(field) = field {
                build.add(offset + at, text, Place::Clock(field))?;
            }
        }
        return Ok(end);
    }
    let slot = apache_slot(letter, argument).ok_or_else(|| unknown(end))?;
    build.add(offset + at, text, Place::Field(slot))?;
    Ok(end)
}

fn apache_slot(letter: &[u8], argument: &[u8]) -> Option<Slot> {
    let lower = argument.to_ascii_lowercase();
    Some(match letter {
        b"h" => Slot::Client,
        b"a" if lower == b"c" => Slot::Peer,
        b"a" => Slot::Client,
        b"u" => Slot::User,
        b"r" => Slot::Request,
        b"m" => Slot::Method,
        b"U" => Slot::Path,
        b"q" => Slot::Query,
        b"s" => Slot::Status,
        b"b" | b"B" => Slot::BodyBytes,
        b"O" => Slot::Bytes,
        b"I" => Slot::RequestBytes,
        b"D" => Slot::DurationUs,
        b"T" => match lower.as_slice() {
            b"ms" => Slot::DurationMs,
            b"us" => Slot::DurationUs,
            _ => Slot::DurationS,
        },
        b"v" | b"V" => Slot::Host,
        b"i" => match lower.as_slice() {
            b"referer" | b"referrer" => Slot::Referrer,
            b"user-agent" => Slot::UserAgent,
            b"cookie" => Slot::Cookie,
            b"x-forwarded-for" => Slot::Forwarded,
            b"host" => Slot::Host,
            _ => Slot::Ignore,
        },
        b"o" => match lower.as_slice() {
            b"content-type" => Slot::Mime,
            _ => Slot::Ignore,
        },
        b"p" => Slot::Port,
        b"l" | b"A" | b"C" | b"e" | b"f" | b"H" | b"k" | b"L" | b"n" | b"P" | b"R" | b"S" | b"x" | b"X"
        | b"c" | b"^ti" | b"^to" | b"^FB" => Slot::Ignore,
        _ => return None,
    })
}

fn nginx_slot(name: &[u8]) -> Slot {
    match name {
        b"remote_addr" | b"http_cf_connecting_ip" | b"http_x_real_ip" | b"http_true_client_ip" => {
            Slot::Client
        }
        b"realip_remote_addr" => Slot::Peer,
        b"http_x_forwarded_for" | b"proxy_add_x_forwarded_for" => Slot::Forwarded,
        b"remote_user" => Slot::User,
        b"time_local" | b"time_iso8601" | b"msec" => Slot::Time,
        b"request" => Slot::Request,
        b"request_method" => Slot::Method,
        b"request_uri" => Slot::Target,
        b"uri" | b"document_uri" => Slot::Path,
        b"args" | b"query_string" => Slot::Query,
        b"status" => Slot::Status,
        b"body_bytes_sent" => Slot::BodyBytes,
        b"bytes_sent" => Slot::Bytes,
        b"request_length" => Slot::RequestBytes,
        b"request_time" => Slot::DurationS,
        // For the presets: not variables of nginx.
        b"duration_ms" => Slot::DurationMs,
        b"_" => Slot::Word,
        b"http_referer" => Slot::Referrer,
        b"http_user_agent" => Slot::UserAgent,
        b"http_cookie" => Slot::Cookie,
        b"request_body" => Slot::Body,
        b"host" | b"http_host" | b"server_name" => Slot::Host,
        b"sent_http_content_type" => Slot::Mime,
        b"categories" => Slot::Category,
        b"upstream_cache_status" => Slot::Action,
        _ => Slot::Ignore,
    }
}

/// The string inside `LogFormat "..." name`, or the text itself, with `\"` undone.
fn apache_string(source: &Source) -> Result<Vec<u8>, LogFormatError> {
    let mut text = source.text;
    let mut quote = None;
    if let Some(rest) = strip_word(text, b"LogFormat") {
        text = rest;
        quote = text.first().copied().filter(|c| matches!(c, b'"' | b'\''));
    }
    if quote.is_none() {
        if !text.contains(&b'%') {
            let names = super::formats().iter().skip(1).map(|f| f.name).collect::<Vec<_>>().join(", ");
            return Err(LogFormatError::UnknownName {
                text: String::from_utf8_lossy(text).into_owned(),
                names,
            });
        }
        // Copied with its outer quotes: only if the string inside is escaped for them.
        let is_wrapped = text.len() > 2 && text.first() == Some(&b'"') && text.last() == Some(&b'"');
        if is_wrapped && !text[1..text.len() - 1].windows(2).any(|w| w[1] == b'"' && w[0] != b'\\') {
            quote = Some(b'"');
        }
    }
    let begin = source.text.len() - text.len();
    let mut out = Vec::with_capacity(text.len());
    let mut at = usize::from(quote.is_some());
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(c @ (b'"' | b'\\' | b'\''))) => {
                out.push(*c);
                at += 1;
            }
            (b'\\', Some(b't')) => {
                out.push(b'\t');
                at += 1;
            }
            (b'\\', Some(b'n')) => at += 1,
            (c, _) if Some(c) == quote => return Ok(out),
            (c, _) => out.push(c),
        }
        at += 1;
    }
    if quote.is_some() {
        return Err(LogFormatError::UnclosedQuote { at: source.offset + begin });
    }
    Ok(out)
}

fn strip_word<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let rest = text.strip_prefix(word)?;
    rest.first().is_some_and(u8::is_ascii_whitespace).then(|| rest.trim_ascii_start())
}

/// The string inside `log_format name [escape=...] '...' '...';`, or the text itself, and its escaping.
fn nginx_string(source: &Source) -> Result<(Vec<u8>, Escape), LogFormatError> {
    let mut text = source.text;
    let is_directive = strip_word(text, b"log_format").is_some();
    if let Some(rest) = strip_word(text, b"log_format") {
        let name = rest.iter().take_while(|c| !c.is_ascii_whitespace()).count();
        text = rest[name..].trim_ascii_start();
    }
    let mut escape = Escape::Backslash;
    if let Some(rest) = text.strip_prefix(b"escape=") {
        let word = rest.iter().take_while(|c| !c.is_ascii_whitespace()).count();
        escape = match &rest[..word] {
            b"json" => Escape::Json,
            b"none" => Escape::None,
            _ => Escape::Backslash,
        };
        text = rest[word..].trim_ascii_start();
    }
    let first = text.first().copied();
    let is_quoted = first == Some(b'\'') || first == Some(b'"') && is_directive;
    if !is_quoted {
        let end = text.strip_suffix(b";").filter(|_| is_directive).unwrap_or(text);
        return Ok((end.to_vec(), escape));
    }
    let begin = source.text.len() - text.len();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let quote = text[at];
        if quote == b';' {
            break;
        }
        if quote != b'\'' && quote != b'"' {
            at += 1;
            continue;
        }
        let open = at;
        at += 1;
        loop {
            match text.get(at) {
                None => return Err(LogFormatError::UnclosedQuote { at: source.offset + begin + open }),
                Some(b'\\') if text.get(at + 1).is_some_and(|c| *c == quote || *c == b'\\') => {
                    out.push(text[at + 1]);
                    at += 1;
                }
                Some(c) if *c == quote => break,
                Some(c) => out.push(*c),
            }
            at += 1;
        }
        at += 1;
    }
    Ok((out, escape))
}

struct Builder {
    pieces: Vec<Piece>,
    literal: Vec<u8>,
    names: Vec<String>,
    escape: Escape,
}

impl Builder {
    fn new(escape: Escape) -> Self {
        Self { pieces: Vec::new(), literal: Vec::new(), names: Vec::new(), escape }
    }

    fn add(&mut self, at: usize, name: &[u8], place: Place) -> Result<(), LogFormatError> {
        let literal = std::mem::take(&mut self.literal);
        if let (true, Some(last)) = (literal.is_empty(), self.pieces.last_mut()) {
            let has_end = matches!(&last.place, Place::Clock(t) if t.fixed_len().is_some());
            if !has_end {
                let merged = match (&last.place, &place) {
                    (Place::Field(Slot::Path), Place::Field(Slot::Query)) => Some(Slot::Target),
                    // `$uri$is_args$args`
                    (Place::Field(Slot::Path), Place::Field(Slot::Ignore)) if name == b"is_args" => {
                        Some(Slot::Path)
                    }
                    (Place::Field(Slot::Host), Place::Field(Slot::Target | Slot::Path)) => {
                        Some(Slot::HostTarget)
                    }
                    (Place::Field(Slot::HostTarget), Place::Field(Slot::Query)) => Some(Slot::HostTarget),
                    (Place::Field(Slot::Ignore), Place::Field(Slot::Ignore)) => Some(Slot::Ignore),
                    _ => None,
                };
                let Some(slot) = merged else {
                    return Err(LogFormatError::NothingBetween {
                        at,
                        first: self.names.last().cloned().unwrap_or_default(),
                        second: String::from_utf8_lossy(name).into_owned(),
                    });
                };
                last.place = Place::Field(slot);
                return Ok(());
            }
        }
        self.names.push(String::from_utf8_lossy(name).into_owned());
        self.pieces.push(Piece { literal, place, is_quoted: false });
        Ok(())
    }

    fn finish(mut self) -> Result<LogFormat, LogFormatError> {
        let useful = |p: &Piece| match &p.place {
            Place::Clock(_) => true,
            Place::Field(slot) => matches!(
                slot,
                Slot::Client
                    | Slot::Time
                    | Slot::Request
                    | Slot::Target
                    | Slot::Path
                    | Slot::Forwarded
                    | Slot::HostTarget
            ),
        };
        if self.pieces.is_empty() || !self.pieces.iter().any(useful) {
            return Err(LogFormatError::NothingUseful);
        }
        for i in 0..self.pieces.len() {
            let next = self.pieces.get(i + 1).map_or(self.literal.as_slice(), |p| p.literal.as_slice());
            let is_quoted = self.pieces[i].literal.last() == Some(&b'"') && next.first() == Some(&b'"');
            self.pieces[i].is_quoted = is_quoted;
        }
        Ok(LogFormat { pieces: self.pieces, tail: self.literal, escape: self.escape, id: CUSTOM })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str, want: &str) {
        let error = LogFormat::compile(text).map(|_| ()).expect_err(text).to_string();
        assert!(error.contains(want), "{text}: {error}");
    }

    #[test]
    fn bad_formats_say_where_and_what() {
        fails("", "empty");
        fails("combinde", "names are");
        fails("%h %Z %t", "at byte 3: `%Z`");
        fails("%h %{Referer", "at byte 4: `{` is not closed");
        fails("%h%r", "side by side");
        fails("$remote_addr$request", "side by side");
        fails("LogFormat \"%h %t", "quote is not closed");
        fails("log_format x '$remote_addr", "quote is not closed");
        fails("%D %T", "neither a client");
    }

    #[test]
    fn every_spelling_of_a_directive_is_the_same_format() {
        let same = |texts: &[&str]| {
            let shown: Vec<String> =
                texts.iter().map(|t| format!("{:?}", LogFormat::compile(t).expect(t))).collect();
            assert!(shown.windows(2).all(|w| w[0] == w[1]), "{shown:?}");
        };
        same(&[
            r#"%h %l %u %t "%r" %>s %b"#,
            r#"%h %l %u %t \"%r\" %>s %b"#,
            r#""%h %l %u %t \"%r\" %>s %b""#,
            r#"LogFormat "%h %l %u %t \"%r\" %>s %b" common"#,
        ]);
        same(&[
            r#"$remote_addr - [$time_local] "$request" $status"#,
            r#"log_format main '$remote_addr - [$time_local] "$request" $status';"#,
            "log_format main '$remote_addr - [$time_local] '\n    '\"$request\" $status';",
            r#"log_format main escape=default "$remote_addr - [$time_local] \"$request\" $status";"#,
            r#"'$remote_addr - [${time_local}] "$request" $status'"#,
        ]);
    }
}
