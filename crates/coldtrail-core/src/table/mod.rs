//! What is remembered of all requests.
//!
//! Every key belongs to one of [`PARTITIONS`] partitions by its hash. A partition is filled by many threads in any
//! order and still ends the same, because everything in it merges in any order and grouping: sums, minima, maxima,
//! unions, sets. `merge(split(x)) = whole(x)` is a test of every table.

mod agent;
mod client;
mod contact;
mod event;
mod page;
mod pair;
mod store;
mod times;
mod totals;

pub use agent::{AgentRow, Agents, UseRow};
pub use client::{ClientRow, Clients};
pub use contact::{ContactRow, Contacts};
pub use event::{Event, Locus, Method, Selector};
pub use page::{PageRow, Pages, StatusClass, StatusSpan};
pub use pair::{PairRow, Pairs};
pub use store::{Keyed, Table, Text};
pub use times::Times;
pub use totals::{HourRow, InputTotals, Totals};

use crate::record::ClientKey;
use std::hash::BuildHasher;

/// Number of hash partitions. 64 keeps the tables of one partition inside a core's L2 cache up to some millions of
/// keys, and gives every thread of a large machine one of its own to merge.
pub const PARTITIONS: usize = 64;

/// The hashes of table keys, seeded once per run so that nobody can prepare colliding keys.
#[derive(Clone, Copy)]
pub struct Keys {
    seed: u64,
}

impl Keys {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    #[inline]
    fn hash<T: std::hash::Hash + ?Sized>(self, kind: u64, value: &T) -> u64 {
        foldhash::quality::FixedState::with_seed(self.seed ^ kind).hash_one(value)
    }

    #[inline]
    pub fn client(self, client: ClientKey) -> u64 {
        self.hash(1, &client.words())
    }

    #[inline]
    pub fn page(self, host: &[u8], path: &[u8]) -> u64 {
        self.hash(2, path) ^ if host.is_empty() { 0 } else { self.host(host).rotate_left(17) }
    }

    #[inline]
    pub fn host(self, host: &[u8]) -> u64 {
        self.hash(3, host)
    }

    #[inline]
    pub fn agent(self, method: &[u8], user_agent: &[u8]) -> u64 {
        self.hash(4, user_agent) ^ self.hash(5, method).rotate_left(29)
    }

    /// The partition of a client: that of its network, so that an address and its neighbours meet.
    #[inline]
    pub fn client_partition(self, client: ClientKey) -> usize {
        partition(self.client(client.network()))
    }
}

/// The partition of a hash: its top bits, which tables do not use for their slots.
#[inline]
pub fn partition(hash: u64) -> usize {
    (hash >> 58) as usize
}

/// All tables of one partition.
#[derive(Default)]
pub struct Partition {
    pub clients: Clients,
    pub pairs: Pairs,
    pub pages: Pages,
    pub agents: Agents,
    pub contacts: Contacts,
}

impl Partition {
    /// Takes in another filling of the same partition.
    pub fn merge(&mut self, other: Self) {
        let clients = self.clients.merge(other.clients);
        self.pairs.merge(other.pairs, &clients);
        self.pages.merge(other.pages);
        for client in self.agents.merge(other.agents, &clients) {
            self.clients.table.row_mut(client).is_clean = true;
        }
        self.contacts.merge(other.contacts);
    }

    /// Bytes held, near enough to keep to a budget.
    pub fn bytes(&self) -> usize {
        self.clients.bytes()
            + self.pairs.bytes()
            + self.pages.bytes()
            + self.agents.bytes()
            + self.contacts.bytes()
    }
}
