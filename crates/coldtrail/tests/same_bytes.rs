//! Same input, same bytes out: whatever the threads, the order of the files and the seed that each run draws.

use coldtrail_report::FILES;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Scans and returns the files; of `summary.json` what does not belong to the run.
fn scan(out: &Path, threads: &str, args: &[&str]) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .current_dir(root)
        .args(["scan", "--quiet", "--threads", threads, "-o"])
        .arg(out)
        .args(args)
        .status()
        .expect("the binary starts");
    assert!(status.success(), "{status}");
    let read = |name: &str| fs::read(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut files: Vec<(String, Vec<u8>)> =
        FILES.iter().filter(|f| **f != "summary.json").map(|f| ((*f).to_owned(), read(f))).collect();
    let mut summary: serde_json::Value = serde_json::from_slice(&read("summary.json")).expect("JSON");
    summary.as_object_mut().expect("an object").remove("run").expect("the run");
    files.push(("summary.json".to_owned(), summary.to_string().into_bytes()));
    files
}

/// The first files whose bytes differ.
fn assert_same(want: &[(String, Vec<u8>)], got: &[(String, Vec<u8>)], what: &str) {
    for ((name, a), (_, b)) in want.iter().zip(got) {
        assert!(a == b, "{name} with {what}");
    }
}

#[test]
fn threads_and_order_change_nothing() {
    let (web, proxy) = ("examples/breach/web", "examples/breach/proxy");
    let told = ["--manifest", "examples/breach/manifest.txt", "--ioc", "examples/breach/indicators.txt"];
    let folder = tempfile::tempdir().expect("a folder");
    let want = scan(&folder.path().join("1"), "1", &[&told[..], &[web, proxy]].concat());
    assert!(want.iter().any(|(name, bytes)| name == "findings.jsonl" && bytes.len() > 1000));
    for (threads, inputs) in [("2", [web, proxy]), ("8", [web, proxy]), ("2", [proxy, web])] {
        let got = scan(&folder.path().join("n"), threads, &[&told[..], &inputs].concat());
        assert_same(&want, &got, &format!("{threads} threads and {inputs:?}"));
    }
}

/// Where something must be cut or two things rank alike, what is left must not hang on the order of hashes.
#[test]
fn the_seed_of_a_run_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    // More contacts than are kept, by three clients alike.
    let contact = |i: u32| {
        format!(
            "{}.250 80 10.4.7.{} TCP_MISS/200 90 GET http://c2.example.net/ - HIER_DIRECT/192.0.2.1 text/html\n",
            1_772_409_600 + i / 3 * 97,
            i % 3
        )
    };
    // Pages whose names are too long to be told apart, and clients that do the same.
    let visit = |i: u32| {
        format!(
            "198.51.100.{} - - [02/Mar/2026:10:{:02}:{:02} +0000] \"GET /{}{} HTTP/1.1\" {} 90 \"-\" \"agent {}\"\n",
            i % 20,
            i / 60 % 60,
            i % 60,
            "x".repeat(3000),
            i % 4,
            if i % 4 < 2 { 200 } else { 404 },
            i % 3
        )
    };
    let log = |name: &str, lines: String| {
        let path = folder.path().join(name);
        fs::write(&path, lines).expect("a log");
        path.to_str().expect("UTF-8").to_owned()
    };
    let proxy = log("proxy.log", (0..18_000).map(contact).collect());
    let web = log("web.log", (0..400).map(visit).collect());
    let want = scan(&folder.path().join("out"), "1", &[&web, &proxy]);
    assert!(want.iter().any(|(name, bytes)| name == "findings.jsonl" && !bytes.is_empty()));
    for run in 0..6 {
        let got = scan(&folder.path().join("out"), "1", &[&web, &proxy]);
        assert_same(&want, &got, &format!("run {run}"));
    }
}

/// What Docker put around a server's lines changes where they stand and nothing else.
#[test]
fn a_wrapped_log_tells_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let plain = fs::read_to_string(root.join("examples/breach/web/access.log")).expect("the example");
    let wrap = |line: &str| {
        let text = serde_json::Value::from(format!("{line}\n"));
        format!("{{\"log\":{text},\"stream\":\"stdout\",\"time\":\"2026-11-24T02:12:00.123456789Z\"}}\n")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let log = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a log");
        path.to_str().expect("UTF-8").to_owned()
    };
    let wrapped: String = plain.lines().map(wrap).collect();
    let want = scan(&folder.path().join("a"), "1", &[&log("plain/access.log", &plain)]);
    let got = scan(&folder.path().join("b"), "2", &[&log("wrapped/access.log", &wrapped)]);
    let told = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        let text = |name: &str| {
            let (_, bytes) = files.iter().find(|(n, _)| n == name).expect(name);
            String::from_utf8(bytes.clone()).expect("text")
        };
        let summary: serde_json::Value = serde_json::from_str(&text("summary.json")).expect("JSON");
        let statements = text("findings.jsonl")
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).expect("JSON")["statement"].to_string()
            })
            .collect::<Vec<_>>();
        assert!(statements.len() > 3 && statements.iter().all(|s| s.len() > 10), "{statements:?}");
        [vec![summary["verdict"].to_string(), text("clients.csv"), text("pages.csv")], statements].concat()
    };
    assert_eq!(told(&want), told(&got));
}
