//! What a pattern cannot do without: sets of literals of which every match contains at least one. They are derived from
//! the pattern itself, so that a rule cannot be skipped by mistake. Those of the built-in rules stand in
//! `rules/literals.txt`, which a test keeps in step, because a run over a small log would spend most of its time here.

use super::frequency::frequency;
use super::sieve::MAX_LITERAL_BYTES;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals of which every match contains at least one.
pub(super) type AnyOf = Vec<Vec<u8>>;

/// Limits that keep cross products small; beyond them a set is cut, which makes it weaker, never wrong.
const MAX_EXACT: usize = 160;
const MAX_UNION: usize = 400;
const MAX_CLASS: usize = 20;
/// Above this expected number of hits per byte of ordinary URL, a set is not worth searching for beside another.
const SECOND_SET_COST: f64 = 0.05;

/// The rarest set of the pattern and a second one that decides more; empty if the pattern has no set (then it cannot be gated).
pub(super) fn required(hir: &Hir) -> Vec<AnyOf> {
    let mut sets = by_cost(derive(hir).ranked().into_iter().filter_map(tidy)).into_iter();
    let Some(first) = sets.next() else { return Vec::new() };
    // A second set that is there whenever the first is would decide nothing.
    let implied = |set: &AnyOf| first.iter().all(|l| set.iter().any(|s| contains(l, s)));
    let second = sets.find(|s| !implied(s)).filter(|s| cost(s) <= SECOND_SET_COST);
    std::iter::once(first).chain(second).collect()
}

/// What is known about the matches of an expression.
#[derive(Default)]
struct Info {
    /// The complete list of what it can match.
    exact: Option<AnyOf>,
    /// What any match begins and ends with, where the list is not complete.
    prefix: Option<AnyOf>,
    suffix: Option<AnyOf>,
    /// What any match contains.
    sets: Vec<AnyOf>,
}

impl Info {
    fn exactly(list: AnyOf) -> Self {
        Self { exact: Some(list), ..Self::default() }
    }

    fn starts(&self) -> Option<&AnyOf> {
        self.exact.as_ref().or(self.prefix.as_ref())
    }

    fn ends(&self) -> Option<&AnyOf> {
        self.exact.as_ref().or(self.suffix.as_ref())
    }

    /// All sets, rarest first.
    fn ranked(self) -> Vec<AnyOf> {
        let exact = self.exact.into_iter();
        by_cost(self.sets.into_iter().chain(exact).filter(usable))
    }
}

/// Sorted, each once.
fn by_cost(sets: impl Iterator<Item = AnyOf>) -> Vec<AnyOf> {
    let mut costed: Vec<(f64, AnyOf)> = sets.map(|s| (cost(&s), s)).collect();
    costed.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    costed.dedup_by(|a, b| a.1 == b.1);
    costed.into_iter().map(|(_, s)| s).collect()
}

fn usable(set: &AnyOf) -> bool {
    // Commas are cut out of literals in the end.
    let says = |l: &Vec<u8>| l.iter().any(|b| *b != b',');
    !set.is_empty() && set.len() <= MAX_UNION && set.iter().all(says)
}

fn derive(hir: &Hir) -> Info {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Info::exactly(vec![Vec::new()]),
        HirKind::Literal(l) => Info::exactly(vec![l.0.to_ascii_lowercase()]),
        HirKind::Class(c) => class(c),
        HirKind::Capture(c) => derive(&c.sub),
        HirKind::Repetition(r) => repetition(r.min, r.max, derive(&r.sub)),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => alternation(parts),
    }
}

fn class(c: &Class) -> Info {
    // The parser joins alternatives of one character to a class of characters even where patterns speak of bytes.
    let bytes = match c {
        Class::Bytes(c) => c.clone(),
        Class::Unicode(c) => match c.to_byte_class() {
            Some(c) => c,
            None => return Info::default(),
        },
    };
    let mut list: AnyOf = Vec::new();
    for range in bytes.iter() {
        if usize::from(range.end() - range.start()) > 32 {
            return Info::default();
        }
        list.extend((range.start()..=range.end()).map(|b| vec![b.to_ascii_lowercase()]));
    }
    list.sort();
    list.dedup();
    // White space in all its forms would multiply literals for nothing.
    if list.iter().filter(|l| matches!(l[..], [b'\t'..=b'\r'])).count() > 3 {
        return Info::default();
    }
    if list.is_empty() || list.len() > MAX_CLASS { Info::default() } else { Info::exactly(list) }
}

fn repetition(min: u32, max: Option<u32>, sub: Info) -> Info {
    if min == 0 {
        return match (max, sub.exact) {
            (Some(1), Some(mut list)) => {
                list.push(Vec::new());
                Info::exactly(list)
            }
            _ => Info::default(),
        };
    }
    let Some(list) = sub.exact.clone() else {
        return Info { exact: None, ..sub };
    };
    // As many copies as fit: `a{200,}` is looked for as a run of `a`.
    let mut copies = list.clone();
    let mut n = 1;
    while n < min && copies.iter().all(|l| l.len() < MAX_LITERAL_BYTES) {
        match cross(&copies, &list) {
            Some(next) => copies = next,
            None => break,
        }
        n += 1;
    }
    if n == min && max == Some(min) {
        return Info::exactly(copies);
    }
    Info { exact: None, prefix: Some(copies.clone()), suffix: Some(copies.clone()), sets: vec![copies] }
}

