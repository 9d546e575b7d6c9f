//! `scan.state`: a finished scan as it was, from which `coldtrail report` writes every other file again. Only this
//! program reads it, and only in the layout that it writes: a line of text that says so, then everything that reports
//! are made of, compressed. What belongs to one run is not in it.

#![allow(clippy::disallowed_methods, reason = "reads the folder that this crate wrote")]

mod keep;
mod shapes;

use crate::blocklist::spared;
use crate::folder::Options;
use crate::redact::Redactor;
use coldtrail_core::verdict::{Lines, Report};
use ipnet::IpNet;
use keep::{In, Keep, Out};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Its name in the output folder.
pub const FILE: &str = "scan.state";

/// Number of the layout. Any change of what is kept, or of its order, needs a new one.
const LAYOUT: u32 = 1;
/// What the first line says before the number.
const HEAD: &str = "coldtrail scan, layout ";
/// Of zstd: its fastest.
const LEVEL: i32 = 1;
/// Cap on what is read, bytes after decompression: ten million clients and as many pages are 2 GB.
const MAX_BYTES: u64 = 16 << 30;

/// Why a state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is not the state of a scan; scan the logs again")]
    Foreign,
    #[error(
        "was written by another version of coldtrail (layout {0}, this one reads {LAYOUT}); scan the logs again"
    )]
    OtherLayout(String),
    #[error("is damaged; scan the logs again")]
    Damaged,
}

/// Writes the state.
pub fn write(out: &mut impl Write, report: &Report, options: &Options) -> io::Result<()> {
    writeln!(out, "{HEAD}{LAYOUT}")?;
    let mut packed = zstd::Encoder::new(out, LEVEL)?;
    packed.include_checksum(true)?;
    put(&mut packed, report, options, None)?;
    packed.finish()?;
    Ok(())
}

/// Reads the state back.
///
/// # Errors
/// The file cannot be read, is none of ours, or is damaged.
pub fn read(path: &Path) -> Result<(Report, Options), StateError> {
    let mut file = BufReader::new(File::open(path)?);
    let mut head = Vec::new();
    (&mut file).take(64).read_until(b'\n', &mut head)?;
    let head = std::str::from_utf8(&head).ok().and_then(|h| h.strip_prefix(HEAD));
    let layout = head.and_then(|h| h.strip_suffix('\n')).ok_or(StateError::Foreign)?;
    if layout != LAYOUT.to_string() {
        return Err(StateError::OtherLayout(crate::safe(layout).to_string()));
    }
    let mut bytes = Vec::new();
    let packed = zstd::Decoder::with_buffer(file).map_err(|_| StateError::Damaged)?;
    packed.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|_| StateError::Damaged)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StateError::Damaged);
    }
    take(bytes).ok_or(StateError::Damaged)
}

/// The same report with pseudonyms in place of what names somebody: there is no other way into a report than through
/// the state, and on that way every text and every address passes the redactor.
pub fn redacted(
    report: &Report,
    options: &Options,
    redactor: &mut Redactor,
) -> io::Result<(Report, Options)> {
    redactor.learn(report);
    let mut bytes = Vec::new();
    let options = &Options { trusted_proxies: spared_clients(report, options), ..options.clone() };
    put(&mut bytes, report, options, Some(redactor))?;
    take(bytes).ok_or_else(|| io::Error::other("what was redacted does not read back"))
}

/// Those attackers that must not be blocked, one by one: their pseudonyms lie in no network.
fn spared_clients(report: &Report, options: &Options) -> Vec<IpNet> {
    let addresses = report.answers.who.iter().filter_map(|w| w.client.parse::<IpAddr>().ok());
    addresses.filter(|a| spared(*a, &options.trusted_proxies).is_some()).map(IpNet::from).collect()
}

fn put(
    to: &mut dyn Write,
    report: &Report,
    options: &Options,
    redactor: Option<&mut Redactor>,
) -> io::Result<()> {
    let out = &mut Out::new(to, redactor);
    let Options { method, cells, trusted_proxies, files: _, html_rows: _ } = options;
    method.put(out)?;
    cells.put(out)?;
    trusted_proxies.put(out)?;
    let Report {
        level,
        rule,
        sentence,
        would_raise,
        do_now,
        answers,
        incidents,
        findings,
        coverage,
        totals,
        client_names,
        clients,
        pages,
        hosts,
        countries,
        basis,
        is_partial,
    } = report;
    level.put(out)?;
    rule.put(out)?;
    sentence.put(out)?;
    would_raise.put(out)?;
    do_now.put(out)?;
    answers.put(out)?;
    incidents.put(out)?;
    findings.put(out)?;
    coverage.put(out)?;
    totals.put(out)?;
    client_names.put(out)?;
    put_lines(clients, out)?;
    put_lines(pages, out)?;
    put_lines(hosts, out)?;
    countries.put(out)?;
    basis.put(out)?;
    is_partial.put(out)?;
    out.flush()
}

fn take(bytes: Vec<u8>) -> Option<(Report, Options)> {
    let bytes = Arc::new(bytes);
    let from = &mut In::new(&bytes, 0);
    let options = Options {
        method: Keep::take(from)?,
        cells: Keep::take(from)?,
        trusted_proxies: Keep::take(from)?,
        ..Options::default()
    };
    let report = Report {
        level: Keep::take(from)?,
        rule: Keep::take(from)?,
        sentence: Keep::take(from)?,
        would_raise: Keep::take(from)?,
        do_now: Keep::take(from)?,
        answers: Keep::take(from)?,
        incidents: Keep::take(from)?,
        findings: Keep::take(from)?,
        coverage: Keep::take(from)?,
        totals: Keep::take(from)?,
        client_names: Keep::take(from)?,
        clients: take_lines(from, &bytes)?,
        pages: take_lines(from, &bytes)?,
        hosts: take_lines(from, &bytes)?,
        countries: Keep::take(from)?,
        basis: Keep::take(from)?,
        is_partial: Keep::take(from)?,
    };
    (from.is_at_end() && holds_together(&report)).then_some((report, options))
}

/// What the writers take for granted: indices lead somewhere.
fn holds_together(report: &Report) -> bool {
    let basis = &report.basis;
    let n_findings = report.findings.len();
    let is_finding = |i: &u32| (*i as usize) < n_findings;
    basis.requests.iter().all(|r| {
        (r.set as usize) < basis.sets.len() && r.host.is_none_or(|h| (h as usize) < basis.hosts.len())
    }) && basis.sets.iter().flatten().all(is_finding)
        && basis.answers.keys().all(is_finding)
        && basis.beats.iter().all(|b| is_finding(&b.finding))
        && basis.sweeps.iter().all(|s| is_finding(&s.finding))
}

fn put_lines<T: Keep>(lines: &Lines<T>, out: &mut Out<'_>) -> io::Result<()> {
    out.number(lines.len() as u64);
    lines.iter().try_for_each(|line| line.put(out))
}

/// The lines stay as they are kept; each is made when it is asked for.
fn take_lines<T: Keep>(from: &mut In<'_>, bytes: &Arc<Vec<u8>>) -> Option<Lines<T>> {
    let mut places = Vec::new();
    for _ in 0..from.count()? {
        places.push(from.at());
        T::take(from)?;
    }
    let bytes = bytes.clone();
    Some(Lines::new(places.len(), move |i| {
        T::take(&mut In::new(&bytes, places[i])).expect("it was read once before")
    }))
}
