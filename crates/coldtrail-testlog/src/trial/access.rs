//! Passwords tried, stolen pairs, things of others by their numbers, and archives.

use super::injection::told;
use super::{BROWSERS, Story, TOOLS, World, incident};
use crate::incident::Incident;
use crate::incident::enumeration::{FIRST_INVOICE, invoice_bytes};
use crate::request::Actor;
use crate::rng::Rng;
use crate::time::{MINUTE, SECOND};
use crate::visitor::{Origin, address};

const FORM: &str = "/admin/login.php";
const REFUSED_BYTES: u64 = 2_985;

fn guess<'a>(world: &'a World, actor: &'a Actor, at_us: i64, n: u64, rng: &mut Rng) -> Story<'a> {
    let mut story = Story::new(world, actor, at_us);
    let pause_us = *rng.pick(&[SECOND / 2, 3 * SECOND, 30 * SECOND]);
    story.get(FORM, 200, 2_914);
    for _ in 0..n {
        story.wait(pause_us / 2, pause_us * 2, rng);
        story.send("POST", FORM, 200, REFUSED_BYTES + rng.below(world.noise + 1)).request_bytes += 70;
    }
    story
}

/// A password list, until one fits; then what it is good for.
pub(super) fn guessed(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(24, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let n = rng.between(25, 500);
    let mut story = guess(world, &actor, at_us, n, rng);
    story.wait(SECOND, 9 * SECOND, rng);
    story.send("POST", FORM, 302, 0);
    for (page, bytes) in
        [("/admin/index.php", 7_730), ("/admin/orders.php", 61_204), ("/admin/upload.php", 3_406)]
    {
        story.wait(SECOND, 40 * SECOND, rng);
        story.get(page, 200, bytes);
    }
    incident("A01", "password-guessed", &["password-guessing"], "probable", told(story, out))
}

/// A password list in which none fits.
pub(super) fn failed_guessing(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(24, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let n = rng.between(25, 500);
    let story = guess(world, &actor, at_us, n, rng);
    incident("A02", "guessing-failed", &["password-guessing"], "no_sign", told(story, out))
}

/// Stolen pairs from many addresses, a few each; some fit, and the account is looked at.
pub(super) fn stuffing(world: &World, rng: &mut Rng) -> Incident {
    let (start_us, site) = (world.moment(20, rng), &world.site);
    let agent = *rng.pick(&TOOLS);
    let (n_clients, fit) = (rng.between(30, 120), 0.006);
    let mut out = Vec::new();
    for number in 0..n_clients {
        let mut actor = Actor::tool("192.0.2.1", agent);
        actor.client = address(Origin::Internet, rng);
        let mut story = Story::new(world, &actor, start_us + rng.time(0, 60 * MINUTE));
        for attempt in 0..rng.between(2, 14) {
            story.wait(20 * SECOND, 9 * MINUTE, rng);
            // At least one of the pairs is good.
            if rng.chance(fit) || (number, attempt) == (7, 1) {
                story.send("POST", "/login.php", 302, 0);
                story.wait(SECOND, 3 * SECOND, rng);
                let bytes = site.page_bytes("/account.php", story.at_us, rng);
                story.get("/account.php", 200, bytes);
            } else {
                let bytes = site.page_bytes("/login.php", story.at_us, rng) + 96;
                story.send("POST", "/login.php", 200, bytes);
            }
        }
        out.append(&mut story.out);
    }
    incident("A03", "stuffing", &["password-guessing"], "possible", out)
}

/// The invoices of all customers, by their numbers.
pub(super) fn enumeration(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(24, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let (n, back) = (rng.between(80, 600), rng.chance(0.3));
    let (missing, missing_bytes) = world.missing();
    for i in 0..n {
        story.wait(SECOND / 4, 9 * SECOND, rng);
        let number = if back { n - i } else { i };
        let target = format!("/invoice.php?id={}", FIRST_INVOICE + number);
        if number % 12 == 7 {
            story.get(&target, missing, missing_bytes);
        } else {
            story.get(&target, 200, invoice_bytes(number));
        }
    }
    incident("A04", "enumeration", &["enumeration"], "no_sign", told(story, out))
}

/// An archive that the attacker has made elsewhere appears and is fetched once, whole or in pieces.
pub(super) fn archive(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(12, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let target = *rng.pick(&[
        "/uploads/2026/b.zip",
        "/images/p/0.tar.gz",
        "/assets/css/site.7z",
        "/downloads/d.sql.gz",
    ]);
    let parts = *rng.pick(&[1, 1, 24, 90]);
    let total = rng.between(60_000_000, 900_000_000);
    for _ in 0..parts {
        let status_code = if parts == 1 { 200 } else { 206 };
        story.get(target, status_code, total / parts);
        story.wait(2 * SECOND, 20 * SECOND, rng);
    }
    incident("A05", "archive-fetched", &["page-transfer"], "possible", told(story, out))
}

/// A scan finds a forgotten backup, and it is fetched.
pub(super) fn backup_found_by_scan(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(6, rng), Vec::new());
    let actor = world.attacker(&BROWSERS, at_us, rng, &mut out);
    let n = rng.between(90, 400) as usize;
    let scan = crate::incident::scan::fast(&world.site, &actor, at_us, n, rng).requests;
    let mut requests = super::missing_pages(world, scan);
    let last_us = requests.last().map_or(at_us, |r| r.start_us);
    let mut story = Story::new(world, &actor, last_us + 20 * SECOND);
    story.get("/shop.sql.gz", 200, rng.between(40_000_000, 400_000_000));
    requests.append(&mut story.out);
    out.append(&mut requests);
    incident("A06", "backup-found", &["page-transfer"], "possible", out)
}
