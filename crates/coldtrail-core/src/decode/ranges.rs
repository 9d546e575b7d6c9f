//! Fetches single lines again, for evidence.

use super::{Block, Feed, HashKind, MAX_LINE_BYTES, Options, Step};
use crate::source::{Located, OpenError, PlainFile};

/// A stretch of one member, usually one line as a block had it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Range {
    /// As in [`Block::member`].
    pub member: u32,
    /// As in [`Block::offset`].
    pub offset: u64,
    /// Bytes; the line cap bounds it.
    pub len: u32,
}

/// Calls `found` with the number in `wanted` and the bytes of each range, in order. `wanted` must be sorted. A range
/// that reaches over the end of its block, or lies where the input can no longer be read, gives the bytes that are
/// there, perhaps none at all. Plain files are read at these places only; others are decoded up to the last one.
///
/// # Errors
/// The input cannot be opened or read.
pub fn read_lines_at(
    located: &Located,
    wanted: &[Range],
    mut found: impl FnMut(usize, &[u8]),
) -> Result<(), OpenError> {
    debug_assert!(wanted.is_sorted(), "ranges are found in one pass");
    let mut feed = Feed::open(located, Options { hash: HashKind::None, ..Options::default() })?;
    if feed.is_seekable() {
        let file = PlainFile::open(located)?;
        let mut bytes = Vec::new();
        for (i, range) in wanted.iter().enumerate() {
            let len = if range.member == 0 { MAX_LINE_BYTES.min(range.len as usize) } else { 0 };
            file.read_at(range.offset, len, &mut bytes).map_err(|source| OpenError::Read {
                path: located.display.clone(),
                offset: range.offset,
                source,
            })?;
            found(i, &bytes);
        }
        return Ok(());
    }
    let mut block = Block::default();
    let mut next = 0;
    while let Some(range) = wanted.get(next) {
        if feed.member().is_some_and(|m| m.index < range.member) {
            feed.skip_member();
        }
        match feed.next(&mut block) {
            Step::Block => {
                let end = (block.member, block.offset + block.bytes.len() as u64);
                while let Some(range) = wanted.get(next).filter(|r| (r.member, r.offset) < end) {
                    found(next, within(&block, range));
                    next += 1;
                }
            }
            Step::Member(_) => {}
            Step::End(_) => {
                for i in next..wanted.len() {
                    found(i, &[]);
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

fn within<'a>(block: &'a Block, range: &Range) -> &'a [u8] {
    let start = range.offset.checked_sub(block.offset).filter(|_| range.member == block.member);
    let start = start.and_then(|s| usize::try_from(s).ok()).unwrap_or(usize::MAX);
    let end = start.saturating_add(range.len as usize).min(block.bytes.len());
    block.bytes.get(start..end).unwrap_or_default()
}
