//! Verdicts remembered per distinct string: a table that compares the bytes, so a verdict is never another string's, and
//! that only ever forgets, so a full table changes nothing but the time it takes.

use super::class::{ClassSet, Verdict};

/// Slots that a string may be in: side by side, so that strings that would displace each other forever do not.
const WAYS: usize = 4;
/// Bytes of a slot before the string: classes, score, variant, length.
const HEAD_BYTES: usize = 8;

#[derive(Debug)]
pub(super) struct Memo {
    /// Part of the hash of what is in each slot, 0 where it is empty: small enough to stay in the cache, so that a
    /// string that is not there costs no trip to memory, and one that is costs one.
    tags: Vec<[u16; WAYS]>,
    slots: Vec<u8>,
    stride: usize,
    mask: usize,
    /// Which way is given up next.
    next: usize,
}

impl Memo {
    /// `slots` is rounded up to a power of two; strings longer than `stride - 8` bytes are not remembered.
    pub(super) fn new(slots: usize, stride: usize) -> Self {
        let rows = slots.div_ceil(WAYS).next_power_of_two();
        Self {
            tags: vec![[0; WAYS]; rows],
            slots: vec![0; rows * WAYS * stride],
            stride,
            mask: rows - 1,
            next: 0,
        }
    }

    /// The remembered verdict on this string. `variant` tells apart strings that are judged differently.
    #[inline]
    pub(super) fn get(&self, hash: u64, text: &[u8], variant: u8) -> Option<Verdict> {
        let row = hash as usize & self.mask;
        for (way, _) in self.tags[row].iter().enumerate().filter(|(_, t)| **t == tag(hash)) {
            let slot = &self.slots[self.slot(row, way)];
            let [c0, c1, c2, c3, score, v, l0, l1] = *slot.first_chunk::<HEAD_BYTES>()?;
            let len = usize::from(u16::from_le_bytes([l0, l1]));
            if v == variant && slot.get(HEAD_BYTES..HEAD_BYTES + len) == Some(text) {
                return Some(Verdict {
                    score,
                    classes: ClassSet::from_bits(u32::from_le_bytes([c0, c1, c2, c3])),
                });
            }
        }
        None
    }

    pub(super) fn put(&mut self, hash: u64, text: &[u8], variant: u8, verdict: Verdict) {
        if text.is_empty() || text.len() + HEAD_BYTES > self.stride {
            return;
        }
        let row = hash as usize & self.mask;
        let way = self.tags[row].iter().position(|t| *t == 0).unwrap_or_else(|| {
            self.next = (self.next + 1) % WAYS;
            self.next
        });
        self.tags[row][way] = tag(hash);
        let range = self.slot(row, way);
        let slot = &mut self.slots[range];
        slot[..4].copy_from_slice(&verdict.classes.bits().to_le_bytes());
        slot[4..6].copy_from_slice(&[verdict.score, variant]);
        slot[6..HEAD_BYTES].copy_from_slice(&(text.len() as u16).to_le_bytes());
        slot[HEAD_BYTES..HEAD_BYTES + text.len()].copy_from_slice(text);
    }

    fn slot(&self, row: usize, way: usize) -> std::ops::Range<usize> {
        let at = (row * WAYS + way) * self.stride;
        at..at + self.stride
    }
}

/// Never 0.
fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_belongs_to_its_bytes() {
        let mut memo = Memo::new(4, 16);
        let bad = Verdict { score: 9, classes: ClassSet::EMPTY };
        memo.put(1, b"abc", 0, bad);
        assert_eq!(memo.get(1, b"abc", 0), Some(bad));
        assert_eq!(memo.get(1, b"abd", 0), None, "same hash, other bytes");
        assert_eq!(memo.get(1, b"abc", 1), None, "judged under other rules");
        for other in [b"xyz", b"xyy", b"xxy", b"xxx"] {
            memo.put(1, other, 0, Verdict::NONE);
        }
        assert!(memo.get(1, b"abc", 0).is_none_or(|v| v == bad), "displaced, not mistaken");
        assert_eq!(memo.get(1, b"xxx", 0), Some(Verdict::NONE));
        memo.put(2, b"longer than a slot", 0, bad);
        assert_eq!(memo.get(2, b"longer than a slot", 0), None);
    }
}
