//! Countries of the clients, and which of them the site's visitors come from.

use super::Tables;
use crate::enrich::{Country, Geo};
use crate::parallel::each;
use crate::record::ClientKey;
use crate::verdict::{Countries, CountryLine, Expected};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Browsers' sessions without a finding from which the usual countries are learnt, at least, and the share of them, in
/// percent, that makes a country a usual one.
const MIN_VISITORS: u64 = 100;
const MIN_PERCENT: u64 = 1;

/// Sums by country, most telling first: by clients of findings, attacks, requests, then by name.
pub(super) fn countries(
    tables: &Tables,
    geo: &Geo,
    named: &BTreeMap<ClientKey, u64>,
    given: Option<&BTreeSet<Country>>,
    threads: usize,
) -> Countries {
    let mut partitions: Vec<_> = tables.partitions.iter().collect();
    let parts = each(&mut partitions, threads, |partition| {
        let mut by_country: BTreeMap<Option<Country>, CountryLine> = BTreeMap::new();
        for row in partition.clients.table.rows() {
            let country = geo.country_of(row.client);
            let line = by_country.entry(country).or_default();
            let is_named = named.contains_key(&row.client);
            line.n_clients += 1;
            line.n_visitors += u64::from(row.is_clean && !is_named);
            line.n_named += u64::from(is_named);
            line.n_requests += u64::from(row.n_requests);
            line.n_attacks += u64::from(row.n_attacks);
            line.bytes_out = line.bytes_out.saturating_add(row.bytes_out);
        }
        by_country
    });
    let mut by_country: BTreeMap<Option<Country>, CountryLine> = BTreeMap::new();
    for (country, part) in parts.into_iter().flatten() {
        by_country.entry(country).or_insert(CountryLine { country, ..CountryLine::default() }).merge(&part);
    }
    let known = |line: &&CountryLine| line.country.is_some();
    let n_visitors = by_country.values().filter(known).map(|line| line.n_visitors).sum();
    let expected = match given {
        Some(_) => Expected::Given,
        None if n_visitors >= MIN_VISITORS => Expected::Learnt { n_visitors },
        None => Expected::Unknown,
    };
    let mut lines: Vec<CountryLine> = by_country.into_values().collect();
    for line in &mut lines {
        line.is_expected = line.country.and_then(|country| match (expected, given) {
            (_, Some(given)) => Some(given.contains(&country)),
            (Expected::Learnt { n_visitors }, None) => {
                Some(line.n_visitors * 100 >= n_visitors * MIN_PERCENT)
            }
            _ => None,
        });
    }
    lines.sort_by_key(|l| (Reverse((l.n_named, l.n_attacks, l.n_requests)), l.country));
    Countries { lines, expected }
}
