//! Suspects, what they want of the second pass, and what detectors make of it.

use crate::detect::{Finding, Site, Suspect, registry};
use crate::focus::{Events, PeakCounter, Wanted};
use crate::record::ClientKey;
use crate::table::{ClientRow, Event, Selector};
use crate::verdict::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cap on the suspects of one detector: the highest by rank, then subject.
const MAX_SUSPECTS: usize = 10_000;

/// The suspects of one detector.
pub(super) struct Of {
    detector: usize,
    suspects: Vec<Suspect>,
}

/// Asks every detector about every partition.
pub(super) fn suspects(site: &Site<'_>, threads: usize) -> Vec<Of> {
    let detectors = registry();
    let mut all: Vec<Of> =
        detectors.iter().enumerate().map(|(d, _)| Of { detector: d, suspects: Vec::new() }).collect();
    let parts: Vec<usize> = (0..site.partitions.len()).collect();
    let chunk = parts.len().div_ceil(threads).max(1);
    let found: Vec<Vec<Vec<Suspect>>> = std::thread::scope(|scope| {
        let handles: Vec<_> = parts
            .chunks(chunk)
            .map(|indexes| {
                scope.spawn(move || {
                    let ask = |d: usize| {
                        let of = |i: &usize| registry()[d].suspect(*i, &site.partitions[*i], site);
                        indexes.iter().flat_map(of).collect()
                    };
                    (0..registry().len()).map(|d| caught(|| ask(d))).collect()
                })
            })
            .collect();
        handles.into_iter().map(|h| h.join().unwrap_or_default()).collect()
    });
    for by_detector in found {
        for (of, suspects) in all.iter_mut().zip(by_detector) {
            of.suspects.extend(suspects);
        }
    }
    for of in &mut all {
        of.suspects.sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.draft.subject.cmp(&b.draft.subject)));
        of.suspects.truncate(MAX_SUSPECTS);
    }
    all
}

/// A detector that panics finds nothing; the others go on.
fn caught<T: Default>(f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_default()
}

/// What the second pass is to look for.
pub(super) fn wanted(suspects: &[Of], site: &Site<'_>, sample_key: u64) -> Wanted {
    let mut caps: BTreeMap<Selector, usize> = BTreeMap::new();
    let mut named: BTreeSet<ClientKey> = BTreeSet::new();
    for suspect in suspects.iter().flat_map(|of| &of.suspects) {
        for (selector, cap) in &suspect.wants {
            let mine = caps.entry(*selector).or_default();
            *mine = (*mine).max(*cap);
        }
        named.extend(suspect.draft.clients.iter().copied());
    }
    Wanted::new(caps, peak_clients(&named, site), sample_key, site)
}

/// The clients whose peaks are counted: suspects and the busiest, as many as the counters hold.
fn peak_clients(named: &BTreeSet<ClientKey>, site: &Site<'_>) -> Vec<ClientKey> {
    let seconds =
        |c: &ClientRow| u64::from(c.n_requests).min(u64::from(c.last_s.saturating_sub(c.first_s)) + 1);
    let mut clients: Vec<(bool, u32, ClientKey, u64)> = site
        .partitions
        .iter()
        .flat_map(|p| p.clients.table.rows())
        .map(|c| (named.contains(&c.client), c.n_requests, c.client, seconds(c)))
        .collect();
    let busiest = |c: &(bool, u32, ClientKey, u64)| (std::cmp::Reverse(c.1), c.2);
    if clients.len() > Report::PEAK_CLIENTS {
        clients.select_nth_unstable_by_key(Report::PEAK_CLIENTS, busiest);
        let rest = clients.split_off(Report::PEAK_CLIENTS);
        clients.extend(rest.into_iter().filter(|c| c.0));
    }
    clients.sort_by_key(|c| (std::cmp::Reverse(c.0), busiest(c)));
    let mut sum = 0;
    let fits = clients.into_iter().take_while(|c| {
        sum += c.3;
        sum <= PeakCounter::MAX_SECONDS
    });
    fits.map(|c| c.2).collect()
}

/// Asks the detectors what the events prove.
pub(super) fn findings(suspects: &[Of], events: &Events, site: &Site<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for of in suspects {
        let detector = registry()[of.detector];
        for suspect in &of.suspects {
            let events: Vec<&[Event]> =
                suspect.wants.iter().map(|(selector, _)| events.of(*selector)).collect();
            findings.extend(caught(|| detector.conclude(suspect, &events, site)));
        }
    }
    findings
}
