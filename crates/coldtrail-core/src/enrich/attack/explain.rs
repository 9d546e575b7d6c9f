//! Why a record was judged as it was: the values that did it, how they were decoded, and the rules that matched.

use super::class::Verdict;
use super::ruleset::{Mode, RuleSet, Work};
use super::scorer::{Scorer, mode};
use super::values::{self, Field, Value};
use crate::record::{Rec, printable};

/// A judgement with its reasons.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Explained {
    pub verdict: Verdict,
    /// The rules that matched in the values that decided, sorted.
    pub rules: Vec<&'static str>,
    /// Where those values stood: `query:id`, `path`, `user_agent`, `cookie:sid`, `body:name`.
    pub wheres: Vec<String>,
    pub steps: Vec<Step>,
}

/// One value that is odd: what was sent, what was read, and what that set off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub place: String,
    pub sent: String,
    pub decoded: String,
    /// Rounds of decoding, and what was odd: `2 rounds`, `NUL byte`.
    pub oddities: Vec<String>,
    /// `union-select (sqli 6)`, with `in base64` where it was hidden.
    pub reasons: Vec<String>,
    pub score: u8,
}

impl RuleSet {
    /// Judges one record as [`Scorer::explain`] does, without a scorer.
    pub fn explain(&self, block: &[u8], rec: &Rec, all_rules: bool) -> Explained {
        explain(self, block, rec, mode(rec.role, all_rules), &mut Work::default())
    }
}

impl Scorer<'_> {
    /// Judges a record as [`Scorer::score`] does, without what it remembers and with reasons.
    pub fn explain(&mut self, block: &[u8], rec: &Rec) -> Explained {
        let (rules, work, all_rules) = self.work();
        explain(rules, block, rec, mode(rec.role, all_rules), work)
    }

    /// The same with every rule run on always decoded text, without any gate. Only tests have the time.
    #[doc(hidden)]
    pub fn explain_exhaustively(&mut self, block: &[u8], rec: &Rec) -> Explained {
        let (rules, work, all_rules) = self.work();
        explain(rules, block, rec, Mode { exhaustive: true, ..mode(rec.role, all_rules) }, work)
    }
}

fn explain(rules: &RuleSet, block: &[u8], rec: &Rec, mode: Mode, work: &mut Work) -> Explained {
    let mut out = Explained::default();
    let mut found = Vec::new();
    for field in Field::ALL {
        let logged = field.logged(block, rec);
        if logged.is_empty() {
            continue;
        }
        let sent = field.sent(logged, rec.escape);
        values::visit(field, &sent, &mut |value| {
            let verdict = value.judge(rules, mode, work);
            out.verdict = out.verdict.merge(verdict);
            if verdict.is_odd() {
                found.push((
                    verdict,
                    step(&value, verdict, work),
                    work.fired.iter().map(|f| f.rule.id).collect::<Vec<_>>(),
                ));
            }
        });
    }
    for (verdict, step, rules) in found {
        if verdict.is_attack() == out.verdict.is_attack() {
            out.rules.extend(rules);
            if !out.wheres.contains(&step.place) {
                out.wheres.push(step.place.clone());
            }
        }
        out.steps.push(step);
    }
    out.rules.sort_unstable();
    out.rules.dedup();
    out
}

fn step(value: &Value<'_>, verdict: Verdict, work: &Work) -> Step {
    let seen = work.anomalies;
    let mut oddities = Vec::new();
    if seen.rounds > 0 {
        oddities.push(format!(
            "{} round{} of decoding",
            seen.rounds,
            if seen.rounds == 1 { "" } else { "s" }
        ));
    }
    for (is_so, words) in [
        (seen.nul, "NUL byte"),
        (seen.overlong, "overlong UTF-8"),
        (seen.invalid_utf8, "not UTF-8"),
        (seen.cut, "longer than 8 KiB: the first 6 and the last 2 were looked at"),
    ] {
        if is_so {
            oddities.push(words.to_owned());
        }
    }
    let mut normaliser = super::Normaliser::default();
    normaliser.run(value.text, value.form);
    let reason = |f: &super::ruleset::Fired| {
        let hidden = if f.in_base64 { ", in base64" } else { "" };
        format!("{} ({} {}{hidden})", f.rule.id, f.rule.class.name(), f.rule.weight)
    };
    Step {
        place: value.label(),
        sent: printable(value.text),
        decoded: printable(normaliser.text()),
        oddities,
        reasons: work.fired.iter().map(reason).collect(),
        score: verdict.score,
    }
}
