//! Made-up cases for the tests of all writers.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "shared by several test files, each of which uses some of the cases"
)]

use coldtrail_core::detect::{Draft, Evidence, Finding, Level, Meta, Severity, Stage};
use coldtrail_core::enrich::{Country, Place};
use coldtrail_core::record::{ClientKey, Reason, ts_from_civil};
use coldtrail_core::table::{HourRow, InputTotals, Locus, Totals};
use coldtrail_core::verdict::*;
use coldtrail_report::{Method, Run};
use std::collections::BTreeMap;

mod hostile;

pub(crate) use hostile::{HOSTILE, hostile};

macro_rules! meta {
    ($name:ident, $id:literal, $title:literal, $stage:ident, $techniques:expr) => {
        static $name: Meta = Meta {
            id: $id,
            title: $title,
            stage: Stage::$stage,
            techniques: &$techniques,
            since: "0.1.0",
            needs: &["client", "url_path"],
            doc: "",
        };
    };
}

meta!(SCAN, "scan", "Asks for what nobody was ever given", Reconnaissance, ["T1595.003"]);
meta!(PAYLOADS, "attack-payloads", "Attack payloads in requests", Attack, ["T1190"]);
meta!(SIZE_JUMP, "response-size-jump", "Response size jumps after an attack", Exploit, ["T1190", "T1213"]);
meta!(SHELL, "web-shell-life", "A page lives the life of a web shell", Implant, ["T1505.003"]);
meta!(PARTS, "staged-download", "A file leaves in equal parts", Exfiltration, ["T1030", "T1567"]);
meta!(BEACON, "beacon", "Contacts at a fixed beat", CommandAndControl, ["T1071.001"]);
meta!(MALWARE, "malware-download", "A known bad file was fetched", Download, ["T1105"]);
meta!(FANOUT, "fan-out", "A client asks many internal hosts", LateralMovement, ["T1046"]);

pub(crate) fn at(day: i64, h: i64, mi: i64, s: i64) -> i64 {
    ts_from_civil(2026, 10, day, h, mi, s, 0, 0)
}

pub(crate) fn key(address: &str) -> ClientKey {
    ClientKey::parse(address.as_bytes())
}

/// Of a line of October 2026, or of one that begins with seconds since 1970.
fn logged_time(raw: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(raw);
    if let Some((before, rest)) = text.split_once("/Oct/2026:") {
        let part = |from: usize| rest.get(from..from + 2).and_then(|digits| digits.parse().ok());
        let day = before.rsplit('[').next().and_then(|digits| digits.parse().ok());
        return Some(at(day?, part(0)?, part(3)?, part(6)?));
    }
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some((seconds * 1e3).round() as i64 * 1000)
}

fn line(input: u32, line: u64, raw: &[u8]) -> Evidence {
    let at = Locus { input, offset: line * 187, line, len: raw.len() as u32 };
    Evidence { at, ts_us: logged_time(raw), raw: raw.to_vec(), n_cut: 0, private: None }
}

fn input(path: &str, digit: char, lines: [u64; 5], days: (i64, i64)) -> InputLine {
    let [bytes, ok, partial, raw, skipped] = lines;
    InputLine {
        path: path.to_owned(),
        digest: Some(("sha256", digit.to_string().repeat(64))),
        format: "apache-combined".to_owned(),
        compression: if path.ends_with(".gz") { "gzip" } else { "none" }.to_owned(),
        bytes,
        lines: ok + partial + raw + skipped,
        ok,
        partial,
        raw,
        skipped,
        first_us: Some(at(days.0, 0, 0, 1)),
        last_us: Some(at(days.1, 23, 59, 58)),
        problem: None,
    }
}

