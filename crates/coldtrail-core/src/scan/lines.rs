//! The tables as lines of the CSV files, most telling first.

use super::Tables;
use crate::enrich::Geo;
use crate::parallel::each;
use crate::record::ClientKey;
use crate::table::{PageRow, Partition, Text};
use crate::verdict::{ClientLine, ClientName, HostLine, Lines, PageLine, Peaks};
use coldtrail_simd::prefetch;
use std::cmp::{Ordering, Reverse};
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

fn us(seconds: u32, is_known: bool) -> Option<i64> {
    is_known.then(|| i64::from(seconds) * 1_000_000)
}

/// A row of a table, and where among the facts stands what the findings and the second pass know of it.
#[derive(Clone, Copy)]
struct Place {
    part: u32,
    index: u32,
    fact: u32,
}

/// The rows of a table lie anywhere in memory: so many lines ahead they are fetched.
const AHEAD: usize = 12;

/// Rows in the order of their keys; those with the same key say the same. Each partition is sorted on its own and all
/// are merged, so that no list of all keys is ever held.
fn sorted<'t, K: Ord + Send, R: Iterator<Item = (K, Place)>>(
    tables: &'t Tables,
    threads: usize,
    rows: impl Fn(u32, &'t Partition) -> R + Sync,
) -> Vec<Place> {
    let mut partitions: Vec<(u32, &Partition)> = (0..).zip(&tables.partitions).collect();
    let mut runs = each(&mut partitions, threads, |(part, partition)| {
        let mut run: Vec<(K, Place)> = rows(*part, partition).collect();
        run.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        run.into_iter()
    });
    let n = runs.iter().map(ExactSizeIterator::len).sum();
    let mut heads: BinaryHeap<Head<K>> = BinaryHeap::new();
    for (run, rows) in runs.iter_mut().enumerate() {
        heads.extend(rows.next().map(|(key, place)| Head { key: Reverse(key), place, run }));
    }
    let mut order = Vec::with_capacity(n);
    while let Some(mut head) = heads.peek_mut() {
        order.push(head.place);
        match runs[head.run].next() {
            Some((key, place)) => (head.key, head.place) = (Reverse(key), place),
            None => drop(PeekMut::pop(head)),
        }
    }
    order
}

/// The first row of a run that is not merged yet; the greatest is that with the least key.
struct Head<K> {
    key: Reverse<K>,
    place: Place,
    run: usize,
}

impl<K: Ord> Ord for Head<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<K: Ord> PartialOrd for Head<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> PartialEq for Head<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: Ord> Eq for Head<K> {}

/// Clients: those of findings, then by attacks, then by requests, then by address.
pub(super) fn clients(
    tables: &Arc<Tables>,
    geo: &Geo,
    peaks: &BTreeMap<ClientKey, Peaks>,
    named: &BTreeMap<ClientKey, u64>,
    threads: usize,
) -> Lines<ClientLine> {
    // Findings that name a client, and its peaks; the first for those of whom neither is known.
    let mut facts: Vec<(u64, Option<Peaks>)> = vec![(0, None)];
    let mut fact_of: HashMap<ClientKey, u32, foldhash::fast::RandomState> = HashMap::default();
    for client in named.keys().chain(peaks.keys()) {
        fact_of.entry(*client).or_insert_with(|| {
            facts.push((named.get(client).copied().unwrap_or(0), peaks.get(client).copied()));
            (facts.len() - 1) as u32
        });
    }
    let order = sorted(tables, threads, |part, t| {
        let (fact_of, facts) = (&fact_of, &facts);
        (0u32..).zip(t.clients.table.rows()).map(move |(index, row)| {
            let fact = fact_of.get(&row.client).copied().unwrap_or(0);
            let key = (Reverse((facts[fact as usize].0 as u32, row.n_attacks, row.n_requests)), row.client);
            (key, Place { part, index, fact })
        })
    });
    let (tables, geo) = (tables.clone(), geo.clone());
    Lines::new(order.len(), move |i| {
        if let Some(next) = order.get(i + AHEAD) {
            prefetch(tables.partitions[next.part as usize].clients.table.rows(), next.index as usize);
            prefetch(&tables.links.clients[next.part as usize], next.index as usize);
        }
        let Place { part, index, fact } = order[i];
        let clients = &tables.partitions[part as usize].clients;
        let row = clients.table.row(index);
        let is_known = row.first_s <= row.last_s;
        let (n_findings, peaks) = facts[fact as usize];
        ClientLine {
            client: match row.client.ip() {
                Some(address) => ClientName::Address(address),
                None => ClientName::Name(clients.text(row.client)),
            },
            n_requests: row.n_requests.into(),
            n_pages: tables.links.clients[part as usize][index as usize].n_pages.into(),
            n_status: row.n_status.map(u64::from),
            n_attacks: row.n_attacks.into(),
            n_posts: row.n_posts.into(),
            bytes_out: row.bytes_out,
            bytes_in: row.bytes_in,
            first_us: us(row.first_s, is_known),
            last_us: us(row.last_s, is_known),
            peaks,
            n_findings,
            country: geo.country_of(row.client),
        }
    })
}

