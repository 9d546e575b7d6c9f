//! Verdicts remembered per distinct string: a direct-mapped table that compares the bytes, so a verdict is never
//! another string's, and that only ever forgets, so a full table changes nothing but the time it takes.

use super::class::{ClassSet, Verdict};

/// The string's length, where it came from and its verdict; the bytes lie apart, so that a miss costs one cache line.
#[derive(Clone, Copy, Default, Debug)]
struct Head {
    tag: u32,
    classes: ClassSet,
    len: u16,
    variant: u8,
    score: u8,
}

#[derive(Debug)]
pub(super) struct Memo {
    heads: Vec<Head>,
    bytes: Vec<u8>,
    stride: usize,
    mask: usize,
}

impl Memo {
    /// `slots` is rounded up to a power of two; strings longer than `stride` bytes are not remembered.
    pub(super) fn new(slots: usize, stride: usize) -> Self {
        let slots = slots.next_power_of_two();
        Self { heads: vec![Head::default(); slots], bytes: vec![0; slots * stride], stride, mask: slots - 1 }
    }

    /// The remembered verdict on this string. `variant` tells apart strings that are judged differently.
    #[inline]
    pub(super) fn get(&self, hash: u64, text: &[u8], variant: u8) -> Option<Verdict> {
        let slot = hash as usize & self.mask;
        let head = &self.heads[slot];
        let hit = head.tag == tag(hash) && usize::from(head.len) == text.len() && head.variant == variant;
        if hit && self.bytes.get(slot * self.stride..slot * self.stride + text.len()) == Some(text) {
            return Some(Verdict { score: head.score, classes: head.classes });
        }
        None
    }

    pub(super) fn put(&mut self, hash: u64, text: &[u8], variant: u8, verdict: Verdict) {
        if text.is_empty() || text.len() > self.stride {
            return;
        }
        let slot = hash as usize & self.mask;
        self.bytes[slot * self.stride..slot * self.stride + text.len()].copy_from_slice(text);
        self.heads[slot] = Head {
            tag: tag(hash),
            classes: verdict.classes,
            len: text.len() as u16,
            variant,
            score: verdict.score,
        };
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_belongs_to_its_bytes() {
        let mut memo = Memo::new(4, 8);
        let bad = Verdict { score: 9, classes: ClassSet::EMPTY };
        memo.put(1, b"abc", 0, bad);
        assert_eq!(memo.get(1, b"abc", 0), Some(bad));
        assert_eq!(memo.get(1, b"abd", 0), None, "same hash, other bytes");
        assert_eq!(memo.get(1, b"abc", 1), None, "judged under other rules");
        memo.put(1, b"xyz", 0, Verdict::NONE);
        assert_eq!(memo.get(1, b"abc", 0), None, "displaced, not mistaken");
        memo.put(2, b"longer than a slot", 0, bad);
        assert_eq!(memo.get(2, b"longer than a slot", 0), None);
    }
}
