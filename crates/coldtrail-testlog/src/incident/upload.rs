//! Data that leaves through the proxy.

use super::{Expectation, Incident};
use crate::office::Client;
use crate::request::Text;
use crate::rng::Rng;
use crate::time::{MINUTE, SECOND};

/// Long tunnels to a host that nobody else knows: little comes back, much goes out. Formats that do not log what
/// clients send (`sent_is_logged`) show only the tunnels and how long they were open.
pub fn by_tunnel(
    client: &Client,
    host: &str,
    start_us: i64,
    n: usize,
    sent_is_logged: bool,
    rng: &mut Rng,
) -> Incident {
    let host_text: Text = host.into();
    let mut at_us = start_us;
    let requests = (0..n)
        .map(|_| {
            let open_us = rng.time(4 * MINUTE, 9 * MINUTE);
            let mut request =
                client.connect(at_us, &host_text, 443, rng.between(40_000, 90_000), open_us, rng);
            request.request_bytes = rng.between(150_000_000, 260_000_000);
            at_us += open_us + rng.time(5 * SECOND, 2 * MINUTE);
            request
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "P05",
            kind: "upload",
            title: "Gigabytes leave in tunnels to a host that nobody else knows.",
            detectors: if sent_is_logged { &["page-transfer"] } else { &[] },
            also: &["page-transfer"],
            level: if sent_is_logged { "probable" } else { "possible" },
            artefacts: vec![host.to_owned()],
        },
        requests,
    }
}
