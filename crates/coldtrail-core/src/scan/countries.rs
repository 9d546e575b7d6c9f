//! Countries of the clients, and which of them the site's visitors come from.

use super::Tables;
use crate::detect::{Finding, Level, Stage};
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
        if line.country.is_some() && n_visitors >= MIN_VISITORS {
            line.surprise_millibits = Some(surprise_millibits(line.n_visitors, n_visitors));
        }
    }
    lines.sort_by_key(|l| (Reverse((l.n_named, l.n_attacks, l.n_requests)), l.country));
    Countries { lines, expected }
}

/// Countries that a visitor may come from (ISO 3166-1), and how many visitors each is given in advance (Jeffreys): so
/// that a country from which nobody came is surprising and not impossible.
const N_COUNTRIES: f64 = 249.0;
const PRIOR: f64 = 0.5;
/// Surprise from which on it is said at a finding, thousandths of a bit: one visitor in 256.
const MIN_SURPRISE_MILLIBITS: u32 = 8000;

/// `-log2` of the share of visitors who come from a country.
fn surprise_millibits(n: u64, n_all: u64) -> u32 {
    let share = (n as f64 + PRIOR) / (n_all as f64 + PRIOR * N_COUNTRIES);
    (-libm::log2(share) * 1000.0).round().max(0.0) as u32
}

/// Puts the surprise beside the figures of a finding about a guessed password or an implant that was used from where
/// hardly a visitor comes. A location alone is no finding and changes no level.
pub(super) fn weigh(findings: &mut [Finding], countries: &Countries, geo: &Geo) {
    let surprise: BTreeMap<Country, u32> = countries
        .lines
        .iter()
        .filter_map(|l| Some((l.country?, l.surprise_millibits?)))
        .filter(|(_, millibits)| *millibits >= MIN_SURPRISE_MILLIBITS)
        .collect();
    let weighs = |f: &&mut Finding| {
        matches!(f.meta.stage, Stage::Access | Stage::Implant) && f.level >= Level::Possible
    };
    for f in findings.iter_mut().filter(weighs) {
        let known = f.clients.iter().filter_map(|c| geo.country_of(*c));
        let most = known.filter_map(|country| Some((*surprise.get(&country)?, country))).max();
        if let Some((millibits, country)) = most {
            f.draft.number("surprise_bits", f64::from(millibits) / 1000.0);
            f.draft.number("surprising_country", country.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Draft, by_id};
    use crate::verdict::CountryLine;

    #[test]
    fn bits_of_surprise() {
        // 1,000 visitors and 124.5 in advance.
        assert_eq!(surprise_millibits(1000, 1000), 169);
        assert_eq!(surprise_millibits(10, 1000), 6743);
        assert_eq!(surprise_millibits(0, 1000), 11_135);
        assert_eq!(surprise_millibits(0, 0), 7960);
    }

    #[test]
    fn a_guessed_password_from_where_nobody_comes_bears_the_surprise() {
        let geo = Geo::default();
        let client = ClientKey::parse(b"8.8.8.8");
        let country = geo.country_of(client).expect("it is in the built-in data");
        let line = |surprise_millibits| CountryLine {
            country: Some(country),
            surprise_millibits,
            ..CountryLine::default()
        };
        let check = |detector: &str, level, surprise, want: Option<f64>| {
            let mut draft = Draft::new("it");
            draft.level = level;
            draft.clients.insert(client);
            let mut findings = [draft.finish(by_id(detector).expect("a detector").meta())];
            let countries = Countries { lines: vec![line(surprise)], expected: Expected::Unknown };
            weigh(&mut findings, &countries, &geo);
            assert_eq!(findings[0].numbers.get("surprise_bits").cloned(), want.map(Into::into), "{detector}");
        };
        check("password-guessing", Level::Probable, Some(9_100), Some(9.1));
        check("web-shell", Level::Confirmed, Some(8_000), Some(8.0));
        check("web-shell", Level::Confirmed, Some(7_999), None);
        check("web-shell", Level::Confirmed, None, None);
        check("password-guessing", Level::NoSign, Some(9_100), None);
        check("scan", Level::Probable, Some(9_100), None);
    }
}
