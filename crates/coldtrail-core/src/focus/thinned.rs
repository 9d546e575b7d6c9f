//! The wanted lines of a block, as a block of their own.

use crate::decode::Block;
use crate::observe::{LineFilter, LineKey};

/// Filled again for each block.
#[derive(Default)]
pub(super) struct Thinned {
    block: Block,
    lines: Vec<ThinnedLine>,
}

/// A line that was taken.
pub(super) struct ThinnedLine {
    /// Its number in the block that it is from, and where it begins there.
    pub(super) number: u32,
    pub(super) start: u32,
    /// As [`LineKey::is_odd`].
    pub(super) is_odd: Option<bool>,
}

impl Thinned {
    /// Takes the lines that `filter` lets pass. None if `keys` are not those of the block's lines: then all of it is to
    /// be read.
    pub(super) fn of(
        &mut self,
        block: &Block,
        keys: &[LineKey],
        filter: &LineFilter,
    ) -> Option<(&Block, &[ThinnedLine])> {
        self.block.bytes.clear();
        self.lines.clear();
        let mut start = 0;
        let mut ends = memchr::memchr_iter(b'\n', &block.bytes).map(|i| i + 1);
        for (number, key) in keys.iter().enumerate() {
            let end = ends.next().unwrap_or(block.bytes.len());
            if filter.lets_pass(*key) {
                self.block.bytes.extend_from_slice(&block.bytes[start..end]);
                let (number, start) = (number as u32, start as u32);
                self.lines.push(ThinnedLine { number, start, is_odd: key.is_odd() });
            }
            start = end;
        }
        (start == block.bytes.len()).then_some((&self.block, &self.lines))
    }
}
