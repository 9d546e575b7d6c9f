//! Rules of a user's own, from files that the command line names.
//!
//! A file is either TOML with a `[[rule]]` for each, or a list with one regular expression a line. Both become rules like
//! the built-in ones, run behind the same search for literals. A bad one is refused with its place: a rule that was left
//! out silently would be taken for one that found nothing.
//!
//! Patterns are matched against lower-case, decoded text and speak of bytes; their case does not matter. Unlike the
//! built-in rules these run on proxy logs whatever their weight: nobody asks for a rule to leave it out.

use super::class::Class;
use super::literals::{self, AnyOf};
use super::matcher::{MAX_STEPS, Matcher};
use super::rules::{self, DEFAULT_WEIGHT, EVERYWHERE, File, PatternError, Rule, Written};
use super::views::View;
use std::collections::BTreeMap;

/// Cap on a file, bytes.
pub const MAX_FILE_BYTES: usize = 4 << 20;
/// Cap on the rules of all files together: the search for their literals stays in the nearer caches.
const MAX_OWN_RULES: usize = 2_000;
/// Cap on a pattern, bytes; the longest built-in one has 2,000.
const MAX_PATTERN_BYTES: usize = 4 << 10;
/// Cap on all patterns together once compiled, bytes.
const MAX_ALL_COMPILED_BYTES: usize = 256 << 20;
/// Cap on the part of an id that is taken from the name of a file, bytes.
const MAX_STEM_BYTES: usize = 64;

/// All rules of a user's own.
#[derive(Clone, Default, Debug)]
pub struct OwnRules {
    rules: Vec<OwnRule>,
    /// Rules so far of the lists whose files have the same name.
    n_in_lists: BTreeMap<String, usize>,
    compiled_bytes: usize,
}

/// One of them, ready to run.
#[derive(Clone, Debug)]
pub struct OwnRule {
    pub rule: &'static Rule,
    pub file: String,
    pub line: usize,
    pub(super) matcher: Matcher,
    /// Sets of literals of which every match has at least one; none: the rule runs on every value.
    pub(super) literals: Vec<AnyOf>,
}

/// How a rule runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// Only on values that have one of its literals, in linear time.
    Gated,
    /// On every value, because it has no literal.
    EveryValue,
    /// On every value and not in linear time, because it has look-around or back-references.
    Backtracking,
}

impl OwnRule {
    pub fn pace(&self) -> Pace {
        match (&self.matcher, self.literals.is_empty()) {
            (Matcher::Backtracking(_), _) => Pace::Backtracking,
            (Matcher::Linear(_), true) => Pace::EveryValue,
            (Matcher::Linear(_), false) => Pace::Gated,
        }
    }
}

