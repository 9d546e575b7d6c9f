//! The files of `--patterns`, read and checked.

use crate::WrongUsage;
use crate::cli::OwnPatterns;
use crate::commands::say;
use anyhow::{Context, Result};
use coldtrail_core::enrich::attack::{MAX_FILE_BYTES, OwnRules};
use std::fs::File;
use std::io::Read;

/// The user's own rules. What runs slowly is said, unless nothing is to be said.
pub(crate) fn own_rules(args: &OwnPatterns, quiet: bool) -> Result<OwnRules> {
    let mut rules = OwnRules::default();
    for path in &args.patterns {
        let name = path.display();
        let unreadable = || format!("--patterns {name}: cannot be read; check the name");
        let mut text = Vec::new();
        // One byte more than is allowed, so that a longer file is known as such.
        let file = File::open(path).with_context(unreadable)?;
        file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut text).with_context(unreadable)?;
        rules.add(&text, &name.to_string()).map_err(|e| WrongUsage(format!("--patterns {e}")))?;
    }
    if !quiet {
        rules.warnings().iter().try_for_each(say)?;
    }
    Ok(rules)
}
