//! The one value that every writer turns into its format. Nothing in it depends on threads, order or the machine.

use super::Basis;
use crate::detect::{Finding, Level, Severity, Stage};
use crate::enrich::{Country, Place};
use crate::focus::Peaks;
use crate::observe::{MAX_RAW, MAX_REJECTS};
use crate::record::{ClientKey, Private, Reason};
use crate::table::{StatusClass, Totals};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A finished scan.
pub struct Report {
    pub level: Level,
    /// The rule that decided the level: `bulk`, `life-cycle`; empty where there is nothing to decide.
    pub rule: String,
    /// The verdict in one or two sentences: who, what, where, when.
    pub sentence: String,
    /// What would raise the level, in sentences.
    pub would_raise: Vec<String>,
    /// What to do now, most urgent first.
    pub do_now: Vec<String>,
    pub answers: Answers,
    /// Sorted by first time, then id.
    pub incidents: Vec<Incident>,
    /// Sorted by first time, then id.
    pub findings: Vec<Finding>,
    pub coverage: Coverage,
    pub totals: Totals,
    /// What the log calls those clients of findings that are names instead of addresses.
    pub client_names: BTreeMap<ClientKey, String>,
    /// Most telling first.
    pub clients: Lines<ClientLine>,
    /// Most telling first.
    pub pages: Lines<PageLine>,
    /// Most telling first.
    pub hosts: Lines<HostLine>,
    pub countries: Countries,
    pub basis: Basis,
    /// The run was interrupted: what is here is what was read until then.
    pub is_partial: bool,
}

/// Lines of a table that may have millions: each is made when it is asked for.
pub struct Lines<T> {
    n: usize,
    make: Box<dyn Fn(usize) -> T + Send + Sync>,
}

impl<T> Lines<T> {
    /// `make(i)` for `i` below `n`, in the order of the output.
    pub fn new(n: usize, make: impl Fn(usize) -> T + Send + Sync + 'static) -> Self {
        Self { n, make: Box::new(make) }
    }

    pub fn len(&self) -> usize {
        self.n
    }

    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// In the order of the output.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.n).map(&self.make)
    }
}

/// The four questions. Each list is sorted by first time, then name.
#[derive(Default)]
pub struct Answers {
    /// Attackers, and own clients that take part: of findings of at least medium severity, or joined to such.
    pub who: Vec<Who>,
    /// Other clients of findings: single probes as every server sees them, and contacts that were blocked.
    pub n_background: u64,
    pub got_in: Vec<GotIn>,
    pub left: Vec<Left>,
    pub took: Vec<Took>,
}

pub struct Who {
    pub client: String,
    pub place: Place,
    /// Seen in a proxy log: one of our own.
    pub is_own: bool,
    /// Of the gravest finding that accuses it.
    pub level: Level,
    pub severity: Severity,
    pub n_requests: u64,
    pub stages: Vec<Stage>,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    /// Requests of the findings, by stage, for the summary table.
    pub n_by_stage: Vec<(Stage, u64)>,
    pub bytes_taken: u64,
    /// Requests that the findings rest on, in twelve equal parts of the logs' span; all 0 where none has a time.
    pub activity: [u64; 12],
}

pub struct GotIn {
    pub page: String,
    pub first_us: Option<i64>,
    pub rule: String,
    pub level: Level,
    pub finding: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeftState {
    /// The last answers say that it is gone.
    Deleted,
    /// The last answers say that it is there.
    Present,
    Unknown,
}

impl LeftState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Present => "present",
            Self::Unknown => "unknown",
        }
    }
}

/// Something left behind; times are of successful answers.
pub struct Left {
    pub path: String,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub state: LeftState,
    pub finding: String,
}

pub struct Took {
    pub client: String,
    pub path_or_host: String,
    pub bytes: u64,
    pub first_us: Option<i64>,
    pub finding: String,
}

/// Findings that belong together.
pub struct Incident {
    pub id: String,
    pub level: Level,
    pub severity: Severity,
    /// At most 1,000; `n_clients` is exact.
    pub clients: Vec<String>,
    pub n_clients: u64,
    pub artefacts: Vec<String>,
    /// In the order of the kill chain.
    pub stages: Vec<IncidentStage>,
    /// Ids, in the order of `Report::findings`.
    pub findings: Vec<String>,
    pub statement: String,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
}

pub struct IncidentStage {
    pub stage: Stage,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub n_requests: u64,
}

/// What was read, and what it cannot show.
#[derive(Default)]
pub struct Coverage {
    /// In the order of first time, then path: `Locus::input` is the index.
    pub inputs: Vec<InputLine>,
    pub gaps: Vec<Gap>,
    /// Sentences, each with the log setting that would have shown it.
    pub blind_spots: Vec<String>,
    /// What could not be read or was skipped, in sentences that say what to do.
    pub problems: Vec<String>,
    /// Skipped on purpose: links, pipes, files that are no logs.
    pub notes: Vec<String>,
    /// In the order of input and line; at most `Report::MAX_REJECTS`.
    pub rejects: Vec<Reject>,
    /// Lines that were not fully understood, all of them.
    pub n_rejects: u64,
}

