//! Cells of a line of CSV and its kin.

use crate::record::Span;

/// Cells that are read of one line; a proxy with all fields on has some 120.
pub(super) const MAX_CELLS: usize = 256;

/// Cuts a line at a separator. A cell in quotes loses them; a doubled quote in it stays doubled. Where the separator is
/// a blank, a time in brackets is one cell.
pub(super) fn cells(block: &[u8], line: Span, separator: u8) -> Vec<Span> {
    let text = line.bytes(block);
    let mut cells = Vec::new();
    let mut at = 0;
    while at <= text.len() && cells.len() < MAX_CELLS {
        // Quotes may stand behind blanks, where blanks do not separate.
        let is_blank = |c: &&u8| separator != b' ' && **c == b' ';
        let blanks = text[at..].iter().take_while(is_blank).count();
        let (from, to, end) = match text.get(at + blanks) {
            Some(b'"') => {
                let open = at + blanks + 1;
                let close = closing_quote(text, open, separator);
                let after = (close + 1).min(text.len());
                (open, close, after + text[after..].iter().take_while(is_blank).count())
            }
            Some(b'[') if separator == b' ' => {
                let close = memchr::memchr(b']', &text[at..]).map_or(text.len(), |i| at + i);
                (at, (close + 1).min(text.len()), close + 1)
            }
            _ => {
                let end = memchr::memchr(separator, &text[at..]).map_or(text.len(), |i| at + i);
                (at, end, end)
            }
        };
        cells.push(Span::new(line.start() + from, line.start() + to));
        at = end + 1;
    }
    cells
}

/// Where the quotes close that opened before `from`. A software that doubles no quotes leaves some that close nothing:
/// then it is the first one before a separator.
pub(super) fn closing_quote(text: &[u8], from: usize, separator: u8) -> usize {
    let is_end = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        rest.iter().find(|c| separator == b' ' || **c != b' ').is_none_or(|c| *c == separator)
    };
    let mut at = from;
    while let Some(i) = memchr::memchr(b'"', text.get(at..).unwrap_or_default()) {
        at += i;
        if text.get(at + 1) == Some(&b'"') {
            at += 2;
        } else if is_end(at + 1) {
            return at;
        } else {
            break;
        }
    }
    memchr::memchr_iter(b'"', &text[from..]).map(|i| from + i).find(|q| is_end(q + 1)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, separator: u8, want: &[&str]) {
        let block = line.as_bytes();
        let got = cells(block, Span::new(0, block.len()), separator);
        let got: Vec<_> = got.iter().map(|c| String::from_utf8_lossy(c.bytes(block))).collect();
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn quotes_hold_separators() {
        check(r#"a,"b,c",,"d ""e"", f","""#, b',', &["a", "b,c", "", r#"d ""e"", f"#, ""]);
        check("a\tb \t", b'\t', &["a", "b ", ""]);
        check(r#"a | "b | c" | d"#, b'|', &["a ", "b | c", " d"]);
        check(
            r#"[02/Mar/2026:10:00:01 +0000] "" 10.1.2.3 "GET /" 5"#,
            b' ',
            &["[02/Mar/2026:10:00:01 +0000]", "", "10.1.2.3", "GET /", "5"],
        );
    }

    #[test]
    fn quotes_that_close_nothing() {
        check(r#""a"b","c""#, b',', &[r#"a"b"#, "c"]);
        check(r#""a,b"#, b',', &["a,b"]);
        check(r#"x "a ""b c"#, b' ', &["x", r#"a ""b c"#]);
        check("[a b", b' ', &["[a b"]);
        assert_eq!(cells(&b",".repeat(MAX_CELLS * 2), Span::new(0, MAX_CELLS * 2), b',').len(), MAX_CELLS);
    }
}
