//! `findings.jsonl`: one finding a line, sorted by first time, then id.

use crate::json;
use crate::raw::raw_text;
use crate::summary::SCHEMA;
use coldtrail_core::detect::{Evidence, Finding, Number};
use coldtrail_core::verdict::Report;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Most clients named in a finding; `n_clients` is exact.
pub(crate) const MAX_CLIENTS: usize = 1000;

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    report.findings.iter().try_for_each(|f| json::write_line(out, &value(report, f)))
}

fn value(report: &Report, f: &Finding) -> Value {
    let clients = f.clients.iter().take(MAX_CLIENTS).map(|c| report.client_text(*c));
    let numbers: Map<String, Value> = f.numbers.iter().map(|(k, n)| ((*k).to_owned(), number(n))).collect();
    json!({
        "schema": SCHEMA,
        "id": f.id,
        "detector": f.meta.id,
        "stage": f.meta.stage.name(),
        "techniques": f.meta.techniques,
        "severity": f.severity.name(),
        "level": f.level.name(),
        "clients": clients.collect::<Vec<_>>(),
        "n_clients": f.clients.len(),
        "pages": f.pages,
        "hosts": f.hosts,
        "callback_hosts": f.callback_hosts,
        "artefacts": f.artefacts,
        "first": json::time(f.first_us),
        "last": json::time(f.last_us),
        "n_requests": f.n_requests,
        "bytes_out": f.bytes_out,
        "bytes_in": f.bytes_in,
        "statement": f.statement,
        "numbers": numbers,
        "caveats": f.caveats,
        "evidence": f.evidence.iter().map(|e| evidence(report, e)).collect::<Vec<_>>(),
    })
}

pub(crate) fn number(n: &Number) -> Value {
    match n {
        Number::Int(n) => (*n).into(),
        Number::Float(x) => (*x).into(),
        Number::Text(t) => t.as_str().into(),
    }
}

fn evidence(report: &Report, e: &Evidence) -> Value {
    json!({
        "input": input_name(report, e.at.input),
        "line": e.at.line,
        "offset": e.at.offset,
        "ts": json::time(e.ts_us),
        "raw": raw_text(&e.raw, e.n_cut),
    })
}

/// The path of an input by its rank.
pub(crate) fn input_name(report: &Report, rank: u32) -> &str {
    report.coverage.inputs.get(rank as usize).map_or("", |i| i.path.as_str())
}