/// Pages: those of findings, then by attacks answered, attacks, bytes, then by name.
pub(super) fn pages(tables: &Arc<Tables>, named: &BTreeMap<u64, u64>, threads: usize) -> Lines<PageLine> {
    let named: HashMap<u64, u64, foldhash::fast::RandomState> = named.iter().map(|(k, n)| (*k, *n)).collect();
    let order = sorted(tables, threads, |part, t| {
        let named = &named;
        (0u32..).zip(t.pages.table.rows()).map(move |(index, row)| {
            let n = named.get(&row.hash).copied().unwrap_or(0);
            let name = t.pages.text(row);
            let key = (Reverse((n, row.n_attacks_ok, row.n_attacks, row.bytes_out)), name, twin(row, name));
            (key, Place { part, index, fact: n as u32 })
        })
    });
    let tables = tables.clone();
    Lines::new(order.len(), move |i| {
        if let Some(next) = order.get(i + AHEAD) {
            prefetch(tables.partitions[next.part as usize].pages.table.rows(), next.index as usize);
        }
        let Place { part, index, fact } = order[i];
        let pages = &tables.partitions[part as usize].pages;
        let row = pages.table.row(index);
        let (host, path) = pages.text(row);
        let (first, last) = (row.first_s(), row.last_s());
        PageLine {
            host: crate::record::printable(host),
            path: crate::enrich::decoded_path(path),
            n_requests: row.n_requests(),
            n_clients: row.n_clients.into(),
            n_status: row.status.map(|s| s.n.into()),
            spans_us: row.status.map(|s| us(s.first_s, s.first_s <= s.last_s).zip(us(s.last_s, true))),
            n_attacks: row.n_attacks.into(),
            n_posts: row.n_posts.into(),
            bytes_out: row.bytes_out,
            bytes_in: row.bytes_in,
            max_out: row.max_out,
            first_us: us(first, first <= last),
            last_us: us(last, first <= last),
            n_findings: fact.into(),
        }
    })
}

/// Tells apart pages whose names were cut to the same text, by what else their lines say; 0 for all others.
fn twin(row: &PageRow, (host, path): (&[u8], &[u8])) -> u64 {
    if host.len() + path.len() < Text::MAX_BYTES {
        return 0;
    }
    let said = (row.status, row.n_clients, row.n_posts, row.bytes_in, row.max_out);
    foldhash::quality::FixedState::with_seed(0).hash_one(said)
}

#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Host {
    name: Vec<u8>,
    n_requests: u64,
    n_clients: u64,
    n_failed: u64,
    n_denied: u64,
    bytes_down: u64,
    bytes_up: u64,
    first_s: u32,
    last_s: u32,
}

/// Contacted hosts: those of findings, then the rarest by clients, then by bytes from the client, then by name.
pub(super) fn hosts(tables: &Arc<Tables>, named: &BTreeMap<String, u64>) -> Lines<HostLine> {
    let mut hosts: BTreeMap<u64, Host> = BTreeMap::new();
    for part in &tables.partitions {
        for row in part.contacts.table.rows() {
            let host = hosts.entry(row.host).or_insert_with(|| Host { first_s: u32::MAX, ..Host::default() });
            if host.name.is_empty() {
                host.name = part.contacts.text(row).to_vec();
            }
            host.n_requests += u64::from(row.n_requests);
            host.n_clients += 1;
            host.n_failed += u64::from(row.n_failed);
            host.n_denied += u64::from(row.n_denied);
            host.bytes_down = host.bytes_down.saturating_add(row.bytes_down);
            host.bytes_up = host.bytes_up.saturating_add(row.bytes_up);
            host.first_s = host.first_s.min(row.first_s);
            host.last_s = host.last_s.max(row.last_s);
        }
    }
    let mut hosts: Vec<(u64, String, Host)> = hosts
        .into_values()
        .map(|mut h| {
            let name = crate::record::printable(&std::mem::take(&mut h.name));
            (named.get(&name).copied().unwrap_or(0), name, h)
        })
        .collect();
    hosts.sort_by(|a, b| {
        (Reverse(a.0), a.2.n_clients, Reverse(a.2.bytes_up), Reverse(a.2.n_requests), &a.1, &a.2).cmp(&(
            Reverse(b.0),
            b.2.n_clients,
            Reverse(b.2.bytes_up),
            Reverse(b.2.n_requests),
            &b.1,
            &b.2,
        ))
    });
    Lines::new(hosts.len(), move |i| {
        let (n_findings, name, host) = &hosts[i];
        let is_known = host.first_s <= host.last_s;
        HostLine {
            host: name.clone(),
            n_requests: host.n_requests,
            n_clients: host.n_clients,
            n_failed: host.n_failed,
            n_denied: host.n_denied,
            bytes_down: host.bytes_down,
            bytes_up: host.bytes_up,
            first_us: us(host.first_s, is_known),
            last_us: us(host.last_s, is_known),
            n_findings: *n_findings,
        }
    })
}
