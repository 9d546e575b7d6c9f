//! The bytes of a log line as text that can be read back.

use coldtrail_core::verdict::Report;
use std::fmt::Write;

/// Valid UTF-8 as it is, other bytes as `\xHH`, a backslash as `\\`; past the cap it is cut and ends in
/// `...(+N bytes)`. `n_cut` bytes of the line are not in `bytes` any more.
pub fn raw_text(bytes: &[u8], n_cut: u64) -> String {
    let kept = bytes.get(..Report::MAX_RAW).unwrap_or(bytes);
    let n_cut = n_cut + (bytes.len() - kept.len()) as u64;
    let mut out = String::with_capacity(kept.len());
    for chunk in kept.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
        for b in chunk.invalid() {
            write!(out, "\\x{b:02X}").expect("writing to a string cannot fail");
        }
    }
    if n_cut > 0 {
        write!(out, "...(+{n_cut} bytes)").expect("writing to a string cannot fail");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_text_and_shows_other_bytes() {
        assert_eq!(raw_text(b"a\\x41 \xff\xc3\xa9\x1b\t", 0), "a\\\\x41 \\xFF\u{e9}\u{1b}\t");
        assert_eq!(raw_text(b"abc", 7), "abc...(+7 bytes)");
        let long = vec![b'x'; Report::MAX_RAW + 5];
        assert!(raw_text(&long, 2).ends_with("x...(+7 bytes)"));
        assert_eq!(raw_text(&long, 0).len(), Report::MAX_RAW + "...(+5 bytes)".len());
    }
}
