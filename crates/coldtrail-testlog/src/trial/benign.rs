//! Ordinary traffic of many kinds. Much of it is odd, none of it is an attack.

use super::{DAYS, Story, World};
use crate::incident::enumeration::{FIRST_INVOICE, invoice_bytes};
use crate::incident::trap;
use crate::request::{Actor, Request};
use crate::rng::Rng;
use crate::time::{DAY, HOUR, MINUTE, SECOND, START};
use crate::visitor::{Origin, address};

/// Robots that follow links, at a few addresses each.
const ROBOTS: [(&str, &str); 5] = [
    ("66.249.66.", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("157.55.39.", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("54.36.148.", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    ("20.171.207.", "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    ("85.208.96.", "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)"),
];

/// What people type into a search, as it is sent.
const SEARCHES: [&str; 14] = [
    "O%27Brien+jacket",
    "8%22+pegs",
    "select+the+union+of+tents+and+tarps",
    "it%27s+5+o%27clock",
    "a+%3C+b",
    "C%2B%2B+or+rope",
    "order+by+phone",
    "drop+table+legs",
    "script+font+mug",
    "1%3D1+scale+model",
    "rock+%26+roll%3B+tent",
    "%2450+voucher+%28spring%29",
    "etc%2Fpasswd+explained",
    "tent--+second+hand",
];

/// About `n` lines, in no order.
pub(super) fn traffic(world: &World, n: usize, rng: &mut Rng) -> Vec<Request> {
    let mut out = Vec::new();
    let site = &world.site;
    let somewhen = |rng: &mut Rng| START + rng.time(0, DAYS * DAY - 2 * HOUR);
    every_day(world, rng, &mut out);
    for _ in 0..n / 250 {
        let (at_us, words) = (somewhen(rng), rng.pick(&SEARCHES));
        let target = format!("/search.php?q={words}");
        let bytes = site.page_bytes(&target, at_us, rng);
        out.push(world.visitors.anybody(rng).request(site.get(at_us, &target, &site.url("/")), 200, bytes));
    }
    for i in 0..n as u64 / 300 {
        let (at_us, actor) = (somewhen(rng), world.visitors.anybody(rng));
        let number = i * 5 % 400;
        let target = format!("/invoice.php?id={}", FIRST_INVOICE + number);
        let ask = site.get(at_us, &target, "https://shop.example/account.php");
        out.push(actor.request(ask, 200, invoice_bytes(number)));
        let target = format!("/track.php?host=parcel-{}.carrier.example", rng.below(4_000));
        out.push(actor.request(site.get(at_us + MINUTE, &target, ""), 200, 3_410 + target.len() as u64));
    }
    for _ in 0..n / 600 {
        stale_link(world, somewhen(rng), rng, &mut out);
    }
    while out.len() < n {
        let at_us = somewhen(rng);
        if rng.chance(0.3) {
            let (network, agent) = *rng.pick(&ROBOTS);
            let robot = Actor::tool(&format!("{network}{}", rng.between(1, 12)), agent);
            let mut request = site.crawl(&robot, at_us, rng);
            if request.status_code == 404 {
                (request.status_code, request.response_body_bytes) = world.missing();
            }
            out.push(request);
        } else {
            site.visit(&world.visitors.anybody(rng), at_us, rng, &mut out);
        }
    }
    out
}

/// What comes back every day: a monitor, an editor, a backup, an office, a firmware that looks for updates, an
/// application with an interface, and the noise of the internet.
fn every_day(world: &World, rng: &mut Rng, out: &mut Vec<Request>) {
    let site = &world.site;
    let fixed = |host: u64, agent: &str| Actor::tool(&format!("192.0.2.{host}"), agent);
    let monitor = fixed(250, "UptimeMonitor/1.3");
    for beat in 0..DAYS * 48 {
        let at_us = START + beat * 30 * MINUTE + 41_000;
        let status_code = if rng.chance(0.01) { 503 } else { 200 };
        out.push(monitor.request(site.get(at_us, "/health.php?full=1", ""), status_code, 17));
    }
    out.extend(trap::editor(site, &fixed(241, super::BROWSERS[1]), START, DAYS, rng).requests);
    out.extend(trap::backup_job(site, &fixed(242, "Wget/1.21.4"), START, DAYS, rng).requests);
    out.extend(trap::office_mornings(site, &fixed(243, super::BROWSERS[0]), START, DAYS, rng).requests);
    out.extend(trap::background(site, START, 60, DAYS, Origin::Internet, rng).requests.into_iter().map(
        |mut request| {
            (request.status_code, request.response_body_bytes) = world.missing();
            request
        },
    ));
    out.extend(trap::popular_download(site, &world.visitors, START, 40, DAYS, rng).requests);
    // Devices that look for an update, and now and then fetch it: 60 MB, no referrer, one agent, many addresses.
    for _ in 0..40 {
        let mut device = Actor::tool("192.0.2.1", "StoveController/2.4 (ESP32)");
        device.client = address(Origin::Internet, rng);
        let mut story = Story::new(world, &device, START + rng.time(0, DAY));
        for day in 0..rng.between(2, 10) {
            story.wait(23 * HOUR, 25 * HOUR, rng);
            story.get("/firmware/stove/latest.json", 200, 212);
            if day == 1 {
                story.wait(SECOND, 2 * SECOND, rng);
                story.get("/firmware/stove/2.4.1.bin", 200, 61_804_544);
            }
        }
        out.append(&mut story.out);
    }
    // A warehouse's program that posts orders and reads them by number, all of its own.
    let warehouse = fixed(244, "okhttp/4.12.0");
    for day in 0..DAYS {
        let mut story = Story::new(world, &warehouse, START + day * DAY + 6 * HOUR);
        for _ in 0..rng.between(4, 18) {
            story.wait(MINUTE, 40 * MINUTE, rng);
            story.send("POST", "/api/orders", 201, rng.between(180, 900)).request_bytes +=
                rng.between(400, 9_000);
            story.wait(SECOND, MINUTE, rng);
            story.get(&format!("/api/orders/{}", 90_000 + rng.below(3_000)), 200, rng.between(400, 4_000));
        }
        out.append(&mut story.out);
    }
    // A tester of the shop's own, with the form of a search and a page that fails for a day.
    let colleague = fixed(245, super::BROWSERS[2]);
    let mut story = Story::new(world, &colleague, world.moment(30, rng));
    for _ in 0..rng.between(5, 25) {
        story.wait(20 * SECOND, 9 * MINUTE, rng);
        story.get("/checkout.php?step=2", 500, 1_204);
    }
    out.append(&mut story.out);
}

/// Somebody comes by a link that died, and tries a few more.
fn stale_link(world: &World, at_us: i64, rng: &mut Rng, out: &mut Vec<Request>) {
    let actor = world.visitors.anybody(rng);
    let mut story = Story::new(world, &actor, at_us);
    let (status_code, bytes) = world.missing();
    for _ in 0..rng.between(1, 3) {
        let number = rng.below(60);
        let target = *rng.pick(&["/blog", "/en/products", "/img/old", "/forum/thread"]);
        story.get(&format!("{target}/{number}.html"), status_code, bytes);
        story.wait(2 * SECOND, MINUTE, rng);
    }
    out.append(&mut story.out);
}
