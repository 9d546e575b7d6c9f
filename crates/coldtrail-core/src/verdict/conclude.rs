//! From all findings to everything that a report says of them.

use super::answers::answers;
use super::beside::fetched_beside_implants;
use super::incident::incidents;
use super::ladder::{do_now, verdict, would_raise};
use super::{Answers, Basis, Incident, Lists};
use crate::detect::{Draft, Finding, Level, Site, by_id};
use crate::focus::Events;
use crate::record::ClientKey;
use std::collections::{BTreeMap, BTreeSet};

/// All that is concluded from the findings.
pub struct Judgement {
    pub level: Level,
    pub rule: String,
    pub sentence: String,
    pub would_raise: Vec<String>,
    pub do_now: Vec<String>,
    pub answers: Answers,
    pub basis: Basis,
    /// Sorted by first time, then id.
    pub incidents: Vec<Incident>,
    /// Sorted by first time, then id; each subject of a detector once.
    pub findings: Vec<Finding>,
    /// How many findings name each client, page and host.
    pub named_clients: BTreeMap<ClientKey, u64>,
    pub named_pages: BTreeMap<u64, u64>,
    pub named_hosts: BTreeMap<String, u64>,
}

/// Joins, sorts and judges. Pure: the order of `findings` does not matter. `events` are those that they rest on, each
/// on some of the `lists`.
pub fn conclude(findings: Vec<Finding>, lists: &Lists, events: &Events, site: &Site<'_>) -> Judgement {
    let mut findings = join_same(findings);
    let beside = fetched_beside_implants(&findings, site);
    if !beside.is_empty() {
        // What the detector said of the same page was less.
        findings.retain(|f| beside.iter().all(|b| (b.meta.id, &b.subject) != (f.meta.id, &f.subject)));
        findings.extend(beside);
        sort(&mut findings);
    }
    let incidents = incidents(&findings, site);
    let verdict = verdict(&findings, &incidents, site);
    let (mut named_clients, mut named_pages, mut named_hosts) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for finding in &findings {
        for client in &finding.clients {
            *named_clients.entry(*client).or_default() += 1;
        }
        for host in &finding.hosts {
            *named_hosts.entry(host.clone()).or_default() += 1;
        }
        for page in pages_of(finding, site) {
            *named_pages.entry(page).or_default() += 1;
        }
    }
    Judgement {
        would_raise: would_raise(verdict.level, &findings, site),
        do_now: do_now(verdict.level, &findings, site),
        answers: answers(&findings, &incidents, events, site),
        basis: Basis::of(&findings, lists, events, site),
        level: verdict.level,
        rule: verdict.rule,
        sentence: verdict.sentence,
        incidents,
        findings,
        named_clients,
        named_pages,
        named_hosts,
    }
}

/// Hashes of the pages that a finding names.
fn pages_of(finding: &Draft, site: &Site<'_>) -> BTreeSet<u64> {
    let mut pages: BTreeSet<u64> = BTreeSet::new();
    if finding.page != 0 {
        pages.insert(finding.page);
    }
    let hosts = finding.hosts.iter().map(String::as_bytes).chain([&b""[..]]);
    for host in hosts.take(8) {
        let of_host = finding.pages.iter().map(|p| site.keys.page(host, p.as_bytes()));
        pages.extend(of_host.filter(|hash| site.page(*hash).is_some()));
    }
    pages
}

/// One finding for each detector and subject; sorted by first time, then id.
pub(crate) fn join_same(findings: Vec<Finding>) -> Vec<Finding> {
    let mut by_subject: BTreeMap<(&'static str, String), Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_subject.entry((finding.meta.id, finding.draft.subject.clone())).or_default().push(finding);
    }
    let mut joined = Vec::with_capacity(by_subject.len());
    for ((id, _), same) in by_subject {
        let meta = same[0].meta;
        let drafts: Vec<Draft> = same.into_iter().map(|f| f.draft).collect();
        let draft = match by_id(id) {
            Some(detector) => detector.join(drafts),
            None => Draft::join(drafts),
        };
        joined.push(draft.finish(meta));
    }
    sort(&mut joined);
    joined
}

