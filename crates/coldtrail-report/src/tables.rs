//! `clients.csv`, `pages.csv`, `hosts.csv`: every line of the tables, most telling first. Columns are only ever added,
//! at the end. Times are UTC; a cell is empty where there is no value.

use crate::figures::write_iso;
use coldtrail_core::verdict::{ClientName, Lines, Report};
use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

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
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let is_plain = || text.bytes().all(|b| matches!(b, b' '..=b'~')) || !text.contains(is_control);
        if self == Self::Raw || (!is_formula && is_plain()) {
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

const CLIENT_COLUMNS: &str = "client,n_requests,n_pages,n_ok,n_not_modified,n_redirect,n_denied,n_missing,n_error,\
    n_attacks,n_posts,bytes_out,bytes_in,first,last,peak_per_1s,peak_per_10s,peak_per_60s,n_findings";
const PAGE_COLUMNS: &str = "host,path,n_requests,n_clients,n_ok,n_not_modified,n_redirect,n_denied,n_missing,n_error,\
    n_attacks,n_posts,bytes_out,bytes_in,max_out,first,last,n_findings";
const HOST_COLUMNS: &str =
    "host,n_requests,n_clients,n_failed,n_denied,bytes_down,bytes_up,first,last,n_findings";

pub fn write_clients(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, CLIENT_COLUMNS, &report.clients, cells, |row, c| {
        match &c.client {
            ClientName::Address(address) => row.address(*address),
            ClientName::Name(name) => row.text(name),
        }
        row.numbers([c.n_requests, c.n_pages]);
        row.numbers(c.n_status);
        row.numbers([c.n_attacks, c.n_posts, c.bytes_out, c.bytes_in]);
        row.times([c.first_us, c.last_us]);
        match c.peaks {
            Some(peaks) => row.numbers([peaks.per_1s, peaks.per_10s, peaks.per_60s].map(u64::from)),
            None => row.bytes.extend_from_slice(b",,,"),
        }
        row.numbers([c.n_findings]);
    })
}

pub fn write_pages(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, PAGE_COLUMNS, &report.pages, cells, |row, p| {
        row.text(&p.host);
        row.text(&p.path);
        row.numbers([p.n_requests, p.n_clients]);
        row.numbers(p.n_status);
        row.numbers([p.n_attacks, p.n_posts, p.bytes_out, p.bytes_in, p.max_out]);
        row.times([p.first_us, p.last_us]);
        row.numbers([p.n_findings]);
    })
}

pub fn write_hosts(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, HOST_COLUMNS, &report.hosts, cells, |row, h| {
        row.text(&h.host);
        row.numbers([h.n_requests, h.n_clients, h.n_failed, h.n_denied, h.bytes_down, h.bytes_up]);
        row.times([h.first_us, h.last_us]);
        row.numbers([h.n_findings]);
    })
}

/// Rows are handed on when they have so many bytes.
const FULL_BYTES: usize = 64 * 1024;

/// Writes the names of the columns, then a row for each line.
fn write<T>(
    out: &mut impl Write,
    columns: &str,
    lines: &Lines<T>,
    cells: Cells,
    fill: impl Fn(&mut Row, T),
) -> io::Result<()> {
    let mut row = Row { bytes: Vec::with_capacity(2 * FULL_BYTES), cells };
    row.bytes.extend_from_slice(columns.as_bytes());
    row.bytes.push(b'\n');
    for line in lines.iter() {
        fill(&mut row, line);
        row.end();
        if row.bytes.len() >= FULL_BYTES {
            out.write_all(&row.bytes)?;
            row.bytes.clear();
        }
    }
    out.write_all(&row.bytes)
}

/// Rows that are being written: each cell with a comma behind it.
struct Row {
    bytes: Vec<u8>,
    cells: Cells,
}

impl Row {
    fn text(&mut self, text: &str) {
        let cell = self.cells.text(text);
        if cell.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            self.bytes.push(b'"');
            for b in cell.bytes() {
                self.bytes.extend_from_slice(if b == b'"' { b"\"\"" } else { std::slice::from_ref(&b) });
            }
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(cell.as_bytes());
        }
        self.bytes.push(b',');
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => {
                for octet in v4.octets() {
                    self.digits(octet.into());
                    self.bytes.push(b'.');
                }
                self.bytes.pop();
            }
            IpAddr::V6(v6) => self.bytes.extend_from_slice(v6.to_string().as_bytes()),
        }
        self.bytes.push(b',');
    }

    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        for n in numbers {
            self.digits(n);
            self.bytes.push(b',');
        }
    }

    fn digits(&mut self, n: u64) {
        match n {
            0..10 => self.bytes.push(b'0' + n as u8),
            _ => self.bytes.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
        }
    }

    fn times(&mut self, times: [Option<i64>; 2]) {
        for time in times {
            if let Some(ts_us) = time {
                write_iso(&mut self.bytes, ts_us);
            }
            self.bytes.push(b',');
        }
    }

    /// Ends a row: its last comma becomes the end of the line.
    fn end(&mut self) {
        if let Some(comma) = self.bytes.last_mut() {
            *comma = b'\n';
        }
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

    #[test]
    fn cells_are_quoted_where_a_reader_would_split_them() {
        let check = |text: &str, cells, want: &str| {
            let mut row = Row { bytes: Vec::new(), cells };
            row.text(text);
            row.numbers([10, u64::MAX]);
            row.end();
            assert_eq!(String::from_utf8(row.bytes), Ok(format!("{want},10,18446744073709551615\n")));
        };
        check("/a", Cells::Guarded, "/a");
        check("", Cells::Guarded, "");
        check("a,\"b\"", Cells::Guarded, "\"a,\"\"b\"\"\"");
        check("a\nb", Cells::Guarded, "a\\u{a}b");
        check("a\r\nb", Cells::Raw, "\"a\r\nb\"");
    }
}
