//! `attack-layer.json`: the touched techniques as a layer of the ATT&CK Navigator, format 4.5.

use crate::figures::counted;
use crate::json;
use crate::techniques;
use coldtrail_core::detect::{Finding, Level, Severity};
use coldtrail_core::verdict::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Level, its colour, and what it means: the layer's legend.
const LEVELS: [(Level, &str, &str); 4] = [
    (Level::NoSign, "#fde0a8", "seen, no sign of success"),
    (Level::Possible, "#f9b268", "possible"),
    (Level::Probable, "#ee7f4b", "probable"),
    (Level::Confirmed, "#d2453d", "confirmed"),
];

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let mut by_technique: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for f in report.findings.iter().filter(|f| f.severity >= Severity::Low) {
        for technique in f.meta.techniques {
            by_technique.entry(technique).or_default().push(f);
        }
    }
    let techniques: Vec<Value> = by_technique.iter().map(|(id, findings)| technique(id, findings)).collect();
    let colours: Vec<&str> = LEVELS.iter().map(|l| l.1).collect();
    let legend: Vec<Value> =
        LEVELS.iter().map(|(_, colour, words)| json!({ "label": words, "color": colour })).collect();
    json::write_pretty(
        out,
        &json!({
            "name": "coldtrail",
            "versions": { "attack": techniques::VERSION, "navigator": "5.1.0", "layer": "4.5" },
            "domain": "enterprise-attack",
            "description": report.sentence,
            "techniques": techniques,
            "gradient": { "colors": colours, "minValue": 1, "maxValue": LEVELS.len() },
            "legendItems": legend,
            "sorting": 3,
            "hideDisabled": false,
        }),
    )
}

/// A technique, as sure as its surest finding.
fn technique(id: &str, findings: &[&Finding]) -> Value {
    let level = findings.iter().map(|f| f.level).max().unwrap_or(Level::NoSign);
    let (score, (_, colour, _)) =
        (1..).zip(LEVELS).find(|(_, (l, ..))| *l == level).unwrap_or((1, LEVELS[0]));
    let strongest = findings.iter().rev().max_by_key(|f| (f.level, f.severity));
    let n = counted(findings.len() as u64, "finding", "findings");
    let said = strongest.map_or("", |f| f.statement.as_str());
    json!({
        "techniqueID": id,
        "score": score,
        "color": colour,
        "comment": format!("{n}: {said}"),
        "enabled": true,
        "showSubtechniques": true,
    })
}
