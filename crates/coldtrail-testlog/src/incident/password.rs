//! Passwords tried: a word list from one address, and stolen pairs from many.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::Site;
use crate::time::{MINUTE, SECOND};

/// One address tries `n` passwords on the administration until one fits, and looks around.
pub fn word_list(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    const FORM_BYTES: u64 = 2_914;
    let form = "/admin/login.php";
    let mut at_us = start_us;
    let mut requests = vec![actor.request(site.get(at_us, form, ""), 200, FORM_BYTES)];
    for _ in 0..n {
        at_us += rng.time(SECOND / 3, 2 * SECOND);
        requests.push(actor.request(site.post(at_us, form, ""), 200, FORM_BYTES + 71));
    }
    at_us += rng.time(SECOND, 2 * SECOND);
    requests.push(actor.request(site.post(at_us, form, ""), 302, 0));
    for (page, bytes) in
        [("/admin/index.php", 7_730), ("/admin/orders.php", 61_204), ("/admin/upload.php", 3_406)]
    {
        at_us += rng.time(SECOND, 40 * SECOND);
        requests.push(actor.request(site.get(at_us, page, &site.url("/admin/index.php")), 200, bytes));
    }
    Incident {
        expectation: Expectation {
            id: "W11",
            kind: "password-guessing",
            title: "One address tries a word list on the administration's login until a password fits.",
            detectors: &["password-guessing"],
            level: "probable",
            ..Expectation::default()
        },
        requests,
    }
}

/// `n_clients` addresses try about `n_tries` stolen pairs each, hours long; five fit.
pub fn stuffing(site: &Site, start_us: i64, n_clients: u64, n_tries: u64, rng: &mut Rng) -> Incident {
    const N_FIT: u64 = 5;
    let mut requests = Vec::new();
    for number in 0..n_clients {
        let client = format!("198.19.{}.{}", 100 + number % 150, rng.between(1, 254));
        let actor = Actor::tool(
            &client,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        );
        let mut at_us = start_us + rng.time(0, 20 * MINUTE);
        let n = rng.between(n_tries / 2, n_tries * 3 / 2);
        let fits = (number % (n_clients / N_FIT) == 1).then(|| rng.between(n / 2, n - 1));
        for attempt in 0..n {
            at_us += rng.time(30 * SECOND, 90 * SECOND);
            if fits == Some(attempt) {
                requests.push(actor.request(site.post(at_us, "/login.php", ""), 302, 0));
                let account = site.get(at_us + SECOND, "/account.php", "");
                requests.push(actor.request(account, 200, site.page_bytes("/account.php", at_us, rng)));
            } else {
                let bytes = site.page_bytes("/login.php", at_us, rng) + 96;
                requests.push(actor.request(site.post(at_us, "/login.php", ""), 200, bytes));
            }
        }
    }
    Incident {
        expectation: Expectation {
            id: "W12",
            kind: "credential-stuffing",
            title: "Sixty addresses try stolen names and passwords, a few each; five fit.",
            detectors: &["password-guessing"],
            level: "possible",
            ..Expectation::default()
        },
        requests,
    }
}
