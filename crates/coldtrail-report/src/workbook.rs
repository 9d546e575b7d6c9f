//! `workbook.xlsx`: the case as tables to filter and sort, a sheet for each question. Every text is written as text:
//! no cell is a formula or a link. Times are real times in UTC, numbers are numbers.

use crate::answers::{
    country_source, expectation, expected, four, gap, headline, limits, most_telling, period, stages_of,
    story, who_title,
};
use crate::figures::iso;
use crate::findings::input_name;
use crate::raw::raw_text;
use crate::run::Method;
use crate::safe::safe;
use crate::timeline::{What, clients, moments, names};
use coldtrail_core::detect::{Finding, Number, Severity, Stage};
use coldtrail_core::verdict::Report;
use rust_xlsxwriter::{
    Chart, ChartLine, ChartType, Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook,
    Worksheet, XlsxError,
};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Rows of one sheet, far below the 1,048,576 that one holds: who needs more of a table takes the file for programs.
const MAX_ROWS: usize = 100_000;
/// Characters of one cell: the most that a spreadsheet takes.
const MAX_CHARS: usize = 32_767;

/// Characters of one line of prose.
const PROSE_CHARS: usize = 110;

/// Sheets of findings: name, what stands in it.
type Chosen = fn(&Finding) -> bool;
const OF_FINDINGS: [(&str, Chosen); 9] = [
    ("Passwords", |f| f.meta.stage == Stage::Access),
    ("Exploited pages", |f| f.meta.stage == Stage::Exploit),
    ("Implants", |f| f.meta.stage == Stage::Implant && !is_manifest_diff(f)),
    ("Manifest diff", is_manifest_diff),
    ("Transfers", |f| f.meta.stage == Stage::Exfiltration),
    ("Beacons", |f| f.meta.stage == Stage::CommandAndControl),
    ("Downloads", |f| f.meta.stage == Stage::Download),
    ("Fan-out", |f| f.meta.stage == Stage::LateralMovement),
    ("Floods", |f| f.meta.stage == Stage::Impact),
];

fn is_manifest_diff(f: &Finding) -> bool {
    f.meta.id == "manifest-diff"
}

enum Cell {
    Text(String),
    Count(u64),
    Number(f64),
    Time(Option<i64>),
    Severity(Severity),
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(n: u64) -> Self {
        Self::Count(n)
    }
}

impl From<Option<u64>> for Cell {
    fn from(n: Option<u64>) -> Self {
        n.map_or(Self::Empty, Self::Count)
    }
}

/// A column: its title, and its width in characters.
type Column<'a> = (&'a str, u16);

