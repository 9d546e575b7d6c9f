//! `coldtrail explain`: a detector's documentation, or the reading of one line.

use super::text;
use crate::WrongUsage;
use crate::cli::OwnPatterns;
use crate::exit;
use crate::patterns::own_rules;
use anyhow::Result;
use coldtrail_core::detect::{by_id, registry};
use coldtrail_core::enrich::attack::RuleSet;
use coldtrail_core::parse::{Parser, format_name};
use coldtrail_core::record::{NO_TIME, Outcome, Rec, Span, TextField, format_ts};
use coldtrail_report::safe;
use std::io::{self, Write};

pub(crate) fn run(what: &str, log_format: Option<&str>, own: &OwnPatterns) -> Result<u8> {
    let rules = RuleSet::with(&own_rules(own, false)?);
    let what = what.trim_end_matches(['\n', '\r']);
    if let Some(detector) = by_id(what) {
        writeln!(io::stdout(), "{}", detector.meta().doc.trim())?;
        return Ok(exit::FINISHED);
    }
    if !what.contains(' ') && !what.starts_with('{') {
        let ids: Vec<&str> = registry().iter().map(|d| d.meta().id).collect();
        let known = ids.join(", ");
        return Err(
            WrongUsage(format!("{what}: neither a detector nor a log line; detectors are: {known}")).into()
        );
    }
    let parser = match log_format {
        Some(name) => Parser::named(name).map_err(|e| WrongUsage(format!("--log-format: {e}")))?,
        None => Parser::detect(what.as_bytes()),
    };
    let rec = parser.parse_line(what.as_bytes(), Span::new(0, what.len()));
    let mut out = reading(&rec, what.as_bytes());
    if rec.outcome != Outcome::Raw {
        out += &judgement(&rules, &rec, what.as_bytes());
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
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
    let explained = rules.explain(line, rec, true);
    let classes: Vec<&str> = explained.verdict.classes.iter().map(|c| c.name()).collect();
    let mut out =
        format!("\nscore       {} (an attack from 5, a weak sign from 3)\n", explained.verdict.score);
    if !classes.is_empty() {
        out += &format!("classes     {}\n", classes.join(" "));
    }
    for step in &explained.steps {
        out += &format!("\n{}  score {}\n", safe(&step.place), step.score);
        out += &format!("  sent     {}\n  decoded  {}\n", safe(&step.sent), safe(&step.decoded));
        for line in step.oddities.iter().chain(&step.reasons) {
            out += &format!("  - {}\n", safe(line));
        }
    }
    out
}
