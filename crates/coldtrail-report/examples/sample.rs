//! Writes the made-up cases of the tests into a folder and prints their summaries: to look at what people will see.
//! `cargo run -p coldtrail-report --example sample -- DIR [COLUMNS]`

#[path = "../tests/case/mod.rs"]
mod case;

use coldtrail_report::{Options, Style, terminal, write_all};
use std::io::{self, Write};
use std::path::Path;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let dir = args.get(1).map_or("sample", String::as_str);
    let width = args.get(2).and_then(|w| w.parse().ok());
    let style = Style { colour: width.is_some(), width, ascii: false };
    let mut out = io::stdout().lock();
    let cases = [
        ("break-in", case::break_in()),
        ("proxy", case::proxy()),
        ("quiet", case::quiet()),
        ("unreadable", case::unreadable()),
        ("hostile", case::hostile()),
    ];
    for (name, report) in cases {
        let options = Options { method: case::method(), ..Options::default() };
        let files = write_all(&report, &case::run(), &Path::new(dir).join(name), &options)?;
        if name != "hostile" {
            terminal::write(&mut out, &report, &case::run(), &files, style)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
