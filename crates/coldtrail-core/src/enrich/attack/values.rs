//! Which values a record has: every field cut into the texts that an application would see.

use std::borrow::Cow;

use super::fields::{self, Body, Pair};
use super::normalise::Form;
use super::rules::Place;
use crate::record::{Escape, Rec, Span, unescape};

/// A field of a record that can carry an attack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Field {
    Path,
    Query,
    Referrer,
    UserAgent,
    Cookie,
    Body,
    User,
    Host,
    Method,
}

impl Field {
    pub(super) const ALL: [Self; 9] = {
        let [a, b, c, d] = Self::USUAL;
        let [e, f, g, h, i] = Self::OTHERS;
        [a, b, c, d, e, f, g, h, i]
    };
    /// Those that nearly every log carries.
    pub(super) const USUAL: [Self; 4] = [Self::Path, Self::Query, Self::Referrer, Self::UserAgent];
    pub(super) const OTHERS: [Self; 5] = [Self::Cookie, Self::Body, Self::User, Self::Host, Self::Method];

    /// Whether any of [`Self::OTHERS`] can be an attack.
    #[inline]
    pub(super) fn has_others(block: &[u8], rec: &Rec) -> bool {
        [rec.cookie, rec.body, rec.user, rec.host].into_iter().any(Span::is_some)
            || !matches!(rec.method.bytes(block), b"GET" | b"POST" | b"HEAD")
    }

    /// The name in `where`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Referrer => "referrer",
            Self::UserAgent => "user_agent",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::User => "user",
            Self::Host => "host",
            Self::Method => "method",
        }
    }

    /// The bytes as logged; empty if the record has none, or nothing that could be an attack.
    #[inline]
    pub(super) fn logged<'a>(self, block: &'a [u8], rec: &Rec) -> &'a [u8] {
        let text = match self {
            Self::Path if rec.path.is_none() => rec.target.bytes(block),
            Self::Path => rec.path.bytes(block),
            Self::Query => rec.query.bytes(block),
            Self::Referrer => rec.referrer.bytes(block),
            Self::UserAgent => rec.user_agent.bytes(block),
            Self::Cookie => rec.cookie.bytes(block),
            Self::Body => rec.body.bytes(block),
            Self::User => rec.user.bytes(block),
            Self::Host => rec.host.bytes(block),
            Self::Method => {
                let method = rec.method.bytes(block);
                return if method.iter().all(u8::is_ascii_alphabetic) { b"" } else { method };
            }
        };
        if text == b"-" { b"" } else { text }
    }

    /// The bytes as the client sent them. In W3C logs a plus is a space in headers only.
    pub(super) fn sent(self, logged: &[u8], escape: Escape) -> Cow<'_, [u8]> {
        let is_header = matches!(self, Self::Referrer | Self::UserAgent | Self::Cookie);
        if escape == Escape::Plus && !is_header { Cow::Borrowed(logged) } else { unescape(logged, escape) }
    }
}

/// One text that is judged by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Value<'a> {
    pub(super) field: Field,
    pub(super) key: &'a [u8],
    pub(super) text: &'a [u8],
    pub(super) place: Place,
    pub(super) form: Form,
    /// A file's content: only strong rules, the rest is noise in binary data.
    pub(super) is_file: bool,
}

impl<'a> Value<'a> {
    fn plain(field: Field, key: &'a [u8], text: &'a [u8], place: Place) -> Self {
        Self { field, key, text, place, form: Form::Plain, is_file: false }
    }

    /// `query:id`, `path`, `user_agent`.
    pub(super) fn label(&self) -> String {
        let name = self.field.name();
        if self.key.is_empty() {
            name.to_owned()
        } else {
            format!("{name}:{}", crate::record::printable(self.key))
        }
    }
}

