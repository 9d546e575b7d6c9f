//! The tables of clients, pages, hosts and inputs.

use super::words::{clipped, more, text, time_or_dash};
use crate::answers;
use crate::figures::{bytes, count};
use coldtrail_core::table::StatusClass;
use coldtrail_core::verdict::{InputLine, Lines, Report};

pub(super) struct TableView {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<RowView>,
    pub(super) more: String,
    pub(super) n: String,
}

pub(super) struct RowView {
    pub(super) is_named: bool,
    pub(super) cells: Vec<String>,
}

pub(super) struct InputView {
    pub(super) path: String,
    pub(super) digest: String,
    pub(super) format: String,
    pub(super) compression: String,
    pub(super) counts: [String; 6],
    pub(super) first: String,
    pub(super) last: String,
    pub(super) problem: Option<String>,
}

/// The tables, with at most `most` rows each.
pub(super) fn clients(report: &Report, most: usize) -> TableView {
    let columns = "Client|Requests|Pages|OK|Denied|Missing|Errors|Attacks|Bytes out|First|Last";
    table(columns, &report.clients, most, "clients.csv", |c| RowView {
        is_named: c.n_findings > 0,
        cells: [
            &[clipped(&text(&c.client.to_string()), 120), count(c.n_requests), count(c.n_pages)][..],
            &status(&c.n_status),
            &[count(c.n_attacks), bytes(c.bytes_out), time_or_dash(c.first_us), time_or_dash(c.last_us)],
        ]
        .concat(),
    })
}

pub(super) fn pages(report: &Report, most: usize) -> TableView {
    let columns = "Page|Requests|Clients|OK|Denied|Missing|Errors|Attacks|Bytes out|First|Last";
    table(columns, &report.pages, most, "pages.csv", |p| RowView {
        is_named: p.n_findings > 0,
        cells: [
            &[clipped(&text(&(p.host + &p.path)), 200), count(p.n_requests), count(p.n_clients)][..],
            &status(&p.n_status),
            &[count(p.n_attacks), bytes(p.bytes_out), time_or_dash(p.first_us), time_or_dash(p.last_us)],
        ]
        .concat(),
    })
}

/// Countries of the clients; no rows where none is known.
pub(super) fn countries(report: &Report, most: usize) -> TableView {
    let columns = "Country|Expected|Surprise, bits|Clients|Visitors|In findings|Requests|Attacks|Bytes out";
    let lines = report.countries.lines.clone();
    let n = if lines.iter().any(|l| l.country.is_some()) { lines.len() } else { 0 };
    table(columns, &Lines::new(n, move |i| lines[i]), most, "workbook.xlsx", |l| RowView {
        is_named: l.n_named > 0,
        cells: vec![
            l.country.map_or("-".to_owned(), |c| c.to_string()),
            answers::expected(l.is_expected).to_owned(),
            answers::surprise(&l),
            count(l.n_clients),
            count(l.n_visitors),
            count(l.n_named),
            count(l.n_requests),
            count(l.n_attacks),
            bytes(l.bytes_out),
        ],
    })
}

pub(super) fn hosts(report: &Report, most: usize) -> TableView {
    let columns = "Host|Requests|Clients|Failed|Denied|Bytes down|Bytes up|First|Last";
    table(columns, &report.hosts, most, "hosts.csv", |h| RowView {
        is_named: h.n_findings > 0,
        cells: [
            &[clipped(&text(&h.host), 200)][..],
            &[h.n_requests, h.n_clients, h.n_failed, h.n_denied].map(count),
            &[bytes(h.bytes_down), bytes(h.bytes_up), time_or_dash(h.first_us), time_or_dash(h.last_us)],
        ]
        .concat(),
    })
}

fn table<T>(
    columns: &'static str,
    lines: &Lines<T>,
    most: usize,
    place: &str,
    row: fn(T) -> RowView,
) -> TableView {
    TableView {
        columns: columns.split('|').collect(),
        rows: lines.iter().take(most).map(row).collect(),
        more: more(lines.len(), most, place),
        n: count(lines.len() as u64),
    }
}

/// Answered, denied, missing, failed.
fn status(n: &[u64; StatusClass::COUNT]) -> [String; 4] {
    let [ok, not_modified, redirect, denied, missing, error] = *n;
    [ok + not_modified + redirect, denied, missing, error].map(count)
}

/// Inputs in their order; where not all have room, those with a problem first.
pub(super) fn inputs(report: &Report, most: usize) -> Vec<InputView> {
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
