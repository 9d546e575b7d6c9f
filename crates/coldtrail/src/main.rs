//! The program `coldtrail`.

mod cli;
mod commands;
mod input;
mod patterns;

use clap::Parser;
use cli::{Cli, Command};
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit codes of the contract.
pub(crate) mod exit {
    pub(crate) const FINISHED: u8 = 0;
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const WRONG_USAGE: u8 = 2;
    pub(crate) const VERDICT: u8 = 3;
    pub(crate) const INCOMPLETE: u8 = 4;
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// What was asked for cannot be: the exit code is 2.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Scan(args) => commands::scan::run(&args),
        Command::Records(args) => commands::records::run(&args),
        Command::Who(args) => commands::who::run(&args),
        Command::Manifest { folder } => commands::manifest::run(&folder),
        Command::Explain { what, log_format, own } => {
            commands::explain::run(&what, log_format.as_deref(), &own)
        }
        Command::Formats => commands::formats::run(),
        Command::Rules { own } => commands::rules::run(&own),
        Command::Report(args) => commands::report::run(&args),
        Command::Completions { shell } => commands::completions(shell),
        Command::Man { command } => commands::man(command.as_deref()),
        Command::Sql(_) => not_built("sql"),
        Command::Serve(_) => not_built("serve"),
        Command::Watch(_) => not_built("watch"),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_closed_pipe(&error) => ExitCode::from(exit::FINISHED),
        Err(error) => {
            let code = if error.is::<WrongUsage>() { exit::WRONG_USAGE } else { exit::FAILED };
            // Standard error may be closed too; there is nowhere left to say so.
            let _closed =
                writeln!(io::stderr(), "coldtrail: {}", coldtrail_report::safe(&format!("{error:#}")));
            ExitCode::from(code)
        }
    }
}

/// The answer to what is planned and not there yet.
pub(crate) fn not_built(name: &str) -> anyhow::Result<u8> {
    Err(WrongUsage(format!("this build does not have `{name}` yet")).into())
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}