impl OwnRules {
    /// Adds the rules of a file; `name` is as the user gave it.
    pub fn add(&mut self, text: &[u8], name: &str) -> Result<(), PatternError> {
        let refused = |line, what: String| PatternError { file: name.to_owned(), line, what };
        if text.len() > MAX_FILE_BYTES {
            return Err(refused(1, format!("the file has more than {} MiB; split it", MAX_FILE_BYTES >> 20)));
        }
        let text = std::str::from_utf8(text).map_err(|e| {
            let line = memchr::memchr_iter(b'\n', &text[..e.valid_up_to()]).count() + 1;
            refused(line, "not UTF-8; store the file as UTF-8, and write other bytes as \\xHH".into())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file = File { name, text };
        if rules::is_toml(text) { self.add_toml(file) } else { self.add_list(file) }
    }

    fn add_list(&mut self, file: File<'_>) -> Result<(), PatternError> {
        let stem = stem(file.name);
        for (i, line) in file.text.lines().enumerate() {
            let pattern = line.trim();
            if pattern.is_empty() || pattern.starts_with('#') {
                continue;
            }
            let n = self.n_in_lists.entry(stem.clone()).or_default();
            *n += 1;
            let rule = Rule {
                id: format!("user-{stem}-{n}").leak(),
                class: Class::Other,
                weight: DEFAULT_WEIGHT,
                view: View::Raw,
                places: EVERYWHERE,
                pattern: pattern.to_owned().leak(),
                references: Vec::new(),
                false_positives: "",
                hits: Vec::new(),
                misses: Vec::new(),
            };
            self.push(file, i + 1, i + 1, rule)?;
        }
        Ok(())
    }

    fn add_toml(&mut self, file: File<'_>) -> Result<(), PatternError> {
        for written in rules::read(file)? {
            self.check_id(file, &written)?;
            let (line, pattern_line) = (file.line(written.id_at), file.line(written.pattern_at));
            self.push(file, line, pattern_line, written.rule.clone())?;
            let own = self.rules.last().expect("it was just added");
            rules::check(file, &written, &own.matcher)?;
        }
        Ok(())
    }

    fn check_id(&self, file: File<'_>, written: &Written) -> Result<(), PatternError> {
        let id = written.rule.id;
        let what = if rules::all().any(|r| r.id == id) {
            format!("id {id}: a built-in rule has it; take another (`coldtrail rules` lists them)")
        } else if let Some(own) = self.rules.iter().find(|o| o.rule.id == id) {
            format!("id {id}: {} line {} has it too; take another", own.file, own.line)
        } else {
            return Ok(());
        };
        Err(file.refused(written.id_at, what))
    }

    /// Rules are never freed: they live as long as the program, and their number is bounded.
    fn push(
        &mut self,
        file: File<'_>,
        line: usize,
        pattern_line: usize,
        rule: Rule,
    ) -> Result<(), PatternError> {
        let pattern = rule.pattern;
        let refused = |what: String| PatternError { file: file.name.to_owned(), line: pattern_line, what };
        if self.rules.len() == MAX_OWN_RULES {
            return Err(refused(format!(
                "more than {MAX_OWN_RULES} rules; join some with |, or run in parts"
            )));
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(refused(format!(
                "a pattern of more than {MAX_PATTERN_BYTES} bytes; split it in two rules"
            )));
        }
        let (matcher, hir) =
            Matcher::of_user(pattern).map_err(|e| refused(format!("{pattern}: {e}; correct the pattern")))?;
        let matches_nothing = match &hir {
            Some(hir) => hir.properties().minimum_len() == Some(0),
            None => matcher.is_match(b"", &mut None) != Some(false),
        };
        if matches_nothing {
            let what = format!("{pattern}: matches an empty text, so every value; ask for some character");
            return Err(refused(what));
        }
        self.compiled_bytes += matcher.bytes();
        if self.compiled_bytes > MAX_ALL_COMPILED_BYTES {
            let mib = MAX_ALL_COMPILED_BYTES >> 20;
            return Err(refused(format!(
                "all patterns up to here take more than {mib} MiB once compiled; run in parts"
            )));
        }
        let literals = hir.as_ref().map_or_else(Vec::new, literals::required);
        let rule = Box::leak(Box::new(rule));
        self.rules.push(OwnRule { rule, file: file.name.to_owned(), line, matcher, literals });
        Ok(())
    }

    pub fn iter(&self) -> impl Iterator<Item = &OwnRule> {
        self.rules.iter()
    }

    /// What a user should know of rules that are slow, a sentence for each kind of a file.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        let backtracking = format!(
            "look-around or back-references: run on every value, not in linear time, and give up on one after {MAX_STEPS} steps; slower"
        );
        for own in &self.rules {
            let why = match own.pace() {
                Pace::Gated => continue,
                Pace::EveryValue => "no fixed text that every match has: run on every value; slower",
                Pace::Backtracking => &backtracking,
            };
            lines.entry((&own.file, why)).or_default().push(own.line);
        }
        let sentence = |((file, why), lines): (&(&str, &str), &Vec<usize>)| {
            const SHOWN: usize = 5;
            let first: Vec<String> = lines.iter().take(SHOWN).map(usize::to_string).collect();
            let more = lines.len().saturating_sub(SHOWN);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("--patterns {file}: line {}{more}: {why}", first.join(", "))
        };
        lines.iter().map(sentence).collect()
    }
}

