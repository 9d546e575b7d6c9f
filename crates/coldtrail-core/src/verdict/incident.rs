//! Findings that belong together: they share a client, an artefact, or a rare host or domain.
//!
//! An address behind which many people sit joins nothing; neither does the internet's background.

use super::lane::{Meetings, lane};
use super::{Incident, IncidentStage};
use crate::detect::{Finding, Host, Level, Severity, Site, Stage, list, registered_domain, stable_hash};
use crate::record::ClientKey;
use std::collections::{BTreeMap, BTreeSet};

/// Cap on the clients named, clients (`contract.md`).
const MAX_CLIENTS: usize = 1000;
/// A host that more clients talk to does not join their findings, clients.
const MAX_HOST_CLIENTS: usize = 50;

/// Sets that are joined; the root is the smallest member.
struct Joined(Vec<usize>);

impl Joined {
    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The incidents of findings that are sorted by first time, then id. Context (severity info) is no incident.
pub(super) fn incidents(findings: &[Finding], site: &Site<'_>) -> Vec<Incident> {
    let mut sets = Joined((0..findings.len()).collect());
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_client: BTreeMap<ClientKey, usize> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate().filter(|(_, f)| f.severity > Severity::Info) {
        let mut keys: Vec<String> = finding.artefacts.iter().map(|a| format!("artefact {a}")).collect();
        if finding.rule == "background" {
            keys.push("background".to_owned());
        } else {
            for client in finding.clients.iter().filter(|c| may_join(**c, site)) {
                let first = *by_client.entry(*client).or_insert(i);
                sets.join(first, i);
            }
            if finding.clients.len() <= MAX_HOST_CLIENTS && !is_habit(finding) {
                keys.extend(finding.hosts.iter().map(|h| format!("host {h}")));
                keys.extend(domains(finding, site).map(|d| format!("domain {d}")));
            }
        }
        for key in keys {
            let first = *by_key.entry(key).or_insert(i);
            sets.join(first, i);
        }
    }
    let mut members: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate().filter(|(_, f)| f.severity > Severity::Info) {
        members.entry(sets.root(i)).or_default().push(finding);
    }
    let meetings = Meetings::of(findings, site);
    let mut incidents: Vec<Incident> =
        members.into_values().map(|of| incident(&of, &meetings, site)).collect();
    incidents.sort_by(|a, b| {
        (a.first_us.is_none(), a.first_us, &a.id).cmp(&(b.first_us.is_none(), b.first_us, &b.id))
    });
    incidents
}

/// What many clients may do for reasons of their own: that two of them meet the same host says nothing of either.
fn is_habit(finding: &Finding) -> bool {
    finding.level < Level::Possible
        && matches!(finding.meta.id, "tunnel-shape" | "policy-evasion" | "dns-over-https")
}

/// The domains that were registered for what a finding says had an effect; a campaign changes its hosts below them.
fn domains<'f>(finding: &'f Finding, site: &'f Site<'_>) -> impl Iterator<Item = &'f str> {
    let hosts = finding.hosts.iter().filter(|_| finding.level >= Level::Possible);
    hosts.filter_map(|host| registered_domain(host)).filter(|domain| {
        let host = Host::new(domain.as_bytes(), site);
        !host.is_updater && !host.is_own && host.n_clients as usize <= MAX_HOST_CLIENTS
    })
}

/// A client joins unless it is the server itself, or an address with ordinary browsers behind it whose attacks are
/// less than a twentieth of its requests.
fn may_join(client: ClientKey, site: &Site<'_>) -> bool {
    if site.is_bystander(client) {
        return false;
    }
    site.client(client).is_none_or(|(row, linked)| {
        let odd = u64::from(row.n_attacks) + u64::from(linked.n_missing);
        !row.is_clean || row.n_outgoing > 0 || row.n_requests < 400 || odd * 20 >= u64::from(row.n_requests)
    })
}

/// What kind of evidence a detector has: two soft effects of one kind are one.
fn family(finding: &Finding) -> &'static str {
    match finding.meta.id {
        "attack-answered" | "response-size-jump" => "size",
        "web-shell" | "manifest-diff" => "artefact",
        "page-transfer" | "proxy-transfer" | "tunnel-page" => "transfer",
        id => id,
    }
}

/// The ladder over the findings of one incident, and the rule where no single finding decides.
pub(super) fn level_of(findings: &[&Finding]) -> (Level, Option<&'static str>) {
    let best = findings.iter().map(|f| f.level).max().unwrap_or(Level::NoAttack);
    let soft: BTreeSet<&str> =
        findings.iter().filter(|f| f.level == Level::Possible).map(|f| family(f)).collect();
    if best == Level::Possible && soft.len() >= 2 {
        return (Level::Probable, Some("two-soft-effects"));
    }
    (best, None)
}

