//! `report.md`: the case for a ticket or a wiki. What comes from a log can neither mark up, nor link, nor mention
//! anybody: its punctuation is written as entities, and lines of the log stand in code.

use crate::answers::{
    background, country_source, four, gap, grounds, headline, limits, most_telling, period, place, proof,
    story, who_title,
};
use crate::figures::{bytes, count, percent, time};
use crate::findings::input_name;
use crate::raw::raw_text;
use crate::run::Method;
use crate::safe::{clip, safe};
use coldtrail_core::detect::Severity;
use coldtrail_core::verdict::{InputLine, Report};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Rows of a table, and columns of a line of a log; the other files have all.
const MAX_ROWS: usize = 50;
const MAX_COLUMNS: usize = 400;

pub fn write(out: &mut impl Write, report: &Report, method: &Method) -> io::Result<()> {
    let mut text = String::new();
    build(&mut text, report, method).expect("writing to a string cannot fail");
    out.write_all(text.as_bytes())
}

fn build(out: &mut String, report: &Report, method: &Method) -> std::fmt::Result {
    writeln!(out, "# {}\n", headline(report))?;
    writeln!(out, "{}\n", prose(story(report)))?;
    let grounds = grounds(report);
    let dot = if grounds.is_empty() { "" } else { ". " };
    writeln!(out, "{}{dot}{}. All times are UTC.\n", capital(&prose(&grounds)), period(report))?;
    list(out, "", &limits(report))?;
    writeln!(out, "| Question | Answer |\n| --- | --- |")?;
    for (question, answer) in four(report) {
        writeln!(out, "| {question} | {} |", prose(&answer))?;
    }
    list(out, "Do now", &report.do_now)?;
    who(out, report)?;
    proofs(out, report)?;
    let incidents: Vec<String> = report
        .incidents
        .iter()
        .filter(|i| i.severity >= Severity::Medium)
        .map(|i| format!("{}, {}: {}", i.level.name(), i.severity.name(), i.statement))
        .collect();
    list(out, "Incidents", &incidents)?;
    let gaps: Vec<String> = report.coverage.gaps.iter().map(gap).collect();
    list(out, "What these logs cannot show", &[&report.coverage.blind_spots[..], &gaps].concat())?;
    list(out, "What would make it surer", &report.would_raise)?;
    list(out, "Problems while reading", &report.coverage.problems)?;
    files(out, &report.coverage.inputs)?;
    heading(out, "Method")?;
    writeln!(out, "coldtrail {}: {}", prose(&method.version), code(&method.command.join(" "), MAX_COLUMNS))?;
    match country_source(report) {
        source if source.is_empty() => Ok(()),
        // A link back is what the licence asks for.
        source => writeln!(out, "\n{source}"),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

fn heading(out: &mut String, title: &str) -> std::fmt::Result {
    writeln!(out, "\n## {title}\n")
}

/// A list under its title; nothing where it is empty.
fn list(out: &mut String, title: &str, sentences: &[String]) -> std::fmt::Result {
    if sentences.is_empty() {
        return Ok(());
    }
    if !title.is_empty() {
        heading(out, title)?;
    }
    for sentence in sentences.iter().take(MAX_ROWS) {
        writeln!(out, "- {}", prose(sentence))?;
    }
    more(out, sentences.len(), "summary.json")?;
    if title.is_empty() { writeln!(out) } else { Ok(()) }
}

/// What a table or a list left out, and where it stands.
fn more(out: &mut String, n: usize, file: &str) -> std::fmt::Result {
    match n.saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        rest => writeln!(out, "\n{} more in `{file}`.", count(rest as u64)),
    }
}

fn who(out: &mut String, report: &Report) -> std::fmt::Result {
    let who = most_telling(&report.answers.who, MAX_ROWS);
    if !who.is_empty() {
        heading(out, who_title(report))?;
        writeln!(out, "| Client | From | Level | Stages | Requests | Taken | First | Last |")?;
        writeln!(out, "| --- | --- | --- | --- | ---: | ---: | --- | --- |")?;
    }
    for w in who {
        let stages: Vec<&str> = w.stages.iter().map(|s| s.name()).collect();
        let time = |ts_us: Option<i64>| ts_us.map_or("-".to_owned(), time);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            code(&w.client, 60),
            prose(&place(&w.place)),
            w.level.name(),
            stages.join(", "),
            count(w.n_requests),
            if w.bytes_taken == 0 { "-".to_owned() } else { bytes(w.bytes_taken) },
            time(w.first_us),
            time(w.last_us)
        )?;
    }
    more(out, report.answers.who.len(), "summary.json")?;
    match background(report) {
        sentence if sentence.is_empty() => Ok(()),
        sentence => writeln!(out, "\n{sentence}"),
    }
}

