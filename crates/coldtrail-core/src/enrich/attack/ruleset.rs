//! All rules, ready to run: one search for the literals of all of them, and the patterns behind it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use regex_automata::meta::Cache;

use super::class::{ATTACK, Class, ClassSet, Verdict, WEAK};
use super::fields;
use super::matcher::Matcher;
use super::normalise::{self, Anomalies, Form, Normaliser};
use super::own::OwnRules;
use super::rules::{self, Place, Rule, STRONG};
use super::sieve::{Found, Glance, MAX_RULES, Sieve, Watch};
use super::views::{self, View, Views};
use crate::enrich::base64;

/// The rules in force. Built once and shared by all threads; built-in patterns are compiled when first
/// needed.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    /// Finds the first set of literals of every rule: what a text without an attack has none of, mostly.
    first: Sieve,
    /// Finds the second sets; only run where a first one was found.
    second: Sieve,
    /// A user's rules that have no literals: they run on every text.
    ungated: Vec<u16>,
    /// Watches for what the normaliser acts on and what makes a view differ, in plain text and in forms; and for the
    /// latter alone.
    odd_plain: Watch,
    odd_form: Watch,
    odd_view: Watch,
    probes: super::probe::Probes,
}

#[derive(Debug)]
struct Compiled {
    rule: &'static Rule,
    matcher: OnceLock<Matcher>,
    has_second: bool,
    /// Of a user's own.
    is_own: bool,
    /// Whether its steps were used up on some text.
    gave_up: AtomicBool,
}

/// Which rules run and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mode {
    /// Only rules that ordinary outgoing traffic does not set off, and a user's own.
    pub(super) strong_only: bool,
    /// Every rule on a text that is always normalised: the yardstick for the gates.
    pub(super) exhaustive: bool,
}

impl Mode {
    pub(super) const ALL: Self = Self { strong_only: false, exhaustive: false };
    pub(super) const STRONG: Self = Self { strong_only: true, exhaustive: false };
}

/// Buffers and results of one judgement, used again for the next.
#[derive(Debug)]
pub(super) struct Work {
    normaliser: Normaliser,
    lower: Vec<u8>,
    views: Views,
    pub(super) decoded: Vec<u8>,
    found: Found,
    found_second: Found,
    caches: Caches,
    /// What the last judgement found.
    pub(super) fired: Vec<Fired>,
    /// The rules that looked at the text of the last judgement, where somebody asks for them.
    pub(super) looked: Option<Vec<Looked>>,
    pub(super) anomalies: Anomalies,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            normaliser: Normaliser::default(),
            lower: Vec::new(),
            views: Views::default(),
            decoded: Vec::new(),
            found: Found::default(),
            found_second: Found::default(),
            caches: (0..MAX_RULES).map(|_| None).collect(),
            fired: Vec::new(),
            looked: None,
            anomalies: Anomalies::default(),
        }
    }
}

/// Scratch space of each pattern: a thread's own, because the pattern's is behind a lock.
type Caches = Vec<Option<Box<Cache>>>;

/// A rule that matched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fired {
    pub(super) rule: &'static Rule,
    pub(super) in_base64: bool,
}

/// A rule of which a literal is in the text, and what came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    pub(super) rule: &'static Rule,
    pub(super) in_base64: bool,
    pub(super) ending: Ending,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    Matched,
    NoMatch,
    /// A second literal that every match has is not there.
    NoSecond,
    /// Its pattern took too many steps.
    GaveUp,
    /// It is not asked about such a text.
    NotAsked(&'static str),
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::new()
    }
}

impl RuleSet {
    /// The built-in rules.
    pub fn new() -> Self {
        Self::with(&OwnRules::default())
    }

    /// The built-in rules and a user's own.
    pub fn with(own: &OwnRules) -> Self {
        let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
        let mut compiled: Vec<Compiled> = Vec::new();
        let mut ungated = Vec::new();
        let ours = rules::all().zip(rules::literals()).map(|(rule, sets)| (rule, sets, None));
        let theirs = own.iter().map(|o| {
            let sets = o.literals.iter().map(|set| set.iter().map(Vec::as_slice).collect()).collect();
            (o.rule, sets, Some(o.matcher.clone()))
        });
        for (n, (rule, sets, matcher)) in ours.chain(theirs).enumerate() {
            let (n, n_sets, is_own) = (n as u16, sets.len(), matcher.is_some());
            for (words, set) in [&mut first, &mut second].into_iter().zip(sets) {
                for literal in set {
                    words.entry(literal).or_insert_with(Vec::new).push(n);
                }
            }
            assert!(
                usize::from(n) + 1 < MAX_RULES && (n_sets > 0 || is_own),
                "{}: no literals, or one rule too many",
                rule.id
            );
            if n_sets == 0 {
                ungated.push(n);
            }
            compiled.push(Compiled {
                rule,
                matcher: matcher.map_or_else(OnceLock::new, OnceLock::from),
                has_second: n_sets > 1,
                is_own,
                gave_up: AtomicBool::new(false),
            });
        }
        let first = Sieve::new(first);
        Self {
            rules: compiled,
            odd_plain: first.watch(|b| normalise::acts(b, Form::Plain) || views::triggers(b)),
            odd_form: first.watch(|b| normalise::acts(b, Form::Urlencoded) || views::triggers(b)),
            odd_view: first.watch(views::triggers),
            first,
            second: Sieve::new(second),
            ungated,
            probes: super::probe::Probes::new(),
        }
    }

