//! A site built from a few requests, for the detectors' tests: the tables, the links and the second pass in miniature.

use super::{AgentGroup, Detector, Finding, HostFacts, LinkedClient, Options, Site};
use crate::enrich::attack::{ATTACK, Class, ClassSet, Verdict};
use crate::enrich::{
    Content, Delivery, Marks, PageKind, has_number, is_command, is_upload_target, kind_of, user_in_path,
    user_in_query,
};
use crate::link::linked_bits;
use crate::record::{ClientKey, Metric, Role};
use crate::table::{
    Answer, ClientRow, ContactRow, Contacts, Event, EventData, Keys, Locus, Method, Ordinary, PARTITIONS,
    PageRow, PairRow, Partition, Replies, Reply, Selector, StatusClass, Totals, Visits, partition,
};
use std::collections::BTreeMap;

/// Noon of a day in 2020, seconds.
pub(crate) const T0: u32 = 1_577_880_000;

/// One request. Fields that a test does not name are those of a plain visit without a referrer.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) ts_s: u32,
    pub(crate) client: &'static str,
    pub(crate) method: &'static str,
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) status_code: u16,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) bytes_in: Option<u64>,
    pub(crate) agent: &'static str,
    pub(crate) mime: &'static str,
    pub(crate) referrer: bool,
    pub(crate) probe: bool,
    pub(crate) proxy: bool,
    pub(crate) denied: bool,
    pub(crate) port: u16,
    pub(crate) minutes: u16,
    pub(crate) marks: Marks,
    pub(crate) attack: Option<(Class, u64, u32)>,
}

