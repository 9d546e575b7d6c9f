//! Numbers in paths and queries, and whether somebody went through them one after the other.

use std::collections::BTreeSet;

/// Digits of a number, digits: what a 64-bit integer holds.
const MAX_DIGITS: usize = 18;

/// Names of what is counted without naming a thing: pages of a list, times, sizes, places, versions.
const NO_IDS: [&[u8]; 34] = [
    b"page", b"pg", b"paged", b"p", b"offset", b"start", b"limit", b"skip", b"from", b"to", b"since",
    b"until", b"before", b"after", b"cursor", b"year", b"month", b"day", b"date", b"t", b"ts", b"time", b"v",
    b"ver", b"x", b"y", b"z", b"w", b"h", b"width", b"height", b"size", b"_", b"rand",
];

fn is_no_id(name: &[u8]) -> bool {
    NO_IDS.iter().any(|no| no.eq_ignore_ascii_case(name))
}

/// A path with its last number taken out: what stands before and behind it, and the number.
pub(super) fn number_in_path(path: &[u8]) -> Option<(&[u8], &[u8], u64)> {
    let end = path.iter().rposition(u8::is_ascii_digit)? + 1;
    let start = path[..end].iter().rposition(|c| !c.is_ascii_digit()).map_or(0, |i| i + 1);
    let (before, behind) = (&path[..start], &path[end..]);
    let folder = before.strip_suffix(b"/").unwrap_or_default();
    let name = folder.rsplit(|c| *c == b'/').next().unwrap_or_default();
    (!is_no_id(name)).then_some(())?;
    Some((before, behind, number(&path[start..end])?))
}

/// The parameters of a query that are numbers and may name a thing.
pub(super) fn numbers_in_query(query: &[u8]) -> impl Iterator<Item = (&[u8], u64)> {
    let pairs = query.split(|c| *c == b'&');
    pairs.filter_map(|pair| {
        let equals = memchr::memchr(b'=', pair)?;
        let (name, value) = (&pair[..equals], &pair[equals + 1..]);
        (!is_no_id(name)).then_some(())?;
        Some((name, number(value)?))
    })
}

fn number(text: &[u8]) -> Option<u64> {
    let is_number = (1..=MAX_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')))
}

/// Distinct numbers, and how completely they fill what they span.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Walk {
    pub(super) n: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    /// The largest step that all of them are apart by.
    pub(super) step: u64,
    /// Of the numbers from first to last, by that step.
    pub(super) share: f64,
}

impl Walk {
    pub(super) fn of(ids: &BTreeSet<u64>) -> Option<Self> {
        let (first, last) = (*ids.first()?, *ids.last()?);
        let step = ids.iter().fold(0, |step, id| gcd(step, id - first)).max(1);
        let n = ids.len() as u64;
        let share = n as f64 / ((last - first) / step + 1) as f64;
        Some(Self { n, first, last, step, share })
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_things() {
        let check = |path: &str, want: Option<(&str, &str, u64)>| {
            let got = number_in_path(path.as_bytes());
            let want = want.map(|(a, b, n)| (a.as_bytes(), b.as_bytes(), n));
            assert_eq!(got, want, "{path}");
        };
        check("/api/v1/orders/17", Some(("/api/v1/orders/", "", 17)));
        check("/orders/17/invoice.pdf", Some(("/orders/", "/invoice.pdf", 17)));
        check("/doc-0042.html", Some(("/doc-", ".html", 42)));
        check("/blog/page/17", None);
        check("/x/1234567890123456789", None);
        check("/about", None);
        let all: Vec<_> = numbers_in_query(b"id=7&page=3&q=x&n=12").collect();
        assert_eq!(all, [(&b"id"[..], 7), (b"n", 12)]);
    }

    #[test]
    fn walks() {
        let walk = |ids: &[u64]| Walk::of(&ids.iter().copied().collect());
        let all = Walk { n: 4, first: 3, last: 6, step: 1, share: 1.0 };
        assert_eq!(walk(&[3, 4, 5, 6]), Some(all));
        assert_eq!(walk(&[10, 20, 40]), Some(Walk { n: 3, first: 10, last: 40, step: 10, share: 0.75 }));
        assert_eq!(walk(&[5]), Some(Walk { n: 1, first: 5, last: 5, step: 1, share: 1.0 }));
        assert_eq!(walk(&[]), None);
    }
}
