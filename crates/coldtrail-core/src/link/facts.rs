//! What a link adds to a client, an agent and a host.

use crate::record::ClientKey;
use crate::table::PairRow;

/// What the pages of a client say about it, once it is known how everybody else fared there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LinkedClient {
    /// Distinct pages asked for.
    pub n_pages: u32,
    /// Of these, refused to this client and never given to anybody.
    pub n_missing: u32,
    /// Of these, in the probe vocabulary and refused or missing.
    pub n_probes: u32,
}

/// Distinct pages of all clients with one method and user agent, browsers' sessions left out. There is none for an
/// agent that hardly anybody was refused with, that one client has, or most of whose clients missed nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AgentGroup {
    pub agent: u64,
    pub linked: LinkedClient,
    pub n_requests: u64,
    pub n_referrer: u64,
    pub first_s: u32,
    pub last_s: u32,
    /// Exact.
    pub n_clients: u64,
    /// In order of address, at most 1,000.
    pub clients: Vec<ClientKey>,
}

/// A contacted host over all clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostFacts {
    pub n_clients: u32,
    pub n_requests: u64,
    pub bytes_down: u64,
    pub bytes_up: u64,
}

impl LinkedClient {
    /// The distinct pages of several clients.
    pub(crate) fn of_all<'p>(pairs: impl Iterator<Item = &'p PairRow>) -> Self {
        let mut pages: Vec<(u64, u8)> = pairs.map(|p| (p.page, p.bits)).collect();
        pages.sort_unstable();
        let mut linked = Self::default();
        for same in pages.chunk_by(|a, b| a.0 == b.0) {
            linked.add(same.iter().fold(0, |bits, p| bits | p.1));
        }
        linked
    }

    /// Counts one page, by the bits of its pair (or of all pairs of a group, joined).
    pub(crate) fn add(&mut self, bits: u8) {
        let refused = bits & PairRow::ANSWERED == 0;
        self.n_pages += 1;
        self.n_missing += u32::from(bits & PairRow::MISSING != 0);
        self.n_probes += u32::from(bits & PairRow::PROBE != 0 && refused);
    }
}
