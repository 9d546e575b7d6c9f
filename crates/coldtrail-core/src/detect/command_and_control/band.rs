//! Band evidence: are contacts more regular than a memoryless visitor can be?
//!
//! For the gaps between contacts (bursts taken as one) every band [lo, hi] of a few widths is tried; the share of gaps
//! in it is weighed against the most that exponential gaps, at the rate that suits them best, put there. For narrow
//! bands also the union of the band, its double and its triple: beats that were missed.

use std::sync::LazyLock;

/// Band width hi/lo; the jitter it admits is 1 - 1/ratio.
const RATIOS: [f64; 7] = [1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 2.6];
/// Contacts closer than this are one burst, seconds.
const BURSTS_S: [u32; 5] = [0, 2, 5, 15, 60];
/// Multiples of the band for missed beats.
const MULTIPLES: u32 = 3;

/// The best band of some contacts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Band {
    /// Evidence after the look-elsewhere correction, nats.
    pub(super) evidence: f64,
    /// Share of the gaps that lie in the band.
    pub(super) share: f64,
    /// The most that a memoryless visitor could put there.
    pub(super) chance: f64,
    /// Bounds, seconds.
    pub(super) lo_s: f64,
    pub(super) hi_s: f64,
    pub(super) n_gaps: usize,
    pub(super) burst_s: u32,
    /// 1, or 3 where double and triple gaps count as missed beats.
    pub(super) multiples: u32,
}

impl Band {
    /// How much more of the gaps lies in the band than chance could put there, as a share of what is left.
    pub(super) fn excess(&self) -> f64 {
        (self.share - self.chance) / (1.0 - self.chance)
    }
}

/// The chance of the union of bands, by ratio in hundredths from 1.00 to 1.50: a search over rates, done once.
static UNION_CHANCE: LazyLock<[f64; 51]> =
    LazyLock::new(|| std::array::from_fn(|i| union_chance(1.0 + i as f64 / 100.0)));

fn union_chance_of(ratio: f64) -> f64 {
    UNION_CHANCE[((ratio - 1.0) * 100.0).round().clamp(0.0, 50.0) as usize]
}

/// So many gaps in a single band, and in a union, are more than some evidence.
type Fewest = (usize, usize);

/// The search for the best band, above an evidence that is asked for: so most contacts cost no logarithm.
pub(super) struct Search {
    min_evidence: f64,
    /// For the evidence that is asked for: by number of gaps, then by ratio.
    fewest: Vec<[Fewest; RATIOS.len()]>,
}

fn union_chance(ratio: f64) -> f64 {
    let mut best = 0.0f64;
    for i in 1..400 {
        let x = f64::from(i) * 0.01;
        let (mut total, mut edge) = (0.0, 0.0f64);
        for k in 1..=MULTIPLES {
            let lo = (f64::from(k) * x).max(edge);
            let hi = f64::from(k) * x * ratio;
            if hi > lo {
                total += libm::exp(-lo) - libm::exp(-hi);
                edge = hi;
            }
        }
        best = best.max(total);
    }
    best
}

/// The largest share that exponential gaps can put into one band of this ratio, over all rates.
fn band_chance(ratio: f64) -> f64 {
    libm::pow(ratio, -1.0 / (ratio - 1.0)) - libm::pow(ratio, -ratio / (ratio - 1.0))
}

/// Kullback-Leibler divergence of two shares, nats.
fn divergence(a: f64, b: f64) -> f64 {
    let (a, b) = (a.clamp(1e-12, 1.0 - 1e-12), b.clamp(1e-12, 1.0 - 1e-12));
    a * libm::log(a / b) + (1.0 - a) * libm::log((1.0 - a) / (1.0 - b))
}

fn fewest_of(n: usize, ratio: f64, evidence: f64) -> Fewest {
    // A band is never narrower than its ratio, so its chance is at least this: fewer gaps need not be weighed.
    (fewest(n, band_chance(ratio), evidence), fewest(n, union_chance_of(ratio), evidence))
}

