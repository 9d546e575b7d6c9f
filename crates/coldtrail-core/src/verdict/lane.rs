//! One internal machine's way from the first contact to what left by it, and who else met the same hosts.

use super::accused::{accused, contacts};
use crate::detect::{Finding, Level, Site, Stage, bytes, counted, list, time, time_s};
use crate::record::ClientKey;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Clients that are named of those who met the same hosts.
const MAX_NAMES: usize = 3;
/// A first contact that is so much earlier than what followed is told, seconds.
const MIN_LEAD_S: u32 = 60;
/// Clients beyond which a host is no sign of having been hit too, clients.
const MAX_HOST_CLIENTS: u32 = 50;

/// Who contacted the hosts of findings, by the hash of the host; only rare hosts of findings with an effect.
pub(super) struct Meetings(BTreeMap<u64, BTreeSet<ClientKey>>);

impl Meetings {
    pub(super) fn of(findings: &[Finding], site: &Site<'_>) -> Self {
        let hosts = findings.iter().filter(|f| has_effect(f)).flat_map(|f| &f.hosts);
        let hashes = hosts.map(|host| site.keys.host(host.as_bytes()));
        let is_rare = |hash: &u64| site.hosts.get(hash).is_some_and(|h| h.n_clients <= MAX_HOST_CLIENTS);
        let mut met: BTreeMap<u64, BTreeSet<ClientKey>> =
            hashes.filter(is_rare).map(|hash| (hash, BTreeSet::new())).collect();
        if !met.is_empty() {
            for row in site.partitions.iter().flat_map(|part| part.contacts.table.rows()) {
                if let Some(clients) = met.get_mut(&row.host) {
                    clients.insert(row.client);
                }
            }
        }
        Self(met)
    }

    /// All who contacted a host of these findings.
    fn clients(&self, findings: &[&Finding], site: &Site<'_>) -> BTreeSet<ClientKey> {
        let hosts = findings.iter().filter(|f| has_effect(f)).flat_map(|f| &f.hosts);
        let met = hosts.filter_map(|host| self.0.get(&site.keys.host(host.as_bytes())));
        met.flatten().copied().collect()
    }
}

fn has_effect(finding: &Finding) -> bool {
    finding.level >= Level::Possible
        && matches!(
            finding.meta.stage,
            Stage::Download | Stage::CommandAndControl | Stage::Exfiltration | Stage::LateralMovement
        )
}

/// The lane of the machine of an incident that was taken furthest; none if no machine of ours shows an effect, or all
/// there is to tell is one finding about it alone.
pub(super) fn lane(findings: &[&Finding], meetings: &Meetings, site: &Site<'_>) -> Option<String> {
    let is_inside = |client: &ClientKey| site.client(*client).is_some_and(|(row, _)| row.n_outgoing > 0);
    let mut of_client: BTreeMap<ClientKey, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| has_effect(f)) {
        for client in accused(finding, site).into_iter().filter(is_inside) {
            of_client.entry(client).or_default().push(finding);
        }
    }
    let weight = |of: &[&Finding]| {
        let stages: BTreeSet<Stage> = of.iter().map(|f| f.meta.stage).collect();
        let first_us = of.iter().filter_map(|f| f.first_us).min();
        (Reverse(stages.len()), Reverse(of.iter().map(|f| f.level).max()), first_us)
    };
    let (lead, told) = of_client.iter().min_by_key(|(client, of)| (weight(of), **client))?;
    let met = meetings.clients(findings, site);
    let others: Vec<ClientKey> = of_client.keys().copied().filter(|c| c != lead).collect();
    let bystanders: Vec<ClientKey> = met.into_iter().filter(|c| c != lead && !others.contains(c)).collect();
    if told.len() < 2 && others.is_empty() && bystanders.is_empty() {
        return None;
    }
    let mut clauses: Vec<String> = first_contact(*lead, told, site).into_iter().collect();
    clauses.extend(steps(told));
    let names = |clients: &[ClientKey]| {
        let names: Vec<String> = clients.iter().map(|c| site.client_text(*c)).collect();
        list(&names, MAX_NAMES)
    };
    let mut text = format!("{} {}", site.client_text(*lead), clauses.join(", then "));
    if !others.is_empty() {
        let n = counted(others.len() as u64, "more machine");
        text += &format!("; {n} with such signs: {}", names(&others));
    }
    if !bystanders.is_empty() {
        let n = counted(bystanders.len() as u64, "more client");
        text += &format!("; {n} contacted the same hosts without them: {}", names(&bystanders));
    }
    Some(text + ".")
}