fn proofs(out: &mut String, report: &Report) -> std::fmt::Result {
    let proof = proof(report);
    if !proof.is_empty() {
        heading(out, "Proof")?;
    }
    for f in proof {
        let id = f.id.get(..8).unwrap_or(&f.id);
        writeln!(out, "- **{}** (`{id}`): {}", f.meta.stage.name(), prose(&f.statement))?;
        if let Some(e) = f.evidence.first() {
            let place = format!("{}:{}", input_name(report, e.at.input), e.at.line);
            let line = code(&raw_text(&e.raw, e.n_cut), MAX_COLUMNS);
            writeln!(out, "  {}\\\n  {line}", code(&place, MAX_COLUMNS))?;
        }
    }
    Ok(())
}

fn files(out: &mut String, inputs: &[InputLine]) -> std::fmt::Result {
    heading(out, "Files")?;
    writeln!(out, "| File | Format | Lines | Not understood | Digest |\n| --- | --- | ---: | ---: | --- |")?;
    for i in inputs.iter().take(MAX_ROWS) {
        let digest = i.digest.as_ref().map_or("-".to_owned(), |(name, hex)| format!("{name} `{hex}`"));
        writeln!(
            out,
            "| {} | {} | {} | {} | {digest} |",
            code(&i.path, 120),
            code(&i.format, 40),
            count(i.lines),
            percent(i.raw, i.lines)
        )?;
    }
    more(out, inputs.len(), "summary.json")
}

/// A sentence that may hold text of a log. All that Markdown in any of its flavours reads as more than a character is
/// written as an entity: marks, tables, HTML, links, mentions, numbers of issues; bare addresses of pages by their
/// colon or first point.
fn prose(text: &str) -> String {
    let text = clip(&safe(text), 4 * MAX_COLUMNS, "...");
    let after_digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered =
        after_digits.len() < text.len() && [". ", ") "].iter().any(|p| after_digits.starts_with(p));
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        let acts = match c {
            '!' | '#' | '$' | '&' | '*' | '<' | '>' | '@' => true,
            '[' | '\\' | ']' | '^' | '`' | '{' | '|' | '}' | '~' => true,
            // Inside of a word it is no mark.
            '_' => {
                !(out.ends_with(is_word) && text.get(i + 1..).is_some_and(|rest| rest.starts_with(is_word)))
            }
            ':' => text.get(i..).is_some_and(|rest| rest.starts_with("://")) || is_scheme(&out),
            '.' => ends_with(&out, "www"),
            '+' | '-' | '=' => i == 0,
            _ => i == 0 && is_numbered,
        };
        if acts {
            write!(out, "&#{};", u32::from(c)).expect("writing to a string cannot fail");
        } else {
            out.push(c);
        }
    }
    out
}

/// Schemes that are linked without `//`.
fn is_scheme(before: &str) -> bool {
    ["mailto", "xmpp", "javascript", "data"].into_iter().any(|scheme| ends_with(before, scheme))
}

/// In any case of letters.
fn ends_with(text: &str, end: &str) -> bool {
    let at = text.len().checked_sub(end.len());
    at.and_then(|at| text.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Text of a log as code: between more backticks than it holds in a row. A bar would end the cell of a table.
fn code(text: &str, columns: usize) -> String {
    let text = clip(&safe(text), columns, "...").replace('|', "\\u{7c}");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.trim().is_empty() {
        true => "-".to_owned(),
        false if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) => {
            format!("{fence} {text} {fence}")
        }
        false => format!("{fence}{text}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_marks_up_links_or_mentions() {
        let check = |text: &str, want: &str| assert_eq!(prose(text), want);
        check("203.0.113.5 asked for /a-b.php, 3 times.", "203.0.113.5 asked for /a-b.php, 3 times.");
        check("<b>*x*</b>", "&#60;b&#62;&#42;x&#42;&#60;/b&#62;");
        check("[a](http://b)", "&#91;a&#93;(http&#58;//b)");
        check("WWW.evil.example", "WWW&#46;evil.example");
        check("javascript:x mailto:a@b", "javascript&#58;x mailto&#58;a&#64;b");
        check("_a_ log_format", "&#95;a&#95; log_format");
        check("1. one", "&#49;. one");
        check("- one | two", "&#45; one &#124; two");
        check("&lt;\\", "&#38;lt;&#92;");
        check("a\u{202e}b\nc", "a&#92;u&#123;202e&#125;b&#92;u&#123;a&#125;c");
    }

    #[test]
    fn code_cannot_be_left() {
        let check = |text: &str, want: &str| assert_eq!(code(text, 40), want);
        check("GET /", "`GET /`");
        check("a`b", "``a`b``");
        check("``", "``` `` ```");
        check("a|b", "`a\\u{7c}b`");
        check("", "-");
        check("\n", "`\\u{a}`");
    }
}
