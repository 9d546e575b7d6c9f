//! The tree as the conventions want it: which folder may use which, how files are named and how long they are, what a
//! detector says of itself, how large fixtures are. Every check counts what it looked at: an empty walk is a failure.
#![expect(clippy::disallowed_methods, reason = "reads the source tree that it judges")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders in the direction of the data, as `lib.rs` explains them (formatting may sort the list there): first what
/// knows nothing of the data, last the run itself.
const ORDER: [&str; 13] = [
    "parallel", "record", "table", "source", "decode", "parse", "enrich", "observe", "link", "detect",
    "focus", "verdict", "scan",
];

/// Folders that every folder may use.
const VOCABULARIES: [&str; 2] = ["record", "table"];

/// Uses against the direction, each with its reason: the file, the path, why. One that is no longer needed fails too.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("table/page.rs", "enrich::attack::ClassSet", "a row remembers which attacks it met"),
    ("table/client.rs", "enrich::attack::ClassSet", "a row remembers which attacks it met"),
    ("table/event.rs", "enrich::attack::Verdict", "an event carries what was judged of its request"),
    ("table/event.rs", "enrich::Content", "an event carries what its answer brought in"),
    ("table/contact.rs", "enrich::Content", "a row remembers what the host delivered"),
    ("table/contact.rs", "enrich::Marks", "a row remembers what kind of contact it was"),
];

/// Longest file of source text, in lines.
const MAX_LINES: usize = 800;

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "shared"];

/// So many detectors were there when this line was last touched: a walk that finds fewer has lost its way.
const MIN_DETECTORS: usize = 23;

/// What stands at the top of every detector, in this order.
const DETECTOR_SECTIONS: [&str; 9] = [
    "Finds",
    "Why it matters",
    "Decides",
    "Parameters",
    "ATT&CK",
    "False positives",
    "Misses",
    "Cost",
    "Sources",
];

/// Largest fixture, and largest sum of the examples, in bytes: a clone stays quick.
const MAX_FIXTURE_BYTES: u64 = 256 * 1024;
const MAX_EXAMPLES_BYTES: u64 = 1024 * 1024;

#[test]
fn folders_use_only_what_stands_above_them() {
    let src = root().join("crates/coldtrail-core/src");
    let listed: BTreeSet<String> = modules(&tokens(&read(&src.join("lib.rs")))).into_iter().collect();
    assert_eq!(
        listed,
        ORDER.map(str::to_owned).into(),
        "lib.rs and the order in this file list the same folders"
    );
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    let files = files(&src, &["rs"]);
    let test_files: BTreeSet<PathBuf> = files.iter().flat_map(|file| test_files(file)).collect();
    let mut looked_at = 0;
    let mut wrong = Vec::new();
    let mut needed = BTreeSet::new();
    for file in files.into_iter().filter(|file| !test_files.contains(file)) {
        let inside = file.strip_prefix(&src).expect("the walk starts there");
        let own = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy();
        let own = own.trim_end_matches(".rs");
        if own == "lib" {
            continue;
        }
        let Some(own_place) = place(own) else {
            wrong.push(format!("{}: lib.rs does not list {own}", inside.display()));
            continue;
        };
        looked_at += 1;
        for path in uses(&without_tests(tokens(&read(&file))), inside) {
            let target = path.split("::").next().unwrap_or_default();
            let fine = target == own
                || match own {
                    "record" => false,
                    "table" => target == "record",
                    _ => {
                        VOCABULARIES.contains(&target) || place(target).is_some_and(|place| place < own_place)
                    }
                };
            if fine {
                continue;
            }
            match EXCEPTIONS.iter().position(|rule| Path::new(rule.0) == inside && rule.1 == path) {
                Some(rule) => {
                    needed.insert(rule);
                }
                None => wrong.push(format!("{}: {own} uses {path}", inside.display())),
            }
        }
    }
    assert!(looked_at > 0);
    for (i, (file, path, reason)) in EXCEPTIONS.iter().enumerate() {
        if !needed.contains(&i) {
            wrong.push(format!("{file}: does not use {path} ({reason}); remove the exception"));
        }
    }
    assert!(wrong.is_empty(), "{ORDER:?}\n{}", wrong.join("\n"));
}

