//! `coldtrail records`: every line as one normalised record.

use super::{say, say_problems, seed, text};
use crate::cli::{self, RecordFormat};
use crate::input::Plan;
use crate::not_built;
use crate::patterns::own_rules;
use anyhow::Result;
use coldtrail_core::decode::Block;
use coldtrail_core::enrich::attack::{MAX_STEPS, RuleSet, Scorer};
use coldtrail_core::enrich::percent_decode;
use coldtrail_core::parse::format_name;
use coldtrail_core::record::{Metric, NO_TIME, Outcome, Rec, TextField, format_ts};
use coldtrail_core::scan::{Streamed, stream};
use coldtrail_core::table::Keys;
use coldtrail_report::records::{self, Shape};
use coldtrail_report::{Cells, raw_text};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

pub(crate) fn run(args: &cli::Records) -> Result<u8> {
    let shape = match args.format {
        RecordFormat::Jsonl | RecordFormat::Json => Shape::Jsonl,
        RecordFormat::Csv => Shape::Csv,
        RecordFormat::Ecs => Shape::Ecs,
        RecordFormat::Ocsf => Shape::Ocsf,
        RecordFormat::Parquet => return not_built("records --format parquet"),
    };
    let cells = if args.csv_raw { Cells::Raw } else { Cells::Guarded };
    let plan = Plan::new(&args.input)?;
    let rules = RuleSet::with(&own_rules(&args.own, false)?);
    let mut writer = RecordWriter { scorer: Scorer::new(&rules, Keys::new(seed()), args.all_rules) };
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    records::write_head(&mut out, shape)?;
    let mut error = None;
    let mut has_read = false;
    let in_window = |ts: i64| {
        ts == NO_TIME || (plan.since_us.is_none_or(|t| ts >= t) && plan.until_us.is_none_or(|t| ts <= t))
    };
    let problems = stream(&plan.found.inputs, plan.parser.as_ref(), &plan.settings, None, |streamed| {
        has_read = true;
        let Streamed::Records { input, block, records } = streamed else { return ControlFlow::Continue(()) };
        for (i, rec) in records.iter().enumerate() {
            if rec.outcome == Outcome::Skipped || !in_window(rec.ts_us) {
                continue;
            }
            let record = writer.record(input, block, rec, block.first_line + i as u64, args.attacks);
            let written = record.map_or(Ok(()), |r| records::write(&mut out, &r, shape, cells));
            if let Err(e) = written {
                error = Some(e);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    error.map_or_else(|| out.flush(), Err)?;
    for rule in rules.gave_up() {
        say(format!(
            "{rule}: given up on at least one value, after {MAX_STEPS} steps; it may have matched there"
        ))?;
    }
    let all: Vec<_> = plan.found.problems.into_iter().chain(problems).collect();
    say_problems(&all, has_read)
}

struct RecordWriter<'r> {
    scorer: Scorer<'r>,
}

impl RecordWriter<'_> {
    /// The record as JSON; none if only attacks are wanted and it is not one.
    fn record(
        &mut self,
        input: &str,
        block: &Block,
        rec: &Rec,
        line: u64,
        only_attacks: bool,
    ) -> Option<Value> {
        let bytes = &block.bytes;
        let verdict =
            if rec.outcome == Outcome::Raw { Default::default() } else { self.scorer.score(bytes, rec) };
        if only_attacks && !verdict.is_attack() {
            return None;
        }
        let attack = if verdict.is_attack() || verdict.is_weak() {
            let explained = self.scorer.explain(bytes, rec);
            json!({
                "score": verdict.score,
                "classes": verdict.classes.iter().map(|c| c.name()).collect::<Vec<_>>(),
                "rules": explained.rules,
                "where": explained.wheres,
            })
        } else {
            Value::Null
        };
        let field = |f: TextField| rec.text(f, bytes).map_or(Value::Null, |t| text(&t).into());
        let number = |m: Metric| m.get().map_or(Value::Null, Value::from);
        let target = match field(TextField::Target) {
            Value::Null => joined_target(rec, bytes),
            target => target,
        };
        let is_ok = rec.outcome == Outcome::Ok;
        Some(json!({
            "input": input,
            "line": line,
            "offset": block.offset + rec.line.start() as u64,
            "parse": match rec.outcome {
                Outcome::Ok | Outcome::Skipped => "ok",
                Outcome::Partial => "partial",
                Outcome::Raw => "raw",
            },
            "format": format_name(rec.format),
            "ts": if rec.ts_us == NO_TIME { Value::Null } else { format_ts(rec.ts_us, rec.ts_digits).into() },
            "client_ip": field(TextField::Client),
            "peer_ip": field(TextField::Peer),
            "user": field(TextField::User),
            "method": field(TextField::Method),
            "host": field(TextField::Host),
            "target": target,
            "url_path": rec.text(TextField::Path, bytes).map_or(Value::Null, |p| text(&percent_decode(&p)).into()),
            "url_query": field(TextField::Query),
            "status_code": if rec.has_status { rec.status_code.into() } else { Value::Null },
            "response_bytes": number(rec.response_bytes),
            "response_body_bytes": number(rec.response_body_bytes),
            "request_bytes": number(rec.request_bytes),
            "duration_us": number(rec.duration_us),
            "referrer": field(TextField::Referrer),
            "user_agent": field(TextField::UserAgent),
            "cookie": field(TextField::Cookie),
            "body": field(TextField::Body),
            "attack": attack,
            "reason": if is_ok { Value::Null } else { rec.reason.words().into() },
            "raw": if is_ok { Value::Null } else { raw_text(rec.line.bytes(bytes), 0).into() },
        }))
    }
}

/// The target of a log that keeps path and query apart.
fn joined_target(rec: &Rec, bytes: &[u8]) -> Value {
    let Some(path) = rec.text(TextField::Path, bytes) else { return Value::Null };
    let mut target = path.into_owned();
    if let Some(query) = rec.text(TextField::Query, bytes) {
        target.push(b'?');
        target.extend_from_slice(&query);
    }
    text(&target).into()
}
