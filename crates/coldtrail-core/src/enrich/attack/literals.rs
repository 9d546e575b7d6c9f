//! What a pattern cannot do without: sets of literals of which every match contains at least one. They are derived from
//! the pattern itself, so that a rule cannot be skipped by mistake.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals of which every match contains at least one.
pub(super) type AnyOf = Vec<Vec<u8>>;

/// Sets that are derived per pattern at most: a second set is worth its search where the first is common.
pub(super) const MAX_SETS: usize = 2;

/// Limits that keep cross products small; beyond them a set is cut, which makes it weaker, never wrong.
const MAX_EXACT: usize = 96;
const MAX_UNION: usize = 192;
const MAX_CLASS: usize = 10;
const MAX_LITERAL_BYTES: usize = 12;
/// Above this expected number of hits per byte of ordinary URL, a set is not worth searching for beside another.
const SECOND_SET_COST: f64 = 0.05;

/// The rarest sets of the pattern, rarest first; empty if the pattern has no set (then it cannot be gated).
pub(super) fn required(hir: &Hir) -> Vec<AnyOf> {
    let info = derive(hir);
    let mut sets: Vec<AnyOf> = info.sets;
    sets.extend(info.exact);
    let mut sets: Vec<AnyOf> = sets.into_iter().filter_map(tidy).collect();
    sets.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then_with(|| a.cmp(b)));
    sets.dedup();
    sets.truncate(MAX_SETS);
    if sets.len() == MAX_SETS && cost(&sets[1]) > SECOND_SET_COST {
        sets.pop();
    }
    sets
}

/// `exact`: the complete list of what the expression can match. `sets`: what any match contains.
struct Info {
    exact: Option<AnyOf>,
    sets: Vec<AnyOf>,
}

impl Info {
    fn unknown() -> Self {
        Self { exact: None, sets: Vec::new() }
    }

    fn exactly(list: AnyOf) -> Self {
        Self { exact: Some(list), sets: Vec::new() }
    }

    /// The best set that every match contains.
    fn best(self) -> Option<AnyOf> {
        let exact = self.exact.filter(|e| e.iter().all(|l| !l.is_empty()));
        self.sets.into_iter().chain(exact).min_by(|a, b| cost(a).total_cmp(&cost(b)))
    }
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
    let Class::Bytes(c) = c else { return Info::unknown() };
    let mut list: AnyOf = Vec::new();
    for range in c.iter() {
        if usize::from(range.end() - range.start()) > 32 {
            return Info::unknown();
        }
        list.extend((range.start()..=range.end()).map(|b| vec![b.to_ascii_lowercase()]));
    }
    list.sort();
    list.dedup();
    if list.is_empty() || list.len() > MAX_CLASS { Info::unknown() } else { Info::exactly(list) }
}

fn repetition(min: u32, max: Option<u32>, sub: Info) -> Info {
    if min == 0 {
        return match (max, sub.exact) {
            (Some(1), Some(mut list)) => {
                list.push(Vec::new());
                Info::exactly(list)
            }
            _ => Info::unknown(),
        };
    }
    if min == 1 && max == Some(1) {
        return sub;
    }
    if max == Some(min)
        && min <= 4
        && let Some(list) = &sub.exact
    {
        let mut all = vec![Vec::new()];
        for _ in 0..min {
            match cross(&all, list) {
                Some(next) => all = next,
                None => return Info { exact: None, sets: sub.best().into_iter().collect() },
            }
        }
        return Info::exactly(all);
    }
    Info { exact: None, sets: sub.best().into_iter().collect() }
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
    let mut whole = true;
    for part in parts {
        let info = derive(part);
        match &info.exact {
            Some(list) => match cross(&run, list) {
                Some(next) => run = next,
                None => {
                    whole = false;
                    sets.push(std::mem::replace(&mut run, list.clone()));
                }
            },
            None => {
                whole = false;
                sets.push(std::mem::replace(&mut run, vec![Vec::new()]));
                sets.extend(info.sets);
            }
        }
    }
    if whole {
        return Info::exactly(run);
    }
    sets.push(run);
    sets.retain(|s| s.iter().all(|l| !l.is_empty()));
    Info { exact: None, sets }
}

fn alternation(parts: &[Hir]) -> Info {
    let infos: Vec<Info> = parts.iter().map(derive).collect();
    if infos.iter().all(|i| i.exact.is_some())
        && infos.iter().filter_map(|i| i.exact.as_ref()).map(Vec::len).sum::<usize>() <= MAX_EXACT
    {
        return Info::exactly(infos.into_iter().filter_map(|i| i.exact).flatten().collect());
    }
    let mut union = AnyOf::new();
    for info in infos {
        match info.best() {
            Some(set) => union.extend(set),
            None => return Info::unknown(),
        }
    }
    if union.len() > MAX_UNION * 2 { Info::unknown() } else { Info { exact: None, sets: vec![union] } }
}

/// Shortens and thins a set without weakening what it says: a part of a literal is in every text that has the literal.
/// Literals are free of commas, because the values of a repeated parameter are joined by one.
fn tidy(set: AnyOf) -> Option<AnyOf> {
    let mut short: AnyOf = Vec::with_capacity(set.len());
    for literal in set {
        let piece = literal.split(|b| *b == b',').max_by_key(|p| p.len()).unwrap_or_default();
        let piece = &piece[..piece.len().min(MAX_LITERAL_BYTES)];
        if piece.is_empty() {
            return None;
        }
        short.push(piece.to_vec());
    }
    short.sort();
    short.dedup();
    let all = short.clone();
    short.retain(|l| !all.iter().any(|o| o.len() < l.len() && memchr::memmem::find(l, o).is_some()));
    (!short.is_empty() && short.len() <= MAX_UNION).then_some(short)
}

/// Expected hits per byte of ordinary URL, roughly: only the order matters.
fn cost(set: &AnyOf) -> f64 {
    set.iter().map(|l| l.iter().map(|b| share(*b)).product::<f64>()).sum()
}

/// Share of a byte in ordinary URLs and user agents, rounded.
fn share(b: u8) -> f64 {
    match b {
        b'e' | b'a' | b'i' | b'o' | b't' | b's' | b'r' | b'n' => 0.06,
        b'a'..=b'z' => 0.03,
        b'0'..=b'9' => 0.03,
        b'/' => 0.06,
        b' ' | b'.' | b'-' | b'=' => 0.03,
        b'_' | b'&' | b':' | b'?' => 0.01,
        b'(' | b')' | b';' => 0.005,
        _ => 0.001,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, want: &[&[&str]]) {
        let hir = super::super::ruleset::parse(pattern).expect("pattern");
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
        check(r"(?:x|y+z)w", &[&["w"]]);
        check(r"one,two3", &[&["two3"]]);
        check(r"(?:\.\./){2}", &[&["../../"]]);
    }
}
