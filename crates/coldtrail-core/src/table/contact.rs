//! Contacts: which of our clients talked to which host, how often, how much and when.

use super::store::{Keyed, Table, Text, TextRef};
use super::times::Times;
use crate::enrich::{Content, Marks};
use crate::record::ClientKey;

/// One client and one host of a proxy log. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactRow {
    pub client: ClientKey,
    /// Hash of the host's name, without port.
    pub host: u64,
    text: TextRef,
    pub n_requests: u32,
    pub n_posts: u32,
    pub n_connects: u32,
    /// Answered 5xx or not at all: the host did not talk.
    pub n_failed: u32,
    /// The proxy refused: 403, 407 or a denied verdict.
    pub n_denied: u32,
    pub n_referrer: u32,
    /// To the client.
    pub bytes_down: u64,
    /// From the client; 0 where the log does not carry it.
    pub bytes_up: u64,
    pub first_s: u32,
    pub last_s: u32,
    /// Bit `p` of `port_bits` for the p-th of 80, 443, 8080, others.
    pub port_bits: u8,
    /// The highest port asked that is none of the three; 0 for none.
    pub odd_port: u16,
    /// The longest request or connection, minutes.
    pub longest_min: u16,
    /// What kind of contact it is.
    pub marks: Marks,
    /// All that the host delivered to the client.
    pub content: Content,
    pub times: Times,
}

impl ContactRow {
    /// Bit of `port_bits` for ports other than 80, 443 and 8080.
    pub const OTHER_PORT: u8 = 8;

    pub fn new(client: ClientKey, host: u64, name: &[u8]) -> Self {
        Self {
            client,
            host,
            text: TextRef::default(),
            n_requests: 0,
            n_posts: 0,
            n_connects: 0,
            n_failed: 0,
            n_denied: 0,
            n_referrer: 0,
            bytes_down: 0,
            bytes_up: 0,
            first_s: u32::MAX,
            last_s: 0,
            port_bits: 0,
            odd_port: 0,
            longest_min: 0,
            marks: Marks::default(),
            content: Content::NONE,
            times: Times::new((client, name)),
        }
    }

    /// Notes a port.
    #[inline]
    pub fn asked_port(&mut self, port: u16) {
        self.port_bits |= match port {
            80 => 1,
            443 => 2,
            8080 => 4,
            _ => Self::OTHER_PORT,
        };
        if !matches!(port, 80 | 443 | 8080) {
            self.odd_port = self.odd_port.max(port);
        }
    }

    pub fn merge(&mut self, o: &Self) {
        self.n_requests = self.n_requests.saturating_add(o.n_requests);
        self.n_posts = self.n_posts.saturating_add(o.n_posts);
        self.n_connects = self.n_connects.saturating_add(o.n_connects);
        self.n_failed = self.n_failed.saturating_add(o.n_failed);
        self.n_denied = self.n_denied.saturating_add(o.n_denied);
        self.n_referrer = self.n_referrer.saturating_add(o.n_referrer);
        self.bytes_down = self.bytes_down.saturating_add(o.bytes_down);
        self.bytes_up = self.bytes_up.saturating_add(o.bytes_up);
        self.first_s = self.first_s.min(o.first_s);
        self.last_s = self.last_s.max(o.last_s);
        self.port_bits |= o.port_bits;
        self.odd_port = self.odd_port.max(o.odd_port);
        self.longest_min = self.longest_min.max(o.longest_min);
        self.marks = self.marks.and(o.marks);
        self.content = self.content.and(o.content);
        self.times.merge(&o.times);
    }
}

impl Keyed for ContactRow {
    type Key = (ClientKey, u64);
    #[inline]
    fn key(&self) -> (ClientKey, u64) {
        (self.client, self.host)
    }
}

/// The contacts of the clients of a partition.
#[derive(Default)]
pub struct Contacts {
    pub table: Table<ContactRow>,
    texts: Text,
}

impl Contacts {
    #[inline]
    pub fn hash(client: ClientKey, host: u64) -> u64 {
        let (a, b) = client.words();
        (host ^ a.rotate_left(21) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Keeps the host's name for a row that has none yet.
    pub fn name(&mut self, index: u32, host: &[u8]) {
        let row = self.table.row_mut(index);
        if row.text == TextRef::default() {
            row.text = self.texts.push(host);
        }
    }

    pub fn text(&self, row: &ContactRow) -> &[u8] {
        self.texts.get(row.text)
    }

    pub fn merge(&mut self, other: Self) {
        for row in other.table.rows() {
            let new = || ContactRow::new(row.client, row.host, other.text(row));
            let (index, mine) = self.table.entry(Self::hash(row.client, row.host), row.key(), new);
            mine.merge(row);
            self.name(index, other.text(row));
        }
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes()
            + self.texts.bytes()
            + self.table.rows().iter().map(|r| r.times.bytes()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_small() {
        assert!(size_of::<ContactRow>() <= 136, "{}", size_of::<ContactRow>());
    }
}
