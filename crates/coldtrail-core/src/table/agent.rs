//! User agents with a method.

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
}

/// Agents, by their own hash.
#[derive(Default)]
pub struct Agents {
    pub table: Table<AgentRow>,
    texts: Text,
}

impl Agents {
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

    pub fn merge(&mut self, other: &Self) {
        for row in other.table.rows() {
            let (method, text) = other.text(row);
            self.add(row.hash, method, text, [row.n_requests, row.n_refused, row.n_referrer]);
        }
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.texts.bytes()
    }
}
