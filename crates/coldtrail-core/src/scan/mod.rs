//! The whole run: first pass, link, suspects, second pass, findings, verdict, report.

mod countries;
mod judge;
mod lanes;
mod lines;
mod progress;
mod stream;
mod words;

pub use progress::{Progress, Snapshot};
pub use stream::{Streamed, stream};
pub use words::Words;

use crate::decode::HashKind;
use crate::detect::{Finding, Options, Site};
use crate::enrich::attack::{MAX_STEPS, RuleSet};
use crate::focus::{Focused, Focuser, PeakCounter};
use crate::link::{Links, link, settle};
use crate::observe::{ObserveOptions, Observed, Observer, Partitions};
use crate::parse::{Parser, Settings};
use crate::record::ClientKey;
use crate::source::Found;
use crate::table::{Keys, Ordinary, PARTITIONS, Partition, Replies, Visits};
use crate::verdict::Report;
use lanes::Lanes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How to run.
#[derive(Clone)]
pub struct ScanOptions {
    pub threads: usize,
    pub hash: HashKind,
    /// Drawn once per run: tables and memos are seeded with it, and no output depends on it.
    pub seed: u64,
    /// The format of all inputs; none: found out for each.
    pub parser: Option<Parser>,
    pub settings: Arc<Settings>,
    pub since_us: Option<i64>,
    pub until_us: Option<i64>,
    pub detect: Options,
}

/// Reads everything that was found, twice where something calls for it, and reports.
pub fn scan(found: Found, options: &ScanOptions, progress: &Progress) -> Report {
    let rules = RuleSet::with(&options.detect.own_rules);
    let threads = options.threads.max(1);
    let keys = Keys::new(options.seed);
    let observe = ObserveOptions {
        all_rules: options.detect.all_rules,
        since_us: options.since_us,
        until_us: options.until_us,
    };
    let lanes = Lanes::new(found, options.hash, options.parser.clone(), options.settings.clone());

    progress.begin(1, lanes.stored_bytes());
    let shared = Partitions::default();
    let mut observed = Observed::default();
    let mut scorers = Vec::new();
    for worker in lanes.first_pass(threads, progress, || Observer::new(keys, observe, &rules, &shared)) {
        let (part, scorer) = worker.finish();
        observed.merge(part);
        scorers.push(scorer);
    }
    let mut partitions = shared.into_inner();
    let visits: Vec<Visits> = partitions.iter_mut().map(|p| std::mem::take(&mut p.visits)).collect();
    settle(&mut partitions, threads);
    let links = link(&mut partitions, threads);
    let mut tables = Tables { partitions, links };

    let inputs = lanes.ranked(&observed);
    let rejects = std::mem::take(&mut observed.rejects);
    let mut detect = options.detect.clone();
    if let Some(manifest) = &mut detect.manifest {
        manifest.fit(&tables.served_paths());
    }
    let unknown = (Ordinary::default(), Replies::default());
    let site = tables.site(keys, &detect, &observed, (&unknown.0, &unknown.1));
    let suspects = judge::suspects(&Site { visits: &visits, ..site }, threads);
    let (mut peaks, uncounted) =
        PeakCounter::of_visits(judge::peak_clients(&suspects, &site), visits, &site, threads);
    let wanted = judge::wanted(&suspects, uncounted, &site, inputs.sample_key());
    let scorers = Mutex::new(scorers);
    let focuser = || {
        let scorer = scorers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let scorer = scorer.expect("both passes have the same number of workers");
        Focuser::new(&wanted, &site, observe, scorer)
    };
    let workers = if wanted.is_empty() || progress.is_stopped() {
        vec![focuser()]
    } else {
        progress.begin(2, lanes.stored_bytes());
        lanes.second_pass(threads, progress, &inputs, &wanted, focuser)
    };
    let join = |mut all: Focused, other| {
        all.merge(other);
        all
    };
    let mut focused =
        workers.into_iter().map(Focuser::finish).reduce(join).expect("a pass has at least one worker");
    focused.events.settle();
    focused.ordinary.settle();
    let site = tables.site(keys, &detect, &observed, (&focused.ordinary, &focused.replies));
    let (findings, lists) = judge::findings(&suspects, &focused.events, &site, threads);
    drop((suspects, wanted));
    peaks.extend(focused.peaks.peaks());
    let judgement = crate::verdict::conclude(findings, &lists, &focused.events, &site);
    drop(focused.events);
    let mut coverage = lanes.coverage(&inputs, &observed, rejects, &site);
    coverage.blind_spots.extend(rules.gave_up().into_iter().map(gave_up));
    let client_names = client_names(&judgement.findings, &site);
    // What only detectors ask for is given back before the lines are sorted.
    drop((focused.ordinary, focused.replies));
    tables.links.pairs = Vec::new();
    lanes.forget_blocks();
    let countries = countries::countries(
        &tables,
        &detect.geo,
        &judgement.named_clients,
        detect.expected_countries.as_ref(),
        threads,
    );
    let tables = Arc::new(tables);
    let mut report = Report {
        level: judgement.level,
        rule: judgement.rule,
        sentence: judgement.sentence,
        would_raise: judgement.would_raise,
        do_now: judgement.do_now,
        answers: judgement.answers,
        incidents: judgement.incidents,
        client_names,
        findings: judgement.findings,
        coverage,
        clients: lines::clients(&tables, &detect.geo, &peaks, &judgement.named_clients, threads),
        pages: lines::pages(&tables, &judgement.named_pages, threads),
        hosts: lines::hosts(&tables, &judgement.named_hosts),
        countries,
        basis: judgement.basis,
        totals: observed.totals,
        is_partial: progress.is_stopped(),
    };
    countries::weigh(&mut report.findings, &report.countries, &detect.geo);
    lanes.fetch_evidence(&inputs, &mut report.findings, &mut report.basis.lines);
    report
}

