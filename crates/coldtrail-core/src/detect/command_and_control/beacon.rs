//! # Periodic contacts with a rare host (`beacon`)
//! ## Finds
//! A client inside that contacts a host in a period (with jitter, missed beats, bursts) which hardly anybody
//! else contacts, also when nobody sits at the keyboard.
//! ## Why it matters
//! Malware asks its master for orders at intervals; it is how a compromised host is steered.
//! ## Decides
//! Timing, for each client and host with at least 6 distinct seconds over 5 minutes: band evidence E = the
//! largest n KL(a || p0) less ln(tests), over bands of 7 widths and 5 burst lengths, p0 = the most a memoryless
//! visitor can put there. Periodic: E >= 12 and (a - p0) / (1 - p0) >= 0.35. Context: contacted by at most
//! 10 % of the clients (where at least 20 are seen; in a smaller network rarity cannot be judged, all else
//! must hold, a host of a third of the clients is at most possible, and one of three or more that are half of
//! them is context; so are the network's own hosts and those of known updaters); at least 20 % of the beats in
//! 10-minute slots (and their neighbours) in which the client has no other contact that is not periodic, or
//! seen on 60 % of the client's days (from 2 days on), or in 20 hours of the day; at least min(12, span / 4)
//! hours with a contact. All: probable, with fewer than 6 hours possible (in a small network only with half
//! of the beats unattended); rare with one missed: possible; else context (info). One finding for a host;
//! more than 5 clients lower its severity by one step, more than `max_periodic` make it context.
//! ## Parameters
//! - `min_seconds` | 6 | s | 5-100 | five gaps at least
//! - `min_span_s` | 300 | s | 60-86400 | shorter is one page load
//! - `min_evidence` | 12 | nats | 5-50 | 6e-6; 1 false alarm in 746 real aperiodic pairs
//! - `min_excess` | 0.35 | share | 0.1-0.9 | a third of the gaps beyond chance
//! - `max_prevalence` | 0.1 | share | 0.01-0.5 | updaters and advertising are above
//! - `min_clients` | 20 | clients | 5-1000 | in a smaller network a share says nothing
//! - `max_periodic` | 20 | clients | 5-1000 | an agent of the house's own runs on 61 of 2,000 (simulated);
//!   whoever takes so many machines leaves louder signs
//! - `min_unattended` | 0.2 | share | 0.05-1 | open tabs stop with their user
//! - `min_days` | 0.6 | share | 0.1-1 | persistence in place of nights
//! - `min_hours` | 12 | h | 1-48 | open tabs reach 9
//! - `round_the_clock_hours` | 20 | h | 16-24 | nobody sits at the keyboard so long, also where scripts
//!   browse day and night
//! ## ATT&CK
//! Command and control: T1071.001 web protocols, T1573 encrypted channel; exfiltration: T1029 scheduled
//! transfer (ATT&CK v17)
//! ## False positives
//! Updaters, monitoring agents and time services that one machine only runs: known by name. Ask the owner of
//! the machine.
//! ## Misses
//! Fewer than six contacts; waits drawn without memory; hosts behind a popular name (domain fronting). Logs
//! shorter than a day cannot tell an open tab well.
//! ## Cost
//! Up to 4,096 exact seconds a client and host (whole days by hash beyond); n log n for each of 35 band
//! shapes.
//! ## Sources
//! RITA 5 (Active Countermeasures) for the peer's score: 0.00 to 0.64 on the harder rows of the same test.

use super::band::{Band, Search, burst_starts};
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, percent, quote, seconds};
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::{BTreeMap, BTreeSet};

