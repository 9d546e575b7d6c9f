//! Bounded lists of events, one for each selector.

use crate::table::{Event, Selector};
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// The events of one selector.
#[derive(Default)]
struct List {
    cap: usize,
    events: Vec<Event>,
}

/// All lists. The same events end in the same lists whatever the order in which they come and however they are
/// split; a merge is between lists with one sample key.
pub struct Events {
    lists: BTreeMap<Selector, List>,
    /// Key of the hash that picks the baseline sample.
    sample_key: u64,
}

impl Events {
    /// Empty lists with their caps. `sample_key` comes from the inputs, so that a run can be repeated and a log line
    /// cannot be made to be in the sample or out of it.
    pub fn new(caps: impl IntoIterator<Item = (Selector, usize)>, sample_key: u64) -> Self {
        let mut lists: BTreeMap<Selector, List> = BTreeMap::new();
        for (selector, cap) in caps {
            let list = lists.entry(selector).or_default();
            list.cap = list.cap.max(cap);
        }
        Self { lists, sample_key }
    }

    pub fn selectors(&self) -> impl Iterator<Item = (Selector, usize)> + '_ {
        self.lists.iter().map(|(s, l)| (*s, l.cap))
    }

    pub fn wants(&self, selector: Selector) -> bool {
        self.lists.contains_key(&selector)
    }

    /// Adds an event to the list of `selector`, if there is one.
    pub fn add(&mut self, selector: Selector, event: &Event) {
        let Some(list) = self.lists.get_mut(&selector) else { return };
        list.events.push(event.clone());
        if list.events.len() >= 2 * list.cap.max(64) {
            trim(selector, list, self.sample_key);
        }
    }

    /// Cuts every list to its cap. To be called when all events are in.
    pub fn settle(&mut self) {
        for (selector, list) in &mut self.lists {
            trim(*selector, list, self.sample_key);
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (selector, theirs) in other.lists {
            let list = self.lists.entry(selector).or_default();
            list.cap = list.cap.max(theirs.cap);
            list.events.extend(theirs.events);
            trim(selector, list, self.sample_key);
        }
    }

    /// The events of several selectors in one list, each once, sorted by time, then place.
    pub fn of(&self, selectors: impl IntoIterator<Item = Selector>) -> Vec<Event> {
        let mut events: Vec<Event> = selectors
            .into_iter()
            .filter_map(|s| self.lists.get(&s))
            .flat_map(|l| l.events.iter().cloned())
            .collect();
        events.sort_by_key(|e| (e.ts_us, e.at));
        events.dedup_by_key(|e| e.at);
        events
    }
}

fn trim(selector: Selector, list: &mut List, sample_key: u64) {
    if list.events.len() <= list.cap {
        return;
    }
    if let Selector::PageBaseline(_) = selector {
        let hasher = foldhash::quality::FixedState::with_seed(sample_key);
        list.events.sort_by_cached_key(|e| (hasher.hash_one((e.at.input, e.at.offset)), e.at));
    } else {
        list.events.sort_by_key(|e| (e.ts_us, e.at));
    }
    list.events.truncate(list.cap);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::attack::Verdict;
    use crate::record::{ClientKey, Metric, Role};
    use crate::table::{Locus, Method};
    use proptest::prelude::*;

    const KEY: u64 = 17;

    fn event(offset: u64) -> Event {
        Event {
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
        }
    }

    fn gathered(selector: Selector, offsets: &[u64]) -> Events {
        let mut events = Events::new([(selector, 70)], KEY);
        offsets.iter().for_each(|o| events.add(selector, &event(*o)));
        events.settle();
        events
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_keep_the_same_events(
            mut offsets in proptest::collection::hash_set(0u64..100_000, 0..500)
                .prop_map(|s| s.into_iter().collect::<Vec<_>>()),
            cut in 0usize..500,
        ) {
            for selector in [Selector::Page(1), Selector::PageBaseline(1)] {
                let whole = gathered(selector, &offsets).of([selector]);
                let (a, b) = offsets.split_at(cut.min(offsets.len()));
                let mut parts = gathered(selector, b);
                parts.merge(gathered(selector, a));
                prop_assert_eq!(&parts.of([selector]), &whole);
                offsets.reverse();
                prop_assert_eq!(&gathered(selector, &offsets).of([selector]), &whole);
                prop_assert_eq!(whole.len(), offsets.len().min(70));
            }
        }
    }
}
