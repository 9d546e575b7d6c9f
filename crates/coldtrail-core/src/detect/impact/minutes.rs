//! How many requests each minute had, and what is usual at that time.

use crate::detect::Site;
use crate::table::Visits;
use std::collections::BTreeMap;

/// An hour with fewer requests counts as one without any, requests: less than one a minute.
const MIN_HOUR: u64 = 60;
/// Days to each side of an hour that say what is usual in it, days.
const MAX_DAYS: u32 = 30;
/// A log of so many days is judged by the hour of the day, days; a shorter one by all of its hours.
const MIN_DAYS: u32 = 3;

/// What the others ask for in a minute of that hour.
#[derive(Clone, Copy)]
pub(super) struct Usual {
    pub(super) median: u64,
    /// Median of the distances from it.
    pub(super) mad: u64,
}

/// Requests of everybody by minute. Where the seconds of the requests are not known, an hour's are spread evenly.
pub(super) struct Minutes {
    /// Hours since 1970, in order.
    hours: Vec<(u32, [u32; 60])>,
    first: u32,
    last: u32,
}

impl Minutes {
    /// Without `counts` it knows the span of the log only.
    pub(super) fn of(site: &Site<'_>, counts: bool) -> Self {
        let (first, last) = site.span_s().unwrap_or_default();
        let minute = |s: i64| u32::try_from(s / 60).unwrap_or(0);
        let hours = if counts { Self::hours(site) } else { Vec::new() };
        Self { hours, first: minute(first), last: minute(last) }
    }

    fn hours(site: &Site<'_>) -> Vec<(u32, [u32; 60])> {
        let busy = site.totals.hours.iter().filter(|(_, row)| row.n_requests >= MIN_HOUR);
        let is_known = !site.visits.is_empty() && site.visits.iter().all(|v| v.all().is_some());
        let even = |n: u64| if is_known { 0 } else { u32::try_from(n / 60).unwrap_or(u32::MAX) };
        let mut hours: Vec<_> = busy.map(|(hour, row)| (*hour, [even(row.n_requests); 60])).collect();
        let mut at = 0;
        for (_, second) in site.visits.iter().filter(|_| is_known).filter_map(Visits::all).flatten() {
            let hour = second / 3600;
            if hours.get(at).is_none_or(|h| h.0 != hour) {
                match hours.binary_search_by_key(&hour, |h| h.0) {
                    Ok(i) => at = i,
                    Err(_) => continue,
                }
            }
            hours[at].1[(second / 60 % 60) as usize] += 1;
        }
        hours
    }

    /// From the first record to the last, minutes.
    pub(super) fn span(&self) -> u32 {
        self.last.saturating_sub(self.first) + 1
    }

    pub(super) fn days(&self) -> u32 {
        self.span().div_ceil(1440)
    }

    pub(super) fn count(&self, minute: u32) -> u64 {
        let hour = self.hours.binary_search_by_key(&(minute / 60), |h| h.0);
        hour.map_or(0, |i| u64::from(self.hours[i].1[(minute % 60) as usize]))
    }

    /// What all but these requests come to in a minute: at the same hour of the days around, or in the whole of a short
    /// log.
    pub(super) fn usual(&self, minute: u32, without: &BTreeMap<u32, u64>) -> Usual {
        let hour = minute / 60;
        let (first, last) = (self.first / 60, self.last / 60);
        let hours: Vec<u32> = if self.span() >= MIN_DAYS * 1440 {
            let from = hour.saturating_sub(MAX_DAYS * 24);
            (from..=hour + MAX_DAYS * 24).step_by(24).filter(|h| (first..=last).contains(h)).collect()
        } else {
            (first..=last).collect()
        };
        let minutes = hours.into_iter().flat_map(|hour| hour * 60..hour * 60 + 60);
        let within = minutes.filter(|minute| (self.first..=self.last).contains(minute));
        let others =
            |minute: u32| self.count(minute).saturating_sub(without.get(&minute).copied().unwrap_or(0));
        let mut counts: Vec<u64> = within.map(others).collect();
        let median = median(&mut counts);
        counts.iter_mut().for_each(|n| *n = n.abs_diff(median));
        Usual { median, mad: self::median(&mut counts) }
    }
}

/// The upper one of two; 0 of none.
fn median(counts: &mut [u64]) -> u64 {
    if counts.is_empty() {
        return 0;
    }
    let middle = counts.len() / 2;
    *counts.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};

    #[test]
    fn what_is_usual_leaves_the_actor_out() {
        let get = |s| to_server(T0 + s, "198.51.100.7", "GET", "/", 200);
        // Two a minute over two hours; in the third minute 500 more.
        let mut requests: Vec<Request> = (0..240).map(|i| get(i * 30)).collect();
        requests.extend((0..500).map(|i| to_server(T0 + 120 + i % 60, "203.0.113.9", "GET", "/", 200)));
        let site = TestSite::new(requests);
        let minutes = Minutes::of(&site.site(), true);
        let flooded = T0 / 60 + 2;
        assert_eq!((minutes.span(), minutes.days()), (120, 1));
        assert_eq!((minutes.count(flooded), minutes.count(flooded + 1), minutes.count(0)), (502, 2, 0));
        let usual = minutes.usual(flooded, &BTreeMap::from([(flooded, 500)]));
        assert_eq!((usual.median, usual.mad), (2, 0));
    }

    #[test]
    fn in_a_long_log_the_hour_of_the_day_counts() {
        // Ten a minute at noon of each of five days, nothing else.
        let days = (0..5).flat_map(|day| (0..600).map(move |i| day * 86_400 + i * 6));
        let site = TestSite::new(days.map(|s| to_server(T0 + s, "198.51.100.7", "GET", "/", 200)).collect());
        let minutes = Minutes::of(&site.site(), true);
        let usual = |minute| minutes.usual(minute, &BTreeMap::new()).median;
        assert_eq!((usual(T0 / 60 + 5), usual(T0 / 60 + 300)), (10, 0));
    }
}
