//! The lines that hold one of some words, found before anything is parsed.

use crate::decode::Block;
use regex_automata::Input;
use regex_automata::meta::Regex;

/// Words that a wanted line holds in plain, in whatever case.
pub struct Words(Regex);

impl Words {
    /// Fewer letters are in nearly every line.
    const MIN_BYTES: usize = 3;
    /// More words are in nearly every line too.
    const MAX_WORDS: usize = 1_000;

    /// None where the lines cannot be told so: no word, or too many, or one that is short or that a server may write in
    /// another way. What no server escapes are letters, digits, `.`, `-` and `_`.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut patterns = Vec::new();
        for word in words {
            let is_plain = word.bytes().all(|c| c.is_ascii_alphanumeric() || b".-_".contains(&c));
            if !is_plain || word.len() < Self::MIN_BYTES || patterns.len() == Self::MAX_WORDS {
                return None;
            }
            patterns.push(word.replace('.', "\\."));
        }
        if patterns.is_empty() {
            return None;
        }
        Regex::new(&format!("(?i-u:{})", patterns.join("|"))).ok().map(Self)
    }

    /// Fills `to` with the lines of `from` that hold a word, and those that begin with `#`.
    pub(super) fn thin(&self, from: &Block, to: &mut Block) {
        let bytes = from.bytes.as_slice();
        to.bytes.clear();
        (to.cut_line, to.cut_off, to.n_lines) = (false, false, 0);
        (to.member, to.index, to.offset, to.first_line) =
            (from.member, from.index, from.offset, from.first_line);
        let mut heads = memchr::memmem::find_iter(bytes, b"\n#").map(|i| i + 1).peekable();
        let mut head = if bytes.starts_with(b"#") { Some(0) } else { heads.next() };
        let mut hit = self.next(bytes, 0);
        while let Some(at) = [head, hit].into_iter().flatten().min() {
            let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |i| at + i + 1);
            to.bytes.extend_from_slice(&bytes[start..end]);
            to.n_lines += 1;
            if end == bytes.len() {
                (to.cut_line, to.cut_off) = (from.cut_line, from.cut_off);
            }
            while head.is_some_and(|h| h < end) {
                head = heads.next();
            }
            if hit.is_some_and(|h| h < end) {
                hit = self.next(bytes, end);
            }
        }
    }

    fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        self.0.find(Input::new(bytes).range(from..)).map(|m| m.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_word_and_heads() {
        let check = |words: &[&str], text: &str, want: &str| {
            let words = Words::new(words.iter().copied()).expect("words");
            let (from, mut to) = (Block { bytes: text.into(), ..Block::default() }, Block::default());
            words.thin(&from, &mut to);
            assert_eq!(String::from_utf8_lossy(&to.bytes), want);
            assert_eq!(to.n_lines, want.lines().count() as u64);
        };
        check(
            &["bad.site"],
            "a\nx BAD.Site y bad.site\nbadxsite\nbad.site",
            "x BAD.Site y bad.site\nbad.site",
        );
        check(&["10.0.0.1", "zzz"], "#Fields: a\n1\n10.0.0.12\n#zzz\n2\n", "#Fields: a\n10.0.0.12\n#zzz\n");
        check(&["abc"], "", "");
        check(&["abc"], "ab\nc\n", "");
    }

    #[test]
    fn words_that_cannot_be_looked_for() {
        assert!(Words::new([]).is_none());
        assert!(Words::new(["ab"]).is_none());
        assert!(Words::new(["abc", "a/c"]).is_none());
        assert!(Words::new(["2001:db8::1"]).is_none());
    }
}
