//! W3C extended logs: IIS, CloudFront, NetScaler and proxies. The columns are what the last `#Fields` line says.

use super::Format;
use super::formats::{CLOUDFRONT, IIS_W3C, W3C};
use super::request::{digits, trim_line};
use super::slot::{Slot, check};
use crate::record::{Escape, FormatId, Reason, Rec, Role, Span, parse_time, parse_time_of_day};

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Is(Slot),
    /// The day, in UTC.
    Date,
    /// The time of the day, in UTC.
    TimeOfDay,
    /// A number that is not kept, but that helps to find the columns again from the right.
    Number,
}

/// A reader for one `#Fields` line.
#[derive(Debug)]
pub(super) struct Extended {
    id: FormatId,
    role: Role,
    is_tabbed: bool,
    /// Values with blanks stand in quotes (proxies); IIS never quotes.
    is_quoting: bool,
    columns: Vec<Column>,
    /// Where blanks that do not belong can only be: the query, else the path.
    loose: Option<usize>,
    /// Midnight of the `#Date` line, for logs without a date column.
    day_us: Option<i64>,
}

impl Extended {
    /// `fields` is what follows `#Fields:`; `is_iis` if `#Software` said so.
    pub(super) fn new(fields: &[u8], is_iis: bool, day_us: Option<i64>) -> Self {
        let names: Vec<Vec<u8>> = fields
            .split(|c| c.is_ascii_whitespace())
            .filter(|n| !n.is_empty())
            .map(<[u8]>::to_ascii_lowercase)
            .collect();
        let has = |name: &[u8]| names.iter().any(|n| n == name);
        let is_cloudfront = has(b"x-edge-location");
        let is_iis = is_iis || has(b"sc-win32-status");
        let is_proxy = has(b"cs-uri-path") || has(b"s-action") || has(b"sc-filter-result") || has(b"r-host");
        let ms = if is_cloudfront { Slot::DurationS } else { Slot::DurationMs };
        let columns: Vec<Column> = names.iter().map(|n| column(n, ms, is_cloudfront)).collect();
        let position = |slot| columns.iter().position(|c| *c == Column::Is(slot));
        Self {
            id: if is_cloudfront {
                CLOUDFRONT
            } else if is_iis {
                IIS_W3C
            } else {
                W3C
            },
            role: if is_proxy { Role::Proxy } else { Role::Server },
            is_tabbed: fields.trim_ascii().contains(&b'\t'),
            is_quoting: !is_iis && !is_cloudfront,
            loose: position(Slot::Query).or_else(|| position(Slot::Path)),
            columns,
            day_us,
        }
    }

    fn values(&self, block: &[u8], line: Span) -> Vec<Span> {
        let text = line.bytes(block);
        let is_tabbed = self.is_tabbed || (self.id == CLOUDFRONT && text.contains(&b'\t'));
        let is_separator = |c: u8| if is_tabbed { c == b'\t' } else { c == b' ' };
        let mut values = Vec::with_capacity(self.columns.len() + 1);
        let mut at = 0;
        while at < text.len() {
            if self.is_quoting
                && text[at] == b'"'
                && let Some(end) = closing_quote(text, at, is_separator)
            {
                values.push(Span::new(line.start() + at + 1, line.start() + end));
                at = end + 2;
                continue;
            }
            let end = text[at..].iter().position(|c| is_separator(*c)).map_or(text.len(), |i| at + i);
            values.push(Span::new(line.start() + at, line.start() + end));
            at = end + 1;
        }
        values
    }

    fn set(&self, rec: &mut Rec, block: &[u8], columns: &[Column], values: &[Span], clock: &mut Clock) {
        for (column, span) in columns.iter().zip(values) {
            match column {
                Column::Is(slot) => slot.set(rec, block, *span),
                Column::Date => clock.day = span.bytes(block).to_vec(),
                Column::TimeOfDay => clock.sod = parse_time_of_day(span.bytes(block)),
                Column::Number => {}
            }
        }
    }