#[test]
fn files_hold_one_idea() {
    let mut wrong = Vec::new();
    let files = source_files();
    assert!(files.len() > 20, "{}", files.len());
    for file in files {
        let n_lines = read(&file).lines().count();
        if n_lines > MAX_LINES {
            wrong.push(format!("{}: {n_lines} lines; at {MAX_LINES} split it", shown(&file)));
        }
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            wrong.push(format!("{}: name it after its idea", shown(&file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut looked_at = 0;
    let mut wrong = Vec::new();
    for file in source_files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        looked_at += 1;
        for pair in tokens(&read(&file)).windows(2) {
            if ["todo", "unimplemented", "dbg"].contains(&pair[0].as_str()) && pair[1] == "!" {
                wrong.push(format!("{}: {}!", shown(&file), pair[0]));
            }
        }
    }
    assert!(looked_at > 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn detectors_say_what_they_do() {
    let detect = root().join("crates/coldtrail-core/src/detect");
    let mut ids = BTreeMap::new();
    let mut wrong = Vec::new();
    let files = files(&detect, &["rs"]);
    let test_files: BTreeSet<PathBuf> = files.iter().flat_map(|file| test_files(file)).collect();
    for file in files {
        let inside = file.strip_prefix(&detect).expect("the walk starts there");
        let text = read(&file);
        let code = without_tests(tokens(&text));
        if test_files.contains(&file) || !code.windows(2).any(|pair| pair == ["Detector", "for"]) {
            continue;
        }
        if inside.components().count() != 2 {
            wrong.push(format!(
                "detect/{}: a detector is one file in the folder of its stage",
                inside.display()
            ));
        }
        let header: Vec<&str> =
            text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let id = inside.file_stem().expect("a file has a name").to_string_lossy().replace('_', "-");
        for complaint in header_complaints(&header, &id) {
            wrong.push(format!("detect/{}: {complaint}", inside.display()));
        }
        if let Some(other) = ids.insert(id, inside.to_path_buf()) {
            wrong.push(format!("detect/{}: {} has the same id", inside.display(), other.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ids.len() >= MIN_DETECTORS, "{} detectors, once there were {MIN_DETECTORS}", ids.len());
}

#[test]
fn fixtures_are_small() {
    let examples = files(&root().join("examples"), &[]);
    assert!(!examples.is_empty());
    let sum: u64 = examples.iter().map(|file| bytes(file)).sum();
    assert!(sum < MAX_EXAMPLES_BYTES, "examples: {sum} bytes");

    let mut fixtures = files(&root().join("testdata"), &[]);
    let crates = fs::read_dir(root().join("crates")).expect("the crates are there");
    for entry in crates {
        let folder = entry.expect("the folder can be listed").path().join("testdata");
        fixtures.extend(files(&folder, &[]));
    }
    assert!(!fixtures.is_empty(), "testdata is empty");
    let large: Vec<String> =
        fixtures.iter().filter(|file| bytes(file) >= MAX_FIXTURE_BYTES).map(|file| shown(file)).collect();
    assert!(large.is_empty(), "{MAX_FIXTURE_BYTES} bytes or more: {large:?}");
}

#[test]
fn changelog_fragments_say_their_kind() {
    let fragments = files(&root().join("changelog.d"), &[]);
    // Right after a release there are none.
    assert!(root().join("changelog.d").is_dir());
    for file in &fragments {
        let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let [slug, kind, "md"] = parts[..] else { panic!("{name}: <slug>.<kind>.md") };
        assert!(
            ["feature", "fix", "performance", "change"].contains(&kind),
            "{name}: no kind is called {kind}"
        );
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(!slug.is_empty() && slug.chars().all(kebab), "{name}: the slug is kebab-case");
        assert!(!read(file).trim().is_empty(), "{name} is empty");
    }
}

#[test]
fn paths_are_read_from_every_form() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(uses(&tokens(text), Path::new("detect/implant/x.rs")), expected, "{text}");
    };
    check("use crate::record::Rec;", &["record::Rec"]);
    check("use crate::{record::{Rec, Span as S}, parse};", &["record::Rec", "record::Span", "parse"]);
    check("let x = crate::parse::lines(b).count();", &["parse::lines"]);
    check("use super::super::super::parse::Format;", &["parse::Format"]);
    check("use super::sibling::Thing; use super::super::Detector;", &[]);
    check("// crate::a\n/* crate::b */ let s = \"crate::c\"; let r = r#\"crate::\"d\"#;", &[]);
    check("crate::put!(1); let c = ('\"', 'a', '\\''); fn f<'a>(x: &'a crate::parse::F) {}", &["parse::F"]);
    let code = without_tests(tokens("fn a() {} #[cfg(test)] mod tests { use crate::scan; }"));
    assert!(!code.contains(&"scan".to_owned()) && code.contains(&"a".to_owned()));
    let gated = test_modules(&tokens("#[cfg(test)] pub(crate) mod testing; mod real;"));
    assert_eq!(gated, [(0, "testing".to_owned(), ";".to_owned())]);
}

#[test]
fn a_header_needs_every_section_with_text() {
    let mut header = vec!["# Beacons (`beacon`)".to_owned()];
    for section in DETECTOR_SECTIONS {
        header.extend([format!("## {section}"), "Words.".to_owned()]);
    }
    let complaints = |lines: &[String]| {
        header_complaints(&lines.iter().map(String::as_str).collect::<Vec<_>>(), "beacon").len()
    };
    assert_eq!(complaints(&header), 0);
    let without =
        |i: usize| header.iter().enumerate().filter(|line| line.0 != i).map(|line| line.1.clone()).collect();
    for i in 0..header.len() {
        let fewer: Vec<String> = without(i);
        assert_eq!(complaints(&fewer), 1, "{i}");
    }
}

/// The top folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", shown(file)))
}

fn bytes(file: &Path) -> u64 {
    fs::metadata(file).unwrap_or_else(|error| panic!("{}: {error}", shown(file))).len()
}

/// Files below a folder, sorted; all of them if no ending is given. A folder that is not there has none.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    const SKIPPED: [&str; 6] = ["target", "node_modules", "dist", ".git", "corpus", "artifacts"];
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.is_empty()
                || endings.iter().any(|end| path.extension().is_some_and(|own| own == *end))
            {
                found.insert(path);
            }
        }
    }
    found.into_iter().collect()
}

fn source_files() -> Vec<PathBuf> {
    ["crates", "xtask", "fuzz", "web"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), &["rs", "ts", "tsx"]))
        .collect()
}

