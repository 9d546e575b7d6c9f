//! The classification of attacks on payloads and ordinary values of our own: what is found, under which encodings, and
//! that none of the short cuts (gate, literals, memo) changes a verdict.

use coldtrail_core::enrich::attack::{
    Class, Form, LookOutcome, OwnRules, RuleSet, Scorer, TextHashes, Verdict, skeleton,
};
use coldtrail_core::record::{Escape, Rec, Role, Span};
use coldtrail_core::table::Keys;
use proptest::prelude::*;
use std::cell::RefCell;

const PAYLOADS: &str = include_str!("../../../testdata/attack/payloads.tsv");
const BENIGN: &str = include_str!("../../../testdata/attack/benign.tsv");

/// A record whose field at `place` is `text`.
fn record(place: &str, text: &[u8]) -> Rec {
    let span = Span::new(0, text.len());
    let mut rec = Rec::unread(span);
    match place {
        "path" => rec.path = span,
        "query" => rec.query = span,
        "user_agent" => rec.user_agent = span,
        "referrer" => rec.referrer = span,
        "cookie" => rec.cookie = span,
        "body" => rec.body = span,
        "host" => rec.host = span,
        "user" => rec.user = span,
        "method" => rec.method = span,
        other => panic!("no such place: {other}"),
    }
    rec
}

/// `(class, place, payload)`.
fn payloads() -> Vec<(&'static str, &'static str, &'static str)> {
    let rows = PAYLOADS.lines().skip(1).map(|line| {
        let mut parts = line.splitn(3, '\t');
        let mut next = || parts.next().expect("three columns");
        (next(), next(), next())
    });
    rows.collect()
}

/// `(place, text)`.
fn benign() -> Vec<(&'static str, &'static str)> {
    BENIGN.lines().skip(1).map(|line| line.split_once('\t').expect("two columns")).collect()
}

/// A payload as a client that knows the rules of URLs would send it; payloads that bring their own percent signs stay.
fn sent(place: &str, payload: &str) -> Vec<u8> {
    match place {
        "query" if payload.contains('%') => format!("q={payload}").into_bytes(),
        "query" if payload.contains("]=") || payload.contains("&f") => payload.as_bytes().to_vec(),
        "query" => [b"q=", percent(payload.as_bytes(), |b| b.is_ascii_alphanumeric()).as_slice()].concat(),
        "cookie" => format!("sid={payload}").into_bytes(),
        "body" => payload.replace("%0d%0a", "\r\n").into_bytes(),
        _ => payload.as_bytes().to_vec(),
    }
}

fn percent(text: &[u8], keep: impl Fn(u8) -> bool) -> Vec<u8> {
    let each = |b: &u8| if keep(*b) { vec![*b] } else { format!("%{b:02X}").into_bytes() };
    text.iter().flat_map(each).collect()
}

/// Eight ways to write the same value.
fn encodings(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let pct = percent(text, |b| b.is_ascii_alphanumeric());
    let double = percent(&pct, |b| b.is_ascii_alphanumeric());
    let plus: Vec<u8> = text.iter().map(|b| if *b == b' ' { b'+' } else { *b }).collect();
    let entity = |b: &u8| {
        if b.is_ascii_alphanumeric() || *b >= 0x80 { vec![*b] } else { format!("&#{b}").into_bytes() }
    };
    let unicode = |b: &u8| {
        if b.is_ascii_alphanumeric() || *b >= 0x80 { vec![*b] } else { format!("%u{b:04x}").into_bytes() }
    };
    vec![
        ("raw", text.to_vec()),
        ("pct", pct),
        ("pct-all", percent(text, |_| false)),
        ("double", double),
        ("plus", plus),
        ("entity", text.iter().flat_map(entity).collect()),
        ("percent-u", text.iter().flat_map(unicode).collect()),
        ("upper", text.to_ascii_uppercase()),
    ]
}

