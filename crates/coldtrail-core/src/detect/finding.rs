//! A finding: one sentence, its numbers, and the lines that prove it.

use crate::record::{ClientKey, NO_TIME, Private};
use crate::table::{Event, Locus};
use std::collections::{BTreeMap, BTreeSet};

/// Stage of an attack, in the order of the kill chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Stage {
    Reconnaissance,
    Attack,
    Access,
    Exploit,
    Implant,
    Exfiltration,
    CommandAndControl,
    Download,
    LateralMovement,
    Impact,
}

impl Stage {
    pub const ALL: [Self; 10] = [
        Self::Reconnaissance,
        Self::Attack,
        Self::Access,
        Self::Exploit,
        Self::Implant,
        Self::Exfiltration,
        Self::CommandAndControl,
        Self::Download,
        Self::LateralMovement,
        Self::Impact,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Reconnaissance => "reconnaissance",
            Self::Attack => "attack",
            Self::Access => "access",
            Self::Exploit => "exploit",
            Self::Implant => "implant",
            Self::Exfiltration => "exfiltration",
            Self::CommandAndControl => "command-and-control",
            Self::Download => "download",
            Self::LateralMovement => "lateral-movement",
            Self::Impact => "impact",
        }
    }
}

/// How bad it is; the table is in the contract.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What is proven of a compromise. A finding has at least `NoSign`; `NoAttack` is a whole report's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Level {
    NoAttack,
    NoSign,
    Possible,
    Probable,
    Confirmed,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAttack => "no_attack",
            Self::NoSign => "no_sign",
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Confirmed => "confirmed",
        }
    }

    /// The fixed words of the verdict.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoAttack => "No attack found in these logs",
            Self::NoSign => "They tried; no sign that they got in",
            Self::Possible => "They may have got in",
            Self::Probable => "They probably got in",
            Self::Confirmed => "They got in",
        }
    }
}

/// A figure of a finding. Floats are rounded to 4 digits where they are made, so that output is the same everywhere.
#[derive(Clone, PartialEq, Debug)]
pub enum Number {
    Int(i64),
    Float(f64),
    Text(String),
}

