//! One worker of the first pass: parses blocks, judges records, sends out observations.

use super::index::BlockKeys;
use super::keys::{RecordHashes, RecordKeys, is_site_change};
use super::observation::{Carried, ClientObservation, ContactObservation, Facts, PageObservation};
use super::route::{Partitions, Router};
use crate::decode::Block;
use crate::enrich::attack::{RuleSet, Scorer, Verdict};
use crate::enrich::{
    Content, Marks, PageKind, has_number, is_command, is_upload_target, kind_of, user_in_path, user_in_query,
};
use crate::parse::{Parser, format_name};
use crate::record::{NO_TIME, Outcome, Private, Rec, Role, TextField};
use crate::table::{HourRow, InputTotals, Keyed, Keys, PARTITIONS, StatusClass, Table, Totals, partition};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Cap on lines kept as not fully understood, lines: the first by input and line; their count is exact.
pub const MAX_REJECTS: usize = 10_000;
/// Cap on a raw line in the outputs, bytes: what servers take as one request line.
pub const MAX_RAW: usize = 8192;

/// The hour of records without a time: they fall into none.
const NO_HOUR: u32 = u32::MAX / 3600;
/// Records whose keys are made before the first of them is judged: enough for what they need to come from memory.
const BATCH: usize = 32;

/// What of the records is wanted.
#[derive(Clone, Copy)]
pub struct ObserveOptions {
    pub all_rules: bool,
    /// Records before and after are read and accounted for, but not observed; microseconds since 1970.
    pub since_us: Option<i64>,
    pub until_us: Option<i64>,
}

impl ObserveOptions {
    /// Whether a record is in the window. One without a time is.
    #[inline]
    pub fn admits(&self, ts_us: i64) -> bool {
        ts_us == NO_TIME
            || (self.since_us.is_none_or(|t| ts_us >= t) && self.until_us.is_none_or(|t| ts_us <= t))
    }
}

/// A line that was not fully understood.
pub struct RejectLine {
    pub feed: u32,
    pub member: u32,
    pub line: u64,
    pub offset: u64,
    pub reason: crate::record::Reason,
    pub is_partial: bool,
    pub raw: Vec<u8>,
    pub n_cut: u64,
    pub private: Option<Vec<Private>>,
}

/// What a worker knows when all blocks are done.
#[derive(Default)]
pub struct Observed {
    pub totals: Totals,
    /// By feed and member.
    pub inputs: BTreeMap<(u32, u32), InputTotals>,
    /// The first `MAX_REJECTS` by feed, member and line.
    pub rejects: Vec<RejectLine>,
}

impl Observed {
    pub fn merge(&mut self, other: Self) {
        self.totals.merge(&other.totals);
        for (input, totals) in other.inputs {
            self.inputs.entry(input).or_default().merge(&totals);
        }
        self.rejects.extend(other.rejects);
        self.trim_rejects();
    }

    fn trim_rejects(&mut self) {
        self.rejects.sort_by_key(|r| (r.feed, r.member, r.line));
        self.rejects.truncate(MAX_REJECTS);
    }
}

/// Requests of one method and user agent.
struct AgentCount {
    hash: u64,
    method: Vec<u8>,
    text: Vec<u8>,
    /// Requests, refused, with a referrer.
    n: [u64; 3],
}

impl Keyed for AgentCount {
    type Key = u64;
    #[inline]
    fn key(&self) -> u64 {
        self.hash
    }
}

/// One worker.
pub struct Observer<'a, 'r> {
    keys: Keys,
    options: ObserveOptions,
    scorer: Scorer<'r>,
    router: Router<'a>,
    to: &'a Partitions,
    agents: Table<AgentCount>,
    /// The agent of the latest record: the requests of a visit stand together.
    agent: u32,
    hours: HashMap<u32, HourRow, foldhash::fast::RandomState>,
    /// The hour of the latest record: lines come mostly in the order of time.
    hour: (u32, HourRow),
    records: Vec<Rec>,
    done: Observed,
}

