//! Sums over everything: small, and complete before any detector runs.

use crate::record::{Outcome, Reason};
use std::collections::BTreeMap;

/// One hour of the logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HourRow {
    pub n_requests: u64,
    pub n_attacks: u64,
    pub n_errors: u64,
    pub bytes_out: u64,
}

impl HourRow {
    #[inline]
    pub fn merge(&mut self, o: &Self) {
        self.n_requests += o.n_requests;
        self.n_attacks += o.n_attacks;
        self.n_errors += o.n_errors;
        self.bytes_out += o.bytes_out;
    }
}

/// The line account of one input: `lines = ok + partial + raw + skipped`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InputTotals {
    pub lines: u64,
    pub ok: u64,
    pub partial: u64,
    pub raw: u64,
    pub skipped: u64,
    /// Earliest and latest time of a record, microseconds since 1970.
    pub first_us: Option<i64>,
    pub last_us: Option<i64>,
    pub reasons: BTreeMap<Reason, u64>,
    /// Records by the name of the format that read them.
    pub formats: BTreeMap<String, u64>,
    /// Records that carry a query that the server did not log (`?` at the end: Squid's default).
    pub stripped_queries: u64,
    pub posts: u64,
    pub bodies: u64,
    pub requests_with_bytes_in: u64,
    pub requests_with_user_agent: u64,
    pub requests_with_referrer: u64,
    pub outgoing: u64,
}

impl InputTotals {
    pub fn count(&mut self, outcome: Outcome, reason: Reason) {
        self.lines += 1;
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Partial => &mut self.partial,
            Outcome::Raw => &mut self.raw,
            Outcome::Skipped => &mut self.skipped,
        } += 1;
        if reason != Reason::None && outcome != Outcome::Skipped {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    pub fn merge(&mut self, o: &Self) {
        self.lines += o.lines;
        self.ok += o.ok;
        self.partial += o.partial;
        self.raw += o.raw;
        self.skipped += o.skipped;
        self.first_us = [self.first_us, o.first_us].into_iter().flatten().min();
        self.last_us = [self.last_us, o.last_us].into_iter().flatten().max();
        for (k, n) in &o.reasons {
            *self.reasons.entry(*k).or_default() += n;
        }
        for (k, n) in &o.formats {
            *self.formats.entry(k.clone()).or_default() += n;
        }
        self.stripped_queries += o.stripped_queries;
        self.posts += o.posts;
        self.bodies += o.bodies;
        self.requests_with_bytes_in += o.requests_with_bytes_in;
        self.requests_with_user_agent += o.requests_with_user_agent;
        self.requests_with_referrer += o.requests_with_referrer;
        self.outgoing += o.outgoing;
    }
}

/// Sums over all inputs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub lines: InputTotals,
    /// By hours since 1970.
    pub hours: BTreeMap<u32, HourRow>,
    pub n_attacks: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
}

impl Totals {
    pub fn merge(&mut self, o: &Self) {
        self.lines.merge(&o.lines);
        for (hour, row) in &o.hours {
            self.hours.entry(*hour).or_default().merge(row);
        }
        self.n_attacks += o.n_attacks;
        self.bytes_out += o.bytes_out;
        self.bytes_in += o.bytes_in;
    }
}
