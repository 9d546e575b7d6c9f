//! `rejects.jsonl`: lines that were not fully understood, with the reason; the first ones of the report's cap.

use crate::findings::input_name;
use crate::json;
use crate::raw::raw_text;
use coldtrail_core::verdict::Report;
use serde_json::json;
use std::io::{self, Write};

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    report.coverage.rejects.iter().try_for_each(|r| {
        let value = json!({
            "input": input_name(report, r.input),
            "line": r.line,
            "offset": r.offset,
            "parse": if r.is_partial { "partial" } else { "raw" },
            "reason": r.reason.words(),
            "raw": raw_text(&r.raw, r.n_cut),
        });
        json::write_line(out, &value)
    })
}