/// Lines kept of one client and host, lines.
const MAX_EVENTS: usize = 8;
/// Clients of one host whose lines are kept, clients.
const MAX_SHOWN: usize = 5;
/// Length of a slot in which a client is attended or not, seconds.
const SLOT_S: u32 = 600;
/// Hours with a contact below which no more than possible is said, hours: a morning's page that reloads itself.
const SURE_HOURS: u64 = 6;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_seconds: usize,
    pub(crate) min_span_s: u32,
    pub(crate) min_evidence: f64,
    pub(crate) min_excess: f64,
    pub(crate) max_prevalence: f64,
    pub(crate) min_clients: u64,
    pub(crate) max_periodic: usize,
    pub(crate) min_unattended: f64,
    pub(crate) min_days: f64,
    pub(crate) min_hours: u64,
    pub(crate) round_the_clock_hours: usize,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_seconds: 6,
        min_span_s: 300,
        min_evidence: 12.0,
        min_excess: 0.35,
        max_prevalence: 0.1,
        min_clients: 20,
        max_periodic: 20,
        min_unattended: 0.2,
        min_days: 0.6,
        min_hours: 12,
        round_the_clock_hours: 20,
    };
}

pub(in crate::detect) struct Beacon(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "beacon",
    title: "Periodic contacts with a rare host",
    stage: Stage::CommandAndControl,
    techniques: &["T1071.001", "T1573", "T1029"],
    since: "0.1.0",
    needs: &["client_ip", "host", "ts"],
    doc: header!(include_str!("beacon.rs")),
};

/// One periodic contact with what surrounds it.
struct Periodic<'a> {
    row: &'a ContactRow,
    band: Band,
    unattended: f64,
    days: f64,
    hours: u64,
    hours_of_day: usize,
}

impl Beacon {
    fn timing(&self, row: &ContactRow, search: &Search) -> Option<Band> {
        let seconds = row.times.seconds();
        if seconds.len() < self.0.min_seconds || seconds[seconds.len() - 1] - seconds[0] < self.0.min_span_s {
            return None;
        }
        search
            .best_band(seconds)
            .filter(|b| b.evidence >= self.0.min_evidence && b.excess() >= self.0.min_excess)
    }

