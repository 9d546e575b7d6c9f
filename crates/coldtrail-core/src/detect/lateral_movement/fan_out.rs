//! # One client that tries many hosts (`fan-out`)
//! ## Finds
//! A client inside that, within one hour, contacted far more hosts than it does otherwise, or many internal
//! addresses, most of which did not answer.
//! ## Why it matters
//! A compromised host looks for others, inside the network or outside.
//! ## Decides
//! By client and hour: distinct hosts that are addresses, or names that answered at least once (names that
//! never resolve are not a scan). At least 200 hosts and 10 times the client's median hour, or at least 50
//! internal addresses; and half of them failed (5xx, no answer, or an address that the proxy refused, in at
//! least half of their requests). Then probable. Or, where at least 20 clients are seen, 200 hosts and 10 times
//! the median hour (of several), 80 % of which nobody else ever contacted, each asked once and not from a page:
//! possible.
//! ## Parameters
//! - `min_hosts` | 200 | hosts | 20-10000 | a heavy hour of browsing stays below 150
//! - `min_ratio` | 10 | times the median hour | 2-100 | crawlers and mail relays are busy in every hour
//! - `min_internal` | 50 | addresses | 5-1000 | nobody has 50 intranet servers by address
//! - `min_failed` | 0.5 | share | 0.1-1 | people visit what answers
//! - `min_clients` | 20 | clients | 5-1000 | in a smaller network each has hosts of its own
//! - `min_lone` | 0.8 | share | 0.5-1 | of the hosts of a heavy hour of browsing others know most
//! ## ATT&CK
//! Discovery: T1046 network service discovery, T1018 remote system discovery (ATT&CK v17)
//! ## False positives
//! Monitoring and inventory systems: known, regular. Peer-to-peer clients: odd ports, but names of no kind.
//! ## Misses
//! Slow scans (a few hosts an hour), scans that bypass the proxy; hours beyond the exact times that are kept
//! of one contact.
//! ## Cost
//! The times kept of each contact; at most 200 lines a client.
//! ## Sources
//! Measured on simulated proxy logs (two seeds): the two planted scans and nothing else.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, percent, quote, time_s};
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::BTreeMap;

const MAX_EVENTS: usize = 200;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_hosts: usize,
    pub(crate) min_ratio: usize,
    pub(crate) min_internal: usize,
    pub(crate) min_failed: f64,
    pub(crate) min_clients: u64,
    pub(crate) min_lone: f64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_hosts: 200,
        min_ratio: 10,
        min_internal: 50,
        min_failed: 0.5,
        min_clients: 20,
        min_lone: 0.8,
    };
}

pub(in crate::detect) struct FanOut(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "fan-out",
    title: "One client that tries many hosts",
    stage: Stage::LateralMovement,
    techniques: &["T1046", "T1018"],
    since: "0.1.0",
    needs: &["client_ip", "host", "ts", "status_code"],
    doc: header!(include_str!("fan_out.rs")),
};

/// Hosts of one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostsOfHour {
    pub hosts: usize,
    pub failed: usize,
    pub internal: usize,
    pub internal_failed: usize,
    /// That nobody else ever contacted, asked once and not from a page.
    pub lone: usize,
}

/// The hosts that one client contacted, by hours since 1970; names that nobody answers are no hosts.
pub(crate) fn hosts_by_hour<'a>(
    rows: impl IntoIterator<Item = &'a ContactRow>,
    part: &Partition,
    site: &Site<'_>,
) -> BTreeMap<u32, HostsOfHour> {
    let mut hours: BTreeMap<u32, HostsOfHour> = BTreeMap::new();
    for row in rows {
        let host = std::str::from_utf8(part.contacts.text(row)).ok();
        let ip = host.and_then(|h| h.parse::<std::net::IpAddr>().ok());
        let n_bad = row.n_failed.saturating_add(row.n_denied);
        if ip.is_none() && n_bad >= row.n_requests {
            continue;
        }
        // A proxy refuses names by policy: advertising is no host that did not answer.
        let n_bad = if ip.is_some() { n_bad } else { row.n_failed };
        let is_failed = n_bad.saturating_mul(2) >= row.n_requests;
        let is_internal = ip.is_some_and(|ip| ClientKey::from(ip).is_internal());
        let is_lone = row.n_requests == 1
            && row.n_referrer == 0
            && site.hosts.get(&row.host).is_some_and(|h| h.n_clients == 1);
        let mut of_row: Vec<u32> = row.times.seconds().iter().map(|t| t / 3600).collect();
        of_row.dedup();
        for hour in of_row {
            let hour = hours.entry(hour).or_default();
            hour.hosts += 1;
            hour.failed += usize::from(is_failed);
            hour.internal += usize::from(is_internal);
            hour.internal_failed += usize::from(is_internal && is_failed);
            hour.lone += usize::from(is_lone);
        }
    }
    hours
}

