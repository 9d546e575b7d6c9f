//! What the template shows, as finished text.

use super::axis::Axis;
use super::charts::{self, Hours};
use crate::answers::{self, most_telling, stage_count, stages_of};
use crate::figures::{bytes, count, counted, percent, time};
use crate::raw::raw_text;
use crate::run::Method;
use crate::safe::{Safe, safe};
use askama::Template;
use coldtrail_core::detect::{Finding, Level, Number, Stage};
use coldtrail_core::table::StatusClass;
use coldtrail_core::verdict::{ClientLine, HostLine, Incident, InputLine, LeftState, PageLine, Report, Who};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Findings shown; the others stand in `findings.jsonl`.
const MAX_FINDINGS: usize = 200;
/// Incidents shown; the others stand in `summary.json`.
const MAX_INCIDENTS: usize = 50;
/// Lines of evidence of one finding.
const MAX_EVIDENCE: usize = 10;
/// Characters of one line of evidence.
const MAX_RAW_CHARS: usize = 1200;
/// Names in one list of a finding or an incident.
const MAX_NAMES: usize = 12;
/// Entries under each of the four answers.
const MAX_ANSWERS: usize = 4;
/// Characters of one word of a sentence: a path or a host, as a rule.
const MAX_WORD_CHARS: usize = 240;
/// Sentences in one list.
const MAX_SENTENCES: usize = 30;
/// Attackers in the table.
const MAX_ATTACKERS: usize = 50;
/// Lines that were not understood, as a sample.
const MAX_REJECTS: usize = 10;

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct PageView {
    style: &'static str,
    style_hash: String,
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
    more_incidents: String,
    hours: Option<Hours>,
    n_gaps: usize,
    findings: Vec<FindingView>,
    more_findings: String,
    clients: TableView,
    pages: TableView,
    hosts: TableView,
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

/// A sentence whose dates are not broken over two lines.
struct Prose(Vec<Piece>);

struct Piece {
    text: String,
    is_date: bool,
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
    stages: Vec<&'static str>,
    rows: Vec<AttackerRow>,
    more: String,
}

struct AttackerRow {
    client: String,
    cells: Vec<String>,
    n_requests: String,
    taken: String,
    first: String,
    last: String,
    spark: String,
}

struct IncidentView {
    number: usize,
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

struct Names {
    shown: Vec<String>,
    more: String,
}

struct FindingView {
    number: usize,
    is_open: bool,
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

struct TableView {
    columns: &'static [&'static str],
    rows: Vec<RowView>,
    more: String,
    n: String,
}

struct RowView {
    is_named: bool,
    cells: Vec<String>,
}

struct InputView {
    path: String,
    digest: String,
    format: String,
    compression: String,
    counts: [String; 6],
    first: String,
    last: String,
    problem: Option<String>,
}

pub(super) fn page(
    report: &Report,
    method: &Method,
    rows: usize,
    style: &'static str,
    style_hash: String,
) -> PageView {
    let numbers = numbers_of(report);
    let n_inputs = report.coverage.inputs.len();
    let n_bytes = report.coverage.inputs.iter().fold(0u64, |n, i| n.saturating_add(i.bytes));
    let lines = &report.totals.lines;
    let proof: Vec<&str> = answers::proof(report).iter().map(|f| f.id.as_str()).collect();
    let gaps = report.coverage.gaps.iter().map(answers::gap);
    let blind: Vec<String> = report.coverage.blind_spots.iter().cloned().chain(gaps).collect();
    PageView {
        style,
        style_hash,
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
        sentence: prose(&clipped(&text(&report.sentence), 4000)),
        limits: answers::limits(report),
        answers: four(report, &numbers),
        do_now: sentences(&report.do_now),
        would_raise: if report.level == Level::Confirmed { vec![] } else { sentences(&report.would_raise) },
        blind: sentences(&blind),
        who_title: answers::who_title(report),
        background: answers::background(report),
        attackers: attackers(report),
        incidents: report
            .incidents
            .iter()
            .take(MAX_INCIDENTS)
            .enumerate()
            .map(|(i, incident)| incident_view(i + 1, incident, &numbers))
            .collect(),
        more_incidents: more(report.incidents.len(), MAX_INCIDENTS, "summary.json"),
        hours: charts::hours(report),
        n_gaps: report.coverage.gaps.len(),
        findings: numbers
            .iter()
            .map(|(id, (number, f))| finding_view(report, *number, f, proof.contains(id)))
            .collect::<BTreeMap<_, _>>()
            .into_values()
            .collect(),
        more_findings: more(report.findings.len(), MAX_FINDINGS, "findings.jsonl"),
        clients: table(&CLIENT_COLUMNS, &report.clients, rows, "clients.csv", client_row),
        pages: table(&PAGE_COLUMNS, &report.pages, rows, "pages.csv", page_row),
        hosts: table(&HOST_COLUMNS, &report.hosts, rows, "hosts.csv", host_row),
        inputs: inputs(report, rows.max(1)),
        more_inputs: more(n_inputs, rows.max(1), "summary.json"),
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
    }
}

type Numbers<'a> = BTreeMap<&'a str, (usize, &'a Finding)>;

/// The findings shown, numbered from 1 in their order: the most severe where not all have room.
fn numbers_of(report: &Report) -> Numbers<'_> {
    let mut ranked: Vec<usize> = (0..report.findings.len()).collect();
    ranked.sort_by_key(|i| {
        let f = &report.findings[*i];
        (std::cmp::Reverse((f.level, f.severity)), *i)
    });
    ranked.truncate(MAX_FINDINGS);
    ranked.sort_unstable();
    ranked
        .into_iter()
        .enumerate()
        .map(|(number, i)| (report.findings[i].id.as_str(), (number + 1, &report.findings[i])))
        .collect()
}

fn text(log_text: &str) -> String {
    safe(log_text).into_owned()
}

fn sentences(all: &[String]) -> Vec<Prose> {
    let mut out: Vec<Prose> =
        all.iter().take(MAX_SENTENCES).map(|s| prose(&clipped(&text(s), 2000))).collect();
    if all.len() > MAX_SENTENCES {
        out.push(prose(&format!("And {} more in summary.json.", count((all.len() - MAX_SENTENCES) as u64))));
    }
    out
}

/// Splits a sentence at its dates.
fn prose(sentence: &str) -> Prose {
    let is_date = |word: &str| {
        let mut parts = word.trim_end_matches([',', '.', ':', ';', ')']).split('-').map(str::len);
        word.starts_with(|c: char| c.is_ascii_digit())
            && [parts.next(), parts.next(), parts.next(), parts.next()] == [Some(4), Some(2), Some(2), None]
    };
    let mut out = vec![Piece { text: String::new(), is_date: false }];
    for word in sentence.split_inclusive(' ') {
        let is_date = is_date(word.trim_end());
        let word = without_middle(word);
        match out.last_mut() {
            Some(last) if !is_date && !last.is_date => last.text.push_str(&word),
            _ => out.push(Piece { text: word.into_owned(), is_date }),
        }
    }
    Prose(out)
}

/// A word that is longer than any sentence should bear, without its middle.
fn without_middle(word: &str) -> Cow<'_, str> {
    let n = word.chars().count();
    if n <= MAX_WORD_CHARS {
        return Cow::Borrowed(word);
    }
    let (head, tail): (String, String) =
        (word.chars().take(160).collect(), word.chars().skip(n - 40).collect());
    Cow::Owned(format!("{head}...(+{} characters)...{tail}", count(n as u64 - 200)))
}

/// Cut at a number of characters, saying how many are left out.
fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let (head, tail) = text.split_at(end);
            format!("{head} ...(+{} characters)", count(tail.chars().count() as u64))
        }
    }
}

