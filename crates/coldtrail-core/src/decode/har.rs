//! HAR, what a browser's developer tools save: one JSON document, whose entries become one line each.
//!
//! Not a byte is added or taken away, so that offsets are those of the file: line ends become blanks, the comma between
//! two entries becomes a line end. What stands before the first and after the last entry is a line each, which begins
//! with `#`.

use super::tap::{Stream, read_once};
use std::io::{self, Read};

/// Levels of nesting around the entries: the document, `log`, the array.
const LOG_DEPTH: u32 = 2;
const ENTRIES: &[u8] = b"entries";
/// Bytes of a key that are compared.
const MAX_KEY: usize = ENTRIES.len() + 1;

/// Whether a document that starts with `head` is a HAR: `{"log": {` and then one of the keys that a log begins with.
pub(super) fn is_har(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut rest = head;
    for part in [&b"{"[..], b"\"log\"", b":", b"{", b"\""] {
        match rest.trim_ascii_start().strip_prefix(part) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    [&b"version\""[..], b"creator\"", b"browser\"", b"pages\"", b"entries\"", b"comment\""]
        .iter()
        .any(|key| rest.starts_with(key))
}

/// Reads a HAR as lines.
pub(super) struct Har {
    stream: Stream,
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    /// The string at the level of `log` that was read last, as far as it is compared, and whether a colon followed.
    key: Vec<u8>,
    has_colon: bool,
    in_entries: bool,
    /// The next byte begins what stands after the entries.
    marks_next: bool,
}

impl Har {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            depth: 0,
            in_string: false,
            is_escaped: false,
            key: Vec::new(),
            has_colon: false,
            in_entries: false,
            marks_next: false,
        }
    }

    fn turn(&mut self, byte: u8) -> u8 {
        if self.in_string {
            self.in_string = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            if self.in_string && self.depth == LOG_DEPTH && self.key.len() < MAX_KEY {
                self.key.push(byte);
            }
            return if matches!(byte, b'\n' | b'\r') { b' ' } else { byte };
        }
        let is_between = self.in_entries && self.depth == LOG_DEPTH + 1;
        let marks = std::mem::take(&mut self.marks_next);
        let turned = match byte {
            b'"' => {
                self.in_string = true;
                self.key.clear();
                self.has_colon = false;
                byte
            }
            b'{' | b'[' => {
                let begins = byte == b'['
                    && self.depth == LOG_DEPTH
                    && self.has_colon
                    && self.key == ENTRIES
                    && !self.in_entries;
                let is_document = self.depth == 0;
                self.depth = self.depth.saturating_add(1);
                if begins {
                    self.in_entries = true;
                    b'\n'
                } else if is_document {
                    b'#'
                } else {
                    byte
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if is_between {
                    (self.in_entries, self.marks_next) = (false, true);
                    b'\n'
                } else {
                    byte
                }
            }
            b',' if is_between => b'\n',
            b':' => {
                self.has_colon = true;
                byte
            }
            b'\n' | b'\r' if self.depth > 0 => b' ',
            _ => byte,
        };
        if marks && turned != b'"' { b'#' } else { turned }
    }
}

impl Read for Har {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = read_once(&mut self.stream, buf)?;
        for byte in &mut buf[..n] {
            *byte = self.turn(*byte);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut lines = String::new();
        Har::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())))
            .read_to_string(&mut lines)
            .expect("text");
        assert_eq!(lines.len(), text.len());
        lines
    }

    #[test]
    fn entries_are_lines_and_nothing_is_lost() {
        let text = "{\r\n \"log\": {\"version\":\"1.2\",\"entries\":[\n{\"a\":\"x,{\\\"\n\"},\n {\"entries\":[1,2]}\n],\"pages\":[1,\n2]}}\n";
        assert_eq!(
            read(text),
            "#   \"log\": {\"version\":\"1.2\",\"entries\":\n {\"a\":\"x,{\\\" \"}\n  {\"entries\":[1,2]} \n#\"pages\":[1, 2]}}\n"
        );
        assert_eq!(read("{\"log\":{\"entries\":[]}}"), "#\"log\":{\"entries\":\n\n#}");
        // Two documents in one file, and one that ends early.
        let two = "{\"log\":{\"entries\":[{}]}}\n{\"log\":{\"entries\":[{\"b\":1},{\"c";
        assert_eq!(read(two), "#\"log\":{\"entries\":\n{}\n#}\n#\"log\":{\"entries\":\n{\"b\":1}\n{\"c");
        // The name of a page is no array of entries.
        let other = "{\"log\":{\"comment\":\"entries\",\"pages\":[{\"entries\":[1,2]}],\"entries\":[{},{}]}}";
        assert_eq!(read(other).lines().count(), 4);
    }

    #[test]
    fn what_is_a_har() {
        for har in [
            "{\"log\":{\"version\":\"1.2\"",
            "\u{feff}{\r\n  \"log\" : {\n \"pages\": [",
            "{\"log\":{\"entries\":[]}}",
        ] {
            assert!(is_har(har.as_bytes()), "{har}");
        }
        for other in [
            "{\"log\":{\"level\":\"info\"}}",
            "{\"log\":\"version\"}",
            "{\"a\":{\"version\":1}}",
            "",
            "{\"log\":{\"versions\":1}}",
        ] {
            assert!(!is_har(other.as_bytes()), "{other}");
        }
    }
}
