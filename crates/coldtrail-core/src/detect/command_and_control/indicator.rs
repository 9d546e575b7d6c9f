//! # Contacts with known bad hosts (`indicator`)
//! ## Finds
//! Traffic with an address, a name, a URL or a user agent of the lists given by `--ioc`: who, when, how
//! often, delivered or blocked.
//! ## Why it matters
//! Somebody else has already seen this host do harm.
//! ## Decides
//! Exact: a name and the names below it, an address or a range, a URL by host and path (the query is no
//! part; a path that ends in `/` or `*` stands for all below). Contacted hosts, pages with a host, and the
//! clients of a server's log are looked up. Through a proxy, delivered (2xx): probable, or possible where the
//! list itself doubts it (confidence below 50 of 100, revoked, not meant for detection, expired before the
//! first contact); only refused or unanswered: low. A listed client that came to the server: low, for coming is no break-in.
//! A user agent, whole or by the part that a rule names, that a client inside sends: possible, for agents are
//! cheap to choose; with a doubt where more than a tenth of the clients (of at least 20) send it. A listed
//! page of our own server, known to the list by host and path, that was answered: possible.
//! ## Parameters
//! None: the lists decide.
//! ## ATT&CK
//! Command and control: T1071.001 web protocols, T1105 ingress tool transfer (ATT&CK v17)
//! ## False positives
//! Lists age: a shared host or a sinkhole that was bad once; the entry's date and source tell.
//! ## Misses
//! Names behind CONNECT to an address, hosts that the list does not know, hashes of files (never in these
//! logs), rules of Yara. Pages of our own server where its log does not name the host.
//! ## Cost
//! One look-up a client, a host, an agent and a page with a host; at most 100 lines each for 8 of them.
//! ## Sources
//! The formats of STIX 2.1, MISP, OpenIOC 1.1, abuse.ch, OTX, Suricata and Snort; their conventions for
//! defanged text.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, quote, span, time};
use crate::enrich::{Indicator as Listed, IndicatorKind};
use crate::record::Role;
use crate::table::{Event, Partition, Selector, StatusClass, merged};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const MAX_EVENTS: usize = 100;
/// Keys of one indicator whose lines are kept, keys.
const MAX_KEYS: usize = 8;
/// Share of the clients beyond which an agent tells nothing, of at least so many clients.
const COMMON_SHARE: u64 = 10;
const MIN_CLIENTS: u64 = 20;

pub(in crate::detect) struct Indicator;

static META: Meta = Meta {
    id: "indicator",
    title: "Contacts with known bad hosts",
    stage: Stage::CommandAndControl,
    techniques: &["T1071.001", "T1105"],
    since: "0.1.0",
    needs: &["client_ip", "host"],
    doc: header!(include_str!("indicator.rs")),
};

/// What was seen of one indicator.
struct Seen {
    draft: Draft,
    keys: BTreeSet<Selector>,
    n_delivered: u64,
    n_refused: u64,
    /// Visits of a listed client to a server.
    n_visits: u64,
    /// Pages of our own server.
    is_own: bool,
    first_s: u32,
    last_s: u32,
    bytes: u64,
}

impl Seen {
    fn new(listed: &Listed) -> Self {
        Self {
            draft: Draft::new(format!("indicator {}", listed.text)),
            keys: BTreeSet::new(),
            n_delivered: 0,
            n_refused: 0,
            n_visits: 0,
            is_own: false,
            first_s: u32::MAX,
            last_s: 0,
            bytes: 0,
        }
    }

    fn between(&mut self, first_s: u32, last_s: u32) {
        self.first_s = self.first_s.min(first_s);
        self.last_s = self.last_s.max(last_s);
    }

    fn want(&mut self, selector: Selector) {
        if self.keys.len() < MAX_KEYS {
            self.keys.insert(selector);
        }
    }
}

fn seen<'s>(all: &'s mut BTreeMap<u32, Seen>, index: u32, site: &Site<'_>) -> Option<&'s mut Seen> {
    let listed = site.options.indicators.get(index)?;
    Some(all.entry(index).or_insert_with(|| Seen::new(listed)))
}

