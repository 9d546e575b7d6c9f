//! # Scans for what is not there (`scan`)
//! ## Finds
//! A client, a network or a program that asked for many paths that nobody was ever given.
//! ## Why it matters
//! A scan is how an attacker learns which software runs here; it names the address before the attack that
//! works.
//! ## Decides
//! U = distinct paths asked for; L = those of them refused (4xx, 5xx) to the actor and never given to
//! anybody; P = those in the vocabulary of scanners. Evidence E = U * KL(L/U || 0.05) + 1.5 * P - 6 (the 6
//! only where more than half of the requests carry a referrer; then missing pictures, styles, scripts and
//! fonts are left out of U and L: a page's broken links), in nats. A scan: E >= 15 and L >= 5 and (P >= 3, or
//! L >= 30 and L >= U / 2). Asked under three keys: address, network (/24 or /48), and user agent with method;
//! the last two without clients that had a browser's session, from 3 clients on, only where half of the
//! group's clients missed something and no single address explains it; an agent only with 3 missing paths a
//! client, 200 in all, or all within a day or a tenth of the log: common tools have the same agent
//! everywhere. Where 5 names of that vocabulary were answered with one size on a host, or with redirects only, that
//! answer counts as refused (redirects only of such names).
//! ## Parameters
//! - `base_share` | 0.05 | share | 0.01-0.2 | dead links of honest crawlers reach 13 %; fixed, because a
//!   share learnt from the log is poisoned by the scan itself (secrepo 2022: learnt 0.34, evidence 0)
//! - `min_evidence` | 15 | nats | 5-50 | 1 alarm, true, on 1,753 addresses of a public Apache log
//! - `min_missing` | 5 | paths | 3-50 | below, typing errors
//! - `min_probes` | 3 | paths | 1-10 | MJ12bot with 10 dead links has evidence 20 and 1 probe
//! - `many_missing` | 30 | paths | 10-500 | enough without any known word, with half of all paths missing
//! - `min_group` | 3 | clients | 2-100 | a group of two is two addresses
//! - `dominance` | 0.7 | share | 0.5-1 | one address with this share of a group's missing paths is the
//!   finding
//! ## ATT&CK
//! Reconnaissance: T1595.002 vulnerability scanning, T1595.003 wordlist scanning (ATT&CK v17)
//! ## False positives
//! A crawler on a site that was moved: paths that were once real and no known probes among them. Own
//! monitoring of a removed service: one path, not many.
//! ## Misses
//! Scans of pages that all exist; servers that answer whatever is asked with 200 and a page that differs each time.
//! Without status codes it is blind.
//! ## Cost
//! None beyond the pairs of client and page; at most 64 lines an actor in the second pass.
//! ## Sources
//! Kullback and Leibler, On Information and Sufficiency, 1951; CrowdSec hub `http-probing` for the peer's
//! rule.

use crate::detect::actor::is_outgoing;
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, LinkedClient, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, quote, span};
use crate::enrich::{PageKind, kind_of};
use crate::record::ClientKey;
use crate::table::{ClientRow, Event, PairRow, Partition, Selector, merged};
use std::collections::BTreeMap;

/// Lines kept of one actor, lines.
const MAX_EVENTS: usize = 64;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) base_share: f64,
    pub(crate) min_evidence: f64,
    pub(crate) min_missing: u32,
    pub(crate) min_probes: u32,
    pub(crate) many_missing: u32,
    pub(crate) min_group: usize,
    pub(crate) dominance: f64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        base_share: 0.05,
        min_evidence: 15.0,
        min_missing: 5,
        min_probes: 3,
        many_missing: 30,
        min_group: 3,
        dominance: 0.7,
    };
}

pub(in crate::detect) struct Scan(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "scan",
    title: "Scans for what is not there",
    stage: Stage::Reconnaissance,
    techniques: &["T1595.002", "T1595.003"],
    since: "0.1.0",
    needs: &["client_ip", "url_path", "status_code"],
    doc: header!(include_str!("scan.rs")),
};

/// What an actor did, under any key.
struct Actor {
    linked: LinkedClient,
    n_requests: u64,
    is_referred: bool,
}

impl Scan {
    fn evidence(&self, actor: &Actor) -> f64 {
        let (u, l) = (f64::from(actor.linked.n_pages), f64::from(actor.linked.n_missing));
        if u == 0.0 {
            return 0.0;
        }
        let (a, b) = ((l / u).min(1.0 - 1e-12), self.0.base_share);
        let kl =
            if a > b { a * libm::log(a / b) + (1.0 - a) * libm::log((1.0 - a) / (1.0 - b)) } else { 0.0 };
        u * kl + 1.5 * f64::from(actor.linked.n_probes) - if actor.is_referred { 6.0 } else { 0.0 }
    }

