//! Log text, sentences and lists as the page bears them: safe, and no longer than a reader does.

use crate::figures::{count, time};
use crate::safe::safe;
use coldtrail_core::detect::{Level, Number, Stage};
use std::borrow::Cow;

/// Characters of one word of a sentence: a path or a host, as a rule.
const MAX_WORD_CHARS: usize = 240;
/// Sentences in one list.
const MAX_SENTENCES: usize = 30;
/// Names in one list of a finding or an incident.
const MAX_NAMES: usize = 12;

/// A sentence whose dates are not broken over two lines.
pub(super) struct Prose(pub(super) Vec<Piece>);

pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_date: bool,
}

pub(super) struct Names {
    pub(super) shown: Vec<String>,
    pub(super) more: String,
}

pub(super) fn text(log_text: &str) -> String {
    safe(log_text).into_owned()
}

pub(super) fn sentences(all: &[String]) -> Vec<Prose> {
    let mut out: Vec<Prose> =
        all.iter().take(MAX_SENTENCES).map(|s| prose(&clipped(&text(s), 2000))).collect();
    if all.len() > MAX_SENTENCES {
        out.push(prose(&format!("And {} more in summary.json.", count((all.len() - MAX_SENTENCES) as u64))));
    }
    out
}

/// Splits a sentence at its dates.
pub(super) fn prose(sentence: &str) -> Prose {
    let is_date = |word: &str| {
        let mut parts = word.trim_end_matches([',', '.', ':', ';', ')']).split('-').map(str::len);
        word.starts_with(|c: char| c.is_ascii_digit())
            && matches!(
                [parts.next(), parts.next(), parts.next(), parts.next()],
                [Some(4), Some(2), Some(2 | 12..=24), None]
            )
    };
    let mut out = vec![Piece { text: String::new(), is_date: false }];
    for word in sentence.split_inclusive(' ') {
        let is_date = is_date(word.trim_end());
        let word = without_middle(word);
        match out.last_mut() {
            Some(last) if !is_date && !last.is_date => last.text.push_str(&word),
            _ => out.push(Piece { text: word.into_owned(), is_date }),
        }
    }
    Prose(out)
}

/// A word that is longer than any sentence should bear, without its middle.
fn without_middle(word: &str) -> Cow<'_, str> {
    let n = word.chars().count();
    if n <= MAX_WORD_CHARS {
        return Cow::Borrowed(word);
    }
    let (head, tail): (String, String) =
        (word.chars().take(160).collect(), word.chars().skip(n - 40).collect());
    Cow::Owned(format!("{head}...(+{} characters)...{tail}", count(n as u64 - 200)))
}

/// Cut at a number of characters, saying how many are left out.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let (head, tail) = text.split_at(end);
            format!("{head} ...(+{} characters)", count(tail.chars().count() as u64))
        }
    }
}

pub(super) fn more(n: usize, shown: usize, place: &str) -> String {
    match n.saturating_sub(shown) {
        0 => String::new(),
        rest => format!("{} more in {place}", count(rest as u64)),
    }
}

pub(super) fn names<T: AsRef<str>>(all: impl ExactSizeIterator<Item = T>, n: u64) -> Names {
    let shown: Vec<String> = all.take(MAX_NAMES).map(|s| clipped(&text(s.as_ref()), 300)).collect();
    let rest = n.saturating_sub(shown.len() as u64);
    Names { shown, more: if rest > 0 { format!("and {} more", count(rest)) } else { String::new() } }
}

pub(super) fn time_or_dash(ts_us: Option<i64>) -> String {
    ts_us.map_or_else(|| "-".to_owned(), time)
}

/// `2026-10-13 02:53:59 to 03:04:11`
pub(super) fn period(first_us: Option<i64>, last_us: Option<i64>) -> String {
    match (first_us, last_us) {
        (Some(a), Some(b)) if a == b => time(a),
        (Some(a), Some(b)) => {
            let (a, b) = (time(a), time(b));
            match (a.split_once(' '), b.split_once(' ')) {
                (Some((day, _)), Some((same, clock))) if day == same => format!("{a} to {clock}"),
                _ => format!("{a} to {b}"),
            }
        }
        (Some(t), None) | (None, Some(t)) => time(t),
        (None, None) => "no time".to_owned(),
    }
}

pub(super) fn stage_words(stage: Stage) -> String {
    stage.name().replace('-', " ")
}

pub(super) fn level_words(level: Level) -> String {
    level.name().replace('_', " ")
}

pub(super) fn number_text(n: &Number) -> String {
    match n {
        Number::Int(n) if *n < 0 => format!("-{}", count(n.unsigned_abs())),
        Number::Int(n) => count(n.unsigned_abs()),
        Number::Float(x) => x.to_string(),
        Number::Text(t) => clipped(&text(t), 300),
    }
}
