//! Same input, same bytes out: whatever the threads and the order of the files.

use std::fs;
use std::path::Path;
use std::process::Command;

const FILES: [&str; 6] =
    ["report.html", "findings.jsonl", "clients.csv", "pages.csv", "hosts.csv", "rejects.jsonl"];

/// Scans the example and returns its files; of `summary.json` what does not belong to the run.
fn scan(out: &Path, threads: &str, inputs: [&str; 2]) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .current_dir(root)
        .args(["scan", "--quiet", "--threads", threads, "--manifest", "examples/breach/manifest.txt"])
        .args(["--ioc", "examples/breach/indicators.txt", "-o"])
        .arg(out)
        .args(inputs)
        .status()
        .expect("the binary starts");
    assert!(status.success(), "{status}");
    let read = |name: &str| fs::read(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut files: Vec<(String, Vec<u8>)> = FILES.iter().map(|f| ((*f).to_owned(), read(f))).collect();
    let mut summary: serde_json::Value = serde_json::from_slice(&read("summary.json")).expect("JSON");
    summary.as_object_mut().expect("an object").remove("run").expect("the run");
    files.push(("summary.json".to_owned(), summary.to_string().into_bytes()));
    files
}

#[test]
fn threads_and_order_change_nothing() {
    let (web, proxy) = ("examples/breach/web", "examples/breach/proxy");
    let folder = tempfile::tempdir().expect("a folder");
    let want = scan(&folder.path().join("1"), "1", [web, proxy]);
    assert!(want.iter().any(|(name, bytes)| name == "findings.jsonl" && bytes.len() > 1000));
    for (threads, inputs) in [("2", [web, proxy]), ("8", [web, proxy]), ("2", [proxy, web])] {
        let got = scan(&folder.path().join("n"), threads, inputs);
        for ((name, a), (_, b)) in want.iter().zip(&got) {
            assert!(a == b, "{name} with {threads} threads and {inputs:?}");
        }
    }
}
