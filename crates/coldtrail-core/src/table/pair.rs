//! Which client asked for which page, exactly: 16 bytes a pair, in a table that is at most three quarters full.

use coldtrail_simd::prefetch;

/// One client and one page, with how the page was answered to this client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PairRow {
    pub page: u64,
    /// Row number of the client in its partition.
    pub client: u32,
    /// Bits of `PairRow::*`.
    pub bits: u8,
    /// Requests; `u16::MAX` stands for that many or more.
    pub n: u16,
}

impl PairRow {
    /// Answered 2xx or 304.
    pub const ANSWERED: u8 = 1;
    /// Answered 4xx or 5xx.
    pub const REFUSED: u8 = 2;
    /// Asked with a payload.
    pub const ATTACKED: u8 = 4;
    /// Set by `link`: the page was never answered to anybody.
    pub const MISSING: u8 = 8;
    /// Set by `link`: the page is in the probe vocabulary.
    pub const PROBE: u8 = 16;
    /// Asked with the number of a user in path or query.
    pub const USER: u8 = 32;
    /// Asked with a query.
    pub const QUERY: u8 = 64;
    /// Asked with a number in the query.
    pub const NUMBER: u8 = 128;

    /// No pair: no partition has so many clients.
    const NONE: Self = Self { page: 0, client: u32::MAX, bits: 0, n: 0 };

    /// The page is a hash already; the client is spread over all bits of it.
    #[inline]
    fn slot(&self, n_slots: usize) -> usize {
        let hash = self.page ^ u64::from(self.client).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash as usize & n_slots.wrapping_sub(1)
    }
}

/// All pairs of a partition.
#[derive(Default)]
pub struct Pairs {
    slots: Vec<PairRow>,
    len: usize,
}

impl Pairs {
    const MIN_SLOTS: usize = 8;

    #[inline]
    pub fn add(&mut self, row: PairRow) {
        if self.len * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let slot = find(&mut self.slots, &row);
        if slot.client == row.client {
            slot.bits |= row.bits;
            slot.n = slot.n.saturating_add(row.n);
        } else {
            *slot = row;
            self.len += 1;
        }
    }

    /// Fetches the slot of a pair into the cache.
    #[inline]
    pub fn prefetch(&self, page: u64, client: u32) {
        prefetch(&self.slots, PairRow { page, client, bits: 0, n: 0 }.slot(self.slots.len()));
    }

    #[cold]
    fn grow(&mut self) {
        let n = (self.slots.len() * 2).max(Self::MIN_SLOTS);
        for row in std::mem::replace(&mut self.slots, vec![PairRow::NONE; n]) {
            if row.client != PairRow::NONE.client {
                *find(&mut self.slots, &row) = row;
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = &PairRow> {
        self.slots.iter().filter(|r| r.client != PairRow::NONE.client)
    }

    pub fn merge(&mut self, other: Self, clients: &[u32]) {
        for row in other.rows() {
            self.add(PairRow { client: clients[row.client as usize], ..*row });
        }
    }

    /// All pairs, those of one client side by side, clients in the order of their row numbers. Leaves nothing here.
    pub fn take_by_client(&mut self, n_clients: usize) -> Vec<PairRow> {
        let table = std::mem::take(self);
        let mut next = vec![0u32; n_clients + 1];
        for row in table.rows() {
            next[row.client as usize + 1] += 1;
        }
        for i in 1..next.len() {
            next[i] += next[i - 1];
        }
        let mut rows = vec![PairRow::NONE; table.len];
        for row in table.rows() {
            let at = &mut next[row.client as usize];
            rows[*at as usize] = *row;
            *at += 1;
        }
        rows
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<PairRow>()
    }
}

/// The slot of a pair, or the empty one where it belongs.
#[inline]
fn find<'s>(slots: &'s mut [PairRow], row: &PairRow) -> &'s mut PairRow {
    let mut at = row.slot(slots.len());
    loop {
        let seen = slots[at];
        if seen.client == PairRow::NONE.client || (seen.page == row.page && seen.client == row.client) {
            return &mut slots[at];
        }
        at = (at + 1) & (slots.len() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    proptest::proptest! {
        #[test]
        fn a_set_of_pairs_by_client(adds in proptest::collection::vec((0u64..9, 0u32..7, 0u8..8, 1u16..9000), 0..300)) {
            let (mut pairs, mut map) = (Pairs::default(), BTreeMap::new());
            for (page, client, bits, n) in adds {
                pairs.add(PairRow { page, client, bits, n });
                let mine = map.entry((client, page)).or_insert((0, 0u16));
                *mine = (mine.0 | bits, mine.1.saturating_add(n));
            }
            assert_eq!(pairs.len(), map.len());
            let mut rows = pairs.take_by_client(7);
            assert!(rows.is_sorted_by_key(|r| r.client) && pairs.is_empty());
            rows.sort_by_key(|r| (r.client, r.page));
            assert!(rows.iter().map(|r| ((r.client, r.page), (r.bits, r.n))).eq(map));
        }
    }
}