/// Everything that the tables know of the indicators.
fn search(site: &Site<'_>) -> BTreeMap<u32, Seen> {
    let indicators = &site.options.indicators;
    let mut all: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut known: HashMap<u64, Option<u32>> = HashMap::new();
    for part in site.partitions {
        for row in part.contacts.table.rows() {
            let text = part.contacts.text(row);
            let index = *known.entry(row.host).or_insert_with(|| indicators.host(text));
            let Some(seen) = index.and_then(|i| seen(&mut all, i, site)) else { continue };
            let refused = u64::from(row.n_denied) + u64::from(row.n_failed);
            seen.n_refused += refused;
            seen.n_delivered += u64::from(row.n_requests).saturating_sub(refused);
            seen.bytes = seen.bytes.saturating_add(row.bytes_down);
            seen.draft.clients.insert(row.client);
            seen.draft.hosts.insert(quote(text, 255));
            seen.between(row.first_s, row.last_s);
            seen.want(Selector::Host(row.host));
        }
        for row in part.clients.table.rows() {
            // Of a proxy's log the clients are our own: a list that names one of them says nothing of its visits.
            let n_visits = u64::from(row.n_requests).saturating_sub(u64::from(row.n_outgoing));
            let index = if n_visits > 0 { indicators.client(row.client) } else { None };
            let Some(seen) = index.and_then(|i| seen(&mut all, i, site)) else { continue };
            seen.n_visits += n_visits;
            seen.bytes = seen.bytes.saturating_add(row.bytes_out);
            seen.draft.clients.insert(row.client);
            seen.between(row.first_s, row.last_s);
            seen.want(Selector::Client(row.client));
        }
        if !indicators.has_urls() {
            continue;
        }
        for row in part.pages.table.rows() {
            let (host, path) = part.pages.text(row);
            let index = if host.is_empty() { None } else { indicators.url(host, path) };
            let Some(seen) = index.and_then(|i| seen(&mut all, i, site)) else { continue };
            // A page of our own server is not contacted but given.
            seen.is_own |= row.n_outgoing == 0;
            let delivered =
                u64::from(row.span(StatusClass::Ok).n) + u64::from(row.span(StatusClass::NotModified).n);
            seen.n_delivered += delivered;
            seen.n_refused += row.n_requests() - delivered;
            seen.bytes = seen.bytes.saturating_add(row.bytes_out);
            seen.draft.hosts.insert(quote(host, 255));
            seen.draft.pages.insert(site.page_name(row));
            seen.between(row.first_s(), row.last_s());
            seen.want(Selector::Page(row.hash));
        }
    }
    agents(site, &mut all);
    all
}

/// What the tables know of listed user agents.
fn agents(site: &Site<'_>, all: &mut BTreeMap<u32, Seen>) {
    let Some(listed) = site.options.indicators.agents() else { return };
    let mut found: HashMap<u64, u32> = HashMap::new();
    for part in site.partitions {
        for row in part.agents.table.rows() {
            if let Some(index) = listed.find(part.agents.text(row).1) {
                found.insert(row.hash, index);
            }
        }
    }
    for part in site.partitions {
        for usage in part.clients.uses() {
            let index = found.get(&usage.agent).copied();
            let Some(seen) = index.and_then(|i| seen(all, i, site)) else { continue };
            let row = part.clients.table.row(usage.client);
            if row.n_outgoing > 0 {
                seen.n_delivered += u64::from(usage.n_requests);
            } else {
                seen.n_visits += u64::from(usage.n_requests);
            }
            seen.draft.clients.insert(row.client);
            seen.between(row.first_s, row.last_s);
            seen.want(Selector::Agent(usage.agent));
        }
    }
}