/// The file's name without folders and its last ending, as part of an id.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem });
    let kebab: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(MAX_STEM_BYTES)
        .collect();
    kebab.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::rules::Place;
    use super::*;

    fn read(text: &str) -> Result<OwnRules, PatternError> {
        let mut rules = OwnRules::default();
        rules.add(text.as_bytes(), "in/My list.v2.txt").map(|()| rules)
    }

    #[test]
    fn a_list_has_a_rule_a_line() {
        let rules = read("# ours\n\n  Evil\\w+ \r\nx(?=y)\n[^a]\\w\n").expect("a list");
        let got: Vec<_> = rules.iter().map(|o| (o.rule.id, o.rule.pattern, o.line, o.pace())).collect();
        let want = [
            ("user-my-list-v2-1", "Evil\\w+", 3, Pace::Gated),
            ("user-my-list-v2-2", "x(?=y)", 4, Pace::Backtracking),
            ("user-my-list-v2-3", "[^a]\\w", 5, Pace::EveryValue),
        ];
        assert_eq!(got, want);
        assert_eq!(rules.rules[0].literals[0], [b"evil".to_vec()]);
        assert_eq!(rules.warnings().len(), 2);
    }

    #[test]
    fn lists_of_one_name_are_numbered_on() {
        let mut rules = OwnRules::default();
        rules.add(b"one", "a/x.txt").expect("a list");
        rules.add(b"two", "b/x.txt").expect("a list");
        assert_eq!(rules.iter().map(|o| o.rule.id).collect::<Vec<_>>(), ["user-x-1", "user-x-2"]);
    }

    #[test]
    fn toml_has_everything() {
        let rules = read(
            "[[rule]]\nid = 'our-door'\nclass = 'cmdi'\nweight = 7\nview = 'shell'\nplaces = ['path', 'value']\npattern = '''Open +Door'''\nhits = ['x; op\"\"en door']\nmisses = ['opendoor']\n\n[[rule]] # no more\nid = \"b\"\npattern = 'b\\d'\n",
        )
        .expect("a file");
        let first = rules.rules[0].rule;
        assert_eq!(
            (first.id, first.class, first.weight, first.view),
            ("our-door", Class::Cmdi, 7, View::Shell)
        );
        assert!(first.places.contains(Place::Value) && !first.places.contains(Place::UserAgent));
        let second = rules.rules[1].rule;
        assert_eq!((second.class, second.weight, second.view), (Class::Other, 5, View::Raw));
        assert!(second.places.contains(Place::UserAgent));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let check = |text: &str, line: usize, says: &str| {
            let error = read(text).expect_err(text);
            assert_eq!((error.line, error.what.contains(says)), (line, true), "{text}: {error}");
        };
        check("a\nb(c\n", 2, "unclosed group (column 2); correct the pattern");
        check("a*\n", 1, "matches an empty text");
        check("(?!b)\n", 1, "matches an empty text");
        check(&"a".repeat(MAX_PATTERN_BYTES + 1), 1, "more than 4096 bytes");
        check(&"a\n".repeat(MAX_OWN_RULES + 1), MAX_OWN_RULES + 1, "more than 2000 rules");
        check("[[rule]]\nid = 'a'\n", 2, "write either pattern");
        check("[[rules]]\nid = 'a'\n", 1, "write [[rule]]");
        check("id = 'a'\npattern = 'b'\n", 1, "write [[rule]]");
        check("[[rule]]\nid = 'a'\npattern = 'b'\nhit = ['b']\n", 4, "unknown field");
        check("[[rule]]\nid = 'a'\npattern = 'b\n", 3, "write [[rule]]");
        check("[[rule]]\nid = 'A b'\npattern = 'b'\n", 2, "lower-case");
        check("[[rule]]\nid = 'union-select'\npattern = 'b'\n", 2, "a built-in rule has it");
        check(
            "[[rule]]\nid = 'a'\npattern = 'b'\n[[rule]]\nid = 'a'\npattern = 'b'\n",
            5,
            "line 2 has it too",
        );
        check("[[rule]]\nid = 'a'\npattern = 'b'\nclass = 'sql'\n", 4, "write one of sqli, xss");
        check("[[rule]]\nid = 'a'\npattern = 'b'\nweight = 9\n", 4, "write 3 (odd) to 8");
        check("[[rule]]\nid = 'a'\npattern = 'b'\nview = 'raw'\n", 4, "write one of decoded");
        check("[[rule]]\nid = 'a'\npattern = 'b'\nplaces = ['query']\n", 4, "write one of path, value");
        check(
            "[[rule]]\nid = 'a'\npattern = 'b'\nhits = [\n'b',\n'c']\n",
            6,
            "misses \"c\", which it must hit",
        );
        check("[[rule]]\nid = 'a'\npattern = 'b'\nmisses = ['b']\n", 4, "matches \"b\", which it must miss");
        let error = OwnRules::default().add(b"a\n\xff", "x").expect_err("not text");
        assert_eq!(
            error.to_string(),
            "x: line 2: not UTF-8; store the file as UTF-8, and write other bytes as \\xHH"
        );
    }
}
