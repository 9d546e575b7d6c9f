//! xoshiro256** seeded by splitmix64, both by Blackman and Vigna (public domain), and the few distributions used here.

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Rng([u64; 4]);

impl Rng {
    /// The stream that belongs to `seed` and `purpose`: streams of different purposes do not disturb each other.
    pub fn new(seed: u64, purpose: &str) -> Rng {
        let mut state = seed ^ hash(purpose.as_bytes());
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Rng([next(), next(), next(), next()])
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in `0..n`; 0 for an empty range.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Uniform in `low..=high`, for times.
    pub fn time(&mut self, low_us: i64, high_us: i64) -> i64 {
        low_us + self.below(high_us.saturating_sub(low_us).max(0) as u64 + 1) as i64
    }

    /// Uniform in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True once in `1 / share`.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Waiting time of a memoryless process with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// Many small, few large: `exp(N(0, spread))` around `median`, with the normal taken from 12 uniforms.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        median * libm::exp(spread * normal)
    }

    /// `value` moved by up to `share` of itself either way.
    pub fn jitter(&mut self, value: u64, share: f64) -> u64 {
        let moved = value as f64 * (1.0 + share * (2.0 * self.unit() - 1.0));
        moved.max(0.0) as u64
    }

    /// One of a slice that is not empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// Popularity by rank: rank `i` is asked for with weight `1 / (i + 3)^exponent`.
pub struct Zipf(Vec<f64>);

impl Zipf {
    /// Popularity of `n` things.
    pub fn new(n: usize, exponent: f64) -> Zipf {
        let mut sum = 0.0;
        Zipf(
            (0..n)
                .map(|rank| {
                    sum += libm::pow(rank as f64 + 3.0, -exponent);
                    sum
                })
                .collect(),
        )
    }

    /// A rank in `0..n`.
    pub fn pick(&self, rng: &mut Rng) -> usize {
        let at = rng.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|&sum| sum <= at).min(self.0.len().saturating_sub(1))
    }
}

/// FNV-1a: a fixed number for a name.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_by_seed_and_purpose() {
        let first = |seed, purpose| Rng::new(seed, purpose).bits();
        assert_eq!(first(1, "site"), first(1, "site"));
        assert_ne!(first(1, "site"), first(2, "site"));
        assert_ne!(first(1, "site"), first(1, "office"));
    }

    #[test]
    fn ranges_are_kept_and_filled() {
        let mut rng = Rng::new(7, "test");
        let mut seen = [0_u32; 6];
        for _ in 0..6_000 {
            seen[rng.between(0, 5) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (800..1_200).contains(&n)), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn low_ranks_are_popular() {
        let (zipf, mut rng) = (Zipf::new(1_000, 1.0), Rng::new(7, "test"));
        let low = (0..1_000).filter(|_| zipf.pick(&mut rng) < 100).count();
        assert!(low > 500, "{low}");
    }
}
