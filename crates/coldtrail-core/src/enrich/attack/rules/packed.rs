//! The built-in rules, packed: checked, with the literals by which they are found, so that a start reads no TOML and looks
//! into no pattern. Compressed, so that the program does not carry attacks in the clear: scanners for malware take offence.
//!
//! The file is one zstd frame. Rules end in `FD`; their fields end in `FF` and stand in the order of [`Rule`], the sets of
//! literals at the end; entries of a list end in `FE`. No UTF-8 text has these bytes, and no literal does.

use super::super::class::Class;
use super::super::literals::{self, AnyOf};
use super::super::matcher::{self, Matcher};
use super::super::views::View;
use super::written::{self, File, PatternError};
use super::{Place, Places, Rule};
use std::collections::BTreeSet;
use std::sync::LazyLock;

const RULE_END: u8 = 0xfd;
const ENTRY_END: u8 = 0xfe;
const FIELD_END: u8 = 0xff;
const LEVEL: i32 = 19;

static PACKED: &[u8] = include_bytes!("../../../../../../data/rules/rules.zst");

/// Cap on the unpacked rules, bytes: four times what they are in 2026.
const MAX_TEXT: usize = 512 << 10;

/// Unpacked once and never freed; fields are parts of it. At one go: a decoder that streams takes a window of megabytes,
/// and after that is freed the C library gives the small tables of a scan from a heap that it cannot give back (measured
/// on 1 GB with one thread: a peak of 575 in place of 463 MB).
static TEXT: LazyLock<Vec<u8>> =
    LazyLock::new(|| zstd::bulk::decompress(PACKED, MAX_TEXT).expect("a test unpacks the built-in rules"));

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| lines().map(unpack).collect());

fn lines() -> impl Iterator<Item = &'static [u8]> {
    let text: &'static [u8] = &TEXT;
    text.split(|b| *b == RULE_END).filter(|line| !line.is_empty())
}

/// All built-in rules, by class and in the order in which they are written.
pub(in super::super) fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter()
}

/// The sets of literals of each of them: every match has at least one of each set.
pub(in super::super) fn literals() -> impl Iterator<Item = Vec<Vec<&'static [u8]>>> {
    lines().map(|line| fields(line).skip(N_FIELDS).map(|set| entries(set).collect()).collect())
}

/// Fields before the sets of literals.
const N_FIELDS: usize = 10;

fn fields(line: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    line.strip_suffix(&[FIELD_END]).unwrap_or(line).split(|b| *b == FIELD_END)
}

fn entries(field: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    field.split_inclusive(|b| *b == ENTRY_END).map(|entry| &entry[..entry.len() - 1])
}

fn unpack(line: &'static [u8]) -> Rule {
    let mut fields = fields(line);
    let mut next = || fields.next().expect("a test unpacks the built-in rules");
    let text = |field: &'static [u8]| std::str::from_utf8(field).expect("packed from text");
    let byte = |field: &[u8]| field.first().copied().unwrap_or_default();
    Rule {
        id: text(next()),
        class: Class::ALL[usize::from(byte(next()))],
        weight: byte(next()),
        view: View::ALL[usize::from(byte(next()))],
        places: Places(byte(next())),
        pattern: text(next()),
        references: entries(next()).map(text).collect(),
        false_positives: text(next()),
        hits: entries(next()).map(text).collect(),
        misses: entries(next()).map(text).collect(),
    }
}

/// Packs the rules of files, given by name and text, after every check.
pub fn pack(files: &[(String, String)]) -> Result<Vec<u8>, PatternError> {
    let text = packed(files)?;
    Ok(zstd::encode_all(&text[..], LEVEL).expect("writing to memory cannot fail"))
}

fn packed(files: &[(String, String)]) -> Result<Vec<u8>, PatternError> {
    let mut rules = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, text) in files {
        let file = File { name, text };
        for written in written::read(file)? {
            let rule = written.rule.clone();
            if !ids.insert(rule.id) {
                return Err(file.refused(written.id_at, format!("id {}: another rule has it", rule.id)));
            }
            let sets = sets(&rule).map_err(|what| file.refused(written.pattern_at, what))?;
            written::check(file, &written, &Matcher::of_ours(rule.pattern))?;
            rules.push((rule, sets));
        }
    }
    // By class; a stable sort keeps the order of the file.
    rules.sort_by_key(|(rule, _)| rule.class);
    Ok(rules.iter().flat_map(|(rule, sets)| line(rule, sets)).collect())
}

