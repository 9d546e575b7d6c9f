//! One file a verb.

pub(crate) mod explain;
pub(crate) mod formats;
pub(crate) mod manifest;
pub(crate) mod output;
pub(crate) mod records;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod who;

use crate::cli::Cli;
use crate::{WrongUsage, exit};
use anyhow::Result;
use clap::CommandFactory;
use coldtrail_core::record::printable;
use coldtrail_core::source::Problem;
use std::fmt::Display;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};

/// `coldtrail completions SHELL`.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "coldtrail", &mut script);
    io::stdout().write_all(&script)?;
    Ok(exit::FINISHED)
}

/// `coldtrail man [COMMAND]`: the page of the program, or of one of its commands.
pub(crate) fn man(command: Option<&str>) -> Result<u8> {
    let is_shown = |c: &clap::Command| !c.is_hide_set() && c.get_name() != "help";
    let mut program = Cli::command();
    // Gives every command its whole name and the flags that it has from above.
    program.build();
    let shown = match command {
        None => program,
        Some(name) => {
            let known = program.get_subcommands().find(|c| c.get_name() == name && is_shown(c));
            let found = known.cloned().ok_or_else(|| {
                let all: Vec<&str> =
                    program.get_subcommands().filter(|c| is_shown(c)).map(clap::Command::get_name).collect();
                WrongUsage(format!("{name}: no such command; there are {}", all.join(", ")))
            })?;
            // A page is called as `man` looks for it: `coldtrail-scan`.
            let name = format!("coldtrail-{name}");
            found.display_name(name).version(env!("CARGO_PKG_VERSION"))
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(shown).render(&mut page)?;
    io::stdout().write_all(&page)?;
    Ok(exit::FINISHED)
}

/// Bytes of a log as text for JSON: as they are where they are valid UTF-8, else with escapes.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| printable(bytes), str::to_owned)
}

/// Drawn once per run: what is remembered by hash is seeded with it, so that no log line can be made to share one.
fn seed() -> u64 {
    RandomState::new().hash_one("run")
}

/// One line to whoever sits there.
pub(crate) fn say(what: impl Display) -> io::Result<()> {
    writeln!(io::stderr(), "coldtrail: {}", coldtrail_report::Safe(&what.to_string()))
}

/// Says what could not be read. The exit code: 1 if nothing at all could be, 4 if something could not.
fn say_problems(problems: &[Problem], has_read: bool) -> Result<u8> {
    problems.iter().try_for_each(say)?;
    Ok(match (problems.is_empty(), has_read) {
        (true, _) => exit::FINISHED,
        (false, true) => exit::INCOMPLETE,
        (false, false) => exit::FAILED,
    })
}
