//! W3C extended log files: IIS of all versions, Exchange, NetScaler, ISA and TMG, Blue Coat, CloudFront.
//!
//! `#Fields` names the columns and may come again anywhere in a file; [`super::Parser`] hands every directive to
//! [`W3c::with_directive`]. Times are UTC.

use super::Format;
use super::cells::closing_quote;
use super::formats::{CLOUDFRONT, IIS_W3C, W3C};
use super::request::{digits, is_address, trim_line};
use super::slot::{Slot, check};
use crate::record::{
    Escape, FormatId, NO_TIME, Outcome, Reason, Rec, Role, Span, parse_time, parse_time_of_day, ts_from_civil,
};

/// Columns kept of one line; IIS with all custom fields has 40, Incapsula 60.
const MAX_COLUMNS: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Field(Slot),
    Date,
    TimeOfDay,
    /// Seconds if it has a fraction, else milliseconds.
    TimeTaken,
    /// `cs-protocol`, scheme, and all else.
    Other,
}

/// The columns in force, and what the directives before them said.
#[derive(Clone, Debug, Default)]
pub struct W3c {
    columns: Vec<Column>,
    /// Midnight of the day of `#Date`, for logs whose lines have only a time.
    midnight_us: Option<i64>,
    vendor: Vendor,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Vendor {
    #[default]
    Unknown,
    Iis,
    /// Quotes its values: IIS Advanced Logging, Incapsula.
    Quoting,
    Proxy,
    CloudFront,
}

/// Column orders of files whose head is lost, most columns first.
const HEADLESS: [&str; 5] = [
    "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) \
     cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus \
     sc-win32-status sc-bytes cs-bytes time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus \
     sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status \
     time-taken",
    "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus \
     sc-win32-status",
];

impl W3c {
    /// The columns of a `#Fields` line, without the directive's name.
    pub fn from_fields(fields: &[u8]) -> Self {
        let mut w3c = Self::default();
        w3c.set_fields(fields);
        w3c
    }

    pub(super) fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether a line is a directive of this format that changes how lines are read.
    pub(super) fn is_directive(line: &[u8]) -> bool {
        [&b"#Fields:"[..], b"#Software:", b"#Date:", b"#Start-Date:"].iter().any(|d| line.starts_with(d))
    }

    /// The format in force after a directive.
    pub(super) fn with_directive(&self, line: &[u8]) -> Self {
        let mut next = self.clone();
        let (name, value) = line.split_at(memchr::memchr(b':', line).map_or(line.len(), |i| i + 1));
        let value = value.trim_ascii();
        match name {
            b"#Fields:" => next.set_fields(value),
            b"#Software:" => {
                let has = |word: &[u8]| memchr::memmem::find(value, word).is_some();
                next.vendor = if has(b"Advanced Logging") {
                    Vendor::Quoting
                } else if has(b"Microsoft Internet Information") || has(b"Microsoft Exchange") {
                    Vendor::Iis
                } else if has(b"SGOS")
                    || has(b"Blue Coat")
                    || has(b"Netskope")
                    || has(b"ISA Server")
                    || has(b"Forefront")
                {
                    Vendor::Proxy
                } else {
                    Vendor::Unknown
                };
            }
            _ => {
                // `2026-11-24 00:00:00`, Incapsula `28/Jun/2017 07:28:59`.
                let iso = parse_time(value).map(|m| m.ts_us);
                let day = iso.or_else(|| {
                    let mut clf = value.get(..20)?.to_vec();
                    clf[11] = b':';
                    parse_time(&clf).map(|m| m.ts_us)
                });
                next.midnight_us = day.map(|us| us - us.rem_euclid(86_400_000_000)).or(next.midnight_us);
            }
        }
        next
    }

    fn set_fields(&mut self, fields: &[u8]) {
        let names: Vec<&[u8]> =
            fields.split(u8::is_ascii_whitespace).filter(|n| !n.is_empty()).take(MAX_COLUMNS).collect();
        self.columns = names.iter().map(|name| column(name)).collect();
        let has = |name: &[u8]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        if has(b"x-edge-location") {
            self.vendor = Vendor::CloudFront;
        } else if self.vendor == Vendor::Unknown && has(b"sc-win32-status") && !has(b"TimeTakenMS") {
            self.vendor = Vendor::Iis;
        }
        if has(b"x-host-header") {
            // `cs(Host)` is the distribution's own name.
            let hosts =
                names.iter().zip(&mut self.columns).filter(|(n, _)| n.eq_ignore_ascii_case(b"cs(Host)"));
            hosts.for_each(|(_, c)| *c = Column::Other);
        }
        if has(b"cs-uri") && has(b"cs-uri-query") {
            // Incapsula: `cs-uri` is the path without its query.
            let uris = names.iter().zip(&mut self.columns).filter(|(n, _)| n.eq_ignore_ascii_case(b"cs-uri"));
            uris.for_each(|(_, c)| *c = Column::Field(Slot::Path));
        }
    }