fn totals(inputs: &[InputLine], hours: BTreeMap<u32, HourRow>, reasons: &[(Reason, u64)]) -> Totals {
    let sum = |f: fn(&InputLine) -> u64| inputs.iter().map(f).sum();
    let lines = InputTotals {
        lines: sum(|i| i.lines),
        ok: sum(|i| i.ok),
        partial: sum(|i| i.partial),
        raw: sum(|i| i.raw),
        skipped: sum(|i| i.skipped),
        first_us: inputs.iter().filter_map(|i| i.first_us).min(),
        last_us: inputs.iter().filter_map(|i| i.last_us).max(),
        reasons: reasons.iter().copied().collect(),
        formats: BTreeMap::from([("apache-combined".to_owned(), sum(|i| i.ok))]),
        ..InputTotals::default()
    };
    Totals {
        lines,
        n_attacks: hours.values().map(|h| h.n_attacks).sum(),
        bytes_out: hours.values().map(|h| h.bytes_out).sum(),
        bytes_in: 0,
        hours,
    }
}

/// A day's rise and fall, with attacks where told.
fn hours(days: std::ops::Range<i64>, attacks: &[(i64, i64, u64)]) -> BTreeMap<u32, HourRow> {
    let mut out = BTreeMap::new();
    for day in days {
        for h in 0..24 {
            let height = 12 - (h - 14i64).abs().min(24 - (h - 14i64).abs());
            let n = 900 + 310 * height as u64 + (day * 7 + h * 13) as u64 % 17 * 21;
            let n_attacks = attacks.iter().find(|a| (a.0, a.1) == (day, h)).map_or(0, |a| a.2);
            let row =
                HourRow { n_requests: n + n_attacks, n_attacks, n_errors: n / 90, bytes_out: n * 14_200 };
            out.insert((at(day, h, 0, 0) / 3_600_000_000) as u32, row);
        }
    }
    out
}

const SQLI: &[u8] = b"203.0.113.34 - - [13/Oct/2026:02:53:59 +0000] \"GET /product.php?id=-1%20UNION%20SELECT%20user,pass,email,NULL%20FROM%20users%20LIMIT%2050%20OFFSET%200--%20- HTTP/1.1\" 200 193412 \"-\" \"sqlmap/1.8.2#stable (https://sqlmap.org)\"";
const UPLOAD: &[u8] = b"203.0.113.34 - - [13/Oct/2026:03:10:02 +0000] \"POST /admin/upload.php HTTP/1.1\" 200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"";
const SHELL_CALL: &[u8] = b"203.0.113.34 - - [13/Oct/2026:03:12:41 +0000] \"GET /uploads/.cache/img_7f3.php?c=id;uname%20-a HTTP/1.1\" 200 148 \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"";
const SHELL_GONE: &[u8] = b"198.51.100.233 - - [14/Oct/2026:09:00:12 +0000] \"GET /uploads/.cache/img_7f3.php HTTP/1.1\" 404 196 \"-\" \"curl/8.5.0\"";
const PART: &[u8] = b"192.0.2.162 - - [13/Oct/2026:08:00:00 +0000] \"GET /uploads/.cache/b.zip HTTP/1.1\" 206 14600000 \"-\" \"Wget/1.21.4\"";
const PROBE: &[u8] = b"203.0.113.34 - - [13/Oct/2026:00:00:03 +0000] \"GET /.git/config HTTP/1.1\" 404 196 \"-\" \"Mozilla/5.0 (compatible; Nmap Scripting Engine)\"";