/// What is wrong with the header of the detector with this id.
fn header_complaints(header: &[&str], id: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let title = header.first().copied().unwrap_or_default();
    if !(title.starts_with("# ") && title.ends_with(&format!("(`{id}`)"))) {
        complaints.push(format!("the first line is `# title (`{id}`)`"));
    }
    let mut after = 0;
    for section in DETECTOR_SECTIONS {
        let heading = |line: &&str| {
            let rest = line.strip_prefix("## ").and_then(|line| line.strip_prefix(section));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let Some(at) = header.iter().position(heading) else {
            complaints.push(format!("`## {section}` is missing"));
            continue;
        };
        if at < after {
            complaints.push(format!("`## {section}` stands too early"));
        }
        after = at;
        let on_the_line = header[at].len() > "## ".len() + section.len();
        let below = header[at + 1..]
            .iter()
            .find(|line| !line.is_empty())
            .is_some_and(|line| !line.starts_with("## "));
        if !on_the_line && !below {
            complaints.push(format!("`## {section}` says nothing"));
        }
    }
    complaints
}

/// The modules that a file declares, in its order.
fn modules(tokens: &[String]) -> Vec<String> {
    tokens
        .windows(3)
        .filter(|three| three[0] == "mod" && three[2] == ";")
        .map(|three| three[1].clone())
        .collect()
}

/// Where a `#[cfg(test)]` gates a module: the place of the gate, the module's name, and what follows the name.
fn test_modules(tokens: &[String]) -> Vec<(usize, String, String)> {
    let gate = ["#", "[", "cfg", "(", "test", ")", "]"];
    let gates = (0..tokens.len()).filter(|&at| tokens[at..].starts_with(&gate.map(str::to_owned)));
    gates
        .filter_map(|at| {
            let visible = ["pub", "(", "crate", "super", ")"];
            let rest = tokens[at + gate.len()..].iter().skip_while(|token| visible.contains(&token.as_str()));
            match &rest.take(3).collect::<Vec<_>>()[..] {
                [keyword, name, sign] if *keyword == "mod" => Some((at, (*name).clone(), (*sign).clone())),
                _ => None,
            }
        })
        .collect()
}

/// The tokens before a `#[cfg(test)] mod name {`: tests stand last in a file and may look anywhere.
fn without_tests(mut tokens: Vec<String>) -> Vec<String> {
    let first = test_modules(&tokens).into_iter().find(|module| module.2 == "{").map(|module| module.0);
    tokens.truncate(first.unwrap_or(tokens.len()));
    tokens
}

/// Files that a file declares by `#[cfg(test)] mod name;`.
fn test_files(file: &Path) -> Vec<PathBuf> {
    let own = file.file_stem().expect("a file has a name");
    let is_folder = own == "mod" || own == "lib";
    let folder = if is_folder {
        file.parent().expect("a file has a folder").to_path_buf()
    } else {
        file.with_extension("")
    };
    let modules = test_modules(&tokens(&read(file))).into_iter().filter(|module| module.2 == ";");
    modules.map(|module| folder.join(module.1 + ".rs")).collect()
}

/// Paths from the root of the crate that the tokens of a file name: by `crate::`, or by as many `super::` as lead there.
fn uses(tokens: &[String], inside: &Path) -> Vec<String> {
    let depth = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let n_supers = tokens[at..]
            .chunks(2)
            .take_while(|two| two[0] == "super" && two.get(1).is_some_and(|t| t == "::"))
            .count();
        if tokens[at] == "crate" && tokens.get(at + 1).is_some_and(|token| token == "::") {
            let mut found = Vec::new();
            let end = tree(tokens, at + 2, "", &mut found);
            let is_macro = tokens.get(end).is_some_and(|token| token == "!");
            paths.extend(found.into_iter().filter(|path| !is_macro || path.contains("::")));
            at = end;
        } else if n_supers > 0 {
            let mut found = Vec::new();
            let start = at + 2 * n_supers;
            at = tree(tokens, start, "", &mut found).max(start);
            if n_supers >= depth {
                let is_root = |path: &String| ORDER.contains(&path.split("::").next().unwrap_or_default());
                paths.extend(found.into_iter().filter(is_root));
            }
        } else {
            at += 1;
        }
    }
    paths
}

