//! The files that belong on a server, as URL paths.
//!
//! Reads what people have at hand: the output of `find`, `ls -lR`, `tar -t`, `git ls-files`, `dir /s /b`, a CSV file
//! with a column of paths, and the lines of `coldtrail manifest`.

use super::percent_decode;
use crate::record::printable;
use std::collections::BTreeSet;

/// A list of files mapped to the paths under which the server gives them out.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Lower case where `ignores_case`.
    paths: BTreeSet<String>,
    /// Windows servers do not tell case apart.
    ignores_case: bool,
    /// What was assumed or skipped, in sentences.
    notes: Vec<String>,
}

/// How a request's path is on the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// A file of the list, also as the index file of a folder or with path information behind it.
    File,
    /// A folder that has files of the list, but no index file: its listing, or a route.
    Folder,
    No,
}

/// Names of folders from which servers give out their files.
const ROOTS: [&str; 8] = ["htdocs", "www", "html", "public", "wwwroot", "public_html", "httpdocs", "webroot"];
/// Files that answer for their folder.
const INDEX: [&str; 11] = [
    "index.html",
    "index.htm",
    "index.php",
    "index.jsp",
    "index.cgi",
    "index.pl",
    "index.asp",
    "index.aspx",
    "default.asp",
    "default.aspx",
    "default.htm",
];

impl Manifest {
    /// Cap on a path of the list, bytes (`PATH_MAX` of Linux).
    const MAX_PATH: usize = 4096;

    /// Reads a list. `roots` are pairs of a folder and the URL path under which it is given out; without any the
    /// root is guessed and said in the notes.
    pub fn parse(text: &[u8], roots: &[(String, String)]) -> Self {
        let mut manifest = Self::default();
        let (files, n_skipped) = read_list(text);
        manifest.ignores_case = files.iter().any(|f| f.is_windows);
        if n_skipped > 0 {
            manifest
                .notes
                .push(format!("{n_skipped} lines of the list of files are no paths and were skipped."));
        }
        let files: Vec<String> = files.into_iter().map(|f| f.path).collect();
        let guessed;
        let roots = if roots.is_empty() {
            let folder = guess_root(&files);
            manifest.notes.push(if folder.is_empty() {
                "No document root was given: the paths of the list are taken as URL paths.".to_owned()
            } else {
                format!("No document root was given: {folder} was taken for /. If that is wrong, say --root DIR=/URL.")
            });
            guessed = [(folder, "/".to_owned())];
            &guessed[..]
        } else {
            roots
        };
        let mut n_outside = 0usize;
        for file in &files {
            let mapped =
                roots.iter().filter_map(|(dir, url)| map_path(file, dir, url)).max_by_key(|(len, _)| *len);
            match mapped {
                Some((_, path)) => {
                    manifest.paths.insert(manifest.fold(&path));
                }
                None => n_outside += 1,
            }
        }
        if n_outside > 0 {
            manifest.notes.push(format!("{n_outside} files of the list are outside the document root."));
        }
        manifest
    }

    pub fn len(&self) -> usize {
        self.paths.len()
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    fn fold(&self, path: &str) -> String {
        if self.ignores_case { path.to_lowercase() } else { path.to_owned() }
    }

    /// Whether a path as logged is a file of the list or a folder with such files.
    pub fn lists(&self, logged: &[u8]) -> bool {
        self.find(logged).0 != Listing::No
    }

    /// How a path as logged is on the list, and the file of the list that answers for it.
    pub fn find(&self, logged: &[u8]) -> (Listing, Option<&str>) {
        let path = self.fold(&url_path(logged));
        if let Some(file) = self.paths.get(&path) {
            return (Listing::File, Some(file));
        }
        let folder = if path.ends_with('/') { path.clone() } else { format!("{path}/") };
        for index in INDEX {
            if let Some(file) = self.paths.get(&format!("{folder}{index}")) {
                return (Listing::File, Some(file));
            }
        }
        // Path information: `/x.php/y` is answered by `/x.php`.
        for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
            if let Some(file) = path.get(..at).and_then(|head| self.paths.get(head)) {
                return (Listing::File, Some(file));
            }
        }
        let has_files = self.paths.range(folder.clone()..).next().is_some_and(|p| p.starts_with(&folder));
        (if has_files { Listing::Folder } else { Listing::No }, None)
    }

    /// The path by which requests for one file are counted together.
    pub fn normalised(&self, logged: &[u8]) -> String {
        self.fold(&url_path(logged))
    }
}

