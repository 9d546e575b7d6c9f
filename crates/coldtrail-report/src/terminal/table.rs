//! The attackers: one row each, with requests by stage, and when.

use super::page::Page;
use crate::answers::short_stage;
use crate::figures::{bytes, count, cut, minute, short_time, span};
use crate::folder::WrittenFile;
use crate::safe::{clip, safe, width};
use coldtrail_core::detect::Stage;
use coldtrail_core::verdict::{Report, Who};
use std::io::{self, Write};

/// Rows of the table.
const MAX_ROWS: usize = 10;
/// A client column is not cut below this, columns: an IPv4 address.
const MIN_CLIENT: usize = 15;

struct Column {
    head: String,
    cells: Vec<String>,
    is_right: bool,
}

impl Column {
    fn new(head: impl Into<String>, is_right: bool, cells: impl Iterator<Item = String>) -> Self {
        Self { head: head.into(), cells: cells.collect(), is_right }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|c| width(c)).max().unwrap_or(0).max(width(&self.head))
    }

    fn padded(&self, cell: &str) -> String {
        let pad = " ".repeat(self.width().saturating_sub(width(cell)));
        if self.is_right { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
    }
}

pub(super) fn write<W: Write>(
    page: &mut Page<'_, W>,
    report: &Report,
    files: &[WrittenFile],
) -> io::Result<()> {
    let who = most_telling(&report.answers.who, MAX_ROWS);
    if who.is_empty() {
        return Ok(());
    }
    let columns = fit(page, report, &who);
    let row = |cell: &dyn Fn(&Column) -> String| {
        columns.iter().map(|c| c.padded(&cell(c))).collect::<Vec<_>>().join("  ")
    };
    page.line(&page.dim(&row(&|c| c.head.clone())))?;
    for i in 0..who.len() {
        page.line(&row(&|c| c.cells.get(i).cloned().unwrap_or_default()))?;
    }
    let rest = report.answers.who.len() - who.len();
    if rest > 0 {
        let place = files.iter().find(|f| f.name == "summary.json").map_or("", |_| " in summary.json");
        page.line(&page.dim(&format!("and {} more{place}", count(rest as u64))))?;
    }
    page.blank()
}

/// The rows that matter most (furthest along, most taken, most requests), in the order of first time.
pub(crate) fn most_telling(who: &[Who], most: usize) -> Vec<&Who> {
    let effect =
        |w: &Who| w.stages.iter().filter(|s| !matches!(s, Stage::Reconnaissance | Stage::Attack)).count();
    let mut ranked: Vec<usize> = (0..who.len()).collect();
    ranked.sort_by_key(|i| {
        let w = &who[*i];
        (std::cmp::Reverse((effect(w), w.bytes_taken, w.n_requests)), *i)
    });
    ranked.truncate(most);
    ranked.sort_unstable();
    ranked.into_iter().map(|i| &who[i]).collect()
}

/// The stages that anybody reached.
pub(crate) fn stages_of(who: &[&Who]) -> Vec<Stage> {
    let seen = |s: &Stage| who.iter().any(|w| w.n_by_stage.iter().any(|(t, n)| s == t && *n > 0));
    Stage::ALL.into_iter().filter(seen).collect()
}

/// Requests in a stage; for exfiltration the bytes, where they are known.
pub(crate) fn stage_cell(w: &Who, stage: Stage) -> String {
    let n: u64 = w.n_by_stage.iter().filter(|(s, _)| *s == stage).map(|(_, n)| *n).sum();
    match (n, stage) {
        (0, _) => "-".to_owned(),
        (_, Stage::Exfiltration) if w.bytes_taken > 0 => bytes(w.bytes_taken),
        (n, _) => count(n),
    }
}

/// All columns if they fit; without the times of day, then without the bars, then with clients cut.
fn fit<W: Write>(page: &Page<'_, W>, report: &Report, who: &[&Who]) -> Vec<Column> {
    let room = page.columns().saturating_sub(2);
    let clients = Column::new("CLIENT", false, who.iter().map(|w| safe(&w.client).into_owned()));
    let stages: Vec<Column> = stages_of(who)
        .into_iter()
        .map(|s| Column::new(short_stage(s).to_uppercase(), true, who.iter().map(|w| stage_cell(w, s))))
        .collect();
    let first = |f: fn(i64) -> String| {
        Column::new("FIRST SEEN", false, who.iter().map(move |w| w.first_us.map_or_else(|| "-".into(), f)))
    };
    let when = || {
        let (bin, marks) = (bin_us(report), !page.is_ascii());
        let head = bin.map_or_else(|| "WHEN".into(), |us| format!("WHEN, 12 x {}", span(us)));
        Column::new(head, false, who.iter().map(|w| bars(&w.activity, marks)))
    };
    let is_one_year = match (report.totals.lines.first_us, report.totals.lines.last_us) {
        (Some(a), Some(b)) => cut(&minute(a), 0, 4) == cut(&minute(b), 0, 4),
        _ => false,
    };
    let long: fn(i64) -> String = if is_one_year { short_time } else { crate::figures::time };
    let short: fn(i64) -> String = if is_one_year { |t| cut(&minute(t), 5, 16) } else { minute };

    let stages_width: usize = stages.iter().map(|c| c.width() + 2).sum();
    let tails = [vec![first(long), when()], vec![first(short), when()], vec![first(short)], vec![]];
    let needs = |tail: &[Column]| stages_width + tail.iter().map(|c| c.width() + 2).sum::<usize>();
    let client_width = clients.width();
    let tail =
        tails.into_iter().find(|t| client_width.min(40).saturating_add(needs(t)) <= room).unwrap_or_default();
    let client_room = room.saturating_sub(needs(&tail)).max(MIN_CLIENT);
    let cut_clients = clients.cells.iter().map(|c| clip(c, client_room, page.ellipsis()));
    let mut columns = vec![Column::new("CLIENT", false, cut_clients)];
    columns.extend(stages);
    columns.extend(tail);
    columns
}

/// Microseconds of one of twelve parts of the logs' span.
fn bin_us(report: &Report) -> Option<i64> {
    let lines = &report.totals.lines;
    let bin = (lines.last_us? - lines.first_us?) / 12;
    // To the minute: the span is hardly ever round, and the label is to give an idea.
    let unit = if bin > 3_600_000_000 { 600_000_000 } else { 60_000_000 };
    (bin >= unit).then(|| (bin + unit / 2) / unit * unit)
}

/// Twelve bars, each as high as its share of the highest; nothing stays a dot.
fn bars(activity: &[u64; 12], unicode: bool) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];
    let (marks, none) = if unicode { (BLOCKS, '·') } else { (ASCII, '_') };
    let max = activity.iter().copied().max().unwrap_or(0).max(1);
    activity
        .iter()
        .map(|&n| match n {
            0 => none,
            n => marks[(u128::from(n - 1) * 8 / u128::from(max)) as usize],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_rise_with_their_share() {
        let activity = [0, 1, 100, 50, 0, 0, 0, 0, 0, 0, 13, 99];
        assert_eq!(bars(&activity, true), "·▁█▄······▁█");
        assert_eq!(bars(&activity, false), "_.@=______.@");
        assert_eq!(bars(&[0; 12], false), "____________");
        assert_eq!(bars(&[u64::MAX; 12], false), "@@@@@@@@@@@@");
    }
}