impl From<u64> for Number {
    fn from(n: u64) -> Self {
        Self::Int(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Number {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}

impl From<usize> for Number {
    fn from(n: usize) -> Self {
        Self::from(n as u64)
    }
}

impl From<f64> for Number {
    fn from(x: f64) -> Self {
        Self::Float((x * 10_000.0).round() / 10_000.0)
    }
}

impl From<&str> for Number {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}

/// A line that proves something. `raw` is filled in after all detectors are done.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    pub at: Locus,
    /// Microseconds since 1970 UTC.
    pub ts_us: Option<i64>,
    /// The line as it stands in the log, cut at 8 KiB.
    pub raw: Vec<u8>,
    /// Bytes of the line that were cut off.
    pub n_cut: u64,
    /// Its parts that name somebody; none where that is not known.
    pub private: Option<Vec<Private>>,
}

impl Evidence {
    /// A line of which place and time are known; the time may be [`NO_TIME`].
    pub fn new(at: Locus, ts_us: i64) -> Self {
        Self { at, ts_us: (ts_us != NO_TIME).then_some(ts_us), raw: Vec::new(), n_cut: 0, private: None }
    }

    pub fn of(event: &Event) -> Self {
        Self::new(event.at, event.ts_us)
    }
}

/// A finding under construction: what is known so far. `subject` names what it is about, and with detector and first
/// time makes the id: never anything that depends on names of files or line numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    pub subject: String,
    pub severity: Severity,
    pub level: Level,
    pub clients: BTreeSet<ClientKey>,
    pub pages: BTreeSet<String>,
    pub hosts: BTreeSet<String>,
    /// Hosts that a payload names to be called. The attacker chose them and nobody was seen to call them, so that they
    /// join no findings and are blocked by nothing.
    pub callback_hosts: BTreeSet<String>,
    pub artefacts: BTreeSet<String>,
    /// Microseconds since 1970 UTC.
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub n_requests: u64,
    pub bytes_out: Option<u64>,
    pub bytes_in: Option<u64>,
    pub statement: String,
    pub numbers: BTreeMap<&'static str, Number>,
    pub caveats: Vec<String>,
    pub evidence: Vec<Evidence>,
    /// The rule that decided, for the verdict: `bulk`, `life-cycle`.
    pub rule: &'static str,
    /// Hash of the page this is about, for the detector's own use in `conclude`; 0 for none.
    pub page: u64,
}

impl Draft {
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            severity: Severity::Info,
            level: Level::NoSign,
            clients: BTreeSet::new(),
            pages: BTreeSet::new(),
            hosts: BTreeSet::new(),
            callback_hosts: BTreeSet::new(),
            artefacts: BTreeSet::new(),
            first_us: None,
            last_us: None,
            n_requests: 0,
            bytes_out: None,
            bytes_in: None,
            statement: String::new(),
            numbers: BTreeMap::new(),
            caveats: Vec::new(),
            evidence: Vec::new(),
            rule: "",
            page: 0,
        }
    }

    /// Sets first and last from seconds; `u32::MAX` as first means no time was seen.
    pub fn set_span(&mut self, first_s: u32, last_s: u32) {
        if first_s <= last_s {
            self.first_us = Some(i64::from(first_s) * 1_000_000);
            self.last_us = Some(i64::from(last_s) * 1_000_000);
        }
    }

    pub fn number(&mut self, name: &'static str, value: impl Into<Number>) {
        self.numbers.insert(name, value.into());
    }

    /// Adds a line that proves it.
    pub fn show(&mut self, event: &Event) {
        if !self.evidence.iter().any(|e| e.at == event.at) {
            self.evidence.push(Evidence::of(event));
        }
    }

    /// One draft of several about the same subject: that of the highest severity, level and count speaks; clients,
    /// pages, hosts, artefacts, counts and evidence are those of all.
    pub fn join(mut drafts: Vec<Self>) -> Self {
        let strength = |d: &Self| (d.severity, d.level, d.n_requests);
        drafts.sort_by(|a, b| {
            (strength(b), &a.statement, a.clients.first())
                .partial_cmp(&(strength(a), &b.statement, b.clients.first()))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut rest = drafts.into_iter();
        let mut all = rest.next().unwrap_or_else(|| Self::new(""));
        for d in rest {
            all.clients.extend(d.clients);
            all.pages.extend(d.pages);
            all.hosts.extend(d.hosts);
            all.callback_hosts.extend(d.callback_hosts);
            all.artefacts.extend(d.artefacts);
            all.first_us = [all.first_us, d.first_us].into_iter().flatten().min();
            all.last_us = [all.last_us, d.last_us].into_iter().flatten().max();
            all.n_requests += d.n_requests;
            all.bytes_out = sum(all.bytes_out, d.bytes_out);
            all.bytes_in = sum(all.bytes_in, d.bytes_in);
            for e in d.evidence {
                if all.evidence.len() < Self::MAX_EVIDENCE && !all.evidence.iter().any(|mine| mine.at == e.at)
                {
                    all.evidence.push(e);
                }
            }
            all.caveats.extend(d.caveats);
        }
        all.caveats.sort();
        all.caveats.dedup();
        all
    }

    /// Cap on the lines that prove one finding, lines: a reader looks at no more.
    pub const MAX_EVIDENCE: usize = 20;
    /// Cap on the clients named in one finding, clients (`contract.md`).
    pub const MAX_CLIENTS: usize = 1000;

    /// The finding, with its id.
    pub fn finish(self, meta: &'static super::Meta) -> Finding {
        let first = self.first_us.map_or_else(|| "-".to_owned(), |t| t.to_string());
        let id = stable_hash(&[meta.id, &self.subject, &first]);
        Finding { id: format!("{id:016x}"), meta, draft: self }
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, other) => one.or(other),
    }
}

/// A 64-bit FNV-1a hash with a final mix: the same in every version and on every machine.
pub(crate) fn stable_hash(parts: &[&str]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for b in part.bytes().chain([0]) {
            h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    h ^= h >> 32;
    h = h.wrapping_mul(0xd6e8_feb8_6659_fd93);
    h ^ h >> 32
}

/// A finished finding.
#[derive(Clone)]
pub struct Finding {
    pub id: String,
    pub meta: &'static super::Meta,
    pub draft: Draft,
}

impl std::ops::Deref for Finding {
    type Target = Draft;
    fn deref(&self) -> &Draft {
        &self.draft
    }
}
