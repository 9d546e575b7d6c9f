//! Suspects, what they want of the second pass, and what detectors make of it.

use crate::detect::{Finding, Site, Suspect, registry};
use crate::focus::{Events, PeakCounter, Wanted};
use crate::parallel::each;
use crate::record::ClientKey;
use crate::table::{ClientRow, Event, Selector};
use crate::verdict::{Lists, Report};
use std::cmp::Reverse;
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
    let mut partitions: Vec<usize> = (0..site.partitions.len()).collect();
    // All detectors of a partition together, while its tables are in cache.
    let found = each(&mut partitions, threads, |&mut i| {
        let ask = |d: usize| caught(|| detectors[d].suspect(i, &site.partitions[i], site));
        (0..detectors.len()).map(ask).collect::<Vec<_>>()
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

/// A detector that panics finds nothing there; the others go on.
fn caught<T: Default>(f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_default()
}

/// What the second pass is to look for; `peaks` are clients whose peaks it is to count.
pub(super) fn wanted(suspects: &[Of], peaks: Vec<ClientKey>, site: &Site<'_>, sample_key: u64) -> Wanted {
    let mut caps: BTreeMap<Selector, usize> = BTreeMap::new();
    for (selector, cap) in suspects.iter().flat_map(|of| &of.suspects).flat_map(|s| &s.wants) {
        let mine = caps.entry(*selector).or_default();
        *mine = (*mine).max(*cap);
    }
    Wanted::new(caps, peaks, sample_key, site)
}

/// The clients whose peaks are counted: suspects and the busiest, as many as the counters hold.
pub(super) fn peak_clients(suspects: &[Of], site: &Site<'_>) -> Vec<ClientKey> {
    let drafts = suspects.iter().flat_map(|of| &of.suspects).map(|s| &s.draft);
    let named: BTreeSet<ClientKey> = drafts.flat_map(|d| d.clients.iter().copied()).collect();
    let seconds =
        |c: &ClientRow| u64::from(c.n_requests).min(u64::from(c.last_s.saturating_sub(c.first_s)) + 1);
    let rows = site.partitions.iter().flat_map(|p| p.clients.table.rows());
    let busiest = |c: &(u32, ClientKey)| (Reverse(c.0), c.1);
    let mut clients: Vec<(u32, ClientKey)> = rows.map(|c| (c.n_requests, c.client)).collect();
    if clients.len() > Report::PEAK_CLIENTS {
        clients.select_nth_unstable_by_key(Report::PEAK_CLIENTS, busiest);
        clients.truncate(Report::PEAK_CLIENTS);
    }
    clients.retain(|c| !named.contains(&c.1));
    let row = |client: &ClientKey| site.client(*client).map(|(row, _)| row);
    let mut first: Vec<(u32, ClientKey)> =
        named.iter().filter_map(row).map(|c| (c.n_requests, c.client)).collect();
    first.sort_unstable_by_key(busiest);
    clients.sort_unstable_by_key(busiest);
    first.append(&mut clients);
    let mut sum = 0;
    let fits = first.iter().filter_map(|c| row(&c.1)).take_while(|row| {
        sum += seconds(row);
        sum <= PeakCounter::MAX_SECONDS
    });
    fits.map(|row| row.client).collect()
}

/// Asks the detectors what the events prove; also from which lists each finding was concluded.
pub(super) fn findings(
    suspects: &[Of],
    events: &Events,
    site: &Site<'_>,
    threads: usize,
) -> (Vec<Finding>, Lists) {
    let mut all: Vec<(usize, &Suspect)> = Vec::new();
    for of in suspects {
        all.extend(of.suspects.iter().map(|suspect| (of.detector, suspect)));
    }
    let findings = each(&mut all, threads, |(detector, suspect)| {
        let events: Vec<&[Event]> = suspect.wants.iter().map(|(selector, _)| events.of(*selector)).collect();
        caught(|| registry()[*detector].conclude(suspect, &events, site))
    });
    let mut lists = Lists::new();
    for (finding, (_, suspect)) in
        findings.iter().zip(&all).flat_map(|(of, suspect)| of.iter().map(move |f| (f, suspect)))
    {
        let mine = lists.entry((finding.meta.id, finding.subject.clone())).or_default();
        mine.extend(suspect.wants.iter().map(|(selector, _)| *selector));
    }
    (findings.into_iter().flatten().collect(), lists)
}