fn break_in_findings() -> Vec<Finding> {
    let (a, b, c) = (key("203.0.113.34"), key("198.51.100.233"), key("192.0.2.162"));
    let mut scan = Draft::new("203.0.113.34");
    scan.severity = Severity::Medium;
    scan.clients = [a].into();
    scan.first_us = Some(at(13, 0, 0, 3));
    scan.last_us = Some(at(13, 1, 2, 40));
    scan.n_requests = 7200;
    scan.statement = "203.0.113.34 asked for 6,412 pages that this site never gave to anybody, 118 of them names that scanners look for (/.git/config, /wp-login.php, /backup.zip).".into();
    scan.number("pages_missing", 6412u64);
    scan.number("pages_probe", 118u64);
    scan.number("peak_per_10s", 96u64);
    scan.evidence = vec![line(1, 91_204, PROBE)];

    let mut tries = Draft::new("203.0.113.34 /product.php");
    tries.severity = Severity::Medium;
    tries.clients = [a, b].into();
    tries.pages = ["/product.php".to_owned()].into();
    tries.first_us = Some(at(13, 1, 12, 0));
    tries.last_us = Some(at(13, 2, 53, 40));
    tries.n_requests = 3600;
    tries.statement =
        "Two clients sent 3,600 SQL injection payloads in the parameter id of /product.php.".into();
    tries.number("payloads", 3600u64);
    tries.number("classes", "sqli");
    tries.evidence = vec![line(1, 103_877, SQLI)];

    let mut jump = Draft::new("203.0.113.34 /product.php sqli");
    jump.severity = Severity::Critical;
    jump.level = Level::Confirmed;
    jump.rule = "blind-two-valued";
    jump.clients = [a].into();
    jump.pages = ["/product.php".to_owned()].into();
    jump.first_us = Some(at(13, 2, 53, 59));
    jump.last_us = Some(at(13, 3, 4, 11));
    jump.n_requests = 58;
    jump.bytes_out = Some(11_768_400);
    jump.statement = "After 1,200 answers of 1,180 to 1,192 bytes, 58 SQL injection requests to /product.php by 203.0.113.34 were answered with 182,004 to 223,118 bytes (163 times the size); no other visitor of the page ever got more than 1,420 bytes.".into();
    jump.number("n_tries", 1200u64);
    jump.number("benign_p99_bytes", 1420u64);
    jump.number("tries_median_bytes", 1186u64);
    jump.number("jump_median_bytes", 193_412u64);
    jump.number("ratio", 163.0794);
    jump.caveats = vec![
        "The logs do not hold the answers: what was read must be checked against the database.".into(),
        "A new release of the page would raise the size for everybody; here it stayed the same for 214 other visitors.".into(),
    ];
    jump.evidence = vec![
        line(1, 118_214, SQLI),
        line(1, 118_215, SQLI),
        line(1, 118_219, b"203.0.113.34 - - [13/Oct/2026:02:54:07 +0000] \"GET /product.php?id=-1%20UNION%20SELECT%20user,pass,email,NULL%20FROM%20users%20LIMIT%2050%20OFFSET%2050--%20- HTTP/1.1\" 200 201884 \"-\" \"sqlmap/1.8.2#stable (https://sqlmap.org)\""),
    ];

    let mut shell = Draft::new("/uploads/.cache/img_7f3.php");
    shell.severity = Severity::Critical;
    shell.level = Level::Confirmed;
    shell.rule = "life-cycle";
    shell.clients = [a, b].into();
    shell.pages = ["/uploads/.cache/img_7f3.php".to_owned()].into();
    shell.artefacts = ["/uploads/.cache/img_7f3.php".to_owned()].into();
    shell.first_us = Some(at(13, 3, 12, 41));
    shell.last_us = Some(at(13, 22, 40, 5));
    shell.n_requests = 212;
    shell.bytes_out = Some(58_120);
    shell.statement = "/uploads/.cache/img_7f3.php first answered at 03:12:41, 2 min 39 s after a POST to /admin/upload.php by the same client, was never linked from any page, was called 212 times by 2 clients and nobody else, and is gone since 2026-10-14 09:00:12.".into();
    shell.number("first_ok_after_upload_s", 159u64);
    shell.number("clients", 2u64);
    shell.number("with_referrer", 0u64);
    shell.caveats =
        vec!["No manifest was given: whether the file belongs on the server is judged by behaviour.".into()];
    shell.evidence =
        vec![line(1, 119_022, UPLOAD), line(1, 119_187, SHELL_CALL), line(2, 30_118, SHELL_GONE)];

    let mut parts = Draft::new("192.0.2.162 /uploads/.cache/b.zip");
    parts.severity = Severity::Critical;
    parts.level = Level::Confirmed;
    parts.rule = "equal-parts";
    parts.clients = [c].into();
    parts.pages = ["/uploads/.cache/b.zip".to_owned()].into();
    parts.artefacts = ["/uploads/.cache/b.zip".to_owned()].into();
    parts.first_us = Some(at(13, 8, 0, 0));
    parts.last_us = Some(at(13, 18, 8, 30));
    parts.n_requests = 332;
    parts.bytes_out = Some(4_847_200_000);
    parts.statement = "192.0.2.162 fetched /uploads/.cache/b.zip in 332 parts of 14.6 MB, one every 110 s, 4.85 GB in all; no other client ever asked for it.".into();
    parts.number("parts", 332u64);
    parts.number("part_bytes", 14_600_000u64);
    parts.number("interval_s", 110u64);
    parts.number("jitter", 0.001);
    parts.evidence = vec![line(1, 140_551, PART)];

    vec![
        scan.finish(&SCAN),
        tries.finish(&PAYLOADS),
        jump.finish(&SIZE_JUMP),
        shell.finish(&SHELL),
        parts.finish(&PARTS),
    ]
}

