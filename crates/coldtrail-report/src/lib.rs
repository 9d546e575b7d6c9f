//! Writes a finished scan for people and programs. One file per output; each owns its escaping, and none knows how
//! the report was made.
//!
//! Everything but `summary.json` and the terminal's first line is the same for the same [`Report`]: what belongs to
//! the run comes in a [`Run`] of its own.
//!
//! [`Report`]: coldtrail_core::verdict::Report

/// `blocklist.txt`
pub mod blocklist;
/// Records in the Elastic Common Schema.
pub mod ecs;
/// `findings.jsonl`
pub mod findings;
/// `report.html`
pub mod html;
/// `attack-layer.json`
pub mod layer;
/// `report.md`
pub mod markdown;
/// `indicators.misp.json`
pub mod misp;
/// `findings.ocsf.jsonl`, and records in the same schema.
pub mod ocsf;
/// What `coldtrail records` prints.
pub mod records;
/// Pseudonyms in place of what names somebody.
pub mod redact;
/// `rejects.jsonl`
pub mod rejects;
/// `scan.state`
pub mod state;
/// `indicators.stix.json`
pub mod stix;
/// `summary.json`
pub mod summary;
/// `clients.csv`, `pages.csv`, `hosts.csv`
pub mod tables;
/// The summary on the terminal.
pub mod terminal;
/// `timeline.csv`
pub mod timeline;
/// `workbook.xlsx`
pub mod workbook;

mod answers;
/// Numbers, sizes and times in words.
pub mod figures;
mod folder;
mod indicators;
mod json;
mod raw;
mod row;
mod run;
mod safe;
mod techniques;

pub use folder::{FILES, MORE_FILES, Options, WrittenFile, prepare, write_all};
pub use raw::raw_text;
pub use row::{Cells, Row};
pub use run::{Method, Run, case_command};
pub use safe::{Safe, clip, is_unsafe, safe, width};
pub use terminal::Style;
