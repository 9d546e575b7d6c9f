//! The summary on the terminal: verdict, four answers, who, proof, what to do. Fits the width it is given; without a
//! width nothing is cut or wrapped.

mod page;
mod table;

use crate::answers;
use crate::figures::{bytes, count, counted, duration, percent};
use crate::folder::WrittenFile;
use crate::raw::raw_text;
use crate::run::Run;
use crate::safe::{safe, width};
use coldtrail_core::detect::{Finding, Level};
use coldtrail_core::verdict::Report;
use page::{Page, Paint};
use std::io::{self, Write};

/// How the summary is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    pub colour: bool,
    /// Columns of the terminal; none where the output is not a terminal.
    pub width: Option<usize>,
    /// Only ASCII for our own marks.
    pub ascii: bool,
}

/// Items shown of a list; what is left out is counted and where it stands is said.
const MAX_ITEMS: usize = 4;

/// Writes the summary. `files` are those of [`crate::write_all`]; without any, no file is named.
pub fn write(
    out: &mut impl Write,
    report: &Report,
    run: &Run,
    files: &[WrittenFile],
    style: Style,
) -> io::Result<()> {
    let mut page = Page::new(out, style);
    head(&mut page, report, run)?;
    verdict(&mut page, report)?;
    four(&mut page, report)?;
    table::write(&mut page, report, files)?;
    proof(&mut page, report)?;
    next_steps(&mut page, report, files)?;
    coverage(&mut page, report, files)?;
    written(&mut page, report, files)
}

fn head<W: Write>(page: &mut Page<'_, W>, report: &Report, run: &Run) -> io::Result<()> {
    let n_inputs = report.coverage.inputs.len() as u64;
    let n_bytes = report.coverage.inputs.iter().fold(0u64, |n, i| n.saturating_add(i.bytes));
    let parts = [
        answers::period(report),
        format!(
            "{}, {}, {}",
            counted(report.totals.lines.lines, "line", "lines"),
            counted(n_inputs, "file", "files"),
            bytes(n_bytes)
        ),
        duration(run.duration_us()),
    ];
    let one_line = parts.join("   ");
    if width(&one_line) < page.columns() {
        page.line(&page.dim(&one_line))?;
    } else {
        let [period, size, took] = parts;
        page.wrapped(&period, Paint::Dim)?;
        page.wrapped(&format!("{size}, {took}"), Paint::Dim)?;
    }
    page.blank()
}

fn verdict<W: Write>(page: &mut Page<'_, W>, report: &Report) -> io::Result<()> {
    let words = answers::headline(report).to_uppercase();
    let grounds = safe(&answers::grounds(report)).into_owned();
    let (painted, taken) = page.level(report.level, &words);
    let room = page.columns().min(100).saturating_sub(2 + taken);
    if grounds.is_empty() || width(&grounds) + 2 > room {
        page.line(&painted)?;
        page.wrapped(&grounds, Paint::Dim)?;
    } else {
        let gap = " ".repeat(room - width(&grounds));
        page.line(&format!("{painted}{gap}{}", page.dim(&grounds)))?;
    }
    page.wrapped(answers::story(report), Paint::Plain)?;
    for limit in answers::limits(report) {
        page.wrapped(&limit, Paint::Warn)?;
    }
    page.blank()
}

fn four<W: Write>(page: &mut Page<'_, W>, report: &Report) -> io::Result<()> {
    let [who, got_in, left, took] = answers::four(report);
    let show = |page: &Page<'_, W>, (q, a): &(&str, String), room: usize| {
        let pad = " ".repeat(room.saturating_sub(22 + width(a)));
        format!("{}{}{a}{pad}", page.bold(q), " ".repeat(22usize.saturating_sub(width(q))))
    };
    let column = (page.columns().min(100) - 2) / 2;
    let fits = [&who, &got_in, &left, &took].iter().all(|(_, a)| 22 + width(a) + 2 <= column);
    let rows = if fits { vec![[&who, &left], [&got_in, &took]] } else { vec![] };
    for [a, b] in rows {
        let line = format!("{}{}", show(page, a, column), show(page, b, 0));
        page.line(&line)?;
    }
    if !fits {
        for answer in [who, got_in, left, took] {
            page.item(answer.0, 22, &answer.1)?;
        }
    }
    page.blank()
}

