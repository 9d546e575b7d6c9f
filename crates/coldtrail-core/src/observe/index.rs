//! What the first pass notes of each block, so that the second reads and parses only what may be wanted.

use super::keys::{RecordHashes, RecordKeys};
use crate::record::Rec;
use std::ops::Range;

/// What is known of a block.
#[derive(Default)]
pub enum BlockKeys {
    /// It was not looked at: any key may be in it.
    #[default]
    Unknown,
    /// By line.
    Lines(LineKeys),
    /// Of all lines together: a Bloom filter with one hash. A key that is there is always found; one that is not is
    /// told so the more often, the fewer keys the block has.
    Bloom(Box<[u64; Self::BITS / 64]>),
}

impl BlockKeys {
    const BITS: usize = 2048;

    /// For a block of these lines, none of which has a key yet.
    pub(super) fn lines(records: &[Rec]) -> Self {
        Self::Lines(LineKeys::new(records))
    }

    pub(super) fn bloom() -> Self {
        Self::Bloom(Box::new([0; Self::BITS / 64]))
    }

    /// Notes a line that is parsed whatever is wanted: a directive, or a change of the site.
    #[inline]
    pub(super) fn always(&mut self, line: usize) {
        if let Self::Lines(lines) = self {
            lines.keys[line] = LineKey::ALWAYS;
        }
    }

    #[inline]
    pub(super) fn add(
        &mut self,
        line: usize,
        is_refused: bool,
        is_odd: bool,
        key: &RecordKeys<'_>,
        hashes: &RecordHashes,
    ) {
        match self {
            Self::Lines(lines) => lines.keys[line] = LineKey::of(hashes.client, key.page, is_refused, is_odd),
            Self::Bloom(bits) => {
                for hash in [hashes.client, hashes.network, key.page, hashes.agent, key.host_hash] {
                    let bit = Self::bit(hash);
                    bits[bit / 64] |= 1 << (bit % 64);
                }
            }
            Self::Unknown => {}
        }
    }

    fn bit(hash: u64) -> usize {
        (hash >> 32) as usize % Self::BITS
    }

    /// Whether a line that the filter lets pass, or that has one of these keys, may be in the block; without `hashes`
    /// it may have any.
    pub(crate) fn may_have(&self, filter: &LineFilter, hashes: Option<&[u64]>) -> bool {
        match self {
            Self::Lines(lines) => lines.keys.iter().any(|key| filter.lets_pass(*key)),
            Self::Bloom(bits) => hashes.is_none_or(|hashes| {
                hashes.iter().map(|h| Self::bit(*h)).any(|bit| bits[bit / 64] & 1 << (bit % 64) != 0)
            }),
            Self::Unknown => true,
        }
    }

    /// The next lines that are to be read, from line `from` on, which is 0 or the end of the stretch before: all, if it
    /// is not known what is in which line.
    pub(crate) fn next_wanted(
        &self,
        filter: &LineFilter,
        hashes: Option<&[u64]>,
        from: usize,
    ) -> Option<Stretch> {
        match self {
            Self::Lines(lines) => lines.next_wanted(filter, from),
            _ => (from == 0 && self.may_have(filter, hashes)).then(|| self.all()),
        }
    }

    /// The whole block.
    pub(crate) fn all(&self) -> Stretch {
        let n = if let Self::Lines(lines) = self { lines.keys.len() } else { usize::MAX };
        Stretch { lines: 0..n, start: 0, end: None }
    }

    /// The keys of some lines, if they are known by line.
    pub fn of(&self, lines: &Range<usize>) -> Option<&[LineKey]> {
        let Self::Lines(all) = self else { return None };
        all.keys.get(lines.clone())
    }
}

/// The keys of all lines of a block, and where every so many lines begin.
pub struct LineKeys {
    keys: Vec<LineKey>,
    starts: Vec<u32>,
}

/// Lines that stand together in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    pub lines: Range<usize>,
    /// Where their bytes begin.
    pub start: u32,
    /// Where their bytes end; none: with the block.
    pub end: Option<u32>,
}

impl LineKeys {
    /// Lines that are read together.
    const STEP: usize = 8;
    /// Cap on bytes between wanted ones that are read along, bytes: about what a read of its own costs.
    const MAX_GAP: u32 = 8 << 10;

