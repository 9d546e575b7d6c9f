//! Counts by client and one more key, of which nearly every client has one: its user agent, its day.

use super::store::{Keyed, Table};

/// A client (row number in its partition), a key and a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TallyRow {
    pub(super) client: u32,
    pub(super) n: u32,
    pub(super) key: u64,
}

impl TallyRow {
    #[inline]
    fn hash(&self) -> u64 {
        self.key ^ u64::from(self.client).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Keyed for TallyRow {
    type Key = (u32, u64);
    #[inline]
    fn key(&self) -> (u32, u64) {
        (self.client, self.key)
    }
}

/// The smallest key of a client and its count, which stand in the client's own row: a table of them would cost a trip
/// to memory a request. The smallest, so that it does not matter which came first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Least {
    pub(super) key: u64,
    /// 0: there is no key yet.
    pub(super) n: u32,
}

impl Least {
    pub(super) const NONE: Self = Self { key: u64::MAX, n: 0 };
}

/// The counts of the other keys.
#[derive(Default)]
pub(super) struct Tallies {
    more: Table<TallyRow>,
}

impl Tallies {
    /// Adds to a count, and returns it. `least` is that of the client.
    #[inline]
    pub(super) fn add(&mut self, client: u32, least: &mut Least, key: u64, n: u32) -> u32 {
        if least.key == key {
            least.n = least.n.saturating_add(n);
            return least.n;
        }
        self.add_other(client, least, key, n)
    }

    fn add_other(&mut self, client: u32, least: &mut Least, mut key: u64, mut n: u32) -> u32 {
        let asked = key;
        if key < least.key {
            // A key below the smallest is new, and the smallest so far is in no row.
            std::mem::swap(&mut least.key, &mut key);
            std::mem::swap(&mut least.n, &mut n);
            if n == 0 {
                return least.n;
            }
        }
        let row = TallyRow { client, n: 0, key };
        let (_, row) = self.more.entry(row.hash(), row.key(), || row);
        row.n = row.n.saturating_add(n);
        if asked == least.key { least.n } else { row.n }
    }

    /// The counts that stand in no client's row.
    pub(super) fn more(&self) -> &[TallyRow] {
        self.more.rows()
    }

    pub(super) fn bytes(&self) -> usize {
        self.more.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    proptest::proptest! {
        #[test]
        fn counts_as_a_map_does(adds in proptest::collection::vec((0u32..4, 0u64..5, 1u32..9), 0..200)) {
            let (mut tallies, mut least, mut map) = (Tallies::default(), [Least::NONE; 4], BTreeMap::new());
            for (client, key, n) in adds {
                let now = tallies.add(client, &mut least[client as usize], key, n);
                let want = map.entry((client, key)).or_insert(0);
                *want += n;
                assert_eq!(now, *want);
            }
            let firsts = least.iter().zip(0u32..).filter(|(l, _)| l.n > 0).map(|(l, c)| ((c, l.key), l.n));
            let others = tallies.more().iter().map(|r| ((r.client, r.key), r.n));
            let all: BTreeMap<_, _> = firsts.chain(others).collect();
            assert_eq!(all, map);
        }
    }
}
