//! Floods: more requests than the site usually has, from one address.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::Site;
use crate::time::SECOND;

/// One address asks for the front page `n` times, twelve times a second, with a new number in each query; in the end the
/// server answers with errors.
pub fn past_the_cache(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let bytes = site.page_bytes("/", start_us, rng);
    let requests = (0..n)
        .map(|i| {
            at_us += rng.time(SECOND / 40, SECOND / 7);
            let target = format!("/?{}", rng.below(1_000_000_000));
            let (status_code, bytes) = if i * 20 < n * 19 { (200, bytes) } else { (503, 197) };
            actor.request(site.get(at_us, &target, ""), status_code, bytes)
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W13",
            kind: "flood",
            title: "One address asks for the front page twelve times a second, each time with a new query.",
            detectors: &["flood"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}
