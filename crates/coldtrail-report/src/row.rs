//! Rows of CSV that no spreadsheet runs.

use crate::figures::write_iso;
use std::borrow::Cow;
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

/// Rows that are being written: each cell with a comma behind it.
pub struct Row {
    pub bytes: Vec<u8>,
    pub cells: Cells,
}

impl Row {
    /// A text of the log.
    pub fn text(&mut self, text: &str) {
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

    /// A text of ours, which no reader runs or splits.
    pub fn word(&mut self, word: &str) {
        self.bytes.extend_from_slice(word.as_bytes());
        self.bytes.push(b',');
    }

    pub(crate) fn address(&mut self, address: IpAddr) {
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

    /// One cell each.
    pub fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
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

    /// Times in microseconds since 1970, as ISO 8601 in UTC.
    pub fn times(&mut self, times: [Option<i64>; 2]) {
        for time in times {
            if let Some(ts_us) = time {
                write_iso(&mut self.bytes, ts_us);
            }
            self.bytes.push(b',');
        }
    }

    /// Cells without a value.
    pub(crate) fn empty(&mut self, n: usize) {
        self.bytes.extend(std::iter::repeat_n(b',', n));
    }

    /// Ends a row: its last comma becomes the end of the line.
    pub fn end(&mut self) {
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
