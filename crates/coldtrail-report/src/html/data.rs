//! What the page's script draws: one JSON document, compressed, in letters that cannot end an element.
//!
//! Times are milliseconds since 1970, clients and findings are places in their lists. The browser reads it as text and
//! shows it as text; what a log says is here as it is.

use super::data_rows::{Clients, Rows};
use super::view::Numbers;
use crate::{answers, techniques};
use base64::engine::general_purpose::STANDARD;
use coldtrail_core::detect::{Finding, Number, Severity, Stage};
use coldtrail_core::table::HourRow;
use coldtrail_core::verdict::{Report, Who};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Number of this layout: the script refuses others.
const LAYOUT: u32 = 1;
/// Half the time of the default level, for a fourteenth more bytes.
const LEVEL: Compression = Compression::new(4);
/// Most findings: the gravest.
const MAX_FINDINGS: usize = 2000;
/// Most clients, pages and hosts that one finding names.
const MAX_NAMES: usize = 200;
/// Most attackers, pages and hosts.
const MAX_LINES: usize = 200;
/// A grave finding that names more pages is about none of them, pages.
const MAX_OF_GRAVE: usize = 8;
/// Pages among which those of grave findings are looked for.
const MAX_LOOKED_AT: usize = 20_000;
/// Most columns of the requests chart: a year of hours.
const MAX_COLUMNS: u32 = 9000;

/// The block, in base64.
pub(super) fn block(report: &Report, numbers: &Numbers<'_>) -> io::Result<String> {
    let base64 = base64::write::EncoderStringWriter::new(&STANDARD);
    let mut out = GzEncoder::new(base64, LEVEL);
    write(&mut out, report, numbers)?;
    Ok(out.finish()?.into_inner())
}

fn write(out: &mut impl Write, report: &Report, numbers: &Numbers<'_>) -> io::Result<()> {
    // The gravest findings, in their order; the place of each.
    let mut order: Vec<usize> = (0..report.findings.len()).collect();
    order.sort_by_key(|i| {
        let f = &report.findings[*i];
        (std::cmp::Reverse((f.level, f.severity)), *i)
    });
    order.truncate(MAX_FINDINGS);
    order.sort_unstable();
    let place: BTreeMap<u32, u32> = order.iter().map(|i| *i as u32).zip(0..).collect();
    let mut clients = Clients::new(report);
    let findings: Vec<Value> =
        order.iter().map(|i| finding(&report.findings[*i], numbers, &mut clients)).collect();
    let who: Vec<Value> =
        answers::most_telling(&report.answers.who, MAX_LINES).into_iter().map(who).collect();
    let rows = Rows::new(report, &place, &mut clients);
    let basis = &report.basis;
    let ms_of = |s: u32| i64::from(s) * 1000;
    let head = json!({
        "layout": LAYOUT,
        "span": span(report.totals.lines.first_us, report.totals.lines.last_us),
        "inputs": report.coverage.inputs.iter().map(|i| json!([i.path, i.compression])).collect::<Vec<_>>(),
        "gaps": report.coverage.gaps.iter().map(|g| json!([g.input, ms(g.from_us), ms(g.to_us)])).collect::<Vec<_>>(),
        "stages": Stage::ALL.map(|s| [s.name(), answers::short_stage(s)]),
        "hours": hours(report),
        "findings": findings,
        "who": who,
        "pages": pages(report),
        "hosts": report.hosts.iter().take(MAX_LINES).map(|h| json!({
            "name": h.host, "clients": h.n_clients, "down": h.bytes_down, "up": h.bytes_up,
        })).collect::<Vec<_>>(),
        "answers": basis.answers.iter().filter_map(|(i, answers)| Some(json!({
            "finding": place.get(i)?, "bytes": answers,
        }))).collect::<Vec<_>>(),
        "beats": basis.beats.iter().filter_map(|b| Some(json!({
            "finding": place.get(&b.finding)?, "client": clients.place(b.client), "host": b.host,
            "t": deltas(b.seconds.iter().map(|s| i64::from(*s))),
        }))).collect::<Vec<_>>(),
        "sweeps": basis.sweeps.iter().filter_map(|s| Some(json!({
            "finding": place.get(&s.finding)?, "client": clients.place(s.client),
            "hours": s.hours.iter().map(|(hour, h)| json!([ms_of(hour * 3600), h.hosts, h.failed])).collect::<Vec<_>>(),
        }))).collect::<Vec<_>>(),
        "countries": report.countries.lines.iter().filter_map(|l| Some(json!({
            "code": l.country?.to_string(), "expected": l.is_expected, "bits": answers::surprise(l), "clients": l.n_clients, "named": l.n_named,
            "n": l.n_requests,
        }))).collect::<Vec<_>>(),
        "expectation": answers::expectation(report),
        "countrySource": answers::country_source(report),
        "leftOut": basis.n_left_out,
        "sets": rows.sets,
        "clients": clients.lines(),
    });
    out.write_all(b"{\"head\":")?;
    serde_json::to_writer(&mut *out, &head)?;
    rows.write(out)?;
    out.write_all(b"}")
}

