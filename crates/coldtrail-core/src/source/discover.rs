//! Names from the command line to inputs: files, folders, patterns, standard input.

use super::problem::words;
use super::{Note, Problem, Spool};
use crate::record::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Inputs of one run. A folder of a million files is a mistaken `/`, not a log folder; it bounds the list's memory.
pub const MAX_INPUTS: usize = 1_000_000;

/// Where an input's bytes come from.
#[derive(Clone, Debug)]
pub enum Kind {
    File(PathBuf),
    Stdin(Spool),
}

/// One input, found but not opened.
#[derive(Clone, Debug)]
pub struct Located {
    /// The name as given, a folder's files joined to it; printable text.
    pub display: String,
    pub kind: Kind,
    /// Stored size when it was found; 0 for standard input, whose size nobody knows before its end.
    pub bytes: u64,
    /// Named by the user, not found in a folder: read whatever it looks like.
    pub named: bool,
}

impl Located {
    /// Standard input.
    pub fn stdin() -> Self {
        Self::stream("-", Box::new(io::stdin()))
    }

    /// Any stream under a name. It is read once and kept in a temporary file.
    pub fn stream(display: &str, stream: Box<dyn Read + Send>) -> Self {
        Self { display: display.into(), kind: Kind::Stdin(Spool::new(stream)), bytes: 0, named: true }
    }
}

/// What [`discover`] found. All three lists are sorted and depend only on the set of names, not on their order.
#[derive(Debug, Default)]
pub struct Found {
    pub inputs: Vec<Located>,
    /// Asked for and not readable: a missing path, a folder without permission, a pattern that fits nothing.
    pub problems: Vec<Problem>,
    /// Left out on purpose: links, pipes and devices in folders.
    pub notes: Vec<Note>,
}

/// Finds the inputs that `paths` name: files, folders with all below them, patterns (`*`, `?`, `[...]`, where no
/// file has that very name), and `-` for standard input. A file that is named twice is listed once, under the
/// first of its names.
pub fn discover(paths: &[String]) -> Found {
    let mut search = Search::default();
    for path in paths {
        search.argument(path);
    }
    search.finish()
}

#[derive(Default)]
struct Search {
    /// By real path.
    files: BTreeMap<PathBuf, Located>,
    stdin: bool,
    problems: BTreeSet<Problem>,
    notes: BTreeSet<Note>,
    full: bool,
}

impl Search {
    fn argument(&mut self, path: &str) {
        if path == "-" {
            self.stdin = true;
            return;
        }
        match fs::metadata(path) {
            Ok(meta) => self.named(Path::new(path), &meta),
            Err(e) if e.kind() == io::ErrorKind::NotFound && path.contains(['*', '?', '[']) => {
                self.pattern(path)
            }
            Err(e) => self.problem(Path::new(path), words(&e)),
        }
    }

    fn named(&mut self, path: &Path, meta: &fs::Metadata) {
        if meta.is_dir() {
            self.folder(path);
        } else if meta.is_file() {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            self.add(path, real, meta.len(), true);
        } else {
            self.problem(
                path,
                "a pipe, socket or device, not a file; send it through standard input (`-`)".into(),
            );
        }
    }

    fn pattern(&mut self, pattern: &str) {
        let paths = match glob::glob(pattern) {
            Ok(paths) => paths,
            Err(e) => return self.problem(Path::new(pattern), format!("not there, and not a pattern: {e}")),
        };
        let mut n = 0;
        for path in paths {
            n += 1;
            match path {
                Ok(path) => match fs::metadata(&path) {
                    Ok(meta) => self.named(&path, &meta),
                    Err(e) => self.problem(&path, words(&e)),
                },
                Err(e) => self.problem(e.path(), words(e.error())),
            }
            if self.full {
                return;
            }
        }
        if n == 0 {
            self.problem(Path::new(pattern), "nothing fits this pattern; check the name".into());
        }
    }

    /// All regular files below a folder, level by level. Links are not followed, so there is no way round in circles.
    fn folder(&mut self, top: &Path) {
        let real = fs::canonicalize(top).unwrap_or_else(|_| top.to_owned());
        let mut open = vec![(top.to_owned(), real)];
        while let Some((path, real)) = open.pop() {
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(e) => {
                    self.problem(&path, words(&e));
                    continue;
                }
            };
            for entry in entries {
                let kind = entry.and_then(|entry| Ok((entry.file_type()?, entry)));
                let (kind, entry) = match kind {
                    Ok(found) => found,
                    Err(e) => {
                        self.problem(&path, words(&e));
                        continue;
                    }
                };
                let (below, real) = (path.join(entry.file_name()), real.join(entry.file_name()));
                if kind.is_dir() {
                    open.push((below, real));
                } else if kind.is_symlink() {
                    self.note(&below, "a link in a folder, not followed; name it to read it");
                } else if kind.is_file() {
                    match entry.metadata() {
                        Ok(meta) => self.add(&below, real, meta.len(), false),
                        Err(e) => self.problem(&below, words(&e)),
                    }
                } else {
                    self.note(&below, "a pipe, socket or device, skipped");
                }
            }
            if self.full {
                return;
            }
        }
    }

    fn add(&mut self, path: &Path, real: PathBuf, bytes: u64, named: bool) {
        let new =
            Located { display: display(path.as_os_str()), kind: Kind::File(path.to_owned()), bytes, named };
        if let Some(old) = self.files.get_mut(&real) {
            let named = old.named || named;
            if new.display < old.display {
                *old = new;
            }
            old.named = named;
        } else if self.files.len() < MAX_INPUTS {
            self.files.insert(real, new);
        } else {
            self.full = true;
        }
    }

    fn problem(&mut self, path: &Path, what: String) {
        self.problems.insert(Problem { path: display(path.as_os_str()), offset: None, what });
    }

    fn note(&mut self, path: &Path, what: &str) {
        self.notes.insert(Note { path: display(path.as_os_str()), what: what.into() });
    }

    fn finish(mut self) -> Found {
        if self.full {
            let what = format!(
                "more than {MAX_INPUTS} files: the rest is not read; name the folders that hold logs"
            );
            self.problem(Path::new("."), what);
        }
        // Real paths are sorted already; the stable sort makes them the tie-break between equal names.
        let mut inputs: Vec<_> = self.files.into_values().collect();
        if self.stdin {
            inputs.push(Located::stdin());
        }
        inputs.sort_by(|a, b| a.display.cmp(&b.display));
        Found {
            inputs,
            problems: self.problems.into_iter().collect(),
            notes: self.notes.into_iter().collect(),
        }
    }
}