#[test]
fn every_payload_is_found_and_named() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(1), false);
    let all = payloads();
    assert!(all.len() >= 150, "{}", all.len());
    let mut wrong = Vec::new();
    for (class, place, payload) in all {
        let text = sent(place, payload);
        let verdict = scorer.score(&text, &record(place, &text));
        let named = verdict.classes.iter().any(|c| c.name() == class);
        if !verdict.is_attack() || !named {
            let why = rules.explain(&text, &record(place, &text), false).rules;
            let classes: Vec<Class> = verdict.classes.iter().collect();
            wrong.push(format!("{class} {place} {payload}: {} {classes:?} {why:?}", verdict.score));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for class in Class::ALL {
        assert!(payloads().iter().any(|(c, ..)| *c == class.name()), "no payload of {}", class.name());
    }
}

#[test]
fn ordinary_values_are_not_attacks() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(1), false);
    let all = benign();
    assert!(all.len() >= 150, "{}", all.len());
    let mut wrong = Vec::new();
    for (place, text) in all {
        let rec = record(place, text.as_bytes());
        let verdict = scorer.score(text.as_bytes(), &rec);
        if verdict.is_attack() {
            let why = rules.explain(text.as_bytes(), &rec, false).rules;
            wrong.push(format!("{place} {text}: {} {why:?}", verdict.score));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The verdict with gate, literals and memo (twice, so that the memo answers) and the one of every rule on always
/// decoded text.
fn check_equal(scorer: &mut Scorer<'_>, block: &[u8], rec: &Rec) -> Verdict {
    let first = scorer.score(block, rec);
    let again = scorer.score(block, rec);
    let explained = scorer.explain(block, rec);
    let whole = scorer.explain_exhaustively(block, rec);
    let text = String::from_utf8_lossy(block);
    assert_eq!(first, whole.verdict, "gate: {text} {:?} against {:?}", explained.rules, whole.rules);
    assert_eq!(first, again, "memo: {text}");
    assert_eq!(first, explained.verdict, "explain: {text}");
    assert_eq!(explained, whole, "reasons: {text}");
    first
}

/// A text in each of eight encodings as a value and as a path, and plain where else it may stand. How many of the values
/// are attacks, and how many there are.
fn check_encodings(scorer: &mut Scorer<'_>, text: &str, others: &[&str]) -> (usize, usize) {
    let (mut found, mut n) = (0, 0);
    for (name, encoded) in encodings(text.as_bytes()) {
        let query = [b"a=1&q=", encoded.as_slice(), b"&z=2"].concat();
        n += 1;
        found += usize::from(check_equal(scorer, &query, &record("query", &query)).is_attack());
        // Other places differ in the rules that they ask, not in the short cuts.
        check_equal(scorer, &encoded, &record("path", &encoded));
        for place in others.iter().filter(|_| name == "raw") {
            check_equal(scorer, &encoded, &record(place, &encoded));
        }
    }
    (found, n)
}

#[test]
fn no_short_cut_changes_a_verdict() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(2), false);
    let (mut found, mut n) = (0, 0);
    for text in payloads().into_iter().map(|p| p.2).chain(benign().into_iter().map(|b| b.1)) {
        let counts = check_encodings(&mut scorer, text, &["referrer", "user_agent", "cookie", "body"]);
        (found, n) = (found + counts.0, n + counts.1);
    }
    assert!(found > n / 4, "{found} of {n} encoded values are attacks");
}

/// Each rule's own examples: those that it hits, and those that come near.
#[test]
fn no_short_cut_changes_a_verdict_on_any_rules_examples() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(8), false);
    let mut n = 0;
    for rule in rules.rules() {
        for example in rule.hits.iter().chain(&rule.misses) {
            n += check_encodings(&mut scorer, example, &["user_agent", "host"]).1;
        }
    }
    assert!(n > 8 * 2 * rules.rules().count(), "{n}");
}

#[test]
fn what_is_explained_is_what_is_judged() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(9), false);
    let values = payloads().into_iter().map(|(_, place, text)| (place, sent(place, text)));
    let values = values.chain(benign().into_iter().map(|(place, text)| (place, text.as_bytes().to_vec())));
    for (place, text) in values {
        let rec = record(place, &text);
        let readings = rules.read(&text, &rec, false);
        let verdict = readings.iter().fold(Verdict::NONE, |all, reading| all.merge(reading.verdict));
        let shown = String::from_utf8_lossy(&text);
        assert_eq!(verdict, scorer.score(&text, &rec), "{place} {shown}");
        for reading in readings.iter().filter(|r| r.verdict.is_attack()) {
            let matched = reading.looked.iter().filter(|look| look.outcome == LookOutcome::Matched);
            let classes: Vec<Class> = matched.map(|look| look.rule.class).collect();
            assert!(reading.verdict.classes.iter().all(|c| classes.contains(&c)), "{place} {shown}");
            assert!(!reading.tries.is_empty() && !reading.shape.is_empty(), "{place} {shown}");
        }
    }
}