    /// All contacts of one client are judged before what is attended is known.
    fn of_client<'a>(&self, rows: &[&'a ContactRow], search: &Search) -> Vec<Periodic<'a>> {
        let bands: Vec<Option<Band>> = rows.iter().map(|row| self.timing(row, search)).collect();
        if bands.iter().all(Option::is_none) {
            return Vec::new();
        }
        let slots =
            |row: &ContactRow| row.times.seconds().iter().map(|t| t / SLOT_S).collect::<BTreeSet<u32>>();
        let mut attended: BTreeSet<u32> = BTreeSet::new();
        let mut days: BTreeSet<u32> = BTreeSet::new();
        for (row, band) in rows.iter().zip(&bands) {
            days.extend(row.times.seconds().iter().map(|t| t / 86_400));
            if band.is_none() {
                attended.extend(slots(row));
            }
        }
        let mut periodic = Vec::new();
        for (row, band) in rows.iter().zip(bands) {
            let Some(band) = band else { continue };
            let beats = burst_starts(row.times.seconds(), band.burst_s);
            let alone = beats
                .iter()
                .filter(|t| {
                    let slot = **t / SLOT_S;
                    attended.range(slot.saturating_sub(1)..=slot + 1).next().is_none()
                })
                .count();
            let of =
                |unit: u32| row.times.seconds().iter().map(|t| t / unit).collect::<BTreeSet<u32>>().len();
            periodic.push(Periodic {
                row,
                band,
                unattended: alone as f64 / beats.len().max(1) as f64,
                days: of(86_400) as f64 / days.len().max(1) as f64,
                hours: of(3600) as u64,
                hours_of_day: row
                    .times
                    .seconds()
                    .iter()
                    .map(|t| t / 3600 % 24)
                    .collect::<BTreeSet<u32>>()
                    .len(),
            });
        }
        periodic
    }

    fn draft(&self, p: &Periodic<'_>, host: &str, site: &Site<'_>) -> Draft {
        let n_clients = site.n_outgoing_clients;
        let of_host = site.hosts.get(&p.row.host).map_or(1, |h| u64::from(h.n_clients));
        let prevalence = of_host as f64 / n_clients.max(1) as f64;
        let is_large = n_clients >= self.0.min_clients;
        let span_days = site.span_hours().div_ceil(24);
        let min_hours = self.0.min_hours.min(site.span_hours() / 4).max(1);
        let is_alone = p.unattended >= self.0.min_unattended
            || (span_days >= 2 && p.days >= self.0.min_days)
            || p.hours_of_day >= self.0.round_the_clock_hours;
        let is_long = p.hours >= min_hours;
        let missed = [is_alone, is_long].iter().filter(|x| !**x).count();
        let mut draft = Draft::new(format!("host {host}"));
        let is_short = p.hours < SURE_HOURS;
        let grade = if is_large {
            let is_rare = prevalence <= self.0.max_prevalence;
            match missed {
                0 if is_rare && !is_short => Level::Probable,
                0 | 1 if is_rare => Level::Possible,
                _ => Level::NoSign,
            }
        } else if missed > 0 || (is_short && p.unattended < 0.5) || (of_host >= 3 && of_host * 2 >= n_clients)
        {
            // Nothing is known of rarity but that a host of half of the network is not rare: every other test has to hold.
            Level::NoSign
        } else if is_short || of_host * 3 >= n_clients {
            Level::Possible
        } else {
            Level::Probable
        };
        let contacted = Host::new(host.as_bytes(), site);
        let grade = if contacted.is_own || contacted.is_updater { Level::NoSign } else { grade };
        (draft.level, draft.severity, draft.rule) = match grade {
            Level::Probable => (grade, Severity::High, "beacon"),
            Level::Possible => (grade, Severity::Medium, "beacon"),
            _ => (grade, Severity::Info, "periodic"),
        };
        draft.clients.insert(p.row.client);
        draft.hosts.insert(host.to_owned());
        draft.set_span(p.row.first_s, p.row.last_s);
        draft.n_requests = u64::from(p.row.n_requests);
        draft.bytes_out = Some(p.row.bytes_down);
        draft.bytes_in = (site.totals.lines.requests_with_bytes_in > 0).then_some(p.row.bytes_up);
        let in_band = (p.band.share * p.band.n_gaps as f64).round() as u64;
        draft.number("evidence", p.band.evidence);
        draft.number("min_evidence", self.0.min_evidence);
        draft.number("n_gaps", p.band.n_gaps);
        draft.number("n_in_band", in_band);
        draft.number("band_low_s", p.band.lo_s);
        draft.number("band_high_s", p.band.hi_s);
        draft.number("chance", p.band.chance);
        draft.number("burst_s", p.band.burst_s);
        draft.number("multiples", p.band.multiples);
        draft.number("n_hours", p.hours);
        draft.number("min_hours", min_hours);
        draft.number("unattended", p.unattended);
        draft.number("days", p.days);
        draft.number("n_clients_of_host", of_host);
        draft.number("n_clients", n_clients);
        if !is_large {
            draft.caveats.push(format!(
                "Only {} seen: how rare the host is cannot be judged.",
                if n_clients == 1 { "1 client is".to_owned() } else { format!("{n_clients} clients are") }
            ));
        }
        if p.row.times.is_sampled() {
            draft.caveats.push(
                "Judged on whole days chosen by hash: there were more contacts than are kept.".to_owned(),
            );
        }
        draft.statement = format!(
            "{} of {} between contacts of {} with {host} lie between {} and {}{} (a memoryless visitor: at most {}); {}, \
             {} of contacts while the client did nothing else; {} of {} ever contacted this host.",
            count(in_band),
            counted(p.band.n_gaps as u64, "gap"),
            site.client_text(p.row.client),
            seconds(p.band.lo_s),
            seconds(p.band.hi_s),
            if p.band.multiples > 1 { ", their double or triple" } else { "" },
            percent(p.band.chance),
            counted(p.hours, "hour"),
            percent(p.unattended),
            count(of_host),
            counted(n_clients, "client"),
        );
        draft
    }
}

