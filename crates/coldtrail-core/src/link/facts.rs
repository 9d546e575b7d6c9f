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

/// Distinct pages of all clients with one method and user agent, browsers' sessions left out.
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
    /// Counts one page, by the bits of its pair (or of all pairs of a group, joined).
    pub(crate) fn add(&mut self, bits: u8) {
        let refused = bits & PairRow::ANSWERED == 0;
        self.n_pages += 1;
        self.n_missing += u32::from(bits & PairRow::MISSING != 0);
        self.n_probes += u32::from(bits & PairRow::PROBE != 0 && refused);
    }
}
