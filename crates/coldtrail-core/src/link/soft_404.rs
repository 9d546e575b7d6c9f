//! Servers that do not say 404: they answer what is not there with 200 and one page for all, or with a redirect.
//!
//! Names that scanners try tell: no server has five of them with answers of one size.

use crate::parallel::each;
use crate::table::{PageRow, Pages, Partition, StatusClass};
use std::collections::{BTreeMap, BTreeSet};

/// Names of the probe vocabulary that are answered alike before the answer means that nothing is there, pages.
const MIN_PROBES: u32 = 5;

/// Longest body of a refusal, bytes.
const MAX_REFUSAL_BYTES: u64 = 2048;

/// How a server answers what is not there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alike {
    /// 2xx with so many bytes.
    Size(u64),
    Redirect,
}

/// Marks the pages that are answered as their host answers what is not there; false where no host does so.
pub(super) fn mark(partitions: &mut [Partition], threads: usize) -> bool {
    let mut probes: BTreeMap<Vec<u8>, BTreeMap<Alike, u32>> = BTreeMap::new();
    for part in partitions.iter() {
        for row in part.pages.table.rows().iter().filter(|row| row.is_probe && row.n_outgoing == 0) {
            if let Some(alike) = alike(row) {
                let host = part.pages.text(row).0.to_vec();
                *probes.entry(host).or_default().entry(alike).or_default() += 1;
            }
        }
    }
    let learnt: BTreeSet<(Vec<u8>, Alike)> = probes
        .into_iter()
        .flat_map(|(host, of)| of.into_iter().map(move |(alike, n)| ((host.clone(), alike), n)))
        .filter(|(_, n)| *n >= MIN_PROBES)
        .map(|(key, _)| key)
        .collect();
    if learnt.is_empty() {
        return false;
    }
    each(partitions, threads, |part| {
        let marked: Vec<u32> = (0u32..)
            .zip(part.pages.table.rows())
            .filter(|(_, row)| is_missing(row, &part.pages, &learnt))
            .map(|(index, _)| index)
            .collect();
        for index in marked {
            part.pages.table.row_mut(index).is_soft_missing = true;
        }
    });
    true
}

fn is_missing(row: &PageRow, pages: &Pages, learnt: &BTreeSet<(Vec<u8>, Alike)>) -> bool {
    // Moved pages are redirected too: only names that scanners try are missing by that.
    let Some(alike) = alike(row).filter(|a| *a != Alike::Redirect || row.is_probe) else { return false };
    learnt.contains(&(pages.text(row).0.to_vec(), alike))
}

/// The one way in which a page was always answered; none where there are several.
fn alike(row: &PageRow) -> Option<Alike> {
    let n = row.n_requests();
    let is_only = |class| u64::from(row.span(class).n) == n && n > 0;
    if is_only(StatusClass::Redirect) {
        return Some(Alike::Redirect);
    }
    let n_ok = u64::from(row.span(StatusClass::Ok).n);
    let n_refused = n - n_ok;
    let is_answered =
        n_ok > 0 && row.span(StatusClass::NotModified).n + row.span(StatusClass::Redirect).n == 0;
    // HEAD has no bytes, so the sum may be that of fewer answers; what was refused has a few.
    let all = n_ok.saturating_mul(row.max_out);
    let is_constant = if n_refused == 0 {
        row.max_out == 0 || row.bytes_out.is_multiple_of(row.max_out)
    } else {
        (all..=all.saturating_add(n_refused * MAX_REFUSAL_BYTES)).contains(&row.bytes_out)
    };
    (is_answered && is_constant && row.n_linked == 0).then_some(Alike::Size(row.max_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};

    fn check(answers: &[(&str, u16, u64)], want: &[&str]) {
        let requests = (0..).zip(answers).map(|(i, (path, status, bytes))| Request {
            probe: NAMES.contains(path),
            ..to_server(T0 + i, "203.0.113.9", "GET", *path, *status).bytes(*bytes)
        });
        let mut site = TestSite::new(requests.collect());
        let mut found: Vec<String> = Vec::new();
        mark(site.partitions_mut(), 1);
        for part in site.partitions_mut() {
            let missing = part.pages.table.rows().iter().filter(|row| row.is_soft_missing);
            found.extend(missing.map(|row| String::from_utf8_lossy(part.pages.text(row).1).into_owned()));
        }
        found.sort();
        assert_eq!(found, want);
    }

    const NAMES: [&str; 5] =
        ["/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/index.php", "/xmlrpc.php"];

    fn answered(status: u16, bytes: u64) -> Vec<(&'static str, u16, u64)> {
        NAMES.iter().map(|name| (*name, status, bytes)).collect()
    }

    #[test]
    fn one_answer_to_five_names_is_that_of_a_page_that_is_not_there() {
        let others = [("/a.html", 200, 5000), ("/nothing.html", 200, 4153), ("/moved.html", 302, 0)];
        let missing = [
            "/.env",
            "/.git/config",
            "/nothing.html",
            "/phpmyadmin/index.php",
            "/wp-login.php",
            "/xmlrpc.php",
        ];
        check(&[&answered(200, 4153)[..], &others].concat(), &missing);
        check(&[&answered(200, 4153)[..4], &others].concat(), &[]);
        check(&[&answered(404, 4153)[..], &others].concat(), &[]);
    }

    #[test]
    fn redirects_say_so_only_of_what_scanners_try() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        check(&[&answered(302, 0)[..], &[("/moved.html", 302, 0)]].concat(), &names);
    }
}