impl FanOut {
    fn of_client(&self, rows: &[&ContactRow], part: &Partition, site: &Site<'_>) -> Option<Suspect> {
        if rows.len() < self.0.min_internal {
            return None;
        }
        let hours = hosts_by_hour(rows.iter().copied(), part, site);
        let mut sizes: Vec<usize> = hours.values().map(|h| h.hosts).collect();
        sizes.sort_unstable();
        let median = sizes.get(sizes.len().checked_sub(1)? / 2).copied().unwrap_or(0);
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let is_heavy = |h: &HostsOfHour| {
            let is_only = sizes.len() == 1;
            h.hosts >= self.0.min_hosts && (is_only || h.hosts >= self.0.min_ratio * median)
        };
        let is_wide = |h: &HostsOfHour| is_heavy(h) && share(h.failed, h.hosts) >= self.0.min_failed;
        let is_lone = |h: &HostsOfHour| {
            site.n_outgoing_clients >= self.0.min_clients
                && sizes.len() > 1
                && is_heavy(h)
                && share(h.lone, h.hosts) >= self.0.min_lone
        };
        let is_inside = |h: &HostsOfHour| {
            h.internal >= self.0.min_internal && share(h.internal_failed, h.internal) >= self.0.min_failed
        };
        let loud: Vec<(u32, HostsOfHour)> = hours
            .iter()
            .filter(|(_, h)| is_wide(h) || is_inside(h) || is_lone(h))
            .map(|(t, h)| (*t, *h))
            .collect();
        let (first, last) = (loud.first()?.0, loud.last()?.0);
        let (at, peak) = loud.iter().copied().max_by_key(|(t, h)| (h.hosts, std::cmp::Reverse(*t)))?;
        let client = rows[0].client;
        let who = site.client_text(client);
        let mut draft = Draft::new(format!("client {who}"));
        (draft.level, draft.severity, draft.rule) = if is_inside(&peak) {
            (Level::Probable, Severity::High, "internal-fan-out")
        } else if is_wide(&peak) {
            (Level::Probable, Severity::High, "fan-out")
        } else {
            (Level::Possible, Severity::Medium, "lone-fan-out")
        };
        draft.clients.insert(client);
        draft.set_span(first * 3600, last * 3600 + 3599);
        draft.n_requests = rows.iter().map(|r| u64::from(r.n_requests)).sum();
        draft.number("n_hosts", peak.hosts);
        draft.number("n_failed", peak.failed);
        draft.number("n_internal", peak.internal);
        draft.number("n_lone", peak.lone);
        draft.number("median_hosts_per_h", median);
        draft.number("n_hours", loud.len());
        draft.statement = format!(
            "{who} contacted {} in the hour from {} ({} of them internal addresses, {} that nobody else ever \
             contacted), {} of which failed; its median hour has {}.",
            counted(peak.hosts as u64, "host"),
            time_s(at * 3600),
            count(peak.internal as u64),
            count(peak.lone as u64),
            percent(share(peak.failed, peak.hosts)),
            count(median as u64),
        );
        let mut named: Vec<&ContactRow> = rows.to_vec();
        named.sort_by_key(|r| (std::cmp::Reverse(r.n_failed), part.contacts.text(r)));
        draft.number("example", quote(part.contacts.text(named[0]), 80).as_str());
        Some(Suspect { rank: peak.hosts as u64, wants: vec![(Selector::Client(client), MAX_EVENTS)], draft })
    }
}

impl Detector for FanOut {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_client: BTreeMap<ClientKey, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows() {
            by_client.entry(row.client).or_default().push(row);
        }
        by_client.into_values().filter_map(|rows| self.of_client(&rows, part, site)).collect()
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let is_lone = draft.rule == "lone-fan-out";
        let inside = |e: &&Event| {
            draft.first_us.is_none_or(|t| e.ts_us >= t)
                && (is_lone || e.status_code >= 400 || e.status_code == 0)
        };
        let shown: Vec<&Event> = events.iter().filter(inside).take(5).collect();
        for event in shown {
            draft.show(event);
        }
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn check(requests: Vec<Request>, want: Option<&str>) {
        let found = TestSite::new(requests).run(&FanOut(Params::DEFAULT));
        assert_eq!(found.iter().map(|f| f.rule).collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>());
    }

    fn sweep(n: u32, prefix: &str, status: u16) -> Vec<Request> {
        (0..n)
            .map(|i| {
                to_host(T0 + i, "10.0.0.7", format!("{prefix}.{}.{}", i / 250, i % 250 + 1), "/", status)
            })
            .collect()
    }

    #[test]
    fn sweeps() {
        check(sweep(60, "192.168", 503), Some("internal-fan-out"));
        check(sweep(60, "192.168", 200), None);
        check(sweep(250, "93.184", 503), Some("fan-out"));
        check(sweep(150, "93.184", 503), None);
    }

    #[test]
    fn names_that_never_resolve_are_no_sweep() {
        let names = (0..300).map(|i| to_host(T0 + i, "10.0.0.7", format!("x{i}.example"), "/", 503));
        check(names.collect(), None);
    }
}
