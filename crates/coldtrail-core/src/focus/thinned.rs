//! The wanted lines of a block, as a block of their own.

use crate::decode::Block;
use crate::observe::{BlockKeys, LineFilter};

/// Filled again for each block.
#[derive(Default)]
pub(super) struct Thinned {
    block: Block,
    /// Number within the block that they are from, and where they begin there.
    lines: Vec<(u32, u32)>,
}

impl Thinned {
    /// Takes the lines that `filter` lets pass. None if it is not known what is in the lines, or if the block is not the
    /// one that `keys` is of: then all of it is to be read.
    pub(super) fn of(
        &mut self,
        block: &Block,
        keys: &BlockKeys,
        filter: &LineFilter,
    ) -> Option<(&Block, &[(u32, u32)])> {
        let BlockKeys::Lines(keys) = keys else { return None };
        if block.cut_line || block.cut_off {
            return None;
        }
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
