//! When a client contacted a host: exact seconds, within a bound that does not blur them.

use std::hash::{BuildHasher, Hash};

/// Distinct seconds of contacts. Within [`Times::MAX`] all are kept; beyond, whole days are kept in the order of
/// their hash while their sum fits, and the other days keep nothing. Seconds are never rounded: a memoryless visitor
/// rounded to 128 s looks periodic. Which days stay is a function of all the seconds, not of their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Times {
    /// Key of the hash of days.
    key: u64,
    seconds: Vec<u32>,
    sorted: usize,
    /// Days whose hash is not below this are not kept; 0 stands for no limit.
    limit: u64,
}

impl Times {
    /// Cap on distinct seconds kept.
    pub const MAX: usize = 4096;

    /// `whose` decides which days stay; it is what the log says, so that every run keeps the same.
    pub fn new(whose: impl Hash) -> Self {
        let key = foldhash::quality::FixedState::with_seed(0).hash_one(whose);
        Self { key, seconds: Vec::new(), sorted: 0, limit: 0 }
    }

    pub fn add(&mut self, ts_s: u32) {
        if self.seconds.last() == Some(&ts_s) || self.is_dropped(ts_s) {
            return;
        }
        self.seconds.push(ts_s);
        if self.seconds.len() - self.sorted > Self::MAX.max(self.sorted) {
            self.settle();
        }
    }

    pub fn merge(&mut self, other: &Self) {
        if other.limit != 0 {
            self.limit = if self.limit == 0 { other.limit } else { self.limit.min(other.limit) };
        }
        self.seconds.extend_from_slice(&other.seconds);
        self.settle();
    }

    /// Sorts, removes doubles and keeps to the cap. To be called before `seconds`.
    pub fn settle(&mut self) {
        let mut seconds = std::mem::take(&mut self.seconds);
        seconds.sort_unstable();
        seconds.dedup();
        if self.limit != 0 {
            seconds.retain(|s| !self.is_dropped(*s));
        }
        if seconds.len() > Self::MAX {
            let mut days: Vec<(u64, usize)> = seconds
                .chunk_by(|a, b| a / 86_400 == b / 86_400)
                .map(|d| (day_hash(d[0], self.key), d.len()))
                .collect();
            days.sort_unstable();
            let mut sum = 0;
            for (hash, n) in days {
                sum += n;
                if sum > Self::MAX {
                    self.limit = hash;
                    break;
                }
            }
            seconds.retain(|s| !self.is_dropped(*s));
        }
        self.sorted = seconds.len();
        self.seconds = seconds;
    }

    fn is_dropped(&self, ts_s: u32) -> bool {
        self.limit != 0 && day_hash(ts_s, self.key) >= self.limit
    }

    /// The kept seconds, ascending (after `settle`).
    pub fn seconds(&self) -> &[u32] {
        &self.seconds
    }

    /// Some days were left out.
    pub fn is_sampled(&self) -> bool {
        self.limit != 0
    }

    pub fn bytes(&self) -> usize {
        self.seconds.capacity() * 4
    }
}

fn day_hash(ts_s: u32, key: u64) -> u64 {
    foldhash::quality::FixedState::with_seed(key).hash_one(ts_s / 86_400).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_and_any_split_end_the_same(
            mut seconds in proptest::collection::vec(0u32..86_400 * 12, 0..9000),
            cut in 0usize..9000,
        ) {
            let fill = |s: &[u32]| { let mut t = Times::new(7); s.iter().for_each(|x| t.add(*x)); t.settle(); t };
            let whole = fill(&seconds);
            let cut = cut.min(seconds.len());
            let mut parts = fill(&seconds[cut..]);
            parts.merge(&fill(&seconds[..cut]));
            prop_assert_eq!(&parts, &whole);
            seconds.reverse();
            prop_assert_eq!(&fill(&seconds), &whole);
            prop_assert!(whole.seconds().len() <= Times::MAX);
        }
    }
}
