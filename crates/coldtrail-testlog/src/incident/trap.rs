//! Innocent things that look odd. A finding about one of these is a mistake.

use super::enumeration::{FIRST_INVOICE, invoice_bytes};
use super::{Expectation, Incident};
use crate::request::{Actor, Request};
use crate::rng::Rng;
use crate::site::Site;
use crate::time::{DAY, HOUR, MINUTE, SECOND};
use crate::visitor::{Origin, Visitors, address};

/// A large file that many people fetch.
pub fn popular_download(
    site: &Site,
    visitors: &Visitors,
    start_us: i64,
    n: usize,
    days: i64,
    rng: &mut Rng,
) -> Incident {
    let page = site.url("/view.php?page=press");
    let requests = (0..n)
        .map(|_| {
            let at_us = rng.time(start_us, start_us + days * DAY - HOUR);
            visitors.anybody(rng).request(
                site.get(at_us, "/downloads/catalogue-2026.pdf", &page),
                200,
                38_404_112,
            )
        })
        .collect();
    trap(
        "T01",
        "popular-download",
        "A catalogue of 38 MB that many visitors fetch.",
        &["page-transfer"],
        requests,
    )
}

/// An editor who uploads pictures through the page that an attacker would use, and looks at them.
pub fn editor(site: &Site, actor: &Actor, start_us: i64, days: i64, rng: &mut Rng) -> Incident {
    let mut requests = Vec::new();
    let form = site.url("/admin/upload.php");
    for day in (0..days).filter(|day| day % 7 < 5) {
        let mut at_us = start_us + day * DAY + 9 * HOUR + rng.time(0, 6 * HOUR);
        requests.push(actor.request(site.get(at_us, "/admin/login.php", ""), 200, 2_914));
        at_us += 12 * SECOND;
        requests.push(actor.request(
            site.post(at_us, "/admin/login.php", &site.url("/admin/login.php")),
            302,
            0,
        ));
        requests.push(actor.request(
            site.get(at_us + SECOND, "/admin/index.php", &site.url("/admin/login.php")),
            200,
            7_730,
        ));
        for asset in ["/admin/css/admin.css", "/assets/img/logo.svg", "/favicon.ico"] {
            requests.push(actor.request(
                site.get(at_us + 2 * SECOND, asset, &site.url("/admin/index.php")),
                304,
                0,
            ));
        }
        for _ in 0..rng.between(0, 3) {
            at_us += rng.time(MINUTE, 9 * MINUTE);
            requests.push(actor.request(
                site.get(at_us, "/admin/upload.php", &site.url("/admin/index.php")),
                200,
                3_406,
            ));
            at_us += rng.time(20 * SECOND, MINUTE);
            let mut upload = actor.request(site.post(at_us, "/admin/upload.php", &form), 200, 3_519);
            upload.request_bytes += rng.between(90_000, 900_000);
            requests.push(upload);
            let picture = rng.pick(&[
                "/uploads/2026/spring-sale.jpg",
                "/uploads/2026/stove-test.jpg",
                "/uploads/2026/new-boots.jpg",
            ]);
            requests.push(actor.request(
                site.get(at_us + SECOND, picture, &form),
                200,
                rng.between(90_000, 300_000),
            ));
        }
    }
    trap(
        "T02",
        "editor-uploads",
        "An editor uploads pictures through the administration.",
        &["web-shell", "page-transfer"],
        requests,
    )
}

/// An office behind one address: in the morning its people log in, and some mistype.
pub fn office_mornings(site: &Site, actor: &Actor, start_us: i64, days: i64, rng: &mut Rng) -> Incident {
    let mut requests = Vec::new();
    let form = site.url("/login.php");
    for day in (0..days).filter(|day| day % 7 < 5) {
        for _ in 0..12 {
            let mut at_us = start_us + day * DAY + 8 * HOUR + rng.time(0, 40 * MINUTE);
            let mut form_bytes = || site.page_bytes("/login.php", at_us, rng);
            let (shown, again) = (form_bytes(), form_bytes() + 96);
            requests.push(actor.request(site.get(at_us, "/login.php", ""), 200, shown));
            requests.push(actor.request(site.get(at_us + SECOND, "/assets/img/logo.svg", &form), 200, 3_180));
            at_us += rng.time(6 * SECOND, 30 * SECOND);
            if rng.chance(0.2) {
                requests.push(actor.request(site.post(at_us, "/login.php", &form), 200, again));
                at_us += rng.time(5 * SECOND, 20 * SECOND);
            }
            requests.push(actor.request(site.post(at_us, "/login.php", &form), 302, 0));
            let account = site.page_bytes("/account.php", at_us, rng);
            requests.push(actor.request(site.get(at_us + SECOND, "/account.php", &form), 200, account));
        }
    }
    trap(
        "T06",
        "office-mornings",
        "An office behind one address logs in every morning; one in five mistypes.",
        &["password-guessing"],
        requests,
    )
}

