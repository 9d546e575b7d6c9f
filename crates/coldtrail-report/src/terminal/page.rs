//! Lines of limited width with a margin, hanging indents, lists and colour.

use super::Style;
use crate::figures::count;
use crate::safe::{clip, prefix, safe, width};
use coldtrail_core::detect::Level;
use std::io::{self, Write};

/// Narrower terminals get the layout of this width, in columns: below it nothing can be read anyway.
const MIN_COLUMNS: usize = 40;
/// Wider than this, sentences are hard to read, columns.
const MAX_SENTENCE: usize = 120;

pub(super) struct Page<'a, W> {
    out: &'a mut W,
    style: Style,
    was_blank: bool,
}

impl<'a, W: Write> Page<'a, W> {
    pub(super) fn new(out: &'a mut W, style: Style) -> Self {
        Self { out, style, was_blank: false }
    }

    /// Columns there are; without a terminal more than anything needs.
    pub(super) fn columns(&self) -> usize {
        self.style.width.map_or(usize::MAX, |w| w.max(MIN_COLUMNS))
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.style.ascii
    }

    pub(super) fn ellipsis(&self) -> &'static str {
        if self.style.ascii { "..." } else { "…" }
    }

    /// A finished line: safe, painted, of the right width.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.was_blank = false;
        writeln!(self.out, " {}", text.trim_end())
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        if self.was_blank {
            return Ok(());
        }
        self.was_blank = true;
        writeln!(self.out)
    }

    /// A sentence over as many lines as it needs.
    pub(super) fn wrapped(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        for line in self.wrap(text, 0) {
            self.line(&line)?;
        }
        Ok(())
    }

    /// A label and a sentence beside it, indented by `indent`.
    pub(super) fn item(&mut self, label: &str, indent: usize, text: &str) -> io::Result<()> {
        for (i, line) in self.wrap(text, indent).iter().enumerate() {
            let head = if i == 0 { label } else { "" };
            let pad = " ".repeat(indent.saturating_sub(width(head)));
            let head = self.bold(head);
            self.line(&format!("{head}{pad}{line}"))?;
        }
        Ok(())
    }

    /// A labelled list of sentences; says how many it leaves out, and where they stand.
    pub(super) fn list(
        &mut self,
        label: &str,
        items: &[String],
        most: usize,
        place: Option<&str>,
    ) -> io::Result<()> {
        // One more line may as well be the item itself.
        let shown = if items.len() == most + 1 { items.len() } else { items.len().min(most) };
        for (i, item) in items.iter().take(shown).enumerate() {
            self.item(if i == 0 { label } else { "" }, 14, item)?;
        }
        if items.len() > shown {
            let rest = count((items.len() - shown) as u64);
            let place = place.map_or_else(String::new, |p| format!(" in {p}"));
            let text = self.dim(&format!("and {rest} more{place}"));
            self.line(&format!("{}{text}", " ".repeat(14)))?;
        }
        Ok(())
    }

    /// A log line or a place: dim, over at most `most` lines, cut in the middle.
    pub(super) fn cut(&mut self, indent: usize, text: &str, most: usize) -> io::Result<()> {
        let room = self.room(indent, usize::MAX);
        let text = clip(text, room.saturating_mul(most), self.ellipsis());
        for piece in pieces(&text, room) {
            let line = self.dim(piece);
            self.line(&format!("{}{line}", " ".repeat(indent)))?;
        }
        Ok(())
    }

    /// Columns right of an indent, a margin on both sides kept.
    fn room(&self, indent: usize, most: usize) -> usize {
        match self.style.width {
            None => usize::MAX,
            Some(_) => self.columns().saturating_sub(indent + 2).min(most).max(16),
        }
    }

    fn wrap(&self, text: &str, indent: usize) -> Vec<String> {
        let room = self.room(indent, MAX_SENTENCE);
        let text = safe(text);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            // A word longer than a line is a path or worse: it may take two lines, cut in the middle.
            let word = clip(word, room.saturating_mul(2), self.ellipsis());
            for (i, piece) in pieces(&word, room).enumerate() {
                let gap = usize::from(!line.is_empty() && i == 0);
                if (i > 0 || width(&line).saturating_add(gap + width(piece)) > room) && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(piece);
            }
        }
        lines.push(line);
        lines
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.style.colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn warn(&self, text: &str) -> String {
        self.paint("1;33", text)
    }

    pub(super) fn level(&self, level: Level, text: &str) -> String {
        let code = match level {
            Level::Confirmed => "1;97;41",
            Level::Probable => "1;31",
            Level::Possible => "1;33",
            Level::NoSign => "1;36",
            Level::NoAttack => "1",
        };
        match level {
            Level::Confirmed if self.style.colour => self.paint(code, &format!(" {text} ")),
            _ => self.paint(code, text),
        }
    }
}

/// Text in pieces of at most `room` columns.
fn pieces(text: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let piece = match prefix(rest, room) {
            "" => rest,
            piece => piece,
        };
        rest = rest.get(piece.len()..).unwrap_or_default();
        (!piece.is_empty()).then_some(piece)
    })
}