pub struct InputLine {
    pub path: String,
    /// `sha256` or `blake3` with its digest in hex; none with `--hash none`.
    pub digest: Option<(&'static str, String)>,
    /// The format of most of its lines.
    pub format: String,
    pub compression: String,
    /// Bytes after decompression.
    pub bytes: u64,
    pub lines: u64,
    pub ok: u64,
    pub partial: u64,
    pub raw: u64,
    pub skipped: u64,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    /// Why it was not read to its end.
    pub problem: Option<String>,
}

pub struct Gap {
    pub input: String,
    pub from_us: i64,
    pub to_us: i64,
}

/// A line that was not fully understood.
pub struct Reject {
    /// Index into `Coverage::inputs`.
    pub input: u32,
    pub line: u64,
    pub offset: u64,
    pub reason: Reason,
    /// True: some fields were read.
    pub is_partial: bool,
    pub raw: Vec<u8>,
    pub n_cut: u64,
    /// Its parts that name somebody; none where that is not known.
    pub private: Option<Vec<Private>>,
}

/// What the log calls a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClientName {
    Address(IpAddr),
    Name(String),
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

pub struct ClientLine {
    pub client: ClientName,
    pub n_requests: u64,
    pub n_pages: u64,
    /// By `StatusClass`.
    pub n_status: [u64; StatusClass::COUNT],
    pub n_attacks: u64,
    pub n_posts: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    /// For suspects and the busiest clients.
    pub peaks: Option<Peaks>,
    /// Findings that name it.
    pub n_findings: u64,
    pub country: Option<Country>,
}

/// Where the clients of these logs are registered.
#[derive(Clone, Debug, Default)]
pub struct Countries {
    /// Most telling first.
    pub lines: Vec<CountryLine>,
    pub expected: Expected,
}

/// How it is known which countries are usual ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Expected {
    /// The user named them.
    Given,
    /// From so many browsers' sessions without a finding.
    Learnt { n_visitors: u64 },
    /// There are too few visitors to learn from.
    #[default]
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CountryLine {
    /// None: internal addresses, and those of which nothing is known.
    pub country: Option<Country>,
    pub n_clients: u64,
    /// Clients with a browser's session and without a finding.
    pub n_visitors: u64,
    /// Clients that a finding names.
    pub n_named: u64,
    pub n_requests: u64,
    pub n_attacks: u64,
    pub bytes_out: u64,
    pub is_expected: Option<bool>,
    /// How surprising a visitor from there is, thousandths of a bit: 1,000 more is half as likely. None where there
    /// are too few visitors to learn from.
    pub surprise_millibits: Option<u32>,
}

impl CountryLine {
    /// Takes in the sums of other clients of the same country.
    pub(crate) fn merge(&mut self, o: &Self) {
        self.n_clients += o.n_clients;
        self.n_visitors += o.n_visitors;
        self.n_named += o.n_named;
        self.n_requests += o.n_requests;
        self.n_attacks += o.n_attacks;
        self.bytes_out = self.bytes_out.saturating_add(o.bytes_out);
    }
}

pub struct PageLine {
    /// Empty where the log has none.
    pub host: String,
    pub path: String,
    pub n_requests: u64,
    pub n_clients: u64,
    pub n_status: [u64; StatusClass::COUNT],
    /// When each class was first and last answered, microseconds since 1970.
    pub spans_us: [Option<(i64, i64)>; StatusClass::COUNT],
    pub n_attacks: u64,
    pub n_posts: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    pub max_out: u64,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub n_findings: u64,
}

pub struct HostLine {
    pub host: String,
    pub n_requests: u64,
    pub n_clients: u64,
    pub n_failed: u64,
    pub n_denied: u64,
    pub bytes_down: u64,
    pub bytes_up: u64,
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub n_findings: u64,
}

impl Report {
    /// See [`crate::observe::MAX_REJECTS`].
    pub const MAX_REJECTS: usize = MAX_REJECTS;
    /// See [`crate::observe::MAX_RAW`].
    pub const MAX_RAW: usize = MAX_RAW;
    /// Clients without a finding whose exact peaks are counted: the busiest.
    pub const PEAK_CLIENTS: usize = 1000;

    /// The address of a client, or the name that the log has.
    pub fn client_text(&self, client: ClientKey) -> String {
        match (client.ip(), self.client_names.get(&client)) {
            (Some(ip), _) => ip.to_string(),
            (None, Some(name)) => name.clone(),
            (None, None) => format!("name-{:016x}", client.words().1),
        }
    }
}