/// Milliseconds.
pub(super) fn ms(ts_us: i64) -> i64 {
    ts_us.div_euclid(1000)
}

fn span(first_us: Option<i64>, last_us: Option<i64>) -> Value {
    first_us.zip(last_us).map_or(Value::Null, |(a, b)| json!([ms(a), ms(b)]))
}

/// Each number less the one before it.
fn deltas(all: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut last = 0;
    all.map(|n| n - std::mem::replace(&mut last, n)).collect()
}

fn finding(f: &Finding, numbers: &Numbers<'_>, clients: &mut Clients<'_>) -> Value {
    let number = |n: &Number| match n {
        Number::Int(n) => json!(n),
        Number::Float(x) => json!(x),
        Number::Text(t) => json!(t),
    };
    let names = |of: &BTreeSet<String>| json!(of.iter().take(MAX_NAMES).collect::<Vec<_>>());
    json!({
        "id": f.id,
        "no": numbers.get(f.id.as_str()).map_or(0, |(no, _)| *no),
        "detector": f.meta.id,
        "title": f.meta.title,
        "stage": f.meta.stage as usize,
        "techniques": f.meta.techniques.iter().map(|t| [*t, techniques::name(t)]).collect::<Vec<_>>(),
        "severity": f.severity.name(),
        "level": f.level.name(),
        "span": span(f.first_us, f.last_us),
        "n": f.n_requests,
        "out": f.bytes_out,
        "in": f.bytes_in,
        "clients": f.clients.iter().take(MAX_NAMES).map(|c| clients.place(*c)).collect::<Vec<_>>(),
        "nClients": f.clients.len(),
        "pages": names(&f.pages),
        "hosts": names(&f.hosts),
        "artefacts": names(&f.artefacts),
        "numbers": f.numbers.iter().map(|(k, n)| ((*k).to_owned(), number(n))).collect::<Map<_, _>>(),
    })
}

fn who(w: &Who) -> Value {
    json!({
        "client": w.client,
        "place": answers::place(&w.place),
        "own": w.is_own,
        "n": w.n_requests,
        "stages": w.n_by_stage.iter().map(|(s, n)| json!([*s as usize, n])).collect::<Vec<_>>(),
        "span": span(w.first_us, w.last_us),
        "taken": w.bytes_taken,
    })
}

/// The pages of grave findings, wherever they stand, then the most telling ones.
fn pages(report: &Report) -> Vec<Value> {
    let is_grave = |f: &&Finding| f.severity >= Severity::High && f.pages.len() <= MAX_OF_GRAVE;
    let grave: BTreeSet<&str> =
        report.findings.iter().filter(is_grave).flat_map(|f| f.pages.iter().map(String::as_str)).collect();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (i, p) in report.pages.iter().take(MAX_LOOKED_AT).enumerate() {
        if i >= MAX_LINES && p.n_findings == 0 {
            break;
        }
        if grave.contains(p.path.as_str()) {
            first.push(page(p));
        } else if rest.len() < MAX_LINES {
            rest.push(page(p));
        }
    }
    first.append(&mut rest);
    first.truncate(MAX_LINES);
    first
}

fn page(p: coldtrail_core::verdict::PageLine) -> Value {
    let lives = p.spans_us.iter().zip(p.n_status).map(|(span_us, n)| match span_us {
        Some((first, last)) => json!([n, ms(*first), ms(*last)]),
        None => json!([n]),
    });
    json!({
        "host": p.host, "path": p.path, "n": p.n_requests, "clients": p.n_clients, "out": p.bytes_out,
        "named": p.n_findings,
        "lives": lives.collect::<Vec<_>>(),
    })
}

/// Requests, attacks and errors by hours, or by more where the logs are long.
fn hours(report: &Report) -> Value {
    let hours = &report.totals.hours;
    let (Some(first), Some(last)) = (hours.keys().next(), hours.keys().next_back()) else {
        return Value::Null;
    };
    let bin = (last - first) / MAX_COLUMNS + 1;
    let start = first / bin;
    let mut bins = vec![HourRow::default(); (last / bin - start + 1) as usize];
    for (hour, row) in hours {
        bins[(hour / bin - start) as usize].merge(row);
    }
    let column = |of: fn(&HourRow) -> u64| bins.iter().map(of).collect::<Vec<_>>();
    json!({
        "from": i64::from(start * bin) * 3_600_000,
        "step": i64::from(bin) * 3_600_000,
        "n": column(|b| b.n_requests),
        "attacks": column(|b| b.n_attacks),
        "errors": column(|b| b.n_errors),
        "out": column(|b| b.bytes_out),
    })
}