fn incident(findings: &[&Finding], meetings: &Meetings, site: &Site<'_>) -> Incident {
    let (level, _) = level_of(findings);
    let mut severity = findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Info);
    let is_kept = |f: &&&Finding| {
        f.level >= Level::Possible
            && matches!(f.meta.stage, Stage::Implant | Stage::Exfiltration | Stage::Access)
    };
    if level == Level::Confirmed && findings.iter().any(|f| is_kept(&f)) {
        severity = Severity::Critical;
    } else if level >= Level::Probable {
        severity = severity.max(Severity::High);
    }
    let keys: BTreeSet<ClientKey> = findings.iter().flat_map(|f| f.clients.iter().copied()).collect();
    let clients: Vec<String> = keys.iter().take(MAX_CLIENTS).map(|c| site.client_text(*c)).collect();
    let artefacts: BTreeSet<String> = findings.iter().flat_map(|f| f.artefacts.iter().cloned()).collect();
    let mut stages: BTreeMap<Stage, IncidentStage> = BTreeMap::new();
    for f in findings {
        let stage = stages.entry(f.meta.stage).or_insert(IncidentStage {
            stage: f.meta.stage,
            first_us: None,
            last_us: None,
            n_requests: 0,
        });
        stage.first_us = [stage.first_us, f.first_us].into_iter().flatten().min();
        stage.last_us = [stage.last_us, f.last_us].into_iter().flatten().max();
        stage.n_requests += f.n_requests;
    }
    let strongest = strongest(findings.iter().copied());
    let names: Vec<&str> = stages.keys().map(|s| s.name()).collect();
    let who = list(&clients, 3);
    let statement = match strongest {
        Some(f) if let Some(lane) = lane(findings, meetings, site) => format!("{lane} {}", f.statement),
        Some(f) if findings.len() > 1 => format!("{who} ({}): {}", names.join(", "), f.statement),
        Some(f) => f.statement.clone(),
        None => String::new(),
    };
    let ids: Vec<String> = findings.iter().map(|f| f.id.clone()).collect();
    let mut parts: Vec<&str> = vec!["incident"];
    parts.extend(ids.iter().map(String::as_str));
    Incident {
        id: format!("{:016x}", stable_hash(&parts)),
        level,
        severity,
        n_clients: keys.len() as u64,
        clients,
        artefacts: artefacts.into_iter().collect(),
        first_us: stages.values().filter_map(|s| s.first_us).min(),
        last_us: stages.values().filter_map(|s| s.last_us).max(),
        stages: stages.into_values().collect(),
        findings: ids,
        statement,
    }
}

/// The finding that says most: by level, severity, stage (later is worse), requests, then the first.
pub(super) fn strongest<'f>(findings: impl Iterator<Item = &'f Finding>) -> Option<&'f Finding> {
    let weight = |f: &Finding| (f.level, f.severity, f.meta.stage, f.n_requests);
    findings.fold(None, |best: Option<&Finding>, f| match best {
        Some(b) if weight(b) >= weight(f) => best,
        _ => Some(f),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{T0, TestSite, to_host};
    use crate::detect::{Draft, by_id};

    fn finding(id: &str, level: Level, severity: Severity, client: &str, host: &str) -> Finding {
        let mut draft = Draft::new(format!("{client} {host}"));
        (draft.level, draft.severity) = (level, severity);
        draft.clients.insert(ClientKey::parse(client.as_bytes()));
        draft.hosts.insert(host.to_owned());
        draft.set_span(T0, T0 + 9);
        draft.finish(by_id(id).expect("a detector").meta())
    }

    #[test]
    fn victims_of_a_campaign_meet_at_its_domain() {
        let clients = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
        let site = TestSite::new(clients.map(|c| to_host(T0, c, "www.h.example", "/", 200)).to_vec());
        let site = site.site();
        let [a, b, c, d] = clients;
        let (beacon, habit) = ("beacon", "tunnel-shape");
        let findings = [
            finding(beacon, Level::Probable, Severity::High, a, "c1.evil.co.uk"),
            finding(beacon, Level::Probable, Severity::High, b, "c2.evil.co.uk"),
            // Not the same registrant, and what many do for reasons of their own.
            finding(beacon, Level::Probable, Severity::High, c, "other.co.uk"),
            finding(habit, Level::NoSign, Severity::Low, d, "other.co.uk"),
        ];
        let found = incidents(&findings, &site);
        let of: BTreeSet<Vec<String>> = found.iter().map(|i| i.clients.clone()).collect();
        let want = [vec![a, b], vec![c], vec![d]].map(|names| names.into_iter().map(str::to_owned).collect());
        assert_eq!(of, BTreeSet::from(want));
        let joined = found.iter().find(|i| i.n_clients == 2).expect("one of two");
        assert!(
            joined.statement.contains("; 1 more machine with such signs: 10.0.0.2"),
            "{}",
            joined.statement
        );
    }
}
