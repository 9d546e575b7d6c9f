//! Scripts put on the server and used, and what was tried for it.

use super::injection::told;
use super::{BROWSERS, Story, TOOLS, World, incident};
use crate::incident::Incident;
use crate::rng::Rng;
use crate::time::{HOUR, MINUTE, SECOND};

const COMMANDS: [(&str, u64); 10] = [
    ("id", 54),
    ("uname%20-a", 118),
    ("pwd", 29),
    ("ls%20-la", 1_482),
    ("cat%20/etc/passwd", 2_143),
    ("cat%20../inc/db.php", 611),
    ("df%20-h", 388),
    ("ps%20aux", 9_214),
    ("netstat%20-tulpen", 2_210),
    ("ls%20-la%20/home", 302),
];

/// Somebody uses a script: commands in the query, or in bodies.
fn use_shell(story: &mut Story<'_>, shell: &str, rng: &mut Rng) {
    let by_post = rng.chance(0.5);
    for _ in 0..rng.between(6, 60) {
        story.wait(4 * SECOND, 4 * MINUTE, rng);
        if by_post {
            let bytes = rng.log_normal(700.0, 1.4) as u64 + 4;
            story.send("POST", shell, 200, bytes).request_bytes += rng.between(120, 3_000);
        } else {
            let (command, bytes) = *rng.pick(&COMMANDS);
            story.get(&format!("{shell}?{}={command}", ["c", "cmd", "x"][rng.below(3) as usize]), 200, bytes);
        }
    }
}

/// Through the form for pictures, used, and (half of them) deleted.
pub(super) fn uploaded_shell(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(30, rng), Vec::new());
    let actor = world.attacker(&BROWSERS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let shell = format!(
        "/uploads/2026/{}.{}",
        rng.pick(&["thumb", "img_0231", "logo", "x", "cache", "s"]),
        rng.pick(&["php", "phtml", "php5"])
    );
    let (missing, missing_bytes) = world.missing();
    story.send("POST", "/admin/login.php", 302, 0);
    story.wait(2 * SECOND, 20 * SECOND, rng);
    story.send("POST", "/admin/upload.php", 200, 3_519).request_bytes += rng.between(300, 90_000);
    story.wait(2 * SECOND, 90 * SECOND, rng);
    story.get(&shell, 200, rng.below(40));
    use_shell(&mut story, &shell, rng);
    if rng.chance(0.5) {
        story.wait(MINUTE, 3 * HOUR, rng);
        story.get(&shell, missing, missing_bytes);
    }
    incident("X01", "shell-uploaded", &["web-shell"], "probable", told(story, out))
}

/// A script of the site that nobody asks for by itself gets a second purpose.
pub(super) fn shell_behind_a_legitimate_name(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(40, rng), Vec::new());
    let actor = world.attacker(&BROWSERS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let shell =
        *rng.pick(&["/inc/mail.php", "/inc/frame.php", "/assets/js/jquery.php", "/articles/index.php"]);
    for _ in 0..rng.between(15, 90) {
        story.wait(20 * SECOND, 20 * MINUTE, rng);
        let bytes = rng.log_normal(900.0, 1.5) as u64 + 12;
        story.send("POST", shell, 200, bytes).request_bytes += rng.between(200, 4_000);
    }
    incident("X02", "shell-behind-a-legitimate-name", &["web-shell"], "possible", told(story, out))
}

/// By PUT or MOVE, where a server lets anybody write.
pub(super) fn put_shell(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(30, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let shell = format!("/downloads/{:x}.{}", rng.bits() >> 44, rng.pick(&["php", "jsp", "aspx"]));
    story.send("OPTIONS", "/downloads/", 200, 0);
    story.wait(SECOND, 9 * SECOND, rng);
    story.send("PUT", &shell, 201, 0).request_bytes += rng.between(200, 20_000);
    story.wait(SECOND, 20 * SECOND, rng);
    use_shell(&mut story, &shell, rng);
    incident("X03", "shell-put", &["web-shell"], "probable", told(story, out))
}

/// A server that refuses what is put, and a form that refuses what is sent.
pub(super) fn failed_upload(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(6, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let (missing, missing_bytes) = world.missing();
    for i in 0..rng.between(4, 20) {
        let shell =
            format!("/{}/{:x}.php", rng.pick(&["uploads", "downloads", "images", "tmp"]), rng.bits() >> 40);
        story.wait(SECOND, 20 * SECOND, rng);
        if i % 2 == 0 {
            let status_code = *rng.pick(&[403, 405, 401]);
            story.send("PUT", &shell, status_code, 234).request_bytes += rng.between(200, 9_000);
        } else {
            story.send("POST", "/admin/upload.php", 302, 0).request_bytes += rng.between(300, 9_000);
        }
        story.wait(SECOND, 5 * SECOND, rng);
        story.get(&format!("{shell}?cmd=id"), missing, missing_bytes);
    }
    incident("X04", "upload-failed", &["attack", "scan"], "no_sign", told(story, out))
}

/// Looks for shells that others have left.
pub(super) fn hunt_for_shells(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(6, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let (missing, missing_bytes) = world.missing();
    let names =
        ["wso", "c99", "r57", "b374k", "alfa", "shell", "up", "x", "1", "cmd", "mini", "fox", "gel4y", "cgi"];
    let folders = ["", "/uploads", "/images", "/wp-content", "/wp-content/plugins", "/tmp", "/.well-known"];
    for folder in folders.iter().take(rng.between(2, 7) as usize) {
        for name in names {
            story.wait(SECOND / 10, 2 * SECOND, rng);
            story.get(&format!("{folder}/{name}.php"), missing, missing_bytes);
        }
    }
    incident("X05", "hunt-for-shells", &["scan", "attack"], "no_sign", told(story, out))
}

/// A page that carries connections of an attacker into the network behind it.
pub(super) fn tunnel(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(12, rng), Vec::new());
    let actor = world.attacker(&["python-requests/2.32.3", BROWSERS[1]], at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let page = *rng.pick(&["/uploads/2026/t.php", "/assets/img/conn.jsp", "/images/p/tunnel.aspx"]);
    story.get(page, 200, 38);
    story.wait(MINUTE, 20 * MINUTE, rng);
    for i in 0..rng.between(260, 700) {
        story.wait(SECOND / 20, 2 * SECOND, rng);
        let command = ["connect", "read", "forward", "read"][(i % 4) as usize];
        let bytes = if rng.chance(0.4) { 0 } else { rng.log_normal(900.0, 2.2) as u64 };
        story.send("POST", &format!("{page}?cmd={command}"), 200, bytes).request_bytes +=
            rng.between(40, 6_000);
    }
    incident("X06", "tunnel", &["tunnel-page"], "probable", told(story, out))
}
