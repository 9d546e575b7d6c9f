//! Web shells: uploaded, used, deleted.

use super::{Expectation, Incident};
use crate::request::{Actor, Request};
use crate::rng::Rng;
use crate::site::{NOT_FOUND_BYTES, Site};
use crate::time::{MINUTE, SECOND};

const COMMANDS: [(&str, u64); 12] = [
    ("id", 54),
    ("uname%20-a", 118),
    ("pwd", 29),
    ("ls%20-la%20/var/www/shop", 1_482),
    ("cat%20/etc/passwd", 2_143),
    ("cat%20/var/www/shop/inc/db.php", 611),
    ("which%20zip", 13),
    ("ls%20-la%20/var/backups", 734),
    ("df%20-h", 388),
    ("ps%20aux", 9_214),
    ("zip%20-qr%20/var/www/shop/uploads/.cache/b.zip%20/var/backups", 12),
    ("ls%20-la%20/var/www/shop/uploads/.cache", 203),
];

/// The administrator's password works at the first try; a script goes up as a picture would, serves, and is removed.
/// The path was asked for once before, so the log shows 404, 200, 404.
pub fn upload_use_delete(
    site: &Site,
    actor: &Actor,
    start_us: i64,
    shell: &str,
    n_posts: usize,
    rng: &mut Rng,
) -> Incident {
    let mut story = Story { site, actor, at_us: start_us, requests: Vec::new() };
    story.get(shell, "", 404, NOT_FOUND_BYTES);
    story.wait(rng.time(20 * SECOND, 50 * SECOND));
    story.get("/admin/login.php", "", 200, 2_914);
    story.wait(rng.time(9 * SECOND, 30 * SECOND));
    story.post("/admin/login.php", &site.url("/admin/login.php"), 302, 0, 90);
    story.wait(SECOND / 4);
    story.get("/admin/index.php", &site.url("/admin/login.php"), 200, 7_730);
    story.wait(rng.time(9 * SECOND, 40 * SECOND));
    story.get("/admin/upload.php", &site.url("/admin/index.php"), 200, 3_406);
    story.wait(rng.time(20 * SECOND, 60 * SECOND));
    story.post("/admin/upload.php", &site.url("/admin/upload.php"), 200, 3_519, 4_870);
    story.wait(rng.time(5 * SECOND, 20 * SECOND));
    story.get(shell, "", 200, 11);
    for (command, bytes) in COMMANDS {
        story.wait(rng.time(8 * SECOND, 70 * SECOND));
        story.get(&format!("{shell}?c={command}"), "", 200, bytes);
    }
    for _ in 0..n_posts {
        story.wait(rng.time(5 * SECOND, 3 * MINUTE));
        let bytes = rng.log_normal(900.0, 1.6) as u64 + 4;
        let sent = rng.between(180, 2_600);
        story.post(shell, "", 200, bytes, sent);
    }
    story.wait(rng.time(30 * MINUTE, 50 * MINUTE));
    story.get(&format!("{shell}?c=rm%20-f%20thumb.php%20b.zip"), "", 200, 2);
    story.wait(rng.time(4 * SECOND, 9 * SECOND));
    story.get(shell, "", 404, NOT_FOUND_BYTES);
    story.wait(rng.time(3 * MINUTE, 9 * MINUTE));
    story.get(shell, "", 404, NOT_FOUND_BYTES);
    Incident {
        expectation: Expectation {
            id: "W08",
            kind: "web-shell",
            title: "A script is uploaded through the administration, used for commands, and deleted.",
            detectors: &["web-shell", "manifest-diff"],
            also: &["attack", "attack-answered", "response-size-jump"],
            level: "confirmed",
            artefacts: vec![shell.to_owned()],
        },
        requests: story.requests,
    }
}

struct Story<'a> {
    site: &'a Site,
    actor: &'a Actor,
    at_us: i64,
    requests: Vec<Request>,
}

impl Story<'_> {
    fn wait(&mut self, us: i64) {
        self.at_us += us;
    }

    fn get(&mut self, target: &str, referrer: &str, status_code: u16, bytes: u64) {
        self.requests.push(self.actor.request(
            self.site.get(self.at_us, target, referrer),
            status_code,
            bytes,
        ));
    }

    fn post(&mut self, target: &str, referrer: &str, status_code: u16, bytes: u64, sent: u64) {
        let mut request =
            self.actor.request(self.site.post(self.at_us, target, referrer), status_code, bytes);
        request.request_bytes += sent;
        self.requests.push(request);
    }
}
