//! `explain` of a log line: every step of decoding, every rule that looked, what the payload tries; safe on a terminal.

use assert_cmd::Command;
use coldtrail_report::is_unsafe;

fn explain(target: &str, agent: &str) -> String {
    let line = format!(
        "203.0.113.7 - - [02/Mar/2026:10:00:00 +0000] \"GET {target} HTTP/1.1\" 200 5 \"-\" \"{agent}\""
    );
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .args(["explain", &line])
        .output()
        .expect("the binary starts");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn each_step_each_rule_and_what_is_tried() {
    let shown = explain(
        "/a?id=1%2527/**/union+select+pw+from+users--&z=PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==&lang=en",
        "x",
    );
    for part in [
        "query:id  score",
        "round 1   1%27/**/union select pw from users--   (percent signs, plus as a space)",
        "round 2   1'/**/union select pw from users--   (percent signs)",
        "as sql    1' union select pw from users--",
        "+ union-select (sqli 6): matches \"union select\" [sql]",
        "- quote-comment (sqli 5): has \"'\", but the pattern does not match [sql]",
        "not asked of such a place: quote-boolean-in-path",
        "tries     reads rows of `users`",
        "shape     0'/**/union select pw from users--",
        "as base64 <script>alert(1)</script>",
        "no rule looked at",
        "  query:lang en",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn nothing_acts_on_the_terminal() {
    let shown = explain(
        "/a?%1b[2J=;cat%20/etc/x%1b]0;y%07&b=%252%30..%2f%E2%80%AE&c=%u202e%00<script>%9b31m",
        "() { :;}; curl \u{9b}31mhttp://h.example/\u{202e}",
    );
    assert!(shown.contains("(cmdi 6)") && shown.contains("active-tag"), "{shown}");
    assert_eq!(shown.chars().find(|c| is_unsafe(*c) && *c != '\n'), None, "{shown}");
}

#[test]
fn a_rule_has_a_documentation() {
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .args(["explain", "mail-header-injection"])
        .output()
        .expect("the binary starts");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "mail-header-injection (other 6)",
        "references  T1190, CWE-93",
        "innocent    Mail pasted",
        "\\u{a}bcc: ",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}
