//! The unit that workers receive.

/// A run of whole lines of one input, as workers receive it. Which lines share a block depends on the content alone.
#[derive(Default, Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Whole lines, each ending in a newline except perhaps the last of the input and a cut one.
    pub bytes: Vec<u8>,
    /// Which member of the feed: 0 for a plain or compressed file, counted for archives.
    pub member: u32,
    /// Number of the block within its member, from 0.
    pub index: u32,
    /// Where `bytes[0]` stands in the decompressed member. A byte-order mark counts, so that the first block of a
    /// member that has a UTF-8 mark starts at 3. In a UTF-16 member it counts bytes of the text as UTF-8.
    pub offset: u64,
    /// Number of the first line in the member, from 1.
    pub first_line: u64,
    /// Lines in `bytes`.
    pub n_lines: u64,
    /// The last line was longer than the line cap: it is in `bytes` up to the cap, without a newline.
    pub cut_line: bool,
    /// The input broke off inside the last line: truncated or damaged data.
    pub cut_off: bool,
}
