//! Agents whose clients missed the same things: a scan that is spread over many addresses.

use super::{AgentGroup, LinkedClient, pairs_of};
use crate::parallel::each;
use crate::record::ClientKey;
use crate::table::{PARTITIONS, PairRow, Partition, partition};

/// A client of a group, and where its row and its pairs are.
struct Member {
    agent: u64,
    client: ClientKey,
    part: u32,
    index: u32,
    n_requests: u32,
}

/// What is known of an agent before its clients are gathered.
#[derive(Clone, Copy, Default)]
struct Sum {
    n_clients: u32,
    /// Clients that missed something.
    n_missed: u32,
}

impl Sum {
    /// Most clients by which a group is judged, and which are named; the first by address.
    const MAX_NAMED: usize = 1000;

    /// Half of the clients by which it is judged can have missed something. Others are what many visitors use: most
    /// agents, and nearly all clients.
    fn can_be_half(self) -> bool {
        self.n_clients > 1 && self.n_missed as usize * 2 >= Self::MAX_NAMED.min(self.n_clients as usize)
    }
}

/// Refusals of an agent below which it cannot have 5 missing pages, where a server refuses what is not there.
const MIN_REFUSED: u64 = 5;

/// The distinct pages of each agent over its clients that have no browser's session, by the agent's partition, in the
/// order of its hash. Left out are agents that were refused fewer than 5 times, which cannot have 5 missing pages,
/// those of one client, and those of whose clients, the first 1,000 by address, fewer than half missed something.
pub(super) fn groups(
    partitions: &[Partition],
    pairs: &[Vec<PairRow>],
    linked: &[Vec<LinkedClient>],
    hides_missing: bool,
    threads: usize,
) -> Vec<Vec<AgentGroup>> {
    let sums = sums(partitions, linked, if hides_missing { 0 } else { MIN_REFUSED });
    let mut members: Vec<Vec<Member>> = (0..PARTITIONS).map(|_| Vec::new()).collect();
    for (part, p) in (0u32..).zip(partitions) {
        for usage in p.clients.uses() {
            let row = p.clients.table.row(usage.client);
            let home = partition(usage.agent);
            let agent = partitions[home].agents.table.find(usage.agent, usage.agent);
            if !row.is_clean && agent.is_some_and(|a| sums[home][a as usize].can_be_half()) {
                members[home].push(Member {
                    agent: usage.agent,
                    client: row.client,
                    part,
                    index: usage.client,
                    n_requests: usage.n_requests,
                });
            }
        }
    }
    let mut homes: Vec<(&Partition, Vec<Member>)> = partitions.iter().zip(members).collect();
    each(&mut homes, threads, |(home, members)| {
        members.sort_unstable_by_key(|m| (m.agent, m.client));
        let missed = |m: &&Member| linked[m.part as usize][m.index as usize].n_missing > 0;
        members
            .chunk_by(|a, b| a.agent == b.agent)
            .filter(|of_agent| {
                let judged = &of_agent[..of_agent.len().min(Sum::MAX_NAMED)];
                judged.iter().filter(missed).count() * 2 >= judged.len()
            })
            .map(|of_agent| group(of_agent, home, partitions, pairs))
            .collect()
    })
}

/// By the agent's partition and row; those that were hardly refused are left at nothing.
fn sums(partitions: &[Partition], linked: &[Vec<LinkedClient>], min_refused: u64) -> Vec<Vec<Sum>> {
    let mut sums: Vec<Vec<Sum>> =
        partitions.iter().map(|p| vec![Sum::default(); p.agents.table.len()]).collect();
    for (part, linked) in partitions.iter().zip(linked) {
        for usage in part.clients.uses().filter(|u| !part.clients.table.row(u.client).is_clean) {
            let home = partition(usage.agent);
            let agents = &partitions[home].agents.table;
            let Some(agent) = agents.find(usage.agent, usage.agent) else { continue };
            if agents.row(agent).n_refused >= min_refused {
                let sum = &mut sums[home][agent as usize];
                sum.n_clients += 1;
                sum.n_missed += u32::from(linked[usage.client as usize].n_missing > 0);
            }
        }
    }
    sums
}