    /// Whether the last columns, where they are numbers, have numbers.
    fn tail_fits(&self, block: &[u8], columns: &[Column], values: &[Span]) -> bool {
        columns.iter().zip(values).rev().take(3).all(|(column, span)| match column {
            Column::Is(slot) => slot.fits(span.bytes(block)),
            Column::Number => span.bytes(block) == b"-" || digits(span.bytes(block)).is_some(),
            _ => true,
        })
    }
}

#[derive(Default)]
struct Clock {
    day: Vec<u8>,
    sod: Option<(i64, u8)>,
}

/// The quote that ends a value: one that a separator or the end follows. A doubled quote inside stays as it is.
fn closing_quote(text: &[u8], open: usize, is_separator: impl Fn(u8) -> bool) -> Option<usize> {
    let mut quotes = memchr::memchr_iter(b'"', &text[open + 1..]).map(|i| open + 1 + i);
    quotes.find(|q| text.get(q + 1).is_none_or(|c| is_separator(*c)))
}

fn column(name: &[u8], duration: Slot, is_cloudfront: bool) -> Column {
    Column::Is(match name {
        b"date" => return Column::Date,
        b"time" => return Column::TimeOfDay,
        b"sc-substatus" | b"sc-win32-status" | b"s-port" | b"streamid" => return Column::Number,
        b"timestamp" | b"x-timestamp" | b"gmttime" | b"date-time" => Slot::Time,
        b"c-ip" | b"x-client-ip" => Slot::Client,
        b"cs-username" | b"cs-user" => Slot::User,
        b"cs-method" => Slot::Method,
        b"cs-uri-stem" | b"cs-uri-path" => Slot::Path,
        b"cs-uri-query" => Slot::Query,
        b"cs-uri" | b"c-uri" => Slot::Target,
        b"cs(host)" if is_cloudfront => Slot::Ignore,
        b"cs-host" | b"cs(host)" | b"x-host-header" | b"r-host" => Slot::Host,
        b"sc-status" => Slot::Status,
        b"sc-bytes" => Slot::Bytes,
        b"cs-bytes" => Slot::RequestBytes,
        b"time-taken" => duration,
        b"cs(user-agent)" | b"c-agent" => Slot::UserAgent,
        b"cs(referer)" | b"cs(referrer)" | b"cs-referred" => Slot::Referrer,
        b"cs(cookie)" => Slot::Cookie,
        b"x-forwarded-for" | b"cs(x-forwarded-for)" | b"cs-x-forwarded-for" => Slot::Forwarded,
        b"rs(content-type)" | b"sc(content-type)" | b"cs-mime-type" | b"sc-content-type" => Slot::Mime,
        b"s-action" | b"sc-filter-result" | b"x-edge-result-type" => Slot::Action,
        _ => Slot::Ignore,
    })
}

impl Format for Extended {
    fn id(&self) -> FormatId {
        self.id
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' {
            return Rec::skipped(line);
        }
        let mut rec = Rec::begin(line);
        (rec.format, rec.role, rec.escape) = (self.id, self.role, Escape::Plus);
        let values = self.values(block, text);
        let mut clock = Clock::default();
        let n = self.columns.len();
        if let (Some(extra @ 1..), Some(loose)) = (values.len().checked_sub(n), self.loose) {
            // Blanks inside the query or the path: the columns right of it are found from the right.
            let (left, right) = (&values[..loose], &values[loose + 1 + extra..]);
            self.set(&mut rec, block, &self.columns[..loose], left, &mut clock);
            let joined = Span::new(values[loose].start(), values[loose + extra].end());
            self.set(&mut rec, block, &self.columns[loose..=loose], &[joined], &mut clock);
            self.set(&mut rec, block, &self.columns[loose + 1..], right, &mut clock);
            if !self.tail_fits(block, &self.columns[loose + 1..], right) {
                rec.flag(Reason::TooManyFields);
            }
        } else {
            self.set(&mut rec, block, &self.columns, &values, &mut clock);
            if values.len() != n {
                rec.flag(if values.len() < n { Reason::TooFewFields } else { Reason::TooManyFields });
            }
        }
        self.set_time(&mut rec, &clock);
        check(&mut rec);
        rec.or_raw()
    }
}

