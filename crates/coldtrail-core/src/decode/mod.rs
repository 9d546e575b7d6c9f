//! Stored bytes to blocks of whole lines.

/// A run of whole lines of one input, as workers receive it.
#[derive(Default)]
pub struct Block {
    /// Whole lines, each ending in a newline except perhaps the last of the input.
    pub bytes: Vec<u8>,
    /// Which member of the feed: 0 for a plain or compressed file, counted for archives.
    pub member: u32,
    /// Number of the block within its member, from 0.
    pub index: u32,
    /// Where `bytes[0]` stands in the decompressed member.
    pub offset: u64,
    /// Number of the first line in the member, from 1.
    pub first_line: u64,
    /// The last line was longer than the line cap: it is in `bytes` up to the cap.
    pub cut_line: bool,
}