/// The first contact with a host of the findings, where it came before what they tell.
fn first_contact(client: ClientKey, told: &[&Finding], site: &Site<'_>) -> Option<String> {
    let of = |f: &&Finding| {
        let f = *f;
        let rows = f.hosts.iter().flat_map(move |host| {
            let single =
                contacts(client, f, site).filter(move |row| row.host == site.keys.host(host.as_bytes()));
            single.map(move |row| (row.first_s, host.clone()))
        });
        rows.collect::<Vec<_>>()
    };
    let (first_s, host) = told.iter().flat_map(of).min()?;
    let next_us = told.iter().filter_map(|f| f.first_us).min()?;
    let is_earlier = i64::from(first_s.saturating_add(MIN_LEAD_S)) * 1_000_000 <= next_us;
    is_earlier.then(|| format!("first contacted {host} at {}", time_s(first_s)))
}

/// What each stage's surest finding tells, in the order of time.
fn steps(told: &[&Finding]) -> Vec<String> {
    let mut surest: BTreeMap<Stage, &Finding> = BTreeMap::new();
    for f in told {
        let key = |f: &Finding| (Reverse((f.level, f.severity)), f.first_us, f.id.clone());
        match surest.get(&f.meta.stage) {
            Some(best) if key(best) <= key(f) => {}
            _ => {
                surest.insert(f.meta.stage, f);
            }
        }
    }
    let mut steps: Vec<&Finding> = surest.into_values().collect();
    steps.sort_by_key(|f| (f.first_us.is_none(), f.first_us, f.meta.stage));
    steps.into_iter().map(step).collect()
}

fn step(f: &Finding) -> String {
    let hedge = match f.level {
        Level::Confirmed => "",
        Level::Probable => "probably ",
        _ => "perhaps ",
    };
    let since = time(f.first_us);
    let host = f.hosts.first().or(f.artefacts.first()).map_or("a host", String::as_str);
    match f.meta.stage {
        Stage::Download => {
            let what = f.artefacts.first().map_or(host, String::as_str);
            format!("fetched {what} ({hedge}malware) at {since}")
        }
        Stage::Exfiltration => {
            let size = f.bytes_in.filter(|n| *n > 0).or(f.bytes_out).map_or("data".to_owned(), bytes);
            format!("{hedge}moved {size} to or from {host} from {since}")
        }
        Stage::LateralMovement => format!("{hedge}scanned other hosts at {since}"),
        _ => format!("{hedge}reported to {host} from {since}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::by_id;
    use crate::detect::testing::{T0, TestSite, to_host};

    fn finding(id: &str, level: Level, after_s: i64, client: &str, host: &str) -> Finding {
        let mut draft = crate::detect::Draft::new(format!("{client} {host}"));
        draft.level = level;
        draft.clients.insert(ClientKey::parse(client.as_bytes()));
        draft.hosts.insert(host.to_owned());
        draft.first_us = Some((i64::from(T0) + after_s) * 1_000_000);
        draft.bytes_in = Some(2_000);
        draft.finish(by_id(id).expect("a detector").meta())
    }

    #[test]
    fn from_the_first_contact_to_what_left() {
        let site = TestSite::new(vec![
            to_host(T0, "10.0.0.1", "kit.example", "/", 200),
            to_host(T0 + 600, "10.0.0.1", "c2.example", "/", 200),
            to_host(T0 + 900, "10.0.0.1", "drop.example", "/", 200),
            to_host(T0 + 950, "10.0.0.2", "c2.example", "/", 200),
            to_host(T0 + 960, "10.0.0.3", "c2.example", "/", 200),
        ]);
        let (a, b) = ("10.0.0.1", "10.0.0.2");
        let all = [
            finding("beacon", Level::Probable, 600, a, "c2.example"),
            finding("download", Level::Possible, 300, a, "kit.example"),
            finding("proxy-transfer", Level::Possible, 900, a, "drop.example"),
            finding("post-channel", Level::Possible, 950, b, "c2.example"),
            finding("tunnel-shape", Level::NoSign, 0, "10.0.0.9", "drop.example"),
        ];
        let site = site.site();
        let meetings = Meetings::of(&all, &site);
        let told = lane(&all.iter().collect::<Vec<_>>(), &meetings, &site);
        assert_eq!(
            told.as_deref(),
            Some(
                "10.0.0.1 first contacted kit.example at 2020-01-01T12:00:00Z, then fetched kit.example (perhaps malware) \
                 at 2020-01-01T12:05:00Z, then probably reported to c2.example from 2020-01-01T12:10:00Z, then perhaps \
                 moved 2,000 bytes (1.9 KiB) to or from drop.example from 2020-01-01T12:15:00Z; 1 more machine with such signs: \
                 10.0.0.2; 1 more client contacted the same hosts without them: 10.0.0.3."
            )
        );
        let alone = finding("proxy-transfer", Level::Possible, 900, a, "drop.example");
        let meetings = Meetings::of(std::slice::from_ref(&alone), &site);
        assert_eq!(lane(&[&alone], &meetings, &site), None);
        assert_eq!(lane(&[&all[4]], &meetings, &site), None);
    }
}