/// The fewest of `n` gaps inside a band of this chance that are more evidence than `evidence`; beyond `n` if none are.
fn fewest(n: usize, chance: f64, evidence: f64) -> usize {
    // Room for rounding: what is passed over is never the best.
    let enough = evidence - 1e-9 * evidence.abs();
    let is_more = |inside: usize| {
        let share = inside as f64 / n as f64;
        share > chance && n as f64 * divergence(share, chance) > enough
    };
    let (mut too_few, mut high) = (0, n + 1);
    while too_few + 1 < high {
        let middle = usize::midpoint(too_few, high);
        (too_few, high) = if is_more(middle) { (too_few, middle) } else { (middle, high) };
    }
    high
}

/// Counts the gaps up to bounds that ascend.
struct Cursor<'a> {
    gaps: &'a [f64],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(gaps: &'a [f64]) -> Self {
        Self { gaps, at: 0 }
    }

    fn below(&mut self, bound: f64) -> usize {
        self.at += self.gaps[self.at..].iter().take_while(|g| **g < bound).count();
        self.at
    }

    fn up_to(&mut self, bound: f64) -> usize {
        self.at += self.gaps[self.at..].iter().take_while(|g| **g <= bound).count();
        self.at
    }
}

/// The first of each burst; `seconds` ascend.
pub(super) fn burst_starts(seconds: &[u32], burst_s: u32) -> Vec<u32> {
    let mut starts = Vec::with_capacity(seconds.len());
    let mut last = None;
    for t in seconds {
        if last.is_none_or(|l| t - l > burst_s) {
            starts.push(*t);
        }
        last = Some(*t);
    }
    starts
}

impl Search {
    /// Numbers of gaps for which the fewest are known beforehand.
    const MAX_KNOWN: usize = 64;

    pub(super) fn new(min_evidence: f64) -> Self {
        let of = |n: usize| RATIOS.map(|ratio| fewest_of(n, ratio, min_evidence));
        Self { min_evidence, fewest: (0..=Self::MAX_KNOWN).map(of).collect() }
    }