fn more(n: usize, shown: usize, place: &str) -> String {
    match n.saturating_sub(shown) {
        0 => String::new(),
        rest => format!("{} more in {place}", count(rest as u64)),
    }
}

fn names<T: AsRef<str>>(all: impl ExactSizeIterator<Item = T>, n: u64) -> Names {
    let shown: Vec<String> = all.take(MAX_NAMES).map(|s| clipped(&text(s.as_ref()), 300)).collect();
    let rest = n.saturating_sub(shown.len() as u64);
    Names { shown, more: if rest > 0 { format!("and {} more", count(rest)) } else { String::new() } }
}

fn time_or_dash(ts_us: Option<i64>) -> String {
    ts_us.map_or_else(|| "-".to_owned(), time)
}

/// `2026-10-13 02:53:59 to 03:04:11`
fn period(first_us: Option<i64>, last_us: Option<i64>) -> String {
    match (first_us, last_us) {
        (Some(a), Some(b)) if a == b => time(a),
        (Some(a), Some(b)) => {
            let (a, b) = (time(a), time(b));
            match (a.split_once(' '), b.split_once(' ')) {
                (Some((day, _)), Some((same, clock))) if day == same => format!("{a} to {clock}"),
                _ => format!("{a} to {b}"),
            }
        }
        (Some(t), None) | (None, Some(t)) => time(t),
        (None, None) => "no time".to_owned(),
    }
}

