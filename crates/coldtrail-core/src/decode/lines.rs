//! A stream of bytes to blocks of whole lines.

use super::Block;
use super::caps::{BLOCK_BYTES, MAX_LINE_BYTES};
use super::error::DecodeError;
use super::tap::{Stream, fill};
use memchr::{memchr, memchr_iter, memrchr};

/// Cuts one member into blocks and keeps its line account.
pub(super) struct Lines {
    stream: Stream,
    /// What the last read left behind its last newline.
    carry: Vec<u8>,
    /// Where `carry` starts in the member.
    offset: u64,
    lines: u64,
    index: u32,
    /// Inside a line that is over the cap: drop bytes up to its newline.
    skipping: bool,
    end: Option<Result<(), DecodeError>>,
}

impl Lines {
    /// Lines of `stream`, whose first byte stands at `offset`.
    pub(super) fn new(stream: Stream, offset: u64) -> Self {
        Self { stream, carry: Vec::new(), offset, lines: 0, index: 0, skipping: false, end: None }
    }

    /// Lines so far.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.offset
    }

    /// The error that ended the stream.
    pub(super) fn error(&self) -> Option<&DecodeError> {
        self.end.as_ref()?.as_ref().err()
    }

    /// Fills the block; false at the end, with an empty block.
    pub(super) fn next(&mut self, block: &mut Block) -> bool {
        block.cut_line = false;
        block.cut_off = false;
        loop {
            self.read(&mut block.bytes);
            if self.skipping {
                self.skip(&mut block.bytes);
            }
            if block.bytes.is_empty() && self.end.is_some() {
                return false;
            }
            let first = memchr(b'\n', &block.bytes);
            if first.unwrap_or(block.bytes.len()) > MAX_LINE_BYTES {
                self.carry.extend_from_slice(&block.bytes[MAX_LINE_BYTES..]);
                block.bytes.truncate(MAX_LINE_BYTES);
                block.cut_line = true;
                self.skipping = true;
            } else if self.end.is_none() {
                let end = memrchr(b'\n', &block.bytes).map_or(0, |i| i + 1);
                self.carry.extend_from_slice(&block.bytes[end..]);
                block.bytes.truncate(end);
            }
            if !block.bytes.is_empty() {
                self.account(block);
                return true;
            }
        }
    }

    /// What was carried over and then a block's worth of the stream. The old bytes are not cleared first: writing
    /// zeros over a quarter of a megabyte each time costs as much as a quick disk.
    fn read(&mut self, bytes: &mut Vec<u8>) {
        let carried = self.carry.len();
        let room = if self.end.is_some() { 0 } else { BLOCK_BYTES };
        bytes.resize(carried + room, 0);
        bytes[..carried].copy_from_slice(&self.carry);
        self.carry.clear();
        if room > 0 {
            let filled = fill(&mut self.stream, &mut bytes[carried..]);
            bytes.truncate(carried + filled.n);
            self.end = filled.end;
        }
    }

    fn skip(&mut self, bytes: &mut Vec<u8>) {
        let end = memchr(b'\n', bytes).map(|i| i + 1);
        self.skipping = end.is_none();
        let end = end.unwrap_or(bytes.len());
        self.offset += end as u64;
        bytes.drain(..end);
    }

    fn account(&mut self, block: &mut Block) {
        let open_end = block.bytes.last() != Some(&b'\n');
        block.cut_off = open_end && !block.cut_line && self.error().is_some();
        block.index = self.index;
        block.offset = self.offset;
        block.first_line = self.lines + 1;
        block.n_lines = memchr_iter(b'\n', &block.bytes).count() as u64 + u64::from(open_end);
        self.lines += block.n_lines;
        self.offset += block.bytes.len() as u64;
        self.index = self.index.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{self, Read};

    /// Gives its bytes in pieces of odd sizes, then perhaps an error.
    struct Pieces(Vec<u8>, usize, usize, bool);

    impl Read for Pieces {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = buf.len().min(self.2).min(self.0.len() - self.1);
            if n == 0 && self.3 {
                return Err(DecodeError::Truncated { format: "test" }.into());
            }
            buf[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
            self.1 += n;
            Ok(n)
        }
    }

    fn blocks(content: &[u8], piece: usize, broken: bool) -> Vec<Block> {
        let mut lines = Lines::new(Box::new(Pieces(content.to_vec(), 0, piece, broken)), 0);
        let (mut block, mut all) = (Block::default(), Vec::new());
        while lines.next(&mut block) {
            all.push(block.clone());
        }
        assert_eq!(lines.bytes(), content.len() as u64);
        assert_eq!(lines.lines(), all.iter().map(|b| b.n_lines).sum::<u64>());
        all
    }

    /// Every block against the content: place, line numbers, nothing between blocks but the rest of cut lines.
    fn check(content: &[u8]) -> Vec<Block> {
        let all = blocks(content, usize::MAX, false);
        let (mut at, mut line) = (0, 1);
        for (i, block) in all.iter().enumerate() {
            let start = block.offset as usize;
            assert_eq!((start, block.first_line, block.index as usize), (at, line, i));
            assert_eq!(&content[start..start + block.bytes.len()], &block.bytes[..]);
            at += block.bytes.len();
            if block.cut_line {
                assert_eq!(block.n_lines, 1);
                at = memchr(b'\n', &content[at..]).map_or(content.len(), |i| at + i + 1);
            }
            assert!(block.cut_line || block.bytes.ends_with(b"\n") || i + 1 == all.len());
            line += block.n_lines;
        }
        assert_eq!(at, content.len());
        let want =
            memchr_iter(b'\n', content).count() + usize::from(content.last().is_some_and(|b| *b != b'\n'));
        assert_eq!(line - 1, want as u64);
        assert_eq!(all, blocks(content, 1021, false));
        all
    }

    #[test]
    fn small_inputs() {
        assert!(check(b"").is_empty());
        assert_eq!(check(b"\n\n\n")[0].n_lines, 3);
        assert_eq!(check(b"a\r\nb")[0].n_lines, 2);
        assert!(!check(b"a")[0].cut_off);
    }

    #[test]
    fn a_line_over_the_cap_is_one_line() {
        let long = |n: usize| vec![b'x'; n];
        for n in [MAX_LINE_BYTES - 1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES] {
            let content = [b"first\n".to_vec(), long(n), b"\nlast".to_vec()].concat();
            let all = check(&content);
            assert_eq!(all.iter().filter(|b| b.cut_line).count(), usize::from(n > MAX_LINE_BYTES), "{n}");
            assert!(all.last().unwrap().bytes.ends_with(b"last"));
            check(&long(n));
            check(&[long(n), b"\n".to_vec(), long(n), b"\n\n".to_vec()].concat());
        }
    }

    #[test]
    fn a_broken_stream_marks_its_last_line() {
        let all = blocks(b"a\nb", 1, true);
        assert!(all[0].cut_off);
        assert_eq!(all[0].n_lines, 2);
        assert!(!blocks(b"a\nb\n", 1, true)[0].cut_off);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn blocks_are_the_content(lens in prop::collection::vec(prop_oneof![
            8 => 0..300usize, 2 => 0..100_000usize, 1 => BLOCK_BYTES - 3..BLOCK_BYTES + 3,
            1 => MAX_LINE_BYTES - 2..MAX_LINE_BYTES + BLOCK_BYTES,
        ], 0..60), open_end: bool) {
            let mut content = Vec::new();
            for (i, len) in lens.iter().enumerate() {
                content.resize(content.len() + len, b'a' + (i % 26) as u8);
                content.push(b'\n');
            }
            if open_end {
                content.pop();
            }
            check(&content);
        }
    }
}