pub fn write(out: &mut impl Write, report: &Report, method: &Method) -> io::Result<()> {
    let bytes = Book::new(report).and_then(|book| book.build(report, method)).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

struct Book {
    workbook: Workbook,
    head: Format,
    text: Format,
    count: Format,
    number: Format,
    time: Format,
    title: Format,
    key: Format,
    wrapped: Format,
    /// Name and meaning of the sheets so far, for the last one.
    sheets: Vec<(String, String)>,
}

impl Book {
    fn new(report: &Report) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        // What the crate would take from the clock is taken from the logs: same case, same bytes.
        let last_s = report.totals.lines.last_us.unwrap_or(0).div_euclid(1_000_000);
        let made = ExcelDateTime::from_timestamp(last_s).or_else(|_| ExcelDateTime::from_timestamp(0))?;
        workbook.set_properties(&DocProperties::new().set_title("coldtrail").set_creation_datetime(&made));
        let top = || Format::new().set_align(FormatAlign::Top);
        Ok(Self {
            workbook,
            head: top().set_bold().set_background_color(Color::RGB(0x1F_3A4D)).set_font_color(Color::White),
            text: top(),
            count: top().set_num_format("#,##0"),
            number: top().set_num_format("#,##0.0###"),
            time: top().set_num_format("yyyy-mm-dd hh:mm:ss"),
            title: top().set_bold().set_font_size(16).set_text_wrap(),
            key: top().set_bold(),
            wrapped: top().set_text_wrap(),
            sheets: Vec::new(),
        })
    }

    fn build(mut self, report: &Report, method: &Method) -> Result<Vec<u8>, XlsxError> {
        self.summary(report, method)?;
        self.attackers(report)?;
        self.findings(report)?;
        self.timeline(report)?;
        for (name, is_chosen) in OF_FINDINGS {
            self.chosen(report, name, is_chosen)?;
        }
        self.countries(report)?;
        self.requests(report)?;
        self.hours(report)?;
        self.files(report)?;
        self.read_me(report)?;
        self.workbook.save_to_buffer()
    }

    /// A sheet of questions and answers.
    fn summary(&mut self, report: &Report, method: &Method) -> Result<(), XlsxError> {
        let mut rows: Vec<(&str, String)> = vec![("", story(report).to_owned())];
        rows.extend(four(report));
        rows.push(("Period", period(report)));
        let gaps: Vec<String> = report.coverage.gaps.iter().map(gap).collect();
        for (title, sentences) in [
            ("Limits", &limits(report)),
            ("Do now", &report.do_now),
            ("Cannot see", &report.coverage.blind_spots),
            ("Gaps", &gaps),
            ("Would raise this", &report.would_raise),
            ("Problems", &report.coverage.problems),
        ] {
            let titles = std::iter::once(title).chain(std::iter::repeat(""));
            rows.extend(titles.zip(sentences.iter().take(MAX_ROWS).cloned()));
        }
        rows.push(("Made by", format!("coldtrail {}: {}", method.version, method.command.join(" "))));
        self.prose("Summary", headline(report), &rows)
    }

    /// A sheet of text: a title, then keys with what is said of them.
    fn prose(&mut self, name: &str, title: &str, rows: &[(&str, String)]) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet().set_name(name)?;
        sheet.set_column_width(0, 24)?.set_column_width(1, PROSE_CHARS as f64 + 10.0)?;
        sheet.write_string_with_format(0, 1, title, &self.title)?;
        for (row, (key, said)) in (1..).zip(rows) {
            sheet.write_string_with_format(row, 0, *key, &self.key)?;
            let said = cell_text(said);
            // Not every reader finds out by itself how high a row with broken lines is; 409 points is the most.
            let n_lines = (said.chars().count() / PROSE_CHARS + 1) as f64;
            sheet.set_row_height(row, (15.0 * n_lines).min(409.0))?;
            sheet.write_string_with_format(row, 1, said, &self.wrapped)?;
        }
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        Ok(())
    }

    /// A sheet that is one table; none where it has no rows.
    fn table(
        &mut self,
        name: &str,
        meaning: &str,
        columns: &[Column<'_>],
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> Result<Option<&mut Worksheet>, XlsxError> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(None);
        }
        let sheet = self.workbook.add_worksheet().set_name(name)?;
        for (col, (title, width)) in (0..).zip(columns) {
            sheet.write_string_with_format(0, col, *title, &self.head)?;
            sheet.set_column_width(col, *width)?;
        }
        let mut n = 0;
        for cells in rows.by_ref().take(MAX_ROWS) {
            n += 1;
            for (col, cell) in (0..).zip(cells) {
                match cell {
                    Cell::Text(text) => {
                        sheet.write_string_with_format(n, col, cell_text(&text), &self.text)?
                    }
                    Cell::Count(count) => {
                        sheet.write_number_with_format(n, col, count as f64, &self.count)?
                    }
                    Cell::Number(x) => sheet.write_number_with_format(n, col, x, &self.number)?,
                    Cell::Severity(severity) => {
                        sheet.write_string_with_format(n, col, severity.name(), &severity_format(severity))?
                    }
                    Cell::Time(Some(ts_us)) => match serial(ts_us) {
                        Some(serial) => sheet.write_number_with_format(n, col, serial, &self.time)?,
                        None => sheet.write_string_with_format(n, col, iso(ts_us), &self.text)?,
                    },
                    Cell::Time(None) | Cell::Empty => sheet,
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?.autofilter(0, 0, n, columns.len() as u16 - 1)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
        let cut = if rows.peek().is_some() { ", cut at the most rows that this file takes" } else { "" };
        self.sheets.push((name.to_owned(), format!("{meaning}{cut}.")));
        Ok(Some(sheet))
    }

    fn attackers(&mut self, report: &Report) -> Result<(), XlsxError> {
        let who = most_telling(&report.answers.who, MAX_ROWS);
        let stages = stages_of(&who);
        let mut columns: Vec<Column<'_>> = vec![
            ("client", 40),
            ("country", 9),
            ("asn", 9),
            ("network", 24),
            ("severity", 10),
            ("level", 11),
            ("requests", 12),
        ];
        columns.extend(stages.iter().map(|s| (s.name(), 16)));
        columns.extend([("bytes taken", 16), ("first (UTC)", 20), ("last (UTC)", 20)]);
        let rows = who.into_iter().map(|w| {
            let mut row: Vec<Cell> = vec![
                w.client.clone().into(),
                w.place.country.map_or(Cell::Empty, |c| c.as_str().into()),
                w.place.asn.map(u64::from).into(),
                w.place.owner.as_deref().map_or(Cell::Empty, Cell::from),
                Cell::Severity(w.severity),
                w.level.name().into(),
                w.n_requests.into(),
            ];
            row.extend(stages.iter().map(|s| {
                let n = w.n_by_stage.iter().filter(|(stage, _)| stage == s).map(|(_, n)| *n).sum();
                if n == 0 { Cell::Empty } else { Cell::Count(n) }
            }));
            row.extend([w.bytes_taken.into(), Cell::Time(w.first_us), Cell::Time(w.last_us)]);
            row
        });
        let meaning =
            "Who attacked or took part, most telling first; a column for each stage counts requests";
        self.table(who_title(report), meaning, &columns, rows).map(drop)
    }

    fn findings(&mut self, report: &Report) -> Result<(), XlsxError> {
        let mut columns = SAID.to_vec();
        columns.insert(2, ("stage", 20));
        columns.extend([
            ("n clients", 10),
            ("clients", 30),
            ("pages", 40),
            ("hosts", 30),
            ("artefacts", 40),
            ("techniques", 20),
            ("caveats", 60),
            ("detector", 20),
            ("finding", 18),
        ]);
        let rows = report.findings.iter().map(|f| {
            let mut row = said(f);
            row.insert(2, f.meta.stage.name().into());
            row.extend([
                (f.clients.len() as u64).into(),
                clients(report, f).into(),
                names(&f.pages).into(),
                names(&f.hosts).into(),
                names(&f.artefacts).into(),
                f.meta.techniques.join(" ").into(),
                f.caveats.join(" ").into(),
                f.meta.id.into(),
                f.id.as_str().into(),
            ]);
            row
        });
        self.table("Findings", "All findings, by first time", &columns, rows).map(drop)
    }

    fn timeline(&mut self, report: &Report) -> Result<(), XlsxError> {
        let columns = [
            ("time (UTC)", 20),
            ("what", 12),
            ("severity", 10),
            ("stage", 20),
            ("message", 120),
            ("finding", 18),
        ];
        // The lines themselves stand in a sheet of their own.
        let rows = moments(report).into_iter().filter(|m| m.what != What::Evidence).map(|m| {
            let (severity, stage, id) = m.finding.map_or((Cell::Empty, Cell::Empty, Cell::Empty), |f| {
                (Cell::Severity(f.severity), f.meta.stage.name().into(), f.id.as_str().into())
            });
            vec![Cell::Time(Some(m.ts_us)), m.what.words().into(), severity, stage, m.message.into(), id]
        });
        let meaning = "What happened when: the ends of the logs, gaps, and when findings begin and end";
        self.table("Timeline", meaning, &columns, rows).map(drop)
    }

    /// Findings of one kind, with their numbers as columns.
    fn chosen(&mut self, report: &Report, name: &str, is_chosen: Chosen) -> Result<(), XlsxError> {
        let chosen = || report.findings.iter().filter(|f| is_chosen(f));
        let numbers: BTreeSet<&str> = chosen().flat_map(|f| f.numbers.keys().copied()).collect();
        let mut columns: Vec<Column<'_>> = SAID.to_vec();
        columns.extend([("clients", 30), ("pages, hosts, artefacts", 50)]);
        columns.extend(numbers.iter().map(|n| (*n, 16)));
        columns.push(("finding", 18));
        let rows = chosen().map(|f| {
            let mut row = said(f);
            let about: BTreeSet<String> =
                [&f.pages, &f.hosts, &f.artefacts].into_iter().flatten().cloned().collect();
            row.extend([clients(report, f).into(), names(&about).into()]);
            row.extend(numbers.iter().map(|name| match f.numbers.get(name) {
                None => Cell::Empty,
                Some(Number::Int(n)) => u64::try_from(*n).map_or(Cell::Number(*n as f64), Cell::Count),
                Some(Number::Float(x)) => Cell::Number(*x),
                Some(Number::Text(text)) => text.as_str().into(),
            }));
            row.push(f.id.as_str().into());
            row
        });
        let meaning = "Findings of this kind with the numbers that decided; `coldtrail explain DETECTOR` says what each means";
        self.table(name, meaning, &columns, rows).map(drop)
    }

    fn countries(&mut self, report: &Report) -> Result<(), XlsxError> {
        let columns = [
            ("country", 10),
            ("expected", 10),
            ("clients", 12),
            ("visitors", 12),
            ("in findings", 12),
            ("requests", 14),
            ("attacks", 12),
            ("bytes out", 16),
            ("surprise, bits", 14),
        ];
        let has_any = report.countries.lines.iter().any(|l| l.country.is_some());
        let rows = report.countries.lines.iter().filter(|_| has_any).map(|l| {
            let mut row =
                vec![l.country.map_or("-".into(), |c| c.as_str().into()), expected(l.is_expected).into()];
            let numbers = [l.n_clients, l.n_visitors, l.n_named, l.n_requests, l.n_attacks, l.bytes_out];
            row.extend(numbers.map(Cell::Count));
            row.push(l.surprise_millibits.map_or(Cell::Empty, |m| Cell::Number(f64::from(m) / 1000.0)));
            row
        });
        let meaning =
            format!("Where clients are registered. {} {}", expectation(report), country_source(report));
        self.table("Countries", meaning.trim_end_matches('.'), &columns, rows).map(drop)
    }

    fn requests(&mut self, report: &Report) -> Result<(), XlsxError> {
        let columns = [
            ("time (UTC)", 20),
            ("stage", 20),
            ("input", 30),
            ("line", 10),
            ("offset", 14),
            ("as logged", 150),
            ("finding", 18),
        ];
        let rows = report.findings.iter().flat_map(|f| {
            f.evidence.iter().map(|e| {
                vec![
                    Cell::Time(e.ts_us),
                    f.meta.stage.name().into(),
                    input_name(report, e.at.input).into(),
                    e.at.line.into(),
                    e.at.offset.into(),
                    raw_text(&e.raw, e.n_cut).into(),
                    f.id.as_str().into(),
                ]
            })
        });
        let meaning = "The lines that prove the findings, with the byte at which each begins";
        self.table("Requests", meaning, &columns, rows).map(drop)
    }

    fn hours(&mut self, report: &Report) -> Result<(), XlsxError> {
        let columns =
            [("hour (UTC)", 20), ("requests", 12), ("attacks", 12), ("errors", 12), ("bytes out", 16)];
        let rows = report.totals.hours.iter().map(|(hour, h)| {
            vec![
                Cell::Time(Some(i64::from(*hour) * 3_600_000_000)),
                h.n_requests.into(),
                h.n_attacks.into(),
                h.n_errors.into(),
                h.bytes_out.into(),
            ]
        });
        let n = report.totals.hours.len().min(MAX_ROWS) as u32;
        let sheet = self.table("Hours", "What was asked in each hour that has requests", &columns, rows)?;
        if let Some(sheet) = sheet {
            let mut chart = Chart::new(ChartType::Line);
            for (col, colour) in [(1, 0x2F_6F9F), (2, 0xC0_392B)] {
                let series = chart.add_series();
                series.set_format(ChartLine::new().set_color(Color::RGB(colour)).set_width(1.5));
                series.set_name(("Hours", 0, col));
                series.set_categories(("Hours", 1, 0, n, 0)).set_values(("Hours", 1, col, n, col));
            }
            // A hundred attacks among a million requests are a hundred lines above nothing.
            // As text: a reader that takes it for a date draws one point a day.
            chart.x_axis().set_text_axis(true).set_num_format("mm-dd hh:mm");
            chart.y_axis().set_log_base(10).set_name("in an hour");
            chart.title().set_name("Requests and attacks by hour");
            chart.set_width(960).set_height(420);
            sheet.insert_chart(1, 6, &chart)?;
        }
        Ok(())
    }

    fn files(&mut self, report: &Report) -> Result<(), XlsxError> {
        let columns = [
            ("file", 60),
            ("format", 24),
            ("compression", 12),
            ("bytes", 16),
            ("lines", 14),
            ("ok", 14),
            ("partial", 12),
            ("raw", 12),
            ("skipped", 12),
            ("first (UTC)", 20),
            ("last (UTC)", 20),
            ("digest", 72),
            ("problem", 60),
        ];
        let rows = report.coverage.inputs.iter().map(|i| {
            let digest = i.digest.as_ref().map_or(Cell::Empty, |(name, hex)| format!("{name}:{hex}").into());
            let mut row: Vec<Cell> =
                [&i.path, &i.format, &i.compression].into_iter().map(|text| text.as_str().into()).collect();
            row.extend([i.bytes, i.lines, i.ok, i.partial, i.raw, i.skipped].map(Cell::Count));
            row.extend([Cell::Time(i.first_us), Cell::Time(i.last_us), digest]);
            row.push(i.problem.as_deref().map_or(Cell::Empty, Cell::from));
            row
        });
        let meaning = "What was read; lines = ok + partial + raw + skipped";
        self.table("Files", meaning, &columns, rows).map(drop)
    }

    fn read_me(&mut self, report: &Report) -> Result<(), XlsxError> {
        let mut rows = vec![
            (
                "",
                "Each sheet is a table with a filter. All times are UTC, bytes are single bytes. Texts of logs are written \
                 as text: characters that do something or that nobody sees show as \\u{..}, other bytes than UTF-8 as \
                 \\xHH. At most ten names stand in a cell; findings.jsonl has all."
                    .to_owned(),
            ),
            (
                "level",
                "What is proven of a break-in: confirmed, probable, possible, no_sign (tried, no sign of success)."
                    .to_owned(),
            ),
        ];
        let sheets = std::mem::take(&mut self.sheets);
        rows.extend(sheets.iter().map(|(name, meaning)| (name.as_str(), meaning.clone())));
        let absent: Vec<&str> =
            OF_FINDINGS.iter().map(|(name, _)| *name).filter(|n| !sheets.iter().any(|s| s.0 == *n)).collect();
        if !absent.is_empty() {
            rows.push(("Nothing found for", absent.join(", ")));
        }
        if report.is_partial {
            rows.push(("Partial", "The run was interrupted: this is what was read until then.".to_owned()));
        }
        self.prose("Read me", "How to read this workbook", &rows)
    }
}

/// The columns that every sheet of findings begins with.
const SAID: [Column<'static>; 8] = [
    ("severity", 10),
    ("level", 11),
    ("statement", 110),
    ("first (UTC)", 20),
    ("last (UTC)", 20),
    ("requests", 12),
    ("bytes out", 14),
    ("bytes in", 14),
];

/// The cells of these columns.
fn said(f: &Finding) -> Vec<Cell> {
    vec![
        Cell::Severity(f.severity),
        f.level.name().into(),
        f.statement.as_str().into(),
        Cell::Time(f.first_us),
        Cell::Time(f.last_us),
        f.n_requests.into(),
        f.bytes_out.into(),
        f.bytes_in.into(),
    ]
}

fn severity_format(severity: Severity) -> Format {
    let colour = match severity {
        Severity::Critical => 0xF4_B6B0,
        Severity::High => 0xF9_D3B0,
        Severity::Medium => 0xFC_EBB6,
        Severity::Low => 0xE3_EDF3,
        Severity::Info => 0xF3_F3F3,
    };
    Format::new().set_align(FormatAlign::Top).set_background_color(Color::RGB(colour))
}

/// What a cell takes: nothing that acts or hides, and no more than fits.
fn cell_text(text: &str) -> String {
    let text = safe(text);
    match text.char_indices().nth(MAX_CHARS) {
        None => text.into_owned(),
        Some(_) => {
            let kept: String = text.chars().take(MAX_CHARS - 40).collect();
            format!("{kept}...(cut, see findings.jsonl)")
        }
    }
}

/// A time as a spreadsheet counts it: days since 1899-12-30; none before 1900 and after 9999.
fn serial(ts_us: i64) -> Option<f64> {
    const DAY_US: f64 = 86_400e6;
    const EPOCH: f64 = 25_569.0;
    let days = ts_us as f64 / DAY_US + EPOCH;
    (1.0..2_958_466.0).contains(&days).then_some(days)
}
