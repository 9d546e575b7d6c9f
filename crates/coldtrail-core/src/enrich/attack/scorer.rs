//! The judgement on a whole record, at the speed of remembering.

use std::hash::BuildHasher;

use super::class::Verdict;
use super::memo::Memo;
use super::normalise::Form;
use super::ruleset::{Mode, RuleSet, Work};
use super::values::{self, Field, Value};
use super::{base64, fields};
use crate::record::{Rec, Role};

/// Judges records. One per thread: it remembers the verdict on every distinct string that it has seen lately.
///
/// The hash is seeded per run, so that nobody can prepare strings that displace each other, and a verdict is only used
/// for the bytes that it was made for.
#[derive(Debug)]
pub struct Scorer<'a> {
    rules: &'a RuleSet,
    hasher: foldhash::fast::FixedState,
    all_rules: bool,
    memos: [Option<Memo>; 9],
    work: Work,
}

/// Slots and bytes per slot of a field's memo; none for bodies, which do not repeat.
const fn memo_size(field: Field) -> Option<(usize, usize)> {
    match field {
        Field::Path => Some((1 << 16, 80)),
        Field::Query => Some((1 << 16, 96)),
        Field::Referrer => Some((1 << 13, 256)),
        Field::UserAgent => Some((1 << 12, 384)),
        Field::Cookie => Some((1 << 12, 256)),
        Field::User | Field::Host | Field::Method => Some((1 << 9, 64)),
        Field::Body => None,
    }
}

impl<'a> Scorer<'a> {
    /// `seed` is drawn once per run. `all_rules`: also the rules that ordinary outgoing traffic sets off, on proxy logs.
    pub fn new(rules: &'a RuleSet, seed: u64, all_rules: bool) -> Self {
        let memos = Field::ALL.map(|f| memo_size(f).map(|(slots, stride)| Memo::new(slots, stride)));
        Self {
            rules,
            hasher: foldhash::fast::FixedState::with_seed(seed),
            all_rules,
            memos,
            work: Work::default(),
        }
    }

    /// The score of a record: that of its worst value.
    #[inline]
    pub fn score(&mut self, block: &[u8], rec: &Rec) -> Verdict {
        let mode = mode(rec.role, self.all_rules);
        let mut verdict = Verdict::NONE;
        for field in Field::ALL {
            let logged = field.logged(block, rec);
            if !logged.is_empty() {
                verdict = verdict.merge(self.field(field, logged, rec, mode));
            }
        }
        verdict
    }

    #[inline]
    fn field(&mut self, field: Field, logged: &[u8], rec: &Rec, mode: Mode) -> Verdict {
        let variant = rec.escape as u8 | u8::from(mode.strong_only) << 4;
        let hash = self.hasher.hash_one(logged);
        if let Some(memo) = &self.memos[field as usize]
            && let Some(verdict) = memo.get(hash, logged, variant)
        {
            return verdict;
        }
        let verdict = self.judge(field, logged, rec, mode);
        if let Some(memo) = &mut self.memos[field as usize] {
            memo.put(hash, logged, variant, verdict);
        }
        verdict
    }

    #[cold]
    fn judge(&mut self, field: Field, logged: &[u8], rec: &Rec, mode: Mode) -> Verdict {
        let sent = field.sent(logged, rec.escape);
        let (rules, work) = (self.rules, &mut self.work);
        if field == Field::Query && rules.is_quiet(&sent, Form::Urlencoded, work) {
            let mut decoded = Vec::new();
            if !fields::query(&sent).any(|p| base64::decode(p.value, &mut decoded)) {
                return Verdict::NONE;
            }
        }
        let mut verdict = Verdict::NONE;
        values::visit(field, &sent, &mut |value| verdict = verdict.merge(value.judge(rules, mode, work)));
        verdict
    }

    /// The rules that it judges by.
    pub fn rules(&self) -> &'a RuleSet {
        self.rules
    }

    pub(super) fn work(&mut self) -> (&'a RuleSet, &mut Work, bool) {
        (self.rules, &mut self.work, self.all_rules)
    }
}

/// On a proxy log people look things up, download tools and read about attacks: only strong rules mean something.
pub(super) fn mode(role: Role, all_rules: bool) -> Mode {
    if role == Role::Proxy && !all_rules { Mode::STRONG } else { Mode::ALL }
}

impl Value<'_> {
    pub(super) fn judge(&self, rules: &RuleSet, mode: Mode, work: &mut Work) -> Verdict {
        let mode = Mode { strong_only: mode.strong_only || self.is_file, ..mode };
        rules.judge(self.text, self.place, self.form, mode, work)
    }
}