    fn is_scan(&self, actor: &Actor) -> bool {
        let (p, linked) = (&self.0, actor.linked);
        linked.n_missing >= p.min_missing
            && (linked.n_probes >= p.min_probes
                || (linked.n_missing >= p.many_missing && linked.n_missing >= linked.n_pages / 2))
            && self.evidence(actor) >= p.min_evidence
    }

    fn suspect_of(
        &self,
        subject: String,
        who: &str,
        actor: &Actor,
        span_s: [u32; 2],
        clients: impl IntoIterator<Item = ClientKey>,
        wants: Selector,
    ) -> Suspect {
        let evidence = self.evidence(actor);
        let mut draft = Draft::new(subject);
        draft.severity = Severity::Medium;
        draft.rule = "scan";
        draft.clients = clients.into_iter().collect();
        draft.n_requests = actor.n_requests;
        draft.set_span(span_s[0], span_s[1]);
        draft.number("n_pages", actor.linked.n_pages);
        draft.number("n_missing", actor.linked.n_missing);
        draft.number("n_probes", actor.linked.n_probes);
        draft.number("evidence", evidence);
        draft.number("min_evidence", self.0.min_evidence);
        draft.number("base_share", self.0.base_share);
        draft.statement = format!(
            "{who} asked for {}{}; {} of them were refused and never given to anybody, {} are names that scanners \
             try: a scan (evidence {evidence:.0}, {:.0} suffices).",
            counted(u64::from(actor.linked.n_pages), "distinct path"),
            span(draft.first_us, draft.last_us),
            count(u64::from(actor.linked.n_missing)),
            count(u64::from(actor.linked.n_probes)),
            self.0.min_evidence,
        );
        Suspect { rank: evidence.clamp(0.0, 1e15) as u64, wants: vec![(wants, MAX_EVENTS)], draft }
    }

    /// What counts of an actor: where most of its requests carry a referrer, a page may have made it ask for its
    /// pictures, styles, scripts and fonts; those that are missing are left out.
    fn actor<'p, P: Iterator<Item = &'p PairRow>>(
        &self,
        linked: LinkedClient,
        n_requests: u64,
        n_referrer: u64,
        pairs: impl Fn() -> P,
        site: &Site<'_>,
    ) -> Actor {
        let is_referred = n_referrer > n_requests / 2;
        let mut actor = Actor { linked, n_requests, is_referred };
        if is_referred && self.is_scan(&actor) {
            let is_broken_link = |page: u64| {
                site.page(page)
                    .is_some_and(|p| !p.is_probe && kind_of(site.page_text(p).1) == PageKind::Asset)
            };
            let mut broken: Vec<u64> = pairs()
                .filter(|p| p.bits & PairRow::MISSING != 0)
                .map(|p| p.page)
                .filter(|p| is_broken_link(*p))
                .collect();
            broken.sort_unstable();
            broken.dedup();
            let n = broken.len() as u32;
            actor.linked.n_pages -= n.min(linked.n_pages);
            actor.linked.n_missing -= n.min(linked.n_missing);
        }
        actor
    }

    fn addresses(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for ((i, row), linked) in (0u32..).zip(part.clients.table.rows()).zip(&site.linked[index]) {
            let (n_requests, n_referrer) = (row.n_requests.into(), row.n_referrer.into());
            let actor = self.actor(*linked, n_requests, n_referrer, || site.pairs_of(index, i).iter(), site);
            if self.is_scan(&actor) && !is_outgoing(row) && site.may_accuse(row) {
                let who = part.clients.text(row.client);
                suspects.push(self.suspect_of(
                    format!("client {who}"),
                    &who,
                    &actor,
                    [row.first_s, row.last_s],
                    [row.client],
                    Selector::ClientMisses(row.client),
                ));
            }
        }
        suspects
    }

