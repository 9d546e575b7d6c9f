//! `report.html`: one file that loads nothing and runs nothing but its own script.
//!
//! A fixed template is filled with text; askama escapes every value, and what comes from a log has passed [`safe`]
//! before, so that control and direction characters show. The only values that are not escaped are the charts, which
//! are made of numbers, the data, which are base64, and style sheet and script (`web/`), whose hashes are all that the
//! content security policy allows. Without the script the page is complete, and what is printed is this page.

mod axis;
mod charts;
mod data;
mod data_rows;
mod rows;
mod view;
mod words;

use crate::run::Method;
use askama::Template;
use base64::Engine;
use coldtrail_core::verdict::Report;
use sha2::Digest;
use std::io::{self, Write};

/// The page's own style, then that of what the script draws.
const STYLE: &str =
    concat!(include_str!("../../templates/report.css"), include_str!("../../../../web/dist/app.css"));
const SCRIPT: &str = include_str!("../../../../web/dist/app.js");

/// Writes the report, with at most `rows` rows in its tables.
pub fn write(out: &mut impl Write, report: &Report, method: &Method, rows: usize) -> io::Result<()> {
    let [style, script] = [STYLE, SCRIPT].map(Inline::new);
    view::page(report, method, rows, style, script)?.write_into(out)
}

/// What stands between the tags of an element, with its hash for the policy.
struct Inline {
    text: &'static str,
    hash: String,
}

impl Inline {
    fn new(text: &'static str) -> Self {
        let text = text.trim_end();
        let digest = sha2::Sha256::digest(text.as_bytes());
        Self { text, hash: base64::engine::general_purpose::STANDARD.encode(digest) }
    }
}
