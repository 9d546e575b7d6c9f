//! Who asks for the same few pages again and again, and in which minutes.

use super::flood::Params;
use crate::detect::Site;
use crate::detect::actor::is_outgoing;
use crate::record::ClientKey;
use crate::table::{ClientRow, PARTITIONS, PairRow, StatusClass};
use std::collections::{BTreeMap, BTreeSet};

/// Requests for each page, from which on they are the same few pages, requests a page.
const MANY_A_PAGE: u64 = 20;
/// The same for a client that changes its user agent, requests a page.
const SOME_A_PAGE: u64 = 4;

/// A client, or the clients of one network together.
pub(super) struct Hammer {
    pub(super) clients: Vec<ClientKey>,
    pub(super) is_network: bool,
    /// The page that it asks for most.
    pub(super) page: u64,
    /// It asked for it with queries.
    pub(super) has_queries: bool,
    pub(super) n_requests: u64,
    /// Answered 5xx.
    pub(super) n_errors: u64,
    pub(super) bytes_out: u64,
    pub(super) n_agents: u64,
    pub(super) n_referrer: u64,
    pub(super) first_s: u32,
    pub(super) last_s: u32,
    /// Requests by minute since 1970.
    pub(super) minutes: BTreeMap<u32, u64>,
    /// Most in any 10 seconds.
    pub(super) per_10s: u64,
}

impl Hammer {
    fn new<'p>(
        clients: Vec<ClientKey>,
        page: u64,
        rows: &[&ClientRow],
        mut pairs: impl Iterator<Item = &'p PairRow>,
    ) -> Self {
        let sum = |of: fn(&ClientRow) -> u64| rows.iter().map(|row| of(row)).sum();
        Self {
            is_network: clients.len() > 1,
            clients,
            page,
            has_queries: pairs.any(|p| p.page == page && p.bits & PairRow::QUERY != 0),
            n_requests: sum(|row| row.n_requests.into()),
            n_errors: sum(|row| row.count(StatusClass::Error).into()),
            bytes_out: sum(|row| row.bytes_out),
            n_agents: 1,
            n_referrer: sum(|row| row.n_referrer.into()),
            first_s: rows.iter().map(|row| row.first_s).min().unwrap_or(u32::MAX),
            last_s: rows.iter().map(|row| row.last_s).max().unwrap_or(0),
            minutes: BTreeMap::new(),
            per_10s: 0,
        }
    }

    pub(super) fn peak(&self) -> u64 {
        self.minutes.values().copied().max().unwrap_or(0)
    }

    /// The first of the minutes with most requests.
    pub(super) fn peak_minute(&self) -> u32 {
        let peak = self.peak();
        self.minutes.iter().find(|(_, n)| **n == peak).map_or(0, |(minute, _)| *minute)
    }

    /// From the first to the last of the minutes with a tenth of its most requests at least.
    pub(super) fn busy(&self) -> (u32, u32) {
        let peak = self.peak();
        let mut busy = self.minutes.iter().filter(|(_, n)| **n * 10 >= peak).map(|(minute, _)| *minute);
        let first = busy.next().unwrap_or(0);
        (first, busy.next_back().unwrap_or(first))
    }

    /// Nearly every request of a few, and fast ones, came with another user agent.
    pub(super) fn is_switching(&self, params: Params) -> bool {
        let life_s = u64::from(self.last_s.saturating_sub(self.first_s));
        !self.is_network
            && self.n_agents >= params.min_agents
            && self.n_agents * 5 >= self.n_requests * 4
            && self.n_requests * 60 >= params.min_agents * life_s
    }

    /// Many browsers behind one address, most of whose requests come from a page: their assets may be elsewhere.
    pub(super) fn is_like_people(&self, params: Params) -> bool {
        !self.is_switching(params)
            && self.n_agents >= params.min_agents
            && self.n_referrer * 2 >= self.n_requests
    }

    fn count(&mut self, mut seconds: Vec<u32>) {
        seconds.sort_unstable();
        let mut from = 0;
        for (i, second) in seconds.iter().enumerate() {
            *self.minutes.entry(second / 60).or_default() += 1;
            while second - seconds[from] >= 10 {
                from += 1;
            }
            self.per_10s = self.per_10s.max((i - from + 1) as u64);
        }
    }

    /// Without the seconds of its requests: as if they were spread evenly over its life.
    fn spread(&mut self) {
        if self.first_s > self.last_s {
            return;
        }
        let life_s = u64::from(self.last_s - self.first_s) + 1;
        let per_min = (self.n_requests * 60 / life_s.max(60)).max(1);
        self.per_10s = self.n_requests * 10 / life_s.max(10);
        // A longer one is told by its first day as well.
        let last = (self.last_s / 60).min(self.first_s / 60 + 1440);
        self.minutes = (self.first_s / 60..=last).map(|minute| (minute, per_min)).collect();
    }
}

/// All that may be part of a flood. A network stands for those of its clients that hammer the same page.
pub(super) fn hammers(params: Params, site: &Site<'_>) -> Vec<Hammer> {
    let mut all = Vec::new();
    for index in 0..PARTITIONS {
        let (clients, networks) = of_partition(params, index, site);
        let is_fast = |h: &Hammer| {
            h.peak() >= params.min_of_one || h.per_10s >= params.min_burst || h.is_switching(params)
        };
        let networks: Vec<Hammer> = networks.into_iter().filter(|h| h.peak() >= params.min_per_min).collect();
        let page_of = |h: &Hammer| Some((h.clients.first()?.network(), h.page));
        let found: BTreeSet<Option<(ClientKey, u64)>> = networks.iter().map(page_of).collect();
        let is_of_one = |client: &Hammer| found.contains(&page_of(client));
        all.extend(clients.into_iter().filter(|h| is_fast(h) && !is_of_one(h)));
        all.extend(networks);
    }
    all
}

