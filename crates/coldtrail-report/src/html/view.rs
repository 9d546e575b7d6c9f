//! What the template shows, as finished text.

use super::axis::Axis;
use super::charts::{self, Hours};
use super::rows::{self, InputView, TableView};
use super::words::{
    Names, Prose, clipped, level_words, more, names, number_text, period, prose, sentences, stage_words,
    text, time_or_dash,
};
use super::{Inline, data};
use crate::answers::{self, most_telling, stage_count, stages_of};
use crate::figures::{bytes, count, counted, percent};
use crate::raw::raw_text;
use crate::run::Method;
use crate::safe::Safe;
use askama::Template;
use coldtrail_core::detect::{Finding, Level, Severity};
use coldtrail_core::enrich::Place;
use coldtrail_core::verdict::{GotIn, Incident, LeftState, Report, Who};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

/// Findings shown; the others stand in `findings.jsonl`.
const MAX_FINDINGS: usize = 200;
/// Findings and incidents that are printed: the gravest, of at least medium severity.
const MAX_PRINTED: usize = 6;
/// Incidents shown; the others stand in `summary.json`.
const MAX_INCIDENTS: usize = 50;
/// Lines of evidence of one finding.
const MAX_EVIDENCE: usize = 10;
/// Characters of one line of evidence.
const MAX_RAW_CHARS: usize = 1200;
/// Entries under each of the four answers.
const MAX_ANSWERS: usize = 4;
/// Attackers in the table.
const MAX_ATTACKERS: usize = 50;
/// Lines that were not understood, as a sample.
const MAX_REJECTS: usize = 10;

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct PageView {
    style: Inline,
    script: Inline,
    data: String,
    level: &'static str,
    headline: &'static str,
    grounds: String,
    period: String,
    size: String,
    sentence: Prose,
    limits: Vec<String>,
    answers: [AnswerView; 4],
    do_now: Vec<Prose>,
    would_raise: Vec<Prose>,
    blind: Vec<Prose>,
    who_title: &'static str,
    background: String,
    attackers: Attackers,
    incidents: Vec<IncidentView>,
    /// Those of low severity.
    background_incidents: Vec<IncidentView>,
    more_incidents: String,
    hours: Option<Hours>,
    n_gaps: usize,
    findings: Vec<FindingView>,
    more_findings: String,
    clients: TableView,
    pages: TableView,
    hosts: TableView,
    countries: TableView,
    expectation: String,
    country_source: String,
    inputs: Vec<InputView>,
    more_inputs: String,
    totals: [String; 5],
    unread: String,
    reasons: Vec<[String; 2]>,
    problems: Vec<Prose>,
    notes: Vec<Prose>,
    rejects: Vec<EvidenceView>,
    version: String,
    command: String,
    parameters: Vec<[String; 2]>,
}

struct AnswerView {
    question: &'static str,
    short: String,
    items: Vec<AnswerItem>,
    more: String,
}

struct AnswerItem {
    name: String,
    note: Prose,
    /// Number of the finding on this page.
    finding: Option<usize>,
}

struct Attackers {
    has_places: bool,
    stages: Vec<&'static str>,
    rows: Vec<AttackerRow>,
    more: String,
}

struct AttackerRow {
    client: String,
    place: String,
    cells: Vec<String>,
    n_requests: String,
    taken: String,
    first: String,
    last: String,
    spark: String,
}

struct IncidentView {
    number: usize,
    is_printed: bool,
    level: &'static str,
    level_words: String,
    severity: &'static str,
    statement: Prose,
    period: String,
    ticks: String,
    lanes: Vec<LaneView>,
    clients: Names,
    artefacts: Names,
    findings: Vec<usize>,
}

struct LaneView {
    stage: String,
    svg: String,
    first: String,
    last: String,
    n_requests: String,
}

struct FindingView {
    number: usize,
    is_open: bool,
    is_printed: bool,
    level: &'static str,
    level_words: String,
    severity: &'static str,
    stage: String,
    stage_class: &'static str,
    title: &'static str,
    detector: &'static str,
    id: String,
    statement: Prose,
    techniques: String,
    period: String,
    n_requests: String,
    bytes_out: Option<String>,
    bytes_in: Option<String>,
    clients: Names,
    pages: Names,
    hosts: Names,
    artefacts: Names,
    numbers: Vec<[String; 2]>,
    caveats: Vec<Prose>,
    evidence: Vec<EvidenceView>,
    more_evidence: String,
}