    /// The rules whose steps were used up on some text before it was known whether they match, sorted. What they would
    /// have found there is not known; that it happened does not hang on the order in which texts are judged.
    pub fn gave_up(&self) -> Vec<&'static str> {
        let over = self.rules.iter().filter(|c| c.gave_up.load(Ordering::Relaxed));
        let mut ids: Vec<&str> = over.map(|c| c.rule.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The rules, in the order in which they are listed.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + '_ {
        self.rules.iter().map(|c| c.rule)
    }

    /// Is this a path that scanners ask for? See [`super::Probe`].
    pub fn probe(&self, path: &[u8]) -> Option<super::Probe> {
        self.probes.find(path)
    }

    /// What a first look at a text shows. A quiet one needs no decoding and has no rule's literal: no rule matches it.
    /// Where rules have no literal, no text is quiet.
    #[inline]
    pub(super) fn glance(&self, text: &[u8], form: Form) -> Glance {
        let glance =
            self.first.glance(text, if form == Form::Plain { &self.odd_plain } else { &self.odd_form });
        if glance == Glance::Quiet && !self.ungated.is_empty() { Glance::Plain } else { glance }
    }

    /// The rules that may match a text, which is decoded and lower-case.
    fn find(&self, text: &[u8], found: &mut Found) {
        self.first.search(text, found.reset());
        self.ungated.iter().for_each(|n| found.add(*n));
    }

    /// No rule can match any value of this query: no literal of a rule for such a place is in all of it, decoded at once,
    /// and no view differs. Ampersands are taken out first, so that nothing is decoded across two values; literals have
    /// no comma, so that joining values adds none.
    pub(super) fn is_quiet_query(&self, query: &[u8], place: Place, mode: Mode, work: &mut Work) -> bool {
        let is_too_long = query.len() > normalise::MAX_VALUE_BYTES;
        if mode.exhaustive || is_too_long || !fields::splits_at_every_ampersand(query) {
            return false;
        }
        let seen = work.normaliser.run_query(query);
        if seen.nul {
            return false;
        }
        let text = work.normaliser.text();
        match self.first.glance(text, &self.odd_view) {
            Glance::Quiet if self.ungated.is_empty() => true,
            Glance::Odd => false,
            Glance::Quiet | Glance::Plain => {
                self.find(text, &mut work.found);
                let at = Asked { place, mode, in_base64: false };
                !work.found.rules.iter().any(|n| at.objection(&self.rules[usize::from(*n)]).is_none())
            }
        }
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
        work.looked.iter_mut().for_each(Vec::clear);
        work.anomalies = Anomalies::default();
        if text.is_empty() {
            return Verdict::NONE;
        }
        self.look(text, form, Asked { place, mode, in_base64: false }, work);
        let anomalies = work.anomalies;
        if matches!(place, Place::Value | Place::Cookie | Place::ReferrerValue) {
            let mut decoded = std::mem::take(&mut work.decoded);
            if base64::decode_readable(text, &mut decoded) {
                self.look(&decoded, Form::Plain, Asked { place, mode, in_base64: true }, work);
            }
            work.decoded = decoded;
        }
        work.anomalies = anomalies;
        self.tally(work, place, mode)
    }

    /// Finds the rules that match a text.
    fn look(&self, text: &[u8], form: Form, at: Asked, work: &mut Work) {
        if !at.mode.exhaustive && text.len() <= normalise::MAX_VALUE_BYTES {
            match self.glance(text, form) {
                Glance::Quiet => return,
                Glance::Plain => {
                    self.look_plain(text, at, work);
                    return;
                }
                Glance::Odd => {}
            }
        }
        let mut normaliser = std::mem::take(&mut work.normaliser);
        work.anomalies = normaliser.run(text, form);
        let lower = normaliser.text();
        let mut views = std::mem::take(&mut work.views);
        views.build(lower);
        if at.mode.exhaustive {
            self.every(lower, &views, at, work);
        } else {
            self.find(lower, &mut work.found);
            self.candidates(lower, View::Raw, &views, at, work);
            for view in views::BUILT {
                if let Some(seen) = views.get(view) {
                    self.find(seen, &mut work.found);
                    self.candidates(seen, view, &views, at, work);
                }
            }
        }
        work.views = views;
        work.normaliser = normaliser;
    }