/// SQL injection, a web shell, 4.85 GB gone: the whole chain.
pub(crate) fn break_in() -> Report {
    let findings = break_in_findings();
    let id = |i: usize| findings[i].id.clone();
    let mut inputs = vec![
        input("web01/access.log.2.gz", 'a', [21_884_120, 81_220, 3, 0, 0], (12, 12)),
        input("web01/access.log.1.gz", 'b', [26_310_887, 96_410, 11, 9, 0], (13, 13)),
        input("web01/access.log", 'c', [22_015_402, 80_934, 2, 1, 0], (14, 14)),
        input("web01/other_vhosts.log.gz", 'd', [1_204_118, 4_180, 0, 0, 1], (12, 14)),
    ];
    inputs[3].problem = Some("the gzip stream ends early at byte 188,416: lines after that are lost".into());
    let reasons = [(Reason::BadRequest, 19), (Reason::TooLong, 1), (Reason::CutOff, 6)];
    let attack_hours = [(12, 9, 4), (13, 0, 7200), (13, 1, 2120), (13, 2, 1480), (13, 3, 58), (14, 17, 6)];
    let totals = totals(&inputs, hours(12..15, &attack_hours), &reasons);
    let chain = |stage, first, last, n_requests| IncidentStage {
        stage,
        first_us: Some(first),
        last_us: Some(last),
        n_requests,
    };
    let incident = Incident {
        id: "5f0c2b7e11a94d03".into(),
        level: Level::Confirmed,
        severity: Severity::Critical,
        clients: vec!["192.0.2.162".into(), "198.51.100.233".into(), "203.0.113.34".into()],
        n_clients: 3,
        artefacts: vec!["/uploads/.cache/b.zip".into(), "/uploads/.cache/img_7f3.php".into()],
        stages: vec![
            chain(Stage::Reconnaissance, at(13, 0, 0, 3), at(13, 1, 2, 40), 7200),
            chain(Stage::Attack, at(13, 1, 12, 0), at(13, 2, 53, 40), 3600),
            chain(Stage::Exploit, at(13, 2, 53, 59), at(13, 3, 4, 11), 58),
            chain(Stage::Implant, at(13, 3, 12, 41), at(13, 22, 40, 5), 212),
            chain(Stage::Exfiltration, at(13, 8, 0, 0), at(13, 18, 8, 30), 332),
        ],
        findings: (0..5).map(id).collect(),
        statement: "Three clients share the web shell /uploads/.cache/img_7f3.php: 203.0.113.34 broke in and placed it, 198.51.100.233 used it too, and 192.0.2.162 fetched the archive made beside it.".into(),
        first_us: Some(at(13, 0, 0, 3)),
        last_us: Some(at(13, 22, 40, 5)),
    };
    Report {
        level: Level::Confirmed,
        rule: "blind-two-valued".into(),
        sentence: "203.0.113.34 read the user table through SQL injection on /product.php from 2026-10-13 02:53:59 and put a web shell at /uploads/.cache/img_7f3.php. 4.85 GB left through 192.0.2.162.".into(),
        would_raise: vec![],
        do_now: vec![
            "Keep /uploads/ and the access logs of web01 as they are: they are evidence.".into(),
            "Block 203.0.113.34, 198.51.100.233 and 192.0.2.162.".into(),
            "Change every password in the user table; it was read at 2026-10-13 02:53:59.".into(),
        ],
        answers: Answers {
            who: vec![
                Who {
                    client: "203.0.113.34".into(),
                    is_own: false,
                    place: Place { country: Country::parse("NL"), asn: Some(64_496), owner: Some("Example Hosting".into()) },
                    level: Level::Confirmed,
                    severity: Severity::Critical,
                    n_requests: 10_210,
                    stages: vec![Stage::Reconnaissance, Stage::Attack, Stage::Exploit, Stage::Implant],
                    first_us: Some(at(13, 0, 0, 3)),
                    last_us: Some(at(13, 22, 40, 5)),
                    n_by_stage: vec![
                        (Stage::Reconnaissance, 7200),
                        (Stage::Attack, 2880),
                        (Stage::Exploit, 58),
                        (Stage::Implant, 72),
                    ],
                    bytes_taken: 11_768_400,
                    activity: [0, 0, 0, 0, 10_140, 0, 30, 40, 0, 0, 0, 0],
                },
                Who {
                    client: "198.51.100.233".into(),
                    is_own: false,
            place: Place::default(),
                    level: Level::Confirmed,
                    severity: Severity::Critical,
                    n_requests: 861,
                    stages: vec![Stage::Attack, Stage::Implant],
                    first_us: Some(at(13, 1, 12, 0)),
                    last_us: Some(at(14, 9, 0, 12)),
                    n_by_stage: vec![(Stage::Attack, 720), (Stage::Implant, 140)],
                    bytes_taken: 0,
                    activity: [0, 0, 0, 0, 760, 60, 30, 10, 0, 1, 0, 0],
                },
                Who {
                    client: "192.0.2.162".into(),
                    is_own: false,
                    place: Place { country: Country::parse("DE"), asn: None, owner: None },
                    level: Level::Probable,
                    severity: Severity::High,
                    n_requests: 332,
                    stages: vec![Stage::Exfiltration],
                    first_us: Some(at(13, 8, 0, 0)),
                    last_us: Some(at(13, 18, 8, 30)),
                    n_by_stage: vec![(Stage::Exfiltration, 332)],
                    bytes_taken: 4_847_200_000,
                    activity: [0, 0, 0, 0, 0, 131, 196, 5, 0, 0, 0, 0],
                },
            ],
            n_background: 212,
            got_in: vec![GotIn {
                page: "/product.php".into(),
                first_us: Some(at(13, 2, 53, 59)),
                rule: "blind-two-valued".into(),
                level: Level::Confirmed,
                finding: id(2),
            }],
            left: vec![Left {
                path: "/uploads/.cache/img_7f3.php".into(),
                first_us: Some(at(13, 3, 12, 41)),
                last_us: Some(at(13, 22, 40, 5)),
                state: LeftState::Deleted,
                finding: id(3),
            }],
            took: vec![
                Took {
                    client: "203.0.113.34".into(),
                    path_or_host: "/product.php".into(),
                    bytes: 11_768_400,
                    first_us: Some(at(13, 2, 53, 59)),
                    finding: id(2),
                },
                Took {
                    client: "192.0.2.162".into(),
                    path_or_host: "/uploads/.cache/b.zip".into(),
                    bytes: 4_847_200_000,
                    first_us: Some(at(13, 8, 0, 0)),
                    finding: id(4),
                },
            ],
        },
        incidents: vec![incident],
        findings,
        coverage: Coverage {
            inputs,
            gaps: vec![Gap {
                input: "web01/access.log.1.gz".into(),
                from_us: at(13, 4, 10, 12),
                to_us: at(13, 4, 52, 3),
            }],
            blind_spots: vec![
                "POST bodies are not logged: an attack inside a form would be missed (Apache: mod_dumpio or mod_security's audit log would show it).".into(),
                "Uploaded bytes are not logged (%I of mod_logio would show them).".into(),
            ],
            problems: vec!["web01/other_vhosts.log.gz: the gzip stream ends early; get the file again from the server.".into()],
            notes: vec!["web01/latest is a link, not followed.".into()],
            rejects: vec![
                Reject {
                    input: 1,
                    line: 4_402,
                    offset: 812_114,
                    reason: Reason::BadRequest,
                    is_partial: true,
                    raw: b"198.51.100.7 - - [13/Oct/2026:00:41:09 +0000] \"\\x16\\x03\\x01\" 400 226 \"-\" \"-\"".to_vec(),
                    n_cut: 0,
                    private: None,
                },
                Reject {
                    input: 3,
                    line: 4_180,
                    offset: 1_204_020,
                    reason: Reason::CutOff,
                    is_partial: false,
                    raw: b"198.51.100.19 - - [14/Oct/2026:22:1".to_vec(),
                    n_cut: 0,
                    private: None,
                },
            ],
            n_rejects: 26,
        },
        totals,
        client_names: BTreeMap::new(),
        clients: Lines::new(240, client_line),
        pages: Lines::new(64, page_line),
        hosts: Lines::new(0, |_| unreachable!("no hosts")),
        countries: countries(),
        basis: Basis::default(),
        is_partial: false,
    }
}