impl Extended {
    fn set_time(&self, rec: &mut Rec, clock: &Clock) {
        let Some((sod_us, fraction_digits)) = clock.sod else { return };
        let midnight = parse_day(&clock.day).or(self.day_us);
        if let Some(midnight) = midnight {
            (rec.ts_us, rec.ts_digits) = (midnight + sod_us, fraction_digits);
        }
    }
}

/// Midnight of `2025-10-10`, in microseconds.
pub(super) fn parse_day(text: &[u8]) -> Option<i64> {
    let day = text.get(..10)?;
    parse_time(&[day, b"T00:00:00Z"].concat()).map(|m| m.ts_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, TextField, format_ts};

    const IIS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
                       sc-substatus sc-win32-status time-taken";

    fn read(fields: &str, line: &str) -> (Rec, Vec<Option<String>>) {
        let rec = Extended::new(fields.as_bytes(), false, parse_day(b"2025-10-10"))
            .parse_line(line.as_bytes(), Span::new(0, line.len()));
        let show = |f| rec.text(f, line.as_bytes()).map(|t| String::from_utf8_lossy(&t).into_owned());
        (
            rec,
            [TextField::Client, TextField::Path, TextField::Query, TextField::UserAgent, TextField::User]
                .map(show)
                .to_vec(),
        )
    }

    fn some(values: [&str; 5]) -> Vec<Option<String>> {
        values.iter().map(|v| (*v != "-").then(|| (*v).to_owned())).collect()
    }

    #[test]
    fn iis_with_hostile_values() {
        let (rec, got) = read(
            IIS,
            r#"2025-10-10 13:55:36 10.0.0.5 GET /a'<b>~*.aspx id=1'+or+1 443 CORP\svc_acct fe80::1%3 "${jndi:ldap://x/a}+" http://x/"<>' 200 0 0 15"#,
        );
        assert_eq!(rec.outcome, Outcome::Ok, "{:?}", rec.reason);
        assert_eq!(format_ts(rec.ts_us, rec.ts_digits), "2025-10-10T13:55:36Z");
        assert_eq!(
            got,
            some(["fe80::1%3", "/a'<b>~*.aspx", "id=1'+or+1", "\"${jndi:ldap://x/a} \"", r"CORP\svc_acct"])
        );
        assert_eq!((rec.status_code, rec.duration_us.get()), (200, Some(15_000)));
    }

    #[test]
    fn blanks_in_the_query_are_found_from_the_right() {
        let (rec, got) = read(
            IIS,
            "2025-10-10 13:55:36 ::1 POST /owa &CorrelationID=<empty>; &cafe=1 x 443 - 203.0.113.9 UA - 200 0 0 15",
        );
        assert_eq!((rec.outcome, rec.status_code), (Outcome::Ok, 200));
        assert_eq!(got, some(["203.0.113.9", "/owa", "&CorrelationID=<empty>; &cafe=1 x", "UA", "-"]));
    }

    #[test]
    fn cut_lines_keep_what_is_there() {
        let (rec, got) = read(IIS, "2025-10-10 13:55:36 10.0.0.5 GET /a - 443 - 203.0.113.9");
        assert_eq!((rec.outcome, rec.reason), (Outcome::Partial, Reason::TooFewFields));
        assert_eq!(got, some(["203.0.113.9", "/a", "-", "-", "-"]));
    }

    #[test]
    fn the_day_may_be_in_the_date_directive_only() {
        let (rec, _) = read("time c-ip cs-method cs-uri-stem sc-status", "00:15:00 203.0.113.9 GET /a 200");
        assert_eq!(format_ts(rec.ts_us, 0), "2025-10-10T00:15:00Z");
    }

    #[test]
    fn proxies_quote() {
        let (rec, got) = read(
            "date time c-ip cs-username cs-uri-path cs-uri-query cs(User-Agent) sc-status s-action",
            "2025-10-10 00:15:00 10.1.1.1 - /a ?q=1 \"Mozilla/5.0 (X)\" 200 TCP_HIT",
        );
        assert_eq!(got, some(["10.1.1.1", "/a", "q=1", "Mozilla/5.0 (X)", "-"]));
        assert_eq!((rec.role, rec.outcome), (Role::Proxy, Outcome::Ok));
    }
}