    fn networks(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let rows = part.clients.table.rows();
        let linked = &site.linked[index];
        let mut members: Vec<(ClientKey, u32)> = (0u32..)
            .zip(rows)
            .filter(|(i, row)| {
                !row.is_clean
                    && !row.client.is_name()
                    && linked[*i as usize].n_missing > 0
                    && !is_outgoing(row)
            })
            .filter(|(_, row)| site.may_accuse(row))
            .map(|(i, row)| (row.client.network(), i))
            .collect();
        members.sort_unstable();
        let mut groups: Vec<&[(ClientKey, u32)]> = members
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|m| {
                let n_missing: u32 = m.iter().map(|m| linked[m.1 as usize].n_missing).sum();
                m.len() >= self.0.min_group && n_missing >= self.0.min_missing
            })
            .collect();
        let mut n_of: BTreeMap<ClientKey, usize> = groups.iter().map(|m| (m[0].0, 0)).collect();
        if !groups.is_empty() {
            for row in rows.iter().filter(|r| !r.is_clean) {
                if let Some(n) = n_of.get_mut(&row.client.network()) {
                    *n += 1;
                }
            }
        }
        groups.retain(|m| m.len() * 2 >= n_of[&m[0].0]);
        let mut suspects = Vec::new();
        for members in groups {
            let pairs = || members.iter().flat_map(|m| site.pairs_of(index, m.1));
            let sum_of =
                |n: fn(&ClientRow) -> u32| members.iter().map(|m| u64::from(n(&rows[m.1 as usize]))).sum();
            let (n_requests, n_referrer) = (sum_of(|r| r.n_requests), sum_of(|r| r.n_referrer));
            let actor = self.actor(LinkedClient::of_all(pairs()), n_requests, n_referrer, pairs, site);
            let best = members.iter().map(|m| linked[m.1 as usize].n_missing).max().unwrap_or(0);
            if !self.is_scan(&actor) || self.is_dominated(&actor, best) {
                continue;
            }
            let first = members.iter().map(|m| rows[m.1 as usize].first_s).min().unwrap_or(u32::MAX);
            let last = members.iter().map(|m| rows[m.1 as usize].last_s).max().unwrap_or(0);
            let network = members[0].0;
            let name = network.network_text().unwrap_or_default();
            suspects.push(self.suspect_of(
                format!("network {name}"),
                &format!("{} addresses of {name} together", members.len()),
                &actor,
                [first, last],
                members.iter().map(|m| rows[m.1 as usize].client),
                Selector::NetworkMisses(network),
            ));
        }
        suspects
    }

    fn agents(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for group in &site.agent_groups[index] {
            let actor = Actor {
                linked: group.linked,
                n_requests: group.n_requests,
                is_referred: group.n_referrer > group.n_requests / 2,
            };
            if (group.n_clients as usize) < self.0.min_group || !self.is_scan(&actor) {
                continue;
            }
            let contributors: Vec<(ClientKey, u32)> = group
                .clients
                .iter()
                .filter_map(|c| Some((*c, site.client(*c)?)))
                .filter(|(c, (row, linked))| {
                    linked.n_missing > 0 && !is_outgoing(row) && !site.is_bystander(*c)
                })
                .map(|(c, (_, linked))| (c, linked.n_missing))
                .collect();
            let best = contributors.iter().map(|c| c.1).max().unwrap_or(0);
            let is_popular = contributors.len() * 2 < group.clients.len();
            if contributors.len() < self.0.min_group || is_popular || self.is_dominated(&actor, best) {
                continue;
            }
            let span = [group.first_s, group.last_s];
            if !site.is_together(actor.linked.n_missing.into(), group.n_clients, span) {
                continue;
            }
            let Some(row) = part.agents.table.get(group.agent, group.agent) else { continue };
            let (method, agent) = part.agents.text(row);
            // What is no HTTP has neither; that makes nobody a group.
            if method.is_empty() {
                continue;
            }
            let agent = if agent.is_empty() || agent == b"-" {
                "without a user agent".to_owned()
            } else {
                format!("as {}", quote(agent, 80))
            };
            let method = quote(method, 16);
            let mut suspect = self.suspect_of(
                format!("agent {method} {agent}"),
                &format!("{} clients that sent {method} {agent} together", count(group.n_clients)),
                &actor,
                span,
                contributors.iter().map(|c| c.0),
                Selector::AgentMisses(group.agent),
            );
            suspect.draft.number("n_clients", group.n_clients);
            suspects.push(suspect);
        }
        suspects
    }

    /// One address explains the group: it is found under its own name.
    fn is_dominated(&self, group: &Actor, best_missing: u32) -> bool {
        f64::from(best_missing) >= self.0.dominance * f64::from(group.linked.n_missing)
    }
}

impl Detector for Scan {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = self.addresses(index, part, site);
        suspects.extend(self.networks(index, part, site));
        suspects.extend(self.agents(index, part, site));
        if index == 0 {
            suspects.extend(self.background(site));
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let is_probe = |e: &&Event| site.page(e.page).is_some_and(|p| p.is_probe);
        for event in events.iter().filter(is_probe).take(3).chain(events.iter().take(3)) {
            draft.show(event);
        }
        for event in events.iter().filter(is_probe).take(10) {
            if let Some(page) = site.page(event.page) {
                draft.pages.insert(site.page_name(page));
            }
        }
        let is_soft = |e: &Event| site.page(e.page).is_some_and(|p| p.is_soft_missing);
        if events.iter().any(is_soft) {
            draft.caveats.push(
                "This server answers what is not there with success or a redirect, the same for all names; that counts as \
                 refused."
                    .to_owned(),
            );
        }
        vec![draft.finish(&META)]
    }
}

