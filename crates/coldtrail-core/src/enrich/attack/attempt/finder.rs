//! Looks for all the words of a table at once.

use aho_corasick::AhoCorasick;
use std::collections::BTreeSet;

pub(super) struct Finder {
    words: AhoCorasick,
    /// The row of each word.
    rows: Vec<usize>,
}

impl Finder {
    /// `rows` are the words of each row of the table, lower-case.
    pub(super) fn new(rows: impl Iterator<Item = &'static [&'static str]>) -> Self {
        let flat: Vec<(usize, &str)> =
            rows.enumerate().flat_map(|(n, any)| any.iter().map(move |w| (n, *w))).collect();
        let words = AhoCorasick::new(flat.iter().map(|(_, word)| word)).expect("short and few");
        Self { words, rows: flat.into_iter().map(|(row, _)| row).collect() }
    }

    /// The rows of which a word is in the text.
    pub(super) fn rows(&self, text: &[u8]) -> BTreeSet<usize> {
        self.words.find_overlapping_iter(text).map(|found| self.rows[found.pattern().as_usize()]).collect()
    }

    /// Where words end in the text.
    pub(super) fn ends(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        self.words.find_overlapping_iter(text).map(|found| found.end())
    }
}
