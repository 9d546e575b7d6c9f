//! All rules, ready to run: one automaton over the literals of all of them, and the patterns behind it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;

use super::class::{ATTACK, Class, ClassSet, Verdict, WEAK};
use super::normalise::{self, Anomalies, Form, Normaliser};
use super::rules::{self, Place, Rule, STRONG};
use super::views::{self, View, Views};
use super::{base64, literals};

/// The rules in force. Built once and shared by all threads; patterns are compiled when first needed.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    automaton: AhoCorasick,
    /// For each literal of the automaton the sets that have it.
    literal_sets: Vec<Vec<u16>>,
    /// For each set the rules whose rarest set it is, and the other set that they need.
    set_rules: Vec<Vec<(u16, Option<u16>)>>,
    probes: super::probe::Probes,
}

#[derive(Debug)]
struct Compiled {
    rule: &'static Rule,
    regex: OnceLock<Regex>,
}

/// Which rules run and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mode {
    /// Only rules that ordinary outgoing traffic does not set off.
    pub(super) strong_only: bool,
    /// Every rule on a text that is always normalised: the yardstick for the gates.
    pub(super) exhaustive: bool,
}

impl Mode {
    pub(super) const ALL: Self = Self { strong_only: false, exhaustive: false };
    pub(super) const STRONG: Self = Self { strong_only: true, exhaustive: false };
}

/// Buffers and results of one judgement, used again for the next.
#[derive(Default, Debug)]
pub(super) struct Work {
    normaliser: Normaliser,
    lower: Vec<u8>,
    views: Views,
    decoded: Vec<u8>,
    found: SetBits,
    /// What the last judgement found.
    pub(super) fired: Vec<Fired>,
    pub(super) anomalies: Anomalies,
}

/// A rule that matched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fired {
    pub(super) rule: &'static Rule,
    pub(super) in_base64: bool,
}

/// Which sets of literals a text has.
#[derive(Default, Debug)]
struct SetBits {
    bits: Vec<u64>,
    touched: Vec<u16>,
}

impl SetBits {
    fn reset(&mut self, n: usize) {
        for set in self.touched.drain(..) {
            self.bits[usize::from(set) / 64] = 0;
        }
        self.bits.resize(n.div_ceil(64), 0);
    }

    fn add(&mut self, set: u16) {
        let word = &mut self.bits[usize::from(set) / 64];
        let bit = 1 << (set % 64);
        if *word & bit == 0 {
            *word |= bit;
            self.touched.push(set);
        }
    }

    fn has(&self, set: u16) -> bool {
        self.bits[usize::from(set) / 64] & 1 << (set % 64) != 0
    }
}

/// Bytes on which a text leaves the short way: what the normaliser acts on, and what makes a view differ.
const fn gate(form: Form) -> [bool; 256] {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = normalise::acts(i as u8, form) || views::triggers(i as u8);
        i += 1;
    }
    t
}

static GATE_PLAIN: [bool; 256] = gate(Form::Plain);
static GATE_URLENCODED: [bool; 256] = gate(Form::Urlencoded);

fn is_plain(text: &[u8], form: Form) -> bool {
    let table = if form == Form::Plain { &GATE_PLAIN } else { &GATE_URLENCODED };
    text.len() <= normalise::MAX_VALUE_BYTES
        && !text.iter().fold(false, |seen, b| seen | table[usize::from(*b)])
}

/// A pattern as its syntax tree; patterns speak about bytes.
pub(super) fn parse(pattern: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .dot_matches_new_line(true)
        .build()
        .parse(pattern)
        .map_err(Box::new)
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::new()
    }
}

