//! The judgement on a whole record, at the speed of remembering.

use super::class::Verdict;
use super::fields;
use super::memo::{Judged, Memo};
use super::normalise::Form;
use super::rules::Place;
use super::ruleset::{Mode, RuleSet, Work};
use super::sieve::Glance;
use super::values::{self, Field, Value};
use crate::enrich::base64;
use crate::record::{Rec, Role, TextField, unescape};
use crate::table::Keys;

/// Judges records. One per thread: it remembers the verdict on every distinct string that it has seen lately.
#[derive(Debug)]
pub struct Scorer<'a> {
    rules: &'a RuleSet,
    keys: Keys,
    all_rules: bool,
    memos: [Option<Memo>; 9],
    work: Work,
}

/// Hashes of the texts of a record: its unescaped path, and as logged its query, referrer and user agent.
#[derive(Clone, Copy, Debug)]
pub struct TextHashes {
    pub path: u64,
    pub user_agent: u64,
    /// 0 where the record has none; so is the referrer.
    query: u64,
    referrer: u64,
}

impl TextHashes {
    pub fn of_record(keys: Keys, block: &[u8], rec: &Rec) -> Self {
        let path = unescape(rec.path.bytes(block), rec.escape_of(TextField::Path));
        Self::of(keys, block, rec, keys.path(&path))
    }

    /// `path` is the hash of the record's path, unescaped.
    #[inline]
    pub fn of(keys: Keys, block: &[u8], rec: &Rec, path: u64) -> Self {
        let known = |field: Field| match field.logged(block, rec) {
            b"" => 0,
            text => keys.text(text),
        };
        Self {
            path,
            user_agent: keys.user_agent(rec.user_agent.bytes(block)),
            query: known(Field::Query),
            referrer: known(Field::Referrer),
        }
    }
}

/// Cap on the slots of a field's memo, 16 bytes each; none for bodies, which do not repeat.
const fn memo_slots(field: Field) -> Option<usize> {
    match field {
        Field::Path | Field::Query | Field::Referrer => Some(1 << 17),
        Field::UserAgent | Field::Cookie => Some(1 << 12),
        Field::User | Field::Host | Field::Method => Some(1 << 9),
        Field::Body => None,
    }
}

impl<'a> Scorer<'a> {
    /// `all_rules`: also the rules that ordinary outgoing traffic sets off, on proxy logs.
    pub fn new(rules: &'a RuleSet, keys: Keys, all_rules: bool) -> Self {
        let memos = Field::ALL.map(|f| memo_slots(f).map(Memo::new));
        Self { rules, keys, all_rules, memos, work: Work::default() }
    }

    /// The score of a record: that of its worst value.
    pub fn score(&mut self, block: &[u8], rec: &Rec) -> Verdict {
        self.score_hashed(block, rec, TextHashes::of_record(self.keys, block, rec))
    }

    /// The score of a record whose texts are hashed already.
    #[inline]
    pub fn score_hashed(&mut self, block: &[u8], rec: &Rec, hashes: TextHashes) -> Verdict {
        let mut verdict = Verdict::NONE;
        for field in Field::USUAL {
            verdict = verdict.merge(self.field(field, block, rec, hashes).verdict);
        }
        if Field::has_others(block, rec) {
            for field in Field::OTHERS {
                verdict = verdict.merge(self.field(field, block, rec, hashes).verdict);
            }
        }
        verdict
    }

    /// Fetches into the cache what is remembered of a record that is about to be judged.
    #[inline]
    pub fn prefetch(&self, rec: &Rec, hashes: TextHashes) {
        let variant = variant(rec, mode(rec.role, self.all_rules));
        for (field, hash) in
            [(Field::Path, hashes.path), (Field::Query, hashes.query), (Field::Referrer, hashes.referrer)]
        {
            if let (Some(memo), true) = (&self.memos[field as usize], hash != 0) {
                memo.prefetch(hash ^ variant);
            }
        }
    }

    /// The field that looks most like an attack and its value that does, the first of several.
    pub(super) fn worst(&mut self, block: &[u8], rec: &Rec, hashes: TextHashes) -> Option<(Field, Judged)> {
        let judged = Field::ALL.map(|field| (field, self.field(field, block, rec, hashes)));
        let worst = judged.into_iter().rev().max_by_key(|(_, j)| j.verdict.score);
        worst.filter(|(_, j)| j.verdict.is_odd())
    }

    #[inline]
    fn field(&mut self, field: Field, block: &[u8], rec: &Rec, hashes: TextHashes) -> Judged {
        let logged = field.logged(block, rec);
        if logged.is_empty() {
            return Judged::default();
        }
        let hash = match field {
            Field::Path if rec.path.is_some() => hashes.path,
            Field::UserAgent => hashes.user_agent,
            Field::Query => hashes.query,
            Field::Referrer => hashes.referrer,
            _ => self.keys.text(logged),
        };
        let mode = mode(rec.role, self.all_rules);
        let hash = hash ^ variant(rec, mode);
        if let Some(judged) = self.memos[field as usize].as_ref().and_then(|m| m.get(hash)) {
            return judged;
        }
        let judged = self.judge(field, logged, rec, mode);
        if let Some(memo) = &mut self.memos[field as usize] {
            memo.put(hash, judged);
        }
        judged
    }

    #[cold]
    fn judge(&mut self, field: Field, logged: &[u8], rec: &Rec, mode: Mode) -> Judged {
        let sent = field.sent(logged, rec.escape);
        let (rules, work) = (self.rules, &mut self.work);
        // Most paths are quiet. A semicolon is not, so no parameter is missed.
        if field == Field::Path && rules.glance(&sent, Form::Plain) == Glance::Quiet {
            return Judged::default();
        }
        if let Some((before, query)) = values::query_part(field, &sent) {
            let place = values::query_place(field);
            if rules.is_quiet_query(query, place, mode, work) && !has_base64(query, work) {
                let verdict = rules.judge(before, Place::Referrer, Form::Plain, mode, work);
                return Judged { verdict, nth: 0 };
            }
        }
        let (mut judged, mut n) = (Judged::default(), 0u8);
        values::visit(field, &sent, &mut |value| {
            let verdict = value.judge(rules, mode, work);
            if verdict.score > judged.verdict.score {
                judged.nth = n;
            }
            judged.verdict = judged.verdict.merge(verdict);
            n = n.saturating_add(1);
        });
        judged
    }

    /// The rules that it judges by.
    pub fn rules(&self) -> &'a RuleSet {
        self.rules
    }

    pub(super) fn work(&mut self) -> (&'a RuleSet, &mut Work, bool) {
        (self.rules, &mut self.work, self.all_rules)
    }
}

/// Tells apart the hashes of strings that are judged differently.
#[inline]
fn variant(rec: &Rec, mode: Mode) -> u64 {
    (u64::from(rec.escape as u8) << 1 | u64::from(mode.strong_only)) << 56
}

fn has_base64(query: &[u8], work: &mut Work) -> bool {
    let mut found = false;
    for pair in fields::query(query) {
        found |= base64::decode_readable(pair.value, &mut work.decoded)
            || base64::decode_readable(pair.whole, &mut work.decoded);
    }
    fields::repeated(query, |_, joined| found |= base64::decode_readable(joined, &mut work.decoded));
    found
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
