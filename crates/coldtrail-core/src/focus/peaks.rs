//! Most requests of a client in any 1, 10 and 60 seconds: exact, from counts per second.

use crate::record::ClientKey;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Most requests in any 1, 10 and 60 seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Peaks {
    pub per_1s: u32,
    pub per_10s: u32,
    pub per_60s: u32,
}

type PerSecond = HashMap<u32, u32, foldhash::fast::RandomState>;

/// Requests per second of the clients that it was told to watch.
#[derive(Default)]
pub struct PeakCounter {
    seconds: BTreeMap<ClientKey, PerSecond>,
}

impl PeakCounter {
    /// Cap on counters, seconds of all clients together: 16 bytes each.
    pub const MAX_SECONDS: u64 = 8 << 20;

    pub fn new(clients: impl IntoIterator<Item = ClientKey>) -> Self {
        Self { seconds: clients.into_iter().map(|c| (c, PerSecond::default())).collect() }
    }

    pub fn clients(&self) -> impl Iterator<Item = ClientKey> + '_ {
        self.seconds.keys().copied()
    }

    pub fn add(&mut self, client: ClientKey, ts_s: u32) {
        if let Some(seconds) = self.seconds.get_mut(&client) {
            *seconds.entry(ts_s).or_default() += 1;
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (client, theirs) in other.seconds {
            let mine = self.seconds.entry(client).or_default();
            for (second, n) in theirs {
                *mine.entry(second).or_default() += n;
            }
        }
    }

    pub fn peaks(self) -> BTreeMap<ClientKey, Peaks> {
        self.seconds
            .into_iter()
            .map(|(client, seconds)| (client, peaks(seconds.into_iter().collect())))
            .collect()
    }
}

fn peaks(mut seconds: Vec<(u32, u32)>) -> Peaks {
    seconds.sort_unstable();
    let most = |window_s: u32| {
        let (mut from, mut sum, mut best) = (0, 0u32, 0u32);
        for &(second, n) in &seconds {
            sum = sum.saturating_add(n);
            while second - seconds[from].0 >= window_s {
                sum -= seconds[from].1;
                from += 1;
            }
            best = best.max(sum);
        }
        best
    };
    Peaks { per_1s: most(1), per_10s: most(10), per_60s: most(60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_slide() {
        let want = Peaks { per_1s: 5, per_10s: 8, per_60s: 9 };
        assert_eq!(peaks(vec![(109, 3), (100, 5), (110, 1), (300, 2)]), want);
        assert_eq!(peaks(Vec::new()), Peaks::default());
    }
}
