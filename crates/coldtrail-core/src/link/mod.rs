//! What an actor's evidence needs to know about the pages that it shares with everybody.
//!
//! Each pair of client and page picks up from its page whether anybody was ever given it and whether scanners ask for
//! it; each page counts its clients. It never changes what the first pass has counted.

mod facts;

pub use facts::{AgentGroup, HostFacts, LinkedClient};

use crate::record::ClientKey;
use crate::table::{PARTITIONS, PairRow, Partition, Use, partition};
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
}

/// Links the tables. The pairs are moved out of them.
pub fn link(partitions: &mut [Partition], threads: usize) -> Links {
    let mut pairs: Vec<Vec<PairRow>> =
        each(partitions, threads, |p| p.pairs.take_by_client(p.clients.table.len()));
    let n_clients = count_clients(partitions, &mut pairs, threads);
    for (part, counts) in partitions.iter_mut().zip(n_clients) {
        for (page, n) in part.pages.table.rows_mut().iter_mut().zip(counts) {
            page.n_clients = n.into_inner();
        }
    }
    let clients =
        pairs.iter().zip(partitions.iter()).map(|(pairs, part)| linked_clients(pairs, part)).collect();
    Links {
        clients,
        agent_groups: agent_groups(partitions, &pairs, threads),
        hosts: hosts(partitions),
        pairs,
    }
}

/// Runs `f` on each item, on `threads` threads; the results in the order of the items.
fn each<T: Send, R: Send>(items: &mut [T], threads: usize, f: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    let size = items.len().div_ceil(threads.max(1)).max(1);
    let f = &f;
    std::thread::scope(|scope| {
        let handles: Vec<_> = items
            .chunks_mut(size)
            .map(|c| scope.spawn(move || c.iter_mut().map(f).collect::<Vec<R>>()))
            .collect();
        handles
            .into_iter()
            .flat_map(|h| h.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Sets the bits that pairs get from their pages, and counts the clients of each page, by partition and row.
fn count_clients(
    partitions: &[Partition],
    pairs: &mut [Vec<PairRow>],
    threads: usize,
) -> Vec<Vec<AtomicU32>> {
    let counts: Vec<Vec<AtomicU32>> =
        partitions.iter().map(|p| p.pages.table.rows().iter().map(|_| AtomicU32::new(0)).collect()).collect();
    each(pairs, threads, |pairs| {
        for pair in pairs {
            let p = partition(pair.page);
            let pages = &partitions[p].pages.table;
            let Some(index) = pages.find(pair.page, pair.page) else { continue };
            counts[p][index as usize].fetch_add(1, Ordering::Relaxed);
            let page = pages.row(index);
            let missing = pair.bits & PairRow::REFUSED != 0 && !page.is_answered();
            pair.bits |=
                if missing { PairRow::MISSING } else { 0 } | if page.is_probe { PairRow::PROBE } else { 0 };
        }
    });
    counts
}

fn linked_clients(pairs: &[PairRow], part: &Partition) -> Vec<LinkedClient> {
    let mut clients = vec![LinkedClient::default(); part.clients.table.len()];
    for pair in pairs {
        clients[pair.client as usize].add(pair.bits);
    }
    clients
}

/// A page that a group asked for.
struct GroupPage {
    agent: u64,
    page: u64,
    bits: u8,
}

/// A client of a group.
struct GroupClient {
    agent: u64,
    client: ClientKey,
    n_requests: u32,
    first_s: u32,
    last_s: u32,
}

/// The distinct pages of each agent over its clients that have no browser's session. Agents that were refused fewer
/// than 5 times cannot have 5 missing pages and are left out.
fn agent_groups(partitions: &[Partition], pairs: &[Vec<PairRow>], threads: usize) -> Vec<Vec<AgentGroup>> {
    const MIN_REFUSED: u64 = 5;
    let wanted = |agent: u64| {
        let agents = &partitions[partition(agent)].agents.table;
        agents.get(agent, agent).is_some_and(|a| a.n_refused >= MIN_REFUSED)
    };
    let mut pages: Vec<Vec<GroupPage>> = (0..PARTITIONS).map(|_| Vec::new()).collect();
    let mut clients: Vec<Vec<GroupClient>> = (0..PARTITIONS).map(|_| Vec::new()).collect();
    for (part, pairs) in partitions.iter().zip(pairs) {
        let mut uses: Vec<Use> = part.clients.uses().collect();
        uses.sort();
        let mut at = 0;
        for of_client in uses.chunk_by(|a, b| a.client == b.client) {
            let index = of_client[0].client;
            let start = at + pairs[at..].iter().take_while(|p| p.client < index).count();
            at = start + pairs[start..].iter().take_while(|p| p.client == index).count();
            let row = part.clients.table.row(index);
            if row.is_clean {
                continue;
            }
            for usage in of_client.iter().filter(|u| wanted(u.agent)) {
                let agent = usage.agent;
                pages[partition(agent)].extend(pairs[start..at].iter().map(|p| GroupPage {
                    agent,
                    page: p.page,
                    bits: p.bits,
                }));
                clients[partition(agent)].push(GroupClient {
                    agent,
                    client: row.client,
                    n_requests: usage.n_requests,
                    first_s: row.first_s,
                    last_s: row.last_s,
                });
            }
        }
    }
    let mut both: Vec<_> = pages.into_iter().zip(clients).enumerate().collect();
    each(&mut both, threads, |(p, (pages, clients))| {
        pages.sort_unstable_by_key(|g| (g.agent, g.page));
        clients.sort_unstable_by_key(|c| (c.agent, c.client));
        let groups = fold_groups(pages, clients, &partitions[*p]);
        (*pages, *clients) = (Vec::new(), Vec::new());
        groups
    })
}

fn fold_groups(pages: &[GroupPage], clients: &[GroupClient], part: &Partition) -> Vec<AgentGroup> {
    const MAX_NAMED: usize = 1000;
    let mut pages = pages.chunk_by(|a, b| a.agent == b.agent).peekable();
    let mut groups = Vec::new();
    for members in clients.chunk_by(|a, b| a.agent == b.agent) {
        let agent = members[0].agent;
        let mut linked = LinkedClient::default();
        if let Some(of_agent) = pages.next_if(|p| p[0].agent == agent) {
            for same in of_agent.chunk_by(|a, b| a.page == b.page) {
                linked.add(same.iter().fold(0, |bits, p| bits | p.bits));
            }
        }
        groups.push(AgentGroup {
            agent,
            linked,
            n_requests: members.iter().map(|m| u64::from(m.n_requests)).sum(),
            n_referrer: part.agents.table.get(agent, agent).map_or(0, |a| a.n_referrer),
            first_s: members.iter().map(|m| m.first_s).min().unwrap_or(u32::MAX),
            last_s: members.iter().map(|m| m.last_s).max().unwrap_or(0),
            n_clients: members.len() as u64,
            clients: members.iter().take(MAX_NAMED).map(|m| m.client).collect(),
        });
    }
    groups
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
            let key = row.host;
            row.times.settle(key);
        }
    });
}
