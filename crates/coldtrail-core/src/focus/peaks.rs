//! Most requests of a client in any 1, 10 and 60 seconds: exact, from counts per second.

use crate::detect::Site;
use crate::parallel::each;
use crate::record::ClientKey;
use crate::table::{PARTITIONS, Visits};
use std::collections::BTreeMap;

/// Most requests in any 1, 10 and 60 seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Peaks {
    pub per_1s: u32,
    pub per_10s: u32,
    pub per_60s: u32,
}

/// Requests per second of one client.
#[derive(Default)]
struct Seconds {
    /// Second and count. Lines come mostly in the order of time, so that a new entry is rare; an entry for a second
    /// that is there already is joined later.
    counts: Vec<(u32, u32)>,
    n_joined: usize,
}

impl Seconds {
    #[inline]
    fn add(&mut self, ts_s: u32, n: u32) {
        match self.counts.last_mut() {
            Some(last) if last.0 == ts_s => last.1 = last.1.saturating_add(n),
            _ => {
                self.counts.push((ts_s, n));
                if self.counts.len() >= 2 * self.n_joined.max(64) {
                    self.join();
                }
            }
        }
    }

    /// One entry a second, in the order of time.
    fn join(&mut self) {
        self.counts.sort_unstable();
        self.counts.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            kept.1 = if is_same { kept.1.saturating_add(later.1) } else { kept.1 };
            is_same
        });
        self.n_joined = self.counts.len();
    }

    fn peaks(mut self) -> Peaks {
        self.join();
        let most = |window_s: u32| {
            let (mut from, mut sum, mut best) = (0, 0u32, 0u32);
            for &(second, n) in &self.counts {
                sum = sum.saturating_add(n);
                while second - self.counts[from].0 >= window_s {
                    sum -= self.counts[from].1;
                    from += 1;
                }
                best = best.max(sum);
            }
            best
        };
        Peaks { per_1s: most(1), per_10s: most(10), per_60s: most(60) }
    }
}

/// Requests per second of the clients that it was told to watch, each known by its number.
#[derive(Default)]
pub struct PeakCounter {
    clients: Vec<(ClientKey, Seconds)>,
}

impl PeakCounter {
    /// Cap on counters, seconds of all clients together: 8 bytes each, twice that while they are joined.
    pub const MAX_SECONDS: u64 = 8 << 20;

    pub fn new(clients: impl IntoIterator<Item = ClientKey>) -> Self {
        Self { clients: clients.into_iter().map(|c| (c, Seconds::default())).collect() }
    }

    /// The peaks of those of `clients` whose visits, given by partition, are all known; and the other clients.
    pub fn of_visits(
        clients: Vec<ClientKey>,
        visits: Vec<Visits>,
        site: &Site<'_>,
        threads: usize,
    ) -> (BTreeMap<ClientKey, Peaks>, Vec<ClientKey>) {
        const OTHER: u32 = u32::MAX;
        let mut unknown = Vec::new();
        let mut known: Vec<Vec<(u32, ClientKey)>> = vec![Vec::new(); PARTITIONS];
        for client in clients {
            let home = site.keys.client_partition(client);
            let row = site.partitions[home].clients.table.find(site.keys.client(client), client);
            match row.filter(|_| visits[home].all().is_some()) {
                Some(row) => known[home].push((row, client)),
                None => unknown.push(client),
            }
        }
        let mut homes: Vec<_> = visits.into_iter().zip(known).zip(site.partitions).collect();
        let peaks = each(&mut homes, threads, |((visits, known), part)| {
            let mut counter = Self::new(known.iter().map(|(_, client)| *client));
            let mut numbers = vec![OTHER; part.clients.table.len()];
            known.iter().zip(0..).for_each(|((row, _), number)| numbers[*row as usize] = number);
            for (row, second) in std::mem::take(visits).all().into_iter().flatten() {
                let number = numbers[*row as usize];
                if number != OTHER {
                    counter.add(number, *second);
                }
            }
            counter.peaks()
        });
        (peaks.into_iter().flatten().collect(), unknown)
    }

    #[inline]
    pub fn add(&mut self, client: u32, ts_s: u32) {
        self.clients[client as usize].1.add(ts_s, 1);
    }

    /// Takes in what another counter of the same clients saw.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.clients.iter_mut().zip(other.clients) {
            assert_eq!(mine.0, theirs.0, "both watch the same clients");
            theirs.1.counts.into_iter().for_each(|(second, n)| mine.1.add(second, n));
        }
    }

    pub fn peaks(self) -> BTreeMap<ClientKey, Peaks> {
        self.clients.into_iter().map(|(client, seconds)| (client, seconds.peaks())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_slide() {
        let peaks = |counts: &[(u32, u32)]| {
            let mut seconds = Seconds::default();
            counts.iter().for_each(|(s, n)| seconds.add(*s, *n));
            seconds.peaks()
        };
        let want = Peaks { per_1s: 5, per_10s: 8, per_60s: 9 };
        assert_eq!(peaks(&[(109, 3), (100, 5), (110, 1), (300, 2)]), want);
        assert_eq!(peaks(&[(109, 3), (100, 4), (300, 2), (110, 1), (100, 1)]), want);
        assert_eq!(peaks(&[]), Peaks::default());
    }

    #[test]
    fn what_comes_in_any_order_is_counted_once() {
        let client = ClientKey::parse(b"203.0.113.9");
        let (mut one, mut a, mut b) =
            (PeakCounter::new([client]), PeakCounter::new([client]), PeakCounter::new([client]));
        for i in 0..1000u32 {
            let second = i * 7919 % 300;
            one.add(0, second);
            if i % 3 == 0 { a.add(0, second) } else { b.add(0, second) }
        }
        b.merge(a);
        assert!(one.clients[0].1.counts.len() < 601);
        assert_eq!(one.peaks(), b.peaks());
    }
}