/// A crowd: `n` people within four minutes, each with the pages of a visit and what belongs to them.
pub fn crowd(site: &Site, visitors: &Visitors, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let mut requests = Vec::new();
    for _ in 0..n {
        let at_us = start_us + rng.time(0, 4 * MINUTE);
        let mut visit = Vec::new();
        site.visit(&visitors.anybody(rng), at_us, rng, &mut visit);
        requests.extend(visit.into_iter().filter(|request| request.start_us < start_us + HOUR));
    }
    trap("T07", "crowd", "Many people at once, after the news spoke of the shop.", &["flood"], requests)
}

/// Customers who look at an invoice or two of their own.
pub fn own_invoices(
    site: &Site,
    visitors: &Visitors,
    start_us: i64,
    n: u64,
    days: i64,
    rng: &mut Rng,
) -> Incident {
    let page = site.url("/account.php");
    let mut requests = Vec::new();
    for i in 0..n {
        let (actor, at_us) = (visitors.anybody(rng), rng.time(start_us, start_us + days * DAY - HOUR));
        for own in 0..rng.between(1, 2) {
            let number = i * 5 + own;
            let target = format!("/invoice.php?id={}", FIRST_INVOICE + number);
            let at_us = at_us + own as i64 * MINUTE;
            requests.push(actor.request(site.get(at_us, &target, &page), 200, invoice_bytes(number)));
        }
    }
    trap("T08", "own-invoices", "Customers look at their own invoices.", &["enumeration"], requests)
}

/// A backup fetched every night at the same hour, large, by one client.
pub fn backup_job(site: &Site, actor: &Actor, start_us: i64, days: i64, rng: &mut Rng) -> Incident {
    let requests = (0..days)
        .map(|day| {
            let at_us = start_us + day * DAY + 3 * HOUR + 10 * MINUTE + rng.time(0, 40 * SECOND);
            let mut request = actor.request(
                site.get(at_us, "/export/nightly.sql.gz", ""),
                200,
                1_210_000_000 + day as u64 * 3_100_000,
            );
            request.user = Some("backup".into());
            request
        })
        .collect();
    trap(
        "T03",
        "backup-job",
        "A backup of 1.2 GB fetched every night at 03:10 by the same client.",
        &["page-transfer"],
        requests,
    )
}

/// Names with apostrophes, inches, and prose that happens to say select.
pub fn odd_searches(
    site: &Site,
    visitors: &Visitors,
    start_us: i64,
    n: usize,
    days: i64,
    rng: &mut Rng,
) -> Incident {
    let words = [
        "O%27Brien+jacket",
        "8%22+pegs",
        "select+the+union+of+tents+and+tarps",
        "it%27s+5+o%27clock",
        "a+%3C+b",
        "C%2B%2B+or+rope",
    ];
    let requests = (0..n)
        .map(|_| {
            let at_us = rng.time(start_us, start_us + days * DAY - HOUR);
            let target = format!("/search.php?q={}", rng.pick(&words));
            let bytes = site.page_bytes(&target, at_us, rng);
            visitors.anybody(rng).request(site.get(at_us, &target, &site.url("/")), 200, bytes)
        })
        .collect();
    trap(
        "T04",
        "odd-searches",
        "Innocent searches with quotes, dashes and the words of SQL.",
        &["attack"],
        requests,
    )
}

/// What every server on the internet sees: an address asks for one or two holes and goes away.
pub fn background(
    site: &Site,
    start_us: i64,
    n: usize,
    days: i64,
    origin: Origin,
    rng: &mut Rng,
) -> Incident {
    let wanted = [
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/xmlrpc.php",
        "/phpmyadmin/index.php",
        "/cgi-bin/luci",
        "/owa/",
        "/SDK/webLanguage",
        "/boaform/admin/formLogin",
    ];
    let agents = [
        "Mozilla/5.0 zgrab/0.x",
        "",
        "python-requests/2.32.3",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "Go-http-client/1.1",
        "curl/8.5.0",
    ];
    let mut requests = Vec::new();
    for _ in 0..n {
        let mut actor = Actor::tool("192.0.2.1", agents[rng.below(agents.len() as u64) as usize]);
        actor.client = address(origin, rng);
        let at_us = rng.time(start_us, start_us + days * DAY - HOUR);
        for step in 0..rng.between(1, 2) {
            let target = *rng.pick(&wanted);
            requests.push(actor.request(
                site.get(at_us + step as i64 * SECOND, target, ""),
                404,
                crate::site::NOT_FOUND_BYTES,
            ));
        }
    }
    let mut incident = trap(
        "T05",
        "background-probes",
        "Single probes from everywhere, as every server sees them.",
        &["response-size-jump", "web-shell"],
        requests,
    );
    incident.expectation.also = &["scan", "attack"];
    incident.expectation.level = "no_sign";
    incident
}

fn trap(
    id: &'static str,
    kind: &'static str,
    title: &'static str,
    not: &'static [&'static str],
    requests: Vec<Request>,
) -> Incident {
    Incident {
        expectation: Expectation {
            id,
            kind,
            title,
            detectors: not,
            level: "no_attack",
            ..Expectation::default()
        },
        requests,
    }
}