fn stage_words(stage: Stage) -> String {
    stage.name().replace('-', " ")
}

fn level_words(level: Level) -> String {
    level.name().replace('_', " ")
}

fn four(report: &Report, numbers: &Numbers<'_>) -> [AnswerView; 4] {
    let a = &report.answers;
    let link = |id: &str| numbers.get(id).map(|(n, _)| *n);
    let who: Vec<AnswerItem> = most_telling(&a.who, MAX_ANSWERS)
        .into_iter()
        .map(|w| AnswerItem {
            name: clipped(&text(&w.client), 120),
            note: prose(&w.stages.iter().map(|s| stage_words(*s)).collect::<Vec<_>>().join(", ")),
            finding: None,
        })
        .collect();
    let got_in: Vec<AnswerItem> = a
        .got_in
        .iter()
        .take(MAX_ANSWERS)
        .map(|g| AnswerItem {
            name: clipped(&text(&g.page), 120),
            note: prose(&format!("{}, from {}", g.level.name(), time_or_dash(g.first_us))),
            finding: link(&g.finding),
        })
        .collect();
    let left: Vec<AnswerItem> = a
        .left
        .iter()
        .take(MAX_ANSWERS)
        .map(|l| AnswerItem {
            name: clipped(&text(&l.path), 120),
            note: prose(&match l.state {
                LeftState::Unknown => format!("answered {}", period(l.first_us, l.last_us)),
                state => format!("{}; answered {}", state.name(), period(l.first_us, l.last_us)),
            }),
            finding: link(&l.finding),
        })
        .collect();
    let took: Vec<AnswerItem> = a
        .took
        .iter()
        .take(MAX_ANSWERS)
        .map(|t| AnswerItem {
            name: clipped(&text(&t.path_or_host), 120),
            note: prose(&match t.bytes {
                0 => format!("size unknown, by {}", clipped(&text(&t.client), 60)),
                n => format!("{} by {}", bytes(n), clipped(&text(&t.client), 60)),
            }),
            finding: link(&t.finding),
        })
        .collect();
    let counts = [a.who.len(), a.got_in.len(), a.left.len(), a.took.len()];
    let mut lists = [who, got_in, left, took].into_iter().zip(counts);
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
        cells: stages.iter().map(|s| stage_count(w, *s)).collect(),
        n_requests: count(w.n_requests),
        taken: if w.bytes_taken > 0 { bytes(w.bytes_taken) } else { "-".to_owned() },
        first: time_or_dash(w.first_us),
        last: time_or_dash(w.last_us),
        spark: charts::spark(&w.activity),
    };
    Attackers {
        rows: who.iter().map(row).collect(),
        more: more(report.answers.who.len(), who.len(), "summary.json"),
        stages: stages.into_iter().map(answers::short_stage).collect(),
    }
}

