//! The two stores under every table: rows found by hash, and text kept once.

use coldtrail_simd::prefetch;

/// A row with a key, and the key's hash.
pub trait Keyed {
    type Key: PartialEq + Copy;
    fn key(&self) -> Self::Key;
}

/// Rows in insertion order with an index by hash: open addressing, at most three quarters full.
///
/// A slot holds 32 bits of the hash, so that growing the index reads no row, and a row is only looked at where they
/// agree. What is about to be used can be fetched ahead: first the slots of many hashes, then their rows.
pub struct Table<R> {
    slots: Vec<Slot>,
    rows: Vec<R>,
}

#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    row: u32,
}

const EMPTY: Slot = Slot { tag: 0, row: u32::MAX };

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { slots: Vec::new(), rows: Vec::new() }
    }
}

impl<R: Keyed> Table<R> {
    const MIN_SLOTS: usize = 8;
    const MANY_ROWS: usize = 4096;

    /// The row of `key` and its number, made by `new` if it is not there yet.
    #[inline]
    pub fn entry(&mut self, hash: u64, key: R::Key, new: impl FnOnce() -> R) -> (u32, &mut R) {
        if self.rows.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let (tag, mask) = (hash as u32, self.slots.len() - 1);
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.row == EMPTY.row {
                let row = u32::try_from(self.rows.len()).expect("a partition holds fewer than 2^32 rows");
                self.slots[at] = Slot { tag, row };
                // Many rows grow by a quarter: they are most of the memory, and doubling leaves up to half of it unused.
                if self.rows.len() == self.rows.capacity() {
                    let n = self.rows.len();
                    let more = if n < Self::MANY_ROWS { n } else { n / 4 };
                    self.rows.reserve_exact(more + Self::MIN_SLOTS);
                }
                self.rows.push(new());
                return (row, &mut self.rows[row as usize]);
            }
            if slot.tag == tag && self.rows[slot.row as usize].key() == key {
                return (slot.row, &mut self.rows[slot.row as usize]);
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let n = (self.slots.len() * 2).max(Self::MIN_SLOTS);
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; n]);
        for slot in old.into_iter().filter(|s| s.row != EMPTY.row) {
            let mut at = slot.tag as usize & (n - 1);
            while self.slots[at].row != EMPTY.row {
                at = (at + 1) & (n - 1);
            }
            self.slots[at] = slot;
        }
    }

    #[inline]
    pub fn find(&self, hash: u64, key: R::Key) -> Option<u32> {
        let (tag, mask) = (hash as u32, self.slots.len().checked_sub(1)?);
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.row == EMPTY.row {
                return None;
            }
            if slot.tag == tag && self.rows[slot.row as usize].key() == key {
                return Some(slot.row);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    pub fn get(&self, hash: u64, key: R::Key) -> Option<&R> {
        self.find(hash, key).map(|i| &self.rows[i as usize])
    }

    /// Fetches the slot of a hash into the cache.
    #[inline]
    pub fn prefetch_slot(&self, hash: u64) {
        prefetch(&self.slots, hash as u32 as usize & self.slots.len().wrapping_sub(1));
    }

    /// Fetches the row of a hash into the cache; its slot should be there already.
    #[inline]
    pub fn prefetch_row(&self, hash: u64) {
        if let Some(slot) = self.slots.get(hash as u32 as usize & self.slots.len().wrapping_sub(1)) {
            prefetch(&self.rows, slot.row as usize);
        }
    }

    #[inline]
    pub fn row(&self, index: u32) -> &R {
        &self.rows[index as usize]
    }

    #[inline]
    pub fn row_mut(&mut self, index: u32) -> &mut R {
        &mut self.rows[index as usize]
    }

    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    pub fn rows_mut(&mut self) -> &mut [R] {
        &mut self.rows
    }

    pub fn into_rows(self) -> Vec<R> {
        self.rows
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<R>() + self.slots.capacity() * size_of::<Slot>()
    }
}

/// Where a text lies in a [`Text`] store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TextRef {
    start: u32,
    len: u16,
}

/// Texts one behind the other. A text longer than [`Text::MAX_BYTES`] is cut: its hash still tells it from others.
#[derive(Default)]
pub struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// Cap on one text, bytes: longer paths exist only in attacks, and their lines are kept as evidence in full.
    pub const MAX_BYTES: usize = 2048;
    /// Cap on all texts of a partition, bytes (what `TextRef` can address). Beyond it new keys have no text.
    const MAX_STORE: usize = u32::MAX as usize;

    pub fn push(&mut self, text: &[u8]) -> TextRef {
        let text = &text[..text.len().min(Self::MAX_BYTES)];
        if self.bytes.len() + text.len() > Self::MAX_STORE {
            return TextRef::default();
        }
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        TextRef { start, len: text.len() as u16 }
    }

    pub fn get(&self, at: TextRef) -> &[u8] {
        &self.bytes[at.start as usize..at.start as usize + at.len as usize]
    }

    pub fn bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    struct Row(u64, u32);

    impl Keyed for Row {
        type Key = u64;
        fn key(&self) -> u64 {
            self.0
        }
    }

    proptest::proptest! {
        /// Few tags, so that keys share them and rows stand side by side.
        #[test]
        fn counts_as_a_map_does(keys in proptest::collection::vec(0u64..200, 0..600)) {
            let hash = |key: u64| key % 37 * 5;
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for key in keys {
                let (index, row) = table.entry(hash(key), key, || Row(key, 0));
                row.1 += 1;
                assert_eq!(table.find(hash(key), key), Some(index));
                *map.entry(key).or_insert(0u32) += 1;
            }
            assert_eq!(table.len(), map.len());
            assert!((0..200).all(|k| table.get(hash(k), k).map(|r| r.1) == map.get(&k).copied()));
        }
    }
}
