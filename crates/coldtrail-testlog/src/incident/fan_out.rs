//! One inside host that asks for very many others.

use super::{Expectation, Incident};
use crate::office::Client;
use crate::request::{Hop, Text};
use crate::rng::Rng;

/// A sweep over inside addresses and a few ports through the proxy; nearly all of it fails.
pub fn sweep(client: &Client, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let ports = [22, 445, 3389, 8080, 5985];
    let mut at_us = start_us;
    let requests = (0..n)
        .map(|i| {
            at_us += rng.time(60_000, 2_400_000);
            let host: Text = format!("10.30.{}.{}", i / 250, i % 250 + 1).into();
            let mut request = client.connect(at_us, &host, ports[i % ports.len()], 0, 0, rng);
            let port = ports[i % ports.len()];
            let (status_code, action, took_us, bytes) = match rng.below(20) {
                0 => (200, "TCP_TUNNEL", 1_200_000, 412),
                1..5 => (403, "TCP_DENIED", 0, 3_520),
                _ => (503, "TCP_TUNNEL", 3_000_000, 0),
            };
            request.status_code = status_code;
            request.duration_us = took_us + rng.time(0, 9_000);
            request.response_body_bytes = bytes;
            let peer = (status_code == 200).then(|| crate::office::peer(&host));
            request.hop = Some(Hop {
                action,
                port,
                peer,
                content_type: if status_code == 403 { "text/html" } else { "-" },
            });
            request
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "P04",
            kind: "fan-out",
            title: "One computer asks the proxy for hundreds of inside addresses within minutes.",
            detectors: &["fan-out"],
            also: &["scan"],
            level: "probable",
            ..Expectation::default()
        },
        requests,
    }
}