    /// The order that a line of a file without its head has, as far as its values tell.
    pub(super) fn headless(line: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = line.split(|c| *c == b' ').collect();
        HEADLESS.iter().find_map(|order| {
            let mut w3c = Self::from_fields(order.as_bytes());
            w3c.vendor = Vendor::Iis;
            let n = w3c.columns.len();
            let forwarded =
                words.len() == n + 1 && is_address(words[n].split(|c| *c == b',').next().unwrap_or_default());
            if forwarded {
                w3c.columns.push(Column::Field(Slot::Forwarded));
            }
            (words.len() == w3c.columns.len() && w3c.fit(&words)).then_some(w3c)
        })
    }

    /// Whether every value has the shape of its column.
    fn fit(&self, words: &[&[u8]]) -> bool {
        self.columns.iter().zip(words).all(|(column, word)| match column {
            Column::Date => word.len() == 10 && word[4] == b'-',
            Column::TimeOfDay => parse_time_of_day(word).is_some(),
            Column::TimeTaken => Slot::DurationMs.fits(word),
            Column::Field(Slot::Client) => *word == b"-" || is_address(word),
            Column::Field(Slot::Path) => word.first().is_none_or(|c| matches!(c, b'/' | b'*' | b'-' | b'.')),
            Column::Field(slot) => slot.fits(word),
            Column::Other => true,
        })
    }

    /// Splits a line into its values; quoted ones lose their quotes where the software writes them.
    fn split(&self, block: &[u8], line: Span, values: &mut Vec<Span>) {
        let text = line.bytes(block);
        let separator = if memchr::memchr(b'\t', text).is_some() { b'\t' } else { b' ' };
        let is_quoting = self.vendor != Vendor::Iis && separator == b' ';
        let mut at = 0;
        while at <= text.len() && values.len() < MAX_COLUMNS {
            if is_quoting && text.get(at) == Some(&b'"') {
                let close = closing_quote(text, at + 1, separator);
                values.push(Span::new(line.start() + at + 1, line.start() + close));
                at = close + 2;
                continue;
            }
            let end = memchr::memchr(separator, &text[at..]).map_or(text.len(), |i| at + i);
            values.push(Span::new(line.start() + at, line.start() + end));
            at = end + 1;
        }
    }

