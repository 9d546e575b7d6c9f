//! `clients.csv`, `pages.csv`, `hosts.csv`: every line of the tables, most telling first. Columns are only ever added,
//! at the end. Times are UTC; a cell is empty where there is no value.

use crate::row::{Cells, Row};
use coldtrail_core::enrich::Country;
use coldtrail_core::verdict::{ClientName, Lines, Report};
use std::io::{self, Write};

const CLIENT_COLUMNS: &str = "client,n_requests,n_pages,n_ok,n_not_modified,n_redirect,n_denied,n_missing,n_error,\
    n_attacks,n_posts,bytes_out,bytes_in,first,last,peak_per_1s,peak_per_10s,peak_per_60s,n_findings,country";
const PAGE_COLUMNS: &str = "host,path,n_requests,n_clients,n_ok,n_not_modified,n_redirect,n_denied,n_missing,n_error,\
    n_attacks,n_posts,bytes_out,bytes_in,max_out,first,last,n_findings";
const HOST_COLUMNS: &str =
    "host,n_requests,n_clients,n_failed,n_denied,bytes_down,bytes_up,first,last,n_findings";

pub fn write_clients(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, CLIENT_COLUMNS, &report.clients, cells, |row, c| {
        match &c.client {
            ClientName::Address(address) => row.address(*address),
            ClientName::Name(name) => row.text(name),
        }
        row.numbers([c.n_requests, c.n_pages]);
        row.numbers(c.n_status);
        row.numbers([c.n_attacks, c.n_posts, c.bytes_out, c.bytes_in]);
        row.times([c.first_us, c.last_us]);
        match c.peaks {
            Some(peaks) => row.numbers([peaks.per_1s, peaks.per_10s, peaks.per_60s].map(u64::from)),
            None => row.empty(3),
        }
        row.numbers([c.n_findings]);
        row.word(c.country.as_ref().map_or("", Country::as_str));
    })
}

pub fn write_pages(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, PAGE_COLUMNS, &report.pages, cells, |row, p| {
        row.text(&p.host);
        row.text(&p.path);
        row.numbers([p.n_requests, p.n_clients]);
        row.numbers(p.n_status);
        row.numbers([p.n_attacks, p.n_posts, p.bytes_out, p.bytes_in, p.max_out]);
        row.times([p.first_us, p.last_us]);
        row.numbers([p.n_findings]);
    })
}

pub fn write_hosts(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    write(out, HOST_COLUMNS, &report.hosts, cells, |row, h| {
        row.text(&h.host);
        row.numbers([h.n_requests, h.n_clients, h.n_failed, h.n_denied, h.bytes_down, h.bytes_up]);
        row.times([h.first_us, h.last_us]);
        row.numbers([h.n_findings]);
    })
}

/// Rows are handed on when they have so many bytes.
const FULL_BYTES: usize = 64 * 1024;

/// Writes the names of the columns, then a row for each line.
fn write<T>(
    out: &mut impl Write,
    columns: &str,
    lines: &Lines<T>,
    cells: Cells,
    fill: impl Fn(&mut Row, T),
) -> io::Result<()> {
    let mut row = Row { bytes: Vec::with_capacity(2 * FULL_BYTES), cells };
    row.bytes.extend_from_slice(columns.as_bytes());
    row.bytes.push(b'\n');
    for line in lines.iter() {
        fill(&mut row, line);
        row.end();
        if row.bytes.len() >= FULL_BYTES {
            out.write_all(&row.bytes)?;
            row.bytes.clear();
        }
    }
    out.write_all(&row.bytes)
}