/// Reads one tree of paths from `at`; appends every leaf below `prefix`; returns where it ends.
fn tree(tokens: &[String], mut at: usize, prefix: &str, paths: &mut Vec<String>) -> usize {
    let mut path = prefix.to_owned();
    let join =
        |path: &str, name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    match token.as_str() {
                        "}" => return at + 1,
                        "," => at += 1,
                        "as" => at += 2,
                        _ => at = tree(tokens, at, &path, paths).max(at + 1),
                    }
                }
                return at;
            }
            Some("self" | "*") => at += 1,
            Some(name) if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path = join(&path, name);
                at += 1;
            }
            _ => {}
        }
        if tokens.get(at).is_some_and(|token| token == "::") {
            at += 1;
        } else {
            if !path.is_empty() {
                paths.push(path);
            }
            return at;
        }
    }
}

/// Rust text as words and signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at_is = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let find = |from: usize, what: &str| {
        (from..chars.len()).find(|&at| at_is(at, what)).map_or(chars.len(), |at| at + what.chars().count())
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if at_is(at, "//") {
            at = find(at, "\n");
        } else if at_is(at, "/*") {
            at = find(at + 2, "*/");
        } else if c == '"' {
            at += 1;
            while chars.get(at).is_some_and(|&c| c != '"') {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' && chars.get(at + 1) == Some(&'\\') {
            at = find(at + 3, "'");
        } else if c == '\'' && chars.get(at + 2) == Some(&'\'') {
            at += 3;
        } else if c.is_alphanumeric() || c == '_' {
            let word: String = chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += word.chars().count();
            let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
            if ["r", "br"].contains(&word.as_str()) && chars.get(at + hashes) == Some(&'"') {
                at = find(at + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
            } else {
                tokens.push(word);
            }
        } else if at_is(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}
