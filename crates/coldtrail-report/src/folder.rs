//! The output folder: all files are written beside their places first and moved there together, so that a run that
//! fails leaves the files of an earlier one as they were.

#![allow(clippy::disallowed_methods, reason = "the output folder is the one place that this crate writes to")]

use crate::blocklist::Syntax;
use crate::row::Cells;
use crate::run::{Method, Run};
use crate::{
    blocklist, findings, html, layer, markdown, misp, ocsf, rejects, state, stix, summary, tables, timeline,
    workbook,
};

use coldtrail_core::parallel::each;
use coldtrail_core::verdict::Report;
use ipnet::IpNet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What is to be written, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of the files, of [`FILES`] and [`MORE_FILES`].
    pub files: Vec<&'static str>,
    pub cells: Cells,
    /// Rows of a table in the HTML report; what is left out is counted and stands in the CSV.
    pub html_rows: usize,
    pub method: Method,
    /// Proxies of the user, whose addresses are never to be blocked.
    pub trusted_proxies: Vec<IpNet>,
}

/// The files that a scan writes, in the order in which they are named to people. `summary.json` is moved into place
/// last: where it is new, all are.
pub const FILES: [&str; 15] = [
    "report.html",
    "report.md",
    "workbook.xlsx",
    "timeline.csv",
    "blocklist.txt",
    "indicators.stix.json",
    "indicators.misp.json",
    "attack-layer.json",
    "findings.jsonl",
    "clients.csv",
    "pages.csv",
    "hosts.csv",
    "rejects.jsonl",
    state::FILE,
    "summary.json",
];

/// The files that are written when they are asked for.
pub const MORE_FILES: [&str; 7] = [
    "blocklist.nginx.conf",
    "blocklist.apache.conf",
    "blocklist.iptables.sh",
    "blocklist.nft",
    "blocklist.cloudflare.json",
    "blocklist.csv",
    "findings.ocsf.jsonl",
];

impl Default for Options {
    fn default() -> Self {
        Self {
            files: FILES.to_vec(),
            cells: Cells::Guarded,
            html_rows: 200,
            method: Method::default(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// A file that is in place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenFile {
    pub name: &'static str,
    pub path: PathBuf,
    pub bytes: u64,
}

/// Makes the folder if need be, and tries whether a file can be written there.
pub fn prepare(out_dir: &Path) -> io::Result<()> {
    let probe = out_dir.join(".coldtrail.part");
    fs::create_dir_all(out_dir)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|e| at(out_dir, &e))
}

/// Writes the files into a folder, which is made if need be. Files of an earlier run are replaced, other files stay.
pub fn write_all(
    report: &Report,
    run: &Run,
    out_dir: &Path,
    options: &Options,
) -> io::Result<Vec<WrittenFile>> {
    fs::create_dir_all(out_dir).map_err(|e| at(out_dir, &e))?;
    let known =
        FILES.split_last().map(|(last, rest)| [rest, &MORE_FILES, &[last]].concat()).unwrap_or_default();
    let mut names: Vec<&'static str> = known.into_iter().filter(|n| options.files.contains(n)).collect();
    let temporary = |name: &str| out_dir.join(format!(".{name}.part"));
    let staged = Staged { pairs: names.iter().map(|name| (temporary(name), out_dir.join(name))).collect() };
    let written = each(&mut names, run.threads, |name| {
        let path = out_dir.join(*name);
        let bytes = stage(&temporary(name), |out| write_one(out, name, report, run, options));
        Ok(WrittenFile { name, bytes: bytes.map_err(|e| at(&path, &e))?, path })
    });
    let written = written.into_iter().collect::<io::Result<_>>()?;
    staged.commit()?;
    // What an earlier scan wrote besides is of another case.
    if FILES.iter().all(|f| options.files.contains(f)) {
        for name in MORE_FILES.iter().filter(|f| !options.files.contains(f)) {
            match fs::remove_file(out_dir.join(name)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&out_dir.join(name), &e)),
                _ => {}
            }
        }
    }
    Ok(written)
}

fn write_one(
    out: &mut impl Write,
    name: &str,
    report: &Report,
    run: &Run,
    options: &Options,
) -> io::Result<()> {
    match name {
        "report.html" => html::write(out, report, &options.method, options.html_rows),
        "report.md" => markdown::write(out, report, &options.method),
        "workbook.xlsx" => workbook::write(out, report, &options.method),
        "timeline.csv" => timeline::write(out, report, options.cells),
        "blocklist.txt" => blocklist::write(out, report, &options.trusted_proxies),
        "indicators.stix.json" => stix::write(out, report),
        "indicators.misp.json" => misp::write(out, report),
        "findings.ocsf.jsonl" => ocsf::write(out, report),
        "attack-layer.json" => layer::write(out, report),
        "findings.jsonl" => findings::write(out, report),
        "clients.csv" => tables::write_clients(out, report, options.cells),
        "pages.csv" => tables::write_pages(out, report, options.cells),
        "hosts.csv" => tables::write_hosts(out, report, options.cells),
        "rejects.jsonl" => rejects::write(out, report),
        "summary.json" => summary::write(out, report, run),
        state::FILE => state::write(out, report, options),
        _ => match Syntax::ALL.into_iter().find(|s| s.file() == name) {
            Some(syntax) => syntax.write(out, report, &options.trusted_proxies),
            None => Err(io::Error::new(io::ErrorKind::Unsupported, "no such output file")),
        },
    }
}

/// Writes a new file through to the disk; returns its size. What lies at the path, be it a link, is removed first.
fn stage(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<u64> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut out = BufWriter::with_capacity(256 * 1024, File::create_new(path)?);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// Temporary files and where they belong; removed again unless they get there.
struct Staged {
    pairs: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    fn commit(&self) -> io::Result<()> {
        self.pairs.iter().try_for_each(|(from, to)| fs::rename(from, to).map_err(|e| at(to, &e)))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (temporary, _) in &self.pairs {
            // What was moved is not there any more; what cannot be removed is overwritten by the next run.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// What, where, and what to do.
fn at(path: &Path, error: &io::Error) -> io::Error {
    let what = match error.kind() {
        io::ErrorKind::PermissionDenied => "no permission to write there".to_owned(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "a file is in the way".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => format!("cannot be written: {error}"),
    };
    io::Error::new(error.kind(), format!("{}: {what}; choose another folder with -o", path.display()))
}
