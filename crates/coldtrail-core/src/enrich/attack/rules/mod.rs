//! The rules: one file per family of classes. Patterns are matched against lower-case, fully decoded text and need no
//! look-around. The literals by which they are gated are derived from them and stand in `literals.txt`.

mod cmdi;
mod code;
mod cve;
mod filters;
mod jndi;
mod lfi;
mod markup;
mod protocol;
mod requests;
mod scanner;
mod sqli;
mod template;
mod xss;

use super::class::Class;
use super::views::View;
use std::sync::LazyLock;

/// Where in a request a text stood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Place {
    Path,
    /// A key or value of the query, of a form or JSON body, of a path parameter.
    Value,
    Cookie,
    /// The referrer up to its query.
    Referrer,
    /// A value of the referrer's query: mostly another site's, full of URLs and search terms.
    ReferrerValue,
    UserAgent,
    /// Host, method, user.
    Header,
    /// An XML body as a whole.
    Document,
}

/// A set of places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places(u8);

impl Places {
    pub(super) const fn of(places: &[Place]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < places.len() {
            bits |= 1 << places[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    const fn without(self, places: &[Place]) -> Self {
        Self(self.0 & !Self::of(places).0)
    }

    #[inline]
    pub fn contains(self, place: Place) -> bool {
        self.0 & 1 << place as u8 != 0
    }
}

pub(super) const EVERYWHERE: Places = Places(0x7f);
/// Everywhere but in paths, where ordinary names look like system files and functions.
const NOT_PATH: Places = EVERYWHERE.without(&[Place::Path, Place::Referrer]);
/// What only a parameter can carry: a referrer is a URL by itself, a user agent has brackets and semicolons.
const VALUES: Places = Places::of(&[Place::Value, Place::Cookie, Place::ReferrerValue]);
/// What means something only in a request to us: URLs are ordinary in the referrer of another site.
const OURS: Places = Places::of(&[Place::Value, Place::Cookie]);
const PATH_ONLY: Places = Places::of(&[Place::Path]);
const PATH_AND_VALUES: Places = Places::of(&[Place::Path, Place::Value, Place::Cookie, Place::ReferrerValue]);

/// From this weight a rule is strong: it runs on proxy logs too, and counts inside base64 from 5.
pub(super) const STRONG: u8 = 6;

/// A pattern, what it means, and how much it says.
#[derive(PartialEq, Eq, Debug)]
pub struct Rule {
    /// Kebab-case, never renamed.
    pub id: &'static str,
    pub class: Class,
    /// 3 (odd) to 8 (certain). A class scores its heaviest rule plus half of the others.
    pub weight: u8,
    pub view: View,
    pub places: Places,
    pub pattern: &'static str,
    /// Texts that must match and must not match: tested, and shown by `explain`.
    pub hits: &'static [&'static str],
    pub misses: &'static [&'static str],
}

const FAMILIES: [&[Rule]; 13] = [
    sqli::RULES,
    xss::RULES,
    lfi::RULES,
    cmdi::RULES,
    code::RULES,
    template::RULES,
    jndi::RULES,
    protocol::RULES,
    markup::RULES,
    filters::RULES,
    requests::RULES,
    cve::RULES,
    scanner::RULES,
];

/// All rules, in a fixed order.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten().chain(&*HOLES)
}

/// Well-known holes of products, a line for each: id (which ends in the CVE number where there is one), weight, where
/// it stands (`path`, `value`, or `any` of both), pattern, a text that must match and one that must not. Fields are
/// separated by tabs. A page that the product's own people ask for too weighs less than 5, so that it counts only
/// beside something else.
const HOLES_TEXT: &str = include_str!("cve.tsv");

static HOLES: LazyLock<Vec<Rule>> = LazyLock::new(|| HOLES_TEXT.lines().map(hole).collect());

fn hole(line: &'static str) -> Rule {
    let mut fields = line.split('\t');
    let mut next = || fields.next().expect("a test counts the fields");
    Rule {
        id: next(),
        class: Class::Cve,
        weight: next().parse().expect("a test reads the weights"),
        view: View::Path,
        places: match next() {
            "path" => Places::of(&[Place::Path]),
            "value" => OURS,
            "any" => PATH_AND_VALUES,
            other => panic!("{line}: no such place: {other}"),
        },
        pattern: next(),
        hits: vec![next()].leak(),
        misses: vec![next()].leak(),
    }
}

