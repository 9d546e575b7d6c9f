//! `clients.csv`, `pages.csv`, `hosts.csv`: every line of the tables, most telling first. Columns are only ever added,
//! at the end. Times are UTC; a cell is empty where there is no value.

use crate::figures::iso;
use coldtrail_core::verdict::Report;
use std::borrow::Cow;
use std::io::{self, Write};

/// How text cells are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cells {
    /// For spreadsheets: a cell that one would run gets `'` in front, and a control character other than a tab shows
    /// as `\u{..}`, so that one row is one line.
    #[default]
    Guarded,
    /// Exactly as it is.
    Raw,
}

impl Cells {
    fn text(self, text: &str) -> Cow<'_, str> {
        let is_control = |c: char| c.is_control() && c != '\t';
        if self == Self::Raw {
            return Cow::Borrowed(text);
        }
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if !is_formula && !text.contains(is_control) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len() + 1);
        if is_formula {
            out.push('\'');
        }
        for c in text.chars() {
            if is_control(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
        }
        Cow::Owned(out)
    }
}

const CLIENT_COLUMNS: [&str; 19] = [
    "client",
    "n_requests",
    "n_pages",
    "n_ok",
    "n_not_modified",
    "n_redirect",
    "n_denied",
    "n_missing",
    "n_error",
    "n_attacks",
    "n_posts",
    "bytes_out",
    "bytes_in",
    "first",
    "last",
    "peak_per_1s",
    "peak_per_10s",
    "peak_per_60s",
    "n_findings",
];

const PAGE_COLUMNS: [&str; 18] = [
    "host",
    "path",
    "n_requests",
    "n_clients",
    "n_ok",
    "n_not_modified",
    "n_redirect",
    "n_denied",
    "n_missing",
    "n_error",
    "n_attacks",
    "n_posts",
    "bytes_out",
    "bytes_in",
    "max_out",
    "first",
    "last",
    "n_findings",
];

const HOST_COLUMNS: [&str; 10] = [
    "host",
    "n_requests",
    "n_clients",
    "n_failed",
    "n_denied",
    "bytes_down",
    "bytes_up",
    "first",
    "last",
    "n_findings",
];

pub fn write_clients(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    let mut table = Table::new(out, &CLIENT_COLUMNS, cells)?;
    for c in report.clients.iter() {
        table.text(&c.client)?;
        table.numbers(&[c.n_requests, c.n_pages])?;
        table.numbers(&c.n_status)?;
        table.numbers(&[c.n_attacks, c.n_posts, c.bytes_out, c.bytes_in])?;
        table.times(c.first_us, c.last_us)?;
        for peak in [c.peaks.map(|p| p.per_1s), c.peaks.map(|p| p.per_10s), c.peaks.map(|p| p.per_60s)] {
            table.cell(&peak.map_or_else(String::new, |n| n.to_string()))?;
        }
        table.numbers(&[c.n_findings])?;
        table.end_row()?;
    }
    table.finish()
}

pub fn write_pages(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    let mut table = Table::new(out, &PAGE_COLUMNS, cells)?;
    for p in report.pages.iter() {
        table.text(&p.host)?;
        table.text(&p.path)?;
        table.numbers(&[p.n_requests, p.n_clients])?;
        table.numbers(&p.n_status)?;
        table.numbers(&[p.n_attacks, p.n_posts, p.bytes_out, p.bytes_in, p.max_out])?;
        table.times(p.first_us, p.last_us)?;
        table.numbers(&[p.n_findings])?;
        table.end_row()?;
    }
    table.finish()
}

pub fn write_hosts(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    let mut table = Table::new(out, &HOST_COLUMNS, cells)?;
    for h in report.hosts.iter() {
        table.text(&h.host)?;
        table.numbers(&[h.n_requests, h.n_clients, h.n_failed, h.n_denied, h.bytes_down, h.bytes_up])?;
        table.times(h.first_us, h.last_us)?;
        table.numbers(&[h.n_findings])?;
        table.end_row()?;
    }
    table.finish()
}

/// A CSV writer that goes cell by cell.
struct Table<W: Write> {
    csv: csv::Writer<W>,
    cells: Cells,
}

impl<W: Write> Table<W> {
    fn new(out: W, columns: &[&str], cells: Cells) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(columns).map_err(io::Error::from)?;
        Ok(Self { csv, cells })
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let cell = self.cells.text(text);
        self.csv.write_field(cell.as_bytes()).map_err(io::Error::from)
    }

    /// A cell that we made ourselves.
    fn cell(&mut self, cell: &str) -> io::Result<()> {
        self.csv.write_field(cell).map_err(io::Error::from)
    }

    fn numbers(&mut self, numbers: &[u64]) -> io::Result<()> {
        numbers.iter().try_for_each(|n| self.cell(&n.to_string()))
    }

    fn times(&mut self, first_us: Option<i64>, last_us: Option<i64>) -> io::Result<()> {
        [first_us, last_us].into_iter().try_for_each(|t| self.cell(&t.map_or_else(String::new, iso)))
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.csv.write_record(None::<&[u8]>).map_err(io::Error::from)
    }

    fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_run_by_a_spreadsheet() {
        let check = |text: &str, want: &str| {
            assert_eq!(Cells::Guarded.text(text), want);
            assert_eq!(Cells::Raw.text(text), text);
        };
        check("/index.html", "/index.html");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "'\\u{d}=1");
        check("a\n=1", "a\\u{a}=1");
    }
}