#[test]
fn a_users_rules_are_run_like_the_built_in_ones() {
    let rules = own_rules(OWN);
    let mut scorer = Scorer::new(&rules, Keys::new(2), false);
    let mut check = |query: &str, want: &[&str]| {
        let rec = record("query", query.as_bytes());
        let verdict = check_equal(&mut scorer, query.as_bytes(), &rec);
        assert_eq!(verdict.is_attack(), !want.is_empty(), "{query}");
        assert_eq!(scorer.explain(query.as_bytes(), &rec).rules, want, "{query}");
    };
    check("a=1&q=zx%26yz", &["user-own-1"]);
    check("a=1&q=zX&amp;Yz", &["user-own-1"]);
    check("a=se&b=2&a=l", &["user-own-2"]);
    check("q=UNION%2b%2b7", &["user-own-3"]);
    check("q=dW5pb24gKyAg&b=dW5pb24gKyA3IHllcw", &["user-own-3"]);
    check("q=1%75-", &["user-own-4"]);
    check("q=oo%7E", &["user-own-5"]);
    check("q=plain", &[]);
    // Behind the last value that is cut off, ampersands are part of one.
    check(&format!("{}x&y", "a&".repeat(300)), &["user-own-1"]);
}

#[test]
fn a_users_rules_run_on_proxy_logs_too() {
    let rules = own_rules("odd-tool");
    let text = b"q=odd-tool&b=1'";
    let mut rec = record("query", text);
    rec.role = Role::Proxy;
    let verdict = Scorer::new(&rules, Keys::new(2), false).score(text, &rec);
    assert_eq!((verdict.score, verdict.classes.iter().collect::<Vec<_>>()), (5, vec![Class::Other]));
}

#[test]
fn a_rule_that_is_given_up_is_named() {
    let rules = own_rules(r"(\w+\w+)+(?=!)$");
    let mut scorer = Scorer::new(&rules, Keys::new(2), false);
    assert!(rules.gave_up().is_empty());
    let text = format!("q={}", "a".repeat(60));
    assert!(!scorer.score(text.as_bytes(), &record("query", text.as_bytes())).is_odd());
    assert_eq!(rules.gave_up(), ["user-own-1"]);
}

#[test]
fn encodings_do_not_hide_a_payload() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(3), false);
    let payloads = [
        "1' OR '1'='1' -- x",
        "<script>alert(1)</script>",
        "../../../../etc/passwd",
        "x;cat /etc/passwd",
        "${jndi:ldap://h/a}",
    ];
    for payload in payloads {
        for (name, encoded) in encodings(payload.as_bytes()) {
            let query = [b"q=", encoded.as_slice()].concat();
            let verdict = scorer.score(&query, &record("query", &query));
            assert!(verdict.is_attack(), "{name}: {} {verdict:?}", String::from_utf8_lossy(&query));
        }
    }
}

