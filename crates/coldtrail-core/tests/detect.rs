//! The cases of every detector, `testdata/detect/<id>.toml`: log lines through the whole run, and what is said of them.
//!
//! A file has four lists. `hits` give exactly the findings that they name; `clean` gives none; a `known_misses` is an
//! attack that is not found, a `known_false_positives` a finding about something harmless. All four are asserted, so
//! that a detector that learns better shows it here. Findings of severity info are context and do not count.
//!
//! A case has `about` and `log`, a list of blocks. A block is written `repeat` times (once where it does not say),
//! `step_s` apart from `at` on, each time up to `jitter_s` later, into the input named `file`. Its `lines` may hold
//! - `@{clf}`, `@{w3c}`, `@{iso}`, `@{epoch}`, `@{slashes}`: the time, as Apache, IIS, JSON, Squid and nginx errors
//!   write it; `@{clf+30}` is 30 s later;
//! - `@{i*7%5+1}`: arithmetic from left to right on numbers, `i` (the repetition, from 0) and `r` (random, the same in
//!   every run);
//! - `@{a|b|c}`: one after the other by the repetition; `@{r?a|b|c}`: by what stands before the `?`.
//!
//! `use` puts in blocks that several cases of a file share, from its table `shared`. `manifest` and `indicators` are the
//! texts of those files, `all_rules` and `trusted_proxy` the flags, `partial` how many lines are only partly understood. A hit says in `finds` each finding's `subject` and
//! `severity`, and in `clients`, where given, all clients that it names.

use coldtrail_core::decode::HashKind;
use coldtrail_core::detect::{Finding, Options, Severity, registry};
use coldtrail_core::enrich::{Indicators, Manifest};
use coldtrail_core::parse::Settings;
use coldtrail_core::record::format_ts;
use coldtrail_core::scan::{Progress, ScanOptions, scan};
use coldtrail_core::source::{Found, Located};
use coldtrail_core::verdict::Report;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file of cases, bytes: long logs are written by blocks that repeat.
const MAX_FILE_BYTES: usize = 20_000;

/// Reads the cases of a detector and asserts them; lists the ids.
macro_rules! detectors {
    ($($test:ident $id:literal),+ $(,)?) => {
        const TESTED: &[&str] = &[$($id),+];
        $(#[test] fn $test() { check($id); })+
    };
}

detectors! {
    scan_cases "scan",
    enumeration_cases "enumeration",
    attack_cases "attack",
    password_guessing_cases "password-guessing",
    attack_answered_cases "attack-answered",
    response_size_jump_cases "response-size-jump",
    web_shell_cases "web-shell",
    manifest_diff_cases "manifest-diff",
    page_transfer_cases "page-transfer",
    tunnel_page_cases "tunnel-page",
    proxy_transfer_cases "proxy-transfer",
    beacon_cases "beacon",
    generated_names_cases "generated-names",
    rotating_names_cases "rotating-names",
    tunnel_shape_cases "tunnel-shape",
    dns_over_https_cases "dns-over-https",
    policy_evasion_cases "policy-evasion",
    indicator_cases "indicator",
    post_channel_cases "post-channel",
    drive_by_cases "drive-by",
    download_cases "download",
    fan_out_cases "fan-out",
    flood_cases "flood",
}

#[test]
fn every_detector_has_its_file_and_every_file_its_detector() {
    let registered: BTreeSet<&str> = registry().iter().map(|d| d.meta().id).collect();
    assert!(!registered.is_empty());
    assert_eq!(registered, TESTED.iter().copied().collect(), "detectors and tests");
    assert_eq!(registered, files().iter().map(String::as_str).collect(), "detectors and files in {FOLDER}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    hits: Vec<Case>,
    clean: Vec<Case>,
    #[serde(default)]
    known_misses: Vec<Case>,
    #[serde(default)]
    known_false_positives: Vec<Case>,
    #[serde(default)]
    shared: BTreeMap<String, Vec<Block>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    log: Vec<Block>,
    #[serde(default, rename = "use")]
    shared: Vec<String>,
    #[serde(default)]
    finds: Vec<Expected>,
    manifest: Option<String>,
    indicators: Option<String>,
    #[serde(default)]
    all_rules: bool,
    trusted_proxy: Option<String>,
    /// Lines that are only partly understood, on purpose.
    #[serde(default)]
    partial: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    lines: String,
    #[serde(default = "once")]
    repeat: u64,
    #[serde(default = "morning")]
    at: String,
    #[serde(default)]
    step_s: u64,
    #[serde(default)]
    jitter_s: u64,
    #[serde(default = "access_log")]
    file: String,
}

fn once() -> u64 {
    1
}

fn morning() -> String {
    "2026-03-02T08:00:00Z".to_owned()
}

fn access_log() -> String {
    "access.log".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    subject: String,
    severity: String,
    clients: Option<Vec<String>>,
}

const FOLDER: &str = "../../testdata/detect";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)
}