impl Detector for Beacon {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        if part.contacts.table.is_empty() {
            return Vec::new();
        }
        let search = Search::new(self.0.min_evidence);
        let mut by_client: BTreeMap<ClientKey, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows() {
            by_client.entry(row.client).or_default().push(row);
        }
        let mut by_host: BTreeMap<String, Vec<Suspect>> = BTreeMap::new();
        for rows in by_client.into_values() {
            for p in self.of_client(&rows, &search) {
                let host = quote(part.contacts.text(p.row), 255);
                let draft = self.draft(&p, &host, site);
                by_host.entry(host).or_default().push(Suspect {
                    rank: p.band.evidence.clamp(0.0, 1e9) as u64 + (draft.severity as u64) * 1_000_000_000,
                    wants: vec![(Selector::Contact(p.row.client, p.row.host), MAX_EVENTS)],
                    draft,
                });
            }
        }
        let mut suspects = Vec::new();
        for mut same in by_host.into_values() {
            same.sort_by_key(|s| (std::cmp::Reverse(s.rank), s.draft.clients.first().copied()));
            let rank = same.first().map_or(0, |s| s.rank);
            let wants = same.iter().take(MAX_SHOWN).flat_map(|s| s.wants.iter().copied()).collect();
            let draft = Draft::join(same.into_iter().map(|s| s.draft).collect());
            suspects.push(Suspect { rank, wants, draft });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let mut n_of: BTreeMap<ClientKey, usize> = BTreeMap::new();
        for event in events {
            let n = n_of.entry(event.client).or_default();
            *n += 1;
            if *n <= 3 && draft.evidence.len() < Draft::MAX_EVIDENCE {
                draft.show(event);
            }
        }
        vec![draft.finish(&META)]
    }

    fn join(&self, drafts: Vec<Draft>) -> Draft {
        let mut draft = Draft::join(drafts);
        let n = draft.clients.len();
        draft.number("n_periodic_clients", n);
        if n > 1 {
            draft.statement = format!(
                "{} contact this host periodically; the most regular: {}",
                counted(n as u64, "client"),
                draft.statement
            );
        }
        if n > self.0.max_periodic {
            (draft.severity, draft.level, draft.rule) = (Severity::Info, Level::NoSign, "periodic");
        } else if n > 5 && draft.severity > Severity::Medium {
            (draft.severity, draft.level) = (Severity::Medium, Level::Possible);
        }
        draft
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn names(n: u32) -> Vec<&'static str> {
        (0..n).map(|i| &*Box::leak(format!("10.0.{}.{}", i / 250, i % 250 + 1).into_boxed_str())).collect()
    }

    /// An office: everybody browses in the day; who is in `beats` also contacts a host every 10 minutes, day and night.
    fn office(n_clients: u32, beats: &[usize]) -> Vec<Request> {
        let clients = names(n_clients);
        let mut requests = Vec::new();
        for (i, client) in clients.iter().enumerate() {
            let mut x = i as u32 * 7919 + 1;
            for _ in 0..40 {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let host = format!("www{}.example", x >> 28);
                requests.push(to_host(T0 + (x >> 8) % 28_800, client, host, "/", 200).referred());
            }
            if beats.contains(&i) {
                for k in 0..140 {
                    requests
                        .push(to_host(T0 + k * 600 + k * k % 60, client, "c2.example", "/p", 200).bytes(40));
                }
            }
        }
        requests
    }

    fn check(requests: Vec<Request>, want: &[(&str, Level, Severity, usize)]) {
        let found = TestSite::new(requests).run(&Beacon(Params::DEFAULT));
        let found: Vec<_> =
            found.iter().map(|f| (f.subject.as_str(), f.level, f.severity, f.clients.len())).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn a_rare_host_day_and_night() {
        check(office(30, &[3]), &[("host c2.example", Level::Probable, Severity::High, 1)]);
        let found = TestSite::new(office(30, &[3])).run(&Beacon(Params::DEFAULT));
        assert!(
            found[0].statement.contains("1 of 30 clients ever contacted this host"),
            "{}",
            found[0].statement
        );
        assert_eq!(found[0].evidence.len(), 3);
    }

    #[test]
    fn everybody_does_it() {
        let all: Vec<usize> = (0..30).collect();
        check(office(30, &all), &[("host c2.example", Level::NoSign, Severity::Info, 30)]);
        let most: Vec<usize> = (0..8).collect();
        check(office(10, &most), &[("host c2.example", Level::NoSign, Severity::Info, 8)]);
        check(office(10, &most[..4]), &[("host c2.example", Level::Possible, Severity::Medium, 4)]);
    }

    #[test]
    fn browsing_is_not_periodic() {
        check(office(30, &[]), &[]);
    }
}