/// By first time, then id.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (a.first_us.is_none(), a.first_us, &a.id).cmp(&(b.first_us.is_none(), b.first_us, &b.id))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};
    use crate::detect::{Severity, Stage, registry};
    use crate::enrich::attack::Class;
    use crate::verdict::LeftState;

    const A: &str = "203.0.113.9";

    fn judge(requests: Vec<Request>) -> Judgement {
        let site = TestSite::new(requests);
        let findings = registry().iter().flat_map(|d| site.run(*d)).collect();
        conclude(findings, &Lists::new(), &Events::new([]), &site.site())
    }

    fn break_in() -> Vec<Request> {
        let path = "/uploads/x.php";
        let mut requests: Vec<Request> =
            (0..50).map(|i| to_server(T0 + i, "198.51.100.7", "GET", "/", 200).bytes(5000)).collect();
        requests.extend(
            (0..20).map(|i| to_server(T0 + 3000 + i, A, "GET", format!("/old-{i}.bak"), 404).probing()),
        );
        requests.extend((0..5).map(|i| {
            to_server(T0 + 3500 + i, A, "GET", format!("/p.php?id={i}'"), 404).attack(Class::Sqli, 1, 3)
        }));
        requests.extend([
            to_server(T0 + 4000, A, "GET", path, 404).bytes(300),
            to_server(T0 + 4010, A, "POST", "/upload.php", 200).bytes(100),
            to_server(T0 + 4020, A, "POST", path, 200).bytes(100),
            to_server(T0 + 4030, A, "POST", path, 200).bytes(900),
            to_server(T0 + 4040, A, "POST", path, 200).bytes(2100),
            to_server(T0 + 9000, A, "GET", path, 404).bytes(300),
        ]);
        requests
    }

    #[test]
    fn a_break_in_is_one_incident_with_its_stages() {
        let judged = judge(break_in());
        assert_eq!((judged.level, judged.rule.as_str()), (Level::Confirmed, "life-cycle"));
        assert_eq!(judged.incidents.len(), 1);
        let incident = &judged.incidents[0];
        let stages: Vec<Stage> = incident.stages.iter().map(|s| s.stage).collect();
        assert_eq!(stages, [Stage::Reconnaissance, Stage::Attack, Stage::Implant]);
        assert_eq!(
            (incident.severity, incident.clients.as_slice()),
            (Severity::Critical, &[A.to_owned()][..])
        );
        assert!(judged.sentence.starts_with("They got in: /uploads/x.php"), "{}", judged.sentence);
        assert!(judged.do_now.iter().any(|s| s.contains(A)), "{:?}", judged.do_now);
        let left = &judged.answers.left[0];
        assert_eq!((left.path.as_str(), left.state), ("/uploads/x.php", LeftState::Deleted));
        assert_eq!(judged.answers.who.iter().map(|w| w.client.as_str()).collect::<Vec<_>>(), [A]);
        assert_eq!(judged.answers.got_in[0].page, "/uploads/x.php");
    }

    #[test]
    fn an_archive_beside_an_implant_was_taken() {
        let archive = |path: &str, n_clients: u32| {
            let mut requests = break_in();
            let clients = ["198.51.100.23", "198.51.100.24", "198.51.100.25", "198.51.100.26"];
            requests.extend((0..n_clients).map(|i| {
                let at = T0 + 5000 + i;
                to_server(at, clients[i as usize], "GET", path, 206).bytes(3 << 20)
            }));
            judge(requests)
        };
        let judged = archive("/uploads/b.zip", 1);
        let took: Vec<_> = judged
            .answers
            .took
            .iter()
            .map(|t| (t.client.as_str(), t.path_or_host.as_str(), t.bytes))
            .collect();
        assert_eq!(took, [("198.51.100.23", "/uploads/b.zip", 3 << 20)]);
        let taker = judged.answers.who.iter().find(|w| w.client == "198.51.100.23").expect("who took it");
        assert_eq!((taker.stages.as_slice(), taker.bytes_taken), (&[Stage::Exfiltration][..], 3 << 20));
        assert_eq!(judged.incidents.len(), 1, "it is part of the break-in");
        assert!(judged.do_now.iter().any(|s| s.starts_with("Block 203.0.113.9 and 198.51.100.23 ")));
        let is_beside = |j: &Judgement| j.findings.iter().any(|f| f.rule == "beside-implant");
        assert!(is_beside(&judged));
        assert!(!is_beside(&archive("/downloads/b.zip", 1)), "another folder");
        assert!(!is_beside(&archive("/uploads/b.pdf", 1)), "no archive");
        assert!(!is_beside(&archive("/uploads/b.zip", 4)), "a public download");
    }

    #[test]
    fn attempts_only_and_nothing_at_all() {
        let attempts =
            (0..5).map(|i| to_server(T0 + i, A, "GET", "/p.php?id=1'", 404).attack(Class::Sqli, 1, 3));
        let judged = judge(attempts.collect());
        assert_eq!(judged.level, Level::NoSign);
        assert!(judged.sentence.starts_with("They tried; no sign that they got in"), "{}", judged.sentence);
        let quiet = judge((0..5).map(|i| to_server(T0 + i, A, "GET", "/", 200)).collect());
        assert_eq!((quiet.level, quiet.findings.len(), quiet.incidents.len()), (Level::NoAttack, 0, 0));
        assert_eq!(quiet.sentence, "No attack found in these logs.");
        let empty = judge(Vec::new());
        assert!(empty.sentence == "There was no line to judge." && empty.would_raise.is_empty());
    }

    #[test]
    fn the_order_of_findings_does_not_matter() {
        let site = TestSite::new(break_in());
        let findings: Vec<Finding> = registry().iter().flat_map(|d| site.run(*d)).collect();
        let ids = |j: &Judgement| j.findings.iter().map(|f| f.id.clone()).collect::<Vec<_>>();
        let one = conclude(findings.clone(), &Lists::new(), &Events::new([]), &site.site());
        let other =
            conclude(findings.into_iter().rev().collect(), &Lists::new(), &Events::new([]), &site.site());
        assert_eq!(ids(&one), ids(&other));
        assert_eq!(one.sentence, other.sentence);
        assert_eq!(one.incidents[0].id, other.incidents[0].id);
    }
}