#[expect(clippy::disallowed_methods, reason = "lists the files of cases")]
fn files() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of cases can be listed");
    let paths = entries.map(|e| e.expect("its entries can be read").path());
    paths.map(|p| p.file_stem().expect("a file has a name").to_string_lossy().into_owned()).collect()
}

#[expect(clippy::disallowed_methods, reason = "reads a file of cases")]
fn read(id: &str) -> Cases {
    let file = folder().join(format!("{id}.toml"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    assert!(text.len() < MAX_FILE_BYTES, "{id}: {} bytes, {MAX_FILE_BYTES} are the cap", text.len());
    toml::from_str(&text).unwrap_or_else(|e| panic!("{id}: {e}"))
}

fn check(id: &str) {
    let cases = read(id);
    assert!(!cases.hits.is_empty() && !cases.clean.is_empty(), "{id}: hits and clean have cases");
    let mut wrong = Vec::new();
    let mut judge = |list: &str, cases_of: &[Case], complaint: &dyn Fn(&Case, &[Said]) -> Option<String>| {
        for case in cases_of {
            let said = said(id, &run(case, &cases.shared));
            if let Some(complaint) = complaint(case, &said) {
                wrong.push(format!("{list}: {}\n    {complaint}; found:{}", case.about, shown(&said)));
            }
        }
    };
    judge("hits", &cases.hits, &|case, said| {
        assert!(!case.finds.is_empty(), "{id}: {}: a hit says what it finds", case.about);
        let want = case.finds.iter().map(|e| (e.subject.as_str(), e.severity.as_str()));
        let got = said.iter().map(|s| (s.subject.as_str(), s.severity.name()));
        let is_same = want.collect::<BTreeSet<_>>() == got.collect::<BTreeSet<_>>();
        if !is_same || case.finds.len() != said.len() {
            return Some("not the findings expected".to_owned());
        }
        let of = |e: &Expected| said.iter().find(|s| s.subject == e.subject).map(|s| s.clients.clone());
        let other = case.finds.iter().find(|e| e.clients.is_some() && of(e) != e.clients)?;
        Some(format!("not the clients expected of {}", other.subject))
    });
    judge("clean", &cases.clean, &|_, said| (!said.is_empty()).then(|| "nothing is to be found".to_owned()));
    judge("known_misses", &cases.known_misses, &|_, said| {
        (!said.is_empty()).then(|| "no longer missed: move it to hits".to_owned())
    });
    judge("known_false_positives", &cases.known_false_positives, &|_, said| {
        said.is_empty().then(|| "no longer an alarm: move it to clean".to_owned())
    });
    assert!(wrong.is_empty(), "{id}\n{}", wrong.join("\n"));
}

/// What is compared of a finding, and its statement for whoever reads the failure.
struct Said {
    subject: String,
    severity: Severity,
    clients: Vec<String>,
    statement: String,
}

fn said(id: &str, report: &Report) -> Vec<Said> {
    let text = |f: &Finding| {
        let names = f.clients.iter().map(|c| {
            c.ip()
                .map_or_else(|| report.client_names.get(c).cloned().unwrap_or_default(), |ip| ip.to_string())
        });
        names.collect()
    };
    let counted = report.findings.iter().filter(|f| f.meta.id == id && f.severity > Severity::Info);
    counted
        .map(|f| Said {
            subject: f.subject.clone(),
            severity: f.severity,
            clients: text(f),
            statement: format!("{} {}", f.level.name(), f.statement),
        })
        .collect()
}

fn shown(said: &[Said]) -> String {
    if said.is_empty() {
        return " nothing".to_owned();
    }
    let one = |s: &Said| {
        format!("\n      {} {} {:?}\n        {}", s.subject, s.severity.name(), s.clients, s.statement)
    };
    said.iter().map(one).collect()
}

/// The whole run over the lines of a case. Every line has to be understood: one with a slip of the pen proves nothing.
fn run(case: &Case, shared: &BTreeMap<String, Vec<Block>>) -> Report {
    let mut inputs: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let used = case.shared.iter().flat_map(|name| {
        shared.get(name).unwrap_or_else(|| panic!("{}: no shared blocks {name}", case.about))
    });
    for (salt, block) in used.chain(&case.log).enumerate() {
        write(block, salt as u64, inputs.entry(&block.file).or_default());
    }
    let inputs =
        inputs.into_iter().map(|(name, bytes)| Located::stream(name, Box::new(Cursor::new(bytes)))).collect();
    let manifest = case.manifest.as_ref().map(|text| Manifest::parse(text.as_bytes(), &[]));
    let indicators = case.indicators.as_ref();
    let trusted = case.trusted_proxy.iter().map(|net| net.parse().expect("an address range"));
    let options = ScanOptions {
        threads: 1,
        hash: HashKind::None,
        seed: 1,
        parser: None,
        settings: Arc::new(Settings { trusted_proxies: trusted.collect(), ..Settings::default() }),
        since_us: None,
        until_us: None,
        detect: Options {
            manifest,
            indicators: indicators
                .map_or_else(Indicators::default, |t| Indicators::parse(t.as_bytes(), "list")),
            all_rules: case.all_rules,
            ..Options::default()
        },
    };
    let report = scan(Found { inputs, ..Found::default() }, &options, &Progress::default());
    let lines = &report.totals.lines;
    let bad: Vec<String> =
        report.coverage.rejects.iter().map(|r| String::from_utf8_lossy(&r.raw).into_owned()).collect();
    assert!(
        lines.ok > 0 && (lines.partial, lines.raw) == (case.partial, 0),
        "{}: not understood: {bad:?}",
        case.about
    );
    report
}

fn write(block: &Block, salt: u64, to: &mut Vec<u8>) {
    let start_s = seconds(&block.at);
    for i in 0..block.repeat {
        let random = mix(i ^ salt << 32);
        let jitter = if block.jitter_s == 0 { 0 } else { mix(random) % block.jitter_s };
        let at_s = start_s + (i * block.step_s + jitter) as i64;
        for line in block.lines.lines().filter(|l| !l.is_empty()) {
            to.extend(filled(line, i, random, at_s).into_bytes());
            to.push(b'\n');
        }
    }
}

/// A number that looks random: the last step of the SplitMix64 generator.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (n ^ n >> 31) >> 16
}

/// `2026-03-02T08:00:00Z` in seconds since 1970.
fn seconds(text: &str) -> i64 {
    let numbers: Vec<i64> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { panic!("{text} is no time") };
    // Days since 1970 of a date of the Gregorian calendar, years beginning in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    days * 86_400 + hour * 3600 + minute * 60 + second
}

fn filled(line: &str, i: u64, random: u64, at_s: i64) -> String {
    let mut out = String::new();
    let mut parts = line.split("@{");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (hole, rest) = part.split_once('}').unwrap_or_else(|| panic!("no }} in {line}"));
        out.push_str(&value(hole, i, random, at_s));
        out.push_str(rest);
    }
    out
}

