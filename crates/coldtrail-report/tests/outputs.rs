//! What people and programs see of made-up cases.
#![allow(clippy::disallowed_methods, reason = "tests look into the folders that they write")]

mod case;

use coldtrail_core::detect::Level;
use coldtrail_core::verdict::{GotIn, Report};
use coldtrail_report::{Options, Run, Style, WrittenFile, html, summary, terminal, write_all};
use std::fs;
use std::path::PathBuf;

fn on_terminal(report: &Report, style: Style) -> String {
    let names = ["report.html", "findings.jsonl", "clients.csv", "rejects.jsonl", "summary.json"];
    let files = names.map(|name| WrittenFile { name, path: PathBuf::from("out").join(name), bytes: 1 });
    let mut out = Vec::new();
    terminal::write(&mut out, report, &case::run(), &files, style).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn columns(width: usize) -> Style {
    Style { width: Some(width), ..Style::default() }
}

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    html::write(&mut out, report, &case::method(), 10).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn terminal_of_a_break_in() {
    insta::assert_snapshot!("terminal_100", on_terminal(&case::break_in(), columns(100)));
    insta::assert_snapshot!("terminal_80", on_terminal(&case::break_in(), columns(80)));
    let piped = Style { ascii: true, ..Style::default() };
    insta::assert_snapshot!("terminal_piped", on_terminal(&case::break_in(), piped));
}

#[test]
fn terminal_of_other_cases() {
    insta::assert_snapshot!("terminal_proxy", on_terminal(&case::proxy(), columns(100)));
    insta::assert_snapshot!("terminal_quiet", on_terminal(&case::quiet(), columns(100)));
    insta::assert_snapshot!("terminal_unreadable", on_terminal(&case::unreadable(), columns(100)));
}

#[test]
fn strangers_and_own_clients_are_told_apart() {
    let mut report = case::break_in();
    assert!(page(&report).contains("<h2>Attackers</h2>"));
    report.answers.who.extend(case::proxy().answers.who);
    let shown = on_terminal(&report, columns(100));
    assert!(shown.contains("Who attacked us?      3 strangers, 2 own clients"), "{shown}");
    assert!(page(&report).contains("<h2>Clients involved</h2>"));
    report.answers.who.clear();
    let shown = on_terminal(&report, columns(100));
    assert!(shown.contains("background noise only") && shown.contains("212 addresses"), "{shown}");
}

#[test]
fn what_is_less_sure_is_counted_apart() {
    let mut report = case::break_in();
    let GotIn { rule, finding, .. } = &report.answers.got_in[0];
    let weaker = GotIn {
        page: "/b.php".into(),
        first_us: Some(0),
        rule: rule.clone(),
        level: Level::Possible,
        finding: finding.clone(),
    };
    report.answers.got_in.insert(0, weaker);
    assert!(on_terminal(&report, columns(100)).contains("yes, 1 place; 1 less sure"));
    let page = page(&report);
    let place = |name: &str| page.find(&format!("{name}</bdi>")).expect("it is named");
    assert!(place("/product.php") < place("/b.php"), "the surest first");
}

#[test]
fn bars_are_shown_only_where_something_is_known() {
    let mut report = case::break_in();
    report.answers.who[0].activity = [0; 12];
    let shown = on_terminal(&report, columns(100));
    let row = shown.lines().find(|l| l.starts_with(" 203.0.113.34    NL ")).expect("a row");
    assert!(shown.contains("WHEN, 12 x") && row.ends_with("10-13 00:00:03"), "{shown}");
    report.answers.who.iter_mut().for_each(|w| w.activity = [0; 12]);
    assert!(!on_terminal(&report, columns(100)).contains("WHEN"));
}

#[test]
fn summary_of_a_break_in() {
    let mut out = Vec::new();
    summary::write(&mut out, &case::break_in(), &case::run()).expect("writes to memory");
    insta::assert_snapshot!("summary", String::from_utf8(out).expect("UTF-8"));
}

#[test]
fn html_of_a_break_in() {
    let page = page(&case::break_in());
    let (head, rest) = page.split_once("<style>").expect("a style sheet");
    let (_, body) = rest.split_once("</style>").expect("it ends");
    let hashes = head.split("sha256-").enumerate().map(|(i, part)| match (i, part.split_once('\'')) {
        (1.., Some((_, after))) => format!("sha256-HASH'{after}"),
        _ => part.to_owned(),
    });
    let (body, _) = body.split_once("<script").expect("data and script");
    insta::assert_snapshot!("html", format!("{}<style>STYLE</style>{body}", hashes.collect::<String>()));
}

#[test]
fn html_never_says_that_all_is_well() {
    let quiet = page(&case::quiet());
    assert!(quiet.contains("<h1>No attack found in these logs</h1>"));
    assert!(quiet.contains("What would make it surer"));
    let unread = page(&case::unreadable());
    assert!(unread.contains("<h1>Nothing could be read</h1>") && !unread.contains("No attack"));
    assert!(page(&case::proxy()).contains("Interrupted: this is what was read until then."));
}

#[test]
fn same_report_same_bytes_whatever_the_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = Options { method: case::method(), ..Options::default() };
    let other = Run {
        threads: 64,
        started_us: 7,
        finished_us: 99_000_000,
        command: vec!["x".into(), "-o".into(), "elsewhere".into()],
        version: "9".into(),
        ..case::run()
    };
    let a = write_all(&case::break_in(), &case::run(), &dir.path().join("a"), &options).expect("written");
    let b = write_all(&case::break_in(), &other, &dir.path().join("b"), &options).expect("written");
    assert_eq!(a.len(), coldtrail_report::FILES.len());
    for (a, b) in a.iter().zip(&b) {
        let (x, y) = (fs::read(&a.path).expect("a file"), fs::read(&b.path).expect("a file"));
        assert_eq!((a.name, a.bytes), (b.name, x.len() as u64).max((b.name, a.bytes)));
        assert_eq!(x == y, a.name != "summary.json", "{}", a.name);
    }
}

#[test]
fn an_earlier_runs_files_are_replaced_and_others_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = Options::default();
    fs::write(dir.path().join("notes.txt"), "mine").expect("written");
    fs::write(dir.path().join(".report.html.part"), "left by a crash").expect("written");
    write_all(&case::break_in(), &case::run(), dir.path(), &options).expect("written");
    let only = Options { files: vec!["report.html"], ..Options::default() };
    let files = write_all(&case::quiet(), &case::run(), dir.path(), &only).expect("written");
    assert_eq!(files.iter().map(|f| f.name).collect::<Vec<_>>(), ["report.html"]);
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("a file");
    assert!(read("report.html").contains("No attack found"));
    assert!(read("summary.json").contains("confirmed"));
    assert_eq!(read("notes.txt"), "mine");
    let names = fs::read_dir(dir.path()).expect("a folder").map(|e| e.expect("an entry").file_name());
    assert_eq!(names.count(), coldtrail_report::FILES.len() + 1);
}

#[test]
fn errors_name_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out");
    fs::write(&out, "a file").expect("written");
    let error = write_all(&case::quiet(), &case::run(), &out, &Options::default()).expect_err("not a folder");
    assert!(error.to_string().contains("out"), "{error}");
}
