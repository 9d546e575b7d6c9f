//! Countries of the clients, and which of them the site's visitors come from.

use super::Tables;
use crate::enrich::{Country, Geo};
use crate::parallel::each;
use crate::record::ClientKey;
use crate::verdict::{Countries, CountryLine, Expected};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The country of each client, by partition and row number.
pub(super) type OfClients = Vec<Vec<Option<Country>>>;

pub(super) fn of_clients(tables: &Tables, geo: &Geo, threads: usize) -> OfClients {
    let mut partitions: Vec<_> = tables.partitions.iter().collect();
    each(&mut partitions, threads, |partition| {
        let country = |client: ClientKey| client.ip().and_then(|address| geo.country(address));
        partition.clients.table.rows().iter().map(|row| country(row.client)).collect()
    })
}

/// Browsers' sessions without a finding from which the usual countries are learnt, at least, and the share of them, in
/// percent, that makes a country a usual one.
const MIN_VISITORS: u64 = 100;
const MIN_PERCENT: u64 = 1;

/// Sums by country, most telling first: by clients of findings, attacks, requests, then by name.
pub(super) fn countries(
    tables: &Tables,
    of_clients: &OfClients,
    named: &BTreeMap<ClientKey, u64>,
    given: Option<&BTreeSet<Country>>,
) -> Countries {
    let mut by_country: BTreeMap<Option<Country>, CountryLine> = BTreeMap::new();
    for (partition, countries) in tables.partitions.iter().zip(of_clients) {
        for (row, country) in partition.clients.table.rows().iter().zip(countries) {
            let line = by_country
                .entry(*country)
                .or_insert_with(|| CountryLine { country: *country, ..CountryLine::default() });
            let is_named = named.contains_key(&row.client);
            line.n_clients += 1;
            line.n_visitors += u64::from(row.is_clean && !is_named);
            line.n_named += u64::from(is_named);
            line.n_requests += u64::from(row.n_requests);
            line.n_attacks += u64::from(row.n_attacks);
            line.bytes_out = line.bytes_out.saturating_add(row.bytes_out);
        }
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
