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

/// All lists. The same events end in the same lists whatever the order in which they come.
#[derive(Default)]
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
