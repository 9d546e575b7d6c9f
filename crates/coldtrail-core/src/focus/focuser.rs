//! One worker of the second pass.

use super::thinned::Thinned;
use super::{Events, PeakCounter};
use crate::decode::Block;
use crate::detect::Site;
use crate::enrich::Content;
use crate::enrich::attack::{Scorer, Verdict};
use crate::observe::{
    BlockKeys, LineFilter, LineKey, ObserveOptions, RecordHashes, RecordKeys, Stretch, is_site_change,
};
use crate::parse::Parser;
use crate::record::{ClientKey, Outcome, Rec, TextField, unescape};
use crate::table::{Answer, Event, EventData, Locus, Method, Ordinary, Replies, Reply, Selector, Text};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// What the second pass looks for, by the key of a record.
pub struct Wanted {
    /// Of the lists of events, and of the samples of ordinary answers by page.
    caps: Vec<(Selector, usize)>,
    ordinary_caps: Vec<(u64, usize)>,
    reply_pages: Vec<u64>,
    sample_key: u64,
    clients: HashMap<ClientKey, ClientWants, foldhash::fast::RandomState>,
    networks: Set<ClientKey>,
    agents: Set<u64>,
    /// Of which every request is wanted.
    whole_agents: Set<u64>,
    pages: HashMap<u64, PageWants, foldhash::fast::RandomState>,
    hosts: Set<u64>,
    contacts: Set<(ClientKey, u64)>,
    /// By client and page: from which seconds on.
    asks: HashMap<(ClientKey, u64), Vec<u32>, foldhash::fast::RandomState>,
    site_changes: bool,
    peaks: Vec<ClientKey>,
    /// Hashes to look for in a block whose keys are known together only; none: each such block is read.
    hashes: Option<Vec<u64>>,
    /// What to look for in a block whose keys are known by line.
    lines: LineFilter,
}

#[derive(Clone, Copy, Default)]
struct ClientWants {
    all: bool,
    attacks: bool,
    misses: bool,
    pages: bool,
    asks: bool,
    /// Its number among the clients whose peaks are counted.
    peaks: Option<u32>,
}

#[derive(Clone, Copy, Default)]
struct PageWants {
    all: bool,
    attacks: bool,
    /// The numbers of its sample of ordinary answers and of its replies.
    ordinary: Option<u32>,
    replies: Option<u32>,
}

impl Wanted {
    /// Above so many keys nearly every block has one, and looking for them costs more than it saves.
    const MAX_HASHES: usize = 256;

    pub fn new(
        caps: BTreeMap<Selector, usize>,
        peaks: Vec<ClientKey>,
        sample_key: u64,
        site: &Site<'_>,
    ) -> Self {
        let mut wanted = Self {
            sample_key,
            clients: HashMap::default(),
            networks: Set::default(),
            agents: Set::default(),
            whole_agents: Set::default(),
            pages: HashMap::default(),
            hosts: Set::default(),
            contacts: Set::default(),
            asks: HashMap::default(),
            site_changes: false,
            hashes: None,
            lines: LineFilter::default(),
            caps: Vec::new(),
            ordinary_caps: Vec::new(),
            reply_pages: Vec::new(),
            peaks,
        };
        let mut hashes = Vec::new();
        let mut everywhere = false;
        for selector in caps.keys() {
            match *selector {
                Selector::Client(c) => wanted.clients.entry(c).or_default().all = true,
                Selector::ClientAttacks(c) => wanted.clients.entry(c).or_default().attacks = true,
                Selector::ClientMisses(c) => wanted.clients.entry(c).or_default().misses = true,
                Selector::ClientPage(c, _) => wanted.clients.entry(c).or_default().pages = true,
                Selector::Asks(c, p, since_s) => {
                    wanted.clients.entry(c).or_default().asks = true;
                    wanted.asks.entry((c, p)).or_default().push(since_s);
                }
                Selector::Page(p) => wanted.pages.entry(p).or_default().all = true,
                Selector::PageAttacks(p) => wanted.pages.entry(p).or_default().attacks = true,
                Selector::PageBaseline(p) => wanted.ordinary_caps.push((p, caps[selector])),
                Selector::PageReplies(p) => wanted.reply_pages.push(p),
                Selector::NetworkMisses(n) => {
                    wanted.networks.insert(n.network());
                    hashes.push(site.keys.client(n.network()));
                }
                Selector::AgentMisses(a) => {
                    wanted.agents.insert(a);
                    hashes.push(a);
                }
                Selector::Agent(a) => {
                    wanted.whole_agents.insert(a);
                    hashes.push(a);
                }
                Selector::Contact(c, h) => {
                    wanted.contacts.insert((c, h));
                    hashes.push(site.keys.client(c));
                }
                Selector::Host(h) => {
                    wanted.hosts.insert(h);
                    hashes.push(h);
                }
                Selector::SiteChanges => {
                    wanted.site_changes = true;
                    everywhere = true;
                }
            }
        }
        for (client, number) in wanted.peaks.iter().zip(0..) {
            wanted.clients.entry(*client).or_default().peaks = Some(number);
        }
        let samples = Ordinary::new(wanted.ordinary_caps.iter().copied(), sample_key);
        for (page, _) in &wanted.ordinary_caps {
            wanted.pages.entry(*page).or_default().ordinary = samples.number_of(*page);
        }
        let replies = Replies::new(wanted.reply_pages.iter().copied(), sample_key);
        for page in &wanted.reply_pages {
            wanted.pages.entry(*page).or_default().replies = replies.number_of(*page);
        }
        if !everywhere && wanted.clients.len() + wanted.pages.len() + hashes.len() <= Self::MAX_HASHES {
            let mut keys: Vec<u64> = wanted.clients.iter().map(|(c, _)| site.keys.client(*c)).collect();
            keys.extend(wanted.pages.iter().map(|(p, _)| *p));
            keys.append(&mut hashes);
            wanted.hashes = Some(keys);
        }
        let is_list = |s: &Selector| !matches!(s, Selector::PageBaseline(_) | Selector::PageReplies(_));
        wanted.caps = caps.into_iter().filter(|(selector, _)| is_list(selector)).collect();
        wanted.filter_lines(site);
        wanted
    }