fn value(hole: &str, i: u64, random: u64, at_s: i64) -> String {
    let (name, later) = hole.split_once('+').unwrap_or((hole, "0"));
    if let Some(text) = time(name, at_s + later.parse::<i64>().unwrap_or(0)) {
        return text;
    }
    if !hole.contains('|') {
        return arithmetic(hole, i, random).to_string();
    }
    let is_arithmetic = |c: char| c.is_ascii_digit() || "ir+-*/%".contains(c);
    let by_number = hole.split_once('?').filter(|(by, _)| by.chars().all(is_arithmetic));
    let (by, choices) = by_number.unwrap_or(("i", hole));
    let choices: Vec<&str> = choices.split('|').collect();
    choices[(arithmetic(by, i, random) % choices.len() as u64) as usize].to_owned()
}

/// The time in the words of a format.
fn time(format: &str, at_s: i64) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let iso = format_ts(at_s * 1_000_000, 0);
    let (date, clock) = iso.trim_end_matches('Z').split_once('T').expect("a date and a time");
    let mut numbers = date.split('-');
    let mut next = || numbers.next().expect("year, month, day");
    let (year, month, day) = (next(), next(), next());
    let name = MONTHS[month.parse::<usize>().expect("a month") - 1];
    match format {
        "clf" => Some(format!("{day}/{name}/{year}:{clock} +0000")),
        "w3c" => Some(format!("{date} {clock}")),
        "iso" => Some(iso.clone()),
        "epoch" => Some(format!("{at_s}.{:03}", at_s % 1000)),
        "slashes" => Some(format!("{year}/{month}/{day} {clock}")),
        _ => None,
    }
}

/// Numbers, `i` and `r` with `+ - * / %`, from left to right.
fn arithmetic(text: &str, i: u64, random: u64) -> u64 {
    let (mut sum, mut operator) = (0u64, '+');
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['+', '-', '*', '/', '%']).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        let number = match word {
            "i" => i,
            "r" => random,
            _ => word.parse().unwrap_or_else(|_| panic!("{word} in {text} is no number")),
        };
        sum = match operator {
            '+' => sum + number,
            '-' => sum - number,
            '*' => sum * number,
            '/' => sum / number,
            _ => sum % number,
        };
        let mut chars = tail.chars();
        operator = chars.next().unwrap_or('+');
        rest = chars.as_str();
    }
    sum
}

#[test]
fn blocks_are_written_out() {
    let block: Block = toml::from_str(
        "lines = '@{clf+5} @{i*2+1} @{a|b} @{i/2?x|y} @{iso}'\nrepeat = 3\nstep_s = 86400\nat = '2024-02-28T23:59:58Z'",
    )
    .expect("a block");
    let mut text = Vec::new();
    write(&block, 0, &mut text);
    let want = "29/Feb/2024:00:00:03 +0000 1 a x 2024-02-28T23:59:58Z\n\
                01/Mar/2024:00:00:03 +0000 3 b x 2024-02-29T23:59:58Z\n\
                02/Mar/2024:00:00:03 +0000 5 a y 2024-03-01T23:59:58Z\n";
    assert_eq!(String::from_utf8_lossy(&text), want);
}
