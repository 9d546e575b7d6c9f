//! What findings rest on, for those who want to look for themselves: the requests that detectors judged, the beats of
//! contacts, and what others were answered.

use super::accused::contacts;
use crate::detect::{Evidence, Finding, HostsOfHour, Severity, Site, Stage, hosts_by_hour};
use crate::focus::Events;
use crate::record::ClientKey;
use crate::table::{ContactRow, Contacts, Event, Locus, Selector};
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
    /// Bytes that pages answered to visitors without a payload, ascending: a sample for each finding about an exploit.
    pub answers: BTreeMap<u32, Vec<u64>>,
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
/// Findings for which ordinary answers are kept.
const MAX_ANSWERS: usize = 16;
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
            if f.meta.stage == Stage::Exploit && f.page != 0 && basis.answers.len() < MAX_ANSWERS {
                let mut answers: Vec<u64> = site.ordinary.of(f.page).map(|a| a.bytes).collect();
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
                Sweep { finding: i, client: *client, hours: hosts_by_hour(rows, part, site) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, event_of, to_host, to_server};
    use crate::detect::{Draft, registry};

    const A: &str = "203.0.113.9";

    fn key(text: &str) -> ClientKey {
        ClientKey::parse(text.as_bytes())
    }

    fn finding(id: &str, severity: Severity, change: impl FnOnce(&mut Draft)) -> Finding {
        let meta = registry().iter().map(|d| d.meta()).find(|m| m.id == id).expect("a detector");
        let mut draft = Draft::new("of the test");
        draft.severity = severity;
        draft.clients = [key(A)].into();
        change(&mut draft);
        draft.finish(meta)
    }

    /// What is kept where each finding was concluded from all events.
    fn basis(requests: Vec<Request>, findings: impl FnOnce(&TestSite) -> Vec<Finding>) -> Basis {
        let n = requests.len();
        let site = &TestSite::new(requests);
        let findings = &findings(site);
        let all = Selector::SiteChanges;
        let mut events = Events::new([(all, 1000)]);
        for i in 0..n {
            events.add(events.list_of(all).expect("it is wanted"), event_of(site, i));
        }
        events.settle();
        let lists = findings.iter().map(|f| ((f.meta.id, f.subject.clone()), vec![all, all])).collect();
        Basis::of(findings, &lists, &events, &site.site())
    }

    #[test]
    fn requests_are_those_of_the_findings_client_page_and_time_each_once() {
        let requests = vec![
            to_server(T0 + 9, A, "GET", "/late", 200),
            to_server(T0, A, "GET", "/a", 200),
            to_server(T0 + 1, "192.0.2.7", "GET", "/a", 200),
            to_server(T0 + 2, A, "GET", "/b", 200),
        ];
        let found = basis(requests, |site| {
            let page = event_of(site, 1).page;
            vec![
                finding("scan", Severity::Medium, |d| d.set_span(T0, T0 + 5)),
                finding("attack", Severity::High, |d| d.page = page),
                finding("flood", Severity::Info, |_| {}),
            ]
        });
        let kept: Vec<(i64, &[u32])> = found
            .requests
            .iter()
            .map(|r| (r.event.ts_us / 1_000_000 - i64::from(T0), &found.sets[r.set as usize][..]))
            .collect();
        assert_eq!(kept, [(0, &[0, 1][..]), (2, &[0][..])]);
        assert_eq!(found.n_left_out, 0);
        let lines: Vec<Locus> = found.lines.iter().map(|e| e.at).collect();
        assert!(lines.len() == 2 && lines.is_sorted());
    }

    #[test]
    fn beats_and_sweeps_are_of_the_contacts() {
        let beat = |i: u32| to_host(T0 + i * 300, A, "c2.example", "/", 200);
        let sweep = |i: u32| to_host(T0 + i, A, format!("10.0.0.{i}"), "/", 503);
        let requests = (0..9).map(beat).chain((1..40).map(sweep)).collect();
        let hosts = |d: &mut Draft| d.hosts = ["c2.example".to_owned()].into();
        let found = basis(requests, |_| {
            vec![finding("beacon", Severity::High, hosts), finding("fan-out", Severity::High, |_| {})]
        });
        let [beats] = &found.beats[..] else { panic!("{} beats", found.beats.len()) };
        assert_eq!((beats.finding, beats.host.as_str(), beats.seconds.len()), (0, "c2.example", 9));
        let [sweep] = &found.sweeps[..] else { panic!("{} sweeps", found.sweeps.len()) };
        assert_eq!(sweep.hours.values().map(|h| (h.hosts, h.failed)).max(), Some((40, 39)));
        let of_beacon = found.requests.iter().filter(|r| found.sets[r.set as usize].contains(&0));
        assert!(of_beacon.clone().count() == 9);
        assert!(
            of_beacon.clone().all(|r| r.host.map(|h| found.hosts[h as usize].as_str()) == Some("c2.example"))
        );
    }
}
