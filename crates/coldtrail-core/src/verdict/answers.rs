//! The four questions: who attacked, did they get in, what did they leave, what did they take.

use super::accused::{accused, activity, attackers};
use super::{Answers, GotIn, Incident, Left, LeftState, Took, Who};
use crate::detect::{Finding, Level, Number, Severity, Site, Stage};
use crate::focus::Events;
use crate::record::ClientKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn answers(
    findings: &[Finding],
    incidents: &[Incident],
    events: &Events,
    site: &Site<'_>,
) -> Answers {
    let severe: BTreeSet<&str> = incidents
        .iter()
        .filter(|i| i.severity >= Severity::Medium)
        .flat_map(|i| i.findings.iter().map(String::as_str))
        .collect();
    let (attackers, n_background) = attackers(findings, &severe, site);
    let mut answers = Answers {
        who: who(&attackers, findings, events, site),
        n_background,
        got_in: got_in(findings),
        left: left(findings),
        took: took(findings, site),
    };
    answers.who.sort_by(|a, b| key(a.first_us, &a.client).cmp(&key(b.first_us, &b.client)));
    answers
        .got_in
        .sort_by(|a, b| (key(a.first_us, &a.page), &a.finding).cmp(&(key(b.first_us, &b.page), &b.finding)));
    answers.left.sort_by(|a, b| key(a.first_us, &a.path).cmp(&key(b.first_us, &b.path)));
    answers.took.sort_by(|a, b| {
        (key(a.first_us, &a.client), &a.path_or_host, &a.finding).cmp(&(
            key(b.first_us, &b.client),
            &b.path_or_host,
            &b.finding,
        ))
    });
    answers
}

/// Known times first.
fn key(first_us: Option<i64>, name: &str) -> (bool, Option<i64>, &str) {
    (first_us.is_none(), first_us, name)
}

/// What findings say of one client.
#[derive(Default)]
struct Seen {
    gravest: Option<(Severity, Level)>,
    stages: BTreeMap<Stage, u64>,
    bytes_taken: u64,
}

fn who(attackers: &BTreeSet<ClientKey>, findings: &[Finding], events: &Events, site: &Site<'_>) -> Vec<Who> {
    let mut by_client: BTreeMap<ClientKey, Seen> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.severity >= Severity::Low) {
        let accused = accused(finding, site);
        let is_alone = accused.len() == 1;
        for client in accused.iter().filter(|c| attackers.contains(c)) {
            let seen = by_client.entry(*client).or_default();
            seen.gravest = seen.gravest.max(Some((finding.severity, finding.level)));
            let n = match (is_alone, site.client(*client)) {
                (true, _) => finding.n_requests,
                (false, Some((row, _))) if finding.meta.stage == Stage::Attack => u64::from(row.n_attacks),
                (false, Some((row, _))) if finding.meta.stage == Stage::Impact => u64::from(row.n_requests),
                (false, Some((_, linked))) if finding.meta.stage == Stage::Reconnaissance => {
                    u64::from(linked.n_missing)
                }
                (false, _) => 0,
            };
            // Several findings of one stage see the same requests: the largest counts.
            let mine = seen.stages.entry(finding.meta.stage).or_default();
            *mine = (*mine).max(n);
            if finding.meta.stage == Stage::Exfiltration && is_alone {
                seen.bytes_taken += finding.bytes_out.unwrap_or(0);
            }
        }
    }
    let activity = activity(attackers, findings, events, site);
    by_client
        .into_iter()
        .map(|(client, seen)| {
            let row = site.client(client).map(|(row, _)| *row);
            let time = |s: u32| i64::from(s) * 1_000_000;
            let is_timed = row.is_some_and(|r| r.first_s <= r.last_s);
            let (severity, level) = seen.gravest.unwrap_or((Severity::Low, Level::NoSign));
            Who {
                client: site.client_text(client),
                place: client.ip().map(|address| site.options.geo.place(address)).unwrap_or_default(),
                is_own: row.is_some_and(|r| r.n_outgoing > 0),
                level,
                severity,
                n_requests: row.map_or(0, |r| u64::from(r.n_requests)),
                stages: seen.stages.keys().copied().collect(),
                first_us: row.filter(|_| is_timed).map(|r| time(r.first_s)),
                last_us: row.filter(|_| is_timed).map(|r| time(r.last_s)),
                n_by_stage: seen.stages.into_iter().collect(),
                bytes_taken: seen.bytes_taken,
                activity: activity.get(&client).copied().unwrap_or_default(),
            }
        })
        .collect()
}

/// Where they got in: effects of attacks and what was planted; inside a network, what was found to steer it.
fn got_in(findings: &[Finding]) -> Vec<GotIn> {
    let is_entry = |f: &&Finding| match f.meta.stage {
        Stage::Exploit | Stage::Access | Stage::Implant => f.level >= Level::Possible,
        Stage::CommandAndControl | Stage::Download | Stage::LateralMovement => f.level >= Level::Probable,
        _ => false,
    };
    // One entry for each page: the finding of the highest level speaks, among equals the first.
    let mut by_page: BTreeMap<String, GotIn> = BTreeMap::new();
    for f in findings.iter().filter(|f| f.severity >= Severity::Medium).filter(is_entry) {
        let page = f.pages.iter().chain(&f.hosts).next().cloned().unwrap_or_else(|| f.subject.clone());
        if by_page.get(&page).is_some_and(|best| best.level >= f.level) {
            continue;
        }
        let entry = GotIn {
            page: page.clone(),
            first_us: f.first_us,
            rule: f.rule.to_owned(),
            level: f.level,
            finding: f.id.clone(),
        };
        by_page.insert(page, entry);
    }
    by_page.into_values().collect()
}

/// One entry for each path: the finding of the highest level speaks.
fn left(findings: &[Finding]) -> Vec<Left> {
    let mut by_path: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.meta.stage == Stage::Implant && f.level >= Level::Possible) {
        for path in &finding.artefacts {
            let best = by_path.entry(path).or_insert(finding);
            if (finding.level, finding.severity) > (best.level, best.severity) {
                *best = finding;
            }
        }
    }
    by_path
        .into_iter()
        .map(|(path, f)| Left {
            path: path.to_owned(),
            first_us: f.first_us,
            last_us: f.last_us,
            state: match f.numbers.get("state") {
                Some(Number::Text(s)) if s == "deleted" => LeftState::Deleted,
                Some(Number::Text(s)) if s == "present" => LeftState::Present,
                _ => LeftState::Unknown,
            },
            finding: f.id.clone(),
        })
        .collect()
}

fn took(findings: &[Finding], site: &Site<'_>) -> Vec<Took> {
    let is_data = |f: &&Finding| match f.meta.stage {
        Stage::Exfiltration => f.level >= Level::Possible,
        Stage::Exploit => {
            f.level >= Level::Probable && matches!(f.rule, "bulk" | "rows" | "two-valued" | "files-read")
        }
        _ => false,
    };
    let mut took = Vec::new();
    for f in findings.iter().filter(is_data) {
        let bytes = match f.meta.stage {
            Stage::Exfiltration if !f.hosts.is_empty() => f.bytes_in.or(f.bytes_out),
            _ => f.bytes_out,
        };
        let clients: Vec<String> = f.clients.iter().take(10).map(|c| site.client_text(*c)).collect();
        took.push(Took {
            client: clients.join(" "),
            path_or_host: f.hosts.iter().chain(&f.pages).next().cloned().unwrap_or_else(|| f.subject.clone()),
            bytes: bytes.unwrap_or(0),
            first_us: f.first_us,
            finding: f.id.clone(),
        });
    }
    took
}
