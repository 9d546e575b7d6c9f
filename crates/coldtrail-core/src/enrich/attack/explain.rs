//! Why a record was judged as it was: how each of its values was decoded, which rules looked at it, and what it tries.

use super::attempt::{Attempt, name_of_class, third_person};
use super::class::Verdict;
use super::literals::AnyOf;
use super::normalise::{Form, Normaliser};
use super::payload::skeleton;
use super::ruleset::{Ending, Looked, Mode, RuleSet, Work};
use super::scorer::{Scorer, mode};
use super::values::{self, Field, Value};
use super::views::{View, Views};
use super::{literals, matcher};
use crate::enrich::base64;
use crate::record::{Rec, printable};

/// A judgement with its reasons.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Explained {
    pub verdict: Verdict,
    /// The rules that matched in the values that decided, sorted.
    pub rules: Vec<&'static str>,
    /// Where those values stood: `query:id`, `path`, `user_agent`, `cookie:sid`, `body:name`.
    pub wheres: Vec<String>,
}

/// How one value was read. All texts are printable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// `query:id`.
    pub place: String,
    pub sent: String,
    /// What each round of decoding undid, and what came of it.
    pub rounds: Vec<(String, String)>,
    /// The text in other readers' eyes, where that differs and a rule looked at it: `sql` and the text; `base64` for what
    /// is hidden in it.
    pub views: Vec<(&'static str, String)>,
    /// `NUL byte`, `not UTF-8`.
    pub oddities: Vec<&'static str>,
    pub looked: Vec<Look>,
    pub verdict: Verdict,
    /// What an odd value tries, in the third person, and what it names; nothing for another one.
    pub tries: Vec<String>,
    pub attempt: Attempt,
    /// Its shape, as [`skeleton`] says it.
    pub shape: String,
}

impl Reading {
    /// Nothing was decoded that any rule looked at, and nothing is odd.
    pub fn is_quiet(&self) -> bool {
        self.looked.is_empty() && self.oddities.is_empty() && !self.verdict.is_odd()
    }
}

/// A rule that looked at a value, because a literal that all its matches have is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    pub rule: &'static super::Rule,
    /// `base64` where it looked at what is hidden in it, else the view.
    pub view: &'static str,
    pub outcome: LookOutcome,
    /// What it matched, or why it did not.
    pub why: String,
}

/// How the look of a rule ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LookOutcome {
    Matched,
    Missed,
    /// The rule is not for such a text.
    NotAsked,
}

impl RuleSet {
    /// Judges one record as [`Scorer::explain`] does, without a scorer.
    pub fn explain(&self, block: &[u8], rec: &Rec, all_rules: bool) -> Explained {
        explain(self, block, rec, mode(rec.role, all_rules), &mut Work::default())
    }

    /// How every value of a record is read and judged.
    pub fn read(&self, block: &[u8], rec: &Rec, all_rules: bool) -> Vec<Reading> {
        let mut work = Work::default();
        work.looked = Some(Vec::new());
        let mut readings = Vec::new();
        each_value(block, rec, &mut |value| {
            let verdict = value.judge(self, mode(rec.role, all_rules), &mut work);
            readings.push(self.reading(&value, verdict, &work));
        });
        readings
    }