struct EvidenceView {
    place: String,
    raw: String,
    note: &'static str,
}

pub(super) fn page(
    report: &Report,
    method: &Method,
    most: usize,
    style: Inline,
    script: Inline,
) -> io::Result<PageView> {
    let numbers = numbers_of(report);
    let n_inputs = report.coverage.inputs.len();
    let n_bytes = report.coverage.inputs.iter().fold(0u64, |n, i| n.saturating_add(i.bytes));
    let lines = &report.totals.lines;
    let printed: Vec<&str> =
        gravest(&report.findings, |f| (f.level, f.severity)).map(|f| f.id.as_str()).collect();
    let printed_incidents: Vec<&str> =
        gravest(&report.incidents, |i| (i.level, i.severity)).map(|i| i.id.as_str()).collect();
    let shown = report.incidents.iter().take(MAX_INCIDENTS).enumerate();
    let (incidents, background_incidents): (Vec<_>, Vec<_>) =
        shown.partition(|(_, i)| i.severity >= Severity::Medium);
    let [incidents, background_incidents] = [incidents, background_incidents].map(|of| {
        let view = |(at, i): (usize, &Incident)| {
            incident_view(at + 1, i, &numbers, printed_incidents.contains(&i.id.as_str()))
        };
        of.into_iter().map(view).collect::<Vec<_>>()
    });
    let proof: Vec<&str> = answers::proof(report).iter().map(|f| f.id.as_str()).collect();
    let gaps = report.coverage.gaps.iter().map(answers::gap);
    let blind: Vec<String> = report.coverage.blind_spots.iter().cloned().chain(gaps).collect();
    Ok(PageView {
        style,
        script,
        data: data::block(report, &numbers)?,
        level: if answers::nothing_read(report) { "unread" } else { report.level.name() },
        headline: answers::headline(report),
        grounds: clipped(&text(&answers::grounds(report)), 200),
        period: answers::period(report),
        size: format!(
            "{} in {}, {}",
            counted(lines.lines, "line", "lines"),
            counted(n_inputs as u64, "file", "files"),
            bytes(n_bytes)
        ),
        sentence: prose(&clipped(&text(answers::story(report)), 4000)),
        limits: answers::limits(report),
        answers: four(report, &numbers),
        do_now: sentences(&report.do_now),
        would_raise: if report.level == Level::Confirmed { vec![] } else { sentences(&report.would_raise) },
        blind: sentences(&blind),
        who_title: answers::who_title(report),
        background: answers::background(report),
        attackers: attackers(report),
        countries: rows::countries(report, most),
        expectation: answers::expectation(report),
        country_source: answers::country_source(report),
        incidents,
        background_incidents,
        more_incidents: more(report.incidents.len(), MAX_INCIDENTS, "summary.json"),
        hours: charts::hours(report),
        n_gaps: report.coverage.gaps.len(),
        findings: numbers
            .iter()
            .map(|(id, (number, f))| {
                finding_view(report, *number, f, proof.contains(id), printed.contains(id))
            })
            .collect::<BTreeMap<_, _>>()
            .into_values()
            .collect(),
        more_findings: more(report.findings.len(), MAX_FINDINGS, "findings.jsonl"),
        clients: rows::clients(report, most),
        pages: rows::pages(report, most),
        hosts: rows::hosts(report, most),
        inputs: rows::inputs(report, most.max(1)),
        more_inputs: more(n_inputs, most.max(1), "summary.json"),
        totals: [lines.lines, lines.ok, lines.partial, lines.raw, lines.skipped].map(count),
        unread: percent(lines.partial + lines.raw, lines.lines),
        reasons: lines.reasons.iter().map(|(r, n)| [r.words().to_owned(), count(*n)]).collect(),
        problems: sentences(&report.coverage.problems),
        notes: sentences(&report.coverage.notes),
        rejects: rejects(report),
        version: text(&method.version),
        command: clipped(
            &text(&method.command.iter().map(|a| shell_word(a)).collect::<Vec<_>>().join(" ")),
            4000,
        ),
        parameters: method.parameters.iter().map(|(a, b)| [text(a), text(b)]).collect(),
    })
}

