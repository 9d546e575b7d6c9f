//! A client at a login: its tries, which of them failed, and whether it was let in.

use super::login::{is_refused, is_try, usual_of};
use super::password_guessing::Params;
use crate::detect::Site;
use crate::detect::actor::is_outgoing;
use crate::record::NO_TIME;
use crate::table::{ClientRow, Moment, Reply, StatusClass, Tally};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Nobody types a burst of tries within this, microseconds.
const BURST_US: i64 = 10_000_000;
/// Slower than this from one to the next is no hurry, microseconds.
const SLOW_US: i64 = 60_000_000;

/// A client and how the page answered it.
pub(super) struct Visitor<'a> {
    pub(super) row: &'a ClientRow,
    pub(super) replies: &'a [(Reply, Tally)],
    /// The answer that most of its tries got; none without a try.
    pub(super) usual: Option<Reply>,
}

impl<'a> Visitor<'a> {
    pub(super) fn of(replies: &'a [(Reply, Tally)], site: &'a Site<'_>) -> Option<Self> {
        let row = site.client(replies.first()?.0.client)?.0;
        if is_outgoing(row) || !site.may_accuse(row) {
            return None;
        }
        let tries = replies.iter().filter(|(reply, _)| is_try(reply));
        Some(Self { row, replies, usual: usual_of(tries) })
    }

    pub(super) fn tries(&self) -> impl Iterator<Item = &'a (Reply, Tally)> + use<'a> {
        self.replies.iter().filter(|(reply, _)| is_try(reply))
    }

    /// Behind the address are people with browsers: for each try a picture, script or style sheet of a page.
    pub(super) fn has_browser(&self) -> bool {
        let n_tries: u64 = self.tries().map(|(_, tally)| tally.n).sum();
        u64::from(self.row.n_assets_referred) >= n_tries
    }

    pub(super) fn has_user(&self) -> bool {
        self.tries().any(|(reply, _)| reply.has_user)
    }

    /// What share of what it asked for and was there is this page, in percent.
    pub(super) fn share_percent(&self) -> u64 {
        let n_missing = self.row.count(StatusClass::Missing);
        let n_here: u64 = self.replies.iter().map(|(_, tally)| tally.n).sum();
        n_here * 100 / u64::from(self.row.n_requests.saturating_sub(n_missing)).max(1)
    }
}

/// Tries of one client that failed, and what else it was answered.
pub(super) struct Attempt<'a> {
    pub(super) visitor: &'a Visitor<'a>,
    pub(super) n_tries: u64,
    pub(super) n_failures: u64,
    pub(super) first: Moment,
    pub(super) last: Moment,
    /// The hour with most failures.
    pub(super) busiest: Tally,
    /// In some hour they came faster than a person types.
    pub(super) is_burst: bool,
    /// Answers that are none of the failures: let in, or something else.
    pub(super) n_others: u64,
    pub(super) let_in: Option<LetIn>,
}

/// The first answer that says that a client was let in.
#[derive(Clone, Copy)]
pub(super) struct LetIn {
    pub(super) status_code: u16,
    pub(super) moment: Moment,
    /// After so many failures, and without such an answer before them, that it may come back as often as it likes.
    pub(super) after_many: bool,
}

impl<'a> Attempt<'a> {
    /// `is_failure` tells of tries that were not refused. None without a failure.
    pub(super) fn of(
        visitor: &'a Visitor<'a>,
        params: Params,
        is_failure: impl Fn(&Reply) -> bool,
    ) -> Option<Self> {
        let has_failed = |reply: &Reply| is_refused(reply) || is_failure(reply);
        let (failures, mut others): (Vec<&(Reply, Tally)>, Vec<_>) =
            visitor.tries().partition(|(reply, _)| has_failed(reply));
        if visitor.tries().any(|(reply, _)| reply.status_code == 401) {
            // A page that asks for a password by 401 gives itself to those who know it.
            let given = |reply: &Reply| !reply.is_post && matches!(reply.status_code, 200..=399);
            others.extend(visitor.replies.iter().filter(|(reply, _)| given(reply)));
        }
        let mut hours: BTreeMap<u32, Tally> = BTreeMap::new();
        for (reply, tally) in &failures {
            let hour = hours.entry(reply.hour).or_insert(Tally { n: 0, ..*tally });
            hour.n += tally.n;
            hour.first = hour.first.min(tally.first);
            hour.last = hour.last.max(tally.last);
        }
        let busiest = *hours.values().max_by_key(|hour| (hour.n, Reverse(hour.first)))?;
        let is_burst = |hour: &Tally| {
            hour.n >= params.burst && hour.first.0 != NO_TIME && hour.last.0 - hour.first.0 <= BURST_US
        };
        let first = hours.values().map(|hour| hour.first).min()?;
        Some(Self {
            visitor,
            n_tries: visitor.tries().map(|(_, tally)| tally.n).sum(),
            n_failures: failures.iter().map(|(_, tally)| tally.n).sum(),
            first,
            last: hours.values().map(|hour| hour.last).max()?,
            busiest,
            is_burst: hours.values().any(is_burst),
            n_others: others.iter().map(|(_, tally)| tally.n).sum(),
            let_in: let_in(visitor, &failures, &others, first, params.min_failures),
        })
    }

    /// From one failure to the next, in the hour that has most; without times none.
    pub(super) fn interval_us(&self) -> Option<i64> {
        let (n, first, last) = if self.busiest.n > 1 {
            (self.busiest.n, self.busiest.first.0, self.busiest.last.0)
        } else {
            (self.n_failures, self.first.0, self.last.0)
        };
        (first != NO_TIME && n > 1).then(|| (last - first) / (n as i64 - 1))
    }

    /// Ten in an hour at least, each no later than this after the one before on average.
    pub(super) fn is_within(&self, seconds: u64) -> bool {
        const MIN: u64 = 10;
        self.busiest.n >= MIN && self.interval_us().is_some_and(|us| us <= seconds as i64 * 1_000_000)
    }

    pub(super) fn is_slow(&self) -> bool {
        self.interval_us().is_some_and(|us| us > SLOW_US)
    }
}

/// The first answer with another status than the failures have, after one of them: it must be rare, or come after many
/// failures and never before.
fn let_in(
    visitor: &Visitor<'_>,
    failures: &[&(Reply, Tally)],
    others: &[&(Reply, Tally)],
    first: Moment,
    min_failures: u64,
) -> Option<LetIn> {
    let is_other = |reply: &Reply| {
        matches!(reply.status_code, 200..=399)
            && visitor.usual.is_none_or(|usual| usual.status_code != reply.status_code)
    };
    let is_known = others.iter().any(|(reply, tally)| is_other(reply) && tally.first < first);
    let after = others.iter().filter(|(reply, tally)| is_other(reply) && tally.first > first);
    let (reply, tally) = after.min_by_key(|(_, tally)| tally.first)?;
    let moment = tally.first;
    let before = |tally: &Tally| if tally.last < moment { tally.n } else { u64::from(tally.first < moment) };
    let n_before: u64 = failures.iter().map(|(_, tally)| before(tally)).sum();
    let n_failures: u64 = failures.iter().map(|(_, tally)| tally.n).sum();
    let n_other: u64 = others.iter().filter(|(reply, _)| is_other(reply)).map(|(_, tally)| tally.n).sum();
    let after_many = n_before >= min_failures && !is_known;
    let is_rare = n_other <= (n_failures / 10).max(3);
    (after_many || is_rare).then_some(LetIn { status_code: reply.status_code, moment, after_many })
}
