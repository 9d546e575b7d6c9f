//! Columns that nobody named: a file of a format of its own, whose lines are cut by one separator, and whose columns show
//! by their values what they are. Only for files of which no reader makes sense; the coverage says that it was inferred.

use super::cells::cells;
use super::formats::INFERRED;
use super::json_keys::Key;
use super::parser::MAX_VOTES;
use super::request::{bare_address, digits, is_address, trim_line};
use super::slot::Slot;
use super::table::{Column, Table, bare};
use super::{Format, lines};
use crate::record::{Outcome, Span, parse_time, parse_time_of_day};
use std::collections::BTreeSet;

/// Cells of a column that must be of a kind, percent: some lines of every log are broken.
const MIN_FIT: usize = 90;
/// Columns that a line must have.
const MIN_COLUMNS: usize = 4;
/// Columns that a line with blanks between may have, if its request is not in quotes: with more it is prose.
const MAX_WORDS: usize = 16;
/// Separators, in the order in which they are tried: what is rarer in values comes first.
const SEPARATORS: [u8; 5] = *b"\t|;, ";

/// The columns of a sample, if they show what they are and most of its lines are then read.
pub(super) fn infer(sample: &[u8]) -> Option<Table> {
    let texts: Vec<Span> = lines(sample)
        .map(|line| trim_line(sample, line))
        .filter(|text| !text.is_empty() && sample[text.start()] != b'#')
        .take(MAX_VOTES)
        .collect();
    SEPARATORS.into_iter().find_map(|separator| {
        let columns = Rows::cut(sample, &texts, separator)?.columns()?;
        let has_request = columns.iter().flatten().any(|(key, _)| *key == Key::Slot(Slot::Request));
        if separator == b' ' && !has_request && columns.len() > MAX_WORDS {
            return None;
        }
        let table = Table::inferred(INFERRED, separator, columns);
        let n_ok =
            texts.iter().filter(|text| table.parse_line(sample, **text).outcome == Outcome::Ok).count();
        (n_ok * 100 >= texts.len() * MIN_FIT).then_some(table)
    })
}

/// Lines with the number of cells that most have.
struct Rows<'a> {
    rows: Vec<Vec<&'a [u8]>>,
    n_columns: usize,
}

impl<'a> Rows<'a> {
    fn cut(sample: &'a [u8], texts: &[Span], separator: u8) -> Option<Self> {
        let cut = |text: &Span| -> Vec<&'a [u8]> {
            cells(sample, *text, separator).into_iter().map(|cell| bare(sample, cell).bytes(sample)).collect()
        };
        let mut rows: Vec<Vec<&[u8]>> = texts.iter().map(cut).collect();
        let mut lens: Vec<usize> = rows.iter().map(Vec::len).collect();
        lens.sort_unstable();
        let n_columns = lens.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?.first().copied()?;
        rows.retain(|row| row.len() == n_columns);
        let is_regular = rows.len() * 100 >= texts.len() * MIN_FIT;
        (is_regular && n_columns >= MIN_COLUMNS).then_some(Self { rows, n_columns })
    }

    /// Cells of a column that are of a kind.
    fn n_fit(&self, column: usize, is: impl Fn(&[u8]) -> bool) -> usize {
        self.rows.iter().filter(|row| is(row[column])).count()
    }

    fn is(&self, column: usize, is: impl Fn(&[u8]) -> bool) -> bool {
        self.n_fit(column, is) * 100 >= self.rows.len() * MIN_FIT
    }

    fn n_distinct(&self, column: usize) -> usize {
        self.rows.iter().map(|row| row[column]).collect::<BTreeSet<_>>().len()
    }

    /// What the columns mean; none if client, time or what was asked for is not among them.
    fn columns(&self) -> Option<Vec<Column>> {
        let mut columns: Vec<Column> = vec![None; self.n_columns];
        let all = 0..self.n_columns;
        let mut put = |at: usize, key: Key| columns[at] = Some((key, 0));
        // Of two addresses the server's own is the one that changes less.
        let addresses = all.clone().filter(|at| self.is(*at, is_client));
        let client = addresses.max_by_key(|at| (self.n_distinct(*at), std::cmp::Reverse(*at)))?;
        put(client, Key::Slot(Slot::Client));
        if let Some(time) = all.clone().find(|at| self.is(*at, is_time)) {
            put(time, Key::Slot(Slot::Time));
        } else {
            let is_pair = |at: &usize| {
                self.is(*at, is_date) && self.is(*at + 1, |cell| parse_time_of_day(cell).is_some())
            };
            let date = (0..self.n_columns - 1).find(is_pair)?;
            put(date, Key::Date);
            put(date + 1, Key::Slot(Slot::Time));
        }
        let asked = if let Some(request) = all.clone().find(|at| self.is(*at, is_request)) {
            put(request, Key::Slot(Slot::Request));
            request
        } else {
            let target = all.clone().find(|at| self.is(*at, is_target))?;
            put(target, Key::Slot(Slot::Target));
            if let Some(method) = all.clone().find(|at| self.is(*at, is_method)) {
                put(method, Key::Slot(Slot::Method));
            }
            target
        };
        let statuses = || all.clone().filter(|at| self.is(*at, is_status));
        if let Some(status) = statuses().find(|at| *at > asked).or_else(|| statuses().next()) {
            put(status, Key::Slot(Slot::Status));
            let is_size = |cell: &[u8]| cell == b"-" || digits(cell).is_some();
            if status + 1 < self.n_columns && self.is(status + 1, is_size) {
                put(status + 1, Key::Slot(Slot::BodyBytes));
            }
        }
        let mut free = all.filter(|at| columns[*at].is_none());
        if let Some(agent) = free.clone().find(|at| self.n_fit(*at, is_agent) * 2 > self.rows.len()) {
            columns[agent] = Some((Key::Slot(Slot::UserAgent), 0));
        } else if let Some(referrer) = free.find(|at| self.is(*at, is_referrer) && self.n_distinct(*at) > 1) {
            columns[referrer] = Some((Key::Slot(Slot::Referrer), 0));
        }
        Some(columns)
    }
}

