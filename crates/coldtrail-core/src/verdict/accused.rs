//! Whom a finding accuses, and when those were busy.

use crate::detect::{Finding, Severity, Site};
use crate::focus::Events;
use crate::record::ClientKey;
use crate::table::{ContactRow, Contacts, Selector};
use std::collections::{BTreeMap, BTreeSet};

/// The clients of a finding, without the server itself, and without those whom the proxy kept from what others of the
/// same finding got.
pub(super) fn accused(finding: &Finding, site: &Site<'_>) -> Vec<ClientKey> {
    let clients = || finding.clients.iter().copied().filter(|c| !site.is_bystander(*c));
    let reached: Vec<ClientKey> = clients().filter(|c| !is_refused(*c, finding, site)).collect();
    if reached.is_empty() { clients().collect() } else { reached }
}

/// All contacts of the client with the hosts of the finding were denied, or failed.
fn is_refused(client: ClientKey, finding: &Finding, site: &Site<'_>) -> bool {
    let mut contacts = contacts(client, finding, site).peekable();
    contacts.peek().is_some()
        && contacts.all(|row| row.n_denied.saturating_add(row.n_failed) >= row.n_requests)
}

pub(super) fn contacts<'s>(
    client: ClientKey,
    finding: &'s Finding,
    site: &'s Site<'_>,
) -> impl Iterator<Item = &'s ContactRow> {
    let table = &site.partitions[site.keys.client_partition(client)].contacts.table;
    finding.hosts.iter().filter_map(move |host| {
        let host = site.keys.host(host.as_bytes());
        table.get(Contacts::hash(client, host), (client, host))
    })
}

/// Those who attack or take part: accused by a finding of at least medium severity, or by one that is part of an
/// incident of that severity. And how many others there are: the internet's background, and contacts that were blocked.
pub(super) fn attackers(
    findings: &[Finding],
    severe: &BTreeSet<&str>,
    site: &Site<'_>,
) -> (BTreeSet<ClientKey>, u64) {
    let mut attackers: BTreeSet<ClientKey> = BTreeSet::new();
    let mut all: BTreeSet<ClientKey> = BTreeSet::new();
    for finding in findings.iter().filter(|f| f.severity >= Severity::Low) {
        all.extend(finding.clients.iter().copied().filter(|c| !site.is_bystander(*c)));
        if finding.severity >= Severity::Medium || severe.contains(finding.id.as_str()) {
            attackers.extend(accused(finding, site));
        }
    }
    let n_others = all.difference(&attackers).count() as u64;
    (attackers, n_others)
}