/// Decoded once, path parameters cut off, `//` and `/./` and `/../` folded.
fn url_path(logged: &[u8]) -> String {
    let decoded = percent_decode(logged);
    let text = String::from_utf8(decoded).unwrap_or_else(|e| printable(e.as_bytes()));
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    let is_folder = text.ends_with('/') || text.ends_with("/.") || text.ends_with("/..");
    for part in text.split('/') {
        match part.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut path = format!("/{}", parts.join("/"));
    if is_folder && path.len() > 1 {
        path.push('/');
    }
    path
}

struct ListedFile {
    path: String,
    is_windows: bool,
}

/// The files of a list, and how many lines are none.
fn read_list(text: &[u8]) -> (Vec<ListedFile>, usize) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut files: Vec<ListedFile> = Vec::new();
    let mut n_skipped = 0;
    let mut column = None;
    let mut folder = String::new();
    let is_ls = text.split(|c| *c == b'\n').take(50).any(|l| l.starts_with(b"total ") || is_ls_entry(l));
    for (i, line) in text.split(|c| *c == b'\n').enumerate() {
        let line = line.trim_ascii_end();
        if line.is_empty() || line.len() > Manifest::MAX_PATH || line.first() == Some(&b'#') {
            n_skipped += usize::from(line.len() > Manifest::MAX_PATH);
            continue;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            files.push(ListedFile { path: printable(line), is_windows: false });
            continue;
        };
        if i == 0 {
            column = csv_column(line);
            if column.is_some() {
                continue;
            }
        }
        let path = if line.starts_with('{') {
            json_path(line)
        } else if let Some((at, separator)) = column {
            csv_fields(line, separator).into_iter().nth(at)
        } else if is_ls {
            match ls_line(line, &mut folder) {
                LsLine::File(path) => Some(path),
                LsLine::Other => continue,
            }
        } else {
            Some(line.strip_prefix("./").unwrap_or(line).to_owned())
        };
        match path.filter(|p| !p.is_empty()) {
            // Folders say nothing: their files are listed.
            Some(path) if path.ends_with('/') || path == "." => {}
            Some(path) => files.push(without_drive(path)),
            None => n_skipped += 1,
        }
    }
    (files, n_skipped)
}

/// `C:\inetpub\x` as `/inetpub/x`.
fn without_drive(path: String) -> ListedFile {
    let mut head = path.chars();
    let has_drive = head.next().is_some_and(|c| c.is_ascii_alphabetic()) && head.next() == Some(':');
    let is_windows = has_drive || (path.contains('\\') && !path.contains('/'));
    if !is_windows {
        return ListedFile { path, is_windows };
    }
    let rest = if has_drive { path.get(2..).unwrap_or_default() } else { &path };
    ListedFile { path: rest.replace('\\', "/"), is_windows }
}

/// The column of a CSV header that holds paths, and the separator.
fn csv_column(line: &str) -> Option<(usize, char)> {
    const NAMES: [&str; 7] = ["path", "file", "filename", "file_path", "filepath", "full_path", "name"];
    let separator = ['\t', ';', ','].into_iter().find(|c| line.contains(*c)).unwrap_or(',');
    let fields: Vec<String> =
        csv_fields(line, separator).into_iter().map(|f| f.trim().to_ascii_lowercase()).collect();
    NAMES.iter().find_map(|n| fields.iter().position(|f| f == n)).map(|at| (at, separator))
}

fn csv_fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields[last].push('"');
            }
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    fields
}

/// The value of `"path"` in a line of `coldtrail manifest`.
fn json_path(line: &str) -> Option<String> {
    let at = line.find("\"path\"")? + "\"path\"".len();
    let rest = line.get(at..)?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let mut end = 0;
    let bytes = rest.as_bytes();
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    let raw = bytes.get(..end)?;
    Some(String::from_utf8_lossy(&crate::record::unescape(raw, crate::record::Escape::Json)).into_owned())
}

enum LsLine {
    File(String),
    Other,
}

/// `-rw-r--r-- 1 root root 123 Oct 5 09:00 name`.
fn is_ls_entry(line: &[u8]) -> bool {
    let mode = line.get(..10).unwrap_or_default();
    mode.first().is_some_and(|c| b"-dlbcps".contains(c)) && mode[1..].iter().all(|c| b"rwxstST-".contains(c))
}

fn ls_line(line: &str, folder: &mut String) -> LsLine {
    if let Some(name) = line.strip_suffix(':') {
        *folder = name.strip_prefix("./").unwrap_or(name).to_owned();
        if folder == "." {
            folder.clear();
        }
        return LsLine::Other;
    }
    if !is_ls_entry(line.as_bytes()) || !line.starts_with(['-', 'l']) {
        return LsLine::Other;
    }
    // Eight fields stand before the name: mode, links, owner, group, size and three of the date (two in ISO style).
    let n_before = if line.split_whitespace().nth(5).is_some_and(|d| d.contains('-')) { 7 } else { 8 };
    let mut rest = line;
    for _ in 0..n_before {
        let Some((_, tail)) = rest.trim_start().split_once(' ') else { return LsLine::Other };
        rest = tail;
    }
    let name = rest.trim_start().split(" -> ").next().unwrap_or_default();
    LsLine::File(if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{}/{name}", folder.trim_end_matches('/'))
    })
}