fn client_line(i: usize) -> ClientLine {
    let names = ["203.0.113.34", "198.51.100.233", "192.0.2.162"];
    let n = [10_210, 861, 332].get(i).copied().unwrap_or(4_000 - 13 * i as u64);
    ClientLine {
        client: ClientName::Name(
            names.get(i).map_or_else(|| format!("10.20.{}.{}", i / 250, i % 250), |s| (*s).to_owned()),
        ),
        n_requests: n,
        n_pages: 1 + n / 9,
        n_status: [n - n / 10, n / 50, 0, 0, n / 10 - n / 50, 0],
        n_attacks: [2880, 720, 0].get(i).copied().unwrap_or(0),
        n_posts: n / 100,
        bytes_out: n * 15_003,
        bytes_in: 0,
        first_us: Some(at(12, 0, 0, i as i64 % 60)),
        last_us: Some(at(14, 23, 0, i as i64 % 60)),
        peaks: (i < 20).then_some(Peaks { per_1s: 12, per_10s: 96, per_60s: 410 }),
        n_findings: [4, 2, 1].get(i).copied().unwrap_or(0),
        country: Country::parse(["NL", "DE", "DE"].get(i).copied().unwrap_or("US")),
    }
}

fn countries() -> Countries {
    let line = |code: &str, n_clients, n_named, is_expected| CountryLine {
        country: Country::parse(code),
        n_clients,
        n_visitors: n_clients - n_named,
        n_named,
        n_requests: n_clients * 21,
        n_attacks: n_named * 1200,
        bytes_out: n_clients * 1_204_000,
        is_expected,
        surprise_millibits: is_expected.map(|yes| if yes { 21 } else { 9_312 }),
    };
    Countries {
        lines: vec![
            line("DE", 40, 2, Some(false)),
            line("NL", 11, 1, Some(false)),
            line("US", 9_120, 0, Some(true)),
            line("", 4, 0, None),
        ],
        expected: Expected::Learnt { n_visitors: 8_991 },
    }
}

