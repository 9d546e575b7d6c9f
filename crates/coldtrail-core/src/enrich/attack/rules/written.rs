//! Rules as they are written: a file of TOML with a `[[rule]]` for each, the same for ours and for a user's.
//!
//! What stands before the first rule holds for all of the file: `class`, and `references`, to which a rule adds its own.
//! A pattern may be written as a list of alternatives, `patterns`, any of which may match.

use super::super::class::{Class, WEAK};
use super::super::matcher::{MAX_STEPS, Matcher};
use super::super::normalise::{Form, Normaliser};
use super::super::views::{View, Views};
use super::{EVERYWHERE, Place, Places, Rule};
use serde::Deserialize;
use toml::Spanned;

/// Cap on an id, bytes.
pub(in super::super) const MAX_ID_BYTES: usize = 64;
/// Weight of a rule that states none: by itself an attack.
pub(in super::super) const DEFAULT_WEIGHT: u8 = 5;
const MAX_WEIGHT: u8 = 8;

/// Why a file is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}: line {line}: {what}")]
pub struct PatternError {
    pub file: String,
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// A rule that was read, and where in the text it stands.
pub(in super::super) struct Written {
    /// What it points to is never freed: rules live as long as the program, and their number is bounded.
    pub(in super::super) rule: Rule,
    pub(in super::super) id_at: usize,
    pub(in super::super) pattern_at: usize,
    /// Where the examples stand, those that must match first.
    pub(in super::super) examples_at: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    id: Spanned<String>,
    pattern: Option<Spanned<String>>,
    patterns: Option<Spanned<Vec<String>>>,
    class: Option<Spanned<String>>,
    weight: Option<Spanned<i64>>,
    view: Option<Spanned<String>>,
    places: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    references: Vec<Spanned<String>>,
    #[serde(default)]
    false_positives: String,
    #[serde(default)]
    hits: Vec<Spanned<String>>,
    #[serde(default)]
    misses: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    class: Option<Spanned<String>>,
    #[serde(default)]
    references: Vec<Spanned<String>>,
    rule: Vec<WrittenRule>,
}

/// A file that is read, as its name and text.
#[derive(Clone, Copy)]
pub(in super::super) struct File<'a> {
    pub(in super::super) name: &'a str,
    pub(in super::super) text: &'a str,
}

impl File<'_> {
    pub(in super::super) fn line(self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        memchr::memchr_iter(b'\n', before).count() + 1
    }

    pub(in super::super) fn refused(self, at: usize, what: String) -> PatternError {
        PatternError { file: self.name.to_owned(), line: self.line(at), what }
    }
}

/// The rules of a file. Patterns are not looked into.
pub(in super::super) fn read(file: File<'_>) -> Result<Vec<Written>, PatternError> {
    let written: WrittenFile = toml::from_str(file.text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        let what = e.message().trim().replace('\n', " ");
        file.refused(at, format!("{what}; write [[rule]] and below it id = \"...\" and pattern = '...'"))
    })?;
    let class_of_file = written.class.as_ref().map_or(Ok(Class::Other), |c| class(file, c))?;
    let of_file = references(file, &written.references)?;
    written.rule.into_iter().map(|w| rule(file, w, class_of_file, &of_file)).collect()
}

