//! Bounded lists of events, one for each selector.

use crate::table::{Event, Locus, Selector};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// The events of one selector, and what decides which are kept.
struct List {
    selector: Selector,
    cap: usize,
    events: Vec<Event>,
    /// The last place that was kept at the latest cut: what comes behind it need not be looked at.
    last: Option<Place>,
}

/// Events beyond its cap that a list takes before it is cut, events, with a quarter of the cap.
const MIN_OVER: usize = 16;

/// The place of an event in the order by which a list is cut: the lowest are kept.
type Place = (i64, Locus);

/// All lists. The same events end in the same lists whatever the order in which they come and however they are
/// split; a merge is between lists with one sample key.
pub struct Events {
    lists: Vec<List>,
    by_selector: HashMap<Selector, u32, foldhash::fast::RandomState>,
    /// Key of the hash that picks the baseline sample.
    sample_key: u64,
}

impl Events {
    /// Empty lists with their caps. `sample_key` comes from the inputs, so that a run can be repeated and a log line
    /// cannot be made to be in the sample or out of it.
    pub fn new(caps: impl IntoIterator<Item = (Selector, usize)>, sample_key: u64) -> Self {
        let mut largest: BTreeMap<Selector, usize> = BTreeMap::new();
        for (selector, cap) in caps {
            let mine = largest.entry(selector).or_default();
            *mine = (*mine).max(cap);
        }
        let by_selector = largest.keys().copied().zip(0..).collect();
        let list = |(selector, cap)| List { selector, cap, events: Vec::new(), last: None };
        Self { lists: largest.into_iter().map(list).collect(), by_selector, sample_key }
    }

    /// The number of the list of a selector, if there is one.
    #[inline]
    pub fn list_of(&self, selector: Selector) -> Option<u32> {
        self.by_selector.get(&selector).copied()
    }

    /// Whether the list would keep an event of this time and place, by what it holds already.
    #[inline]
    pub fn admits(&self, list: u32, ts_us: i64, at: Locus) -> bool {
        let list = &self.lists[list as usize];
        list.last.is_none_or(|last| place(list.selector, ts_us, at, self.sample_key) < last)
    }

    pub fn add(&mut self, list: u32, event: Event) {
        let list = &mut self.lists[list as usize];
        list.events.push(event);
        if list.events.len() >= list.cap + list.cap / 4 + MIN_OVER {
            list.cut(self.sample_key);
        }
    }

    pub fn merge(&mut self, other: Self) {
        for theirs in other.lists {
            let Some(list) = self.list_of(theirs.selector) else { continue };
            let list = &mut self.lists[list as usize];
            list.events.extend(theirs.events);
            list.cut(self.sample_key);
        }
    }

    /// Cuts every list to its cap and sorts it by time, then place. To be called when all events are in.
    pub fn settle(&mut self) {
        for list in &mut self.lists {
            list.cut(self.sample_key);
            list.events.sort_by_key(|e| (e.ts_us, e.at));
        }
    }

    /// The events of one selector, sorted by time, then place.
    pub fn of(&self, selector: Selector) -> &[Event] {
        self.list_of(selector).map_or(&[], |l| &self.lists[l as usize].events)
    }
}

impl List {
    fn cut(&mut self, sample_key: u64) {
        if self.events.len() <= self.cap {
            return;
        }
        let selector = self.selector;
        self.events.sort_by_cached_key(|e| place(selector, e.ts_us, e.at, sample_key));
        self.events.truncate(self.cap);
        self.last = self.events.last().map(|e| place(selector, e.ts_us, e.at, sample_key));
    }
}

/// Sequences keep the earliest, baselines the lowest by a hash that nobody can foresee.
#[inline]
fn place(selector: Selector, ts_us: i64, at: Locus, sample_key: u64) -> Place {
    match selector {
        Selector::PageBaseline(_) => {
            let hasher = foldhash::quality::FixedState::with_seed(sample_key);
            (hasher.hash_one((at.input, at.offset)) as i64, at)
        }
        _ => (ts_us, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::attack::Verdict;
    use crate::record::{ClientKey, Metric, Role};
    use crate::table::{EventData, Method};
    use proptest::prelude::*;

    const KEY: u64 = 17;

    fn event(offset: u64) -> Event {
        Event::new(EventData {
            ts_us: (offset % 7) as i64,
            at: Locus { input: 0, offset, line: offset, len: 1 },
            client: ClientKey::parse(b"203.0.113.9"),
            page: 1,
            agent: 1,
            host: 0,
            role: Role::Server,
            status_code: 200,
            method: Method::Get,
            bytes_out: Metric::new(offset),
            bytes_in: Metric::NONE,
            verdict: Verdict::NONE,
            skeleton: 0,
            payload_len: 0,
            target: Box::default(),
        })
    }

    fn gathered(selector: Selector, offsets: &[u64]) -> Events {
        let mut events = Events::new([(selector, 70)], KEY);
        for event in offsets.iter().map(|o| event(*o)) {
            if events.admits(0, event.ts_us, event.at) {
                events.add(0, event);
            }
        }
        events
    }

    fn settled(mut events: Events, selector: Selector) -> Vec<Event> {
        events.settle();
        events.of(selector).to_vec()
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_keep_the_same_events(
            mut offsets in proptest::collection::hash_set(0u64..100_000, 0..500)
                .prop_map(|s| s.into_iter().collect::<Vec<_>>()),
            cut in 0usize..500,
        ) {
            for selector in [Selector::Page(1), Selector::PageBaseline(1)] {
                let whole = settled(gathered(selector, &offsets), selector);
                let (a, b) = offsets.split_at(cut.min(offsets.len()));
                let mut parts = gathered(selector, b);
                parts.merge(gathered(selector, a));
                prop_assert_eq!(&settled(parts, selector), &whole);
                offsets.reverse();
                prop_assert_eq!(&settled(gathered(selector, &offsets), selector), &whole);
                prop_assert_eq!(whole.len(), offsets.len().min(70));
            }
        }
    }
}
