//! What a place in a log line means, for formats that are described by names: `#Fields`, `LogFormat`, JSON keys.

use super::request::{bare_address, digits, metric, scaled, set_client_list, split_request};
use crate::record::{Metric, NO_TIME, Reason, Rec, Span, parse_time};

/// The meaning of one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    Ignore,
    /// One word, not kept.
    Word,
    Client,
    Peer,
    Forwarded,
    User,
    Time,
    Request,
    Method,
    Target,
    /// Host and target without anything between: `h.example/p?q`.
    HostTarget,
    Path,
    Query,
    Status,
    BodyBytes,
    Bytes,
    RequestBytes,
    DurationNs,
    DurationUs,
    DurationMs,
    DurationS,
    Referrer,
    UserAgent,
    Cookie,
    Body,
    Host,
    Port,
    Mime,
    Action,
    /// What kind of place was asked for, in the proxy's words.
    Category,
}

impl Slot {
    /// Whether a text can be a value of this kind; used to find where a value ends.
    pub(crate) fn fits(self, text: &[u8]) -> bool {
        let is_absent = text.is_empty() || text == b"-";
        match self {
            Self::Status => is_absent || text.len() <= 3 && digits(text).is_some(),
            Self::BodyBytes | Self::Bytes | Self::RequestBytes | Self::Port => {
                is_absent || digits(text).is_some()
            }
            Self::DurationNs | Self::DurationUs | Self::DurationMs | Self::DurationS => {
                is_absent || scaled(text, 0).is_some()
            }
            Self::Time => parse_time(text).is_some(),
            Self::Client | Self::Peer => {
                !text.contains(&b'"') && (!text.contains(&b' ') || text.contains(&b','))
            }
            Self::Word => !is_absent && !text.contains(&b' ') && !text.contains(&b'"') || text == b"-",
            Self::Method => !text.contains(&b' ') && !text.contains(&b'"'),
            _ => true,
        }
    }

    /// Puts the value at `span` into the record. `-` is an absent value.
    pub(crate) fn set(self, rec: &mut Rec, block: &[u8], span: Span) {
        let text = span.bytes(block);
        if text == b"-" || span.is_none() {
            return;
        }
        match self {
            Self::Ignore | Self::Word | Self::Port => {}
            Self::Client if !text.is_empty() => set_client_list(rec, block, span),
            Self::Client => {}
            Self::Peer => rec.peer = bare_address(block, span),
            Self::Forwarded => rec.forwarded = span,
            Self::User => rec.user = span,
            Self::Time => set_time(rec, text),
            Self::Request => split_request(rec, block, span.start(), span.end()),
            Self::Method => rec.method = span,
            Self::Target => set_target(rec, block, span),
            Self::HostTarget => {
                let slash = memchr::memchr(b'/', text).unwrap_or(text.len());
                let host = Span::new(span.start(), span.start() + slash);
                set_target(rec, block, Span::new(span.start() + slash, span.end()));
                rec.host = host;
            }
            Self::Path => rec.path = span,
            Self::Query => {
                let skip = usize::from(text.first() == Some(&b'?'));
                rec.query =
                    if text.is_empty() { Span::NONE } else { Span::new(span.start() + skip, span.end()) };
            }
            Self::Status if text.is_empty() => {}
            Self::Status => match digits(text).filter(|s| *s <= 999) {
                Some(s) => (rec.status_code, rec.has_status) = (s as u16, true),
                None => rec.flag(Reason::BadStatus),
            },
            Self::BodyBytes => set_size(&mut rec.response_body_bytes, text),
            Self::Bytes => set_size(&mut rec.response_bytes, text),
            Self::RequestBytes => set_size(&mut rec.request_bytes, text),
            Self::DurationNs => rec.duration_us = metric(scaled(text, 0).map(|ns| ns / 1000)),
            Self::DurationUs => rec.duration_us = metric(scaled(text, 0)),
            Self::DurationMs => rec.duration_us = metric(scaled(text, 3)),
            Self::DurationS => rec.duration_us = metric(scaled(text, 6)),
            Self::Referrer => rec.referrer = span,
            Self::UserAgent => rec.user_agent = span,
            Self::Cookie => rec.cookie = span,
            Self::Body => rec.body = span,
            Self::Host => rec.host = span,
            Self::Mime => rec.mime = span,
            Self::Action => rec.action = span,
            Self::Category => rec.is_evasive |= is_evasive(text),
        }
    }
}

/// Whether a category is one of ways around the proxy: `Proxy Avoidance`, `proxy-avoidance-and-anonymizers`,
/// `Anonymizer`, `Anonymizing Utilities`, `Filter Avoidance`.
pub(crate) fn is_evasive(category: &[u8]) -> bool {
    let has = |word: &[u8]| category.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word));
    has(b"anonymiz") || has(b"anonymis") || has(b"avoidance")
}

fn set_time(rec: &mut Rec, text: &[u8]) {
    if let Some(moment) = parse_time(text) {
        rec.ts_us = moment.ts_us;
        rec.ts_digits = moment.digits;
        rec.ts_assumed_utc = !moment.has_offset;
    }
}

/// The target, split; the host of an absolute one does not replace a host that the log names itself.
fn set_target(rec: &mut Rec, block: &[u8], span: Span) {
    let host = rec.host;
    rec.target = span;
    rec.split_target(block);
    if host.is_some() {
        rec.host = host;
    }
}

fn set_size(size: &mut Metric, text: &[u8]) {
    *size = metric(digits(text));
}

/// Notes what every record of a named format should have.
pub(crate) fn check(rec: &mut Rec) {
    if rec.client.is_none() {
        rec.flag(Reason::NoClient);
    } else if rec.ts_us == NO_TIME {
        rec.flag(Reason::BadTime);
    }
}

#[cfg(test)]
mod tests {
    use super::is_evasive;

    #[test]
    fn categories_of_ways_around() {
        for category in [
            "Proxy Avoidance",
            "proxy-avoidance-and-anonymizers",
            "ANONYMIZERS",
            "a;Anonymising;b",
            "Filter Avoidance",
        ] {
            assert!(is_evasive(category.as_bytes()), "{category}");
        }
        for category in ["Business", "", "-", "Anonymous blogs", "Tax"] {
            assert!(!is_evasive(category.as_bytes()), "{category}");
        }
    }
}