/// The literals of one of our own patterns, or what is wrong with it.
fn sets(rule: &Rule) -> Result<Vec<AnyOf>, String> {
    let id = rule.id;
    let hir = matcher::parse(rule.pattern, false).map_err(|e| format!("{id}: {e}"))?;
    let sets = literals::required(&hir);
    let literal_is_odd = |l: &Vec<u8>| {
        // Values are joined by commas and separated by DEL; the last three end what is packed.
        l.to_ascii_lowercase() != *l || l.iter().any(|b| matches!(b, b',' | 0x7f | RULE_END..))
    };
    if rule.hits.is_empty() {
        Err(format!("{id}: has no example that it must hit"))
    } else if sets.is_empty() {
        Err(format!("{id}: has no literal that every match has"))
    } else if let Some(odd) = sets.iter().flatten().find(|l| literal_is_odd(l)) {
        Err(format!("{id}: the literal {odd:?} cannot be searched for"))
    } else {
        let missing = rule.hits.iter().find(|hit| {
            let seen = written::seen(hit, rule.view);
            !sets.iter().all(|set| set.iter().any(|l| memchr::memmem::find(&seen, l).is_some()))
        });
        missing.map_or(Ok(sets), |hit| Err(format!("{id}: {hit:?} has none of its literals")))
    }
}

fn line(rule: &Rule, sets: &[AnyOf]) -> Vec<u8> {
    let list = |entries: &mut dyn Iterator<Item = &[u8]>| -> Vec<u8> {
        entries.flat_map(|entry| [entry, &[ENTRY_END]].concat()).collect()
    };
    let texts = |texts: &[&'static str]| list(&mut texts.iter().map(|t| t.as_bytes()));
    let of = |all: &[View]| all.iter().position(|v| *v == rule.view).unwrap_or_default() as u8;
    let places = rule.places.iter().fold(0, |bits, place: Place| bits | 1 << place as u8);
    let mut fields = vec![
        rule.id.as_bytes().to_vec(),
        vec![rule.class as u8],
        vec![rule.weight],
        vec![of(&View::ALL)],
        vec![places],
        rule.pattern.as_bytes().to_vec(),
        texts(&rule.references),
        rule.false_positives.as_bytes().to_vec(),
        texts(&rule.hits),
        texts(&rule.misses),
    ];
    fields.extend(sets.iter().map(|set| list(&mut set.iter().map(Vec::as_slice))));
    let mut line: Vec<u8> = fields
        .into_iter()
        .flat_map(|mut field| {
            field.push(FIELD_END);
            field
        })
        .collect();
    line.push(RULE_END);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "reads the files that the built-in rules are packed from")]
    fn the_built_in_rules_are_those_of_the_files() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/rules");
        let paths = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
        paths.sort();
        let files: Vec<(String, String)> = paths
            .iter()
            .map(|p| (p.display().to_string(), std::fs::read_to_string(p).expect("a text")))
            .collect();
        let fresh = packed(&files).unwrap_or_else(|e| panic!("{e}"));
        assert!(fresh == *TEXT, "run `cargo xtask rules`");
        let mut n = 0;
        for ((file, text), path) in files.iter().zip(&paths) {
            for written in written::read(File { name: file, text }).expect("just read") {
                let ours = all().find(|rule| rule.id == written.rule.id);
                assert_eq!(ours, Some(&written.rule));
                assert_eq!(
                    path.file_stem().and_then(|s| s.to_str()),
                    Some(written.rule.class.name()),
                    "{file}"
                );
                n += 1;
            }
        }
        assert_eq!(n, all().count());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let check = |text: &str, says: &str| {
            let error = pack(&[("x.toml".to_owned(), text.to_owned())]).expect_err(text);
            assert!(error.to_string().contains(says), "{text}: {error}");
        };
        let rule = |pattern: &str, hit: &str| {
            format!("[[rule]]\nid = 'a'\npattern = '{pattern}'\nhits = ['{hit}']\n")
        };
        check(&rule("b(", "b"), "line 3: a: ");
        check(&rule("\\w", "b"), "line 3: a: has no literal");
        check(&rule("bc", "b"), "line 3: a: \"b\" has none of its literals");
        check(&rule("b[^c]", "bc"), "line 4: a: misses \"bc\"");
        check("[[rule]]\nid = 'a'\npattern = 'b'\n", "a: has no example");
        check(&format!("{0}{0}", rule("b", "b")), "line 6: id a: another rule has it");
        check("[[rule]]\nid = 'a'\n", "write either pattern");
        check("references = ['CWE 9']\n[[rule]]\nid = 'a'\npattern = 'b'\n", "write one as CWE-89");
    }
}
