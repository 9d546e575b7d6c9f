//! What a detector may know beyond its own partition: the totals, and read-only look-ups in the linked tables.

use crate::link::{AgentGroup, HostFacts, LinkedClient};
use crate::record::ClientKey;
use crate::table::{
    ClientRow, Keys, Ordinary, PARTITIONS, PageRow, PairRow, Partition, Replies, Totals, Visits, partition,
};
use std::collections::BTreeMap;

/// What a user tells about the site and the case.
#[derive(Clone, Default)]
pub struct Options {
    /// Paths that belong on the server, as URL paths; none if no manifest was given.
    pub manifest: Option<crate::enrich::Manifest>,
    pub indicators: crate::enrich::Indicators,
    /// On proxy logs, run all attack rules instead of the strong ones.
    pub all_rules: bool,
    pub geo: crate::enrich::Geo,
    /// Countries that visitors are expected from; none: learnt.
    pub expected_countries: Option<std::collections::BTreeSet<crate::enrich::Country>>,
    /// Attack rules beside the built-in ones.
    pub own_rules: crate::enrich::attack::OwnRules,
}

/// Everything after the first pass and `link`, and after the second what pages answered. Read only.
pub struct Site<'a> {
    pub keys: Keys,
    pub options: &'a Options,
    pub totals: &'a Totals,
    pub partitions: &'a [Partition; PARTITIONS],
    /// By partition: the pairs sorted by client, with the bits that `link` adds.
    pub pairs: &'a [Vec<PairRow>],
    /// By partition and row number of the client.
    pub linked: &'a [Vec<LinkedClient>],
    /// By the agent's partition, in the order of the hash; only those that may be a scan.
    pub agent_groups: &'a [Vec<AgentGroup>],
    /// By hash of the name.
    pub hosts: &'a BTreeMap<u64, HostFacts>,
    /// Some host answers what is not there with success or a redirect.
    pub hides_missing: bool,
    pub n_clients: u64,
    /// Clients seen in a proxy log.
    pub n_outgoing_clients: u64,
    /// Both of the pages that suspects asked about; empty before the second pass.
    pub ordinary: &'a Ordinary,
    pub replies: &'a Replies,
    /// By partition: who asked in which second; empty once the suspects are named.
    pub visits: &'a [Visits],
}

impl Site<'_> {
    pub fn page(&self, hash: u64) -> Option<&PageRow> {
        self.partitions[partition(hash)].pages.table.get(hash, hash)
    }

    /// Host (empty where the log has none) and path as logged, unescaped.
    pub fn page_text(&self, row: &PageRow) -> (&[u8], &[u8]) {
        self.partitions[partition(row.hash)].pages.text(row)
    }

    /// The path for people: percent-decoded, as valid text.
    pub fn page_name(&self, row: &PageRow) -> String {
        crate::enrich::decoded_path(self.page_text(row).1)
    }

    pub fn client(&self, client: ClientKey) -> Option<(&ClientRow, LinkedClient)> {
        let p = self.keys.client_partition(client);
        let table = &self.partitions[p].clients.table;
        let index = table.find(self.keys.client(client), client)?;
        Some((table.row(index), self.linked[p].get(index as usize).copied().unwrap_or_default()))
    }

    /// The address, or the name that the log has.
    pub fn client_text(&self, client: ClientKey) -> String {
        self.partitions[self.keys.client_partition(client)].clients.text(client)
    }

    /// The pairs of one client: `index` is its row number in partition `part`.
    pub fn pairs_of(&self, part: usize, index: u32) -> &[PairRow] {
        crate::link::pairs_of(&self.pairs[part], index)
    }

    /// Hours from the first to the last record, at least 1.
    pub fn span_hours(&self) -> u64 {
        match (self.totals.lines.first_us, self.totals.lines.last_us) {
            (Some(a), Some(b)) => (((b - a) / 3_600_000_000) as u64).max(1),
            _ => 1,
        }
    }
}
