//! Verdicts remembered per distinct string: a table that grows to its cap and then forgets, so a full one changes nothing
//! but the time it takes.
//!
//! A string is known by its 64-bit hash, as everywhere in the tables. The hash is seeded per run, all of it: nobody can
//! prepare two strings that share one, and a chance to meet one of the four in a row is 1 in 2^62 a look-up.

use coldtrail_simd::prefetch;

use super::class::{ClassSet, Verdict};

/// Slots that a string may be in: one cache line, so that strings that would displace each other forever do not.
const WAYS: usize = 4;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// 0 where it is empty.
    hash: u64,
    classes: ClassSet,
    score: u8,
    nth: u8,
}

/// The verdict on a field, and which of its values decided it, as counted by `values::visit`: 255 for all from there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) nth: u8,
}

/// Rows are cache lines.
#[derive(Debug)]
pub(super) struct Memo {
    rows: Vec<[Slot; WAYS]>,
    max_rows: usize,
    /// Which way is given up next.
    next: usize,
}

impl Memo {
    /// Most logs have few distinct strings, and a small table stays in the cache.
    const MIN_ROWS: usize = 64;

    /// `max_slots` is rounded up to a power of two.
    pub(super) fn new(max_slots: usize) -> Self {
        let max_rows = max_slots.div_ceil(WAYS).next_power_of_two();
        Self { rows: vec![<[Slot; WAYS]>::default(); max_rows.min(Self::MIN_ROWS)], max_rows, next: 0 }
    }

    /// The remembered verdict on the string with this hash.
    #[inline]
    pub(super) fn get(&self, hash: u64) -> Option<Judged> {
        let slot = self.rows[self.row(hash)].iter().find(|s| s.hash == hash).filter(|_| hash != 0)?;
        Some(Judged { verdict: Verdict { score: slot.score, classes: slot.classes }, nth: slot.nth })
    }

    pub(super) fn put(&mut self, hash: u64, judged: Judged) {
        let Judged { verdict: Verdict { score, classes }, nth } = judged;
        self.place(Slot { hash, classes, score, nth });
    }

    fn place(&mut self, slot: Slot) {
        let row = self.row(slot.hash);
        match self.rows[row].iter().position(|s| s.hash == 0) {
            Some(way) => self.rows[row][way] = slot,
            None if self.rows.len() < self.max_rows => {
                self.grow();
                self.place(slot);
            }
            None => {
                self.next = (self.next + 1) % WAYS;
                self.rows[row][self.next] = slot;
            }
        }
    }

    fn grow(&mut self) {
        let rows = vec![<[Slot; WAYS]>::default(); self.max_rows.min(self.rows.len() * 4)];
        let old = std::mem::replace(&mut self.rows, rows);
        old.into_iter().flatten().filter(|s| s.hash != 0).for_each(|s| self.place(s));
    }

    /// Fetches the row of a hash into the cache.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        prefetch(&self.rows, self.row(hash));
    }

    #[inline]
    fn row(&self, hash: u64) -> usize {
        hash as usize & (self.rows.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_before_it_forgets() {
        let mut memo = Memo::new(1 << 12);
        (1..1000u64).for_each(|i| memo.put(i << 32 | i, Judged { nth: i as u8, ..Judged::default() }));
        assert!((1..1000u64).all(|i| memo.get(i << 32 | i).is_some_and(|j| j.nth == i as u8)));
        assert!(memo.rows.len() > Memo::MIN_ROWS && memo.rows.len() <= memo.max_rows);
    }

    #[test]
    fn forgets_and_never_mistakes() {
        let mut memo = Memo::new(4);
        let bad = Judged { verdict: Verdict { score: 9, classes: ClassSet::EMPTY }, nth: 1 };
        memo.put(1, bad);
        assert_eq!((memo.get(1), memo.get(2), memo.get(0)), (Some(bad), None, None));
        for other in 2..9 {
            memo.put(other, Judged::default());
        }
        assert!(memo.get(1).is_none_or(|v| v == bad));
        assert_eq!(memo.get(8), Some(Judged::default()));
    }
}
