//! Finds which of many short literals a text has, in one pass.
//!
//! Every literal is known by its rarest three bytes. Bytes fall into 64 classes, so that three of them index a table of bits that stays in the nearest cache; only where a bit is set are
//! literals compared. An Aho-Corasick automaton over the same literals is some megabytes and several times slower on
//! text that has none of them, which is nearly all text.

use std::collections::BTreeMap;

use super::frequency::frequency;

/// Class of bytes that are in no literal; also what stands before the start of a text.
const NO_CLASS: u8 = 0;
const FIRST_DIGIT: u8 = 27;
const FIRST_MARK: u8 = 37;
const NON_ASCII: u8 = 62;
const LAST_CLASS: u8 = 63;
/// Set in a byte's entry if it is a literal by itself.
const SINGLE: u8 = 0x80;
/// Set in a byte's entry of a [`Watch`] if it makes a text odd.
const ODD: u8 = 0x40;

/// Rules found: a set that remembers the order in which they were found.
#[derive(Debug)]
pub(super) struct Found {
    bits: Box<[u64; MAX_RULES / 64]>,
    pub(super) rules: Vec<u16>,
}

/// Checked when the rule set is built.
pub(super) const MAX_RULES: usize = 4096;
/// Cap on a literal, bytes: it is compared as one number.
pub(super) const MAX_LITERAL_BYTES: usize = 16;

impl Default for Found {
    fn default() -> Self {
        Self { bits: Box::new([0; MAX_RULES / 64]), rules: Vec::new() }
    }
}

impl Found {
    /// Empty again.
    pub(super) fn reset(&mut self) -> &mut Self {
        for rule in self.rules.drain(..) {
            self.bits[usize::from(rule) / 64] = 0;
        }
        self
    }

    pub(super) fn add(&mut self, rule: u16) {
        let word = &mut self.bits[usize::from(rule) / 64];
        let bit = 1 << (rule % 64);
        if *word & bit == 0 {
            *word |= bit;
            self.rules.push(rule);
        }
    }

    pub(super) fn has(&self, rule: u16) -> bool {
        self.bits[usize::from(rule) / 64] & 1 << (rule % 64) != 0
    }
}

/// The classes of all bytes and what else to look for on the way.
#[derive(Debug)]
pub(super) struct Watch([u8; 256]);

/// What a first look at a text shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Glance {
    /// It has a byte that the caller cares for.
    Odd,
    /// It may have a literal.
    Plain,
    /// It has none.
    Quiet,
}

#[derive(Debug)]
pub(super) struct Sieve {
    /// The class of each byte, and the flag [`SINGLE`].
    classes: [u8; 256],
    /// Rules of the literals of one byte.
    singles: BTreeMap<u8, Vec<u16>>,
    /// A bit for every three classes that end one byte behind a literal of two, or with the three bytes that a longer
    /// literal is known by.
    bits: Box<[u64; WORDS]>,
    /// How many of the bits the words before this one have.
    ranks: Vec<u32>,
    /// Where the literals of each bit begin; one more at the end.
    starts: Vec<u32>,
    literals: Vec<Literal>,
    /// The rules of all literals.
    rules: Vec<u16>,
}

const WORDS: usize = 4096;
const KEY_MASK: u32 = 0x3_ffff;

/// Flat, and compared as one number.
#[derive(Clone, Copy, Debug)]
struct Literal {
    text: u128,
    /// The bytes that the literal has.
    mask: u128,
    len: u8,
    /// From the start of the literal to the end of the three bytes.
    end: u8,
    first_rule: u32,
    n_rules: u16,
}

/// Up to 16 bytes from `start`, zeros behind the end.
#[inline]
fn window(text: &[u8], start: usize) -> u128 {
    let rest = &text[start..];
    match rest.first_chunk() {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => {
            let mut bytes = [0; MAX_LITERAL_BYTES];
            bytes[..rest.len()].copy_from_slice(rest);
            u128::from_le_bytes(bytes)
        }
    }
}

impl Sieve {
    /// Literals are lower-case and not empty.
    pub(super) fn new(words: BTreeMap<&[u8], Vec<u16>>) -> Self {
        let mut classes = classes(words.keys().copied().flatten());
        let mut singles = BTreeMap::new();
        let mut by_key: BTreeMap<u32, Vec<Literal>> = BTreeMap::new();
        let mut all_rules: Vec<u16> = Vec::new();
        for (text, rules) in words {
            let class = |b: &u8| u32::from(classes[usize::from(*b)] & LAST_CLASS);
            let mut literal = Literal {
                text: window(text, 0),
                mask: window(&[u8::MAX; MAX_LITERAL_BYTES][..text.len()], 0),
                len: text.len() as u8,
                end: 3,
                first_rule: all_rules.len() as u32,
                n_rules: rules.len() as u16,
            };
            match *text {
                [b] => {
                    classes[usize::from(b)] |= SINGLE;
                    classes[usize::from(b.to_ascii_uppercase())] |= SINGLE;
                    singles.insert(b, rules);
                    continue;
                }
                [a, b] => {
                    let key = class(&a) << 12 | class(&b) << 6;
                    (0..64).for_each(|any| by_key.entry(key | any).or_default().push(literal));
                }
                _ => {
                    let at = rarest3(text);
                    let key = text[at..at + 3].iter().fold(0, |k, b| k << 6 | class(b));
                    literal.end = at as u8 + 3;
                    by_key.entry(key).or_default().push(literal);
                }
            }
            all_rules.extend(rules);
        }
        let mut bits = Box::new([0u64; WORDS]);
        for key in by_key.keys() {
            bits[(key >> 6) as usize] |= 1 << (key & 63);
        }
        let mut ranks = Vec::with_capacity(WORDS);
        let mut before = 0;
        for word in bits.iter() {
            ranks.push(before);
            before += word.count_ones();
        }
        let mut starts = vec![0];
        let mut flat = Vec::new();
        for literals in by_key.into_values() {
            flat.extend(literals);
            starts.push(flat.len() as u32);
        }
        Self { classes, singles, bits, ranks, starts, literals: flat, rules: all_rules }
    }

