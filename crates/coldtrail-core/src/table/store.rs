//! The two stores under every table: rows found by hash, and text kept once.

use hashbrown::HashTable;

/// A row with a key. The hash is kept in the row, so that growing a table does not hash again.
pub trait Keyed {
    type Key: PartialEq + Copy;
    fn key(&self) -> Self::Key;
    fn hash(&self) -> u64;
}

/// Rows in insertion order with a hash index of 32-bit row numbers.
pub struct Table<R> {
    slots: HashTable<u32>,
    rows: Vec<R>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { slots: HashTable::new(), rows: Vec::new() }
    }
}

impl<R: Keyed> Table<R> {
    /// The row of `key` and its number, made by `new` if it is not there yet.
    #[inline]
    pub fn entry(&mut self, hash: u64, key: R::Key, new: impl FnOnce() -> R) -> (u32, &mut R) {
        let rows = &mut self.rows;
        let found = self.slots.entry(hash, |&i| rows[i as usize].key() == key, |&i| rows[i as usize].hash());
        let index = match found {
            hashbrown::hash_table::Entry::Occupied(slot) => *slot.get(),
            hashbrown::hash_table::Entry::Vacant(slot) => {
                let index = u32::try_from(rows.len()).expect("a partition holds fewer than 2^32 rows");
                slot.insert(index);
                rows.push(new());
                index
            }
        };
        (index, &mut self.rows[index as usize])
    }

    #[inline]
    pub fn find(&self, hash: u64, key: R::Key) -> Option<u32> {
        self.slots.find(hash, |&i| self.rows[i as usize].key() == key).copied()
    }

    pub fn get(&self, hash: u64, key: R::Key) -> Option<&R> {
        self.find(hash, key).map(|i| &self.rows[i as usize])
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
        self.rows.capacity() * size_of::<R>() + self.slots.capacity() * 6
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