    fn new(records: &[Rec]) -> Self {
        Self {
            keys: vec![LineKey::default(); records.len()],
            starts: records.iter().step_by(Self::STEP).map(|r| r.line.start() as u32).collect(),
        }
    }

    fn next_wanted(&self, filter: &LineFilter, from: usize) -> Option<Stretch> {
        let is_wanted = |step: &usize| {
            let lines = &self.keys[step * Self::STEP..];
            lines.iter().take(Self::STEP).any(|key| filter.lets_pass(*key))
        };
        let n = self.starts.len();
        let first = (from.div_ceil(Self::STEP)..n).find(is_wanted)?;
        let mut end = first + 1;
        while let Some(next) =
            (end..n).take_while(|step| self.starts[*step] - self.starts[end] <= Self::MAX_GAP).find(is_wanted)
        {
            end = next + 1;
        }
        Some(Stretch {
            lines: first * Self::STEP..self.keys.len().min(end * Self::STEP),
            start: self.starts[first],
            end: self.starts.get(end).copied(),
        })
    }
}

/// The client of a line and its page, 15 bits of each hash, and two flags.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct LineKey(u32);

impl LineKey {
    const REFUSED: u32 = 1 << 30;
    const ODD: u32 = 1 << 31;
    /// Any line may have it.
    const ALWAYS: Self = Self(u32::MAX);

    #[inline]
    fn of(client: u64, page: u64, is_refused: bool, is_odd: bool) -> Self {
        let flags = if is_refused { Self::REFUSED } else { 0 } | if is_odd { Self::ODD } else { 0 };
        Self(slot(client) << 15 | slot(page) | flags)
    }

    /// Whether the line has an attack or a weak sign of one; none if that was not noted.
    pub(crate) fn is_odd(self) -> Option<bool> {
        (self != Self::ALWAYS).then_some(self.0 & Self::ODD != 0)
    }

    fn client(self) -> u32 {
        self.0 >> 15 & (Slots::N - 1)
    }

    fn page(self) -> u32 {
        self.0 & (Slots::N - 1)
    }
}

#[inline]
fn slot(hash: u64) -> u32 {
    (hash >> 32) as u32 & (Slots::N - 1)
}

/// A set of hashes by 15 of their bits: other hashes may seem to be in it, none that is in it seems not to be.
pub(crate) struct Slots(Vec<u64>);

impl Slots {
    const N: u32 = 1 << 15;

    pub(crate) fn add(&mut self, hash: u64) {
        self.0[slot(hash) as usize / 64] |= 1 << (slot(hash) % 64);
    }

    #[inline]
    fn has(&self, slot: u32) -> bool {
        self.0[slot as usize / 64] & 1 << (slot % 64) != 0
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self(vec![0; Self::N as usize / 64])
    }
}

/// Which lines are wanted. A line that is wanted is always let pass, and a few others are too.
#[derive(Default)]
pub(crate) struct LineFilter {
    pub(crate) clients: Slots,
    /// Of these only lines with a status from 400 on.
    pub(crate) clients_refused: Slots,
    /// Of these only odd lines.
    pub(crate) clients_odd: Slots,
    pub(crate) pages: Slots,
    /// Of these only odd lines.
    pub(crate) pages_odd: Slots,
    /// Of these only lines that are not odd, with a status below 400.
    pub(crate) pages_ordinary: Slots,
    /// Of these clients only lines of one of these pages.
    pub(crate) contact_clients: Slots,
    pub(crate) contact_pages: Slots,
}