fn is_client(cell: &[u8]) -> bool {
    is_address(bare_address(cell, Span::new(0, cell.len())).bytes(cell))
}

/// A whole time; seconds since 1970 have at least ten digits.
fn is_time(cell: &[u8]) -> bool {
    cell.len() >= 10 && parse_time(cell).is_some()
}

fn is_date(cell: &[u8]) -> bool {
    cell.len() == 10 && parse_time(&[cell, b"T00:00:00"].concat()).is_some()
}

fn is_method(cell: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"PROPFIND"];
    METHODS.iter().any(|method| cell.eq_ignore_ascii_case(method))
}

fn is_request(cell: &[u8]) -> bool {
    memchr::memchr(b' ', cell).is_some_and(|i| is_method(&cell[..i]))
}

fn is_target(cell: &[u8]) -> bool {
    cell.first() == Some(&b'/') || cell.starts_with(b"http://") || cell.starts_with(b"https://")
}

/// A status that servers are known to give: other numbers of three digits are sizes, lines or queues.
fn is_status(cell: &[u8]) -> bool {
    let is_known = |status| {
        matches!(status, 100..=103 | 200..=208 | 226 | 300..=308 | 400..=418 | 421..=429 | 431 | 444 | 451)
            || matches!(status, 494..=511 | 520..=527 | 530)
    };
    cell.len() == 3 && digits(cell).is_some_and(is_known)
}

/// `Mozilla/5.0 (...)`, `curl/8.5`.
fn is_agent(cell: &[u8]) -> bool {
    let name =
        cell.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b' ')).count();
    name > 1
        && cell[0].is_ascii_alphabetic()
        && cell.get(name) == Some(&b'/')
        && cell.get(name + 1).is_some_and(u8::is_ascii_digit)
}

fn is_referrer(cell: &[u8]) -> bool {
    matches!(cell, b"" | b"-") || cell.starts_with(b"http://") || cell.starts_with(b"https://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TextField, format_ts};

    /// Lines with a made-up second client and page, so that columns show what they are.
    fn check(line: &str, want: &str) {
        let sample: String =
            [line.to_owned(), line.replace("203.0.113.9", "198.51.100.7").replace("/a?b=c", "/x")].join("\n");
        let block = sample.as_bytes();
        let table = infer(block).unwrap_or_else(|| panic!("{line}"));
        let rec = table.parse_line(block, Span::new(0, line.len()));
        let text =
            |field| rec.text(field, block).map_or("~".into(), |t| String::from_utf8_lossy(&t).into_owned());
        let fields =
            [TextField::Client, TextField::Method, TextField::Target, TextField::UserAgent].map(text);
        let got = format!(
            "{} {} {} {}",
            format_ts(rec.ts_us, 0),
            fields.join(" "),
            rec.status_code,
            rec.response_body_bytes.or_zero()
        );
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn columns_show_what_they_are() {
        let want = "2026-11-24T02:12:00Z 203.0.113.9 GET /a?b=c curl/8 404 612";
        check("2026-11-24T02:12:00+00:00|203.0.113.9|GET|/a?b=c|404|612|curl/8|-", want);
        check(
            r#"203.0.113.9 | 24/Nov/2026:02:12:00 +0000 | "GET /a?b=c HTTP/1.1" | 404 | 612 | "curl/8""#,
            want,
        );
        check(
            r#"[24/Nov/2026:02:12:00 +0000] 10.0.0.1 203.0.113.9:4711 h.example "GET /a?b=c HTTP/1.1" 404 612 "-" "curl/8" 0.012"#,
            want,
        );
        check(
            r#""203.0.113.9" "NULL-AUTH-USER" "24/Nov/2026:02:12:00 +0000" "GET /a?b=c HTTP/1.1" 404 612 "curl/8""#,
            want,
        );
        check("2026-11-24;02:12:00;id1;203.0.113.9;u;get;/a?b=c;404;612;curl/8", &want.replace("GET", "get"));
    }

    #[test]
    fn what_does_not_show_is_not_guessed() {
        for sample in [
            "2026-11-24T02:12:00+00:00|203.0.113.9|login|ok|u",
            "GET|/a|404|612|curl/8",
            "Nov 24 02:12:00 fw kernel: IN=eth0 SRC=203.0.113.9 DPT=22",
            "11/24/2026:02:12:00 GMT ns 0-PPE-0 : default SSLVPN HTTPREQUEST 123 0 : Context u@203.0.113.9 - SessionId: 3- h.example User u : Vserver 10.0.0.6:443 : GET /a - -",
            "a b c d\ne f g h",
            "",
        ] {
            assert!(infer(sample.as_bytes()).is_none(), "{sample}");
        }
    }
}
