//! `timeline.csv`: what happened when, a row each, for a time-line tool. The first four columns are the ones that
//! Timesketch asks for, in its words and units; columns are only ever added, at the end. What has no time is left out:
//! it stands in `findings.jsonl`.

use crate::answers;
use crate::figures::iso;
use crate::findings::input_name;
use crate::raw::raw_text;
use crate::row::{Cells, Row};
use coldtrail_core::detect::Finding;
use coldtrail_core::verdict::Report;
use std::collections::BTreeSet;
use std::io::{self, Write};

const COLUMNS: &str = "datetime,timestamp_desc,message,timestamp,severity,level,stage,techniques,detector,finding,\
    n_requests,clients,n_clients,pages,hosts,artefacts,input,line";

/// Names in one cell; the counts are exact, and `findings.jsonl` has them all.
const MAX_NAMES: usize = 10;

/// A moment of the case.
pub(crate) struct Moment<'r> {
    pub(crate) ts_us: i64,
    pub(crate) what: What,
    pub(crate) message: String,
    pub(crate) finding: Option<&'r Finding>,
    /// Input and line.
    pub(crate) place: Option<(&'r str, u64)>,
}

/// What a moment is; where several fall together, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    LogsBegin,
    GapBegins,
    GapEnds,
    FirstSeen,
    Evidence,
    LastSeen,
    LogsEnd,
}

impl What {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::LogsBegin => "Logs begin",
            Self::GapBegins => "Gap begins",
            Self::GapEnds => "Gap ends",
            Self::FirstSeen => "First seen",
            Self::Evidence => "Evidence",
            Self::LastSeen => "Last seen",
            Self::LogsEnd => "Logs end",
        }
    }
}

/// All moments, sorted by time.
pub(crate) fn moments(report: &Report) -> Vec<Moment<'_>> {
    let mut all = Vec::new();
    let mut bare = |ts_us: Option<i64>, what, message: String| {
        all.extend(ts_us.map(|ts_us| Moment { ts_us, what, message, finding: None, place: None }));
    };
    let lines = &report.totals.lines;
    bare(lines.first_us, What::LogsBegin, "First record of these logs".to_owned());
    bare(lines.last_us, What::LogsEnd, "Last record of these logs".to_owned());
    for gap in &report.coverage.gaps {
        bare(Some(gap.from_us), What::GapBegins, answers::gap(gap));
        bare(Some(gap.to_us), What::GapEnds, answers::gap(gap));
    }
    for f in &report.findings {
        let mut of_finding = |ts_us: Option<i64>, what, message: String, place| {
            all.extend(ts_us.map(|ts_us| Moment { ts_us, what, message, finding: Some(f), place }));
        };
        of_finding(f.first_us, What::FirstSeen, f.statement.clone(), None);
        if f.last_us != f.first_us {
            of_finding(f.last_us, What::LastSeen, f.statement.clone(), None);
        }
        for e in &f.evidence {
            let place = (input_name(report, e.at.input), e.at.line);
            of_finding(e.ts_us, What::Evidence, raw_text(&e.raw, e.n_cut), Some(place));
        }
    }
    let id = |m: &Moment<'_>| m.finding.map(|f| f.id.clone());
    all.sort_by_cached_key(|m| (m.ts_us, m.what, id(m), m.place));
    all
}

pub fn write(out: &mut impl Write, report: &Report, cells: Cells) -> io::Result<()> {
    let mut row = Row { bytes: Vec::new(), cells };
    row.bytes.extend_from_slice(COLUMNS.as_bytes());
    row.bytes.push(b'\n');
    for m in moments(report) {
        // A reader that takes a missing offset for its own zone is common: it is written out.
        row.text(&iso(m.ts_us).replace('Z', "+00:00"));
        row.text(m.what.words());
        row.text(&m.message);
        row.bytes.extend_from_slice(format!("{},", m.ts_us).as_bytes());
        match m.finding {
            Some(f) => {
                for text in [f.severity.name(), f.level.name(), f.meta.stage.name()] {
                    row.text(text);
                }
                row.text(&f.meta.techniques.join(" "));
                row.text(f.meta.id);
                row.text(&f.id);
                row.numbers([f.n_requests]);
                row.text(&clients(report, f));
                row.numbers([f.clients.len() as u64]);
                for list in [&f.pages, &f.hosts, &f.artefacts] {
                    row.text(&names(list));
                }
            }
            None => row.empty(12),
        }
        match m.place {
            Some((input, line)) => {
                row.text(input);
                row.numbers([line]);
            }
            None => row.empty(2),
        }
        row.end();
        out.write_all(&row.bytes)?;
        row.bytes.clear();
    }
    out.write_all(&row.bytes)
}

/// The first names of a list, with blanks between.
pub(crate) fn names(list: &BTreeSet<String>) -> String {
    list.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The first clients of a finding, with blanks between.
pub(crate) fn clients(report: &Report, f: &Finding) -> String {
    f.clients.iter().take(MAX_NAMES).map(|c| report.client_text(*c)).collect::<Vec<_>>().join(" ")
}