impl LineFilter {
    #[inline]
    pub(crate) fn lets_pass(&self, key: LineKey) -> bool {
        let (client, page) = (key.client(), key.page());
        let (is_refused, is_odd) = (key.0 & LineKey::REFUSED != 0, key.0 & LineKey::ODD != 0);
        self.pages.has(page)
            || self.clients.has(client)
            || (is_refused && self.clients_refused.has(client))
            || (is_odd && (self.pages_odd.has(page) || self.clients_odd.has(client)))
            || (!is_odd && !is_refused && self.pages_ordinary.has(page))
            || (self.contact_clients.has(client) && self.contact_pages.has(page))
            || key == LineKey::ALWAYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Lines of one length; stretches have every wanted line, in order, and no gap that is too wide.
        #[test]
        fn stretches_cover_what_is_wanted(
            n in 1usize..2000,
            wanted in proptest::collection::btree_set(0usize..2000, 0..20),
        ) {
            const LINE: usize = 200;
            let mut keys = vec![LineKey::default(); n];
            wanted.range(..n).for_each(|line| keys[*line] = LineKey::ALWAYS);
            let starts = (0..n).step_by(LineKeys::STEP).map(|line| (line * LINE) as u32).collect();
            let keys = BlockKeys::Lines(LineKeys { keys, starts });
            let filter = LineFilter::default();
            let (mut from, mut seen) = (0, Vec::new());
            while let Some(Stretch { lines, start, end }) = keys.next_wanted(&filter, None, from) {
                assert!(lines.start >= from && lines.end > lines.start && lines.end <= n);
                assert_eq!(start as usize, lines.start * LINE);
                assert_eq!(end.map_or(n * LINE, |e| e as usize), lines.end * LINE);
                assert!(from == 0 || (lines.start - from) * LINE > LineKeys::MAX_GAP as usize - LineKeys::STEP * LINE);
                let mut mine = wanted.range(lines.clone()).peekable();
                assert!(mine.peek().is_some());
                seen.extend(mine.copied());
                from = lines.end;
            }
            assert!(seen.iter().eq(wanted.range(..n)));
        }
    }

    fn hashes(n: u64) -> impl Iterator<Item = u64> {
        (1..=n).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    #[test]
    fn a_bloom_filter_never_denies_a_key_that_is_there() {
        let mut bits = [0u64; BlockKeys::BITS / 64];
        hashes(200).map(BlockKeys::bit).for_each(|bit| bits[bit / 64] |= 1 << (bit % 64));
        let keys = BlockKeys::Bloom(Box::new(bits));
        fn may_have(keys: &BlockKeys, hashes: Option<&[u64]>) -> bool {
            keys.may_have(&LineFilter::default(), hashes)
        }
        assert!(hashes(200).all(|h| may_have(&keys, Some(&[1 << 40, h]))));
        assert!(may_have(&keys, None) && may_have(&BlockKeys::Unknown, Some(&[])));
        assert!(!may_have(&BlockKeys::bloom(), Some(&[1 << 40])));
    }

    #[test]
    fn wanted_lines_pass_and_most_others_do_not() {
        let mut filter = LineFilter::default();
        hashes(100).for_each(|h| filter.pages.add(h));
        hashes(300).skip(200).for_each(|h| filter.clients.add(h));
        hashes(400).skip(300).for_each(|h| filter.clients_refused.add(h));
        filter.clients_odd.add(80 << 32);
        filter.pages_odd.add(81 << 32);
        filter.pages_ordinary.add(82 << 32);
        filter.contact_clients.add(78 << 32);
        filter.contact_pages.add(79 << 32);
        let passes =
            |client, page, is_refused| filter.lets_pass(LineKey::of(client, page, is_refused, false));
        let other = 77 << 32;
        for (i, hash) in hashes(400).enumerate() {
            assert!(i >= 100 || passes(other, hash, false));
            assert!(!(200..300).contains(&i) || passes(hash, other, false));
            assert!(i < 300 || passes(hash, other, true));
        }
        for (client, page, want) in
            [(80, 77, [false, true]), (77, 81, [false, true]), (77, 82, [true, false])]
        {
            let passes = |is_odd| filter.lets_pass(LineKey::of(client << 32, page << 32, false, is_odd));
            assert_eq!([passes(false), passes(true)], want);
        }
        assert!(!passes(77 << 32, 82 << 32, true));
        assert!(passes(78 << 32, 79 << 32, false) && !passes(other, 79 << 32, true));
        let n_others =
            hashes(9000).skip(1000).filter(|h| filter.lets_pass(LineKey::of(*h, *h, false, false))).count();
        assert!(n_others < 400, "{n_others}");
        assert!(filter.lets_pass(LineKey::ALWAYS) && !filter.lets_pass(LineKey::default()));
    }
}