    /// Brings the number of values to the number of columns where a value held blanks: Exchange writes some into the
    /// query, hostile clients anywhere they can. The blanks belong to the first column with which all others fit.
    fn mend(&self, block: &[u8], values: &mut Vec<Span>) -> bool {
        let n = self.columns.len();
        let words = |values: &[Span]| values.iter().map(|v| v.bytes(block)).collect::<Vec<_>>();
        let without_empty: Vec<Span> = values.iter().copied().filter(|v| !v.is_empty()).collect();
        if without_empty.len() == n && self.fit(&words(&without_empty)) {
            *values = without_empty;
            return true;
        }
        let excess = values.len() - n;
        let order = [
            Slot::Query,
            Slot::Path,
            Slot::User,
            Slot::UserAgent,
            Slot::Cookie,
            Slot::Referrer,
            Slot::Target,
        ];
        for slot in order {
            let Some(i) = self.columns.iter().position(|c| *c == Column::Field(slot)) else { continue };
            let mut joined = values[..i].to_vec();
            joined.push(Span::new(values[i].start(), values[i + excess].end()));
            joined.extend_from_slice(&values[i + excess + 1..]);
            if self.fit(&words(&joined)) {
                *values = joined;
                return true;
            }
        }
        false
    }
}

impl Format for W3c {
    fn id(&self) -> FormatId {
        match self.vendor {
            Vendor::CloudFront => CLOUDFRONT,
            Vendor::Iis => IIS_W3C,
            _ => W3C,
        }
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' {
            return Rec::skipped(line);
        }
        if self.columns.is_empty() {
            return Rec::unread(line);
        }
        let mut values = Vec::with_capacity(self.columns.len() + 1);
        self.split(block, text, &mut values);
        let mut rec = Rec::begin(line);
        rec.format = self.id();
        rec.escape = match self.vendor {
            Vendor::CloudFront => Escape::None,
            Vendor::Proxy => Escape::Doubled,
            _ => Escape::Plus,
        };
        rec.role = if self.vendor == Vendor::Proxy { Role::Proxy } else { Role::Server };
        if values.len() > self.columns.len() {
            self.mend(block, &mut values);
            rec.flag(Reason::TooManyFields);
        } else if values.len() < self.columns.len() {
            rec.flag(Reason::TooFewFields);
        }
        let (mut date, mut time) = (None, None);
        let has_query = self.columns.contains(&Column::Field(Slot::Query));
        for (column, value) in self.columns.iter().zip(&values) {
            let text = value.bytes(block);
            match column {
                Column::Date => date = day_us(text),
                Column::TimeOfDay => time = parse_time_of_day(text),
                Column::TimeTaken => {
                    let slot = if text.contains(&b'.') { Slot::DurationS } else { Slot::DurationMs };
                    slot.set(&mut rec, block, *value);
                }
                Column::Field(Slot::Client) => {
                    // Zones of link-local addresses stay in the span; the key leaves them out.
                    if text != b"-" && !text.is_empty() {
                        rec.client = *value;
                    }
                }
                Column::Field(Slot::Host) if rec.host.is_some() => {}
                // Netskope repeats the query here.
                Column::Field(Slot::Path) if has_query => {
                    let end = memchr::memchr(b'?', text).unwrap_or(text.len());
                    Slot::Path.set(&mut rec, block, Span::new(value.start(), value.start() + end));
                }
                Column::Field(slot) => slot.set(&mut rec, block, *value),
                Column::Other => {}
            }
        }
        if let (Some(day), Some((us, digits))) = (date.or(self.midnight_us), time) {
            rec.ts_us = day + us;
            rec.ts_digits = digits;
        }
        let has_times = self.columns.contains(&Column::TimeOfDay);
        if has_times && time.is_none() || rec.ts_us == NO_TIME && rec.status_code == 0 {
            return Rec::unread(line);
        }
        if rec.outcome == Outcome::Ok {
            check(&mut rec);
        }
        rec.or_raw()
    }
}

fn day_us(text: &[u8]) -> Option<i64> {
    let number = |r: std::ops::Range<usize>| digits(text.get(r)?).map(|n| n as i64);
    let ts = ts_from_civil(number(0..4)?, number(5..7)?, number(8..10)?, 0, 0, 0, 0, 0);
    (ts != NO_TIME && text.len() == 10).then_some(ts)
}