/// A name as text: as it is where it is harmless text, else with `\xHH` for what would not print.
fn display(name: &OsStr) -> String {
    match name.to_str() {
        Some(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => printable(name.as_encoded_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for file in files {
            let path = top.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        top
    }

    /// Names below `top`, asked for in both orders; `want` are the names found.
    fn check(top: &Path, ask: &[&str], want: &[&str]) -> Found {
        let full = |name: &str| if name == "-" { name.into() } else { format!("{}/{name}", top.display()) };
        let mut paths: Vec<String> = ask.iter().map(|n| full(n)).collect();
        let names =
            |found: &Found| -> Vec<String> { found.inputs.iter().map(|l| l.display.clone()).collect() };
        let found = discover(&paths);
        paths.reverse();
        let again = discover(&paths);
        assert_eq!(names(&found), want.iter().map(|n| full(n)).collect::<Vec<_>>(), "{ask:?}");
        assert_eq!(names(&found), names(&again));
        assert_eq!((&found.problems, &found.notes), (&again.problems, &again.notes));
        found
    }

    #[test]
    fn files_folders_and_patterns_in_one_order() {
        let top = tree(&["b.log", "a.log", "d/c.log", "d/e/x.gz", "d/a b.log", "[1].log"]);
        let all = ["[1].log", "a.log", "b.log", "d/a b.log", "d/c.log", "d/e/x.gz"];
        let found = check(
            top.path(),
            &[""],
            &["/[1].log", "/a.log", "/b.log", "/d/a b.log", "/d/c.log", "/d/e/x.gz"]
                .map(|n| n.strip_prefix('/').unwrap()),
        );
        assert!(found.problems.is_empty() && found.inputs.iter().all(|l| !l.named && l.bytes > 0));
        assert_eq!(found.inputs.len(), all.len());
        check(top.path(), &["b.log", "a.log"], &["a.log", "b.log"]);
        check(top.path(), &["*.log"], &["[1].log", "a.log", "b.log"]);
        check(top.path(), &["**/*.log"], &["[1].log", "a.log", "b.log", "d/a b.log", "d/c.log"]);
        // The literal name wins over the pattern.
        let found = check(top.path(), &["[1].log"], &["[1].log"]);
        assert!(found.inputs[0].named);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let top = tree(&["d/a.log", "d/b.log"]);
        let found =
            check(top.path(), &["d/b.log", "d", "d/b.log", "d/../d/b.log"], &["d/../d/b.log", "d/a.log"]);
        assert!(found.inputs[0].named && !found.inputs[1].named);
        check(top.path(), &["d/", "d"], &["d/a.log", "d/b.log"]);
    }

    #[test]
    fn standard_input_is_listed_once() {
        let found = discover(&["-".into(), "-".into()]);
        assert_eq!(found.inputs.len(), 1);
        assert!(matches!(found.inputs[0].kind, Kind::Stdin(_)));
    }

    #[test]
    fn what_is_missing_is_said() {
        let top = tree(&["a.log"]);
        let found = check(top.path(), &["gone.log", "*.gz", "a[.log", "a.log"], &["a.log"]);
        let what: Vec<_> = found.problems.iter().map(|p| p.what.as_str()).collect();
        assert_eq!(what.len(), 3);
        assert!(
            what.iter().any(|w| w.starts_with("nothing fits"))
                && what.iter().any(|w| w.starts_with("not there;"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_and_sockets_in_folders_are_left_out_and_said() {
        use std::os::unix::fs::symlink;
        let top = tree(&["d/a.log"]);
        symlink("..", top.path().join("d/loop")).unwrap();
        symlink("a.log", top.path().join("d/z.log")).unwrap();
        symlink("self", top.path().join("self")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(top.path().join("d/socket")).unwrap();
        let found = check(top.path(), &["d"], &["d/a.log"]);
        assert_eq!(found.notes.len(), 3);
        assert!(found.problems.is_empty());
        check(top.path(), &["**/*.log"], &["d/a.log"]);
        // Named by the user, a link is followed, a socket is a problem, and a link to itself too.
        check(top.path(), &["d/z.log"], &["d/z.log"]);
        assert_eq!(check(top.path(), &["d/socket", "self"], &[]).problems.len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_print() {
        use std::os::unix::ffi::OsStrExt;
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join(OsStr::from_bytes(b"a\xff\x1b.log")), "x").unwrap();
        let found = check(top.path(), &[""], &["a\\xFF\\x1B.log"]);
        assert_eq!(found.inputs[0].bytes, 1);
    }
}
