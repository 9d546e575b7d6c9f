//! The verdict and the four answers in words: the same in the terminal and in the HTML report.

use crate::figures::{bytes, count, counted, percent, time};
use coldtrail_core::detect::{Finding, Level, Severity, Stage};
use coldtrail_core::enrich::{ATTRIBUTION, BUILT_IN_DATE, Place};
use coldtrail_core::verdict::{CountryLine, Expected, Gap, LeftState, Report, Who};

/// The verdict's fixed words; other ones where there was nothing to judge.
pub(crate) fn headline(report: &Report) -> &'static str {
    if nothing_read(report) { "Nothing could be read" } else { report.level.words() }
}

/// The verdict's sentence below its headline, whose words it does not say again.
pub(crate) fn story(report: &Report) -> &str {
    let story = report.sentence.strip_prefix(report.level.words()).and_then(|rest| rest.strip_prefix(": "));
    story.unwrap_or(&report.sentence)
}

/// No line was understood: a verdict would be about nothing.
pub(crate) fn nothing_read(report: &Report) -> bool {
    report.totals.lines.ok + report.totals.lines.partial == 0
}

/// `confirmed by blind-two-valued`
pub(crate) fn grounds(report: &Report) -> String {
    let level = match report.level {
        _ if nothing_read(report) => return String::new(),
        Level::NoAttack | Level::NoSign => return String::new(),
        Level::Possible => "possible",
        Level::Probable => "probable",
        Level::Confirmed => "confirmed",
    };
    if report.rule.is_empty() { level.to_owned() } else { format!("{level} by rule {}", report.rule) }
}

/// What makes the report speak for less than all there was; one sentence each.
pub(crate) fn limits(report: &Report) -> Vec<String> {
    let mut out = Vec::new();
    if report.is_partial {
        out.push("Interrupted: this is what was read until then.".to_owned());
    }
    let n_broken = report.coverage.inputs.iter().filter(|i| i.problem.is_some()).count() as u64;
    let n_inputs = report.coverage.inputs.len() as u64;
    if n_broken > 0 {
        out.push(format!(
            "Incomplete: {n_broken} of {} could not be read to the end.",
            counted(n_inputs, "file", "files")
        ));
    } else if !report.coverage.problems.is_empty() {
        out.push(format!(
            "Incomplete: {} while reading, see below.",
            counted(report.coverage.problems.len() as u64, "problem", "problems")
        ));
    }
    let lines = &report.totals.lines;
    if lines.raw > 0 && lines.raw * 100 > lines.lines && !nothing_read(report) {
        out.push(format!("{} of all lines were not understood at all.", percent(lines.raw, lines.lines)));
    }
    out
}

/// Question and short answer.
pub(crate) fn four(report: &Report) -> [(&'static str, String); 4] {
    let short = if nothing_read(report) {
        let unknown = || "cannot be said".to_owned();
        [unknown(), unknown(), unknown(), unknown()]
    } else {
        [who(report), got_in(report), left(report), took(report)]
    };
    let [who, got_in, left, took] = short;
    [
        ("Who attacked us?", who),
        ("Did they get in?", got_in),
        ("What did they leave?", left),
        ("What did they take?", took),
    ]
}

/// Strangers attack; own clients, whom only a proxy's log names, are victims first.
fn who(report: &Report) -> String {
    let n_own = report.answers.who.iter().filter(|w| w.is_own).count() as u64;
    let n_strangers = report.answers.who.len() as u64 - n_own;
    let own = counted(n_own, "own client", "own clients");
    let n_incidents = report.incidents.iter().filter(|i| i.severity >= Severity::Medium).count() as u64;
    match (n_strangers, n_own, report.answers.n_background) {
        (0, 0, 0) => "nobody seen".to_owned(),
        (0, 0, _) => "background noise only".to_owned(),
        (0, ..) => format!("{own} involved"),
        (_, 0, _) if n_incidents > 1 => {
            format!("{}, {n_incidents} incidents", counted(n_strangers, "client", "clients"))
        }
        (_, 0, _) => counted(n_strangers, "client", "clients"),
        _ => format!("{}, {own}", counted(n_strangers, "stranger", "strangers")),
    }
}

/// The title of the table of those: `Attackers`, or what holds for own clients too.
pub(crate) fn who_title(report: &Report) -> &'static str {
    if report.answers.who.iter().any(|w| w.is_own) { "Clients involved" } else { "Attackers" }
}