    /// The band with the most evidence; none where there are fewer than 5 gaps, or no band has the evidence that is asked
    /// for. `seconds` are distinct and ascend.
    pub(super) fn best_band(&self, seconds: &[u32]) -> Option<Band> {
        let mut best: Option<Band> = None;
        let mut n_tests = 0usize;
        for burst_s in BURSTS_S {
            let starts = burst_starts(seconds, burst_s);
            let mut gaps: Vec<f64> =
                starts.windows(2).map(|w| w[1] - w[0]).filter(|g| *g > burst_s).map(f64::from).collect();
            gaps.sort_by(f64::total_cmp);
            let n = gaps.len();
            if n < 5 {
                continue;
            }
            n_tests += n * RATIOS.len();
            let (least, burst) = (3.0 * f64::from(burst_s.max(1)), f64::from(burst_s));
            for (r, ratio) in RATIOS.into_iter().enumerate() {
                let (mut enough, mut enough_in_union) = match (best, self.fewest.get(n)) {
                    (None, Some(known)) => known[r],
                    _ => fewest_of(n, ratio, best.map_or(self.min_evidence, |b| b.evidence)),
                };
                if n < enough.min(enough_in_union) {
                    continue;
                }
                let mut end = Cursor::new(&gaps);
                let mut multiples =
                    [(); MULTIPLES as usize - 1].map(|()| (Cursor::new(&gaps), Cursor::new(&gaps)));
                for (i, lo_s) in gaps.iter().copied().enumerate() {
                    if lo_s < least || (i > 0 && lo_s == gaps[i - 1]) {
                        continue;
                    }
                    let hi_s = (lo_s * ratio).max(lo_s + 2.0);
                    let effective = (hi_s - burst) / (lo_s - burst);
                    let inside = end.up_to(hi_s) - i;
                    if n - i < enough.min(enough_in_union) {
                        break;
                    }
                    let band = |n_inside: usize, chance: f64, multiples: u32| {
                        let share = n_inside as f64 / n as f64;
                        let evidence = n as f64 * divergence(share, chance);
                        let band =
                            Band { evidence, share, chance, lo_s, hi_s, n_gaps: n, burst_s, multiples };
                        (share > chance).then_some(band)
                    };
                    let single =
                        if inside >= enough { band(inside, band_chance(effective), 1) } else { None };
                    let mut union_band = None;
                    if effective <= 1.5 && inside >= 4 {
                        let (mut total, mut edge) = (inside, hi_s);
                        for (k, (from, to)) in (2..=MULTIPLES).zip(&mut multiples) {
                            let low = (lo_s * f64::from(k)).max(edge * 1.000_000_1);
                            edge = hi_s * f64::from(k);
                            total += to.up_to(edge).saturating_sub(from.below(low));
                        }
                        if total > inside && total >= enough_in_union {
                            union_band = band(total, union_chance_of(effective), MULTIPLES);
                        }
                    }
                    for band in [single, union_band].into_iter().flatten() {
                        if band.evidence > best.map_or(self.min_evidence, |b| b.evidence) {
                            best = Some(band);
                            (enough, enough_in_union) = fewest_of(n, ratio, band.evidence);
                        }
                    }
                }
            }
        }
        best.map(|b| Band { evidence: b.evidence - libm::log(n_tests.max(1) as f64), ..b })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator with a fixed seed: the tests are the same everywhere.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        }
    }

    fn times(n: usize, mut gap: impl FnMut() -> f64) -> Vec<u32> {
        let mut t = 1_577_880_000.0;
        let mut times: Vec<u32> = (0..n)
            .map(|_| {
                t += gap();
                t as u32
            })
            .collect();
        times.dedup();
        times
    }

    fn is_periodic(times: &[u32]) -> bool {
        Search::new(12.0).best_band(times).is_some_and(|b| b.evidence >= 12.0 && b.excess() >= 0.35)
    }

    #[test]
    fn what_is_asked_for_passes_nothing_over() {
        let (all, some) = (Search::new(f64::NEG_INFINITY), Search::new(12.0));
        let mut r = Random(3);
        let mut n_found = 0;
        for i in 0..200u32 {
            let jitter = f64::from(i % 10) / 10.0;
            let contacts = times(8 + i as usize, || {
                300.0 * (1.0 - jitter * r.next()) + f64::from(i % 3) * 200.0 * r.next()
            });
            let best = all.best_band(&contacts).filter(|b| b.evidence >= 12.0);
            n_found += u32::from(best.is_some());
            assert_eq!(some.best_band(&contacts).filter(|b| b.evidence >= 12.0), best, "{i}");
        }
        assert!((50..200).contains(&n_found), "{n_found}");
    }

    #[test]
    fn periods_with_jitter_missed_beats_and_bursts() {
        let mut r = Random(1);
        assert!(is_periodic(&times(60, || 300.0)));
        assert!(is_periodic(&times(100, || 300.0 * (1.0 - 0.5 * r.next()))), "jitter of half the period");
        assert!(is_periodic(&times(60, || 300.0 * (1.0 + (r.next() * 1.6).floor()))), "missed beats");
        let mut i = 0;
        let bursts = times(90, || {
            i += 1;
            if i % 3 == 0 { 600.0 * (0.9 + 0.1 * r.next()) } else { 1.0 }
        });
        assert!(is_periodic(&bursts), "bursts of three");
    }

    #[test]
    fn memoryless_visitors_are_not_periodic() {
        let mut r = Random(2);
        let n = (0..40).filter(|_| is_periodic(&times(200, || -600.0 * libm::log(r.next())))).count();
        assert_eq!(n, 0);
        assert!(Search::new(12.0).best_band(&[1, 2, 3]).is_none());
    }

    #[test]
    fn chances_of_bands() {
        // By hand: 1.25^-4 - 1.25^-5, and 1/2 - 1/4.
        assert!((band_chance(1.25) - 0.08192).abs() < 1e-9);
        assert!((band_chance(2.0) - 0.25).abs() < 1e-12);
        assert_eq!(union_chance(1.0), 0.0);
        assert!(union_chance(1.1) > band_chance(1.1));
    }
}
