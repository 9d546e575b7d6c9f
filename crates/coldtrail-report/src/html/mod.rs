//! `report.html`: one file that loads nothing and runs nothing.
//!
//! A fixed template is filled with text; askama escapes every value, and what comes from a log has passed [`safe`]
//! before, so that control and direction characters show. The only values that are not escaped are the charts, which
//! are made of numbers, and the style sheet, whose hash is all that the content security policy allows.

mod axis;
mod charts;
mod rows;
mod view;
mod words;

use crate::run::Method;
use askama::Template;
use base64::Engine;
use coldtrail_core::verdict::Report;
use sha2::Digest;
use std::io::{self, Write};

const STYLE: &str = include_str!("../../templates/report.css");

/// Writes the report, with at most `rows` rows in its tables.
pub fn write(out: &mut impl Write, report: &Report, method: &Method, rows: usize) -> io::Result<()> {
    let style = STYLE.trim_end();
    let digest = sha2::Sha256::digest(style.as_bytes());
    let style_hash = base64::engine::general_purpose::STANDARD.encode(digest);
    view::page(report, method, rows, style, style_hash).write_into(out)
}
