//! `coldtrail formats`: what is read, and what each format can and cannot show.

use crate::exit;
use anyhow::Result;
use coldtrail_core::parse::formats;
use std::io::{self, Write};

pub(crate) fn run() -> Result<u8> {
    let mut out = String::new();
    for format in formats().iter().skip(1) {
        out += &format!("{}\n  {}\n  shows: {}\n", format.name, format.title, squeeze(format.shows));
        for blind in format.blind_spots {
            out += &format!("  - {}\n", squeeze(blind));
        }
        out.push('\n');
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
