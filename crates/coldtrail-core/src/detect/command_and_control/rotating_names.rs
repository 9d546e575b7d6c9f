//! # Ever new names below one domain (`rotating-names`)
//! ## Finds
//! A client inside that contacts, in a rhythm, names below one domain that it hardly ever uses twice and that nobody
//! else contacts.
//! ## Why it matters
//! Malware that changes the name with each call slips past lists of names and past any look at one host; a tunnel
//! carries its data in such names.
//! ## Decides
//! By client and registered domain (the public suffix list tells where names are sold): at least `min_names` names, each
//! contacted in at most 2 distinct seconds, 80 % of them by no other client. The domain itself is contacted by at
//! most 10 % of the clients (where at least 20 are seen). The contacts with all of the names, taken together, are
//! periodic by the test of `beacon`. In at least min(12, span / 4) hours: probable; in fewer, or in a network of fewer
//! than 20 clients: possible.
//! ## Parameters
//! - `min_names` | 20 | names | 5-1000 | a page with its pictures on numbered hosts has a dozen
//! - `min_lone` | 0.8 | share | 0.5-1 | names that are handed out by number meet again at other clients
//! - `max_prevalence` | 0.1 | share | 0.01-0.5 | as for `beacon`
//! - `min_clients` | 20 | clients | 5-1000 | as for `beacon`
//! - `min_hours` | 12 | h | 1-48 | as for `beacon`
//! ## ATT&CK
//! Command and control: T1568 dynamic resolution, T1071.001 web protocols (ATT&CK v17)
//! ## False positives
//! Networks that deliver content and look-ups of reputations by names made of a hash, where one client alone
//! has the product. Known updaters are left out.
//! ## Misses
//! Domains that many use; fewer than 20 names; names that come back.
//! ## Cost
//! The names of contacts, once; a look at all contacts for each domain that is left. At most 8 names' lines a client.
//! ## Sources
//! MITRE T1568; the public suffix list (Mozilla).

use super::rhythm::{Rhythm, rhythm};
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, quote, registered_domain, seconds};
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names of a domain whose lines are kept, and lines of each.
const MAX_SHOWN: usize = 8;
const MAX_EVENTS: usize = 3;
/// Distinct seconds of a name that is hardly used again.
const MAX_SECONDS: usize = 2;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_names: usize,
    pub(crate) min_lone: f64,
    pub(crate) max_prevalence: f64,
    pub(crate) min_clients: u64,
    pub(crate) min_hours: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { min_names: 20, min_lone: 0.8, max_prevalence: 0.1, min_clients: 20, min_hours: 12 };
}

pub(in crate::detect) struct RotatingNames(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "rotating-names",
    title: "Ever new names below one domain",
    stage: Stage::CommandAndControl,
    techniques: &["T1568", "T1071.001"],
    since: "0.1.0",
    needs: &["client_ip", "host", "ts"],
    doc: header!(include_str!("rotating_names.rs")),
};

/// The last two labels of a name, by which names are sorted before the public suffix list is asked; none for an address
/// and a name that has no more.
fn tail(name: &[u8]) -> Option<&[u8]> {
    if name.last().is_none_or(|c| c.is_ascii_digit() || *c == b':') {
        return None;
    }
    let last = memchr::memrchr(b'.', name)?;
    let second = memchr::memrchr(b'.', &name[..last])?;
    name.get(second + 1..)
}

fn is_below(name: &[u8], domain: &[u8]) -> bool {
    name.strip_suffix(domain).is_some_and(|head| head.is_empty() || head.ends_with(b"."))
}