impl RuleSet {
    pub fn new() -> Self {
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut literal_sets: Vec<Vec<u16>> = Vec::new();
        let mut index = BTreeMap::new();
        let mut sets: BTreeMap<literals::AnyOf, u16> = BTreeMap::new();
        let mut set_rules: Vec<Vec<(u16, Option<u16>)>> = Vec::new();
        let mut compiled = Vec::new();
        for (n, rule) in rules::all().enumerate() {
            let hir = parse(rule.pattern).expect("every pattern is parsed by a test");
            let mut ids = literals::required(&hir).into_iter().map(|any_of| {
                if let Some(id) = sets.get(&any_of) {
                    return *id;
                }
                let id = set_rules.len() as u16;
                set_rules.push(Vec::new());
                for literal in &any_of {
                    let at = *index.entry(literal.clone()).or_insert_with(|| {
                        words.push(literal.clone());
                        literal_sets.push(Vec::new());
                        words.len() - 1
                    });
                    literal_sets[at].push(id);
                }
                sets.insert(any_of, id);
                id
            });
            let first = ids.next().expect("a test finds literals for every rule");
            let second = ids.next();
            drop(ids);
            set_rules[usize::from(first)].push((n as u16, second));
            compiled.push(Compiled { rule, regex: OnceLock::new() });
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .expect("a few hundred short literals fit an automaton");
        Self { rules: compiled, automaton, literal_sets, set_rules, probes: super::probe::Probes::new() }
    }

    /// The rules, in the order in which they are listed.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + '_ {
        self.rules.iter().map(|c| c.rule)
    }

    /// Is this a path that scanners ask for? See [`super::Probe`].
    pub fn probe(&self, path: &[u8]) -> Option<super::Probe> {
        self.probes.find(path)
    }

    fn regex(&self, n: usize) -> &Regex {
        let compiled = &self.rules[n];
        compiled.regex.get_or_init(|| {
            RegexBuilder::new(compiled.rule.pattern)
                .unicode(false)
                .dot_matches_new_line(true)
                .build()
                .expect("every pattern is compiled by a test")
        })
    }

    /// No rule's literal is in this text, and nothing in it needs decoding: whatever values it is cut into, none of them
    /// sets off a rule.
    pub(super) fn is_quiet(&self, text: &[u8], form: Form, work: &mut Work) -> bool {
        if !is_plain(text, form) {
            return false;
        }
        work.found.reset(self.set_rules.len());
        self.search(text, &mut work.found);
        work.found.touched.is_empty()
    }

    /// Judges one value that stood at `place`. `text` is as sent, unescaped.
    pub(super) fn judge(
        &self,
        text: &[u8],
        place: Place,
        form: Form,
        mode: Mode,
        work: &mut Work,
    ) -> Verdict {
        work.fired.clear();
        work.anomalies = Anomalies::default();
        if text.is_empty() {
            return Verdict::NONE;
        }
        self.look(text, place, form, mode, false, work);
        let anomalies = work.anomalies;
        if matches!(place, Place::Value | Place::Cookie | Place::ReferrerValue) {
            let mut decoded = std::mem::take(&mut work.decoded);
            if base64::decode(text, &mut decoded) {
                self.look(&decoded, place, Form::Plain, mode, true, work);
            }
            work.decoded = decoded;
        }
        work.anomalies = anomalies;
        self.tally(work, place, mode)
    }

    /// Finds the rules that match a text.
    fn look(&self, text: &[u8], place: Place, form: Form, mode: Mode, in_base64: bool, work: &mut Work) {
        if !mode.exhaustive && is_plain(text, form) {
            work.found.reset(self.set_rules.len());
            self.search(text, &mut work.found);
            if work.found.touched.is_empty() {
                return;
            }
            let mut lower = std::mem::take(&mut work.lower);
            lower.clear();
            lower.extend(text.iter().map(u8::to_ascii_lowercase));
            self.candidates(&lower, None, place, mode, in_base64, work);
            work.lower = lower;
            return;
        }
        let mut normaliser = std::mem::take(&mut work.normaliser);
        work.anomalies = normaliser.run(text, form);
        let lower = normaliser.text();
        let mut views = std::mem::take(&mut work.views);
        views.build(lower);
        if mode.exhaustive {
            self.every(lower, &views, place, mode, in_base64, work);
        } else {
            work.found.reset(self.set_rules.len());
            self.search(lower, &mut work.found);
            self.candidates(lower, Some((&views, View::Raw)), place, mode, in_base64, work);
            for view in views::BUILT {
                if let Some(seen) = views.get(view) {
                    work.found.reset(self.set_rules.len());
                    self.search(seen, &mut work.found);
                    self.candidates(seen, Some((&views, view)), place, mode, in_base64, work);
                }
            }
        }
        work.views = views;
        work.normaliser = normaliser;
    }