    /// The classes, with a flag for bytes that make a text odd.
    pub(super) fn watch(&self, odd: impl Fn(u8) -> bool) -> Watch {
        let mut table = self.classes;
        for b in 0..=u8::MAX {
            if odd(b) {
                table[usize::from(b)] |= ODD;
            }
        }
        Watch(table)
    }

    /// What a first look at a text shows.
    #[inline]
    pub(super) fn glance(&self, text: &[u8], watch: &Watch) -> Glance {
        let (mut last3, mut hit, mut flags) = (0u32, 0u64, 0u8);
        for b in text {
            let class = watch.0[usize::from(*b)];
            flags |= class;
            last3 = last3 << 6 | u32::from(class & LAST_CLASS);
            hit |= self.bit(last3);
        }
        if flags & ODD != 0 {
            return Glance::Odd;
        }
        let quiet = (hit | self.bit(last3 << 6)) & 1 == 0 && flags & SINGLE == 0;
        if quiet { Glance::Quiet } else { Glance::Plain }
    }

    #[inline]
    fn bit(&self, last3: u32) -> u64 {
        self.bits[(last3 >> 6) as usize % WORDS] >> (last3 & 63)
    }

    /// Adds the rules of every literal in `text`, which is lower-case.
    pub(super) fn search(&self, text: &[u8], found: &mut Found) {
        let mut last3 = 0u32;
        // Attacks repeat their marks, and each is a literal of many rules.
        let mut seen_singles = [0u64; 4];
        for (i, b) in text.iter().enumerate() {
            let class = self.classes[usize::from(*b)];
            last3 = last3 << 6 | u32::from(class & LAST_CLASS);
            if (self.bit(last3) | u64::from(class >> 7)) & 1 != 0 {
                let seen = &mut seen_singles[usize::from(b >> 6)];
                if class & SINGLE != 0 && *seen & 1 << (b & 63) == 0 {
                    *seen |= 1 << (b & 63);
                    let rules = self.singles.get(b);
                    rules.into_iter().flatten().for_each(|r| found.add(*r));
                }
                self.compare(last3, text, i + 1, found);
            }
        }
        self.compare(last3 << 6, text, text.len() + 1, found);
    }

    /// Adds the rules of the literals that are known by the three classes that end at `end` and are there as a whole.
    fn compare(&self, last3: u32, text: &[u8], end: usize, found: &mut Found) {
        let key = last3 & KEY_MASK;
        let word = self.bits[(key >> 6) as usize];
        if word >> (key & 63) & 1 == 0 {
            return;
        }
        let below = word & ((1 << (key & 63)) - 1);
        let bucket = (self.ranks[(key >> 6) as usize] + below.count_ones()) as usize;
        for literal in &self.literals[self.starts[bucket] as usize..self.starts[bucket + 1] as usize] {
            let Some(start) = end.checked_sub(usize::from(literal.end)) else { continue };
            let is_here = start + usize::from(literal.len) <= text.len()
                && (window(text, start) ^ literal.text) & literal.mask == 0;
            if is_here {
                let rules =
                    literal.first_rule as usize..literal.first_rule as usize + usize::from(literal.n_rules);
                self.rules[rules].iter().for_each(|r| found.add(*r));
            }
        }
    }
}

/// A class for every byte that is in a literal: letters, digits and the more usual marks have their own, all
/// that is not ASCII shares one, and so does the rest.
fn classes<'a>(bytes: impl Iterator<Item = &'a u8>) -> [u8; 256] {
    const MARKS: &[u8; 25] = b"/.-_= :%+&;()?*@!$#\"'<>[]";
    let mut classes = [NO_CLASS; 256];
    for b in bytes {
        classes[usize::from(*b)] = match b {
            b'a'..=b'z' => b - b'a' + 1,
            b'0'..=b'9' => b - b'0' + FIRST_DIGIT,
            0x80.. => NON_ASCII,
            _ => MARKS.iter().position(|m| m == b).map_or(LAST_CLASS, |at| FIRST_MARK + at as u8),
        };
    }
    for b in b'a'..=b'z' {
        classes[usize::from(b.to_ascii_uppercase())] = classes[usize::from(b)];
    }
    classes
}

/// Where the rarest three bytes are.
fn rarest3(text: &[u8]) -> usize {
    let costed = text.windows(3).map(frequency).enumerate();
    costed.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            words in proptest::collection::btree_map("[a-d/%.0-2 <]{1,5}", 0u16..99, 1..40),
            text in "[a-dA-D/%.0-3 <>]{0,60}",
        ) {
            let words: BTreeMap<Vec<u8>, u16> =
                words.iter().map(|(w, r)| (w.to_ascii_lowercase().into_bytes(), *r)).collect();
            let by_bytes: BTreeMap<&[u8], Vec<u16>> = words.iter().map(|(w, r)| (w.as_slice(), vec![*r])).collect();
            let lower = text.to_ascii_lowercase();
            let mut want: Vec<u16> =
                by_bytes.iter().filter(|(w, _)| memchr::memmem::find(lower.as_bytes(), w).is_some()).flat_map(|(_, r)| r.clone()).collect();
            let mut found = Found::default();
            Sieve::new(by_bytes).search(lower.as_bytes(), &mut found);
            let mut got = found.rules.clone();
            got.sort_unstable();
            want.sort_unstable();
            want.dedup();
            prop_assert_eq!(got, want);
        }
    }
}
