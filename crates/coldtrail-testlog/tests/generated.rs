//! What the generator promises: same arguments, same bytes; counts that are true; lines in a server's order.

use coldtrail_testlog::scenario::{Options, Output, breach, proxy, web};
use coldtrail_testlog::writer;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

/// Files in memory.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<String, Vec<u8>>>);

struct Sink<'a>(&'a Memory, String);

impl Output for Memory {
    fn create(&self, name: &str) -> io::Result<Box<dyn io::Write + '_>> {
        self.0.borrow_mut().insert(name.to_owned(), Vec::new());
        Ok(Box::new(Sink(self, name.to_owned())))
    }
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.0.borrow_mut().entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Files = BTreeMap<String, String>;

fn run(scenario: &str, format: &str, seed: u64) -> Files {
    let memory = Memory::default();
    let days = if scenario == "web" { 14 } else { 7 };
    let options = Options { bytes: 4_000_000, seed, days, format: format.to_owned() };
    match scenario {
        "web" => web::write(&options, &memory),
        "proxy" => proxy::write(&options, &memory),
        _ => breach::write(seed, &memory),
    }
    .unwrap();
    let utf8 = |bytes| String::from_utf8(bytes).expect("every format here writes text");
    memory.0.into_inner().into_iter().map(|(name, bytes)| (name, utf8(bytes))).collect()
}

fn every_run() -> Vec<(&'static str, &'static str)> {
    let web = writer::WEB.iter().map(|&format| ("web", format));
    let proxy = writer::PROXY.iter().map(|&format| ("proxy", format));
    web.chain(proxy).chain([("breach", "")]).collect()
}

/// Entries of the truth file: id, number of lines, listed clients.
fn truth(files: &Files) -> Vec<(String, usize, Vec<String>)> {
    let after = |text: &str, key: &str| {
        text.split_once(key).map(|parts| parts.1.to_owned()).expect("the key is there")
    };
    let entries = files["truth.json"].split("{\"id\": \"").skip(1);
    entries
        .map(|entry| {
            let id = entry.split('"').next().unwrap().to_owned();
            let n_lines = after(entry, "\"n_lines\": ").split(',').next().unwrap().parse().unwrap();
            let clients = after(entry, "\"clients\": [");
            let clients =
                clients.split(']').next().unwrap().split(", ").map(|name| name.replace('"', "")).collect();
            (id, n_lines, clients)
        })
        .collect()
}

#[test]
fn the_seed_decides_every_byte() {
    for (scenario, format) in every_run() {
        let first = run(scenario, format, 1);
        assert_eq!(first, run(scenario, format, 1), "{scenario} {format}");
        assert_ne!(first, run(scenario, format, 2), "{scenario} {format}");
    }
}

#[test]
fn the_truth_counts_the_lines_that_were_written() {
    for (scenario, format) in every_run().into_iter().filter(|run| run.0 != "breach") {
        let files = run(scenario, format, 3);
        let log = files.iter().find(|file| file.0.ends_with(".log")).unwrap().1;
        let lines: Vec<&str> = log.lines().collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let truth = truth(&files);
        for label in files["labels.tsv"].lines() {
            let [_, line, id] = label.split('\t').collect::<Vec<_>>()[..] else { panic!("{label}") };
            *counts.entry(id).or_default() += 1;
            let line = lines[line.parse::<usize>().unwrap() - 1];
            let entry = truth.iter().find(|entry| entry.0 == id).unwrap();
            let named = entry.2.len() >= 100 || entry.2.iter().any(|client| line.contains(client.as_str()));
            assert!(named, "{format}: {id} is said to have {line}");
        }
        assert!(truth.len() >= 6);
        for (id, n_lines, _) in &truth {
            assert!(*n_lines > 0, "{scenario} {format} {id}");
            assert_eq!(counts.get(id.as_str()), Some(n_lines), "{scenario} {format} {id}");
        }
    }
}

#[test]
fn an_attacker_with_one_address_has_exactly_the_lines_of_the_truth() {
    let files = run("web", "combined", 1);
    let mut checked = 0;
    for (id, n_lines, clients) in
        truth(&files).iter().filter(|entry| entry.0.starts_with('W') && entry.2.len() == 1)
    {
        let start = format!("{} ", clients[0]);
        let found = files["access.log"].lines().filter(|line| line.starts_with(&start)).count();
        assert_eq!(found, *n_lines, "{id}");
        checked += 1;
    }
    assert_eq!(checked, 12);
}

#[test]
fn about_as_much_is_written_as_was_asked_for() {
    for (scenario, format) in every_run().into_iter().filter(|run| run.0 == "web") {
        let files = run(scenario, format, 1);
        let bytes = files["access.log"].len();
        assert!((3_200_000..4_800_000).contains(&bytes), "{format}: {bytes}");
    }
}

#[test]
fn servers_write_a_line_when_the_answer_is_finished() {
    fn sorted(times: &[String]) -> bool {
        assert!(times.len() > 1_000);
        times.is_sorted()
    }
    let word = |line: &str, n: usize| line.split_whitespace().nth(n).unwrap().to_owned();
    let web = |format| run("web", format, 1).remove("access.log").unwrap();

    // All in March, so days compare as text.
    let clf = |format| web(format).lines().map(|line| word(line, 3)).collect::<Vec<_>>();
    assert!(sorted(&clf("combined")), "nginx logs the time of completion");
    assert!(!sorted(&clf("apache")), "Apache logs the time of arrival, in the order of completion");
    let json = web("nginx-json");
    let times: Vec<String> = json.lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect();
    assert!(sorted(&times));
    let iis = web("iis");
    let times: Vec<String> = iis
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| word(line, 0) + &word(line, 1))
        .collect();
    assert!(sorted(&times));
    let squid = run("proxy", "squid", 1).remove("access.log").unwrap();
    assert!(sorted(&squid.lines().map(|line| word(line, 0)).collect::<Vec<_>>()));
}

#[test]
fn every_line_has_the_fields_of_its_format() {
    fn check(scenario: &str, format: &str, n: usize, count: impl Fn(&str) -> usize) {
        let files = run(scenario, format, 1);
        let log = files.iter().find(|file| file.0.ends_with(".log")).unwrap().1;
        let mut lines = log.lines().filter(|line| !line.starts_with('#')).peekable();
        assert!(lines.peek().is_some());
        for line in lines {
            assert_eq!(count(line), n, "{format}: {line}");
        }
    }
    check("web", "combined", 6, |line| line.matches('"').count());
    check("web", "apache", 6, |line| line.matches('"').count());
    check("web", "iis", 17, |line| line.split(' ').count());
    check("proxy", "squid", 10, |line| line.split_whitespace().count());
    check("proxy", "zeek-tsv", 30, |line| line.split('\t').count());
}

#[test]
fn the_example_is_what_its_command_writes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/breach");
    let files = run("breach", "", 1);
    assert_eq!(files.len(), 6);
    for (name, text) in files {
        let found = std::fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert!(found == text, "examples/breach/{name} is not fresh; its README has the command");
    }
}