/// Those of findings who are not named, in one sentence.
pub(crate) fn background(report: &Report) -> String {
    match report.answers.n_background {
        0 => String::new(),
        n => format!(
            "Background noise: {} with single probes, as every server sees them, or with blocked contacts only.",
            counted(n, "address", "addresses")
        ),
    }
}

fn got_in(report: &Report) -> String {
    let word = match report.level {
        Level::NoAttack => return "no attack seen".to_owned(),
        Level::NoSign => return "no sign that they did".to_owned(),
        Level::Possible => "perhaps",
        Level::Probable => "probably",
        Level::Confirmed => "yes",
    };
    // What is less sure than the verdict is counted apart.
    let all = &report.answers.got_in;
    let n = all.iter().filter(|g| g.level >= report.level).count() as u64;
    match (n, all.len() as u64 - n) {
        (0, 0) => word.to_owned(),
        (0, n) | (n, 0) => format!("{word}, {}", counted(n, "place", "places")),
        (n, rest) => format!("{word}, {}; {rest} less sure", counted(n, "place", "places")),
    }
}

fn left(report: &Report) -> String {
    let left = &report.answers.left;
    let count = |state| left.iter().filter(|l| l.state == state).count();
    let (deleted, present) = (count(LeftState::Deleted), count(LeftState::Present));
    let files = counted(left.len() as u64, "file", "files");
    match (left.len(), deleted, present) {
        (0, ..) => "nothing seen".to_owned(),
        (n, d, _) if n == d => format!("{files}, since deleted"),
        (n, _, p) if n == p => format!("{files}, still there"),
        (_, 0, 0) => files,
        (_, d, p) => {
            let part = |n, word| (n > 0).then(|| format!("{n} {word}"));
            let parts: Vec<String> =
                [part(p, "still there"), part(d, "deleted")].into_iter().flatten().collect();
            format!("{files}: {}", parts.join(", "))
        }
    }
}

fn took(report: &Report) -> String {
    let took = &report.answers.took;
    let total = took.iter().fold(0u64, |n, t| n.saturating_add(t.bytes));
    let mut clients: Vec<&str> = took.iter().map(|t| t.client.as_str()).collect();
    clients.sort_unstable();
    clients.dedup();
    match (took.len() as u64, total) {
        (0, _) => "nothing seen".to_owned(),
        (n, 0) => format!("{}, size unknown", counted(n, "transfer", "transfers")),
        _ => format!("{} by {}", bytes(total), counted(clients.len() as u64, "client", "clients")),
    }
}

/// The best finding of each stage that bears on the verdict, in the order of the kill chain.
pub(crate) fn proof(report: &Report) -> Vec<&Finding> {
    let floor = report.level.clamp(Level::NoSign, Level::Possible);
    let weight = |f: &Finding| (f.level, f.severity, !f.evidence.is_empty(), f.n_requests);
    let mut best: Vec<&Finding> = Vec::new();
    for stage in Stage::ALL {
        let of_stage = report.findings.iter().filter(|f| f.meta.stage == stage && f.level >= floor);
        // Of equals, the first: `max_by` would take the last.
        if let Some(f) = of_stage.reduce(|a, b| if weight(b) > weight(a) { b } else { a }) {
            best.push(f);
        }
    }
    best
}

/// The rows that matter most, most telling first: furthest along, most taken, most requests of findings.
pub(crate) fn most_telling(who: &[Who], most: usize) -> Vec<&Who> {
    let effect =
        |w: &Who| w.stages.iter().filter(|s| !matches!(s, Stage::Reconnaissance | Stage::Attack)).count();
    let mut ranked: Vec<usize> = (0..who.len()).collect();
    ranked.sort_by_key(|i| {
        let w = &who[*i];
        let n_in_findings: u64 = w.n_by_stage.iter().map(|(_, n)| *n).sum();
        (std::cmp::Reverse((effect(w), w.bytes_taken, n_in_findings, w.n_requests)), *i)
    });
    ranked.truncate(most);
    ranked.into_iter().map(|i| &who[i]).collect()
}

