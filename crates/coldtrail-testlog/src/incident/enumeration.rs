//! Things of others, asked for by their numbers.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::{NOT_FOUND_BYTES, Site};
use crate::time::{MINUTE, SECOND};

/// The number of the first invoice.
pub const FIRST_INVOICE: u64 = 41_000;

/// One address asks for `n` invoices in the order of their numbers; one in twelve was never written.
pub fn invoices(site: &Site, actor: &Actor, start_us: i64, n: u64, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let requests = (0..n)
        .map(|i| {
            at_us += rng.time(SECOND, MINUTE / 6);
            let target = format!("/invoice.php?id={}", FIRST_INVOICE + i);
            let (status_code, bytes) =
                if i % 12 == 7 { (404, NOT_FOUND_BYTES) } else { (200, invoice_bytes(i)) };
            actor.request(site.get(at_us, &target, ""), status_code, bytes)
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W14",
            kind: "enumeration",
            title: "One address reads the invoices of all customers by their numbers.",
            detectors: &["enumeration"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}

/// Bytes of an invoice: as many as it has lines.
pub fn invoice_bytes(number: u64) -> u64 {
    31_000 + number * 7_919 % 13 * 412
}
