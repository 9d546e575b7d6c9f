//! What is done with a finished scan, new or kept: redacted if that is wanted, written, printed.

use super::say;
use crate::cli::{Blocklist, FindingsFormat, Output};
use anyhow::{Context, Result, anyhow};
use coldtrail_core::verdict::Report;
use coldtrail_report::blocklist::Syntax;
use coldtrail_report::redact::{Redactor, key_of_map};
use coldtrail_report::{Cells, Options, Run, Style, state, terminal, write_all};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// A redactor, and where its map goes.
pub(super) struct Redaction {
    redactor: Redactor,
    map: PathBuf,
}

/// Files that flags ask for.
pub(super) fn more_files(args: &Output) -> Vec<&'static str> {
    let syntax = |of: &Blocklist| match of {
        Blocklist::Nginx => Syntax::Nginx,
        Blocklist::Apache => Syntax::Apache,
        Blocklist::Iptables => Syntax::Iptables,
        Blocklist::Nftables => Syntax::Nftables,
        Blocklist::Cloudflare => Syntax::Cloudflare,
        Blocklist::Csv => Syntax::Csv,
    };
    let ocsf = args.findings_format.contains(&FindingsFormat::Ocsf).then_some("findings.ocsf.jsonl");
    args.blocklist.iter().map(|of| syntax(of).file()).chain(ocsf).collect()
}

/// What redacts the outputs of a folder, with the key of an earlier run if there is one. None if nothing is to be
/// redacted.
pub(super) fn redactor(args: &Output, folder: &Path) -> Result<Option<Redaction>> {
    if !args.redact {
        return Ok(None);
    }
    let map = map_of(folder)?;
    let known = key_of_map(&map).map_err(|e| anyhow!("{}: {e}", map.display()))?;
    let key = known.map_or_else(new_key, Ok)?;
    Ok(Some(Redaction { redactor: Redactor::new(key), map }))
}

/// Beside the folder, not in it: the folder is what is handed on.
fn map_of(folder: &Path) -> Result<PathBuf> {
    let whole = folder.canonicalize().with_context(|| format!("{}: not there", folder.display()))?;
    let (Some(name), Some(parent)) = (whole.file_name(), whole.parent()) else {
        return Err(anyhow!(
            "{}: no place beside it for the map; choose another folder with -o",
            folder.display()
        ));
    };
    let mut name = name.to_owned();
    name.push(".pseudonyms.jsonl");
    Ok(parent.join(name))
}

fn new_key() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| anyhow!("no random numbers for the key of the pseudonyms: {e}"))?;
    Ok(key)
}

/// Writes the files of `options`, and prints what the flags say.
pub(super) fn write(
    report: &Report,
    mut run: Run,
    options: &Options,
    args: &Output,
    folder: &Path,
    redaction: Option<Redaction>,
) -> Result<()> {
    let cells = if args.csv_raw { Cells::Raw } else { options.cells };
    let options = &Options { cells, ..options.clone() };
    let Some(Redaction { mut redactor, map }) = redaction else {
        return write_as_it_is(report, &run, options, args, folder);
    };
    let (report, redacted) = state::redacted(report, options, &mut redactor)?;
    for arg in &mut run.command {
        *arg = String::from_utf8_lossy(&redactor.text(arg.as_bytes())).into_owned();
    }
    let options = Options { files: options.files.clone(), ..redacted };
    // The map first: without it pseudonyms are of no use to anybody.
    redactor.write_map(&map).with_context(|| format!("{}: cannot be written", map.display()))?;
    write_as_it_is(&report, &run, &options, args, folder)?;
    if !args.quiet {
        say(format!("{}: the map of the pseudonyms; keep it apart", map.display()))?;
    }
    Ok(())
}

fn write_as_it_is(report: &Report, run: &Run, options: &Options, args: &Output, folder: &Path) -> Result<()> {
    let files = write_all(report, run, folder, options)?;
    if args.json {
        let mut out = BufWriter::new(io::stdout().lock());
        coldtrail_report::summary::write(&mut out, report, run)?;
        out.flush()?;
    } else if !args.quiet {
        let is_terminal = io::stdout().is_terminal();
        let style = Style {
            colour: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
            width: if is_terminal { terminal_size::terminal_size().map(|(w, _)| w.0.into()) } else { None },
            ascii: false,
        };
        let mut out = BufWriter::new(io::stdout().lock());
        terminal::write(&mut out, report, run, &files, style)?;
        out.flush()?;
    }
    Ok(())
}
