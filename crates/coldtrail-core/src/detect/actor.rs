//! What is known of a client beyond the finding at hand.

use super::Site;
use crate::record::ClientKey;
use crate::table::ClientRow;

impl Site<'_> {
    /// A loopback client is the server itself (cron jobs, health checks), unless the whole log knows no other: then a
    /// local proxy hides the real addresses.
    pub(crate) fn is_bystander(&self, client: ClientKey) -> bool {
        client.is_loopback() && self.has_remote_clients()
    }

    fn has_remote_clients(&self) -> bool {
        self.partitions.iter().any(|p| p.clients.table.rows().iter().any(|c| !c.client.is_loopback()))
    }

    /// Bystanders are left out of every finding: true for the rows that a detector may accuse.
    pub(crate) fn may_accuse(&self, row: &ClientRow) -> bool {
        !row.client.is_loopback() || !self.has_remote_clients()
    }

    /// The client attacked or probed elsewhere: 1 attack, or 3 probes for pages that are not there.
    pub(crate) fn has_history(&self, client: ClientKey) -> bool {
        const PROBES: u32 = 3;
        self.client(client).is_some_and(|(row, linked)| row.n_attacks > 0 || linked.n_probes >= PROBES)
    }

    /// Whether clients that share the agent of a program belong together: `n` odd requests are 3 a client, 200 in all,
    /// or all within a day or a tenth of the log. Common tools have the same agent everywhere, and many who have nothing
    /// to do with each other come with them.
    pub(crate) fn is_together(&self, n: u64, n_clients: u64, [first_s, last_s]: [u32; 2]) -> bool {
        const MANY: u64 = 200;
        const DAY_S: i64 = 86_400;
        let tenth_s = self.span_s().map_or(0, |(a, b)| b - a) / 10;
        let is_short = i64::from(last_s.saturating_sub(first_s)) <= tenth_s.max(DAY_S);
        n >= MANY || n >= 3 * n_clients || is_short
    }

    /// Seconds since 1970 of the first and the last record.
    pub(crate) fn span_s(&self) -> Option<(i64, i64)> {
        let lines = &self.totals.lines;
        Some((lines.first_us? / 1_000_000, lines.last_us? / 1_000_000))
    }
}

/// Most of what the client did went out through a proxy: one of our own, not a visitor.
pub(crate) fn is_outgoing(row: &ClientRow) -> bool {
    row.n_outgoing > row.n_requests / 2
}
