//! Which client asked for which page, exactly: 16 bytes a pair.

use hashbrown::HashTable;

/// One client and one page, with how the page was answered to this client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PairRow {
    pub page: u64,
    /// Row number of the client in its partition.
    pub client: u32,
    /// Bits of `PairRow::*`.
    pub bits: u8,
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

    fn hash(&self) -> u64 {
        // The page is a hash already; spread the client over all bits of it.
        self.page ^ u64::from(self.client).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// All pairs of a partition.
#[derive(Default)]
pub struct Pairs {
    table: HashTable<PairRow>,
}

impl Pairs {
    #[inline]
    pub fn add(&mut self, row: PairRow) {
        self.table
            .entry(row.hash(), |p| p.page == row.page && p.client == row.client, PairRow::hash)
            .and_modify(|p| p.bits |= row.bits)
            .or_insert(row);
    }

    pub fn merge(&mut self, other: Self, clients: &[u32]) {
        for row in other.table {
            self.add(PairRow { client: clients[row.client as usize], ..row });
        }
    }

    /// All pairs, those of one client side by side, clients in the order of their row numbers. Leaves nothing here.
    pub fn take_by_client(&mut self, n_clients: usize) -> Vec<PairRow> {
        let table = std::mem::take(&mut self.table);
        let mut next = vec![0u32; n_clients + 1];
        for row in &table {
            next[row.client as usize + 1] += 1;
        }
        for i in 1..next.len() {
            next[i] += next[i - 1];
        }
        let mut rows = vec![PairRow { page: 0, client: 0, bits: 0 }; table.len()];
        for row in table {
            let at = &mut next[row.client as usize];
            rows[*at as usize] = row;
            *at += 1;
        }
        rows
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.table.capacity() * 17
    }
}