impl Request {
    pub(crate) fn bytes(mut self, n: u64) -> Self {
        self.bytes_out = Some(n);
        self
    }
    pub(crate) fn referred(mut self) -> Self {
        self.referrer = true;
        self
    }
    pub(crate) fn probing(mut self) -> Self {
        self.probe = true;
        self
    }
    /// With a payload: its class, its skeleton and its length.
    pub(crate) fn attack(mut self, class: Class, skeleton: u64, len: u32) -> Self {
        self.attack = Some((class, skeleton, len));
        self
    }
    fn verdict(&self) -> Verdict {
        self.attack.map_or(Verdict::NONE, |(class, _, _)| Verdict {
            score: ATTACK,
            classes: ClassSet::EMPTY.with(class),
        })
    }
    fn content(&self) -> Content {
        if !self.proxy {
            return Content::NONE;
        }
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        Content::of(&Delivery {
            mime: self.mime.as_bytes(),
            path: path.as_bytes(),
            query: query.as_bytes(),
            user_agent: self.agent.as_bytes(),
            has_referrer: self.referrer,
            is_ok: StatusClass::of(self.status_code) == StatusClass::Ok,
        })
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A request to our server.
pub(crate) fn to_server(
    ts_s: u32,
    client: &'static str,
    method: &'static str,
    target: impl Into<String>,
    status_code: u16,
) -> Request {
    Request {
        ts_s,
        client,
        method,
        host: String::new(),
        target: target.into(),
        status_code,
        bytes_out: None,
        bytes_in: None,
        agent: "test/1.0",
        mime: "",
        referrer: false,
        probe: false,
        proxy: false,
        denied: false,
        port: 80,
        minutes: 0,
        marks: Marks::default(),
        attack: None,
    }
}

/// A request of one of our own through the proxy.
pub(crate) fn to_host(
    ts_s: u32,
    client: &'static str,
    host: impl Into<String>,
    path: impl Into<String>,
    status_code: u16,
) -> Request {
    Request { host: host.into(), proxy: true, ..to_server(ts_s, client, "GET", path, status_code) }
}

/// The tables of some requests.
pub(crate) struct TestSite {
    keys: Keys,
    pub(crate) options: Options,
    requests: Vec<Request>,
    partitions: [Partition; PARTITIONS],
    totals: Totals,
    pairs: Vec<Vec<PairRow>>,
    linked: Vec<Vec<LinkedClient>>,
    agent_groups: Vec<Vec<AgentGroup>>,
    hosts: BTreeMap<u64, HostFacts>,
    ordinary: Ordinary,
    replies: Replies,
    visits: Vec<Visits>,
}

impl TestSite {
    pub(crate) fn new(requests: Vec<Request>) -> Self {
        let mut site = Self {
            keys: Keys::new(7),
            options: Options::default(),
            requests,
            partitions: std::array::from_fn(|_| Partition::default()),
            totals: Totals::default(),
            pairs: (0..PARTITIONS).map(|_| Vec::new()).collect(),
            linked: Vec::new(),
            agent_groups: (0..PARTITIONS).map(|_| Vec::new()).collect(),
            hosts: BTreeMap::new(),
            ordinary: Ordinary::default(),
            replies: Replies::default(),
            visits: (0..PARTITIONS).map(|_| Visits::default()).collect(),
        };
        let requests = std::mem::take(&mut site.requests);
        requests.iter().for_each(|r| site.observe(r));
        let pages: Vec<u64> = requests.iter().map(|r| site.page_key(r)).collect();
        site.ordinary = Ordinary::new(pages.iter().map(|page| (*page, requests.len())), 1);
        site.replies = Replies::new(pages, 1);
        site.requests = requests;
        for index in 0..site.requests.len() {
            let event = site.event(index);
            let number = site.replies.number_of(event.page).expect("every page is counted");
            let is_post = event.method == Method::Post;
            let bytes = event.bytes_out.or_zero();
            let reply = Reply::new(event.client, is_post, false, event.status_code, event.ts_us, bytes);
            site.replies.add(number, reply, (event.ts_us, event.at));
            let bytes = event.bytes_out.get().filter(|n| *n > 0 && event.method != Method::Head);
            if let (Some(bytes), 200, false) = (bytes, event.status_code, event.verdict.is_odd()) {
                let number = site.ordinary.number_of(event.page).expect("every page has a sample");
                site.ordinary.add(number, event.at, Answer { ts_us: event.ts_us, bytes });
            }
        }
        site.link();
        site
    }

    fn page_key(&self, r: &Request) -> u64 {
        self.keys.page(r.host.as_bytes(), r.path().as_bytes())
    }

    fn agent_key(&self, r: &Request) -> u64 {
        self.keys.agent(r.method.as_bytes(), r.agent.as_bytes())
    }

    fn observe(&mut self, r: &Request) {
        let (keys, client) = (self.keys, ClientKey::parse(r.client.as_bytes()));
        let class = StatusClass::of(r.status_code);
        let (page, agent) = (self.page_key(r), self.agent_key(r));
        let is_attack = r.attack.is_some();
        let is_post = r.method == "POST";
        let is_upload =
            r.status_code == 201 || r.method == "PUT" || (is_post && is_upload_target(r.path().as_bytes()));
        let ts_us = i64::from(r.ts_s) * 1_000_000;
        self.totals.lines.first_us = Some(self.totals.lines.first_us.map_or(ts_us, |t| t.min(ts_us)));
        self.totals.lines.last_us = Some(self.totals.lines.last_us.map_or(ts_us, |t| t.max(ts_us)));
        self.totals.lines.lines += 1;
        self.totals.lines.ok += 1;
        self.totals.lines.requests_with_bytes_in += u64::from(r.bytes_in.is_some());
        self.totals.lines.outgoing += u64::from(r.proxy);
        self.totals.lines.requests_with_referrer += u64::from(r.referrer);
        self.totals.lines.posts += u64::from(is_post);
        self.totals.n_attacks += u64::from(is_attack);
        self.totals.hours.entry(r.ts_s / 3600).or_default().n_requests += 1;

        let part = &mut self.partitions[keys.client_partition(client)];
        let hash = keys.client(client);
        let (index, row) = part.clients.table.entry(hash, client, || ClientRow::new(client, hash));
        row.bytes_out += r.bytes_out.unwrap_or(0);
        row.bytes_in += r.bytes_in.unwrap_or(0);
        row.n_requests += 1;
        row.n_status[class as usize] += 1;
        row.first_s = row.first_s.min(r.ts_s);
        row.last_s = row.last_s.max(r.ts_s);
        row.n_attacks += u32::from(is_attack);
        row.n_attacks_ok += u32::from(is_attack && class == StatusClass::Ok);
        row.classes = row.classes.union(r.verdict().classes);
        row.n_referrer += u32::from(r.referrer);
        row.n_posts += u32::from(is_post);
        row.n_outgoing += u32::from(r.proxy);
        if r.referrer && kind_of(r.path().as_bytes()) == PageKind::Asset {
            row.n_assets_referred += 1;
            row.is_clean |= row.n_assets_referred >= 3;
        }
        if client.is_name() {
            part.clients.name(client, r.client.as_bytes());
        }
        part.clients.used(index, agent);
        self.visits[keys.client_partition(client)].add(index, r.ts_s);
        if r.proxy {
            let host = keys.host(r.host.as_bytes());
            let (index, row) =
                part.contacts.table.entry(Contacts::hash(client, host), (client, host), || {
                    ContactRow::new(client, host, r.host.as_bytes())
                });
            row.n_requests += 1;
            row.n_posts += u32::from(is_post);
            row.n_connects += u32::from(r.method == "CONNECT");
            row.n_denied += u32::from(r.denied);
            row.n_failed += u32::from(!r.denied && class == StatusClass::Error);
            row.n_referrer += u32::from(r.referrer);
            row.bytes_down += r.bytes_out.unwrap_or(0);
            row.bytes_up += r.bytes_in.unwrap_or(0);
            row.first_s = row.first_s.min(r.ts_s);
            row.last_s = row.last_s.max(r.ts_s);
            row.asked_port(r.port);
            row.longest_min = row.longest_min.max(r.minutes);
            row.marks = row.marks.and(r.marks);
            row.content = row.content.and(r.content());
            row.times.add(r.ts_s);
            part.contacts.name(index, r.host.as_bytes());
        }
        let query = r.target.split_once('?').map_or("", |(_, query)| query).as_bytes();
        let bits = match class {
            StatusClass::Ok | StatusClass::NotModified => PairRow::ANSWERED,
            StatusClass::Redirect => 0,
            _ => PairRow::REFUSED,
        } | if is_attack { PairRow::ATTACKED } else { 0 }
            | if user_in_path(r.path().as_bytes()).is_some() || user_in_query(query).is_some() {
                PairRow::USER
            } else {
                0
            }
            | if query.is_empty() { 0 } else { PairRow::QUERY }
            | if has_number(query) { PairRow::NUMBER } else { 0 };
        let pairs = &mut self.pairs[keys.client_partition(client)];
        match pairs.iter_mut().find(|p| p.page == page && p.client == index) {
            Some(pair) => (pair.bits, pair.n) = (pair.bits | bits, pair.n.saturating_add(1)),
            None => pairs.push(PairRow { page, client: index, bits, n: 1 }),
        }

        let agents = &mut self.partitions[partition(agent)].agents;
        let n = [1, u64::from(r.status_code >= 400), u64::from(r.referrer)];
        agents.add(agent, r.method.as_bytes(), r.agent.as_bytes(), n);

        let pages = &mut self.partitions[partition(page)].pages;
        let (index, row) = pages.table.entry(page, page, || PageRow::new(page));
        row.bytes_out += r.bytes_out.unwrap_or(0);
        row.bytes_in += r.bytes_in.unwrap_or(0);
        row.max_out = row.max_out.max(r.bytes_out.unwrap_or(0));
        row.status[class as usize].add(Some(r.ts_s));
        row.n_posts += u32::from(is_post);
        row.n_no_referrer += u32::from(!r.referrer);
        row.n_linked += u32::from(r.referrer);
        row.n_attacks += u32::from(is_attack);
        row.n_attacks_ok += u32::from(is_attack && class == StatusClass::Ok);
        row.classes = row.classes.union(r.verdict().classes);
        row.n_uploads += u32::from(is_upload);
        row.n_commands += u32::from(r.target.split_once('?').is_some_and(|(_, q)| is_command(q.as_bytes())));
        row.n_outgoing += u32::from(r.proxy);
        row.is_probe |= r.probe;
        row.is_program |= r.content().has(Content::PROGRAM);
        pages.name(index, r.host.as_bytes(), r.path().as_bytes());
    }

    fn link(&mut self) {
        for pairs in &mut self.pairs {
            pairs.sort_by_key(|p| (p.client, p.page));
            for pair in pairs {
                let pages = &mut self.partitions[partition(pair.page)].pages.table;
                let index = pages.find(pair.page, pair.page).unwrap();
                let page = pages.row_mut(index);
                page.n_clients += 1;
                pair.bits = linked_bits(pair.bits, page);
            }
        }
        for (part, pairs) in self.partitions.iter().zip(&self.pairs) {
            let mut linked = vec![LinkedClient::default(); part.clients.table.len()];
            pairs.iter().for_each(|p| count(&mut linked[p.client as usize], p.bits));
            self.linked.push(linked);
        }
        let mut groups: BTreeMap<u64, (AgentGroup, BTreeMap<u64, u8>)> = BTreeMap::new();
        for (part, pairs) in self.partitions.iter().zip(&self.pairs) {
            for usage in part.clients.uses() {
                let row = part.clients.table.row(usage.client);
                if row.is_clean {
                    continue;
                }
                let (group, pages) = groups.entry(usage.agent).or_default();
                group.agent = usage.agent;
                group.n_requests += u64::from(usage.n_requests);
                group.n_clients += 1;
                group.clients.push(row.client);
                group.first_s = if group.first_s == 0 { row.first_s } else { group.first_s.min(row.first_s) };
                group.last_s = group.last_s.max(row.last_s);
                for pair in pairs.iter().filter(|p| p.client == usage.client) {
                    *pages.entry(pair.page).or_default() |= pair.bits;
                }
            }
        }
        for (agent, (mut group, pages)) in groups {
            pages.values().for_each(|bits| count(&mut group.linked, *bits));
            group.clients.sort_unstable();
            self.agent_groups[partition(agent)].push(group);
        }
        for part in &mut self.partitions {
            for row in part.contacts.table.rows_mut() {
                let host = row.host;
                row.times.settle();
                let facts = self.hosts.entry(host).or_default();
                facts.n_clients += 1;
                facts.n_requests += u64::from(row.n_requests);
                facts.bytes_down += row.bytes_down;
                facts.bytes_up += row.bytes_up;
            }
        }
    }

    pub(crate) fn partitions_mut(&mut self) -> &mut [Partition] {
        &mut self.partitions
    }

    pub(crate) fn site(&self) -> Site<'_> {
        let clients = || self.partitions.iter().flat_map(|p| p.clients.table.rows());
        Site {
            keys: self.keys,
            options: &self.options,
            totals: &self.totals,
            partitions: &self.partitions,
            pairs: &self.pairs,
            linked: &self.linked,
            agent_groups: &self.agent_groups,
            hosts: &self.hosts,
            hides_missing: false,
            n_clients: clients().count() as u64,
            n_outgoing_clients: clients().filter(|c| c.n_outgoing > 0).count() as u64,
            ordinary: &self.ordinary,
            replies: &self.replies,
            visits: &self.visits,
        }
    }

    pub(crate) fn events(&self, wants: &[(Selector, usize)]) -> Vec<Vec<Event>> {
        let keys = self.keys;
        let mut lists = Vec::new();
        let mut order: Vec<usize> = (0..self.requests.len()).collect();
        order.sort_by_key(|i| self.requests[*i].ts_s);
        for (selector, cap) in wants {
            let hits = order.iter().filter(|i| {
                let r = &self.requests[**i];
                let client = ClientKey::parse(r.client.as_bytes());
                let (page, host) = (self.page_key(r), keys.host(r.host.as_bytes()));
                let is_odd = r.attack.is_some();
                let is_miss =
                    || r.status_code >= 400 && self.site().page(page).is_some_and(|p| !p.is_answered());
                match *selector {
                    Selector::Client(c) => c == client,
                    Selector::ClientAttacks(c) => c == client && is_odd,
                    Selector::ClientMisses(c) => c == client && is_miss(),
                    Selector::ClientPage(c, p) => c == client && p == page && is_odd,
                    Selector::Asks(c, p, since_s) => c == client && p == page && r.ts_s >= since_s,
                    Selector::Page(p) => p == page,
                    Selector::PageAttacks(p) => p == page && is_odd,
                    Selector::PageBaseline(_) | Selector::PageReplies(_) => false,
                    Selector::NetworkMisses(n) => n == client.network() && is_miss(),
                    Selector::AgentMisses(a) => a == self.agent_key(r) && is_miss(),
                    Selector::Agent(a) => a == self.agent_key(r),
                    Selector::Contact(c, h) => c == client && h == host && r.proxy,
                    Selector::Host(h) => h == host && r.proxy,
                    Selector::SiteChanges => {
                        r.status_code == 201
                            || ["PUT", "DELETE", "MOVE"].contains(&r.method)
                            || (r.method == "POST" && is_upload_target(r.path().as_bytes()))
                    }
                }
            });
            let mut events: Vec<Event> = hits.take(*cap).map(|i| self.event(*i)).collect();
            events.sort_by_key(|e| (e.ts_us, e.at));
            lists.push(events);
        }
        lists
    }

    fn event(&self, index: usize) -> Event {
        let r = &self.requests[index];
        let metric = |n: Option<u64>| n.map_or(Metric::NONE, Metric::new);
        Event::new(EventData {
            ts_us: i64::from(r.ts_s) * 1_000_000,
            at: Locus { input: 0, offset: index as u64 * 100, line: index as u64 + 1, len: 99 },
            client: ClientKey::parse(r.client.as_bytes()),
            page: self.page_key(r),
            agent: self.agent_key(r),
            host: self.keys.host(r.host.as_bytes()),
            role: if r.proxy { Role::Proxy } else { Role::Server },
            status_code: r.status_code,
            method: Method::parse(r.method.as_bytes()),
            bytes_out: metric(r.bytes_out),
            bytes_in: metric(r.bytes_in),
            duration_us: Metric::NONE,
            verdict: r.verdict(),
            content: r.content(),
            skeleton: r.attack.map_or(0, |a| a.1),
            payload_len: r.attack.map_or(0, |a| a.2),
            target: r.target.as_bytes().into(),
        })
    }

    /// Runs one detector; the findings by subject.
    pub(crate) fn run(&self, detector: &dyn Detector) -> Vec<Finding> {
        let site = self.site();
        let mut findings = Vec::new();
        for (index, part) in self.partitions.iter().enumerate() {
            for suspect in detector.suspect(index, part, &site) {
                let lists = self.events(&suspect.wants);
                let lists: Vec<&[Event]> = lists.iter().map(Vec::as_slice).collect();
                findings.extend(detector.conclude(&suspect, &lists, &site));
            }
        }
        let mut findings = crate::verdict::join_same(findings);
        findings.sort_by(|a, b| (&a.subject, &a.id).cmp(&(&b.subject, &b.id)));
        findings
    }
}

fn count(linked: &mut LinkedClient, bits: u8) {
    linked.n_pages += 1;
    linked.n_missing += u32::from(bits & PairRow::MISSING != 0);
    linked.n_probes += u32::from(bits & PairRow::PROBE != 0 && bits & PairRow::ANSWERED == 0);
}

/// The event of one request.
pub(crate) fn event_of(site: &TestSite, index: usize) -> Event {
    site.event(index)
}
