//! The verdict of a whole report: its level, the rule that decided, and what to do.

use super::Incident;
use super::accused::accused;
use super::incident::{level_of, strongest};
use super::story::story;
use crate::detect::{Finding, Level, Severity, Site, Stage, counted, list, time};
use crate::record::ClientKey;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Verdict {
    pub(super) level: Level,
    pub(super) rule: String,
    pub(super) sentence: String,
}

/// The level of the worst incident.
pub(super) fn verdict(findings: &[Finding], incidents: &[Incident], site: &Site<'_>) -> Verdict {
    let Some(worst) = incidents.iter().rev().max_by_key(|i| (i.level, i.severity)) else {
        let lines = &site.totals.lines;
        let sentence = match (lines.lines, lines.ok + lines.partial) {
            (0, _) => "There was no line to judge.".to_owned(),
            (_, 0) => "No line could be read as a request: `coldtrail formats` lists what is read, and --log-format \
                       names a format."
                .to_owned(),
            _ => format!("{}.", Level::NoAttack.words()),
        };
        return Verdict { level: Level::NoAttack, rule: String::new(), sentence };
    };
    let ids: BTreeSet<&str> = worst.findings.iter().map(String::as_str).collect();
    let members: Vec<&Finding> = findings.iter().filter(|f| ids.contains(f.id.as_str())).collect();
    let (level, joint_rule) = level_of(&members);
    let deciding = strongest(members.iter().copied());
    let rule = joint_rule.or(deciding.map(|f| f.rule)).unwrap_or_default().to_owned();
    let words = level.words();
    let sentence = match deciding {
        Some(f) if level > Level::NoSign => {
            format!("{words}: {}", story(&members, site).unwrap_or_else(|| f.statement.clone()))
        }
        Some(f) => {
            let clients: BTreeSet<_> = findings.iter().flat_map(|f| f.clients.iter()).collect();
            format!(
                "{words}: {} attacked or scanned; most telling: {}",
                counted(clients.len() as u64, "client"),
                f.statement
            )
        }
        None => format!("{words}."),
    };
    Verdict { level, rule, sentence }
}

/// What would raise the level.
pub(super) fn would_raise(level: Level, findings: &[Finding], site: &Site<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    let lines = &site.totals.lines;
    if level == Level::Confirmed || lines.ok + lines.partial == 0 {
        return sentences;
    }
    let is_server = lines.outgoing < lines.lines;
    if is_server && site.options.manifest.is_none() {
        sentences.push(
            "A list of the files that belong on the server (--manifest) would tell planted files from the site's own."
                .to_owned(),
        );
    }
    if is_server && level >= Level::NoSign && site.totals.bytes_out == 0 {
        sentences
            .push("The sizes of answers would show whether an attack was answered with data.".to_owned());
    }
    let of_level = |f: &&Finding| f.level >= Level::Possible;
    let mut caveats: BTreeSet<&str> = BTreeSet::new();
    for finding in findings.iter().filter(of_level) {
        caveats.extend(finding.caveats.iter().map(String::as_str));
    }
    sentences.extend(caveats.into_iter().take(5).map(str::to_owned));
    if level == Level::Possible {
        sentences
            .push("A second effect of another kind by the same client would make it probable.".to_owned());
    }
    if lines.outgoing > 0 && site.options.indicators.is_empty() {
        sentences.push("A list of known bad hosts (--ioc) would tell a rare host from a bad one.".to_owned());
    }
    sentences
}

/// What to do now, most urgent first.
pub(super) fn do_now(level: Level, findings: &[Finding], site: &Site<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    // Those of the strongest findings first.
    let names = |f: &mut dyn Iterator<Item = &Finding>, internal: bool| -> Vec<String> {
        let mut strength: BTreeMap<ClientKey, (Level, Severity)> = BTreeMap::new();
        for finding in f {
            for client in accused(finding, site) {
                let mine = strength.entry(client).or_insert((finding.level, finding.severity));
                *mine = (*mine).max((finding.level, finding.severity));
            }
        }
        let is_wanted =
            |c: ClientKey| site.client(c).is_some_and(|(row, _)| (row.n_outgoing > 0) == internal);
        let mut clients: Vec<_> = strength.into_iter().filter(|(c, _)| is_wanted(*c)).collect();
        clients.sort_by_key(|(_, strength)| Reverse(*strength));
        clients.iter().map(|(c, _)| site.client_text(*c)).collect()
    };
    let is_worked = |f: &&Finding| f.level >= Level::Possible;
    let artefacts: BTreeSet<&str> = findings
        .iter()
        .filter(|f| f.meta.stage == Stage::Implant && is_worked(f) && f.severity >= Severity::Medium)
        .flat_map(|f| f.artefacts.iter().map(String::as_str))
        .collect();
    if !artefacts.is_empty() {
        let artefacts: Vec<&str> = artefacts.into_iter().collect();
        sentences.push(format!(
            "Copy the disk before anything else, then look for {} on it and in its backups: keep the file, its times and its owner.",
            list(&artefacts, 5)
        ));
    }
    let inside = names(&mut findings.iter().filter(|f| f.level >= Level::Probable), true);
    if !inside.is_empty() {
        sentences.push(format!(
            "Take {} off the network without switching it off, keep its memory, and install it anew.",
            list(&inside, 5)
        ));
    }
    let hosts: BTreeSet<&str> = findings
        .iter()
        .filter(|f| f.level >= Level::Probable || (is_worked(f) && f.clients.len() <= 3))
        .flat_map(|f| f.hosts.iter().map(String::as_str))
        .collect();
    if !hosts.is_empty() {
        let hosts: Vec<&str> = hosts.into_iter().collect();
        sentences.push(format!(
            "Block {} at the proxy and look for it in the name server's logs.",
            list(&hosts, 5)
        ));
    }
    let outside = names(
        &mut findings
            .iter()
            .filter(|f| f.severity >= Severity::Medium)
            .filter(|f| f.meta.stage != Stage::Exfiltration || f.level >= Level::Probable),
        false,
    );
    if !outside.is_empty() {
        sentences.push(format!("Block {} and look for the same addresses in other logs.", list(&outside, 5)));
    }
    let logins = || findings.iter().filter(|f| f.meta.stage == Stage::Access && is_worked(f));
    if let Some(first_us) = logins().map(|f| f.first_us).min() {
        let pages: BTreeSet<&str> = logins().flat_map(|f| f.pages.iter().map(String::as_str)).collect();
        let pages: Vec<&str> = pages.into_iter().collect();
        sentences.push(format!(
            "Change every password that opens {}, end all sessions, and look for accounts, keys and files that were added since {}.",
            list(&pages, 5),
            time(first_us)
        ));
    }
    let pages: BTreeSet<&str> = findings
        .iter()
        .filter(|f| f.meta.stage == Stage::Exploit && is_worked(f))
        .flat_map(|f| f.pages.iter().map(String::as_str))
        .collect();
    if !pages.is_empty() {
        let pages: Vec<&str> = pages.into_iter().collect();
        sentences.push(format!(
            "Close {} or patch what answers there, and change every password and key that the application can read.",
            list(&pages, 5)
        ));
    }
    if level >= Level::Possible {
        sentences.push(
            "Keep these logs and those of the database, the shell and the system from the same days."
                .to_owned(),
        );
    }
    sentences
}