/// Those that are printed: of at least medium severity, the gravest first, and of equals those that come first.
fn gravest<T>(all: &[T], gravity: impl Fn(&T) -> (Level, Severity)) -> impl Iterator<Item = &T> {
    let mut ranked: Vec<&T> = all.iter().filter(|x| gravity(x).1 >= Severity::Medium).collect();
    ranked.sort_by_key(|x| Reverse(gravity(x)));
    ranked.into_iter().take(MAX_PRINTED)
}

pub(super) type Numbers<'a> = BTreeMap<&'a str, (usize, &'a Finding)>;

/// The findings shown, numbered from 1 in their order: the most severe where not all have room.
fn numbers_of(report: &Report) -> Numbers<'_> {
    let mut ranked: Vec<usize> = (0..report.findings.len()).collect();
    ranked.sort_by_key(|i| {
        let f = &report.findings[*i];
        (Reverse((f.level, f.severity)), *i)
    });
    ranked.truncate(MAX_FINDINGS);
    ranked.sort_unstable();
    ranked
        .into_iter()
        .enumerate()
        .map(|(number, i)| (report.findings[i].id.as_str(), (number + 1, &report.findings[i])))
        .collect()
}

fn four(report: &Report, numbers: &Numbers<'_>) -> [AnswerView; 4] {
    let a = &report.answers;
    let item = |name: &str, note: &str, finding: Option<&str>| AnswerItem {
        name: clipped(&text(name), 120),
        note: prose(note),
        finding: finding.and_then(|id| numbers.get(id)).map(|(n, _)| *n),
    };
    let who = most_telling(&a.who, MAX_ANSWERS).into_iter().map(|w| {
        item(&w.client, &w.stages.iter().map(|s| stage_words(*s)).collect::<Vec<_>>().join(", "), None)
    });
    // The surest first.
    let mut got_in: Vec<&GotIn> = a.got_in.iter().collect();
    got_in.sort_by_key(|g| Reverse(g.level));
    let got_in = got_in.into_iter().take(MAX_ANSWERS).map(|g| {
        item(&g.page, &format!("{}, from {}", g.level.name(), time_or_dash(g.first_us)), Some(&g.finding))
    });
    let left = a.left.iter().take(MAX_ANSWERS).map(|l| {
        let state = match l.state {
            LeftState::Unknown => String::new(),
            state => format!("{}; ", state.name()),
        };
        item(&l.path, &format!("{state}answered {}", period(l.first_us, l.last_us)), Some(&l.finding))
    });
    let took = a.took.iter().take(MAX_ANSWERS).map(|t| {
        let size = if t.bytes == 0 { "size unknown,".to_owned() } else { bytes(t.bytes) };
        item(&t.path_or_host, &format!("{size} by {}", clipped(&text(&t.client), 60)), Some(&t.finding))
    });
    let counts = [a.who.len(), a.got_in.len(), a.left.len(), a.took.len()];
    let mut lists =
        [who.collect(), got_in.collect(), left.collect(), took.collect::<Vec<_>>()].into_iter().zip(counts);
    answers::four(report).map(|(question, short)| {
        let (items, n) = lists.next().unwrap_or_default();
        AnswerView { question, short, more: more(n, items.len(), "summary.json"), items }
    })
}

fn attackers(report: &Report) -> Attackers {
    let who = most_telling(&report.answers.who, MAX_ATTACKERS);
    let stages = stages_of(&who);
    let row = |w: &&Who| AttackerRow {
        client: clipped(&text(&w.client), 120),
        place: clipped(&text(&answers::place(&w.place)), 60),
        cells: stages.iter().map(|s| stage_count(w, *s)).collect(),
        n_requests: count(w.n_requests),
        taken: if w.bytes_taken > 0 { bytes(w.bytes_taken) } else { "-".to_owned() },
        first: time_or_dash(w.first_us),
        last: time_or_dash(w.last_us),
        spark: charts::spark(&w.activity),
    };
    Attackers {
        has_places: who.iter().any(|w| w.place != Place::default()),
        rows: who.iter().map(row).collect(),
        more: more(report.answers.who.len(), who.len(), "summary.json"),
        stages: stages.into_iter().map(answers::short_stage).collect(),
    }
}

