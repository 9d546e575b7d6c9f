//! # Much data by one page (`page-transfer`)
//! ## Finds
//! A page from which far more bytes were taken than from others of its kind, and by whom; also in pieces.
//! ## Why it matters
//! A packed dump in the web folder, or a script that reads files out, is how data leaves a server through
//! its own door.
//! ## Decides
//! Robust z of ln(bytes out) against the pages with the same extension (median and 1.4826 * MAD; all pages
//! where there are fewer than 8): z >= 6 and at least 5 MiB, and (at most 3 clients, or a program with more
//! than 100 MiB, or an archive first answered after the log's first tenth). Such an archive that one or two clients
//! fetched without a link to it needs no z. A client that comes at the same
//! hour on at least 4 days is a regular job (context), unless the page is a program in a folder that should
//! hold none. Level: by a client with an attack or probes on record, or from such a program: probable. An
//! archive first seen, or an unlinked page for one client: possible. Else context.
//! ## Parameters
//! - `min_z` | 6 | robust standard deviations | 3-12 | firmware and export pages of the simulated site stay
//!   silent
//! - `min_bytes` | 5242880 | bytes | 65536-1073741824 | pictures and manuals are smaller
//! - `max_clients` | 3 | clients | 1-20 | public downloads have more
//! - `script_bytes` | 104857600 | bytes | - | a program answers pages, not files
//! - `min_answer_bytes` | 262144 | bytes | 4096-10485760 | a page that is scanned gives many small answers;
//!   pieces (206) are exempt
//! - `job_days` | 4 | days | 2-30 | a nightly copy
//! ## ATT&CK
//! Exfiltration: T1048 over alternative protocol, T1567 over web service; collection: T1560 archive
//! collected data (ATT&CK v17)
//! ## False positives
//! New releases that a few customers fetch; backups that moved to another hour.
//! ## Misses
//! Data in many small answers of ordinary pages (see `response-size-jump`). Without response bytes it is
//! blind.
//! ## Cost
//! One number a page; at most 2,000 lines a page.
//! ## Sources
//! Measured on simulated sites (two seeds): the two planted transfers and nothing else.

use crate::detect::header::header;
use crate::detect::implant::web_shell::is_static_folder;
use crate::detect::{Detector, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, quote, span};
use crate::enrich::{PageKind, kind_of};
use crate::record::ClientKey;
use crate::table::{Event, PageRow, Partition, Selector, StatusClass, merged};
use std::collections::{BTreeMap, BTreeSet};

const MAX_EVENTS: usize = 2000;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_z: f64,
    pub(crate) min_bytes: u64,
    pub(crate) max_clients: u32,
    pub(crate) script_bytes: u64,
    pub(crate) job_days: usize,
    pub(crate) min_answer_bytes: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_z: 6.0,
        min_bytes: 5 << 20,
        max_clients: 3,
        script_bytes: 100 << 20,
        job_days: 4,
        min_answer_bytes: 256 << 10,
    };
}

pub(in crate::detect) struct PageTransfer(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "page-transfer",
    title: "Much data by one page",
    stage: Stage::Exfiltration,
    techniques: &["T1048", "T1567", "T1560"],
    since: "0.1.0",
    needs: &["client_ip", "url_path", "response_bytes"],
    doc: header!(include_str!("page_transfer.rs")),
};

fn extension(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|c| *c == b'/').next().unwrap_or_default();
    match memchr::memrchr(b'.', name) {
        Some(at) if name.len() - at <= 9 => name[at..].to_ascii_lowercase(),
        _ => Vec::new(),
    }
}

/// Median and spread of ln(bytes).
#[derive(Clone, Copy)]
struct Spread {
    n: usize,
    median: f64,
    mad: f64,
}

impl Spread {
    /// Smallest spread taken, nats: pages of one size have none.
    const MIN_MAD: f64 = 0.25;

    fn of(mut logs: Vec<f64>) -> Self {
        let middle = |v: &mut Vec<f64>| {
            v.sort_by(f64::total_cmp);
            v.get(v.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
        };
        let n = logs.len();
        let median = middle(&mut logs);
        let mut off: Vec<f64> = logs.iter().map(|x| (x - median).abs()).collect();
        Self { n, median, mad: middle(&mut off).max(Self::MIN_MAD) }
    }

    fn z(&self, bytes: u64) -> f64 {
        (libm::log(bytes.max(1) as f64) - self.median) / (1.4826 * self.mad)
    }
}

impl PageTransfer {
    fn is_archive_first_seen(row: &PageRow, path: &[u8], site: &Site<'_>) -> bool {
        kind_of(path) == PageKind::Archive
            && site
                .span_s()
                .is_some_and(|(a, b)| i64::from(row.span(StatusClass::Ok).first_s) - a > (b - a) / 10)
    }