/// Calls `each` for every value of a field. `text` is as the client sent it.
pub(super) fn visit(field: Field, text: &[u8], each: &mut dyn FnMut(Value<'_>)) {
    match field {
        Field::Path => {
            each(Value::plain(field, b"", text, Place::Path));
            for pair in fields::path_parameters(text) {
                pair_values(field, pair, Place::Value, Form::Plain, each);
            }
        }
        Field::Query => query(field, text, each),
        Field::Referrer => referrer(text, each),
        Field::UserAgent => each(Value::plain(field, b"", text, Place::UserAgent)),
        Field::Cookie => {
            let mut odd = false;
            for pair in fields::cookies(text) {
                odd |= pair.key.is_empty() || !pair.plain_key();
                pair_values(field, pair, Place::Cookie, Form::Plain, each);
            }
            // A semicolon inside a payload cuts it in two.
            if odd {
                each(Value::plain(field, b"", text, Place::Cookie));
            }
        }
        Field::Body => body(text, each),
        Field::User | Field::Host | Field::Method => each(Value::plain(field, b"", text, Place::Header)),
    }
}

fn query(field: Field, text: &[u8], each: &mut dyn FnMut(Value<'_>)) {
    let place = query_place(field);
    for pair in fields::query(text) {
        pair_values(field, pair, place, Form::Urlencoded, each);
    }
    fields::repeated(text, |key, joined| {
        each(Value { field, key, text: joined, place, form: Form::Urlencoded, is_file: false });
    });
}

fn pair_values(field: Field, pair: Pair<'_>, place: Place, form: Form, each: &mut dyn FnMut(Value<'_>)) {
    if pair.plain_key() && !pair.key.is_empty() {
        each(Value { field, key: pair.key, text: pair.key, place, form, is_file: false });
    }
    // A payload may stand in the key, or be the key and a URL (or the end of one's user: `url=@host`) together.
    if !pair.plain_key() || !pair.key.is_empty() && may_be_url(pair.value) {
        each(Value { field, key: pair.key, text: pair.whole, place, form, is_file: false });
    }
    each(Value { field, key: pair.key, text: pair.value, place, form, is_file: false });
}

/// `http:`, `ftp%3A`: the colon of a scheme is among the first bytes. `@`, `%40`: what stands before it is a user.
fn may_be_url(value: &[u8]) -> bool {
    if value.starts_with(b"@") || value.starts_with(b"%40") {
        return true;
    }
    let n = value.iter().take(6).take_while(|b| b.is_ascii_alphabetic()).count();
    let after = &value[n..];
    n > 2 && (after.starts_with(b":") || after.get(..3).is_some_and(|p| p.eq_ignore_ascii_case(b"%3a")))
}

/// A URL is its path and the values of its query; anything else that a client calls a referrer is a value.
fn referrer(text: &[u8], each: &mut dyn FnMut(Value<'_>)) {
    let (before, values) = split_referrer(text);
    let place = if is_url(text) { Place::Referrer } else { Place::Value };
    let whole = if is_url(text) { after_scheme(before) } else { text };
    each(Value::plain(Field::Referrer, b"", whole, place));
    query(Field::Referrer, values, each);
}

/// Where the values of a field's query stand.
pub(super) fn query_place(field: Field) -> Place {
    if field == Field::Referrer { Place::ReferrerValue } else { Place::Value }
}

fn is_url(text: &[u8]) -> bool {
    let starts = |scheme: &[u8]| text.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme));
    starts(b"http://") || starts(b"https://")
}

fn after_scheme(url: &[u8]) -> &[u8] {
    memchr::memmem::find(url, b"//").map_or(url, |at| &url[at + 2..])
}

fn split_referrer(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'?', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

/// The part of a field that is a query, if the rest of the field is judged apart.
pub(super) fn query_part(field: Field, text: &[u8]) -> Option<(&[u8], &[u8])> {
    match field {
        Field::Query => Some((b"", text)),
        Field::Referrer if is_url(text) => {
            let (before, values) = split_referrer(text);
            Some((after_scheme(before), values))
        }
        _ => None,
    }
}

fn body(text: &[u8], each: &mut dyn FnMut(Value<'_>)) {
    let field = Field::Body;
    match Body::of(text) {
        Body::Form => query(field, text, each),
        Body::Json => fields::json(text, |key, text| each(Value::plain(field, key, text, Place::Value))),
        Body::Xml => {
            each(Value::plain(field, b"", text, Place::Document));
            fields::xml(text, |node| each(Value::plain(field, b"", node, Place::Value)));
        }
        Body::Multipart => fields::multipart(text, |name, headers, content| {
            each(Value::plain(field, name, name, Place::Value));
            let file = memchr::memmem::find(headers, b"filename").map(|at| &headers[at..]);
            if let Some(file) = file {
                let line = file.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
                each(Value::plain(field, name, line, Place::Value));
            }
            each(Value { is_file: file.is_some(), ..Value::plain(field, name, content, Place::Value) });
        }),
        Body::Text => {
            let form =
                if text.contains(&b'+') && !text.contains(&b' ') { Form::Urlencoded } else { Form::Plain };
            each(Value { form, ..Value::plain(field, b"", text, Place::Value) });
        }
    }
}