impl RotatingNames {
    /// Names of one client by registered domain, as far as there may be enough of them.
    fn domains<'p>(
        &self,
        rows: &[&'p ContactRow],
        part: &'p Partition,
    ) -> BTreeMap<String, Vec<&'p ContactRow>> {
        let mut n_below: HashMap<&[u8], usize, foldhash::fast::RandomState> = HashMap::default();
        let tails: Vec<Option<&[u8]>> = rows.iter().map(|row| tail(part.contacts.text(row))).collect();
        for tail in tails.iter().flatten() {
            *n_below.entry(tail).or_default() += 1;
        }
        let mut domains: BTreeMap<String, Vec<&ContactRow>> = BTreeMap::new();
        for (row, tail) in rows.iter().zip(tails) {
            if tail.and_then(|t| n_below.get(t)).is_some_and(|n| *n >= self.0.min_names)
                && let Ok(name) = std::str::from_utf8(part.contacts.text(row))
                && let Some(domain) = registered_domain(name)
            {
                domains.entry(domain.to_owned()).or_default().push(row);
            }
        }
        domains.retain(|_, rows| rows.len() >= self.0.min_names);
        domains
    }

    /// Clients that contact names below a domain; more than `enough` are not counted.
    fn n_clients(domain: &str, enough: u64, site: &Site<'_>) -> u64 {
        let mut clients = BTreeSet::new();
        for part in site.partitions {
            for row in part.contacts.table.rows() {
                if is_below(part.contacts.text(row), domain.as_bytes()) {
                    clients.insert(row.client);
                    if clients.len() as u64 > enough {
                        return enough + 1;
                    }
                }
            }
        }
        clients.len() as u64
    }

    fn suspect_of(
        &self,
        domain: &str,
        rows: &[&ContactRow],
        part: &Partition,
        site: &Site<'_>,
    ) -> Option<Suspect> {
        let host = Host::new(domain.as_bytes(), site);
        if host.is_updater || host.is_own {
            return None;
        }
        let n_lone =
            rows.iter().filter(|r| site.hosts.get(&r.host).is_some_and(|h| h.n_clients == 1)).count();
        if (n_lone as f64) < self.0.min_lone * rows.len() as f64 {
            return None;
        }
        let mut times: Vec<u32> = rows.iter().flat_map(|r| r.times.seconds().iter().copied()).collect();
        times.sort_unstable();
        times.dedup();
        let found = rhythm(&times)?;
        let is_large = site.n_outgoing_clients >= self.0.min_clients;
        let enough = (self.0.max_prevalence * site.n_outgoing_clients as f64) as u64;
        let n_clients = Self::n_clients(domain, if is_large { enough } else { u64::MAX - 1 }, site);
        if is_large && n_clients > enough {
            return None;
        }
        Some(self.draft(&host, rows, &times, found, n_clients, part, site))
    }

    fn draft(
        &self,
        domain: &Host,
        rows: &[&ContactRow],
        times: &[u32],
        found: Rhythm,
        n_clients: u64,
        part: &Partition,
        site: &Site<'_>,
    ) -> Suspect {
        let client = rows[0].client;
        let who = site.client_text(client);
        let n_hours = times.iter().map(|t| t / 3600).collect::<BTreeSet<u32>>().len() as u64;
        let is_long = n_hours >= self.0.min_hours.min(site.span_hours() / 4).max(1);
        let is_large = site.n_outgoing_clients >= self.0.min_clients;
        let mut draft = Draft::new(format!("client {who} domain {}", domain.name));
        draft.rule = "rotating-names";
        (draft.level, draft.severity) = if is_long && is_large {
            (Level::Probable, Severity::High)
        } else {
            (Level::Possible, Severity::Medium)
        };
        draft.clients.insert(client);
        let names: BTreeSet<String> = rows.iter().map(|r| quote(part.contacts.text(r), 255)).collect();
        let example = names.first().cloned().unwrap_or_default();
        draft.hosts.extend(names.iter().take(MAX_SHOWN).cloned());
        draft.set_span(times[0], times[times.len() - 1]);
        draft.n_requests = rows.iter().map(|r| u64::from(r.n_requests)).sum();
        draft.bytes_out = Some(rows.iter().map(|r| r.bytes_down).sum());
        let knows_up = site.totals.lines.requests_with_bytes_in > 0;
        draft.bytes_in = knows_up.then(|| rows.iter().map(|r| r.bytes_up).sum());
        draft.number("n_names", names.len());
        draft.number("min_names", self.0.min_names);
        draft.number("n_gaps", found.n_gaps);
        draft.number("n_in_band", found.n_in_band);
        draft.number("band_low_s", found.low_s);
        draft.number("band_high_s", found.high_s);
        draft.number("n_hours", n_hours);
        draft.number("n_clients_of_domain", n_clients);
        draft.number("n_clients", site.n_outgoing_clients);
        if !is_large {
            draft.caveats.push(format!(
                "Only {} seen: how rare the domain is cannot be judged.",
                match site.n_outgoing_clients {
                    1 => "1 client is".to_owned(),
                    n => format!("{n} clients are"),
                }
            ));
        }
        draft.statement = format!(
            "{who} contacted {} below {}, such as {example}, hardly one of them twice; {} of {} between the contacts lie \
             between {} and {}{}, in {}; {} of {} ever contacted the domain.",
            counted(names.len() as u64, "name"),
            domain.name,
            count(found.n_in_band),
            counted(found.n_gaps, "gap"),
            seconds(found.low_s),
            seconds(found.high_s),
            if found.counts_multiples { ", their double or triple" } else { "" },
            counted(n_hours, "hour"),
            count(n_clients),
            counted(site.n_outgoing_clients, "client"),
        );
        let mut shown: Vec<&ContactRow> = rows.to_vec();
        shown.sort_by_key(|r| (r.first_s, part.contacts.text(r)));
        Suspect {
            rank: rows.len() as u64,
            wants: shown
                .iter()
                .take(MAX_SHOWN)
                .map(|r| (Selector::Contact(client, r.host), MAX_EVENTS))
                .collect(),
            draft,
        }
    }
}

