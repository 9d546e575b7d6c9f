//! The wanted lines of a block, as a block of their own.

use crate::decode::Block;
use crate::observe::{LineFilter, LineKey};

/// Filled again for each block.
#[derive(Default)]
pub(super) struct Thinned {
    block: Block,
    /// Number within the block that they are from, and where they begin there.
    lines: Vec<(u32, u32)>,
}

impl Thinned {
    /// Takes the lines that `filter` lets pass. None if `keys` are not those of the block's lines: then all of it is to
    /// be read.
    pub(super) fn of(
        &mut self,
        block: &Block,
        keys: &[LineKey],
        filter: &LineFilter,
    ) -> Option<(&Block, &[(u32, u32)])> {
        self.block.bytes.clear();
        self.lines.clear();
        let mut start = 0;
        let mut ends = memchr::memchr_iter(b'\n', &block.bytes).map(|i| i + 1);
        for (number, key) in keys.iter().enumerate() {
            let end = ends.next().unwrap_or(block.bytes.len());
            if filter.lets_pass(*key) {
                self.lines.push((number as u32, start as u32));
                self.block.bytes.extend_from_slice(&block.bytes[start..end]);
            }
            start = end;
        }
        (start == block.bytes.len()).then_some((&self.block, &self.lines))
    }
}