fn rule(
    file: File<'_>,
    w: WrittenRule,
    class_of_file: Class,
    references_of_file: &[&'static str],
) -> Result<Written, PatternError> {
    let id = w.id.get_ref();
    let is_kebab = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if id.is_empty() || id.len() > MAX_ID_BYTES || !is_kebab {
        let what = format!("id {id:?}: write 1 to {MAX_ID_BYTES} lower-case letters, digits and hyphens");
        return Err(file.refused(w.id.span().start, what));
    }
    let (pattern, pattern_at) = match (w.pattern, w.patterns) {
        (Some(one), None) => (one.get_ref().clone(), one.span().start),
        (None, Some(any)) => (any.get_ref().join("|"), any.span().start),
        _ => {
            let what = format!("{id}: write either pattern = '...' or patterns = ['...', '...']");
            return Err(file.refused(w.id.span().start, what));
        }
    };
    let mut all_references = references_of_file.to_vec();
    all_references.extend(references(file, &w.references)?);
    let leaked = |examples: &[Spanned<String>]| examples.iter().map(|e| leak(e.get_ref())).collect();
    let examples_at = w.hits.iter().chain(&w.misses).map(|e| e.span().start).collect();
    let rule = Rule {
        id: leak(id),
        class: w.class.as_ref().map_or(Ok(class_of_file), |c| class(file, c))?,
        weight: w.weight.as_ref().map_or(Ok(DEFAULT_WEIGHT), |n| weight(file, n))?,
        view: w
            .view
            .as_ref()
            .map_or(Ok(View::Raw), |v| named(file, v, "view", &View::ALL.map(|v| (v.name(), v))))?,
        places: w.places.as_ref().map_or(Ok(EVERYWHERE), |p| places(file, p))?,
        pattern: leak(&pattern),
        references: all_references,
        false_positives: leak(&w.false_positives),
        hits: leaked(&w.hits),
        misses: leaked(&w.misses),
    };
    Ok(Written { rule, id_at: w.id.span().start, pattern_at, examples_at })
}

/// Does a rule do what its examples say?
pub(in super::super) fn check(
    file: File<'_>,
    written: &Written,
    matcher: &Matcher,
) -> Result<(), PatternError> {
    let rule = &written.rule;
    let wanted = rule.hits.iter().map(|e| (e, true)).chain(rule.misses.iter().map(|e| (e, false)));
    for ((example, want), at) in wanted.zip(&written.examples_at) {
        let id = rule.id;
        let seen = seen(example, rule.view);
        let what = match matcher.is_match(&seen, &mut None) {
            Some(got) if got == want => continue,
            Some(true) => format!("{id}: matches {example:?}, which it must miss; correct one of them"),
            Some(false) => format!("{id}: misses {example:?}, which it must hit; correct one of them"),
            None => format!("{id}: gives up on {example:?} after {MAX_STEPS} steps; simplify the pattern"),
        };
        return Err(file.refused(*at, what));
    }
    Ok(())
}

/// A text as a rule of that view sees it.
pub(super) fn seen(text: &str, view: View) -> Vec<u8> {
    let mut normaliser = Normaliser::default();
    normaliser.run(text.as_bytes(), Form::Plain);
    let mut views = Views::default();
    views.build(normaliser.text());
    views.get(view).unwrap_or(normaliser.text()).to_vec()
}

/// TOML begins with a table's header or with a key of a file or a rule; both would be odd as a regular expression.
pub(in super::super) fn is_toml(text: &str) -> bool {
    const KEYS: [&str; 11] = [
        "id",
        "pattern",
        "patterns",
        "class",
        "weight",
        "view",
        "places",
        "references",
        "false_positives",
        "hits",
        "misses",
    ];
    let first =
        text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or_default();
    let header = first.split('#').next().unwrap_or_default().trim();
    let inside = header.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or_default();
    let name = inside.trim().trim_start_matches('[').trim_end_matches(']').trim();
    let is_header = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    is_header || first.split_once('=').is_some_and(|(key, _)| KEYS.contains(&key.trim()))
}

fn leak(text: &str) -> &'static str {
    if text.is_empty() { "" } else { text.to_owned().leak() }
}

fn class(file: File<'_>, written: &Spanned<String>) -> Result<Class, PatternError> {
    named(file, written, "class", &Class::ALL.map(|c| (c.name(), c)))
}

fn weight(file: File<'_>, written: &Spanned<i64>) -> Result<u8, PatternError> {
    let n = u8::try_from(*written.get_ref()).ok().filter(|n| (WEAK..=MAX_WEIGHT).contains(n));
    n.ok_or_else(|| {
        let what = format!(
            "weight {}: write {WEAK} (odd) to {MAX_WEIGHT} (certain); an attack from 5",
            written.get_ref()
        );
        file.refused(written.span().start, what)
    })
}

fn places(file: File<'_>, written: &Spanned<Vec<String>>) -> Result<Places, PatternError> {
    let known = Place::NAMED.map(|p| (p.name(), p));
    let at = |name: &String| named(file, &Spanned::new(written.span(), name.clone()), "place", &known);
    let places: Vec<Place> = written.get_ref().iter().map(at).collect::<Result<_, _>>()?;
    if places.is_empty() {
        let what = "places is empty, so the rule finds nothing; name some, or leave places out".to_owned();
        return Err(file.refused(written.span().start, what));
    }
    Ok(Places::of(places))
}

/// `CWE-89`, `CAPEC-66`, `CVE-2021-44228`, `T1190`, `T1505.003`.
fn references(file: File<'_>, written: &[Spanned<String>]) -> Result<Vec<&'static str>, PatternError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_known = |text: &str| {
        if let Some(technique) = text.strip_prefix('T') {
            let (main, sub) = technique.split_once('.').unwrap_or((technique, "000"));
            return main.len() == 4 && digits(main) && sub.len() == 3 && digits(sub);
        }
        match text.split_once('-') {
            Some(("CWE" | "CAPEC", number)) => digits(number),
            Some(("CVE", rest)) => {
                rest.split_once('-').is_some_and(|(year, n)| year.len() == 4 && digits(year) && digits(n))
            }
            _ => false,
        }
    };
    let reference = |w: &Spanned<String>| {
        let text = w.get_ref();
        if is_known(text) {
            return Ok(leak(text));
        }
        let what =
            format!("reference {text:?}: write one as CWE-89, CAPEC-66, CVE-2021-44228, T1190 or T1505.003");
        Err(file.refused(w.span().start, what))
    };
    written.iter().map(reference).collect()
}

fn named<T: Copy>(
    file: File<'_>,
    written: &Spanned<String>,
    what: &str,
    known: &[(&str, T)],
) -> Result<T, PatternError> {
    let name = written.get_ref();
    known.iter().find(|(k, _)| k == name).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(k, _)| *k).collect();
        file.refused(written.span().start, format!("{what} {name:?}: write one of {}", names.join(", ")))
    })
}