impl Detector for RotatingNames {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_client: BTreeMap<ClientKey, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows().iter().filter(|r| r.times.seconds().len() <= MAX_SECONDS) {
            by_client.entry(row.client).or_default().push(row);
        }
        let mut suspects = Vec::new();
        for rows in by_client.values().filter(|rows| rows.len() >= self.0.min_names) {
            let domains = self.domains(rows, part);
            suspects.extend(
                domains.iter().filter_map(|(domain, rows)| self.suspect_of(domain, rows, part, site)),
            );
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        merged(events).iter().take(5).for_each(|event| draft.show(event));
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn name(n: u32) -> &'static str {
        Box::leak(format!("10.0.{}.{}", n / 250, n % 250 + 1).into_boxed_str())
    }

    fn office(n_clients: u32) -> Vec<Request> {
        (0..n_clients).map(|n| to_host(T0 + n, name(n), "www.h.example", "/", 200)).collect()
    }

    /// Contacts every five minutes, each with another name below `domain`.
    fn rotates(client: &'static str, domain: &str, n: u32) -> impl Iterator<Item = Request> + use<> {
        let domain = domain.to_owned();
        (0..n).map(move |i| {
            to_host(T0 + i * 300 + i * i % 17, client, format!("x{}.{domain}", i * 7919), "/", 200).bytes(90)
        })
    }

    fn check(requests: Vec<Request>, want: &[(&str, Level)]) {
        let found = TestSite::new(requests).run(&RotatingNames(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.level)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn names_that_change_with_every_call() {
        let of = |n_clients, calls: Vec<Request>| [office(n_clients), calls].concat();
        let subject = "client 10.0.0.1 domain evil.co.uk";
        check(of(30, rotates(name(0), "evil.co.uk", 60).collect()), &[(subject, Level::Probable)]);
        check(of(5, rotates(name(0), "evil.co.uk", 60).collect()), &[(subject, Level::Possible)]);
        check(of(30, rotates(name(0), "evil.co.uk", 15).collect()), &[]);
        // Names that are sold to many, names of an updater, and a domain that many use.
        check(of(30, rotates(name(0), "co.uk", 60).collect()), &[]);
        check(of(30, rotates(name(0), "gvt1.com", 60).collect()), &[]);
        let many = (0..6).flat_map(|n| rotates(name(n), &format!("c{n}.cdn.example"), 60)).collect();
        check(of(30, many), &[]);
    }

    #[test]
    fn no_rhythm_is_no_channel() {
        let mut seed = 1u32;
        let calls = (0..60u32).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let x = seed >> 8;
            to_host(T0 + x % 200_000, name(0), format!("x{x}.evil.co.uk"), "/", 200)
        });
        check([office(30), calls.collect()].concat(), &[]);
    }

    #[test]
    fn tails_of_names() {
        assert_eq!(tail(b"a.b.example.net"), Some(&b"example.net"[..]));
        assert_eq!(tail(b"example.net"), None);
        assert_eq!(tail(b"203.0.113.9"), None);
        assert_eq!(tail(b"2001:db8::1"), None);
        assert_eq!(tail(b""), None);
        assert!(is_below(b"a.example.net", b"example.net") && !is_below(b"anexample.net", b"example.net"));
    }
}