/// `members` are those of one agent, in order of address; `home` is the agent's partition.
fn group(
    members: &[Member],
    home: &Partition,
    partitions: &[Partition],
    pairs: &[Vec<PairRow>],
) -> AgentGroup {
    let agent = members[0].agent;
    let rows = || members.iter().map(|m| partitions[m.part as usize].clients.table.row(m.index));
    let asked = members.iter().flat_map(|m| pairs_of(&pairs[m.part as usize], m.index));
    AgentGroup {
        agent,
        linked: LinkedClient::of_all(asked),
        n_requests: members.iter().map(|m| u64::from(m.n_requests)).sum(),
        n_referrer: home.agents.table.get(agent, agent).map_or(0, |a| a.n_referrer),
        first_s: rows().map(|r| r.first_s).min().unwrap_or(u32::MAX),
        last_s: rows().map(|r| r.last_s).max().unwrap_or(0),
        n_clients: members.len() as u64,
        clients: members.iter().take(Sum::MAX_NAMED).map(|m| m.client).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::link;
    use crate::table::{ClientRow, Keys, PageRow, StatusClass};

    const AGENT: u64 = 77;

    /// Each client asks for its own page and for one that all share; the first `n_missed` of them are refused.
    fn check(n_clients: u8, n_missed: u8, n_refused: u64, clean: &[u8], want: Option<LinkedClient>) {
        let keys = Keys::new(5);
        let mut partitions: Vec<Partition> = (0..PARTITIONS).map(|_| Partition::default()).collect();
        partitions[partition(AGENT)].agents.add(AGENT, b"GET", b"test", [9, n_refused, 0]);
        for i in 0..n_clients {
            let client = ClientKey::parse(format!("192.0.{i}.1").as_bytes());
            let hash = keys.client(client);
            let part = &mut partitions[keys.client_partition(client)];
            let (index, row) = part.clients.table.entry(hash, client, || ClientRow::new(client, hash));
            row.is_clean = clean.contains(&i);
            part.clients.used(index, AGENT);
            let bits = if i < n_missed { PairRow::REFUSED } else { PairRow::ANSWERED };
            let own = keys.path(&[i]);
            let shared = keys.path(if i < n_missed { b"refused" } else { b"answered" });
            for page in [own, shared] {
                partitions[keys.client_partition(client)].pairs.add(PairRow {
                    page,
                    client: index,
                    bits,
                    n: 1,
                });
                let pages = &mut partitions[partition(page)].pages.table;
                let (_, row) = pages.entry(page, page, || PageRow::new(page));
                let class = if i < n_missed { StatusClass::Missing } else { StatusClass::Ok };
                row.status[class as usize].add(None);
            }
        }
        let found: Vec<AgentGroup> = link(&mut partitions, 2).agent_groups.into_iter().flatten().collect();
        assert_eq!(found.iter().map(|g| g.linked).collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>());
        for group in &found {
            assert_eq!(group.n_clients, u64::from(n_clients) - clean.len() as u64);
            assert!(group.clients.len() as u64 == group.n_clients && group.clients.is_sorted());
        }
    }

    #[test]
    fn agents_of_whose_clients_half_missed_something() {
        let linked = |n_pages, n_missing| Some(LinkedClient { n_pages, n_missing, n_probes: 0 });
        check(4, 4, 8, &[], linked(5, 5));
        check(4, 2, 5, &[], linked(6, 3));
        check(5, 2, 5, &[], None);
        check(5, 2, 5, &[4], linked(6, 3));
        check(4, 4, 4, &[], None);
        check(1, 1, 5, &[], None);
    }
}
