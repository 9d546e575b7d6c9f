//! User agents with a method, and which client used which.

use super::store::{Keyed, Table, Text, TextRef};

/// All requests with one method and one user agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentRow {
    pub hash: u64,
    text: TextRef,
    method_len: u16,
    pub n_requests: u64,
    pub n_refused: u64,
    pub n_referrer: u64,
}

impl Keyed for AgentRow {
    type Key = u64;
    #[inline]
    fn key(&self) -> u64 {
        self.hash
    }
    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }
}

/// One client (row number in its partition) and one agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UseRow {
    pub client: u32,
    pub agent: u64,
    pub n_requests: u32,
}

impl Keyed for UseRow {
    type Key = (u32, u64);
    #[inline]
    fn key(&self) -> (u32, u64) {
        (self.client, self.agent)
    }
    #[inline]
    fn hash(&self) -> u64 {
        self.agent ^ u64::from(self.client).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// How often a client loaded an asset with a referrer under one agent on one day: 3 make a clean session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct AssetDayRow {
    pub client: u32,
    agent_day: u64,
    pub n: u8,
}

impl Keyed for AssetDayRow {
    type Key = (u32, u64);
    #[inline]
    fn key(&self) -> (u32, u64) {
        (self.client, self.agent_day)
    }
    #[inline]
    fn hash(&self) -> u64 {
        self.agent_day ^ u64::from(self.client).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Agents by their own hash; uses and asset days by their client's partition.
#[derive(Default)]
pub struct Agents {
    pub table: Table<AgentRow>,
    texts: Text,
    pub uses: Table<UseRow>,
    asset_days: Table<AssetDayRow>,
}

impl Agents {
    /// Assets with a referrer, under one agent on one day, that make a session a browser's.
    pub const CLEAN_SESSION_ASSETS: u8 = 3;

    /// Adds counts of an agent. `text` is the user agent as logged.
    pub fn add(&mut self, hash: u64, method: &[u8], text: &[u8], n: [u64; 3]) {
        let (_, row) = self.table.entry(hash, hash, || AgentRow {
            hash,
            text: TextRef::default(),
            method_len: 0,
            n_requests: 0,
            n_refused: 0,
            n_referrer: 0,
        });
        row.n_requests += n[0];
        row.n_refused += n[1];
        row.n_referrer += n[2];
        if row.text == TextRef::default() {
            let method = &method[..method.len().min(32)];
            row.method_len = method.len() as u16;
            row.text = self.texts.push(&[method, text].concat());
        }
    }

    /// Method and user agent.
    pub fn text(&self, row: &AgentRow) -> (&[u8], &[u8]) {
        let text = self.texts.get(row.text);
        text.split_at((row.method_len as usize).min(text.len()))
    }

    #[inline]
    pub fn used(&mut self, client: u32, agent: u64) {
        let row = UseRow { client, agent, n_requests: 0 };
        let (_, row) = self.uses.entry(row.hash(), row.key(), || row);
        row.n_requests = row.n_requests.saturating_add(1);
    }

    /// Counts an asset that came with a referrer; true from the third of a session on.
    #[inline]
    pub fn asset(&mut self, client: u32, agent: u64, day: u32) -> bool {
        let row = AssetDayRow {
            client,
            agent_day: agent ^ u64::from(day).wrapping_mul(0xd6e8_feb8_6659_fd93),
            n: 0,
        };
        let (_, row) = self.asset_days.entry(row.hash(), row.key(), || row);
        row.n = row.n.saturating_add(1);
        row.n >= Self::CLEAN_SESSION_ASSETS
    }

    /// Takes in another filling; `clients` renumbers its clients. Returns the clients whose session is clean only
    /// when both fillings are seen together.
    pub fn merge(&mut self, other: Self, clients: &[u32]) -> Vec<u32> {
        for row in other.table.rows() {
            let (method, text) = other.text(row);
            self.add(row.hash, method, text, [row.n_requests, row.n_refused, row.n_referrer]);
        }
        for row in other.uses.into_rows() {
            let row = UseRow { client: clients[row.client as usize], ..row };
            let (_, mine) = self.uses.entry(row.hash(), row.key(), || UseRow { n_requests: 0, ..row });
            mine.n_requests = mine.n_requests.saturating_add(row.n_requests);
        }
        let mut clean = Vec::new();
        for row in other.asset_days.into_rows() {
            let row = AssetDayRow { client: clients[row.client as usize], ..row };
            let (_, mine) = self.asset_days.entry(row.hash(), row.key(), || AssetDayRow { n: 0, ..row });
            mine.n = mine.n.saturating_add(row.n);
            if mine.n >= Self::CLEAN_SESSION_ASSETS {
                clean.push(row.client);
            }
        }
        clean
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.texts.bytes() + self.uses.bytes() + self.asset_days.bytes()
    }
}