fn cross(left: &AnyOf, right: &AnyOf) -> Option<AnyOf> {
    if left.len() * right.len() > MAX_EXACT {
        return None;
    }
    let mut out = Vec::with_capacity(left.len() * right.len());
    for l in left {
        for r in right {
            out.push([l.as_slice(), r].concat());
        }
    }
    Some(out)
}

fn concat(parts: &[Hir]) -> Info {
    let mut sets = Vec::new();
    let mut run: AnyOf = vec![Vec::new()];
    let mut prefix = None;
    for part in parts {
        let info = derive(part);
        if let Some(next) = info.exact.as_ref().and_then(|list| cross(&run, list)) {
            run = next;
            continue;
        }
        let joined = info.starts().and_then(|list| cross(&run, list));
        let whole = joined.unwrap_or_else(|| run.clone());
        prefix.get_or_insert_with(|| whole.clone());
        sets.push(whole);
        sets.push(run);
        run = info.ends().cloned().unwrap_or_else(|| vec![Vec::new()]);
        sets.extend(info.sets);
    }
    let Some(prefix) = prefix else { return Info::exactly(run) };
    sets.push(run.clone());
    sets.retain(usable);
    let known = |list: AnyOf| if list.iter().all(Vec::is_empty) { None } else { Some(list) };
    Info { exact: None, prefix: known(prefix), suffix: known(run), sets }
}

fn alternation(parts: &[Hir]) -> Info {
    let infos: Vec<Info> = parts.iter().map(derive).collect();
    let union = |side: fn(&Info) -> Option<&AnyOf>| -> Option<AnyOf> {
        let lists: Vec<&AnyOf> = infos.iter().map(side).collect::<Option<_>>()?;
        let n: usize = lists.iter().map(|l| l.len()).sum();
        (n <= MAX_EXACT).then(|| lists.into_iter().flatten().cloned().collect())
    };
    if let Some(all) = union(|i| i.exact.as_ref()) {
        return Info::exactly(all);
    }
    let (prefix, suffix) = (union(Info::starts), union(Info::ends));
    // One set takes the rarest of every branch, another the next rarest: any mix is required.
    let (mut first, mut second) = (AnyOf::new(), AnyOf::new());
    for info in infos {
        let mut ranked = info.ranked().into_iter();
        let Some(best) = ranked.next() else { return Info { exact: None, prefix, suffix, sets: Vec::new() } };
        second.extend(ranked.next().unwrap_or_else(|| best.clone()));
        first.extend(best);
    }
    let mut sets = vec![first, second];
    sets.retain(usable);
    Info { exact: None, prefix, suffix, sets }
}

/// Shortens and thins a set without weakening what it says: a part of a literal is in every text that has the literal.
/// Literals are free of commas, because the values of a repeated parameter are joined by one.
fn tidy(set: AnyOf) -> Option<AnyOf> {
    let piece = |l: &Vec<u8>| -> Vec<u8> {
        let piece = l.split(|b| *b == b',').max_by_key(|p| p.len()).unwrap_or_default();
        piece[..piece.len().min(MAX_LITERAL_BYTES)].to_vec()
    };
    let mut all: AnyOf = set.iter().map(piece).collect();
    all.sort();
    all.dedup();
    let thin = |l: &&Vec<u8>| !all.iter().any(|o| o.len() < l.len() && contains(l, o));
    let thinned: AnyOf = all.iter().filter(thin).cloned().collect();
    usable(&thinned).then_some(thinned)
}

/// Texts this short are searched sooner than a searcher is made.
fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|w| w[0] == part[0] && w == part)
}

fn cost(set: &AnyOf) -> f64 {
    set.iter().map(|l| frequency(l)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, want: &[&[&str]]) {
        let hir = super::super::matcher::parse(pattern, false).expect("pattern");
        let got: Vec<Vec<String>> = required(&hir)
            .into_iter()
            .map(|s| s.into_iter().map(|l| String::from_utf8_lossy(&l).into_owned()).collect())
            .collect();
        assert_eq!(got, want, "{pattern}");
    }

    #[test]
    fn sets_are_derived_from_the_pattern() {
        check(r"\bunion\b\s+select", &[&["select"], &["union"]]);
        check(r"(?:sleep|benchmark)\s*\(", &[&["benchmark", "sleep"], &["("]]);
        check(r"[<>]script", &[&["<script", ">script"]]);
        check(r"\w+\s*", &[]);
        check(r"a?b", &[&["b"]]);
        check(r"(?:x|y+z)w", &[&["xw", "yzw"]]);
        check(r"one,two3", &[&["two3"]]);
        check(r"\w+,x*\w+b", &[&["b"]]);
        check(r"(?:\.\./){2}", &[&["../../"]]);
    }
}
