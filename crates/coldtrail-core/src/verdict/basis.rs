//! What findings rest on, for those who want to look for themselves: the requests that detectors judged, the beats of
//! contacts, and what others were answered.

use super::accused::contacts;
use crate::detect::{Evidence, Finding, HostsOfHour, Severity, Site, Stage, hosts_by_hour};
use crate::focus::Events;
use crate::record::ClientKey;
use crate::table::{Answer, ContactRow, Contacts, Event, Locus, Selector};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The lists of events that each finding was concluded from, by detector and subject.
pub type Lists = BTreeMap<(&'static str, String), Vec<Selector>>;

/// What is kept of all that was judged.
#[derive(Default)]
pub struct Basis {
    /// Sorted by time, then place.
    pub requests: Vec<Request>,
    /// Judged too, and not kept: there was no room.
    pub n_left_out: u64,
    /// Hosts of the requests.
    pub hosts: Vec<String>,
    /// Which findings requests belong to: indices into `Report::findings`, ascending.
    pub sets: Vec<Vec<u32>>,
    /// Some of the requests as they stand in the log, sorted by place.
    pub lines: Vec<Evidence>,
    /// What pages answered to visitors without a payload: a sample for each finding about sizes, sorted by time.
    pub answers: BTreeMap<u32, Vec<Answer>>,
    pub beats: Vec<Beats>,
    pub sweeps: Vec<Sweep>,
}

/// A request that a finding rests on.
pub struct Request {
    pub event: Event,
    /// Index into `Basis::sets`.
    pub set: u32,
    /// Index into `Basis::hosts`; none where the log has no host.
    pub host: Option<u32>,
}

/// When a client contacted a host, seconds since 1970.
pub struct Beats {
    pub finding: u32,
    pub client: ClientKey,
    pub host: String,
    pub seconds: Vec<u32>,
}

/// How many hosts a client contacted in each hour.
pub struct Sweep {
    pub finding: u32,
    pub client: ClientKey,
    /// By hours since 1970.
    pub hours: BTreeMap<u32, HostsOfHour>,
}

/// Cap on the requests, requests.
const MAX_REQUESTS: usize = 200_000;
/// Caps on the lines fetched for them: lines, and bytes in all.
const MAX_LINES: usize = 5000;
const MAX_LINE_BYTES: u64 = 1 << 20;
/// Pairs of client and host whose beats are kept, of one finding and of all.
const MAX_BEATS_OF_ONE: usize = 3;
const MAX_BEATS: usize = 24;
/// Clients whose hosts are counted by hour.
const MAX_SWEEPS: usize = 12;

impl Basis {
    pub(super) fn of(findings: &[Finding], lists: &Lists, events: &Events, site: &Site<'_>) -> Self {
        // The gravest findings first: they are to have room. What is mere context accuses nobody.
        let mut order: Vec<u32> =
            (0u32..).zip(findings).filter(|(_, f)| f.severity > Severity::Info).map(|(i, _)| i).collect();
        order.sort_by_key(|i| {
            let f = &findings[*i as usize];
            (Reverse((f.level, f.severity)), *i)
        });
        let mut basis = Self::default();
        let mut kept: Vec<(u32, Event)> = Vec::new();
        let mut left_out: BTreeSet<Locus> = BTreeSet::new();
        for i in &order {
            let f = &findings[*i as usize];
            let hosts: Vec<u64> = f.hosts.iter().map(|h| site.keys.host(h.as_bytes())).collect();
            for selector in lists.get(&(f.meta.id, f.subject.clone())).into_iter().flatten() {
                for event in events.of(*selector).iter().filter(|e| is_of(f, &hosts, e)) {
                    if kept.len() < MAX_REQUESTS {
                        kept.push((*i, event.clone()));
                    } else {
                        left_out.insert(event.at);
                    }
                }
            }
            basis.add_contacts(*i, f, site);
            if f.meta.stage == Stage::Exploit && f.page != 0 {
                let mut answers: Vec<Answer> = site.ordinary.of(f.page).collect();
                answers.sort_unstable();
                basis.answers.insert(*i, answers);
            }
        }
        kept.sort_by_key(|(i, e)| (e.ts_us, e.at, *i));
        kept.dedup_by_key(|(i, e)| (e.at, *i));
        basis.add_requests(&kept, site);
        for request in &basis.requests {
            left_out.remove(&request.event.at);
        }
        basis.n_left_out = left_out.len() as u64;
        basis.choose_lines(&order);
        basis
    }

    fn add_requests(&mut self, kept: &[(u32, Event)], site: &Site<'_>) {
        let mut set_of: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let mut host_of: BTreeMap<u64, Option<u32>> = BTreeMap::new();
        for same in kept.chunk_by(|a, b| a.1.at == b.1.at) {
            let event = &same[0].1;
            let set: Vec<u32> = same.iter().map(|(i, _)| *i).collect();
            let next = set_of.len() as u32;
            let set = *set_of.entry(set).or_insert(next);
            let hosts = &mut self.hosts;
            let host = *host_of.entry(event.host).or_insert_with(|| {
                let name = host_name(event, site)?;
                hosts.push(name);
                Some(hosts.len() as u32 - 1)
            });
            self.requests.push(Request { event: event.clone(), set, host });
        }
        self.sets = vec![Vec::new(); set_of.len()];
        set_of.into_iter().for_each(|(set, at)| self.sets[at as usize] = set);
    }

    /// Each finding's first request, then each one's second, until the caps are met: all get their share.
    fn choose_lines(&mut self, order: &[u32]) {
        let mut of_finding: BTreeMap<u32, Vec<&Event>> = BTreeMap::new();
        for request in &self.requests {
            for finding in &self.sets[request.set as usize] {
                of_finding.entry(*finding).or_default().push(&request.event);
            }
        }
        let mut places: BTreeMap<Locus, i64> = BTreeMap::new();
        let mut n_bytes = 0;
        let longest = of_finding.values().map(Vec::len).max().unwrap_or(0);
        'all: for round in 0..longest {
            for event in order.iter().filter_map(|i| of_finding.get(i)?.get(round)) {
                if places.insert(event.at, event.ts_us).is_none() {
                    n_bytes += u64::from(event.at.len);
                }
                if places.len() >= MAX_LINES || n_bytes >= MAX_LINE_BYTES {
                    break 'all;
                }
            }
        }
        self.lines = places.into_iter().map(|(at, ts_us)| Evidence::new(at, ts_us)).collect();
    }

    fn add_contacts(&mut self, i: u32, f: &Finding, site: &Site<'_>) {
        if f.meta.id == "beacon" && self.beats.len() < MAX_BEATS {
            let rows = f.clients.iter().flat_map(|c| contacts(*c, f, site));
            let mut rows: Vec<&ContactRow> = rows.filter(|r| r.times.seconds().len() > 2).collect();
            rows.sort_by_key(|r| (Reverse(r.times.seconds().len()), r.client, contact_name(r, site)));
            self.beats.extend(rows.into_iter().take(MAX_BEATS_OF_ONE).map(|row| Beats {
                finding: i,
                client: row.client,
                host: contact_name(row, site),
                seconds: row.times.seconds().to_vec(),
            }));
        }
        if f.meta.id == "fan-out" && self.sweeps.len() < MAX_SWEEPS {
            self.sweeps.extend(f.clients.first().map(|client| {
                let part = &site.partitions[site.keys.client_partition(*client)];
                let rows = part.contacts.table.rows().iter().filter(|r| r.client == *client);
                Sweep { finding: i, client: *client, hours: hosts_by_hour(rows, part) }
            }));
        }
    }
}

/// The finding is about this request: its clients, page, hosts and time are those of the finding.
fn is_of(f: &Finding, hosts: &[u64], e: &Event) -> bool {
    f.clients.contains(&e.client)
        && (f.page == 0 || f.page == e.page)
        && (hosts.is_empty() || hosts.contains(&e.host))
        && f.first_us.is_none_or(|t| e.ts_us >= t / 1_000_000 * 1_000_000)
        && f.last_us.is_none_or(|t| e.ts_us / 1_000_000 <= t / 1_000_000)
}

fn host_name(event: &Event, site: &Site<'_>) -> Option<String> {
    let table = &site.partitions[site.keys.client_partition(event.client)].contacts;
    let hash = Contacts::hash(event.client, event.host);
    let name = match table.table.get(hash, (event.client, event.host)) {
        Some(row) => table.text(row),
        None => site.page_text(site.page(event.page)?).0,
    };
    (!name.is_empty()).then(|| crate::record::printable(name))
}

fn contact_name(row: &ContactRow, site: &Site<'_>) -> String {
    let part = &site.partitions[site.keys.client_partition(row.client)];
    crate::record::printable(part.contacts.text(row))
}