/// Those whose clients are in this partition, alone and by network, however fast.
fn of_partition(params: Params, index: usize, site: &Site<'_>) -> (Vec<Hammer>, Vec<Hammer>) {
    let part = &site.partitions[index];
    let rows = part.clients.table.rows();
    let (mut clients, mut networks) = (Found::default(), Found::default());
    let mut members: Vec<Member> = Vec::new();
    for ((i, row), linked) in (0u32..).zip(rows).zip(&site.linked[index]) {
        if !may_take_part(row) || !site.may_accuse(row) {
            continue;
        }
        let (n, n_pages) = (u64::from(row.n_requests), u64::from(linked.n_pages));
        if !row.client.is_name() {
            members.push(Member { network: row.client.network(), row: i, n, n_pages });
        }
        if n < params.min_agents || n < SOME_A_PAGE * n_pages {
            continue;
        }
        let main = main_page(site.pairs_of(index, i).iter(), site);
        let is_few = |n_main| n >= MANY_A_PAGE * n_pages || n_main * 2 >= n;
        if let Some((page, _)) = main.filter(|(_, n_main)| is_few(*n_main)) {
            let hammer = Hammer::new(vec![row.client], page, &[row], site.pairs_of(index, i).iter());
            clients.add(&[i], rows.len(), hammer);
        }
    }
    members.sort_unstable_by_key(|m| (m.network, m.row));
    for of in members.chunk_by(|a, b| a.network == b.network) {
        let n: u64 = of.iter().map(|m| m.n).sum();
        // Crawlers ask for another page each time; one busy address is a client.
        let n_various: u64 = of.iter().filter(|m| m.n >= params.min_agents).map(|m| m.n_pages).sum();
        let most = of.iter().map(|m| m.n).max().unwrap_or(0);
        if of.len() < params.min_clients || n < params.min_per_min || n_various * 5 >= n || most * 10 >= n * 7
        {
            continue;
        }
        let pairs = || of.iter().flat_map(|m| site.pairs_of(index, m.row));
        if let Some((page, _)) = main_page(pairs(), site).filter(|(_, n_main)| n_main * 5 >= n * 4) {
            let numbers: Vec<u32> = of.iter().map(|m| m.row).collect();
            let of_network: Vec<&ClientRow> = numbers.iter().map(|row| &rows[*row as usize]).collect();
            let mut keys: Vec<ClientKey> = of_network.iter().map(|row| row.client).collect();
            keys.sort_unstable();
            networks.add(&numbers, rows.len(), Hammer::new(keys, page, &of_network, pairs()));
        }
    }
    if !clients.hammers.is_empty() {
        part.clients.more_uses().for_each(|client| clients.of(client, |hammer| hammer.n_agents += 1));
    }
    for found in [&mut clients, &mut networks].into_iter().filter(|found| !found.hammers.is_empty()) {
        match site.visits.get(index).and_then(|visits| visits.all()) {
            Some(visits) => found.count(visits),
            None => found.hammers.iter_mut().for_each(Hammer::spread),
        }
    }
    (clients.hammers, networks.hammers)
}

/// A client of a network.
struct Member {
    network: ClientKey,
    row: u32,
    n: u64,
    n_pages: u64,
}

/// Hammers, and by row number of each client the one that it belongs to.
#[derive(Default)]
struct Found {
    hammers: Vec<Hammer>,
    owner: Vec<u32>,
}

impl Found {
    const NOBODY: u32 = u32::MAX;

    fn add(&mut self, clients: &[u32], n_rows: usize, hammer: Hammer) {
        self.owner.resize(n_rows, Self::NOBODY);
        clients.iter().for_each(|row| self.owner[*row as usize] = self.hammers.len() as u32);
        self.hammers.push(hammer);
    }

    fn of(&mut self, client: u32, f: impl FnOnce(&mut Hammer)) {
        if let Some(hammer) = self.hammers.get_mut(self.owner[client as usize] as usize) {
            f(hammer);
        }
    }

    fn count(&mut self, visits: &[(u32, u32)]) {
        let mut seconds: Vec<Vec<u32>> = vec![Vec::new(); self.hammers.len()];
        for (client, second) in visits {
            if let Some(of) = seconds.get_mut(self.owner[*client as usize] as usize) {
                of.push(*second);
            }
        }
        self.hammers.iter_mut().zip(seconds).for_each(|(hammer, seconds)| hammer.count(seconds));
    }
}

/// No browser, no attack with a payload, none of our own.
fn may_take_part(row: &ClientRow) -> bool {
    !row.is_clean
        && u64::from(row.n_assets_referred) * 10 < u64::from(row.n_requests)
        && (u64::from(row.n_attacks) + u64::from(row.n_weak)) * 5 < u64::from(row.n_requests)
        && !is_outgoing(row)
}

/// The page that most of the requests are for, and their number; of several the first by name.
fn main_page<'p>(pairs: impl Iterator<Item = &'p PairRow>, site: &Site<'_>) -> Option<(u64, u64)> {
    let mut pages: Vec<(u64, u64)> = pairs.map(|p| (p.page, u64::from(p.n))).collect();
    pages.sort_unstable();
    let sums = pages.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|p| p.1).sum()));
    let sums: Vec<(u64, u64)> = sums.collect();
    let most = sums.iter().map(|s| s.1).max()?;
    let name = |page: u64| site.page(page).map(|row| site.page_text(row));
    sums.into_iter().filter(|s| s.1 == most).min_by_key(|s| name(s.0))
}