fn incident_view(number: usize, incident: &Incident, numbers: &Numbers<'_>) -> IncidentView {
    let firsts = incident.stages.iter().filter_map(|s| s.first_us).chain(incident.first_us);
    let lasts = incident.stages.iter().filter_map(|s| s.last_us).chain(incident.last_us);
    let axis = Axis::around(firsts.min().unwrap_or(0), lasts.max().unwrap_or(0));
    let has_time = incident.stages.iter().any(|s| s.first_us.is_some());
    IncidentView {
        number,
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

fn finding_view(report: &Report, number: usize, f: &Finding, is_open: bool) -> (usize, FindingView) {
    let evidence = f.evidence.iter().take(MAX_EVIDENCE).map(|e| EvidenceView {
        place: format!("{}:{}", Safe(crate::findings::input_name(report, e.at.input)), e.at.line),
        raw: clipped(&text(&raw_text(&e.raw, e.n_cut)), MAX_RAW_CHARS),
        note: "",
    });
    let view = FindingView {
        number,
        is_open,
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

fn number_text(n: &Number) -> String {
    match n {
        Number::Int(n) if *n < 0 => format!("-{}", count(n.unsigned_abs())),
        Number::Int(n) => count(n.unsigned_abs()),
        Number::Float(x) => x.to_string(),
        Number::Text(t) => clipped(&text(t), 300),
    }
}

const CLIENT_COLUMNS: [&str; 11] = [
    "Client",
    "Requests",
    "Pages",
    "OK",
    "Denied",
    "Missing",
    "Errors",
    "Attacks",
    "Bytes out",
    "First",
    "Last",
];
const PAGE_COLUMNS: [&str; 11] = [
    "Page",
    "Requests",
    "Clients",
    "OK",
    "Denied",
    "Missing",
    "Errors",
    "Attacks",
    "Bytes out",
    "First",
    "Last",
];
const HOST_COLUMNS: [&str; 9] =
    ["Host", "Requests", "Clients", "Failed", "Denied", "Bytes down", "Bytes up", "First", "Last"];

fn table<T>(
    columns: &'static [&'static str],
    lines: &coldtrail_core::verdict::Lines<T>,
    rows: usize,
    place: &str,
    row: fn(T) -> RowView,
) -> TableView {
    TableView {
        columns,
        rows: lines.iter().take(rows).map(row).collect(),
        more: more(lines.len(), rows, place),
        n: count(lines.len() as u64),
    }
}

fn status(n: &[u64; StatusClass::COUNT]) -> [String; 4] {
    let of = |class: StatusClass| n[class as usize];
    [
        count(of(StatusClass::Ok) + of(StatusClass::NotModified) + of(StatusClass::Redirect)),
        count(of(StatusClass::Denied)),
        count(of(StatusClass::Missing)),
        count(of(StatusClass::Error)),
    ]
}

fn client_row(c: ClientLine) -> RowView {
    let mut cells = vec![clipped(&text(&c.client.to_string()), 120), count(c.n_requests), count(c.n_pages)];
    cells.extend(status(&c.n_status));
    cells.extend([count(c.n_attacks), bytes(c.bytes_out), time_or_dash(c.first_us), time_or_dash(c.last_us)]);
    RowView { is_named: c.n_findings > 0, cells }
}

fn page_row(p: PageLine) -> RowView {
    let name = clipped(&text(&format!("{}{}", p.host, p.path)), 200);
    let mut cells = vec![name, count(p.n_requests), count(p.n_clients)];
    cells.extend(status(&p.n_status));
    cells.extend([count(p.n_attacks), bytes(p.bytes_out), time_or_dash(p.first_us), time_or_dash(p.last_us)]);
    RowView { is_named: p.n_findings > 0, cells }
}

fn host_row(h: HostLine) -> RowView {
    let cells = vec![
        clipped(&text(&h.host), 200),
        count(h.n_requests),
        count(h.n_clients),
        count(h.n_failed),
        count(h.n_denied),
        bytes(h.bytes_down),
        bytes(h.bytes_up),
        time_or_dash(h.first_us),
        time_or_dash(h.last_us),
    ];
    RowView { is_named: h.n_findings > 0, cells }
}

/// Inputs in their order; where not all have room, those with a problem first.
fn inputs(report: &Report, most: usize) -> Vec<InputView> {
    let all = &report.coverage.inputs;
    let mut ranked: Vec<usize> = (0..all.len()).collect();
    ranked.sort_by_key(|i| (all[*i].problem.is_none(), *i));
    ranked.truncate(most);
    ranked.sort_unstable();
    ranked.into_iter().map(|i| input_view(&all[i])).collect()
}

fn input_view(i: &InputLine) -> InputView {
    InputView {
        path: clipped(&text(&i.path), 300),
        digest: i.digest.as_ref().map_or_else(|| "not hashed".into(), |(name, hex)| format!("{name} {hex}")),
        format: text(&i.format),
        compression: text(&i.compression),
        counts: [
            bytes(i.bytes),
            count(i.lines),
            count(i.ok),
            count(i.partial),
            count(i.raw),
            count(i.skipped),
        ],
        first: time_or_dash(i.first_us),
        last: time_or_dash(i.last_us),
        problem: i.problem.as_deref().map(|p| clipped(&text(p), 500)),
    }
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
