//! `summary.json`: verdict, answers, incidents and coverage for programs; the contract names every field.

use crate::answers;
use crate::json;
use crate::run::Run;
use coldtrail_core::record::parse_time;
use coldtrail_core::verdict::{Answers, Coverage, Incident, InputLine, Report};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Number of the output's shape: fields are added under the same number, never renamed or dropped.
pub(crate) const SCHEMA: u32 = 1;

/// Writes the summary, indented.
pub fn write(out: &mut impl Write, report: &Report, run: &Run) -> io::Result<()> {
    json::write_pretty(out, &value(report, run))
}

/// The run that a summary tells of; none if the text is not a summary.
pub fn run_of(text: &[u8]) -> Option<Run> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let run = &value["run"];
    let time = |name: &str| {
        let text = run[name].as_str()?;
        Some(parse_time(text.as_bytes())?.ts_us)
    };
    let command = run["command"].as_array()?.iter().map(|arg| arg.as_str().map(str::to_owned));
    Some(Run {
        version: run["version"].as_str()?.to_owned(),
        command: command.collect::<Option<_>>()?,
        started_us: time("started")?,
        finished_us: time("finished")?,
        threads: usize::try_from(run["threads"].as_u64()?).ok()?,
        bytes_read: run["bytes_read"].as_u64()?,
        lines_per_s: run["lines_per_s"].as_u64()?,
    })
}

fn value(report: &Report, run: &Run) -> Value {
    json!({
        "schema": SCHEMA,
        "run": {
            "version": run.version,
            "command": run.command,
            "started": json::time(Some(run.started_us)),
            "finished": json::time(Some(run.finished_us)),
            "threads": run.threads,
            "bytes_read": run.bytes_read,
            "lines_per_s": run.lines_per_s,
        },
        "partial": report.is_partial,
        "verdict": {
            "level": report.level.name(),
            "rule": report.rule,
            "sentence": report.sentence,
            "would_raise": report.would_raise,
            "do_now": report.do_now,
        },
        "answers": four(&report.answers),
        "incidents": report.incidents.iter().map(incident).collect::<Vec<_>>(),
        "countries": countries(report),
        "coverage": coverage(&report.coverage),
    })
}

fn four(a: &Answers) -> Value {
    let who = a.who.iter().map(|w| {
        json!({
            "client": w.client,
            "country": w.place.country.map(|c| c.to_string()),
            "asn": w.place.asn,
            "network": w.place.owner,
            "n_requests": w.n_requests,
            "stages": w.stages.iter().map(|s| s.name()).collect::<Vec<_>>(),
            "level": w.level.name(),
            "severity": w.severity.name(),
            "first": json::time(w.first_us),
            "last": json::time(w.last_us),
        })
    });
    let got_in = a.got_in.iter().map(|g| {
        json!({
            "page": g.page,
            "first": json::time(g.first_us),
            "rule": g.rule,
            "level": g.level.name(),
            "finding": g.finding,
        })
    });
    let left = a.left.iter().map(|l| {
        json!({
            "path": l.path,
            "first": json::time(l.first_us),
            "last": json::time(l.last_us),
            "state": l.state.name(),
            "finding": l.finding,
        })
    });
    let took = a.took.iter().map(|t| {
        json!({
            "client": t.client,
            "path_or_host": t.path_or_host,
            "bytes": t.bytes,
            "first": json::time(t.first_us),
            "finding": t.finding,
        })
    });
    json!({
        "who": who.collect::<Vec<_>>(),
        "n_background": a.n_background,
        "got_in": got_in.collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
        "took": took.collect::<Vec<_>>(),
    })
}

fn incident(i: &Incident) -> Value {
    let stages = i.stages.iter().map(|s| {
        json!({
            "stage": s.stage.name(),
            "first": json::time(s.first_us),
            "last": json::time(s.last_us),
            "n_requests": s.n_requests,
        })
    });
    json!({
        "id": i.id,
        "level": i.level.name(),
        "severity": i.severity.name(),
        "clients": i.clients,
        "n_clients": i.n_clients,
        "artefacts": i.artefacts,
        "stages": stages.collect::<Vec<_>>(),
        "findings": i.findings,
        "statement": i.statement,
        "first": json::time(i.first_us),
        "last": json::time(i.last_us),
    })
}

fn countries(report: &Report) -> Value {
    let lines = report.countries.lines.iter().map(|l| {
        json!({
            "country": l.country.map(|c| c.to_string()),
            "n_clients": l.n_clients,
            "n_visitors": l.n_visitors,
            "n_in_findings": l.n_named,
            "n_requests": l.n_requests,
            "n_attacks": l.n_attacks,
            "bytes_out": l.bytes_out,
            "is_expected": l.is_expected,
            "surprise_bits": l.surprise_millibits.map(|m| f64::from(m) / 1000.0),
        })
    });
    json!({
        "source": answers::country_source(report),
        "expectation": answers::expectation(report),
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn coverage(c: &Coverage) -> Value {
    let gaps = c.gaps.iter().map(
        |g| json!({ "input": g.input, "from": json::time(Some(g.from_us)), "to": json::time(Some(g.to_us)) }),
    );
    json!({
        "inputs": c.inputs.iter().map(input).collect::<Vec<_>>(),
        "gaps": gaps.collect::<Vec<_>>(),
        "blind_spots": c.blind_spots,
        "problems": c.problems,
        "notes": c.notes,
        "n_rejects": c.n_rejects,
    })
}

fn input(i: &InputLine) -> Value {
    let mut map = Map::new();
    map.insert("path".into(), i.path.as_str().into());
    map.insert("sha256".into(), Value::Null);
    if let Some((name, digest)) = &i.digest {
        map.insert((*name).into(), digest.as_str().into());
    }
    map.insert("format".into(), i.format.as_str().into());
    map.insert("compression".into(), i.compression.as_str().into());
    let counts = [
        ("bytes", i.bytes),
        ("lines", i.lines),
        ("ok", i.ok),
        ("partial", i.partial),
        ("raw", i.raw),
        ("skipped", i.skipped),
    ];
    for (name, n) in counts {
        map.insert(name.into(), n.into());
    }
    map.insert("first".into(), json::time(i.first_us));
    map.insert("last".into(), json::time(i.last_us));
    map.insert("problem".into(), i.problem.as_deref().map_or(Value::Null, Value::from));
    Value::Object(map)
}