#[test]
fn a_value_in_pieces_is_one_value() {
    let rules = RuleSet::new();
    let check = |place: &str, text: &str| {
        let rec = record(place, text.as_bytes());
        let verdict = Scorer::new(&rules, Keys::new(4), false).score(text.as_bytes(), &rec);
        assert!(verdict.is_attack(), "{place} {text}: {verdict:?}");
    };
    check("query", "id=1+union+select+1&id=2+from+users");
    check("query", "q=PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==");
    check("query", "id'or'1'='1=x");
    check("query", "user[$ne]=x");
    check("body", r#"{"q":"1' OR '1'='1"}"#);
    check("body", r#"{"user":{"$ne":""}}"#);
    check("body", "q=%3Cscript%3Ealert(1)%3C/script%3E");
    check(
        "body",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
    );
    check("cookie", "a=b; q=<script>alert(1)</script>");
    check("referrer", "http://x.example/?q=%3Cscript%3Ealert(1)%3C/script%3E");
    check("path", "/a;x=1'%20or%20'1'='1/b");
    check("host", "a.example\r\nx: y");
}

#[test]
fn proxies_are_judged_by_strong_rules_only() {
    let rules = RuleSet::new();
    let text = b"q=%27+or+1";
    let mut rec = record("query", text);
    let score = |rec: &Rec, all| Scorer::new(&rules, Keys::new(5), all).score(text, rec);
    assert!(score(&rec, false).score >= 3);
    rec.role = Role::Proxy;
    assert_eq!(score(&rec, false), Verdict::NONE);
    assert!(score(&rec, true).score >= 3);
    let strong = b"q=%24%7Bjndi:ldap://h/a%7D";
    let mut rec = record("query", strong);
    rec.role = Role::Proxy;
    assert!(Scorer::new(&rules, Keys::new(5), false).score(strong, &rec).is_attack());
}

#[test]
fn the_logs_escaping_is_undone_first() {
    let rules = RuleSet::new();
    let text = br"q=\x22><script>alert(1)</script>";
    let mut rec = record("query", text);
    rec.escape = Escape::Backslash;
    let why = rules.explain(text, &rec, false);
    assert!(why.verdict.is_attack());
    assert_eq!(why.wheres, ["query:q"]);
    assert!(why.rules.contains(&"active-tag"), "{:?}", why.rules);
    let read = rules.read(text, &rec, false);
    let odd: Vec<&str> = read.iter().filter(|r| r.verdict.is_odd()).map(|r| &*r.sent).collect();
    assert_eq!(odd, ["\"><script>alert(1)</script>"]);
}

#[test]
fn payloads_of_one_family_share_a_skeleton() {
    let rules = RuleSet::new();
    let mut scorer = Scorer::new(&rules, Keys::new(6), false);
    let mut shape = |text: &str| {
        let (keys, rec) = (Keys::new(6), record("query", text.as_bytes()));
        let hashes = TextHashes::of_record(keys, text.as_bytes(), &rec);
        scorer.payload(text.as_bytes(), &rec, hashes).expect("an attack").skeleton_hash
    };
    let one = shape("id=1+AND+ascii(substr((select+user()),1,1))%3E64");
    assert_eq!(one, shape("id=1%20and%20ascii(substr((select%20user()),17,1))%3E101"));
    assert_ne!(one, shape("id=1+union+select+null,null"));
    assert_eq!(shape("id=1+union+select+null,null,3"), shape("id=7+union+select+null,null,null,3"));
    assert_eq!(skeleton(b"%27OR+12%3D12", Form::Urlencoded), "'or 0=0");
}

/// Bytes in which encodings and payloads are likely.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(b"%27&#<>'\"()=/.;$\\{}|+ uselct,*-\n\0x3cUNI0".to_vec());
    proptest::collection::vec(prop_oneof![1 => any::<u8>(), 3 => likely], 0..160)
}

/// Rules with a literal, with one that ampersands or commas cut, with none, and with look-around.
const OWN: &str = "x&y\nse,l\nunion\\W+7\n[^a-z]u[^a-z]\n(\\w)\\1(?!\\1)\\x7e\n";

fn own_rules(text: &str) -> RuleSet {
    let mut own = OwnRules::default();
    own.add(text.as_bytes(), "own.txt").expect("good rules");
    RuleSet::with(&own)
}

thread_local! {
    static SCORERS: RefCell<[Scorer<'static>; 3]> = {
        let scorer = |rules| Scorer::new(Box::leak(Box::new(rules)), Keys::new(7), false);
        let gated = OWN.lines().take(3).collect::<Vec<_>>().join("\n");
        RefCell::new([RuleSet::new(), own_rules(OWN), own_rules(&gated)].map(scorer))
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_judged_alike(
        text in hostile_bytes(),
        place in prop::sample::select(vec!["path", "query", "referrer", "user_agent", "cookie", "body", "host", "method"]),
        escape in prop::sample::select(vec![Escape::None, Escape::Backslash, Escape::Json, Escape::Plus, Escape::Hash]),
        url in any::<bool>(),
    ) {
        let text = if url { [b"http://h/?".as_slice(), &text].concat() } else { text };
        let mut rec = record(place, &text);
        rec.escape = escape;
        SCORERS.with(|all| all.borrow_mut().iter_mut().for_each(|s| { check_equal(s, &text, &rec); }));
    }
}