impl Detector for Indicator {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, _part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        if index != 0 || site.options.indicators.is_empty() {
            return Vec::new();
        }
        let mut suspects = Vec::new();
        for (index, mut seen) in search(site) {
            let Some(listed) = site.options.indicators.get(index) else { continue };
            seen.draft.set_span(seen.first_s, seen.last_s);
            let mut draft = seen.draft;
            let limits = &listed.limits;
            let is_over =
                limits.valid_until_us.is_some_and(|until| draft.first_us.is_some_and(|t| t > until));
            let expired = is_over.then(|| format!("expired on {}", time(limits.valid_until_us)));
            let is_agent = listed.kind == IndicatorKind::Agent;
            let n_users = draft.clients.len() as u64;
            let is_common = is_agent
                && site.n_outgoing_clients >= MIN_CLIENTS
                && n_users * COMMON_SHARE > site.n_outgoing_clients;
            let doubt = limits.doubt.clone().or(expired);
            (draft.level, draft.severity, draft.rule) = if is_agent && seen.n_delivered > 0 {
                match doubt.is_some() || is_common {
                    true => (Level::NoSign, Severity::Low, "doubtful-indicator-agent"),
                    false => (Level::Possible, Severity::Medium, "indicator-agent"),
                }
            } else if seen.is_own && seen.n_delivered > 0 {
                (Level::Possible, Severity::Medium, "indicator-own-page")
            } else if seen.n_delivered > 0 && doubt.is_some() {
                (Level::Possible, Severity::Medium, "doubtful-indicator-delivered")
            } else if seen.n_delivered > 0 {
                (Level::Probable, Severity::High, "indicator-delivered")
            } else if seen.n_refused > 0 {
                (Level::NoSign, Severity::Low, "indicator-blocked")
            } else {
                (Level::NoSign, Severity::Low, "indicator-visited")
            };
            if let Some(doubt) = doubt {
                draft.caveats.push(format!("The list itself doubts this indicator: {doubt}."));
            }
            if is_common {
                let of = counted(site.n_outgoing_clients, "client");
                draft
                    .caveats
                    .push(format!("{} of {of} send this agent: it tells little here.", count(n_users)));
            }
            if listed.kind == IndicatorKind::Url {
                draft.artefacts.insert(listed.text.clone());
            }
            draft.n_requests = seen.n_delivered + seen.n_refused + seen.n_visits;
            draft.bytes_out = Some(seen.bytes);
            draft.number("n_delivered", seen.n_delivered);
            draft.number("n_refused", seen.n_refused);
            draft.number("n_visits", seen.n_visits);
            draft.number("indicator", listed.text.as_str());
            draft.number("source", listed.source.as_str());
            suspects.push(Suspect {
                rank: seen.n_delivered + u64::from(seen.n_delivered > 0) * 1_000_000,
                wants: seen.keys.into_iter().map(|k| (k, MAX_EVENTS)).collect(),
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let is_own = draft.rule == "indicator-own-page";
        draft.clients.extend(events.iter().filter(|e| is_own || e.role == Role::Proxy).map(|e| e.client));
        let is_ok = |e: &&Event| StatusClass::of(e.status_code) == StatusClass::Ok;
        for event in events.iter().filter(is_ok).take(5).chain(events.iter().take(3)) {
            draft.show(event);
        }
        let number = |name: &str| match draft.numbers.get(name) {
            Some(crate::detect::Number::Int(n)) => *n as u64,
            _ => 0,
        };
        let text = |name: &str| match draft.numbers.get(name) {
            Some(crate::detect::Number::Text(t)) => t.clone(),
            _ => String::new(),
        };
        let clients = site.names_of_clients(&draft);
        let what = if draft.rule == "indicator-visited" {
            format!("sent {} to this server", counted(number("n_visits"), "request"))
        } else if draft.rule.ends_with("indicator-agent") {
            format!("sent {} as this agent", counted(number("n_delivered"), "request"))
        } else if is_own {
            format!(
                "got this page of our own server {}, {} were refused",
                counted(number("n_delivered"), "time"),
                count(number("n_refused")),
            )
        } else {
            format!(
                "asked for it {}: {} delivered with {}, {} refused or unanswered",
                counted(number("n_delivered") + number("n_refused"), "time"),
                count(number("n_delivered")),
                bytes(draft.bytes_out.unwrap_or(0)),
                count(number("n_refused")),
            )
        };
        draft.statement = format!(
            "{} of the list {} was seen{}: {} {what}.",
            text("indicator"),
            text("source"),
            span(draft.first_us, draft.last_us),
            list(&clients, 4),
        );
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host, to_server};
    use crate::enrich::Indicators;

    fn check(requests: Vec<Request>, want: &[(&str, &str, Level, u64)]) {
        let mut site = TestSite::new(requests);
        let list = b"bad[.]example\nhxxp://files.example/mal.exe\n203.0.113.0/24\n";
        site.options.indicators = Indicators::parse(list, "feed.txt");
        let found = site.run(&Indicator);
        let found: Vec<_> =
            found.iter().map(|f| (f.subject.as_str(), f.rule, f.level, f.n_requests)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn delivered_blocked_and_visiting() {
        let get = |host: &str, path: &str, status| to_host(T0, "10.0.0.1", host, path, status).bytes(5000);
        check(
            vec![get("www.bad.example", "/x", 200)],
            &[("indicator bad.example", "indicator-delivered", Level::Probable, 1)],
        );
        let blocked = Request { denied: true, ..get("www.bad.example", "/x", 403) };
        check(vec![blocked], &[("indicator bad.example", "indicator-blocked", Level::NoSign, 1)]);
        let url = "indicator files.example/mal.exe";
        check(
            vec![get("files.example", "/mal.exe", 200)],
            &[(url, "indicator-delivered", Level::Probable, 1)],
        );
        check(vec![get("files.example", "/other", 200)], &[]);
        let doubted = br#"[{"ioc_value":"bad.example","confidence_level":"20"}]"#;
        let mut site = TestSite::new(vec![get("bad.example", "/x", 200)]);
        site.options.indicators = Indicators::parse(doubted, "feed.json");
        let found = &site.run(&Indicator)[0];
        assert_eq!((found.rule, found.level), ("doubtful-indicator-delivered", Level::Possible));
        assert!(found.caveats[0].contains("confidence 20 of 100"), "{:?}", found.caveats);
        let ends = br#"[{"type":"indicator","pattern":"[domain-name:value = 'bad.example']","valid_until":"2019-12-31T00:00:00Z"}]"#;
        site.options.indicators = Indicators::parse(ends, "bundle.json");
        assert!(site.run(&Indicator)[0].caveats[0].contains("expired on 2019-12-31"));
        let own =
            Request { host: "files.example".into(), ..to_server(T0, "198.51.100.1", "GET", "/mal.exe", 200) };
        check(vec![own], &[(url, "indicator-own-page", Level::Possible, 1)]);
        let visit = to_server(T0, "203.0.113.9", "GET", "/", 200);
        check(vec![visit], &[("indicator 203.0.113.0/24", "indicator-visited", Level::NoSign, 1)]);
    }

    #[test]
    fn agents_of_the_lists() {
        let list = br#"[{"type":"user-agent","value":"EvilLoader/1"}]"#;
        let check = |n_others: usize, n_infected: usize, want: &[(&str, Level, u64)]| {
            let client = |i: usize| &*Box::leak(format!("10.0.{}.{}", i / 250, i % 250 + 1).into_boxed_str());
            let mut requests: Vec<Request> =
                (0..n_others).map(|i| to_host(T0, client(i), "h.example", "/", 200)).collect();
            requests.extend(
                (0..n_infected).map(|i| Request {
                    agent: "EvilLoader/1",
                    ..to_host(T0, client(i), "c.example", "/", 200)
                }),
            );
            let mut site = TestSite::new(requests);
            site.options.indicators = Indicators::parse(list, "misp.json");
            let found = site.run(&Indicator);
            let found: Vec<_> = found.iter().map(|f| (f.rule, f.level, f.n_requests)).collect();
            assert_eq!(found, want);
        };
        check(30, 2, &[("indicator-agent", Level::Possible, 2)]);
        check(30, 5, &[("doubtful-indicator-agent", Level::NoSign, 5)]);
        check(30, 0, &[]);
    }
}
