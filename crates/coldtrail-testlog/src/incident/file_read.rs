//! Files of the server read through a page.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::Site;
use crate::time::SECOND;

/// `view.php` with paths that climb: too short first, then deep enough, then other files the same way.
pub fn climb(site: &Site, actor: &Actor, start_us: i64, rng: &mut Rng) -> Incident {
    /// The frame of the page with nothing in it.
    const EMPTY_BYTES: u64 = 4_112;
    let found = [
        ("etc/passwd", 2_143),
        ("etc/hosts", 221),
        ("var/www/shop/inc/config.php", 1_874),
        ("proc/self/environ", 1_320),
        ("etc/nginx/nginx.conf", 2_656),
    ];
    let mut at_us = start_us;
    let mut requests = Vec::new();
    let mut send = |rng: &mut Rng, path: String, bytes: u64| {
        at_us += rng.time(2 * SECOND, 14 * SECOND);
        let target = format!("/view.php?page={path}");
        requests.push(actor.request(site.get(at_us, &target, ""), 200, bytes));
    };
    for depth in 1..6 {
        send(rng, format!("{}etc/passwd", "../".repeat(depth)), EMPTY_BYTES);
        send(rng, format!("{}etc/passwd%00", "..%2f".repeat(depth)), EMPTY_BYTES);
    }
    for (file, bytes) in found {
        send(rng, format!("{}{file}", "../".repeat(6)), EMPTY_BYTES + bytes);
    }
    Incident {
        expectation: Expectation {
            id: "W07",
            kind: "file-read",
            title: "Files of the server read through view.php once the path climbs far enough.",
            detectors: &["attack", "response-size-jump"],
            also: &["attack-answered"],
            level: "confirmed",
            artefacts: vec!["/view.php".into()],
        },
        requests,
    }
}