impl<'a, 'r: 'a> Observer<'a, 'r> {
    /// Cap on agents counted before they are handed to the partitions, agents.
    const MAX_AGENTS: usize = 4096;

    pub fn new(keys: Keys, options: ObserveOptions, rules: &'r RuleSet, to: &'a Partitions) -> Self {
        Self {
            keys,
            options,
            scorer: Scorer::new(rules, keys, options.all_rules),
            router: Router::new(to, rules),
            to,
            agents: Table::default(),
            agent: 0,
            hours: HashMap::default(),
            hour: (NO_HOUR, HourRow::default()),
            records: Vec::new(),
            done: Observed::default(),
        }
    }

    /// Takes in one block. Returns which keys are in it, by line or together.
    pub fn block(&mut self, feed: u32, block: &Block, parser: &Parser, by_line: bool) -> BlockKeys {
        let mut account = InputTotals::default();
        let mut records = std::mem::take(&mut self.records);
        records.clear();
        parser.parse_block(block, &mut records);
        let is_whole = !block.cut_line && !block.cut_off;
        let mut keys = if by_line && is_whole { BlockKeys::lines(&records) } else { BlockKeys::bloom() };
        let mut admitted = Vec::with_capacity(records.len());
        let mut format = None;
        let mut n_format = 0u64;
        for (i, rec) in records.iter().enumerate() {
            account.count(rec.outcome, rec.reason);
            if !matches!(rec.outcome, Outcome::Ok | Outcome::Skipped) {
                self.reject(feed, block, rec, i);
            }
            match rec.outcome {
                Outcome::Skipped => {
                    keys.always(i);
                    continue;
                }
                Outcome::Raw => continue,
                Outcome::Ok | Outcome::Partial => {}
            }
            if format != Some(rec.format) {
                if let Some(id) = format {
                    *account.formats.entry(format_name(id).to_owned()).or_default() += n_format;
                }
                (format, n_format) = (Some(rec.format), 0);
            }
            n_format += 1;
            if rec.ts_us != NO_TIME {
                account.first_us = Some(account.first_us.map_or(rec.ts_us, |t| t.min(rec.ts_us)));
                account.last_us = Some(account.last_us.map_or(rec.ts_us, |t| t.max(rec.ts_us)));
            }
            if self.options.admits(rec.ts_us) {
                admitted.push((i, rec));
            }
        }
        let mut batch = Vec::with_capacity(BATCH);
        for records in admitted.chunks(BATCH) {
            batch.clear();
            for (_, rec) in records {
                let key = RecordKeys::of(self.keys, &block.bytes, rec);
                let hashes = RecordHashes::of(self.keys, &block.bytes, rec, &key);
                self.scorer.prefetch(rec, hashes.texts);
                batch.push((key, hashes));
            }
            for ((line, rec), (key, hashes)) in records.iter().zip(&batch) {
                let verdict = self.scorer.score_hashed(&block.bytes, rec, hashes.texts);
                keys.add(*line, rec.status_code >= 400, verdict.is_odd(), key, hashes);
                if is_site_change(&block.bytes, rec, key) {
                    keys.always(*line);
                }
                self.record(&block.bytes, rec, key, hashes, verdict, &mut account);
            }
        }
        if let Some(id) = format {
            *account.formats.entry(format_name(id).to_owned()).or_default() += n_format;
        }
        self.records = records;
        self.done.totals.lines.merge(&account);
        self.done.inputs.entry((feed, block.member)).or_default().merge(&account);
        if self.agents.len() > Self::MAX_AGENTS {
            self.hand_over_agents();
        }
        keys
    }

    /// Attacks that this worker has seen so far.
    pub fn n_attacks(&self) -> u64 {
        self.done.totals.n_attacks
    }

    /// Clients that all workers have handed over so far: locks each partition once.
    pub fn n_clients(&self) -> u64 {
        (0..PARTITIONS).map(|i| self.to.with(i, |p| p.clients.table.len() as u64)).sum()
    }

    fn reject(&mut self, feed: u32, block: &Block, rec: &Rec, index: usize) {
        let raw = rec.line.bytes(&block.bytes).trim_ascii_end();
        let kept = &raw[..raw.len().min(MAX_RAW)];
        self.done.rejects.push(RejectLine {
            feed,
            member: block.member,
            line: block.first_line + index as u64,
            offset: block.offset + rec.line.start() as u64,
            reason: rec.reason,
            is_partial: rec.outcome == Outcome::Partial,
            raw: kept.to_vec(),
            n_cut: (raw.len() - kept.len()) as u64,
            private: Private::of(rec),
        });
        if self.done.rejects.len() >= 2 * MAX_REJECTS {
            self.done.trim_rejects();
        }
    }

    fn record(
        &mut self,
        block: &[u8],
        rec: &Rec,
        key: &RecordKeys<'_>,
        hashes: &RecordHashes,
        verdict: Verdict,
        account: &mut InputTotals,
    ) {
        let bytes_out = rec.bytes_out().or_zero();
        let bytes_in = rec.request_bytes.or_zero();
        let ts_s = rec.second().unwrap_or(u32::MAX);
        let mut facts = facts(block, rec, key);
        let content = Content::of_record(rec, block);
        facts.set(Facts::PROGRAM, content.has(Content::PROGRAM));

        account.posts += u64::from(facts.has(Facts::POST));
        account.bodies += u64::from(rec.body.is_some());
        account.requests_with_bytes_in += u64::from(rec.request_bytes.get().is_some());
        account.requests_with_user_agent += u64::from(rec.user_agent.is_some());
        account.requests_with_referrer += u64::from(facts.has(Facts::REFERRER));
        account.outgoing += u64::from(facts.has(Facts::OUTGOING));
        account.stripped_queries += u64::from(rec.query.is_some() && rec.query.is_empty());

        let is_error = rec.status_code >= 400 || rec.status_code == 0 && rec.has_status || rec.is_unanswered;
        if self.hour.0 != ts_s / 3600 {
            self.end_hour(ts_s / 3600);
        }
        self.hour.1.merge(&HourRow {
            n_requests: 1,
            n_attacks: u64::from(verdict.is_attack()),
            n_errors: u64::from(is_error),
            bytes_out,
        });
        self.done.totals.n_attacks += u64::from(verdict.is_attack());
        self.done.totals.bytes_out = self.done.totals.bytes_out.saturating_add(bytes_out);
        self.done.totals.bytes_in = self.done.totals.bytes_in.saturating_add(bytes_in);

        if self.agents.rows().get(self.agent as usize).is_none_or(|a| a.hash != hashes.agent) {
            let new = || AgentCount {
                hash: hashes.agent,
                method: rec.method.bytes(block).to_vec(),
                text: rec.user_agent.bytes(block).to_vec(),
                n: [0; 3],
            };
            self.agent = self.agents.entry(hashes.agent, hashes.agent, new).0;
        }
        let agent = self.agents.row_mut(self.agent);
        agent.n[0] += 1;
        agent.n[1] += u64::from(is_error);
        agent.n[2] += u64::from(facts.has(Facts::REFERRER));

        let client_part = partition(hashes.network);
        let name = if key.client.is_name() && !self.router.is_known(hashes.client) {
            self.router.carry(client_part, rec.client.bytes(block), b"")
        } else {
            Carried::NONE
        };
        self.router.client(
            client_part,
            ClientObservation {
                client: key.client,
                hash: hashes.client,
                page: key.page,
                agent: hashes.agent,
                bytes_out,
                bytes_in,
                ts_s,
                status_code: rec.status_code,
                facts,
                verdict,
                name,
            },
        );
        let page_part = partition(key.page);
        let name = if self.router.is_known(key.page) {
            Carried::NONE
        } else {
            self.router.carry(page_part, &key.host, &key.path)
        };
        self.router.page(
            page_part,
            PageObservation {
                hash: key.page,
                bytes_out,
                bytes_in,
                ts_s,
                status_code: rec.status_code,
                facts,
                verdict,
                name,
            },
        );
        if rec.role == Role::Proxy && !key.host.is_empty() {
            let name = self.router.carry(client_part, &key.host, b"");
            self.router.contact(
                client_part,
                ContactObservation {
                    client: key.client,
                    host: key.host_hash,
                    bytes_down: bytes_out,
                    bytes_up: bytes_in,
                    ts_s,
                    facts,
                    port: key.port,
                    minutes: (rec.duration_us.or_zero() / 60_000_000).min(u64::from(u16::MAX)) as u16,
                    marks: Marks::of_record(rec, block),
                    content,
                    name,
                },
            );
        }
    }

    fn end_hour(&mut self, next: u32) {
        let (hour, row) = std::mem::replace(&mut self.hour, (next, HourRow::default()));
        self.hours.entry(hour).or_default().merge(&row);
    }

    fn hand_over_agents(&mut self) {
        for AgentCount { hash, method, text, n } in std::mem::take(&mut self.agents).into_rows() {
            self.to.with(partition(hash), |p| p.agents.add(hash, &method, &text, n));
        }
    }

    /// Hands over what is still in the buffers. The scorer goes on to the second pass with all that it remembers.
    pub fn finish(mut self) -> (Observed, Scorer<'r>) {
        self.router.finish();
        self.hand_over_agents();
        self.end_hour(NO_HOUR);
        self.done.totals.hours = self.hours.drain().filter(|(hour, _)| *hour != NO_HOUR).collect();
        self.done.trim_rejects();
        (self.done, self.scorer)
    }
}