fn page_line(i: usize) -> PageLine {
    let names = ["/product.php", "/uploads/.cache/img_7f3.php", "/uploads/.cache/b.zip"];
    let n = [9_938, 213, 332].get(i).copied().unwrap_or(9_000 - 91 * i as u64);
    PageLine {
        host: String::new(),
        path: names.get(i).map_or_else(|| format!("/catalogue/page-{i}.html"), |s| (*s).to_owned()),
        n_requests: n,
        n_clients: [4_011, 2, 1].get(i).copied().unwrap_or(n / 3),
        n_status: [n - n / 40, n / 40, 0, 0, 0, 0],
        spans_us: [Some((at(12, 0, 0, 1), at(14, 23, 59, 1))), None, None, None, None, None],
        n_attacks: [3600, 0, 0].get(i).copied().unwrap_or(0),
        n_posts: 0,
        bytes_out: n * 8_214,
        bytes_in: 0,
        max_out: 223_118,
        first_us: Some(at(12, 0, 0, 1)),
        last_us: Some(at(14, 23, 59, 1)),
        n_findings: [2, 1, 1].get(i).copied().unwrap_or(0),
    }
}

/// Logs without an attack.
pub(crate) fn quiet() -> Report {
    let inputs = vec![input("access.log", 'e', [9_120_334, 41_200, 0, 0, 0], (12, 12))];
    let totals = totals(&inputs, hours(12..13, &[]), &[]);
    Report {
        level: Level::NoAttack,
        rule: String::new(),
        sentence: "In 41,200 requests no attack was recognised.".into(),
        would_raise: vec!["A list of the files that belong on the server (--manifest) would show files that should not be there.".into()],
        do_now: vec![],
        answers: Answers::default(),
        incidents: vec![],
        findings: vec![],
        coverage: Coverage {
            inputs,
            blind_spots: vec!["POST bodies are not logged: an attack inside a form would be missed.".into()],
            ..Coverage::default()
        },
        totals,
        client_names: BTreeMap::new(),
        clients: Lines::new(12, |i| client_line(i + 20)),
        pages: Lines::new(8, |i| page_line(i + 3)),
        hosts: Lines::new(0, |_| unreachable!("no hosts")),
        countries: Countries::default(),
        basis: Basis::default(),
        is_partial: false,
    }
}