fn column(name: &[u8]) -> Column {
    let lower = name.to_ascii_lowercase();
    Column::Field(match lower.as_slice() {
        b"date" | b"date-local" => return Column::Date,
        b"time" | b"time-local" => return Column::TimeOfDay,
        b"time-taken" => return Column::TimeTaken,
        b"timetakenms" => Slot::DurationMs,
        b"c-ip" | b"cs-ip" => Slot::Client,
        b"x-forwarded-for" | b"cs(x-forwarded-for)" | b"s-xff" | b"originalip" => Slot::Forwarded,
        b"cs-username" | b"c-username" => Slot::User,
        b"cs-method" => Slot::Method,
        b"cs-uri-stem" | b"cs-uri-path" => Slot::Path,
        b"cs-uri-query" => Slot::Query,
        b"cs-uri" | b"c-uri" | b"r-uri" => Slot::Target,
        b"sc-status" | b"cs-status" => Slot::Status,
        b"sc-bytes" => Slot::Bytes,
        b"cs-bytes" => Slot::RequestBytes,
        b"cs-host" | b"cs(host)" | b"x-host-header" | b"r-host" => Slot::Host,
        b"cs(user-agent)" | b"cs-user-agent" | b"c-agent" => Slot::UserAgent,
        b"cs(referer)" | b"cs(referrer)" | b"cs-referer" | b"cs-referred" => Slot::Referrer,
        b"cs(cookie)" => Slot::Cookie,
        b"cs-postbody" => Slot::Body,
        b"rs(content-type)" | b"sc(content-type)" | b"cs-mime-type" | b"sc-content-type" => Slot::Mime,
        b"s-action" | b"sc-filter-result" | b"x-edge-result-type" | b"sc-action" | b"action" => Slot::Action,
        b"cs-categories" | b"sc-filter-category" | b"cs-category" => Slot::Category,
        b"s-port" => Slot::Port,
        _ => return Column::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TextField, format_ts};

    const IIS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
                       sc-substatus sc-win32-status time-taken";

    fn iis(line: &str) -> Rec {
        let format = W3c::default()
            .with_directive(b"#Software: Microsoft Internet Information Services 10.0")
            .with_directive(format!("#Fields: {IIS}").as_bytes());
        format.parse_line(line.as_bytes(), Span::new(0, line.len()))
    }

    fn text(rec: &Rec, line: &str, field: TextField) -> Option<String> {
        rec.text(field, line.as_bytes()).map(|t| String::from_utf8_lossy(&t).into_owned())
    }

    #[test]
    fn blanks_inside_a_value_do_not_move_the_others() {
        let check = |line: &str, user: Option<&str>, query: Option<&str>, agent: &str| {
            let rec = iis(line);
            assert_eq!(rec.status_code, 200, "{line}");
            assert_eq!(rec.duration_us.get(), Some(15_000), "{line}");
            assert_eq!(rec.client.bytes(line.as_bytes()), b"203.0.113.9", "{line}");
            assert_eq!(text(&rec, line, TextField::User).as_deref(), user, "{line}");
            assert_eq!(text(&rec, line, TextField::Query).as_deref(), query, "{line}");
            assert_eq!(text(&rec, line, TextField::UserAgent).as_deref(), Some(agent), "{line}");
            assert_eq!(format_ts(rec.ts_us, 0), "2025-10-10T13:55:36Z");
        };
        let at = "2025-10-10 13:55:36 10.0.0.5";
        check(
            &format!("{at} GET /a - 443 - 203.0.113.9 Mozilla/5.0+(X) - 200 0 0 15"),
            None,
            None,
            "Mozilla/5.0 (X)",
        );
        check(
            &format!("{at} GET /a a=1+2 443 CORP\\svc_x 203.0.113.9 ${{jndi:x}} - 200 0 0 15"),
            Some("CORP\\svc_x"),
            Some("a=1+2"),
            "${jndi:x}",
        );
        check(&format!("{at} GET /a a=1 &b=2 443 - 203.0.113.9 u - 200 0 0 15"), None, Some("a=1 &b=2"), "u");
        check(
            &format!("{at} GET /a a=1 443  r\\u 203.0.113.9 u - 200 0 0 15"),
            Some("r\\u"),
            Some("a=1"),
            "u",
        );
        check(&format!("{at} GET /a - 443 - 203.0.113.9 \"q u x - 200 0 0 15"), None, None, "\"q u x");
        assert_eq!(iis(&format!("{at} GET /a - 443 - 203.0.113.9 u - 200 0 0 15")).outcome, Outcome::Ok);
        let cut = iis(&format!("{at} GET /a - 443 - 203.0.113.9 Mozi"));
        assert_eq!((cut.outcome, cut.reason), (Outcome::Partial, Reason::TooFewFields));
    }

    #[test]
    fn other_software() {
        let line = "16:44:49 1.1.1.1 GET /x 404";
        let format = W3c::default()
            .with_directive(b"#Date: 2000-10-09 16:44:49")
            .with_directive(b"#Fields: time c-ip cs-method cs-uri-stem sc-status");
        let rec = format.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_eq!(format_ts(rec.ts_us, 0), "2000-10-09T16:44:49Z");
        let line = "2012-08-15 17:00:00.363 1.2.3.4 GET /p - \"70.95.0.0\" \"Mozilla/5.0 (Linux; \"\"x\"\")\" \"h.example\" 200 109";
        let format = W3c::default()
            .with_directive(b"#Software: IIS Advanced Logging Module")
            .with_directive(b"#Fields:   date-local time-local  s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Host) sc-status TimeTakenMS");
        let rec = format.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_eq!(rec.client.bytes(line.as_bytes()), b"70.95.0.0");
        assert_eq!(rec.host.bytes(line.as_bytes()), b"h.example");
        assert_eq!((rec.outcome, rec.status_code, rec.ts_digits), (Outcome::Ok, 200, 3));
        let line = "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td1.cloudfront.net\t/i.html\t200\t-\tMozilla/5.0%20(X)\ta=%20b\tHit\twww.x.org\t23\t0.001";
        let format = W3c::default().with_directive(
            b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-edge-result-type x-host-header cs-bytes time-taken",
        );
        let rec = format.parse_line(line.as_bytes(), Span::new(0, line.len()));
        assert_eq!(rec.host.bytes(line.as_bytes()), b"www.x.org");
        assert_eq!((rec.duration_us.get(), rec.response_bytes.get()), (Some(1000), Some(392)));
        assert_eq!(super::super::format_name(rec.format), "cloudfront");
    }
}