fn facts(block: &[u8], rec: &Rec, key: &RecordKeys<'_>) -> Facts {
    let method = rec.method.bytes(block);
    let referrer = rec.referrer.bytes(block);
    let has_referrer = !referrer.is_empty() && referrer != b"-";
    let is_answered = (200..300).contains(&rec.status_code) || rec.status_code == 304;
    let mut facts = Facts::default();
    facts.set(Facts::REFERRER, has_referrer);
    facts.set(Facts::ASSET, has_referrer && is_answered && kind_of(&key.path) == PageKind::Asset);
    facts.set(Facts::LINKED, has_referrer && !(key.path.len() > 1 && referrer.ends_with(&key.path)));
    facts.set(Facts::OUTGOING, rec.role == Role::Proxy);
    facts.set(Facts::USER, user_in_path(&key.path).is_some());
    if let Some(query) = rec.text(TextField::Query, block) {
        facts.set(Facts::COMMAND, is_command(&query));
        facts.set(Facts::USER, user_in_query(&query).is_some());
        facts.set(Facts::QUERY, !query.is_empty());
        facts.set(Facts::NUMBER, has_number(&query));
    }
    facts.set(Facts::CONNECT, method == b"CONNECT");
    facts.set(Facts::UPLOAD, rec.status_code == 201 || method == b"PUT");
    if method.eq_ignore_ascii_case(b"POST") {
        facts.set(Facts::POST, true);
        facts.set(Facts::UPLOAD, is_upload_target(&key.path));
    }
    if rec.role == Role::Proxy {
        facts.set(Facts::DENIED, rec.is_denied(block));
        let is_error = rec.has_status && StatusClass::of(rec.status_code) == StatusClass::Error;
        facts.set(Facts::FAILED, is_error || rec.is_unanswered);
    }
    facts
}
