//! All rules, ready to run: one search for the literals of all of them, and the patterns behind it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};

use super::base64;
use super::class::{ATTACK, Class, ClassSet, Verdict, WEAK};
use super::normalise::{self, Anomalies, Form, Normaliser};
use super::rules::{self, Place, Rule, STRONG};
use super::sieve::{Found, Glance, MAX_RULES, Sieve, Watch};
use super::views::{self, View, Views};

/// The rules in force. Built once and shared by all threads; patterns are compiled when first needed.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    /// Finds the first set of literals of every rule: what a text without an attack has none of, mostly.
    first: Sieve,
    /// Finds the second sets; only run where a first one was found.
    second: Sieve,
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
    regex: OnceLock<Regex>,
    has_second: bool,
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

/// A pattern as its syntax tree; patterns speak about bytes.
pub(super) fn parse(pattern: &str) -> Result<regex_syntax::hir::Hir, Box<regex_syntax::Error>> {
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
        let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
        let mut compiled = Vec::new();
        for (n, (rule, sets)) in rules::all().zip(rules::literals()).enumerate() {
            let n_sets = sets.len();
            for (words, set) in [&mut first, &mut second].into_iter().zip(sets) {
                for literal in set {
                    words.entry(literal).or_insert_with(Vec::new).push(n as u16);
                }
            }
            assert!(n_sets > 0 && n + 1 < MAX_RULES, "{}: no literals, or one rule too many", rule.id);
            compiled.push(Compiled { rule, regex: OnceLock::new(), has_second: n_sets > 1 });
        }
        let first = Sieve::new(first);
        Self {
            rules: compiled,
            odd_plain: first.watch(|b| normalise::acts(b, Form::Plain) || views::triggers(b)),
            odd_form: first.watch(|b| normalise::acts(b, Form::Urlencoded) || views::triggers(b)),
            odd_view: first.watch(views::triggers),
            first,
            second: Sieve::new(second),
            probes: super::probe::Probes::new(),
        }
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
            let hir = parse(compiled.rule.pattern).expect("every pattern is parsed by a test");
            // A prefilter would look for the literals that were just found.
            Regex::builder()
                .configure(Config::new().auto_prefilter(false).utf8_empty(false))
                .build_from_hir(&hir)
                .expect("every pattern is compiled by a test")
        })
    }

    /// What a first look at a text shows. A quiet one needs no decoding and has no rule's literal: no rule matches it.
    #[inline]
    pub(super) fn glance(&self, text: &[u8], form: Form) -> Glance {
        self.first.glance(text, if form == Form::Plain { &self.odd_plain } else { &self.odd_form })
    }

    /// No rule can match any value of this query: no literal of a rule for such a place is in all of it, decoded at once,
    /// and no view differs. Ampersands are taken out first, so that nothing is decoded across two values; literals have
    /// no comma, so that joining values adds none.
    pub(super) fn is_quiet_query(&self, query: &[u8], place: Place, mode: Mode, work: &mut Work) -> bool {
        if mode.exhaustive || query.len() > normalise::MAX_VALUE_BYTES {
            return false;
        }
        let seen = work.normaliser.run_query(query);
        if seen.nul {
            return false;
        }
        let text = work.normaliser.text();
        match self.first.glance(text, &self.odd_view) {
            Glance::Quiet => true,
            Glance::Odd => false,
            Glance::Plain => {
                self.first.search(text, work.found.reset());
                let at = Asked { place, mode, in_base64: false };
                !work.found.rules.iter().any(|n| at.applies(self.rules[usize::from(*n)].rule))
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
        work.anomalies = Anomalies::default();
        if text.is_empty() {
            return Verdict::NONE;
        }
        self.look(text, form, Asked { place, mode, in_base64: false }, work);
        let anomalies = work.anomalies;
        if matches!(place, Place::Value | Place::Cookie | Place::ReferrerValue) {
            let mut decoded = std::mem::take(&mut work.decoded);
            if base64::decode(text, &mut decoded) {
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
            self.first.search(lower, work.found.reset());
            self.candidates(lower, View::Raw, &views, at, work);
            for view in views::BUILT {
                if let Some(seen) = views.get(view) {
                    self.first.search(seen, work.found.reset());
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
        self.first.search(&lower, work.found.reset());
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
            if !here || !at.applies(rule) {
                continue;
            }
            if compiled.has_second {
                if !searched {
                    self.second.search(text, work.found_second.reset());
                    searched = true;
                }
                if !work.found_second.has(n) {
                    continue;
                }
            }
            if self.is_match(n, text, &mut work.caches) {
                work.fired.push(Fired { rule, in_base64: at.in_base64 });
            }
        }
    }

    fn is_match(&self, n: u16, text: &[u8], caches: &mut Caches) -> bool {
        let regex = self.regex(usize::from(n));
        let cache = caches[usize::from(n)].get_or_insert_with(|| Box::new(regex.create_cache()));
        regex.search_half_with(cache, &Input::new(text).earliest(true)).is_some()
    }

    fn every(&self, text: &[u8], views: &Views, at: Asked, work: &mut Work) {
        for n in 0..self.rules.len() as u16 {
            let rule = self.rules[usize::from(n)].rule;
            let seen = views.get(rule.view).unwrap_or(text);
            if at.applies(rule) && self.is_match(n, seen, &mut work.caches) {
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
    fn applies(self, rule: &Rule) -> bool {
        let here = match self.place {
            // A document is full of tags and quotes; only what concerns documents is asked of it as a whole.
            Place::Document => {
                matches!(rule.class, Class::Xxe | Class::Deserialisation | Class::Jndi | Class::Cve)
            }
            place => rule.places.contains(place),
        };
        here && (!self.mode.strong_only || rule.weight >= STRONG && rule.class != Class::Scanner)
            && (!self.in_base64 || rule.weight >= ATTACK)
    }
}
