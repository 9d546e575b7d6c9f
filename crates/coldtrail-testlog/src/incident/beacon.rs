//! Signs of command and control in a proxy's log.

use super::{Expectation, Incident};
use crate::office::Client;
use crate::request::Text;
use crate::rng::Rng;
use crate::time::{MINUTE, SECOND};

/// Who calls whom, how often, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Beacon {
    pub id: &'static str,
    pub title: &'static str,
    pub host: &'static str,
    pub interval_us: i64,
    /// Share by which each pause is longer or shorter.
    pub jitter: f64,
    /// Share of the calls that fail to happen.
    pub missed: f64,
    pub start_us: i64,
    pub end_us: i64,
}

/// Calls home, day and night: the next pause starts where the last call was.
pub fn call_home(client: &Client, beacon: Beacon, rng: &mut Rng) -> Incident {
    let host: Text = beacon.host.into();
    let mut at_us = beacon.start_us;
    let mut requests = Vec::new();
    while at_us < beacon.end_us {
        if !rng.chance(beacon.missed) {
            let order = rng.chance(0.02);
            let bytes = if order { rng.between(9_000, 60_000) } else { 3_108 + rng.below(4) };
            requests.push(client.connect(at_us, &host, 443, bytes, 300_000, rng));
        }
        at_us += rng.jitter(beacon.interval_us as u64, beacon.jitter) as i64;
    }
    Incident {
        expectation: Expectation {
            id: beacon.id,
            kind: "beacon",
            title: beacon.title,
            detectors: &["beacon"],
            level: "probable",
            artefacts: vec![beacon.host.to_owned()],
            ..Expectation::default()
        },
        requests,
    }
}

/// Every minute, a fifth longer or shorter.
pub const EVERY_MINUTE: Beacon = Beacon {
    id: "P01",
    title: "One computer calls a host that nobody else knows, every 60 s ± 20 %, also at night.",
    host: "telemetry-relay.example",
    interval_us: MINUTE,
    jitter: 0.2,
    missed: 0.0,
    start_us: 0,
    end_us: 0,
};

/// Every hour, with half of the pause as jitter and some calls missing.
pub const EVERY_HOUR: Beacon = Beacon {
    id: "P02",
    title: "One computer calls a rare host every hour ± 30 %, a tenth of the calls missing.",
    host: "img-mirror.example",
    interval_us: 3_600 * SECOND,
    jitter: 0.3,
    missed: 0.1,
    start_us: 0,
    end_us: 0,
};