/// `NL AS64496 Example Hosting`, as far as it is known.
pub(crate) fn place(place: &Place) -> String {
    let asn = place.asn.map(|n| format!("AS{n}"));
    let parts = [place.country.map(|c| c.to_string()), asn, place.owner.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Who made the country data and of when they are; empty where no country is shown.
pub(crate) fn country_source(report: &Report) -> String {
    match report.countries.lines.iter().any(|l| l.country.is_some()) {
        true => format!(
            "Country data: {ATTRIBUTION}, {BUILT_IN_DATE}; where an address is registered, a hint and no proof."
        ),
        false => String::new(),
    }
}

/// How it is known which countries are expected.
pub(crate) fn expectation(report: &Report) -> String {
    let expected = match report.countries.expected {
        Expected::Given => "Expected: as --expect says.".to_owned(),
        Expected::Learnt { n_visitors } => format!(
            "Expected: at least 1 % of {} with a browser's session and without a finding come from there.",
            counted(n_visitors, "client", "clients")
        ),
        Expected::Unknown => {
            "Too few browsers' sessions to learn from where visitors are expected; --expect would say it."
                .to_owned()
        }
    };
    match report.countries.lines.iter().any(|l| l.surprise_millibits.is_some()) {
        true => format!("{expected} A visitor with one bit of surprise more is half as likely."),
        false => expected,
    }
}

/// `yes`, `no`, or nothing where it is not known.
pub(crate) fn expected(is_expected: Option<bool>) -> &'static str {
    is_expected.map_or("", |yes| if yes { "yes" } else { "no" })
}

/// `9.3`, in bits; nothing where it is not known.
pub(crate) fn surprise(line: &CountryLine) -> String {
    line.surprise_millibits.map_or(String::new(), |m| {
        let tenths = (m + 50) / 100;
        format!("{}.{}", tenths / 10, tenths % 10)
    })
}

/// The stages that anybody reached.
pub(crate) fn stages_of(who: &[&Who]) -> Vec<Stage> {
    let seen = |s: &Stage| who.iter().any(|w| w.n_by_stage.iter().any(|(t, n)| s == t && *n > 0));
    Stage::ALL.into_iter().filter(seen).collect()
}

/// Requests in a stage.
pub(crate) fn stage_count(w: &Who, stage: Stage) -> String {
    match w.n_by_stage.iter().filter(|(s, _)| *s == stage).map(|(_, n)| *n).sum() {
        0 => "-".to_owned(),
        n => count(n),
    }
}

/// The same; for exfiltration the bytes, where they are known.
pub(crate) fn stage_cell(w: &Who, stage: Stage) -> String {
    match stage_count(w, stage) {
        n if n != "-" && stage == Stage::Exfiltration && w.bytes_taken > 0 => bytes(w.bytes_taken),
        n => n,
    }
}

/// A stage in one short word, for columns.
pub(crate) fn short_stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Reconnaissance => "recon",
        Stage::Attack => "attack",
        Stage::Access => "access",
        Stage::Exploit => "exploit",
        Stage::Implant => "implant",
        Stage::Exfiltration => "exfil",
        Stage::CommandAndControl => "c2",
        Stage::Download => "download",
        Stage::LateralMovement => "lateral",
        Stage::Impact => "flood",
    }
}

/// A gap as a sentence.
pub(crate) fn gap(gap: &Gap) -> String {
    format!(
        "No records in {} from {} to {} ({}).",
        gap.input,
        time(gap.from_us),
        time(gap.to_us),
        crate::figures::span(gap.to_us.saturating_sub(gap.from_us))
    )
}

/// `2026-10-12 00:00 to 2026-10-14 23:59 UTC`
pub(crate) fn period(report: &Report) -> String {
    match (report.totals.lines.first_us, report.totals.lines.last_us) {
        (Some(a), Some(b)) => format!("{} to {} UTC", crate::figures::minute(a), crate::figures::minute(b)),
        _ => "no times".to_owned(),
    }
}
