//! What real servers wrote when they were sent hostile requests: no line is lost, and no client, time, target or status.
#![expect(clippy::disallowed_methods, reason = "reads the fixtures")]

use coldtrail_core::decode::Block;
use coldtrail_core::parse::{Parser, lines};
use coldtrail_core::record::{NO_TIME, Outcome, Rec, Span, TextField};
use proptest::prelude::*;
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hostile-lines").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(bytes: &[u8]) -> (Block, Vec<Rec>) {
    let block = Block { bytes: bytes.to_vec(), ..Block::default() };
    let mut records = Vec::new();
    Parser::detect(&block.bytes).parse_block(&block, &mut records);
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
