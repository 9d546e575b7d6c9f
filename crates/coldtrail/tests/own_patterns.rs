//! `--patterns`: rules of the user's own in `scan`, `records`, `explain` and `rules`, and what is said of bad ones.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

const LINES: &str = r#"192.0.2.7 - - [10/Mar/2025:00:00:01 +0000] "GET /index.html HTTP/1.1" 200 512 "-" "Mozilla/5.0"
198.51.100.4 - - [10/Mar/2025:00:00:02 +0000] "GET /shop?item=1&knock=%30%30C0FFEE HTTP/1.1" 200 99 "-" "Mozilla/5.0"
198.51.100.4 - - [10/Mar/2025:00:00:03 +0000] "GET /old-cellar/open HTTP/1.1" 200 99 "-" "Mozilla/5.0"
"#;

const TOML: &str = r#"# Ours.
[[rule]]
id = "cellar-knock"
class = "code-injection"
weight = 7
places = ["value"]
pattern = '^[0-9a-f]{8}$'
hits = ["00C0FFEE"]
misses = ["open"]
"#;

fn coldtrail(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .current_dir(folder)
        .args(args)
        .output()
        .expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn site() -> tempfile::TempDir {
    let site = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(site.path().join(name), text).expect("written");
    write("access.log", LINES);
    write("ours.toml", TOML);
    write("list.txt", "# a comment\n\nOld-Cellar/\n");
    write("slow.txt", "cellar(?!/shut)\n");
    site
}

fn attacks(stdout: &str) -> Vec<(u64, serde_json::Value)> {
    let records = stdout.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON"));
    records.map(|r| (r["line"].as_u64().expect("a number"), r["attack"].clone())).collect()
}

#[test]
fn hits_are_shown_like_those_of_the_built_in_rules() {
    let site = site();
    let files = ["--patterns", "ours.toml", "--patterns", "list.txt"];
    let run = |args: &[&str]| {
        let (code, stdout, stderr) = coldtrail(site.path(), &[args, &files].concat());
        assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}");
        stdout
    };
    let want = [
        (
            2,
            serde_json::json!({"score": 7, "classes": ["code-injection"], "rules": ["cellar-knock"], "where": ["query:knock"]}),
        ),
        (
            3,
            serde_json::json!({"score": 5, "classes": ["other"], "rules": ["user-list-1"], "where": ["path"]}),
        ),
    ];
    assert_eq!(attacks(&run(&["records", "--attacks", "access.log"])), want);
    let line = LINES.lines().nth(1).expect("a line");
    assert!(run(&["explain", line]).contains("cellar-knock (code-injection 7)"));
    let rules = run(&["rules"]);
    assert!(rules.contains("cellar-knock  (ours.toml, line 3)\n"), "{rules}");
    assert!(rules.contains("user-list-1  (list.txt, line 3)\n"), "{rules}");

    run(&["scan", "-q", "access.log", "-o", "out"]);
    let findings = fs::read_to_string(site.path().join("out/findings.jsonl")).expect("written");
    assert!(findings.contains("code-injection") && findings.contains("198.51.100.4"), "{findings}");
    let (_, stdout, _) = coldtrail(site.path(), &["records", "--attacks", "access.log"]);
    assert_eq!(stdout, "", "nothing without the files");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let site = site();
    let out = |threads: &str| {
        let args =
            ["scan", "-q", "access.log", "--patterns", "ours.toml", "--patterns", "slow.txt", "-o", threads];
        let (code, _, stderr) = coldtrail(site.path(), &[&args[..], &["--threads", threads]].concat());
        assert_eq!((code, stderr.as_str()), (0, ""));
        fs::read(site.path().join(threads).join("findings.jsonl")).expect("written")
    };
    assert_eq!(out("1"), out("3"));
}

#[test]
fn slow_rules_are_named() {
    let site = site();
    let (code, stdout, stderr) =
        coldtrail(site.path(), &["records", "--attacks", "access.log", "--patterns", "slow.txt"]);
    assert_eq!((code, attacks(&stdout).len()), (0, 1));
    assert!(stderr.contains("slow.txt: line 1: look-around") && stderr.contains("slower"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    let site = site();
    let check = |text: &str, code: i32, says: &str| {
        fs::write(site.path().join("bad"), text).expect("written");
        for command in ["scan", "records"] {
            let (got, stdout, stderr) = coldtrail(site.path(), &[command, "access.log", "--patterns", "bad"]);
            assert_eq!((got, stdout.as_str()), (code, ""), "{text}: {stderr}");
            assert!(stderr.contains(says) && stderr.lines().count() == 1, "{text}: {stderr}");
        }
    };
    check("fine\n(not\n", 2, "--patterns bad: line 2: (not: unclosed group (column 1); correct the pattern");
    check(
        &TOML.replace("\"open\"", "\"12345678\""),
        2,
        "bad: line 9: cellar-knock: matches \"12345678\", which it must miss",
    );
    check(
        &TOML.replace("00C0FFEE", "none"),
        2,
        "bad: line 8: cellar-knock: misses \"none\", which it must hit",
    );
    check(
        &TOML.replace("weight = 7", "weight = 70"),
        2,
        "bad: line 5: weight 70: write 3 (odd) to 8 (certain)",
    );
    let (code, _, stderr) = coldtrail(site.path(), &["scan", "access.log", "--patterns", "gone.toml"]);
    assert!(code == 1 && stderr.contains("--patterns gone.toml: cannot be read; check the name"), "{stderr}");
}