fn proof<W: Write>(page: &mut Page<'_, W>, report: &Report) -> io::Result<()> {
    let findings = answers::proof(report);
    if findings.is_empty() {
        return Ok(());
    }
    let title = if report.level >= Level::Possible { "Proof" } else { "What they tried" };
    page.line(&page.bold(title))?;
    for (i, f) in findings.iter().enumerate() {
        let label = format!(" {} {}", i + 1, answers::short_stage(f.meta.stage));
        page.item(&label, 14, &f.statement)?;
        evidence(page, report, f)?;
    }
    page.blank()
}

/// Where the first line of evidence stands, and the line.
fn evidence<W: Write>(page: &mut Page<'_, W>, report: &Report, f: &Finding) -> io::Result<()> {
    let Some(e) = f.evidence.first() else { return Ok(()) };
    let input = safe(crate::findings::input_name(report, e.at.input)).into_owned();
    let place = format!("{input}:{}", e.at.line);
    let more = match f.evidence.len() as u64 - 1 {
        0 => String::new(),
        n => format!("  (+{})", counted(n, "line", "lines")),
    };
    page.cut(14, &format!("{place}{more}"), 1)?;
    if e.raw.is_empty() && e.n_cut == 0 {
        return Ok(());
    }
    // Room for the request, which stands in the middle of most formats' lines.
    let most = if page.columns() < 100 { 3 } else { 2 };
    page.cut(14, &safe(&raw_text(&e.raw, e.n_cut)), most)
}

fn next_steps<W: Write>(page: &mut Page<'_, W>, report: &Report, files: &[WrittenFile]) -> io::Result<()> {
    let gaps = report.coverage.gaps.iter().map(answers::gap);
    let blind: Vec<String> = report.coverage.blind_spots.iter().cloned().chain(gaps).collect();
    page.list("Cannot see", &blind, MAX_ITEMS, place_of(files, "report.html"))?;
    page.list("Do now", &report.do_now, 6, place_of(files, "report.html"))?;
    page.list("To be surer", &report.would_raise, 2, place_of(files, "summary.json"))
}

fn coverage<W: Write>(page: &mut Page<'_, W>, report: &Report, files: &[WrittenFile]) -> io::Result<()> {
    let lines = &report.totals.lines;
    let unread = lines.partial + lines.raw;
    let mut text = format!(
        "{} of {} ({}) not fully understood",
        count(unread),
        counted(lines.lines, "line", "lines"),
        percent(unread, lines.lines)
    );
    if lines.partial > 0 && lines.raw > 0 {
        text.push_str(&format!(": {} in part, {} not at all", count(lines.partial), count(lines.raw)));
    }
    if let (true, Some(name)) = (unread > 0, place_of(files, "rejects.jsonl")) {
        text.push_str(&format!("; see {name}"));
    }
    page.list("Unread", &[text], 1, None)?;
    page.list("Problems", &report.coverage.problems, MAX_ITEMS, place_of(files, "report.html"))?;
    page.list("Left out", &report.coverage.notes, 2, place_of(files, "report.html"))
}

fn written<W: Write>(page: &mut Page<'_, W>, report: &Report, files: &[WrittenFile]) -> io::Result<()> {
    let Some(first) = files.iter().find(|f| f.name == "report.html").or(files.first()) else {
        return Ok(());
    };
    let others: Vec<&str> = files.iter().filter(|f| f.name != first.name).map(|f| f.name).collect();
    page.blank()?;
    page.item("Report", 14, &first.path.to_string_lossy())?;
    if others.is_empty() { Ok(()) } else { page.item("Beside it", 14, &others.join("  ")) }?;
    page.wrapped(&answers::country_source(report), Paint::Dim)
}

/// The name of a file, if it was written.
fn place_of<'a>(files: &'a [WrittenFile], name: &str) -> Option<&'a str> {
    files.iter().map(|f| f.name).find(|n| *n == name)
}
