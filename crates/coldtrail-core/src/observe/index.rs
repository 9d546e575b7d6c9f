//! What the first pass notes of each block, so that the second reads and parses only what may be wanted.

/// The keys of a block and of its lines.
#[derive(Clone, Default)]
pub struct BlockKeys {
    /// A Bloom filter with one hash over the keys of all lines. 2,048 bits: a key that is there is always found; one
    /// that is not is told so the more often, the fewer keys the block has.
    any: Vec<u64>,
    /// By line; empty if they were not kept.
    lines: Vec<LineKey>,
}

impl BlockKeys {
    const BITS: usize = 2048;

    /// For a block of so many lines, none of which has a key yet.
    pub(super) fn new(n_lines: usize) -> Self {
        Self { any: vec![0; Self::BITS / 64], lines: vec![LineKey::default(); n_lines] }
    }

    #[inline]
    pub(super) fn add(&mut self, hash: u64) {
        let bit = (hash >> 32) as usize % Self::BITS;
        self.any[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    pub(super) fn set_line(&mut self, line: usize, key: LineKey) {
        self.lines[line] = key;
    }

    /// Whether a line may have this key: always so if the block was never looked at.
    #[inline]
    pub fn may_have(&self, hash: u64) -> bool {
        let bit = (hash >> 32) as usize % Self::BITS;
        self.any.get(bit / 64).is_none_or(|word| word & 1 << (bit % 64) != 0)
    }

    /// By line; empty if they are not known.
    pub fn lines(&self) -> &[LineKey] {
        &self.lines
    }

    /// Forgets what is known of single lines.
    pub fn forget_lines(&mut self) {
        self.lines = Vec::new();
    }
}

/// The client of a line and its page, 15 bits of each hash, and two flags.
#[derive(Clone, Copy, Default)]
pub struct LineKey(u32);

impl LineKey {
    const REFUSED: u32 = 1 << 30;
    /// A line that is parsed whatever is wanted: a directive, or a change of the site.
    pub(super) const ALWAYS: Self = Self(1 << 31);

    #[inline]
    pub(super) fn of(client: u64, page: u64, is_refused: bool) -> Self {
        Self(slot(client) << 15 | slot(page) | if is_refused { Self::REFUSED } else { 0 })
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
    pub(crate) pages: Slots,
    /// Of these clients only lines of one of these pages.
    pub(crate) contact_clients: Slots,
    pub(crate) contact_pages: Slots,
}

impl LineFilter {
    #[inline]
    pub(crate) fn lets_pass(&self, key: LineKey) -> bool {
        let (client, page) = (key.client(), key.page());
        self.pages.has(page)
            || self.clients.has(client)
            || (key.0 & LineKey::REFUSED != 0 && self.clients_refused.has(client))
            || (self.contact_clients.has(client) && self.contact_pages.has(page))
            || key.0 & LineKey::ALWAYS.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(n: u64) -> impl Iterator<Item = u64> {
        (1..=n).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    #[test]
    fn block_keys_never_deny_a_key_that_is_there() {
        let mut keys = BlockKeys::new(0);
        hashes(200).for_each(|h| keys.add(h));
        assert!(hashes(200).all(|h| keys.may_have(h)));
        assert!(!BlockKeys::new(0).may_have(1 << 40));
        assert!(BlockKeys::default().may_have(1 << 40));
    }

    #[test]
    fn wanted_lines_pass_and_most_others_do_not() {
        let mut filter = LineFilter::default();
        hashes(100).for_each(|h| filter.pages.add(h));
        hashes(300).skip(200).for_each(|h| filter.clients.add(h));
        hashes(400).skip(300).for_each(|h| filter.clients_refused.add(h));
        filter.contact_clients.add(78 << 32);
        filter.contact_pages.add(79 << 32);
        let passes = |client, page, is_refused| filter.lets_pass(LineKey::of(client, page, is_refused));
        let other = 77 << 32;
        for (i, hash) in hashes(400).enumerate() {
            assert!(i >= 100 || passes(other, hash, false));
            assert!(!(200..300).contains(&i) || passes(hash, other, false));
            assert!(i < 300 || passes(hash, other, true));
        }
        assert!(passes(78 << 32, 79 << 32, false) && !passes(other, 79 << 32, true));
        let n_others =
            hashes(9000).skip(1000).filter(|h| filter.lets_pass(LineKey::of(*h, *h, false))).count();
        assert!(n_others < 400, "{n_others}");
        assert!(filter.lets_pass(LineKey::ALWAYS) && !filter.lets_pass(LineKey::default()));
    }
}
