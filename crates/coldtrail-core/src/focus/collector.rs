//! Bounded lists of events, one for each selector.

use crate::table::{Event, Locus, Selector};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// The events of one selector, and what decides which are kept.
struct List {
    cap: usize,
    events: Vec<Event>,
    /// The last place that was kept at the latest cut: what comes behind it need not be looked at.
    last: Option<Place>,
}

/// Events beyond its cap that a list takes before it is cut, events, with a quarter of the cap.
const MIN_OVER: usize = 16;

/// The place of an event in the order by which a list is cut: the earliest are kept.
type Place = (i64, Locus);

/// All lists. The same events end in the same lists whatever the order in which they come and however they are
/// split; a merge is between lists of the same selectors.
pub struct Events {
    lists: Vec<List>,
    by_selector: HashMap<Selector, u32, foldhash::fast::RandomState>,
}

impl Events {
    /// Empty lists with their caps.
    pub fn new(caps: impl IntoIterator<Item = (Selector, usize)>) -> Self {
        let mut largest: BTreeMap<Selector, usize> = BTreeMap::new();
        for (selector, cap) in caps {
            let mine = largest.entry(selector).or_default();
            *mine = (*mine).max(cap);
        }
        let by_selector = largest.keys().copied().zip(0..).collect();
        let list = |cap| List { cap, events: Vec::new(), last: None };
        Self { lists: largest.into_values().map(list).collect(), by_selector }
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
        list.last.is_none_or(|last| (ts_us, at) < last)
    }

    pub fn add(&mut self, list: u32, event: Event) {
        let list = &mut self.lists[list as usize];
        list.events.push(event);
        if list.events.len() >= list.cap + list.cap / 4 + MIN_OVER {
            list.cut();
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.lists.iter_mut().zip(other.lists) {
            mine.events.extend(theirs.events);
            mine.cut();
        }
    }

    /// Cuts every list to its cap and sorts it by time, then place. To be called when all events are in.
    pub fn settle(&mut self) {
        for list in &mut self.lists {
            list.cut();
            list.events.sort_by_key(|e| (e.ts_us, e.at));
        }
    }

    /// The events of one selector, sorted by time, then place.
    pub fn of(&self, selector: Selector) -> &[Event] {
        self.list_of(selector).map_or(&[], |l| &self.lists[l as usize].events)
    }
}

impl List {
    fn cut(&mut self) {
        if self.events.len() <= self.cap {
            return;
        }
        self.events.sort_unstable_by_key(|e| (e.ts_us, e.at));
        self.events.truncate(self.cap);
        self.last = self.events.last().map(|e| (e.ts_us, e.at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::attack::Verdict;
    use crate::record::{ClientKey, Metric, Role};
    use crate::table::{EventData, Method};
    use proptest::prelude::*;

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
            duration_us: Metric::NONE,
            verdict: Verdict::NONE,
            content: crate::enrich::Content::NONE,
            skeleton: 0,
            payload_len: 0,
            target: Box::default(),
        })
    }

    fn gathered(selector: Selector, offsets: &[u64]) -> Events {
        let mut events = Events::new([(selector, 70)]);
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
            let selector = Selector::Page(1);
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