/// A line for each rule, in the order of [`all`]: its id and its one or two sets of literals, of which every match
/// contains at least one. Fields are separated by tabs, literals by spaces; other bytes than graphic ASCII, and
/// backslashes, are `\xHH`.
const LITERALS: &str = include_str!("literals.txt");

/// The sets of literals of each rule.
pub(super) fn literals() -> impl Iterator<Item = Vec<Vec<Vec<u8>>>> {
    let set = |text: &str| text.split(' ').map(unescape).collect();
    LITERALS.lines().map(move |line| line.split('\t').skip(1).map(set).collect())
}

fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut literal = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        literal.push(u8::from_str_radix(hex, 16).expect("a test wrote it"));
        literal.extend_from_slice(rest.as_bytes());
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::super::normalise::{Form, Normaliser};
    use super::super::views::Views;
    use super::super::{literals, matcher};
    use super::*;
    use regex::bytes::RegexBuilder;

    /// Does the pattern match the text, in the rule's view; and has the text the literals by which the rule is found?
    fn check(rule: &Rule, text: &str, want: bool) -> Option<String> {
        let mut normaliser = Normaliser::default();
        normaliser.run(text.as_bytes(), Form::Plain);
        let mut views = Views::default();
        views.build(normaliser.text());
        let seen = views.get(rule.view).unwrap_or(normaliser.text());
        let regex =
            RegexBuilder::new(rule.pattern).unicode(false).dot_matches_new_line(true).build().expect(rule.id);
        let hir = matcher::parse(rule.pattern, false).expect(rule.id);
        let found = |set: &literals::AnyOf| set.iter().any(|l| memchr::memmem::find(seen, l).is_some());
        if regex.is_match(seen) != want {
            Some(format!("{} on {text}: {}", rule.id, if want { "missed" } else { "matched" }))
        } else if want && !literals::required(&hir).iter().all(found) {
            Some(format!("{} on {text}: none of its literals", rule.id))
        } else {
            None
        }
    }

    #[test]
    fn rules_hit_and_miss_what_they_say() {
        let mut wrong = Vec::new();
        for rule in all() {
            assert!(!rule.hits.is_empty(), "{} has no example", rule.id);
            wrong.extend(rule.hits.iter().filter_map(|t| check(rule, t, true)));
            wrong.extend(rule.misses.iter().filter_map(|t| check(rule, t, false)));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn escape(literal: &[u8]) -> String {
        let byte = |b: &u8| match b {
            b'!'..=b'~' if *b != b'\\' => char::from(*b).to_string(),
            _ => format!("\\x{b:02x}"),
        };
        literal.iter().map(byte).collect()
    }

    /// With `UPDATE_LITERALS` set it brings the file up to date instead.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "writes a source file when told to")]
    fn literals_are_those_of_the_patterns() {
        let mut want = String::new();
        for rule in all() {
            want.push_str(rule.id);
            for set in literals::required(&matcher::parse(rule.pattern, false).expect(rule.id)) {
                let set: Vec<String> = set.iter().map(|l| escape(l)).collect();
                want.push('\t');
                want.push_str(&set.join(" "));
            }
            want.push('\n');
        }
        if std::env::var_os("UPDATE_LITERALS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/enrich/attack/rules/literals.txt");
            std::fs::write(path, &want).expect("the sources can be written");
            return;
        }
        let old = LITERALS.lines().zip(want.lines()).find(|(have, want)| have != want);
        assert!(LITERALS == want, "run with UPDATE_LITERALS=1; the first difference: {old:?}");
    }

    #[test]
    fn rules_are_well_formed() {
        let mut ids: Vec<&str> = all().map(|r| r.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|w| w[0] != w[1]), "an id twice: {ids:?}");
        for rule in all() {
            assert!((3..=8).contains(&rule.weight), "{}", rule.id);
            assert!(
                rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                rule.id
            );
            let hir = matcher::parse(rule.pattern, false).expect(rule.id);
            let sets = literals::required(&hir);
            assert!(!sets.is_empty(), "{} has no required literal", rule.id);
            for literal in sets.iter().flatten() {
                assert!(!literal.contains(&b','), "{}: values are joined by commas", rule.id);
                assert!(!literal.contains(&0x7f), "{}: values are separated by DEL", rule.id);
                assert_eq!(*literal, literal.to_ascii_lowercase(), "{}", rule.id);
            }
        }
    }
}