/// Nothing was understood.
pub(crate) fn unreadable() -> Report {
    let mut report = quiet();
    let mut bad = input("core.dump", 'f', [120_000, 0, 0, 812, 0], (12, 12));
    (bad.first_us, bad.last_us, bad.format) = (None, None, "unknown".into());
    let mut broken = input("old.tar.gz!access.log", '0', [0, 0, 0, 0, 0], (12, 12));
    (broken.first_us, broken.last_us, broken.format) = (None, None, "unknown".into());
    broken.problem = Some("not a gzip stream".into());
    report.coverage.inputs = vec![bad, broken];
    report.totals = totals(&report.coverage.inputs, BTreeMap::new(), &[(Reason::UnknownFormat, 812)]);
    report.sentence = "No line could be read as a request.".into();
    report.coverage.problems =
        vec!["old.tar.gz: not a gzip stream; copy it again or unpack it by hand.".into()];
    report.coverage.n_rejects = 812;
    report.clients = Lines::new(0, client_line);
    report.pages = Lines::new(0, page_line);
    report
}

/// A proxy log with a beacon, malware and an internal scan; the run was interrupted.
pub(crate) fn proxy() -> Report {
    let (a, b) = (key("10.4.7.21"), key("ws-114.corp.example"));
    let mut beacon = Draft::new("10.4.7.21 cdn.stat-sync.example");
    beacon.severity = Severity::High;
    beacon.level = Level::Probable;
    beacon.rule = "beat";
    beacon.clients = [a].into();
    beacon.hosts = ["cdn.stat-sync.example".to_owned()].into();
    beacon.first_us = Some(at(12, 9, 2, 40));
    beacon.last_us = Some(at(14, 23, 57, 12));
    beacon.n_requests = 754;
    beacon.bytes_in = Some(412_000);
    beacon.statement = "10.4.7.21 contacted cdn.stat-sync.example every 300 s (jitter 1.2 %) for 62 h, nights included; no other of 311 clients ever did.".into();
    beacon.number("interval_s", 300u64);
    beacon.number("jitter", 0.012);
    beacon.evidence = vec![line(0, 5_512, b"1791795760.412    87 10.4.7.21 TCP_MISS/200 512 GET http://cdn.stat-sync.example/p.gif?i=7f3 - HIER_DIRECT/198.51.100.90 image/gif")];
    let mut malware = Draft::new("badsite.example/malware.exe");
    malware.severity = Severity::High;
    malware.level = Level::Probable;
    malware.rule = "indicator";
    malware.clients = [a, b].into();
    malware.hosts = ["badsite.example".to_owned()].into();
    malware.artefacts = ["http://badsite.example/malware.exe".to_owned()].into();
    malware.first_us = Some(at(12, 9, 2, 11));
    malware.last_us = Some(at(12, 9, 40, 3));
    malware.n_requests = 2;
    malware.bytes_out = Some(824_320);
    malware.statement = "2 clients were given http://badsite.example/malware.exe (412,160 bytes), which is on the list of indicators.".into();
    malware.evidence = vec![line(0, 5_498, b"1791795731.004   402 10.4.7.21 TCP_MISS/200 412160 GET http://badsite.example/malware.exe jdoe HIER_DIRECT/203.0.113.77 application/octet-stream")];
    let findings = vec![malware.finish(&MALWARE), beacon.finish(&BEACON)];
    let mut inputs = vec![input("proxy/access.log", '9', [81_000_220, 612_004, 0, 0, 0], (12, 14))];
    inputs[0].format = "squid".into();
    let totals = totals(&inputs, hours(12..15, &[]), &[]);
    let who = |client: &str, by: Vec<(Stage, u64)>, n, first| Who {
        client: client.into(),
        is_own: true,
        place: Place::default(),
        level: Level::Probable,
        severity: Severity::High,
        n_requests: n,
        stages: by.iter().map(|s| s.0).collect(),
        first_us: Some(first),
        last_us: Some(at(14, 23, 57, 12)),
        n_by_stage: by,
        bytes_taken: 0,
        activity: [0, 40, 66, 65, 66, 66, 65, 66, 66, 66, 65, 66],
    };
    let mut report = quiet();
    report.level = Level::Probable;
    report.rule = "beat".into();
    report.sentence = "10.4.7.21 fetched http://badsite.example/malware.exe at 2026-10-12 09:02:11 and contacts cdn.stat-sync.example every 300 s since.".into();
    report.would_raise =
        vec!["A second independent effect, such as bytes that leave towards cdn.stat-sync.example.".into()];
    report.do_now = vec![
        "Take 10.4.7.21 off the network, keep its memory.".into(),
        "Block cdn.stat-sync.example.".into(),
    ];
    report.answers.who = vec![
        who(
            "10.4.7.21",
            vec![(Stage::CommandAndControl, 754), (Stage::Download, 1)],
            12_004,
            at(12, 9, 2, 11),
        ),
        who("ws-114.corp.example", vec![(Stage::Download, 1)], 3_114, at(12, 9, 40, 3)),
    ];
    report.answers.left = vec![Left {
        path: "http://badsite.example/malware.exe".into(),
        first_us: Some(at(12, 9, 2, 11)),
        last_us: Some(at(12, 9, 40, 3)),
        state: LeftState::Unknown,
        finding: findings[0].id.clone(),
    }];
    report.client_names = BTreeMap::from([(b, "ws-114.corp.example".to_owned())]);
    report.findings = findings;
    report.coverage.inputs = inputs;
    report.coverage.blind_spots =
        vec!["Inside CONNECT tunnels only host and bytes are seen, no URLs (Squid: ssl_bump).".into()];
    report.totals = totals;
    report.totals.lines.outgoing = report.totals.lines.ok;
    report.hosts = Lines::new(31, |i| HostLine {
        host: ["cdn.stat-sync.example", "badsite.example"]
            .get(i)
            .map_or_else(|| format!("host-{i}.example"), |s| (*s).to_owned()),
        n_requests: 754 - 20 * i as u64,
        n_clients: [1, 2].get(i).copied().unwrap_or(90),
        n_failed: 0,
        n_denied: i as u64 % 3,
        bytes_down: 386_048,
        bytes_up: 412_000,
        first_us: Some(at(12, 9, 2, 11)),
        last_us: Some(at(14, 23, 57, 12)),
        n_findings: u64::from(i < 2),
    });
    report.is_partial = true;
    report
}

pub(crate) fn run() -> Run {
    Run {
        version: "0.1.0".into(),
        command: ["coldtrail", "scan", "web01", "-o", "out"].map(String::from).to_vec(),
        started_us: at(16, 8, 0, 0),
        finished_us: at(16, 8, 0, 0) + 1_412_000,
        threads: 2,
        bytes_read: 31_884_120,
        lines_per_s: 186_000,
    }
}

pub(crate) fn method() -> Method {
    Method {
        version: "0.1.0".into(),
        command: ["coldtrail", "scan", "web01"].map(String::from).to_vec(),
        parameters: [
            ("time zone", "+00:00, as logged"),
            ("manifest", "none given"),
            ("attack threshold", "score 5"),
        ]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .to_vec(),
    }
}
