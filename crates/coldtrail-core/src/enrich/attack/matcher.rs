//! A pattern ready to run: in linear time wherever it can be; one with look-around or back-references step by step, up to
//! a limit.

use fancy_regex::BytesMode;
use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::Hir;

/// Cap on what one pattern of a user becomes, bytes; a pattern of ours takes 10 to 200 KB.
pub(super) const MAX_COMPILED_BYTES: usize = 4 << 20;
/// Cap on the states that one pattern of a user keeps for each thread, bytes.
const MAX_STATES_BYTES: usize = 256 << 10;
/// Cap on the steps back that one look at one value may take. With look-around a step may read all of the value
/// (8 KiB), so that the worst value costs some tens of milliseconds; an ordinary one needs a step a byte.
pub const MAX_STEPS: usize = 10_000;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Linear(Regex),
    /// Not linear: only a user's own patterns are allowed to need it.
    Backtracking(fancy_regex::Regex),
}

impl Matcher {
    /// One of our own patterns: a test compiles them all.
    pub(super) fn of_ours(pattern: &str) -> Self {
        let hir = parse(pattern, false).expect("every pattern is parsed by a test");
        let regex = Regex::builder().configure(quick_to_build()).build_from_hir(&hir);
        Self::Linear(regex.expect("every pattern is compiled by a test"))
    }

    /// A pattern that a user wrote, and its syntax tree if it can be run in linear time; else what is wrong with it.
    pub(super) fn of_user(pattern: &str) -> Result<(Self, Option<Hir>), String> {
        match parse(pattern, true) {
            Ok(hir) => {
                let config = quick_to_build()
                    .nfa_size_limit(Some(MAX_COMPILED_BYTES))
                    .hybrid_cache_capacity(MAX_STATES_BYTES);
                match Regex::builder().configure(config).build_from_hir(&hir) {
                    Ok(regex) => Ok((Self::Linear(regex), Some(hir))),
                    Err(e) if e.size_limit().is_some() => Err(format!(
                        "the pattern takes more than {} MiB once compiled",
                        MAX_COMPILED_BYTES >> 20
                    )),
                    Err(e) => Err(e.to_string()),
                }
            }
            Err(e) if needs_backtracking(&e) => fancy_regex::RegexBuilder::new(pattern)
                .bytes_mode(BytesMode::Ascii)
                .case_insensitive(true)
                .dot_matches_new_line(true)
                .backtrack_limit(MAX_STEPS)
                .delegate_size_limit(MAX_COMPILED_BYTES)
                .delegate_dfa_size_limit(MAX_STATES_BYTES)
                .build()
                .map(|regex| (Self::Backtracking(regex), None))
                .map_err(|e| e.to_string().replace('\n', " ")),
            Err(e) => Err(words(&e)),
        }
    }

    /// Does it match? None: the steps were used up before that was known.
    #[inline]
    pub(super) fn is_match(&self, text: &[u8], cache: &mut Option<Box<Cache>>) -> Option<bool> {
        match self {
            Self::Linear(regex) => {
                let cache = cache.get_or_insert_with(|| Box::new(regex.create_cache()));
                Some(regex.search_half_with(cache, &Input::new(text).earliest(true)).is_some())
            }
            Self::Backtracking(regex) => regex.is_match(text).ok(),
        }
    }

    /// Where it matches first.
    pub(super) fn find(&self, text: &[u8]) -> Option<std::ops::Range<usize>> {
        match self {
            Self::Linear(regex) => regex.find(text).map(|m| m.range()),
            Self::Backtracking(regex) => regex.find(text).ok().flatten().map(|m| m.range()),
        }
    }

    /// Bytes that it takes, as far as it says.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Linear(regex) => regex.memory_usage(),
            Self::Backtracking(_) => 0,
        }
    }
}

/// What answers questions that are never asked (where is it, which groups) is not built: that would take most of the time
/// of a start with many rules. Nor is what looks for the literals that were just found.
fn quick_to_build() -> Config {
    Config::new().auto_prefilter(false).utf8_empty(false).onepass(false).dfa(false).backtrack(false)
}

/// A pattern as its syntax tree; patterns speak about bytes. Ours are written in lower case, as what they are matched
/// against; a user need not know.
pub(super) fn parse(pattern: &str, any_case: bool) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .dot_matches_new_line(true)
        .case_insensitive(any_case)
        .build()
        .parse(pattern)
        .map_err(Box::new)
}

fn needs_backtracking(error: &regex_syntax::Error) -> bool {
    match error {
        regex_syntax::Error::Parse(e) => {
            matches!(e.kind(), ErrorKind::UnsupportedLookAround | ErrorKind::UnsupportedBackreference)
        }
        _ => false,
    }
}

/// What is wrong and where, in one line.
fn words(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(e) => format!("{} (column {})", e.kind(), e.span().start.column),
        regex_syntax::Error::Translate(e) => format!("{} (column {})", e.kind(), e.span().start.column),
        other => other.to_string().replace('\n', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, want: Option<bool>) {
        let (matcher, _) = Matcher::of_user(pattern).expect("a pattern");
        assert_eq!(matcher.is_match(text.as_bytes(), &mut None), want, "{pattern} on {text}");
    }

    #[test]
    fn a_users_pattern_runs_in_linear_time_or_up_to_a_limit() {
        check("UNION", "a union b", Some(true));
        check("a.b", "a\nb", Some(true));
        check("foo(?!bar)", "foobar", Some(false));
        check("FOO(?!bar)", "foobaz", Some(true));
        check(r"(\w)\1", "hello", Some(true));
        check(r"(\w+\w+)+(?=!)$", &"a".repeat(60), None);
        assert!(matches!(Matcher::of_user("a+b"), Ok((Matcher::Linear(_), Some(_)))));
        assert!(matches!(Matcher::of_user("a(?=b)"), Ok((Matcher::Backtracking(_), None))));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let says = |pattern: &str| Matcher::of_user(pattern).expect_err("a bad pattern");
        assert_eq!(says("a(b"), "unclosed group (column 2)");
        assert!(says(r"\w{500}{500}").contains("more than 4 MiB"), "{}", says(r"\w{500}{500}"));
        assert!(says("a(?=b").contains("closing parenthesis"), "{}", says("a(?=b"));
    }
}
