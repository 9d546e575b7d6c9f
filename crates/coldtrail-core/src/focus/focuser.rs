//! One worker of the second pass.

use super::{Events, PeakCounter};
use crate::decode::Block;
use crate::detect::Site;
use crate::enrich::attack::Scorer;
use crate::enrich::is_upload_target;
use crate::observe::{BlockKeys, ObserveOptions, RecordKeys};
use crate::parse::Parser;
use crate::record::{ClientKey, NO_TIME, Outcome, Rec, TextField, unescape};
use crate::table::{Event, Locus, Method, Selector, partition};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// What the second pass looks for, by the key of a record.
pub struct Wanted {
    caps: Vec<(Selector, usize)>,
    sample_key: u64,
    clients: HashMap<ClientKey, ClientWants, foldhash::fast::RandomState>,
    networks: Set<ClientKey>,
    agents: Set<u64>,
    pages: HashMap<u64, PageWants, foldhash::fast::RandomState>,
    hosts: Set<u64>,
    contacts: Set<(ClientKey, u64)>,
    site_changes: bool,
    peaks: Vec<ClientKey>,
    /// Hashes to look for in the keys of a block; none: every block is read.
    hashes: Option<Vec<u64>>,
}

#[derive(Clone, Copy, Default)]
struct ClientWants {
    all: bool,
    attacks: bool,
    misses: bool,
    pages: bool,
    peaks: bool,
}

#[derive(Clone, Copy, Default)]
struct PageWants {
    all: bool,
    baseline: bool,
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
            pages: HashMap::default(),
            hosts: Set::default(),
            contacts: Set::default(),
            site_changes: false,
            hashes: None,
            caps: Vec::new(),
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
                Selector::Page(p) => wanted.pages.entry(p).or_default().all = true,
                Selector::PageBaseline(p) => wanted.pages.entry(p).or_default().baseline = true,
                Selector::NetworkMisses(n) => {
                    wanted.networks.insert(n.network());
                    hashes.push(site.keys.client(n.network()));
                }
                Selector::AgentMisses(a) => {
                    wanted.agents.insert(a);
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
        for client in &wanted.peaks {
            wanted.clients.entry(*client).or_default().peaks = true;
        }
        if !everywhere && wanted.clients.len() + wanted.pages.len() + hashes.len() <= Self::MAX_HASHES {
            let mut keys: Vec<u64> = wanted.clients.iter().map(|(c, _)| site.keys.client(*c)).collect();
            keys.extend(wanted.pages.iter().map(|(p, _)| *p));
            keys.append(&mut hashes);
            wanted.hashes = Some(keys);
        }
        wanted.caps = caps.into_iter().collect();
        wanted
    }

    pub fn is_empty(&self) -> bool {
        self.caps.is_empty() && self.peaks.is_empty()
    }

    /// Whether a block may hold anything wanted.
    pub fn may_be_in(&self, keys: &BlockKeys) -> bool {
        self.hashes.as_ref().is_none_or(|hashes| hashes.iter().any(|h| keys.may_have(*h)))
    }
}

/// What a worker has gathered.
pub struct Focused {
    pub events: Events,
    pub peaks: PeakCounter,
}