    fn search(&self, text: &[u8], found: &mut SetBits) {
        for m in self.automaton.find_overlapping_iter(text) {
            for set in &self.literal_sets[m.pattern().as_usize()] {
                found.add(*set);
            }
        }
    }

    /// Runs the patterns whose literals were found in this text. `view` says which view the text is and which views
    /// have a text of their own; without it the text stands for all of them.
    fn candidates(
        &self,
        text: &[u8],
        view: Option<(&Views, View)>,
        place: Place,
        mode: Mode,
        in_base64: bool,
        work: &mut Work,
    ) {
        for i in 0..work.found.touched.len() {
            let set = work.found.touched[i];
            for &(n, other) in &self.set_rules[usize::from(set)] {
                let rule = self.rules[usize::from(n)].rule;
                let here = match view {
                    None => true,
                    Some((views, View::Raw)) => views.get(rule.view).is_none(),
                    Some((_, view)) => rule.view == view,
                };
                if here
                    && applies(rule, place, mode, in_base64)
                    && other.is_none_or(|o| work.found.has(o))
                    && self.regex(usize::from(n)).is_match(text)
                {
                    work.fired.push(Fired { rule, in_base64 });
                }
            }
        }
    }

    fn every(&self, text: &[u8], views: &Views, place: Place, mode: Mode, in_base64: bool, work: &mut Work) {
        for n in 0..self.rules.len() {
            let rule = self.rules[n].rule;
            let seen = views.get(rule.view).unwrap_or(text);
            if applies(rule, place, mode, in_base64) && self.regex(n).is_match(seen) {
                work.fired.push(Fired { rule, in_base64 });
            }
        }
    }

    /// The score of what fired: per class the heaviest rule and half of the others, plus what oddities add.
    fn tally(&self, work: &mut Work, place: Place, mode: Mode) -> Verdict {
        if work.fired.is_empty() {
            let nul = work.anomalies.nul && !mode.strong_only && place != Place::Header;
            return if nul {
                Verdict { score: WEAK, classes: ClassSet::EMPTY.with(Class::Other) }
            } else {
                Verdict::NONE
            };
        }
        // The same rule in the value and in its base64 counts once.
        work.fired.sort_by_key(|f| (f.rule.class, f.rule.id, f.in_base64));
        work.fired.dedup_by_key(|f| f.rule.id);
        let mut best = 0;
        let (mut attacks, mut weak) = (ClassSet::EMPTY, ClassSet::EMPTY);
        for group in work.fired.chunk_by(|a, b| a.rule.class == b.rule.class) {
            let max = group.iter().map(|f| u32::from(f.rule.weight)).max().unwrap_or_default();
            let sum: u32 = group.iter().map(|f| u32::from(f.rule.weight)).sum();
            let score =
                (max + (sum - max) / 2 + u32::from(work.anomalies.bonus())).min(u32::from(u8::MAX)) as u8;
            best = best.max(score);
            let class = group[0].rule.class;
            if score >= ATTACK {
                attacks = attacks.with(class);
            } else if score >= WEAK {
                weak = weak.with(class);
            }
        }
        Verdict { score: best, classes: if attacks.is_empty() { weak } else { attacks } }
    }
}

fn applies(rule: &Rule, place: Place, mode: Mode, in_base64: bool) -> bool {
    let here = match place {
        // A document is full of tags and quotes; only what concerns documents is asked of it as a whole.
        Place::Document => {
            matches!(rule.class, Class::Xxe | Class::Deserialisation | Class::Jndi | Class::Cve)
        }
        place => rule.places.contains(place),
    };
    here && (!mode.strong_only || rule.weight >= STRONG && rule.class != Class::Scanner)
        && (!in_base64 || rule.weight >= ATTACK)
}
