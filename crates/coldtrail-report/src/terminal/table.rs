//! The attackers, most telling first: one row each, with requests by stage, and when.

use super::page::{Page, Paint};
use crate::answers::{background, most_telling, place, short_stage, stage_cell, stages_of};
use crate::figures::{count, cut, minute, short_time, span};
use crate::folder::WrittenFile;
use crate::safe::{clip, safe, width};
use coldtrail_core::enrich::Place;
use coldtrail_core::verdict::{Report, Who};
use std::io::{self, Write};

/// Rows of the table.
const MAX_ROWS: usize = 10;
/// A client column is not cut below this, columns: an IPv4 address.
const MIN_CLIENT: usize = 15;

/// Country and network are cut to so many columns.
const MAX_PLACE: usize = 24;

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
        page.wrapped(&background(report), Paint::Dim)?;
        return page.blank();
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
        page.wrapped(&format!("and {} more{place}", count(rest as u64)), Paint::Dim)?;
    }
    page.wrapped(&background(report), Paint::Dim)?;
    page.blank()
}

/// All columns if they fit; else without the times of day, then with clients cut, then without the bars or the times.
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
    let bin = bin_us(report).map(|us| format!("WHEN, 12 x {}", span(us)));
    let when = |head: &str| {
        let unicode = !page.is_ascii();
        let cell = move |w: &&Who| match w.activity {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => String::new(),
            activity => bars(&activity, unicode),
        };
        Column::new(head, false, who.iter().map(cell))
    };
    let wide_when = || when(bin.as_deref().unwrap_or("WHEN"));
    // Where nothing is known, nothing is shown.
    let from = |text: fn(&Place) -> String| {
        let cells = who.iter().map(|w| clip(&safe(&text(&w.place)), MAX_PLACE, page.ellipsis()));
        let has_any = who.iter().any(|w| w.place != Place::default());
        has_any.then(|| Column::new("FROM", false, cells)).into_iter()
    };
    let country = || from(|place| place.country.map_or(String::new(), |c| c.to_string()));
    let is_one_year = match (report.totals.lines.first_us, report.totals.lines.last_us) {
        (Some(a), Some(b)) => cut(&minute(a), 0, 4) == cut(&minute(b), 0, 4),
        _ => false,
    };
    let long: fn(i64) -> String = if is_one_year { short_time } else { crate::figures::time };
    let short: fn(i64) -> String = if is_one_year { |t| cut(&minute(t), 5, 16) } else { minute };

    let stages_width: usize = stages.iter().map(|c| c.width() + 2).sum();
    // What is shown left and right of the stages where all else has room for clients of so many columns; long ones are
    // cut to what remains.
    let mut sides: Vec<(Vec<Column>, Vec<Column>, usize)> = vec![
        (from(place).collect(), vec![first(long), wide_when()], 40),
        (country().collect(), vec![first(long), wide_when()], 40),
        (country().collect(), vec![first(short), wide_when()], 40),
        (country().collect(), vec![first(short), when("WHEN")], 24),
        (country().collect(), vec![first(short)], 40),
        (vec![], vec![when("WHEN")], 18),
        (vec![], vec![first(short)], 18),
    ];
    if who.iter().all(|w| w.activity == [0; 12]) {
        sides = vec![
            (from(place).collect(), vec![first(long)], 40),
            (country().collect(), vec![first(long)], 40),
            (vec![], vec![first(short)], 18),
        ];
    }
    let needs = |left: &[Column], right: &[Column]| {
        stages_width + left.iter().chain(right).map(|c| c.width() + 2).sum::<usize>()
    };
    let client_width = clients.width();
    let fits = |(left, right, most): &(Vec<Column>, Vec<Column>, usize)| {
        client_width.min(*most).saturating_add(needs(left, right)) <= room
    };
    let (left, right, _) = sides.into_iter().find(fits).unwrap_or_default();
    let client_room = room.saturating_sub(needs(&left, &right)).max(MIN_CLIENT);
    let cut_clients = clients.cells.iter().map(|c| clip(c, client_room, page.ellipsis()));
    let mut columns = vec![Column::new("CLIENT", false, cut_clients)];
    columns.extend(left.into_iter().chain(stages).chain(right));
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