    fn filter_lines(&mut self, site: &Site<'_>) {
        let lines = &mut self.lines;
        for (page, wants) in &self.pages {
            if wants.all || wants.replies.is_some() {
                lines.pages.add(*page);
            }
            if wants.attacks {
                lines.pages_odd.add(*page);
            }
            if wants.ordinary.is_some() {
                lines.pages_ordinary.add(*page);
            }
        }
        for (client, wants) in &self.clients {
            let hash = site.keys.client(*client);
            if wants.all || wants.peaks.is_some() {
                lines.clients.add(hash);
            }
            if wants.attacks || wants.pages {
                lines.clients_odd.add(hash);
            }
            if wants.misses && site.hides_missing {
                lines.clients.add(hash);
            } else if wants.misses {
                lines.clients_refused.add(hash);
            }
        }
        for (client, page) in self.asks.keys() {
            lines.contact_clients.add(site.keys.client(*client));
            lines.contact_pages.add(*page);
        }
        let mut contact_hosts = Set::default();
        for (client, host) in &self.contacts {
            lines.contact_clients.add(site.keys.client(*client));
            contact_hosts.insert(*host);
        }
        for part in site.partitions {
            let refused = if site.hides_missing { &mut lines.clients } else { &mut lines.clients_refused };
            let rows = part.clients.table.rows();
            if !self.networks.is_empty() {
                let of_network = rows.iter().filter(|row| self.networks.contains(&row.client.network()));
                of_network.for_each(|row| refused.add(row.hash));
            }
            if !self.agents.is_empty() {
                let of_agent = part.clients.uses().filter(|u| self.agents.contains(&u.agent));
                of_agent.for_each(|usage| refused.add(rows[usage.client as usize].hash));
            }
            if !self.whole_agents.is_empty() {
                let of_agent = part.clients.uses().filter(|u| self.whole_agents.contains(&u.agent));
                of_agent.for_each(|usage| lines.clients.add(rows[usage.client as usize].hash));
            }
            if self.hosts.is_empty() && contact_hosts.is_empty() {
                continue;
            }
            for page in part.pages.table.rows() {
                let name = part.pages.text(page).0;
                let host = site.keys.host(name);
                // A name that was cut may be any.
                let is_cut = name.len() == Text::MAX_BYTES;
                if is_cut || self.hosts.contains(&host) {
                    lines.pages.add(page.hash);
                }
                if is_cut || contact_hosts.contains(&host) {
                    lines.contact_pages.add(page.hash);
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.caps.is_empty()
            && self.ordinary_caps.is_empty()
            && self.reply_pages.is_empty()
            && self.peaks.is_empty()
    }

    /// Whether a block may hold anything wanted.
    pub fn may_be_in(&self, keys: &BlockKeys) -> bool {
        keys.may_have(&self.lines, self.hashes.as_deref())
    }

    /// The next lines of a block that are to be read, from line `from` on, which is 0 or the end of the stretch before.
    pub fn next_in(&self, keys: &BlockKeys, from: usize) -> Option<Stretch> {
        keys.next_wanted(&self.lines, self.hashes.as_deref(), from)
    }
}

/// What a worker has gathered.
pub struct Focused {
    pub events: Events,
    pub ordinary: Ordinary,
    pub replies: Replies,
    pub peaks: PeakCounter,
}

impl Focused {
    pub fn merge(&mut self, other: Self) {
        self.events.merge(other.events);
        self.ordinary.merge(other.ordinary);
        self.replies.merge(other.replies);
        self.peaks.merge(other.peaks);
    }
}

/// One worker.
pub struct Focuser<'a> {
    wanted: &'a Wanted,
    site: &'a Site<'a>,
    options: ObserveOptions,
    scorer: Scorer<'a>,
    records: Vec<Rec>,
    thinned: Thinned,
    /// Lists that the record at hand belongs to.
    hits: Vec<u32>,
    done: Focused,
}

impl<'a> Focuser<'a> {
    pub fn new(wanted: &'a Wanted, site: &'a Site<'a>, options: ObserveOptions, scorer: Scorer<'a>) -> Self {
        Self {
            wanted,
            site,
            options,
            scorer,
            records: Vec::new(),
            thinned: Thinned::default(),
            hits: Vec::new(),
            done: Focused {
                events: Events::new(wanted.caps.iter().copied()),
                ordinary: Ordinary::new(wanted.ordinary_caps.iter().copied(), wanted.sample_key),
                replies: Replies::new(wanted.reply_pages.iter().copied(), wanted.sample_key),
                peaks: PeakCounter::new(wanted.peaks.iter().copied()),
            },
        }
    }

    /// Takes in one block or some lines of it; `rank` is the place of its input in the order of inputs, `keys` what the
    /// first pass saw in its lines, if it noted that.
    pub fn block(&mut self, rank: u32, block: &Block, keys: Option<&[LineKey]>, parser: &Parser) {
        let mut thinned = std::mem::take(&mut self.thinned);
        let mut records = std::mem::take(&mut self.records);
        records.clear();
        let filter = &self.wanted.lines;
        let mut visit = |block_bytes: &[u8], rec: &Rec, number: u64, start: u64, is_odd: Option<bool>| {
            if matches!(rec.outcome, Outcome::Skipped | Outcome::Raw) || !self.options.admits(rec.ts_us) {
                return;
            }
            let at = Locus {
                input: rank,
                line: block.first_line + number,
                offset: block.offset + start,
                len: rec.line.len() as u32,
            };
            self.record(block_bytes, rec, at, is_odd);
        };
        if let Some((wanted, lines)) = keys.and_then(|keys| thinned.of(block, keys, filter)) {
            parser.parse_block(wanted, &mut records);
            for (rec, line) in records.iter().zip(lines) {
                visit(&wanted.bytes, rec, line.number.into(), line.start.into(), line.is_odd);
            }
        } else {
            parser.parse_block(block, &mut records);
            for (rec, number) in records.iter().zip(0..) {
                visit(&block.bytes, rec, number, rec.line.start() as u64, None);
            }
        }
        self.records = records;
        self.thinned = thinned;
    }

    /// `is_odd`: whether the first pass found an attack or a weak sign of one, if it noted that.
    fn record(&mut self, block: &[u8], rec: &Rec, at: Locus, is_odd: Option<bool>) {
        let wanted = self.wanted;
        let key = RecordKeys::of(self.site.keys, block, rec);
        let client = wanted.clients.get(&key.client).copied().unwrap_or_default();
        if let (Some(number), Some(second)) = (client.peaks, rec.second()) {
            self.done.peaks.add(number, second);
        }
        let page = wanted.pages.get(&key.page).copied().unwrap_or_default();
        if let Some(number) = page.replies {
            let is_post = rec.method.bytes(block).eq_ignore_ascii_case(b"POST");
            let has_user = !matches!(rec.user.bytes(block), b"" | b"-");
            let bytes = rec.bytes_out().or_zero();
            let reply = Reply::new(key.client, is_post, has_user, rec.status_code, rec.ts_us, bytes);
            self.done.replies.add(number, reply, (rec.ts_us, at));
        }
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        let events = &self.done.events;
        let list = |is_hit: bool, selector: Selector| {
            let list = if is_hit { events.list_of(selector) } else { None };
            list.filter(|l| events.admits(*l, rec.ts_us, at))
        };
        hits.extend(list(client.all, Selector::Client(key.client)));
        hits.extend(list(page.all, Selector::Page(key.page)));
        if client.asks {
            let second = rec.second().unwrap_or(0);
            let since = wanted.asks.get(&(key.client, key.page)).into_iter().flatten();
            let since = since.filter(|since_s| second >= **since_s);
            hits.extend(since.filter_map(|s| list(true, Selector::Asks(key.client, key.page, *s))));
        }
        if !wanted.whole_agents.is_empty() {
            let agent = self.site.keys.agent(rec.method.bytes(block), rec.user_agent.bytes(block));
            hits.extend(list(wanted.whole_agents.contains(&agent), Selector::Agent(agent)));
        }
        if !wanted.hosts.is_empty() {
            hits.extend(list(wanted.hosts.contains(&key.host_hash), Selector::Host(key.host_hash)));
        }
        if !wanted.contacts.is_empty() {
            let contact = (key.client, key.host_hash);
            hits.extend(list(wanted.contacts.contains(&contact), Selector::Contact(contact.0, contact.1)));
        }
        hits.extend(list(wanted.site_changes && is_site_change(block, rec, &key), Selector::SiteChanges));
        if rec.status_code >= 400 || self.site.hides_missing {
            let network = key.client.network();
            let of_network = !wanted.networks.is_empty() && wanted.networks.contains(&network);
            let keys = self.site.keys;
            let agent = || keys.agent(rec.method.bytes(block), rec.user_agent.bytes(block));
            let agent = if wanted.agents.is_empty() { 0 } else { agent() };
            let of_agent = wanted.agents.contains(&agent);
            let says_so = rec.status_code >= 400;
            let is_miss = || {
                self.site.page(key.page).is_some_and(|p| !p.is_answered() && (says_so || p.is_soft_missing))
            };
            if (client.misses || of_network || of_agent) && is_miss() {
                hits.extend(list(client.misses, Selector::ClientMisses(key.client)));
                hits.extend(list(of_network, Selector::NetworkMisses(network)));
                hits.extend(list(of_agent, Selector::AgentMisses(agent)));
            }
        }
        // The rest hangs on the verdict, which is not asked for where the first pass has told enough.
        let n_whatever = hits.len();
        if is_odd != Some(false) {
            hits.extend(list(client.attacks, Selector::ClientAttacks(key.client)));
            hits.extend(list(client.pages, Selector::ClientPage(key.client, key.page)));
            hits.extend(list(page.attacks, Selector::PageAttacks(key.page)));
        }
        let answer = page.ordinary.and_then(|number| Some((number, ordinary_answer(block, rec)?)));
        let mut is_odd = is_odd;
        if !hits.is_empty() || (answer.is_some() && is_odd.is_none()) {
            let hashes = RecordHashes::of(self.site.keys, block, rec, &key);
            let verdict = self.scorer.score_hashed(block, rec, hashes.texts);
            is_odd = Some(verdict.is_odd());
            if !verdict.is_odd() {
                hits.truncate(n_whatever);
            }
            if let Some((last, others)) = hits.split_last() {
                let event = self.event(block, rec, at, &key, &hashes, verdict);
                others.iter().for_each(|list| self.done.events.add(*list, event.clone()));
                self.done.events.add(*last, event);
            }
        }
        if let (Some((number, answer)), Some(false)) = (answer, is_odd) {
            self.done.ordinary.add(number, at, answer);
        }
        self.hits = hits;
    }

    fn event(
        &mut self,
        block: &[u8],
        rec: &Rec,
        at: Locus,
        key: &RecordKeys<'_>,
        hashes: &RecordHashes,
        verdict: Verdict,
    ) -> Event {
        /// Cap on the target kept with an event, bytes; the whole line is in the evidence.
        const MAX_TARGET: usize = 512;
        let payload = if verdict.is_odd() { self.scorer.payload(block, rec, hashes.texts) } else { None };
        let mut target = key.path.to_vec();
        if let Some(query) = rec.query.get(block) {
            target.push(b'?');
            target.extend_from_slice(&unescape(query, rec.escape_of(TextField::Query)));
        }
        target.truncate(MAX_TARGET);
        Event::new(EventData {
            ts_us: rec.ts_us,
            at,
            client: key.client,
            page: key.page,
            agent: hashes.agent,
            host: key.host_hash,
            role: rec.role,
            status_code: rec.status_code,
            method: if rec.is_connection { Method::Connect } else { Method::parse(rec.method.bytes(block)) },
            bytes_out: rec.bytes_out(),
            bytes_in: rec.request_bytes,
            duration_us: rec.duration_us,
            verdict,
            content: Content::of_record(rec, block),
            skeleton: payload.as_ref().map_or(0, |p| p.skeleton_hash),
            payload_len: payload.as_ref().map_or(0, |p| p.decoded_bytes),
            target: target.into(),
        })
    }

    pub fn finish(self) -> Focused {
        self.done
    }
}

/// What a request without a payload was answered, if that says how large the page is.
fn ordinary_answer(block: &[u8], rec: &Rec) -> Option<Answer> {
    let is_full = rec.status_code == 200 && Method::parse(rec.method.bytes(block)) != Method::Head;
    let bytes = rec.bytes_out().get().filter(|bytes| *bytes > 0 && is_full)?;
    Some(Answer { ts_us: rec.ts_us, bytes })
}
