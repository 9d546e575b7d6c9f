//! Clients: one row an address.

use super::page::StatusClass;
use super::store::{Keyed, Table};
use super::tally::{Least, Tallies, TallyRow};
use crate::enrich::attack::ClassSet;
use crate::record::ClientKey;
use std::collections::BTreeMap;

/// Sums over all requests of one address. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientRow {
    pub client: ClientKey,
    pub hash: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub n_requests: u32,
    /// By [`StatusClass`].
    pub n_status: [u32; StatusClass::COUNT],
    pub first_s: u32,
    pub last_s: u32,
    pub n_attacks: u32,
    /// Attacks answered with 2xx.
    pub n_attacks_ok: u32,
    pub n_weak: u32,
    pub classes: ClassSet,
    pub n_referrer: u32,
    /// Requests for style sheets, scripts, pictures and fonts that came with a referrer.
    pub n_assets_referred: u32,
    pub n_posts: u32,
    /// Requests seen in a proxy log: the client is one of our own.
    pub n_outgoing: u32,
    /// A session in which a browser loaded a page with its assets; never part of a group key.
    pub is_clean: bool,
    /// Requests by agent (hash of method and user agent).
    agent: Least,
    /// Assets with a referrer by agent and day.
    asset_day: Least,
}

impl ClientRow {
    pub fn new(client: ClientKey, hash: u64) -> Self {
        Self {
            client,
            hash,
            bytes_out: 0,
            bytes_in: 0,
            n_requests: 0,
            n_status: [0; StatusClass::COUNT],
            first_s: u32::MAX,
            last_s: 0,
            n_attacks: 0,
            n_attacks_ok: 0,
            n_weak: 0,
            classes: ClassSet::EMPTY,
            n_referrer: 0,
            n_assets_referred: 0,
            n_posts: 0,
            n_outgoing: 0,
            is_clean: false,
            agent: Least::NONE,
            asset_day: Least::NONE,
        }
    }

    fn merge(&mut self, o: &Self) {
        self.bytes_out = self.bytes_out.saturating_add(o.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(o.bytes_in);
        self.n_requests = self.n_requests.saturating_add(o.n_requests);
        for (a, b) in self.n_status.iter_mut().zip(o.n_status) {
            *a = a.saturating_add(b);
        }
        self.first_s = self.first_s.min(o.first_s);
        self.last_s = self.last_s.max(o.last_s);
        self.n_attacks = self.n_attacks.saturating_add(o.n_attacks);
        self.n_attacks_ok = self.n_attacks_ok.saturating_add(o.n_attacks_ok);
        self.n_weak = self.n_weak.saturating_add(o.n_weak);
        self.classes = self.classes.union(o.classes);
        self.n_referrer = self.n_referrer.saturating_add(o.n_referrer);
        self.n_assets_referred = self.n_assets_referred.saturating_add(o.n_assets_referred);
        self.n_posts = self.n_posts.saturating_add(o.n_posts);
        self.n_outgoing = self.n_outgoing.saturating_add(o.n_outgoing);
        self.is_clean |= o.is_clean;
    }

    pub fn count(&self, class: StatusClass) -> u32 {
        self.n_status[class as usize]
    }
}

impl Keyed for ClientRow {
    type Key = ClientKey;
    #[inline]
    fn key(&self) -> ClientKey {
        self.client
    }
}

/// A client (row number in its partition), the agent that it used, and in how many requests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Use {
    pub client: u32,
    pub agent: u64,
    pub n_requests: u32,
}

/// The clients of a partition, the agents that they used, and the names of those that the log gives as names.
#[derive(Default)]
pub struct Clients {
    pub table: Table<ClientRow>,
    names: BTreeMap<ClientKey, Box<[u8]>>,
    uses: Tallies,
    asset_days: Tallies,
}

impl Clients {
    /// Assets with a referrer, under one agent on one day, that make a session a browser's.
    const CLEAN_SESSION_ASSETS: u32 = 3;

    pub fn name(&mut self, client: ClientKey, text: &[u8]) {
        self.names.entry(client).or_insert_with(|| text.to_ascii_lowercase().into());
    }

    /// The address, or the name as logged.
    pub fn text(&self, client: ClientKey) -> String {
        match (client.ip(), self.names.get(&client)) {
            (Some(ip), _) => ip.to_string(),
            (None, Some(name)) if !name.is_empty() => crate::record::printable(name),
            (None, _) => "-".to_owned(),
        }
    }

    /// Counts a request by an agent (hash of method and user agent).
    #[inline]
    pub fn used(&mut self, client: u32, agent: u64) {
        self.uses.add(client, &mut self.table.row_mut(client).agent, agent, 1);
    }

    /// Counts an asset that came with a referrer; from the third of a session on the client is clean.
    #[inline]
    pub fn asset(&mut self, client: u32, agent: u64, day: u32) {
        self.add_assets(client, agent ^ u64::from(day).wrapping_mul(0xd6e8_feb8_6659_fd93), 1);
    }

    fn add_assets(&mut self, client: u32, agent_day: u64, n: u32) {
        let row = self.table.row_mut(client);
        if n > 0 && !row.is_clean {
            let n = self.asset_days.add(client, &mut row.asset_day, agent_day, n);
            row.is_clean = n >= Self::CLEAN_SESSION_ASSETS;
        }
        if row.is_clean {
            // Nobody asks again, in whatever order the assets came.
            row.asset_day = Least::NONE;
        }
    }

    /// Which client used which agent.
    pub fn uses(&self) -> impl Iterator<Item = Use> + '_ {
        let of_row = |row: &TallyRow| Use { client: row.client, agent: row.key, n_requests: row.n };
        let firsts = self.table.rows().iter().zip(0u32..).filter(|(row, _)| row.agent.n > 0);
        let firsts =
            firsts.map(|(row, client)| Use { client, agent: row.agent.key, n_requests: row.agent.n });
        firsts.chain(self.uses.more().iter().map(of_row))
    }

    /// The client of each agent beyond its first.
    pub fn more_uses(&self) -> impl Iterator<Item = u32> + '_ {
        self.uses.more().iter().map(|row| row.client)
    }

    /// Takes in the other rows; returns for each its number here.
    pub fn merge(&mut self, other: Self) -> Vec<u32> {
        for (client, name) in other.names {
            self.names.entry(client).or_insert(name);
        }
        let mut numbers = Vec::with_capacity(other.table.len());
        for row in other.table.rows() {
            let (index, mine) =
                self.table.entry(row.hash, row.client, || ClientRow::new(row.client, row.hash));
            mine.merge(row);
            self.uses.add(index, &mut mine.agent, row.agent.key, row.agent.n);
            self.add_assets(index, row.asset_day.key, row.asset_day.n);
            numbers.push(index);
        }
        for row in other.uses.more() {
            let client = numbers[row.client as usize];
            self.uses.add(client, &mut self.table.row_mut(client).agent, row.key, row.n);
        }
        for row in other.asset_days.more() {
            self.add_assets(numbers[row.client as usize], row.key, row.n);
        }
        numbers
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.names.len() * 80 + self.uses.bytes() + self.asset_days.bytes()
    }
}
