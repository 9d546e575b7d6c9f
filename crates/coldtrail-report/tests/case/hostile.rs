//! A report in which every text is hostile.

use super::*;
use coldtrail_core::enrich::Content;
use coldtrail_core::enrich::attack::Verdict;
use coldtrail_core::record::{Metric, Role};
use coldtrail_core::table::{Event, EventData, Method};

/// What an attacker may put into a field.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</script><script>x</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "<!-- x --> <![CDATA[ ]]>",
    "\"'`><svg/onload=alert(1)>",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "{{ 7*7 }} {% raw %} ${x}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
    "a\u{0}b\u{7f}\u{85}c",
    "line\r\nbreak\nFAKE: 10.0.0.1 - -",
    "photo\u{202e}gpj.exe\u{2066}\u{2069}",
    "zero\u{200b}width\u{feff}\u{200d}\u{e0041}\u{2028}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{645}\u{631}\u{62d}\u{628}\u{627}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\r=1+1",
    "a,b;\"c\"\"d\"",
    "C:\\x41\\n \\xff \\u{1b}",
    "javascript:alert(1)",
    "e\u{301}\u{301}\u{301}\u{301} \u{1f468}\u{200d}\u{1f469}",
];

/// Every text of a report is hostile, raw bytes too.
pub(crate) fn hostile() -> Report {
    let long = "/".to_owned() + &"A".repeat(20_000);
    let all: Vec<String> = HOSTILE.iter().map(|s| (*s).to_owned()).chain([long]).collect();
    let pick = |i: usize| all[i % all.len()].clone();
    let mut report = break_in();
    report.sentence = all.join(" ");
    report.rule = pick(0);
    report.would_raise.clone_from(&all);
    report.do_now.clone_from(&all);
    let mut n = 0;
    let mut next = || {
        n += 1;
        pick(n)
    };
    let names: Vec<ClientKey> = all.iter().map(|s| ClientKey::parse(s.as_bytes())).collect();
    report.client_names = names.iter().copied().zip(all.iter().cloned()).collect();
    report.answers.who = all
        .iter()
        .map(|s| Who {
            client: s.clone(),
            is_own: false,
            place: Place::default(),
            level: Level::NoSign,
            severity: Severity::Medium,
            n_requests: 7,
            stages: vec![Stage::Attack],
            first_us: Some(at(13, 1, 0, 0)),
            last_us: None,
            n_by_stage: vec![(Stage::Attack, 7)],
            bytes_taken: 0,
            activity: [1; 12],
        })
        .collect();
    for (rank, s) in (4u32..).zip(&all) {
        let finding = next();
        report.answers.got_in.push(GotIn {
            page: s.clone(),
            first_us: None,
            rule: next(),
            level: Level::Probable,
            finding: finding.clone(),
        });
        report.answers.left.push(Left {
            path: s.clone(),
            first_us: None,
            last_us: None,
            state: LeftState::Unknown,
            finding: finding.clone(),
        });
        report.answers.took.push(Took {
            client: next(),
            path_or_host: s.clone(),
            bytes: 0,
            first_us: None,
            finding,
        });
        report.coverage.gaps.push(Gap { input: s.clone(), from_us: 0, to_us: i64::MAX / 2 });
        let mut file = input(s, 'a', [1, 1, 0, 0, 0], (12, 12));
        file.problem = Some(next());
        file.format = next();
        file.compression = next();
        report.coverage.inputs.push(file);
        let mut raw = s.clone().into_bytes();
        raw.extend(b"\xff\xfe\x80 \\ \xc3");
        report.coverage.rejects.push(Reject {
            input: 99,
            line: 1,
            offset: 0,
            reason: Reason::BadTime,
            is_partial: false,
            raw: raw.clone(),
            n_cut: 3,
            private: None,
        });
        let mut draft = Draft::new(s.clone());
        draft.level = Level::Confirmed;
        draft.severity = Severity::Critical;
        draft.statement.clone_from(s);
        draft.caveats = all.clone();
        draft.pages = all.iter().cloned().collect();
        draft.hosts = draft.pages.clone();
        draft.artefacts = draft.pages.clone();
        draft.clients = names.iter().copied().collect();
        draft.numbers.insert("n", next().as_str().into());
        draft.evidence = vec![line(rank, 1, &raw)];
        report.findings.push(draft.finish(&SHELL));
        report.incidents.push(Incident {
            id: next(),
            level: Level::Probable,
            severity: Severity::High,
            clients: all.clone(),
            n_clients: all.len() as u64,
            artefacts: all.clone(),
            stages: vec![IncidentStage {
                stage: Stage::Exploit,
                first_us: None,
                last_us: None,
                n_requests: 0,
            }],
            findings: vec![next()],
            statement: s.clone(),
            first_us: None,
            last_us: None,
        });
    }
    report.basis.sets = vec![vec![0, 1]];
    report.basis.hosts.clone_from(&all);
    report.basis.requests = (0u32..).zip(&all).map(|(i, s)| request(i, s)).collect();
    report.coverage.blind_spots.clone_from(&all);
    report.coverage.problems.clone_from(&all);
    report.coverage.notes.clone_from(&all);
    let (a, b, c) = (all.clone(), all.clone(), all.clone());
    report.clients =
        Lines::new(a.len(), move |i| ClientLine { client: ClientName::Name(a[i].clone()), ..client_line(i) });
    report.pages =
        Lines::new(b.len(), move |i| PageLine { path: b[i].clone(), host: b[i].clone(), ..page_line(i) });
    report.hosts = Lines::new(c.len(), move |i| HostLine {
        host: c[i].clone(),
        n_requests: 1,
        n_clients: 1,
        n_failed: 0,
        n_denied: 0,
        bytes_down: 0,
        bytes_up: 0,
        first_us: None,
        last_us: None,
        n_findings: 0,
    });
    report
}

/// One of the requests that findings rest on, with a host of the same number.
fn request(i: u32, target: &str) -> Request {
    let event = Event::new(EventData {
        ts_us: at(13, 2, 0, 0) + i64::from(i),
        at: Locus { input: 0, offset: u64::from(i) * 100, line: u64::from(i) + 1, len: 90 },
        client: key("203.0.113.34"),
        page: 0,
        agent: 0,
        host: 0,
        role: Role::Server,
        status_code: 200,
        method: Method::Get,
        bytes_out: Metric::new(500),
        bytes_in: Metric::NONE,
        duration_us: Metric::NONE,
        verdict: Verdict::default(),
        content: Content::NONE,
        skeleton: 0,
        payload_len: 0,
        target: target.as_bytes().into(),
    });
    Request { event, set: 0, host: Some(i) }
}
