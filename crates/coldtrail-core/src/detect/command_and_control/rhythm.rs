//! Whether some contacts keep a rhythm, for whoever looks at one client alone.

use super::band::Search;
use super::beacon::Params;

/// The regular part of some contacts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rhythm {
    pub n_gaps: u64,
    /// Gaps between the two bounds, seconds, their double or triple where `counts_multiples`.
    pub n_in_band: u64,
    pub low_s: f64,
    pub high_s: f64,
    pub counts_multiples: bool,
}

/// The rhythm of contacts at these seconds, which ascend; none if a visitor without memory could have made them. The
/// test of timing that `beacon` makes, with its parameters, and none of its tests of context.
pub fn rhythm(seconds: &[u32]) -> Option<Rhythm> {
    let params = Params::DEFAULT;
    if seconds.len() < params.min_seconds || seconds[seconds.len() - 1] - seconds[0] < params.min_span_s {
        return None;
    }
    let band = Search::new(params.min_evidence).best_band(seconds)?;
    (band.evidence >= params.min_evidence && band.excess() >= params.min_excess).then(|| Rhythm {
        n_gaps: band.n_gaps as u64,
        n_in_band: (band.share * band.n_gaps as f64).round() as u64,
        low_s: band.lo_s,
        high_s: band.hi_s,
        counts_multiples: band.multiples > 1,
    })
}

#[cfg(test)]
mod tests {
    use super::rhythm;

    #[test]
    fn of_a_clock_and_of_no_clock() {
        let beats: Vec<u32> = (0..40).map(|i| 1_700_000_000 + i * 300 + i % 7).collect();
        let found = rhythm(&beats).expect("a rhythm");
        assert!((290.0..=310.0).contains(&found.low_s) && found.n_in_band == 39, "{found:?}");
        let grows: Vec<u32> = (0..20).map(|i| 1_700_000_000 + (1 << i)).collect();
        assert_eq!(rhythm(&grows), None);
        assert_eq!(rhythm(&beats[..5]), None);
    }
}
