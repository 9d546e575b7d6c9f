//! `coldtrail records`: normalised records in the form of the contract, and what other schemas make of them.

use crate::row::{Cells, Row};
use crate::{ecs, json, ocsf};
use coldtrail_core::record::parse_time;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// How records are written, one a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// As the contract has them.
    Jsonl,
    /// The same fields as columns.
    Csv,
    /// Elastic Common Schema.
    Ecs,
    /// OCSF, class HTTP Activity.
    Ocsf,
}

/// Columns of the CSV, as the fields of a record; those of an attack stand behind them.
const COLUMNS: [&str; 25] = [
    "input",
    "line",
    "offset",
    "parse",
    "format",
    "ts",
    "client_ip",
    "peer_ip",
    "user",
    "method",
    "host",
    "target",
    "url_path",
    "url_query",
    "status_code",
    "response_bytes",
    "response_body_bytes",
    "request_bytes",
    "duration_us",
    "referrer",
    "user_agent",
    "cookie",
    "body",
    "reason",
    "raw",
];
const ATTACK_COLUMNS: [&str; 4] = ["score", "classes", "rules", "where"];

/// What stands above all records.
pub fn write_head(out: &mut impl Write, shape: Shape) -> io::Result<()> {
    match shape {
        Shape::Csv => {
            let attack = ATTACK_COLUMNS.map(|name| format!("attack_{name}"));
            writeln!(out, "{},{}", COLUMNS.join(","), attack.join(","))
        }
        _ => Ok(()),
    }
}

/// Writes a record that is given in the form of the contract.
pub fn write(out: &mut impl Write, record: &Value, shape: Shape, cells: Cells) -> io::Result<()> {
    match shape {
        Shape::Jsonl => json::write_line(out, record),
        Shape::Ecs => json::write_line(out, &ecs::document(record)),
        Shape::Ocsf => json::write_line(out, &ocsf::http_activity(record)),
        Shape::Csv => {
            let mut row = Row { bytes: Vec::with_capacity(256), cells };
            COLUMNS.iter().for_each(|name| cell(&mut row, &record[*name]));
            ATTACK_COLUMNS.iter().for_each(|name| cell(&mut row, &record["attack"][*name]));
            row.end();
            out.write_all(&row.bytes)
        }
    }
}

fn cell(row: &mut Row, value: &Value) {
    match value {
        Value::Null => row.empty(1),
        Value::String(text) => row.text(text),
        Value::Array(all) => {
            row.text(&all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "));
        }
        other => row.text(&other.to_string()),
    }
}

/// What other schemas have no place for.
pub(crate) fn extra(record: &Value) -> Value {
    const NAMES: [&str; 10] = [
        "input",
        "line",
        "offset",
        "parse",
        "format",
        "reason",
        "cookie",
        "body",
        "response_body_bytes",
        "attack",
    ];
    let known = NAMES.iter().filter(|name| !record[**name].is_null());
    Value::Object(known.map(|name| ((*name).to_owned(), record[*name].clone())).collect::<Map<_, _>>())
}

/// The time of a record, microseconds since 1970.
pub(crate) fn time_us(record: &Value) -> Option<i64> {
    parse_time(record["ts"].as_str()?.as_bytes()).map(|moment| moment.ts_us)
}