    fn reading(&self, value: &Value<'_>, verdict: Verdict, work: &Work) -> Reading {
        let mut rounds = Vec::new();
        let mut normaliser = Normaliser::default();
        let seen = normaliser.decode_showing(value.text, value.form, |done, text| {
            if !done.words().is_empty() {
                rounds.push((done.words(), printable(text)));
            }
        });
        let oddities = [
            (seen.nul, "NUL byte"),
            (seen.overlong, "overlong UTF-8"),
            (seen.invalid_utf8, "not UTF-8"),
            (seen.cut, "longer than 8 KiB: the first 6 and the last 2 were looked at"),
        ];
        let plain = Seen::of(value.text, value.form);
        let mut hidden = Vec::new();
        let hidden = base64::decode_readable(value.text, &mut hidden).then(|| Seen::of(&hidden, Form::Plain));
        let mut views: Vec<(&str, String)> = Vec::new();
        let mut looked = Vec::new();
        for look in work.looked.iter().flatten() {
            let seen = if look.in_base64 { hidden.as_ref().unwrap_or(&plain) } else { &plain };
            let (name, text) = seen.view(look.rule.view);
            let view = if look.in_base64 { "base64" } else { name };
            if view != View::Raw.name() && !views.iter().any(|(known, _)| *known == view) {
                views.push((view, printable(text)));
            }
            let outcome = match look.ending {
                Ending::Matched => LookOutcome::Matched,
                Ending::NotAsked(_) => LookOutcome::NotAsked,
                Ending::NoMatch | Ending::NoSecond | Ending::GaveUp => LookOutcome::Missed,
            };
            looked.push(Look { rule: look.rule, view, outcome, why: self.why(look, text) });
        }
        looked.sort_by_key(|l| (l.outcome, l.rule.class, std::cmp::Reverse(l.rule.weight), l.rule.id));
        let mut attempt = Attempt::default();
        if verdict.is_odd() {
            attempt.add(value, verdict.classes);
        }
        let tries = match attempt.names.is_empty() {
            true => verdict.classes.iter().map(name_of_class).map(third_person).collect(),
            false => attempt.names.iter().map(|name| third_person(name)).collect(),
        };
        Reading {
            place: value.label(),
            sent: printable(value.text),
            rounds,
            views,
            oddities: oddities.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect(),
            looked,
            verdict,
            tries,
            attempt,
            shape: if verdict.is_odd() { skeleton(value.text, value.form) } else { String::new() },
        }
    }

    fn why(&self, look: &Looked, text: &[u8]) -> String {
        match look.ending {
            Ending::Matched => {
                let found = self.find_match(look.rule, text).and_then(|at| text.get(at));
                format!("matches {}", short(found.unwrap_or_default()))
            }
            Ending::NoMatch | Ending::NoSecond => {
                let sets = matcher::parse(look.rule.pattern, true).map(|hir| literals::required(&hir));
                let here = |set: &AnyOf| {
                    set.iter().find(|l| memchr::memmem::find(text, l).is_some()).map(|l| short(l))
                };
                let first = sets.ok().and_then(|sets| sets.first().and_then(here));
                let but = match look.ending {
                    Ending::NoSecond => "not what else every match has",
                    _ => "the pattern does not match",
                };
                first.map_or_else(|| but.to_owned(), |first| format!("has {first}, but {but}"))
            }
            Ending::GaveUp => "given up: the pattern takes too many steps".to_owned(),
            Ending::NotAsked(why) => why.to_owned(),
        }
    }
}

/// A decoded text and its views.
struct Seen {
    text: Vec<u8>,
    views: Views,
}

impl Seen {
    fn of(text: &[u8], form: Form) -> Self {
        let mut normaliser = Normaliser::default();
        normaliser.run(text, form);
        let mut views = Views::default();
        views.build(normaliser.text());
        Self { text: normaliser.text().to_vec(), views }
    }

    /// The text in a view, and that view's name; the decoded text's where they do not differ.
    fn view(&self, view: View) -> (&'static str, &[u8]) {
        self.views.get(view).map_or((View::Raw.name(), &self.text), |text| (view.name(), text))
    }
}

/// `"union select"`: a part of a decoded text.
fn short(text: &[u8]) -> String {
    const MAX_CHARS: usize = 60;
    let text = printable(text);
    let more = if text.chars().count() > MAX_CHARS { "..." } else { "" };
    format!("\"{}{more}\"", text.chars().take(MAX_CHARS).collect::<String>())
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

fn each_value(block: &[u8], rec: &Rec, each: &mut dyn FnMut(Value<'_>)) {
    for field in Field::ALL {
        let logged = field.logged(block, rec);
        if !logged.is_empty() {
            values::visit(field, &field.sent(logged, rec.escape), each);
        }
    }
}

fn explain(rules: &RuleSet, block: &[u8], rec: &Rec, mode: Mode, work: &mut Work) -> Explained {
    let mut out = Explained::default();
    let mut found = Vec::new();
    each_value(block, rec, &mut |value| {
        let verdict = value.judge(rules, mode, work);
        out.verdict = out.verdict.merge(verdict);
        if verdict.is_odd() {
            let ids: Vec<&str> = work.fired.iter().map(|f| f.rule.id).collect();
            found.push((verdict, value.label(), ids));
        }
    });
    found.retain(|(verdict, ..)| verdict.is_attack() == out.verdict.is_attack());
    for (_, place, rules) in found {
        out.rules.extend(rules);
        if !out.wheres.contains(&place) {
            out.wheres.push(place);
        }
    }
    out.rules.sort_unstable();
    out.rules.dedup();
    out
}
