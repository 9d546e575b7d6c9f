//! What an actor's evidence needs to know about the pages that it shares with everybody.
//!
//! Each pair of client and page picks up from its page whether anybody was ever given it and whether scanners ask for
//! it; each page counts its clients. It never changes what the first pass has counted.

mod agents;
mod facts;
mod soft_404;

pub use facts::{AgentGroup, HostFacts, LinkedClient};

use crate::parallel::each;
use crate::table::{PageRow, PairRow, Partition, partition};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// The links of all partitions.
pub struct Links {
    /// By partition: pairs of one client side by side.
    pub pairs: Vec<Vec<PairRow>>,
    /// By partition and row number of the client.
    pub clients: Vec<Vec<LinkedClient>>,
    /// By the agent's partition, in the order of the hash.
    pub agent_groups: Vec<Vec<AgentGroup>>,
    /// By hash of the name.
    pub hosts: BTreeMap<u64, HostFacts>,
    /// Some host answers what is not there with success or a redirect.
    pub hides_missing: bool,
}

/// Links the tables. The pairs are moved out of them.
pub fn link(partitions: &mut [Partition], threads: usize) -> Links {
    let hides_missing = soft_404::mark(partitions, threads);
    let mut pairs: Vec<Vec<PairRow>> =
        each(partitions, threads, |p| p.pairs.take_by_client(p.clients.table.len()));
    let n_clients: Vec<Vec<AtomicU32>> =
        partitions.iter().map(|p| p.pages.table.rows().iter().map(|_| AtomicU32::new(0)).collect()).collect();
    let mut parts: Vec<_> = pairs.iter_mut().zip(partitions.iter()).collect();
    let clients = each(&mut parts, threads, |(pairs, part)| {
        let mut clients = vec![LinkedClient::default(); part.clients.table.len()];
        ask_pages(pairs, partitions, &n_clients);
        pairs.iter().for_each(|pair| clients[pair.client as usize].add(pair.bits));
        clients
    });
    for (part, counts) in partitions.iter_mut().zip(n_clients) {
        for (page, n) in part.pages.table.rows_mut().iter_mut().zip(counts) {
            page.n_clients = n.into_inner();
        }
    }
    let agent_groups = agents::groups(partitions, &pairs, &clients, hides_missing, threads);
    Links { clients, agent_groups, hosts: hosts(partitions), pairs, hides_missing }
}

/// The pairs of one client among those of its partition, by its row number.
pub(crate) fn pairs_of(pairs: &[PairRow], client: u32) -> &[PairRow] {
    let start = pairs.partition_point(|p| p.client < client);
    let n = pairs[start..].iter().take_while(|p| p.client == client).count();
    &pairs[start..start + n]
}

/// Sets the bits that pairs get from their pages, and counts the clients of each page, by partition and row.
fn ask_pages(pairs: &mut [PairRow], partitions: &[Partition], n_clients: &[Vec<AtomicU32>]) {
    /// Pages lie anywhere in memory: those of so many pairs are fetched at one go.
    const BATCH: usize = 64;
    let pages_of = |pair: &PairRow| &partitions[partition(pair.page)].pages.table;
    for batch in pairs.chunks_mut(BATCH) {
        batch.iter().for_each(|pair| pages_of(pair).prefetch_slot(pair.page));
        batch.iter().for_each(|pair| pages_of(pair).prefetch_row(pair.page));
        for pair in batch {
            let pages = pages_of(pair);
            let Some(index) = pages.find(pair.page, pair.page) else { continue };
            n_clients[partition(pair.page)][index as usize].fetch_add(1, Ordering::Relaxed);
            let page = pages.row(index);
            pair.bits = linked_bits(pair.bits, page);
        }
    }
}

/// The bits of a pair, with what its page adds.
pub(crate) fn linked_bits(mut bits: u8, page: &PageRow) -> u8 {
    if page.is_soft_missing {
        bits = bits & !PairRow::ANSWERED | PairRow::REFUSED;
    }
    if bits & PairRow::REFUSED != 0 && !page.is_answered() {
        bits |= PairRow::MISSING;
    }
    if page.is_probe { bits | PairRow::PROBE } else { bits }
}

fn hosts(partitions: &[Partition]) -> BTreeMap<u64, HostFacts> {
    let mut hosts: BTreeMap<u64, HostFacts> = BTreeMap::new();
    for row in partitions.iter().flat_map(|p| p.contacts.table.rows()) {
        let host = hosts.entry(row.host).or_default();
        host.n_clients += 1;
        host.n_requests += u64::from(row.n_requests);
        host.bytes_down = host.bytes_down.saturating_add(row.bytes_down);
        host.bytes_up = host.bytes_up.saturating_add(row.bytes_up);
    }
    hosts
}

/// Settles what the first pass left in the order of arrival: the times of contacts.
pub fn settle(partitions: &mut [Partition], threads: usize) {
    each(partitions, threads, |part| {
        for row in part.contacts.table.rows_mut() {
            row.times.settle();
        }
    });
}
