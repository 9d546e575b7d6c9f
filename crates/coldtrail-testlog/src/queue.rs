//! Servers write a line when the answer is finished. Traffic is made hour by hour; what is finished later waits here.

use crate::request::Request;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Requests that were made and not yet written.
#[derive(Default)]
pub struct Queue {
    waiting: BinaryHeap<Reverse<Entry>>,
    pushed: u64,
}

struct Entry {
    order: (i64, u64),
    request: Request,
}

impl Queue {
    /// Takes a request.
    pub fn push(&mut self, request: Request) {
        self.pushed += 1;
        self.waiting.push(Reverse(Entry { order: (request.end_us(), self.pushed), request }));
    }

    /// The next request that is finished before `until_us`; equal times keep the order in which they came.
    pub fn pop_before(&mut self, until_us: i64) -> Option<Request> {
        if self.waiting.peek()?.0.order.0 >= until_us {
            return None;
        }
        self.waiting.pop().map(|entry| entry.0.request)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Extend<Request> for Queue {
    fn extend<T: IntoIterator<Item = Request>>(&mut self, requests: T) {
        requests.into_iter().for_each(|request| self.push(request));
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.order == other.order
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        self.order.cmp(&other.order)
    }
}
