//! What pages answer to requests without a payload: a sample by page, gathered by the second pass.

use super::Locus;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// A full answer, with 200 and a body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Answer {
    /// As in [`super::EventData::ts_us`].
    pub ts_us: i64,
    pub bytes: u64,
}

/// Ordinary answers of some pages. The same answers make the same sample whatever the order in which they come and
/// however they are split; a merge is between samples with one key and the same pages.
#[derive(Default)]
pub struct Ordinary {
    samples: Vec<Sample>,
    by_page: HashMap<u64, u32, foldhash::fast::RandomState>,
    sample_key: u64,
}

/// The answers of one page with the lowest hashes.
struct Sample {
    cap: usize,
    answers: Vec<(u64, Answer)>,
    /// The highest hash that was kept at the latest cut: what is above need not be looked at.
    last: Option<u64>,
}

impl Ordinary {
    /// Answers beyond its cap that a sample takes before it is cut, answers, with half of the cap.
    const MIN_OVER: usize = 16;

    /// Empty samples of pages, with their caps. `sample_key` comes from the inputs, so that a run can be repeated and a
    /// log line cannot be made to be in the sample or out of it.
    pub fn new(caps: impl IntoIterator<Item = (u64, usize)>, sample_key: u64) -> Self {
        let mut largest: BTreeMap<u64, usize> = BTreeMap::new();
        for (page, cap) in caps {
            let mine = largest.entry(page).or_default();
            *mine = (*mine).max(cap);
        }
        let by_page = largest.keys().copied().zip(0..).collect();
        let sample = |cap| Sample { cap, answers: Vec::new(), last: None };
        Self { samples: largest.into_values().map(sample).collect(), by_page, sample_key }
    }

    /// The number of a page's sample, if it has one.
    pub fn number_of(&self, page: u64) -> Option<u32> {
        self.by_page.get(&page).copied()
    }

    pub fn add(&mut self, number: u32, at: Locus, answer: Answer) {
        let hasher = foldhash::quality::FixedState::with_seed(self.sample_key);
        let hash = hasher.hash_one((at.input, at.offset));
        let sample = &mut self.samples[number as usize];
        if sample.last.is_some_and(|last| hash > last) {
            return;
        }
        sample.answers.push((hash, answer));
        if sample.answers.len() >= sample.cap + sample.cap / 2 + Self::MIN_OVER {
            sample.cut();
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.samples.iter_mut().zip(other.samples) {
            mine.answers.extend(theirs.answers);
            mine.cut();
        }
    }

    /// Cuts every sample to its cap. To be called when all answers are in.
    pub fn settle(&mut self) {
        self.samples.iter_mut().for_each(Sample::cut);
    }

    /// The answers of a page, in no order.
    pub fn of(&self, page: u64) -> impl Iterator<Item = Answer> + Clone + '_ {
        let sample = self.number_of(page).map(|number| &self.samples[number as usize]);
        sample.into_iter().flat_map(|s| s.answers.iter().map(|(_, answer)| *answer))
    }
}

impl Sample {
    fn cut(&mut self) {
        if self.answers.len() <= self.cap {
            return;
        }
        self.answers.select_nth_unstable(self.cap);
        self.answers.truncate(self.cap);
        self.last = self.answers.iter().map(|(hash, _)| *hash).max();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_and_any_split_keep_the_same_answers(
            mut offsets in proptest::collection::hash_set(0u64..100_000, 0..500)
                .prop_map(|s| s.into_iter().collect::<Vec<_>>()),
            cut in 0usize..500,
        ) {
            let gathered = |offsets: &[u64]| {
                let mut ordinary = Ordinary::new([(9, 50), (9, 70), (8, 1)], 17);
                let number = ordinary.number_of(9).expect("a sample");
                for offset in offsets {
                    let at = Locus { input: 0, offset: *offset, line: 1, len: 1 };
                    ordinary.add(number, at, Answer { ts_us: (*offset % 7) as i64, bytes: *offset });
                }
                ordinary
            };
            let settled = |mut ordinary: Ordinary| {
                ordinary.settle();
                let mut answers: Vec<Answer> = ordinary.of(9).collect();
                answers.sort_unstable();
                answers
            };
            let whole = settled(gathered(&offsets));
            prop_assert_eq!(whole.len(), offsets.len().min(70));
            let (a, b) = offsets.split_at(cut.min(offsets.len()));
            let mut parts = gathered(b);
            parts.merge(gathered(a));
            prop_assert_eq!(&settled(parts), &whole);
            offsets.reverse();
            prop_assert_eq!(&settled(gathered(&offsets)), &whole);
        }
    }
}