impl Scan {
    /// Clients that sent a few requests that scanners try, and nothing more: the internet's background, one line for all.
    fn background(&self, site: &Site<'_>) -> Option<Suspect> {
        let mut draft = Draft::new("background probes");
        let (mut first, mut last) = (u32::MAX, 0);
        let mut probes = 0u64;
        let mut n_clients = 0u64;
        for (index, part) in site.partitions.iter().enumerate() {
            for ((i, row), linked) in (0u32..).zip(part.clients.table.rows()).zip(&site.linked[index]) {
                if linked.n_probes == 0 || row.is_clean || row.n_attacks > 0 || is_outgoing(row) {
                    continue;
                }
                let (n_requests, n_referrer) = (row.n_requests.into(), row.n_referrer.into());
                let pairs = || site.pairs_of(index, i).iter();
                let actor = self.actor(*linked, n_requests, n_referrer, pairs, site);
                if self.is_scan(&actor) || !site.may_accuse(row) {
                    continue;
                }
                n_clients += 1;
                probes += u64::from(linked.n_probes);
                (first, last) = (first.min(row.first_s), last.max(row.last_s));
                draft.clients.insert(row.client);
                if draft.clients.len() > Draft::MAX_CLIENTS {
                    draft.clients.pop_last();
                }
            }
        }
        let wants = draft.clients.iter().take(3).map(|c| (Selector::ClientMisses(*c), 4)).collect();
        draft.severity = Severity::Low;
        draft.rule = "background";
        draft.n_requests = probes;
        draft.set_span(first, last);
        draft.number("n_clients", n_clients);
        draft.number("n_probes", probes);
        draft.statement = format!(
            "{} sent a few requests that scanners try ({} in all){} and were refused: the internet's background.",
            counted(n_clients, "client"),
            counted(probes, "path"),
            span(draft.first_us, draft.last_us),
        );
        (n_clients > 0).then_some(Suspect { rank: 0, wants, draft })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};

    fn probes(client: &'static str, names: std::ops::Range<u32>) -> impl Iterator<Item = Request> {
        names.map(move |i| to_server(T0 + i * 60, client, "HEAD", format!("/backup-{i}.zip"), 404).probing())
    }

    fn check(requests: Vec<Request>, want: &[&str]) {
        let found = TestSite::new(requests).run(&Scan(Params::DEFAULT));
        let found: Vec<&str> =
            found.iter().filter(|f| f.severity >= Severity::Medium).map(|f| f.subject.as_str()).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn one_address_however_slow() {
        check(probes("203.0.113.9", 0..8).collect(), &["client 203.0.113.9"]);
        let site = TestSite::new(probes("203.0.113.9", 0..8).collect());
        let found = site.run(&Scan(Params::DEFAULT));
        assert_eq!((found[0].n_requests, found[0].evidence.len()), (8, 3));
        assert!(found[0].statement.contains("8 distinct paths"), "{}", found[0].statement);
    }

    #[test]
    fn a_scan_spread_over_many_addresses() {
        let same_net = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"];
        let spread = (0u32..).zip(same_net).flat_map(|(i, c)| probes(c, i * 3..i * 3 + 3)).collect();
        let agent = "agent HEAD as test/1.0";
        check(spread, &[agent, "network 198.51.100.0/24"]);
        let far = ["198.51.100.1", "203.0.113.2", "192.0.2.3", "8.8.8.4"];
        let spread = (0u32..).zip(far).flat_map(|(i, c)| probes(c, i * 3..i * 3 + 3)).collect();
        check(spread, &[agent]);
    }

    #[test]
    fn one_dominating_address_is_not_said_twice() {
        let mut requests: Vec<Request> = probes("198.51.100.1", 0..40).collect();
        requests.extend(probes("198.51.100.2", 0..1).chain(probes("198.51.100.3", 1..2)));
        check(requests, &["client 198.51.100.1"]);
    }

    #[test]
    fn dead_links_of_a_crawler_and_the_server_itself_are_none() {
        let crawl = (0..100).map(|i| {
            to_server(T0 + i, "66.249.66.1", "GET", format!("/p{i}"), if i % 10 == 0 { 404 } else { 200 })
        });
        check(crawl.collect(), &[]);
        let mut own: Vec<Request> = probes("::1", 0..20).collect();
        own.push(to_server(T0, "203.0.113.9", "GET", "/", 200));
        check(own, &[]);
        check(probes("127.0.0.2", 0..20).collect(), &["client 127.0.0.2"]);
    }

    #[test]
    fn single_probes_are_one_line() {
        let requests = probes("203.0.113.9", 0..1).chain(probes("198.51.100.9", 1..3)).collect();
        let found = TestSite::new(requests).run(&Scan(Params::DEFAULT));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].clients.len(), found[0].n_requests), (Severity::Low, 2, 3));
    }
}
