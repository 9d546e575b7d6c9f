//! What to look for elsewhere: addresses of strangers who attacked, hosts that were contacted, files that were left.
//! Ids of formats follow from what they name, so that an importer sees the same thing twice as one.

use crate::answers::nothing_read;
use coldtrail_core::detect::{Finding, Level, Severity, Stage};
use coldtrail_core::verdict::{Report, Who};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use uuid::Uuid;

/// The namespace of ids: a UUID drawn once.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_1b7e_6f5d_4a53_9d0e_2c1f_7e84_b36a);

/// What an indicator is seen by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Observable {
    Address(IpAddr),
    Domain(String),
    Url(String),
    /// A path on the server that was attacked.
    Path(String),
}

/// Why an observable is on the list.
pub(crate) struct Reason<'r> {
    pub(crate) level: Level,
    /// Only named in payloads: nobody was seen to contact it.
    pub(crate) is_only_named: bool,
    /// It came to us, and was not gone to.
    pub(crate) is_attacker: bool,
    pub(crate) findings: Vec<&'r Finding>,
    pub(crate) stages: BTreeSet<Stage>,
    pub(crate) first_us: Option<i64>,
}

/// How an observable came into a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Attacker,
    Contacted,
    Named,
}

impl Observable {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Domain(text) | Self::Url(text) | Self::Path(text) => text.clone(),
        }
    }
}

/// The same for the same name.
pub(crate) fn uuid(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind} {name}").as_bytes())
}

/// Strangers who attacked, hosts that were contacted, and what was left behind.
pub(crate) fn indicators(report: &Report) -> BTreeMap<Observable, Reason<'_>> {
    if nothing_read(report) {
        return BTreeMap::new();
    }
    let who: BTreeMap<&str, &Who> =
        report.answers.who.iter().filter(|w| !w.is_own).map(|w| (w.client.as_str(), w)).collect();
    let mut all: BTreeMap<Observable, Reason<'_>> = BTreeMap::new();
    for f in report.findings.iter().filter(|f| f.severity >= Severity::Low) {
        let mut note = |observable, first_us: Option<i64>, seen: Seen| {
            let reason = all.entry(observable).or_insert_with(|| Reason {
                level: f.level,
                is_only_named: seen == Seen::Named,
                is_attacker: seen == Seen::Attacker,
                findings: Vec::new(),
                stages: BTreeSet::new(),
                first_us,
            });
            reason.level = reason.level.max(f.level);
            reason.is_only_named &= seen == Seen::Named;
            reason.is_attacker |= seen == Seen::Attacker;
            reason.findings.push(f);
            reason.stages.insert(f.meta.stage);
            reason.first_us = [reason.first_us, first_us].into_iter().flatten().min();
        };
        for client in &f.clients {
            let text = report.client_text(*client);
            if let (Some(who), Some(ip)) = (who.get(text.as_str()), client.ip()) {
                note(Observable::Address(ip), who.first_us, Seen::Attacker);
            }
        }
        // An effect is needed before a host or a path is called bad: a scan names half of the site.
        if f.level < Level::Possible || f.severity < Severity::Medium {
            continue;
        }
        let host = |text: &String| {
            text.parse().map_or_else(|_| Observable::Domain(text.clone()), Observable::Address)
        };
        for h in &f.hosts {
            note(host(h), f.first_us, Seen::Contacted);
        }
        for h in &f.callback_hosts {
            note(host(h), f.first_us, Seen::Named);
        }
        for artefact in &f.artefacts {
            let observable = if artefact.contains("://") { Observable::Url } else { Observable::Path };
            note(observable(artefact.clone()), f.first_us, Seen::Contacted);
        }
    }
    all
}
