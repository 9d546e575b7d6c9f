//! Observations on their way to the partitions.

use super::observation::{Carried, ClientObservation, ContactObservation, PageObservation};
use crate::enrich::attack::RuleSet;
use crate::table::{PARTITIONS, Partition, Text, Visits};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The partitions that all workers share.
pub struct Partitions {
    locks: Vec<Mutex<Partition>>,
    n_visits: AtomicUsize,
}

impl Default for Partitions {
    fn default() -> Self {
        Self { locks: (0..PARTITIONS).map(|_| Mutex::default()).collect(), n_visits: AtomicUsize::new(0) }
    }
}

impl Partitions {
    /// Runs `f` on one partition. A worker that panicked inside has applied some observations and not others; the
    /// run has then lost a block, which the caller reports, and the rest is still worth having.
    pub fn with<R>(&self, index: usize, f: impl FnOnce(&mut Partition) -> R) -> R {
        f(&mut self.locks[index].lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn into_inner(self) -> Vec<Partition> {
        self.locks.into_iter().map(|l| l.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    /// Bytes held by all partitions.
    pub fn bytes(&self) -> usize {
        (0..PARTITIONS).map(|i| self.with(i, |p| p.bytes())).sum()
    }
}

/// Observations that are applied at one go. 96 of one kind are about 8 KiB, so that the buffers of all partitions
/// stay within a megabyte and a half and a partition's lock is taken once in many lines.
const FLUSH_AT: usize = 96;

#[derive(Default)]
struct Lane {
    clients: Vec<ClientObservation>,
    pages: Vec<PageObservation>,
    contacts: Vec<ContactObservation>,
    texts: Vec<u8>,
}

impl Lane {
    fn is_full(&self) -> bool {
        self.clients.len() >= FLUSH_AT
            || self.pages.len() >= FLUSH_AT
            || self.contacts.len() >= FLUSH_AT
            || self.texts.len() >= 64 * 1024
    }

    fn flush(&mut self, index: usize, to: &Partitions, rules: &RuleSet, numbers: &mut Vec<u32>) {
        let n_visits = to.n_visits.fetch_add(self.clients.len(), Ordering::Relaxed);
        to.with(index, |part| {
            if n_visits > Visits::MAX {
                part.visits.close();
            }
            ClientObservation::apply_all(&self.clients, part, &self.texts, numbers);
            PageObservation::apply_all(&self.pages, part, &self.texts, rules);
            self.contacts.iter().for_each(|o| o.apply(part, &self.texts));
        });
        self.clients.clear();
        self.pages.clear();
        self.contacts.clear();
        self.texts.clear();
    }
}

/// One worker's buffers.
pub(super) struct Router<'a> {
    to: &'a Partitions,
    rules: &'a RuleSet,
    lanes: Vec<Lane>,
    /// Hashes whose text was sent lately, direct-mapped: a text travels again only when it was crowded out.
    sent: Vec<u64>,
    /// Scratch space of a flush.
    numbers: Vec<u32>,
}

impl<'a> Router<'a> {
    const SENT: usize = 1 << 14;

    pub(super) fn new(to: &'a Partitions, rules: &'a RuleSet) -> Self {
        Self {
            to,
            rules,
            lanes: (0..PARTITIONS).map(|_| Lane::default()).collect(),
            sent: vec![0; Self::SENT],
            numbers: Vec::new(),
        }
    }

    /// Whether the text of `hash` was sent lately; notes that it is now.
    #[inline]
    pub(super) fn is_known(&mut self, hash: u64) -> bool {
        let slot = &mut self.sent[hash as usize % Self::SENT];
        std::mem::replace(slot, hash) == hash
    }

    /// Puts two texts into the buffer of a partition.
    pub(super) fn carry(&mut self, index: usize, first: &[u8], second: &[u8]) -> Carried {
        let texts = &mut self.lanes[index].texts;
        let (first, second) =
            (&first[..first.len().min(Text::MAX_BYTES)], &second[..second.len().min(Text::MAX_BYTES)]);
        let start = texts.len() as u32;
        texts.extend_from_slice(first);
        texts.extend_from_slice(second);
        Carried { start, first: first.len() as u16, second: second.len() as u16 }
    }

    #[inline]
    pub(super) fn client(&mut self, index: usize, observation: ClientObservation) {
        self.lanes[index].clients.push(observation);
        self.settle(index);
    }

    #[inline]
    pub(super) fn page(&mut self, index: usize, observation: PageObservation) {
        self.lanes[index].pages.push(observation);
        self.settle(index);
    }

    pub(super) fn contact(&mut self, index: usize, observation: ContactObservation) {
        self.lanes[index].contacts.push(observation);
        self.settle(index);
    }

    #[inline]
    fn settle(&mut self, index: usize) {
        if self.lanes[index].is_full() {
            self.lanes[index].flush(index, self.to, self.rules, &mut self.numbers);
        }
    }

    pub(super) fn finish(&mut self) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            lane.flush(index, self.to, self.rules, &mut self.numbers);
        }
    }
}