/// The folder that is most likely the document root; empty where the paths are URL paths.
fn guess_root(files: &[String]) -> String {
    let is_web = |f: &&String| {
        super::kind_of(f.as_bytes()) == super::PageKind::Script || f.ends_with(".html") || f.ends_with(".htm")
    };
    let web: Vec<&String> = files.iter().filter(is_web).collect();
    let all: Vec<&String> = if web.is_empty() { files.iter().collect() } else { web };
    let Some(first) = all.first() else { return String::new() };
    let mut common: Vec<&str> = first.split('/').collect();
    common.pop();
    for file in &all {
        let n = common.iter().zip(file.split('/')).take_while(|(a, b)| *a == b).count();
        common.truncate(n);
    }
    let is_root = |part: &&str| ROOTS.iter().any(|r| r.eq_ignore_ascii_case(part));
    if let Some(at) = common.iter().rposition(is_root) {
        return common[..=at].join("/");
    }
    // A project's folder: `public/index.php` beside sources.
    let has_index = |folder: &str| INDEX.iter().any(|i| files.iter().any(|f| *f == format!("{folder}{i}")));
    if !has_index("") && !has_index("/") {
        for root in ROOTS {
            for prefix in ["", "/"] {
                if has_index(&format!("{prefix}{root}/")) {
                    return format!("{prefix}{root}");
                }
            }
        }
    }
    String::new()
}

/// The URL path of a file below `dir`, with the length of `dir`: the longest root wins.
fn map_path(file: &str, dir: &str, url: &str) -> Option<(usize, String)> {
    let dir = dir.replace('\\', "/");
    let dir =
        dir.get(2..).filter(|_| dir.as_bytes().get(1) == Some(&b':')).unwrap_or(&dir).trim_end_matches('/');
    let dir = dir.strip_prefix("./").unwrap_or(dir);
    let rest = file.strip_prefix(dir)?;
    let rest = if dir.is_empty() || dir == "." { file.trim_start_matches("./") } else { rest };
    if !dir.is_empty() && dir != "." && !rest.starts_with('/') {
        return None;
    }
    Some((dir.len(), format!("{}/{}", url.trim_end_matches('/'), rest.trim_start_matches('/'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, roots: &[(&str, &str)], want: &[&str]) {
        let roots: Vec<(String, String)> =
            roots.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let manifest = Manifest::parse(text.as_bytes(), &roots);
        assert_eq!(manifest.paths().collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn reads_what_people_have() {
        let want = ["/a/b.js", "/index.php"];
        check("/var/www/html/index.php\n/var/www/html/a/b.js\n/var/www/html/a/\n", &[], &want);
        check("./index.php\n./a/b.js\n", &[], &want);
        check("index.php\na/b.js\n", &[], &want);
        check("public/index.php\npublic/a/b.js\nsrc/x.php\n", &[], &want);
        check("/srv/x/index.php\r\n/srv/x/a/b.js\r\n", &[("/srv/x", "/")], &want);
        check("/srv/x/index.php\n", &[("/srv/x/", "/shop")], &["/shop/index.php"]);
        check("size,path\n12,/index.php\n13,\"/a/b.js\"\n", &[], &want);
        check("{\"path\":\"/index.php\",\"size\":1}\n{\"path\":\"/a\\/b.js\"}\n", &[], &want);
        check("C:\\inetpub\\wwwroot\\Index.php\nC:\\inetpub\\wwwroot\\a\\b.js\n", &[], &want);
        let ls = ".:\ntotal 8\ndrwxr-xr-x 2 root root 4096 Oct  5 09:00 a\n-rw-r--r-- 1 root root   12 Oct  5 09:00 index.php\n\n\
                  ./a:\ntotal 4\n-rw-r--r-- 1 root root 7 2019-10-05 09:00 b.js\n";
        check(ls, &[], &want);
        check("/index.html\n/jabc/includes/a.inc\n", &[], &["/index.html", "/jabc/includes/a.inc"]);
    }

    #[test]
    fn finds_a_request() {
        let manifest = Manifest::parse(b"/index.php\n/a b.html\n/d/x.css\n/d/e/index.html\n", &[]);
        let check = |path: &str, want| assert_eq!(manifest.find(path.as_bytes()).0, want, "{path}");
        check("/", Listing::File);
        check("//index.php/x/y", Listing::File);
        check("/./index.php", Listing::File);
        check("/a%20b.html", Listing::File);
        check("/d/", Listing::Folder);
        check("/d/e", Listing::File);
        check("/d/e/x.php", Listing::No);
        check("/Index.php", Listing::No);
        let windows = Manifest::parse(b"D:\\www\\Index.php\n", &[]);
        assert_eq!(windows.find(b"/INDEX.PHP").0, Listing::File);
        assert!(windows.notes()[0].contains("/www"), "{:?}", windows.notes());
    }
}