/// Requests of each client in twelve equal parts of the logs' time, as far as the findings rest on them: of several
/// lists that know the same requests, the longest counts.
pub(super) fn activity(
    clients: &BTreeSet<ClientKey>,
    findings: &[Finding],
    events: &Events,
    site: &Site<'_>,
) -> BTreeMap<ClientKey, [u64; 12]> {
    let mut all: BTreeMap<ClientKey, [u64; 12]> = BTreeMap::new();
    let Some((from_s, to_s)) = site.span_s() else { return all };
    let part = |ts_s: i64| {
        let at = (ts_s - from_s) * 12 / (to_s - from_s + 1).max(1);
        usize::try_from(at).ok().filter(|at| *at < 12)
    };
    let mut join = |list: BTreeMap<ClientKey, [u64; 12]>| {
        for (client, counts) in list {
            let mine = all.entry(client).or_default();
            mine.iter_mut().zip(counts).for_each(|(a, b)| *a = (*a).max(b));
        }
    };
    let lists = |selector: Selector| {
        let mut list: BTreeMap<ClientKey, [u64; 12]> = BTreeMap::new();
        for event in events.of(selector).iter().filter(|e| clients.contains(&e.client)) {
            if let Some(part) = part(event.ts_us.div_euclid(1_000_000)) {
                list.entry(event.client).or_default()[part] += 1;
            }
        }
        list
    };
    let pages: BTreeSet<u64> = findings.iter().map(|f| f.page).filter(|page| *page != 0).collect();
    let networks: BTreeSet<ClientKey> = clients.iter().map(|c| c.network()).collect();
    pages.into_iter().for_each(|page| join(lists(Selector::Page(page))));
    networks.into_iter().for_each(|network| join(lists(Selector::NetworkMisses(network))));
    for client in clients.iter().copied() {
        for selector in [Selector::Client, Selector::ClientAttacks, Selector::ClientMisses] {
            join(lists(selector(client)));
        }
        // One request or two are at the times that the table has.
        let Some((row, _)) = site.client(client).filter(|(row, _)| row.n_requests <= 2) else { continue };
        let mut counts = [0; 12];
        for ts_s in [row.first_s, row.last_s].into_iter().take(row.n_requests as usize) {
            if let Some(part) = part(i64::from(ts_s)) {
                counts[part] += 1;
            }
        }
        join(BTreeMap::from([(client, counts)]));
    }
    for finding in findings {
        let accused = accused(finding, site);
        for client in accused.iter().filter(|c| clients.contains(c)) {
            let mut counts = [0; 12];
            for ts_s in contacts(*client, finding, site).flat_map(|row| row.times.seconds()) {
                if let Some(part) = part(i64::from(*ts_s)) {
                    counts[part] += 1;
                }
            }
            // A finding that is over in one part needs no list.
            let ends = [finding.first_us, finding.last_us].map(|t| part(t?.div_euclid(1_000_000)));
            if let ([Some(first), Some(last)], [_]) = (ends, accused.as_slice()) {
                counts[first] = counts[first].max(if first == last { finding.n_requests } else { 0 });
            }
            join(BTreeMap::from([(*client, counts)]));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, event_of, to_host, to_server};
    use crate::detect::{Finding, registry};
    use crate::enrich::Indicators;
    use crate::enrich::attack::Class;
    use crate::verdict::{Judgement, Lists, conclude};

    const A: &str = "203.0.113.9";

    fn judge(site: &TestSite) -> Judgement {
        let findings: Vec<Finding> = registry().iter().flat_map(|d| site.run(*d)).collect();
        conclude(findings, &Lists::new(), &Events::new([]), &site.site())
    }

    fn names(judged: &Judgement) -> Vec<&str> {
        judged.answers.who.iter().map(|w| w.client.as_str()).collect()
    }

    #[test]
    fn who_was_blocked_is_neither_named_nor_taken_off_the_network() {
        let get = |client, status| to_host(T0, client, "bad.example", "/mal.exe", status).bytes(5000);
        let blocked = Request { denied: true, ..get("10.0.0.2", 403) };
        let mut site = TestSite::new(vec![get("10.0.0.1", 200), blocked]);
        site.options.indicators = Indicators::parse(b"bad[.]example\n", "feed.txt");
        let judged = judge(&site);
        assert_eq!(names(&judged), ["10.0.0.1"]);
        assert!(judged.answers.who[0].is_own);
        assert_eq!(judged.answers.n_background, 1);
        let off = judged.do_now.iter().find(|s| s.starts_with("Take ")).expect("one computer was reached");
        assert!(off.contains("10.0.0.1") && !off.contains("10.0.0.2"), "{off}");
        assert_eq!(judged.findings[0].clients.len(), 2, "the finding still says who asked");
    }

    #[test]
    fn single_probes_are_counted_and_not_named() {
        let probe = |client, i| to_server(T0 + i, client, "GET", "/.env", 404).attack(Class::Probe, 1, 3);
        let mut requests = vec![probe("192.0.2.1", 0), probe("192.0.2.2", 5000), probe("192.0.2.3", 9000)];
        requests.extend(
            (0..30).map(|i| {
                to_server(T0 + i, A, "GET", format!("/p.php?id={i}'"), 404).attack(Class::Sqli, 1, 3)
            }),
        );
        let judged = judge(&TestSite::new(requests));
        assert_eq!((names(&judged), judged.answers.n_background), (vec![A], 3));
        assert!(!judged.answers.who[0].is_own);
    }

    #[test]
    fn bars_are_of_the_events_and_of_the_contacts() {
        let mut requests: Vec<Request> =
            (0..24).map(|h| to_server(T0 + h * 3600, A, "GET", "/", 200)).collect();
        requests.extend((0..3).map(|i| to_host(T0 + 7200 + i, "10.0.0.1", "bad.example", "/", 200)));
        let site = TestSite::new(requests);
        let key = |text: &str| ClientKey::parse(text.as_bytes());
        let mut events =
            Events::new([(Selector::Client(key(A)), 100), (Selector::ClientMisses(key(A)), 100)]);
        for (i, selector) in [
            (0, Selector::Client(key(A))),
            (23, Selector::Client(key(A))),
            (12, Selector::ClientMisses(key(A))),
        ] {
            let list = events.list_of(selector).expect("it is wanted");
            events.add(list, event_of(&site, i));
        }
        events.settle();
        let mut draft = crate::detect::Draft::new("contact");
        draft.clients = [key("10.0.0.1")].into();
        draft.hosts = ["bad.example".to_owned()].into();
        let finding = draft.finish(registry()[0].meta());
        let mut short = crate::detect::Draft::new("short");
        short.clients = [key("192.0.2.9")].into();
        short.set_span(T0 + 80_000, T0 + 80_500);
        short.n_requests = 40;
        let findings = [finding, short.finish(registry()[0].meta())];
        let clients = [key(A), key("10.0.0.1"), key("192.0.2.9")].into();
        let all = activity(&clients, &findings, &events, &site.site());
        assert_eq!(all[&key(A)], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(all[&key("10.0.0.1")], [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(all[&key("192.0.2.9")], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40]);
    }
}
