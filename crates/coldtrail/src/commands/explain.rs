//! `coldtrail explain`: the documentation of a detector or a rule, or the reading of one line.

use super::text;
use crate::WrongUsage;
use crate::cli::OwnPatterns;
use crate::exit;
use crate::patterns::own_rules;
use anyhow::Result;
use coldtrail_core::detect::{by_id, registry};
use coldtrail_core::enrich::attack::{ATTACK, ClassSet, LookOutcome, Place, Reading, Rule, RuleSet, WEAK};
use coldtrail_core::parse::{Parser, format_name};
use coldtrail_core::record::{NO_TIME, Outcome, Rec, Span, TextField, format_ts};
use coldtrail_report::safe;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(crate) fn run(what: &str, log_format: Option<&str>, own: &OwnPatterns) -> Result<u8> {
    let rules = RuleSet::with(&own_rules(own, false)?);
    let what = what.trim_end_matches(['\n', '\r']);
    if let Some(detector) = by_id(what) {
        writeln!(io::stdout(), "{}", detector.meta().doc.trim())?;
        return Ok(exit::FINISHED);
    }
    if let Some(rule) = rules.rules().find(|rule| rule.id == what) {
        io::stdout().write_all(documentation(rule).as_bytes())?;
        return Ok(exit::FINISHED);
    }
    if !what.contains(' ') && !what.starts_with('{') {
        let ids: Vec<&str> = registry().iter().map(|d| d.meta().id).collect();
        let known = ids.join(", ");
        return Err(
            WrongUsage(format!("{what}: neither a detector, a rule nor a log line; detectors are: {known}; `coldtrail rules` lists the rules")).into()
        );
    }
    let parser = match log_format {
        Some(name) => Parser::named(name)
            .map_err(|e| WrongUsage(format!("--log-format: {e}")))?
            .in_envelope_of(what.as_bytes()),
        None => Parser::detect(what.as_bytes()),
    };
    let mut line = what.as_bytes().to_vec();
    parser.open(&mut line);
    let rec = parser.parse_line(&line, Span::new(0, line.len()));
    let mut out = reading(&rec, &line);
    if rec.outcome != Outcome::Raw {
        out += &judgement(&rules, &rec, &line);
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
}

fn documentation(rule: &Rule) -> String {
    let places: Vec<&str> = rule.places.iter().map(Place::name).collect();
    let mut out = format!("rule        {} ({} {})\n", rule.id, rule.class.name(), rule.weight);
    out += &format!("reads       {}\nin          {}\n", rule.view.name(), places.join(", "));
    out += &format!("pattern     {}\n", safe(rule.pattern));
    if !rule.references.is_empty() {
        out += &format!("references  {}\n", rule.references.join(", "));
    }
    if !rule.false_positives.is_empty() {
        out += &format!("innocent    {}\n", safe(rule.false_positives));
    }
    for (label, examples) in [("hits", &rule.hits), ("misses", &rule.misses)] {
        examples.iter().for_each(|example| out += &format!("{label:<11} {}\n", safe(example)));
    }
    out
}

fn reading(rec: &Rec, line: &[u8]) -> String {
    let mut out = format!("format      {}\n", format_name(rec.format));
    let state = match rec.outcome {
        Outcome::Ok => "ok",
        Outcome::Partial => "partial",
        Outcome::Raw => "raw",
        Outcome::Skipped => "skipped",
    };
    let reason = rec.reason.words();
    out += &if reason.is_empty() {
        format!("parse       {state}\n")
    } else {
        format!("parse       {state}: {reason}\n")
    };
    if rec.ts_us != NO_TIME {
        let assumed = if rec.ts_assumed_utc { "  (no offset in the line: UTC assumed)" } else { "" };
        out += &format!("ts          {}{assumed}\n", format_ts(rec.ts_us, rec.ts_digits));
    }
    for field in TextField::ALL {
        if let Some(value) = rec.text(field, line) {
            out += &format!("{:<11} {}\n", field.name(), safe(&text(&value)));
        }
    }
    if rec.has_status {
        out += &format!("status      {}\n", rec.status_code);
    }
    for (name, metric) in [
        ("bytes", rec.response_bytes),
        ("body bytes", rec.response_body_bytes),
        ("bytes in", rec.request_bytes),
        ("duration us", rec.duration_us),
    ] {
        if let Some(n) = metric.get() {
            out += &format!("{name:<11} {n}\n");
        }
    }
    out
}

fn judgement(rules: &RuleSet, rec: &Rec, line: &[u8]) -> String {
    let readings = rules.read(line, rec, true);
    let verdict = rules.explain(line, rec, true).verdict;
    let mut out =
        format!("\nscore       {} (an attack from {ATTACK}, a weak sign from {WEAK})\n", verdict.score);
    if !verdict.classes.is_empty() {
        out += &format!("classes     {}\n", class_names(verdict.classes));
    }
    let (quiet, read): (Vec<&Reading>, Vec<&Reading>) = readings.iter().partition(|r| r.is_quiet());
    read.into_iter().for_each(|r| reading_of(r, &mut out));
    if !quiet.is_empty() {
        out += "\nno rule looked at\n";
        for r in quiet {
            entry(&mut out, &r.place, &r.sent);
        }
    }
    out
}

/// A value with all that was done about it.
fn reading_of(r: &Reading, out: &mut String) {
    *out += &format!("\n{}  score {}", safe(&r.place), r.verdict.score);
    if !r.verdict.classes.is_empty() {
        *out += &format!("  {}", class_names(r.verdict.classes));
    }
    out.push('\n');
    entry(out, "sent", &r.sent);
    for (n, (how, text)) in r.rounds.iter().enumerate() {
        entry(out, &format!("round {}", n + 1), &format!("{text}   ({how})"));
    }
    for (view, text) in &r.views {
        entry(out, &format!("as {view}"), text);
    }
    for oddity in &r.oddities {
        entry(out, "odd", oddity);
    }
    let mut not_asked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for look in &r.looked {
        let mark = match look.outcome {
            LookOutcome::Matched => '+',
            LookOutcome::Missed => '-',
            LookOutcome::NotAsked => {
                not_asked.entry(&look.why).or_default().push(look.rule.id);
                continue;
            }
        };
        let rule = format!("{} ({} {})", look.rule.id, look.rule.class.name(), look.rule.weight);
        *out += &format!("  {mark} {rule}: {} [{}]\n", safe(&look.why), look.view);
    }
    for (why, rules) in not_asked {
        *out += &format!("  - {why}: {}\n", rules.join(", "));
    }
    for name in &r.tries {
        entry(out, "tries", name);
    }
    for (label, texts) in [
        ("hidden", &r.attempt.hidden),
        ("command", &r.attempt.commands),
        ("file", &r.attempt.files),
        ("calls", &r.attempt.hosts),
    ] {
        texts.iter().for_each(|text| entry(out, label, text));
    }
    if !r.shape.is_empty() {
        entry(out, "shape", &text(r.shape.as_bytes()));
    }
}

fn entry(out: &mut String, label: &str, what: &str) {
    *out += &format!("  {:<9} {}\n", safe(label), safe(what));
}

fn class_names(classes: ClassSet) -> String {
    classes.iter().map(|c| c.name()).collect::<Vec<_>>().join(" ")
}
