//! `coldtrail report`: the files of a finished scan, written again.

use super::output;
use crate::{WrongUsage, cli, exit};
use anyhow::{Result, anyhow};
use coldtrail_report::{FILES, MORE_FILES, Options, prepare, state, summary};
use std::path::Path;

/// Cap on what is read of a summary, bytes: one that names every attacker of a large case is a few MB.
const MAX_SUMMARY_BYTES: u64 = 1 << 30;

pub(crate) fn run(args: &cli::Report) -> Result<u8> {
    let files = files(args)?;
    let folder = args.out.as_deref().unwrap_or(&args.folder);
    let name = args.folder.display();
    if !args.folder.is_dir() {
        return Err(anyhow!("{name}: no folder; give the one that a scan has written"));
    }
    let state_file = args.folder.join(state::FILE);
    if !state_file.exists() {
        return Err(anyhow!(
            "{name}: no finished scan in it ({} is missing); give the folder of coldtrail scan -o",
            state::FILE
        ));
    }
    let summary_file = args.folder.join("summary.json");
    let run = read_summary(&summary_file).ok_or_else(|| {
        anyhow!("{}: missing or damaged; the scan has not finished, or scan again", summary_file.display())
    })?;
    let (report, kept) = state::read(&state_file).map_err(|e| anyhow!("{}: {e}", state_file.display()))?;
    prepare(folder)?;
    if args.output.redact && is_same(folder, &args.folder) {
        return Err(WrongUsage(
            "--redact: choose another folder with -o, this one holds the originals".into(),
        )
        .into());
    }
    let redactor = output::redactor(&args.output, folder)?;
    output::write(&report, run, &Options { files, ..kept }, &args.output, folder, redactor)?;
    Ok(exit::FINISHED)
}

fn read_summary(path: &Path) -> Option<coldtrail_report::Run> {
    let bytes = std::fs::metadata(path).ok().filter(|m| m.len() <= MAX_SUMMARY_BYTES)?;
    let text = (bytes.is_file()).then(|| std::fs::read(path).ok())??;
    summary::run_of(&text)
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The files that are asked for by name or by flag; without a name all.
fn files(args: &cli::Report) -> Result<Vec<&'static str>> {
    let known = || FILES.iter().chain(&MORE_FILES).copied();
    let named = args.files.iter().map(|name| {
        known().find(|k| k == name).ok_or_else(|| {
            let all: Vec<&str> = known().collect();
            WrongUsage(format!("{name}: no such output file; there are {}", all.join(", ")))
        })
    });
    let mut files: Vec<&'static str> = named.collect::<Result<_, _>>()?;
    let more = output::more_files(&args.output);
    // In place the state stays as it is; a flag for one more file asks for no other.
    if files.is_empty() && (more.is_empty() || args.out.is_some()) {
        files.extend(FILES.iter().filter(|f| args.out.is_some() || **f != state::FILE));
    }
    files.extend(more);
    Ok(files)
}
