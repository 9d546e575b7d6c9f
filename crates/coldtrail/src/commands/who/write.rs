//! The answer, for people and for programs.

use super::around::{After, Around, Beat};
use super::fetches::Fetches;
use anyhow::Result;
use coldtrail_core::record::format_ts;
use coldtrail_report::figures::{counted, span};
use coldtrail_report::{Cells, Row, safe};
use serde_json::{Value, json};
use std::io::{self, Write};

/// New hosts that a sentence names, and that JSON lists.
const MAX_NAMED: usize = 5;
const MAX_LISTED: usize = 100;
/// Rows are handed on when they have so many bytes.
const FULL_BYTES: usize = 64 * 1024;
const COLUMNS: &str =
    "client,user,first,last,n_requests,bytes,outcome,n_delivered,n_blocked,n_failed,urls,before,afterwards";

fn stamp(ts: Option<i64>) -> Option<String> {
    ts.map(|t| format_ts(t, 0))
}

/// One object a line.
pub(super) fn json(rows: &[Fetches]) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for row in rows {
        let around = row.around.as_ref();
        let before: Vec<Value> = around
            .into_iter()
            .flat_map(|a| &a.before)
            .map(|s| json!({"url": s.url, "time": stamp(s.ts_us), "is_referrer": s.is_referrer}))
            .collect();
        let periodic: Vec<Value> = around.into_iter().flat_map(|a| &a.beats).map(beat).collect();
        let object = json!({
            "client": row.name, "user": row.user(), "first": stamp(row.first_us), "last": stamp(row.last_us),
            "n_requests": row.n_requests, "bytes": row.bytes, "outcome": row.outcome(),
            "n_delivered": row.n_delivered, "n_blocked": row.n_blocked, "n_failed": row.n_failed,
            "urls": row.urls, "before": before, "history_s": around.map(|a| a.history_us / 1_000_000),
            "afterwards": afterwards(row),
            "after_10min": around.map(|a| after(&a.soon)), "after_24h": around.map(|a| after(&a.later)),
            "periodic": periodic,
        });
        writeln!(out, "{object}")?;
    }
    Ok(out.flush()?)
}

fn after(after: &After) -> Value {
    let listed = &after.new_hosts[..after.new_hosts.len().min(MAX_LISTED)];
    json!({
        "n_requests": after.n_requests, "n_hosts": after.n_hosts,
        "n_new_hosts": after.new_hosts.len(), "new_hosts": listed,
    })
}

fn beat(beat: &Beat) -> Value {
    json!({
        "host": beat.host, "n_contacts": beat.n_contacts, "n_gaps": beat.rhythm.n_gaps,
        "n_in_band": beat.rhythm.n_in_band, "low_s": beat.rhythm.low_s, "high_s": beat.rhythm.high_s,
    })
}

/// One row a client; several values of a cell are apart by blanks, sentences by semicolons.
pub(super) fn csv(rows: &[Fetches], is_raw: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    let cells = if is_raw { Cells::Raw } else { Cells::Guarded };
    let mut line = Row { bytes: Vec::new(), cells };
    line.word(COLUMNS);
    line.end();
    for row in rows {
        line.text(&row.name);
        line.text(row.user().unwrap_or_default());
        line.times([row.first_us, row.last_us]);
        line.numbers([row.n_requests, row.bytes]);
        line.word(row.outcome());
        line.numbers([row.n_delivered, row.n_blocked, row.n_failed]);
        line.text(&row.urls.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        let before = row.around.iter().flat_map(|a| &a.before).map(|s| s.url.as_str());
        line.text(&before.collect::<Vec<_>>().join(" "));
        line.text(&afterwards(row).join("; "));
        line.end();
        if line.bytes.len() >= FULL_BYTES {
            out.write_all(&line.bytes)?;
            line.bytes.clear();
        }
    }
    Ok(out.write_all(&line.bytes)?)
}

pub(super) fn table(rows: &[Fetches]) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if rows.is_empty() {
        writeln!(out, "nobody in these logs asked for it")?;
        return Ok(out.flush()?);
    }
    let delivered = rows.iter().filter(|r| r.n_delivered > 0).count();
    let asked = counted(rows.len() as u64, "client", "clients");
    writeln!(out, "{asked} asked, {delivered} received it\n")?;
    writeln!(
        out,
        "{:<40} {:<12} {:<21} {:<21} {:>8} {:>14} {:<9}",
        "CLIENT", "USER", "FIRST", "LAST", "REQUESTS", "BYTES", "OUTCOME"
    )?;
    for row in rows {
        let time = |t| stamp(t).unwrap_or_else(|| "-".into());
        writeln!(
            out,
            "{:<40} {:<12} {:<21} {:<21} {:>8} {:>14} {:<9}",
            safe(&row.name),
            safe(row.user().unwrap_or("-")),
            time(row.first_us),
            time(row.last_us),
            row.n_requests,
            row.bytes,
            row.outcome()
        )?;
        for url in row.urls.iter().take(3) {
            writeln!(out, "    {}", safe(url))?;
        }
        if row.urls.len() > 3 {
            writeln!(out, "    and {} more", row.urls.len() - 3)?;
        }
        for step in row.around.iter().flat_map(|a| &a.before) {
            let how = if step.is_referrer { "by way of" } else { "just before" };
            writeln!(out, "    {how} {} {}", time(step.ts_us), safe(&step.url))?;
        }
        for sentence in afterwards(row) {
            writeln!(out, "    {}", safe(&sentence))?;
        }
    }
    Ok(out.flush()?)
}

/// What it did afterwards, in sentences.
fn afterwards(row: &Fetches) -> Vec<String> {
    let Some(around) = &row.around else { return Vec::new() };
    let mut sentences = Vec::new();
    let history = span(around.history_us);
    sentences.extend(did("in the 10 minutes after", &around.soon, &history));
    if around.later != around.soon {
        sentences.extend(did("in the 24 hours after", &around.later, &history));
    }
    sentences.extend(beats(around));
    sentences
}

fn did(when: &str, after: &After, history: &str) -> Option<String> {
    if after.n_requests == 0 {
        return None;
    }
    let requests = counted(after.n_requests, "request", "requests");
    let mut sentence = format!("{when} {requests} to {}", counted(after.n_hosts, "host", "hosts"));
    let n = after.new_hosts.len();
    if n > 0 {
        let named: Vec<&str> = after.new_hosts.iter().take(MAX_NAMED).map(String::as_str).collect();
        let more = if n > MAX_NAMED { format!(" and {} more", n - MAX_NAMED) } else { String::new() };
        let named = named.join(", ");
        sentence += &format!(", {n} that this client did not contact in the {history} before: {named}{more}");
    }
    Some(sentence)
}

fn beats(around: &Around) -> impl Iterator<Item = String> {
    around.beats.iter().map(|beat| {
        let r = &beat.rhythm;
        let multiples = if r.counts_multiples { ", their double or triple" } else { "" };
        format!(
            "{} with {}, which was new to this client: {} of {} gaps between {:.0} and {:.0} s{multiples}",
            counted(beat.n_contacts, "contact", "contacts"),
            beat.host,
            r.n_in_band,
            r.n_gaps,
            r.low_s,
            r.high_s,
        )
    })
}