    fn is_wanted(&self, row: &PageRow, path: &[u8], site: &Site<'_>) -> bool {
        row.n_clients <= self.0.max_clients
            || (is_server_script(path) && row.bytes_out > self.0.script_bytes)
            || Self::is_archive_first_seen(row, path, site)
    }
}

/// Runs on the server, and is not a program for others to download.
fn is_server_script(path: &[u8]) -> bool {
    const DOWNLOADS: [&[u8]; 5] = [b".exe", b".dll", b".sh", b".py", b".rb"];
    kind_of(path) == PageKind::Script && !DOWNLOADS.iter().any(|d| path.to_ascii_lowercase().ends_with(d))
}

fn is_served(row: &PageRow) -> bool {
    row.n_outgoing == 0 && row.span(StatusClass::Ok).n > 0 && row.bytes_out > 0
}

impl Detector for PageTransfer {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, _part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        const MIN_PAGES: usize = 8;
        let is_large = |row: &&PageRow| is_served(row) && row.bytes_out >= self.0.min_bytes;
        let pages = || site.partitions.iter().flat_map(|p| p.pages.table.rows().iter().map(move |r| (p, r)));
        if index != 0 || !pages().any(|(_, r)| is_large(&r)) {
            return Vec::new();
        }
        let mut by_extension: BTreeMap<Vec<u8>, Vec<f64>> = BTreeMap::new();
        let mut all: Vec<f64> = Vec::new();
        for (part, row) in pages().filter(|(_, r)| is_served(r)) {
            let size = libm::log(row.bytes_out as f64);
            by_extension.entry(extension(part.pages.text(row).1)).or_default().push(size);
            all.push(size);
        }
        let all = Spread::of(all);
        let by_extension: BTreeMap<Vec<u8>, Spread> =
            by_extension.into_iter().map(|(ext, logs)| (ext, Spread::of(logs))).collect();
        let mut suspects = Vec::new();
        for (part, row) in pages().filter(|(_, r)| is_large(r)) {
            let path = part.pages.text(row).1;
            let spread = by_extension.get(&extension(path)).filter(|s| s.n >= MIN_PAGES).unwrap_or(&all);
            let z = spread.z(row.bytes_out);
            let is_lone_archive =
                row.n_clients <= 2 && row.n_linked == 0 && Self::is_archive_first_seen(row, path, site);
            if (z < self.0.min_z && !is_lone_archive) || !self.is_wanted(row, path, site) {
                continue;
            }
            let mut draft = site.draft_of_page(row);
            draft.number("z", z);
            draft.number("min_z", self.0.min_z);
            draft.number("median_bytes", libm::exp(spread.median).round());
            draft.number("n_pages_compared", spread.n);
            suspects.push(Suspect {
                rank: row.bytes_out,
                wants: vec![(Selector::Page(row.hash), MAX_EVENTS)],
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let Some(row) = site.page(suspect.draft.page) else { return Vec::new() };
        let path = site.page_text(row).1;
        let taken: Vec<&Event> = events
            .iter()
            .filter(|e| StatusClass::of(e.status_code) == StatusClass::Ok && e.bytes_out.or_zero() > 0)
            .collect();
        let mut by_client: BTreeMap<ClientKey, (u64, usize, usize)> = BTreeMap::new();
        for e in &taken {
            let entry = by_client.entry(e.client).or_default();
            entry.0 += e.bytes_out.or_zero();
            entry.1 += usize::from(e.status_code == 206);
            entry.2 += 1;
        }
        let Some((main, (most, n_pieces, _))) =
            by_client.iter().max_by_key(|(c, x)| (x.0, std::cmp::Reverse(**c)))
        else {
            return Vec::new();
        };
        let (main, most, n_pieces) = (*main, *most, *n_pieces);
        // Thousands of small answers are a scan of the page, not a transfer.
        if row.max_out < self.0.min_answer_bytes && n_pieces < 2 && row.bytes_out < self.0.script_bytes {
            return Vec::new();
        }
        let is_odd_program = is_server_script(path) && is_static_folder(path);
        // What many fetch alike is a public download, not a transfer.
        if row.n_clients > self.0.max_clients && most < row.bytes_out / 2 {
            return Vec::new();
        }
        let is_job = is_regular(&taken, main, self.0.job_days) && !is_odd_program;
        let is_new_archive = Self::is_archive_first_seen(row, path, site);
        let has_history = site.has_history(main);
        let mut draft = suspect.draft.clone();
        (draft.level, draft.severity, draft.rule) = if is_job {
            (Level::NoSign, Severity::Info, "regular-job")
        } else if has_history || is_odd_program {
            (Level::Probable, Severity::High, "large-transfer")
        } else if is_new_archive || (row.n_clients == 1 && row.n_linked == 0) {
            (Level::Possible, Severity::Medium, "large-transfer")
        } else {
            (Level::NoSign, Severity::Info, "large-page")
        };
        draft.clients = by_client.keys().copied().collect();
        draft.set_traffic(row);
        draft.number("n_clients", row.n_clients);
        draft.number("largest_bytes", row.max_out);
        draft.number("n_pieces", n_pieces);
        draft.number("most_bytes_of_one_client", most);
        draft.show_largest(&taken, 1, 3);
        let share = |n: u64| n as u128 * 100 / u128::from(site.totals.bytes_out.max(1));
        let pieces =
            if n_pieces > 1 { format!(" in {}", counted(n_pieces as u64, "piece")) } else { String::new() };
        draft.statement = format!(
            "{} left by {} to {}{}{pieces}{}, {} % of all that the server gave out; a page of its kind ordinarily gives {}.",
            bytes(row.bytes_out),
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 160),
            list(&site.names_of_clients(&draft), 3),
            span(draft.first_us, draft.last_us),
            if is_job { ", at the same hour on several days" } else { "" },
            share(row.bytes_out),
            match draft.numbers.get("median_bytes") {
                Some(crate::detect::Number::Float(n)) => bytes(*n as u64),
                _ => count(0),
            },
        );
        if events.len() >= MAX_EVENTS {
            draft.caveats.push(format!("Judged on the first {} requests.", count(MAX_EVENTS as u64)));
        }
        vec![draft.finish(&META)]
    }
}

/// The client comes at one hour of the day (or the next to it) on several days.
fn is_regular(taken: &[&Event], client: ClientKey, min_days: usize) -> bool {
    let of: Vec<(i64, i64)> = taken
        .iter()
        .filter(|e| e.client == client && e.ts_us != i64::MIN)
        .map(|e| (e.ts_us / 86_400_000_000, e.ts_us / 3_600_000_000 % 24))
        .collect();
    (0..24).any(|hour| {
        let near = |h: i64| h == hour || h == (hour + 1) % 24;
        let days: BTreeSet<i64> = of.iter().filter(|(_, h)| near(*h)).map(|(day, _)| *day).collect();
        let inside = of.iter().filter(|(_, h)| near(*h)).count();
        days.len() >= min_days && inside * 10 >= of.len() * 9
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};
    use crate::enrich::attack::Class;

    const A: &str = "203.0.113.9";
    const MIB: u64 = 1 << 20;

    fn site(extra: Vec<Request>) -> Vec<Request> {
        let pages = (0..40).map(|i| {
            to_server(T0 + i * 1000, "198.51.100.7", "GET", format!("/p{i}.html"), 200)
                .bytes(4000 + u64::from(i) * 50)
                .referred()
        });
        pages.chain(extra).collect()
    }

    fn check(extra: Vec<Request>, want: &[(&str, Level)]) {
        let found = TestSite::new(site(extra)).run(&PageTransfer(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.level)).collect();
        assert_eq!(found, want);
    }

    fn fetch(at: u32, path: &str, mib: u64) -> Request {
        to_server(T0 + at, A, "GET", path, 200).bytes(mib * MIB)
    }

    #[test]
    fn an_archive_that_was_not_there() {
        check(vec![fetch(30_000, "/media/b.zip", 300)], &[("page /media/b.zip", Level::Possible)]);
        let attack = to_server(T0, A, "GET", "/p1.html?id=1'", 404).attack(Class::Sqli, 1, 3);
        check(vec![fetch(30_000, "/media/b.zip", 300), attack], &[("page /media/b.zip", Level::Probable)]);
        check(vec![fetch(30_000, "/media/b.zip", 1)], &[]);
    }

    #[test]
    fn in_pieces_by_a_program_and_by_a_regular_job() {
        let pieces: Vec<Request> =
            (0..20).map(|i| Request { status_code: 206, ..fetch(30_000 + i, "/media/b.zip", 10) }).collect();
        let found = TestSite::new(site(pieces)).run(&PageTransfer(Params::DEFAULT));
        assert!(found[0].statement.contains("in 20 pieces"), "{}", found[0].statement);
        check(
            vec![fetch(9000, "/static/img/conn.jsp", 200)],
            &[("page /static/img/conn.jsp", Level::Probable)],
        );
        let nightly = (0..6).map(|d| fetch(d * 86_400 + 50_000, "/export/all.tar", 900));
        check(nightly.collect(), &[("page /export/all.tar", Level::NoSign)]);
    }
}