fn incident_view(
    number: usize,
    incident: &Incident,
    numbers: &Numbers<'_>,
    is_printed: bool,
) -> IncidentView {
    let firsts = incident.stages.iter().filter_map(|s| s.first_us).chain(incident.first_us);
    let lasts = incident.stages.iter().filter_map(|s| s.last_us).chain(incident.last_us);
    let axis = Axis::around(firsts.min().unwrap_or(0), lasts.max().unwrap_or(0));
    let has_time = incident.stages.iter().any(|s| s.first_us.is_some());
    IncidentView {
        number,
        is_printed,
        level: incident.level.name(),
        level_words: level_words(incident.level),
        severity: incident.severity.name(),
        statement: prose(&clipped(&text(&incident.statement), 2000)),
        period: period(incident.first_us, incident.last_us),
        ticks: if has_time { axis.labels() } else { String::new() },
        lanes: incident
            .stages
            .iter()
            .map(|s| LaneView {
                stage: stage_words(s.stage),
                svg: charts::lane(axis, s.stage, s.first_us, s.last_us),
                first: time_or_dash(s.first_us),
                last: time_or_dash(s.last_us),
                n_requests: count(s.n_requests),
            })
            .collect(),
        clients: names(incident.clients.iter(), incident.n_clients),
        artefacts: names(incident.artefacts.iter(), incident.artefacts.len() as u64),
        findings: incident.findings.iter().filter_map(|id| numbers.get(id.as_str()).map(|n| n.0)).collect(),
    }
}

fn finding_view(
    report: &Report,
    number: usize,
    f: &Finding,
    is_open: bool,
    is_printed: bool,
) -> (usize, FindingView) {
    let evidence = f.evidence.iter().take(MAX_EVIDENCE).map(|e| EvidenceView {
        place: format!("{}:{}", Safe(crate::findings::input_name(report, e.at.input)), e.at.line),
        raw: clipped(&text(&raw_text(&e.raw, e.n_cut)), MAX_RAW_CHARS),
        note: "",
    });
    let view = FindingView {
        number,
        is_open,
        is_printed,
        level: f.level.name(),
        level_words: level_words(f.level),
        severity: f.severity.name(),
        stage: stage_words(f.meta.stage),
        stage_class: f.meta.stage.name(),
        title: f.meta.title,
        detector: f.meta.id,
        id: f.id.clone(),
        statement: prose(&clipped(&text(&f.statement), 2000)),
        techniques: f.meta.techniques.join(", "),
        period: period(f.first_us, f.last_us),
        n_requests: count(f.n_requests),
        bytes_out: f.bytes_out.map(bytes),
        bytes_in: f.bytes_in.map(bytes),
        clients: names(
            f.clients.iter().map(|c| report.client_text(*c)).take(1000).collect::<Vec<_>>().iter(),
            f.clients.len() as u64,
        ),
        pages: names(f.pages.iter(), f.pages.len() as u64),
        hosts: names(f.hosts.iter(), f.hosts.len() as u64),
        artefacts: names(f.artefacts.iter(), f.artefacts.len() as u64),
        numbers: f.numbers.iter().map(|(name, n)| [(*name).to_owned(), number_text(n)]).collect(),
        caveats: sentences(&f.caveats),
        evidence: evidence.collect(),
        more_evidence: more(f.evidence.len(), MAX_EVIDENCE, "findings.jsonl"),
    };
    (number, view)
}

fn rejects(report: &Report) -> Vec<EvidenceView> {
    let sample = report.coverage.rejects.iter().take(MAX_REJECTS);
    sample
        .map(|r| EvidenceView {
            place: format!("{}:{}", Safe(crate::findings::input_name(report, r.input)), r.line),
            raw: clipped(&text(&raw_text(&r.raw, r.n_cut)), 400),
            note: r.reason.words(),
        })
        .collect()
}

/// An argument as a shell would need it, where it is not plain.
fn shell_word(arg: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !arg.is_empty() && arg.chars().all(is_plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}
