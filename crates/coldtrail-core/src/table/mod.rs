//! What is remembered of all requests.
//!
//! Every key belongs to one of [`PARTITIONS`] partitions by its hash. A partition is filled by many threads in any
//! order and still ends the same, because everything in it merges in any order and grouping: sums, minima, maxima,
//! unions, sets. `merge(split(x)) = whole(x)` is a test of every table.

mod agent;
mod client;
mod contact;
mod event;
mod keys;
mod ordinary;
mod page;
mod pair;
mod reply;
mod store;
mod tally;
mod times;
mod totals;
mod visits;

pub use agent::{AgentRow, Agents};
pub use client::{ClientRow, Clients, Use};
pub use contact::{ContactRow, Contacts};
pub use event::{Event, EventData, Locus, Method, Selector, merged};
pub use keys::Keys;
pub use ordinary::{Answer, Ordinary};
pub use page::{PageRow, Pages, StatusClass, StatusSpan};
pub use pair::{PairRow, Pairs};
pub use reply::{Moment, Replies, Reply, Tally};
pub use store::{Keyed, Table, Text};
pub use times::Times;
pub use totals::{HourRow, InputTotals, Totals};
pub use visits::Visits;

/// Number of hash partitions. 64 keeps the tables of one partition inside a core's L2 cache up to some millions of
/// keys, and gives every thread of a large machine one of its own to merge.
pub const PARTITIONS: usize = 64;

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
    pub visits: Visits,
    pub pages: Pages,
    pub agents: Agents,
    pub contacts: Contacts,
}

impl Partition {
    /// Takes in another filling of the same partition.
    pub fn merge(&mut self, other: Self) {
        let clients = self.clients.merge(other.clients);
        self.pairs.merge(other.pairs, &clients);
        self.visits.merge(other.visits, &clients);
        self.pages.merge(other.pages);
        self.agents.merge(&other.agents);
        self.contacts.merge(other.contacts);
    }

    /// Bytes held, near enough to keep to a budget.
    pub fn bytes(&self) -> usize {
        self.clients.bytes()
            + self.pairs.bytes()
            + self.visits.bytes()
            + self.pages.bytes()
            + self.agents.bytes()
            + self.contacts.bytes()
    }
}
