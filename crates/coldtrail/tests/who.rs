//! `coldtrail who` over a proxy's log: who got it, how each came there, what came after.

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write;

/// Squid's combined log: `.7` is led to a program and then calls home every minute, `.8` was stopped.
fn log() -> String {
    let mut log = String::new();
    let mut line = |minute: u32,
                    second: u32,
                    client: u32,
                    url: &str,
                    status: &str,
                    bytes: u32,
                    referrer: &str| {
        let (hour, minute) = (10 + minute / 60, minute % 60);
        let (code, verdict) = status.split_once(' ').expect("a code and a verdict");
        writeln!(
            log,
            "10.0.0.{client} - u{client} [02/Mar/2026:{hour}:{minute:02}:{second:02} +0000] \"GET {url} HTTP/1.1\" {} \
             {bytes} \"{referrer}\" \"Mozilla/5.0\" {}:HIER_DIRECT",
            code, verdict
        )
        .expect("text");
    };
    line(0, 0, 7, "http://old.example/", "200 TCP_MISS", 100, "-");
    line(5, 0, 7, "http://news.example/", "200 TCP_MISS", 900, "-");
    line(5, 4, 7, "http://ads.example/f?a=1", "302 TCP_MISS", 300, "http://news.example/");
    line(5, 6, 7, "http://bad.example/malware.exe", "200 TCP_MISS", 90_000, "http://ads.example/f?a=1");
    line(6, 0, 8, "http://BAD.example/malware.exe", "403 TCP_DENIED", 3_900, "-");
    line(7, 0, 9, "http://good.example/", "200 TCP_MISS", 5, "-");
    for minute in 0..40 {
        line(20 + minute, minute % 3, 7, "http://c2.example/p", "200 TCP_MISS", 40, "-");
    }
    line(59, 0, 7, "http://old.example/", "200 TCP_MISS", 100, "-");
    log
}

fn who(args: &[&str], input: String) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_coldtrail"))
        .args([&["who"], args, &["-"]].concat())
        .write_stdin(input)
        .output()
        .expect("the binary starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_way_there_and_what_came_after() {
    let out = who(&["hxxp://bad[.]example/malware.exe", "--json"], log());
    let rows: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(rows.len(), 2, "{out}");
    let first = &rows[0];
    let is =
        |row: &Value, path: &str, want: Value| assert_eq!(row.pointer(path), Some(&want), "{path} of {row}");
    is(first, "/client", "10.0.0.7".into());
    is(first, "/user", "u7".into());
    is(first, "/outcome", "delivered".into());
    is(first, "/bytes", 90_000.into());
    is(first, "/history_s", 306.into());
    is(first, "/before/0/url", "http://news.example/".into());
    is(first, "/before/0/time", "2026-03-02T10:05:00Z".into());
    is(first, "/before/1/url", "http://ads.example/f?a=1".into());
    is(first, "/before/1/is_referrer", true.into());
    is(first, "/after_10min/new_hosts", serde_json::json!(["bad.example"]));
    is(first, "/after_24h/new_hosts", serde_json::json!(["bad.example", "c2.example"]));
    is(first, "/after_24h/n_hosts", 3.into());
    is(first, "/periodic/0/host", "c2.example".into());
    is(first, "/periodic/0/n_contacts", 40.into());
    let sentences = first["afterwards"].to_string();
    assert!(
        sentences.contains("did not contact in the 5 min 6 s before: bad.example, c2.example"),
        "{sentences}"
    );
    is(&rows[1], "/outcome", "blocked".into());
    is(&rows[1], "/n_blocked", 1.into());
}

#[test]
fn as_a_table_of_cells_that_nothing_runs() {
    let log = log().replace("- u8 ", "- =cmd ");
    let out = who(&["bad.example", "--csv"], log);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[0].starts_with("client,user,first,last,n_requests,bytes,outcome,"));
    assert!(
        lines[1]
            .starts_with("10.0.0.7,u7,2026-03-02T10:05:06Z,2026-03-02T10:05:06Z,1,90000,delivered,1,0,0,")
    );
    assert!(lines[2].starts_with("10.0.0.8,'=cmd,"), "{}", lines[2]);
}

#[test]
fn a_time_window_holds_here_too() {
    let out = who(&["bad.example", "--json", "--since", "2026-03-02T10:05:30Z"], log());
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.contains("10.0.0.8"), "{out}");
}