fn gave_up(rule: &str) -> String {
    format!(
        "The rule {rule} was given up on at least one value, after {MAX_STEPS} steps: it may have matched there."
    )
}

/// Names of those clients of findings that the log gives as names.
fn client_names(findings: &[Finding], site: &Site<'_>) -> BTreeMap<ClientKey, String> {
    let clients = findings.iter().flat_map(|f| f.clients.iter()).filter(|c| c.is_name());
    clients.map(|c| (*c, site.client_text(*c))).collect()
}

/// The linked tables, shared by detectors and writers.
struct Tables {
    partitions: Vec<Partition>,
    links: Links,
}

impl Tables {
    /// Paths that our server gave out, as logged.
    fn served_paths(&self) -> Vec<&[u8]> {
        let mut paths = Vec::new();
        for pages in self.partitions.iter().map(|p| &p.pages) {
            let ours = pages.table.rows().iter().filter(|p| p.is_answered() && p.n_outgoing == 0);
            paths.extend(ours.map(|page| pages.text(page).1));
        }
        paths
    }

    fn site<'a>(
        &'a self,
        keys: Keys,
        options: &'a Options,
        observed: &'a Observed,
        (ordinary, replies): (&'a Ordinary, &'a Replies),
    ) -> Site<'a> {
        let clients = || self.partitions.iter().flat_map(|p| p.clients.table.rows());
        Site {
            keys,
            options,
            totals: &observed.totals,
            partitions: self.partitions.as_slice().try_into().unwrap_or_else(|_| unreachable_partitions()),
            pairs: &self.links.pairs,
            linked: &self.links.clients,
            agent_groups: &self.links.agent_groups,
            hosts: &self.links.hosts,
            hides_missing: self.links.hides_missing,
            n_clients: clients().count() as u64,
            n_outgoing_clients: clients().filter(|c| c.n_outgoing > 0).count() as u64,
            ordinary,
            replies,
            visits: &[],
        }
    }
}

fn unreachable_partitions() -> ! {
    panic!("there are {PARTITIONS} partitions")
}
