//! `coldtrail manifest`: the files that belong on a server, one path a line, sorted.

use super::say;
use crate::exit;
use anyhow::{Context, Result};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(folder: &Path) -> Result<u8> {
    let mut files = Vec::new();
    let mut unread = 0;
    list(folder, &mut files, &mut unread, true)?;
    files.sort();
    let mut out = BufWriter::new(io::stdout().lock());
    for file in &files {
        writeln!(out, "{}", coldtrail_report::safe(&file.to_string_lossy()))?;
    }
    out.flush()?;
    Ok(if unread == 0 { exit::FINISHED } else { exit::INCOMPLETE })
}

/// Files below `folder`; links are listed and not followed, as a web server may follow them.
fn list(folder: &Path, files: &mut Vec<PathBuf>, unread: &mut u64, is_root: bool) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_root => {
            return Err(error)
                .with_context(|| format!("{}: cannot be listed; check the name", folder.display()));
        }
        Err(error) => {
            *unread += 1;
            say(format_args!("{}: {error}", folder.display()))?;
            return Ok(());
        }
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            list(&entry.path(), files, unread, false)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