    /// A text that only differs from its normalised form in case, and from no view.
    fn look_plain(&self, text: &[u8], at: Asked, work: &mut Work) {
        let mut lower = std::mem::take(&mut work.lower);
        lower.clear();
        lower.extend_from_slice(text);
        lower.make_ascii_lowercase();
        self.find(&lower, &mut work.found);
        self.candidates(&lower, View::Raw, &Views::default(), at, work);
        work.lower = lower;
    }

    /// Runs the patterns whose literals were found in this text, which is the view `view`: the normalised text stands for every
    /// view that does not differ from it.
    fn candidates(&self, text: &[u8], view: View, views: &Views, at: Asked, work: &mut Work) {
        let mut searched = false;
        for i in 0..work.found.rules.len() {
            let n = work.found.rules[i];
            let compiled = &self.rules[usize::from(n)];
            let rule = compiled.rule;
            let here = if view == View::Raw { views.get(rule.view).is_none() } else { rule.view == view };
            if !here {
                continue;
            }
            let ending = if let Some(why) = at.objection(compiled) {
                Ending::NotAsked(why)
            } else if compiled.has_second && !self.has_second(n, text, &mut searched, work) {
                Ending::NoSecond
            } else {
                self.ending(n, text, &mut work.caches)
            };
            if ending == Ending::Matched {
                work.fired.push(Fired { rule, in_base64: at.in_base64 });
            }
            if let Some(looked) = &mut work.looked {
                looked.push(Looked { rule, in_base64: at.in_base64, ending });
            }
        }
    }

    /// Whether the second set of a rule is there; all second sets are searched for at once.
    fn has_second(&self, n: u16, text: &[u8], searched: &mut bool, work: &mut Work) -> bool {
        if !*searched {
            self.second.search(text, work.found_second.reset());
            *searched = true;
        }
        work.found_second.has(n)
    }

    fn ending(&self, n: u16, text: &[u8], caches: &mut Caches) -> Ending {
        let n = usize::from(n);
        let compiled = &self.rules[n];
        let matcher = compiled.matcher.get_or_init(|| Matcher::of_ours(compiled.rule.pattern));
        match matcher.is_match(text, &mut caches[n]) {
            Some(true) => Ending::Matched,
            Some(false) => Ending::NoMatch,
            None => {
                compiled.gave_up.store(true, Ordering::Relaxed);
                Ending::GaveUp
            }
        }
    }

    /// Where a rule of this set matches a text.
    pub(super) fn find_match(&self, rule: &Rule, text: &[u8]) -> Option<std::ops::Range<usize>> {
        let compiled = self.rules.iter().find(|c| c.rule.id == rule.id)?;
        compiled.matcher.get_or_init(|| Matcher::of_ours(rule.pattern)).find(text)
    }

    fn every(&self, text: &[u8], views: &Views, at: Asked, work: &mut Work) {
        for n in 0..self.rules.len() as u16 {
            let compiled = &self.rules[usize::from(n)];
            let rule = compiled.rule;
            let seen = views.get(rule.view).unwrap_or(text);
            if at.objection(compiled).is_none() && self.ending(n, seen, &mut work.caches) == Ending::Matched {
                work.fired.push(Fired { rule, in_base64: at.in_base64 });
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

/// What is asked of the rules: about a text of which place, under which mode.
#[derive(Clone, Copy, Debug)]
struct Asked {
    place: Place,
    mode: Mode,
    in_base64: bool,
}

impl Asked {
    /// Why a rule is not asked about the text; none if it is.
    #[inline]
    fn objection(self, compiled: &Compiled) -> Option<&'static str> {
        let rule = compiled.rule;
        let here = match self.place {
            // A document is full of tags and quotes; only what concerns documents is asked of it as a whole.
            Place::Document => {
                matches!(rule.class, Class::Xxe | Class::Deserialisation | Class::Jndi | Class::Cve)
            }
            place => rule.places.contains(place),
        };
        let is_strong = compiled.is_own || rule.weight >= STRONG && rule.class != Class::Scanner;
        if !here {
            Some("not asked of such a place")
        } else if self.mode.strong_only && !is_strong {
            Some("not strong enough for what leaves through a proxy and for files")
        } else if self.in_base64 && rule.weight < ATTACK {
            Some("too weak to count inside base64")
        } else {
            None
        }
    }
}
