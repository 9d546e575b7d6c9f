//! Archives fetched in pieces.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::Site;
use crate::time::SECOND;

/// One client fetches one archive that nobody else ever asked for, piece by piece.
pub fn in_ranges(
    site: &Site,
    actor: &Actor,
    start_us: i64,
    archive: &str,
    n_parts: u64,
    part_bytes: u64,
    rng: &mut Rng,
) -> Incident {
    let mut at_us = start_us;
    let mut requests =
        vec![actor.request(crate::request::Ask { method: "HEAD", ..site.get(at_us, archive, "") }, 200, 0)];
    for part in 0..n_parts {
        at_us += rng.time(4 * SECOND, 19 * SECOND);
        let bytes =
            if part + 1 == n_parts { rng.between(part_bytes / 9, part_bytes - 1) } else { part_bytes };
        requests.push(actor.request(site.get(at_us, archive, ""), 206, bytes));
    }
    Incident {
        expectation: Expectation {
            id: "W09",
            kind: "archive-fetched",
            title: "One address fetches an archive that nobody else asked for, in pieces.",
            detectors: &["page-transfer", "manifest-diff"],
            level: "probable",
            artefacts: vec![archive.to_owned()],
            ..Expectation::default()
        },
        requests,
    }
}