impl Focused {
    pub fn merge(&mut self, other: Self) {
        self.events.merge(other.events);
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
    hits: Vec<Selector>,
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
            hits: Vec::new(),
            done: Focused {
                events: Events::new(wanted.caps.iter().copied(), wanted.sample_key),
                peaks: PeakCounter::new(wanted.peaks.iter().copied()),
            },
        }
    }

    /// Takes in one block; `rank` is the place of its input in the order of inputs.
    pub fn block(&mut self, rank: u32, block: &Block, parser: &Parser) {
        let mut records = std::mem::take(&mut self.records);
        records.clear();
        parser.parse_block(block, &mut records);
        for (i, rec) in records.iter().enumerate() {
            if matches!(rec.outcome, Outcome::Skipped | Outcome::Raw) || !self.options.admits(rec.ts_us) {
                continue;
            }
            let at = Locus {
                input: rank,
                line: block.first_line + i as u64,
                offset: block.offset + rec.line.start() as u64,
                len: rec.line.len() as u32,
            };
            self.record(&block.bytes, rec, at);
        }
        self.records = records;
    }

    fn record(&mut self, block: &[u8], rec: &Rec, at: Locus) {
        let wanted = self.wanted;
        let key = RecordKeys::of(self.site.keys, block, rec);
        let client = wanted.clients.get(&key.client).copied().unwrap_or_default();
        if client.peaks && rec.ts_us != NO_TIME {
            self.done.peaks.add(key.client, u32::try_from(rec.ts_us / 1_000_000).unwrap_or(u32::MAX));
        }
        let page = wanted.pages.get(&key.page).copied().unwrap_or_default();
        let network = !wanted.networks.is_empty() && wanted.networks.contains(&key.client.network());
        let agent = !wanted.agents.is_empty() && wanted.agents.contains(&key.agent);
        let host = !wanted.hosts.is_empty() && wanted.hosts.contains(&key.host_hash);
        let contact = !wanted.contacts.is_empty() && wanted.contacts.contains(&(key.client, key.host_hash));
        let change = wanted.site_changes && is_site_change(block, rec, &key);

        self.hits.clear();
        let mut verdict = None;
        if client.all {
            self.hits.push(Selector::Client(key.client));
        }
        if client.attacks || client.pages || page.baseline {
            let judged = self.scorer.score_hashed(block, rec, key.texts);
            verdict = Some(judged);
            let is_odd = judged.is_attack() || judged.is_weak();
            if client.attacks && is_odd {
                self.hits.push(Selector::ClientAttacks(key.client));
            }
            if client.pages && is_odd {
                self.hits.push(Selector::ClientPage(key.client, key.page));
            }
            if page.baseline && !is_odd {
                self.hits.push(Selector::PageBaseline(key.page));
            }
        }
        if (client.misses || network || agent) && self.is_miss(rec, key.page) {
            if client.misses {
                self.hits.push(Selector::ClientMisses(key.client));
            }
            if network {
                self.hits.push(Selector::NetworkMisses(key.client.network()));
            }
            if agent {
                self.hits.push(Selector::AgentMisses(key.agent));
            }
        }
        if page.all {
            self.hits.push(Selector::Page(key.page));
        }
        if host {
            self.hits.push(Selector::Host(key.host_hash));
        }
        if contact {
            self.hits.push(Selector::Contact(key.client, key.host_hash));
        }
        if change {
            self.hits.push(Selector::SiteChanges);
        }
        self.hits.retain(|s| self.done.events.wants(*s));
        if self.hits.is_empty() {
            return;
        }
        let verdict = verdict.unwrap_or_else(|| self.scorer.score_hashed(block, rec, key.texts));
        let event = self.event(block, rec, at, &key, verdict);
        for selector in &self.hits {
            self.done.events.add(*selector, &event);
        }
    }

    fn is_miss(&self, rec: &Rec, page: u64) -> bool {
        let row = self.site.partitions[partition(page)].pages.table.get(page, page);
        rec.status_code >= 400 && row.is_some_and(|p| !p.is_answered())
    }

    fn event(
        &mut self,
        block: &[u8],
        rec: &Rec,
        at: Locus,
        key: &RecordKeys<'_>,
        verdict: crate::enrich::attack::Verdict,
    ) -> Event {
        /// Cap on the target kept with an event, bytes; the whole line is in the evidence.
        const MAX_TARGET: usize = 512;
        let is_odd = verdict.is_attack() || verdict.is_weak();
        let payload = if is_odd { self.scorer.payload(block, rec) } else { None };
        let mut target = key.path.to_vec();
        if let Some(query) = rec.query.get(block) {
            target.push(b'?');
            target.extend_from_slice(&unescape(query, rec.escape_of(TextField::Query)));
        }
        target.truncate(MAX_TARGET);
        Event {
            ts_us: rec.ts_us,
            at,
            client: key.client,
            page: key.page,
            agent: key.agent,
            host: key.host_hash,
            role: rec.role,
            status_code: rec.status_code,
            method: Method::parse(rec.method.bytes(block)),
            bytes_out: rec.bytes_out(),
            bytes_in: rec.request_bytes,
            verdict,
            skeleton: payload.as_ref().map_or(0, |p| p.skeleton_hash),
            payload_len: payload.as_ref().map_or(0, |p| p.decoded_bytes),
            target: target.into(),
        }
    }

    pub fn finish(mut self) -> Focused {
        self.done.events.settle();
        self.done
    }
}

fn is_site_change(block: &[u8], rec: &Rec, key: &RecordKeys<'_>) -> bool {
    let method = Method::parse(rec.method.bytes(block));
    rec.role == crate::record::Role::Server
        && (rec.status_code == 201
            || matches!(method, Method::Put | Method::Delete | Method::Move)
            || (method == Method::Post && is_upload_target(&key.path)))
}
