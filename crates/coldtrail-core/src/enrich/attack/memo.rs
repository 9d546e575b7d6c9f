//! Verdicts remembered per distinct string: a table that only ever forgets, so a full one changes nothing but the time
//! it takes.
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
    /// Which way is given up next.
    next: usize,
}

impl Memo {
    /// `slots` is rounded up to a power of two.
    pub(super) fn new(slots: usize) -> Self {
        Self { rows: vec![<[Slot; WAYS]>::default(); slots.div_ceil(WAYS).next_power_of_two()], next: 0 }
    }

    /// The remembered verdict on the string with this hash.
    #[inline]
    pub(super) fn get(&self, hash: u64) -> Option<Judged> {
        let slot = self.rows[self.row(hash)].iter().find(|s| s.hash == hash).filter(|_| hash != 0)?;
        Some(Judged { verdict: Verdict { score: slot.score, classes: slot.classes }, nth: slot.nth })
    }

    pub(super) fn put(&mut self, hash: u64, judged: Judged) {
        let row = self.row(hash);
        let way = self.rows[row].iter().position(|s| s.hash == 0).unwrap_or_else(|| {
            self.next = (self.next + 1) % WAYS;
            self.next
        });
        let Judged { verdict: Verdict { score, classes }, nth } = judged;
        self.rows[row][way] = Slot { hash, classes, score, nth };
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
