//! `indicators.misp.json`: what to look for elsewhere, as an event of MISP in its core format (version 2.4,
//! draft-dulaunoy-misp-core-format). It is for the importer's own organisation until it is published there.

use crate::indicators::{Observable, Reason, indicators, uuid};
use crate::json;
use crate::techniques;
use coldtrail_core::detect::{Level, Severity};
use coldtrail_core::record::format_ts;
use coldtrail_core::verdict::Report;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Statements in a comment: the first tell enough, and `findings.jsonl` has all.
const MAX_SAID: usize = 3;
/// Distribution: your organisation only; of an attribute: as the event says.
const OWN_ORGANISATION: &str = "0";
const AS_THE_EVENT: &str = "5";
/// Analysis: completed.
const COMPLETED: &str = "2";

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let indicators = indicators(report);
    let seconds = report.totals.lines.last_us.unwrap_or(0).div_euclid(1_000_000).to_string();
    let date: String = format_ts(report.totals.lines.last_us.unwrap_or(0), 0).chars().take(10).collect();
    let techniques: BTreeSet<&'static str> = report
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::Low)
        .flat_map(|f| f.meta.techniques.iter().copied())
        .collect();
    let tags = techniques.into_iter().map(|id| {
        json!({ "name": format!("misp-galaxy:mitre-attack-pattern=\"{} - {id}\"", techniques::name(id)) })
    });
    let attributes: Vec<Value> =
        indicators.iter().map(|(observable, reason)| attribute(observable, reason, &seconds)).collect();
    let organisation = json!({ "name": "coldtrail", "uuid": uuid("organisation", "coldtrail").to_string() });
    let mut event = json!({
        "info": report.sentence,
        "date": date,
        "threat_level_id": threat(report.level),
        "analysis": COMPLETED,
        "distribution": OWN_ORGANISATION,
        "published": false,
        "timestamp": seconds,
        "Orgc": organisation,
        "Tag": tags.collect::<Vec<_>>(),
        "Attribute": attributes,
    });
    event["uuid"] = uuid("event", &case(report)).to_string().into();
    json::write_pretty(out, &json!({ "Event": event }))
}

/// What makes the case this case: an event about the same logs is a new edition of the same event.
fn case(report: &Report) -> String {
    let inputs = report.coverage.inputs.iter().map(|i| match &i.digest {
        Some((kind, hex)) => format!("{kind}:{hex}"),
        None => format!("{} {}", i.path, i.bytes),
    });
    inputs.collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(" ")
}

fn attribute(observable: &Observable, reason: &Reason<'_>, seconds: &str) -> Value {
    let name = observable.name();
    let (kind, category) = match observable {
        Observable::Address(_) if reason.is_attacker => ("ip-src", "Network activity"),
        Observable::Address(_) => ("ip-dst", "Network activity"),
        Observable::Domain(_) => ("hostname", "Network activity"),
        Observable::Url(_) => ("url", "Payload delivery"),
        // What was planted on the server that was attacked.
        Observable::Path(_) => ("uri", "Network activity"),
    };
    let caveat = if reason.is_only_named { "Only named in a payload: look before blocking. " } else { "" };
    let said: Vec<&str> = reason.findings.iter().map(|f| f.statement.as_str()).take(MAX_SAID).collect();
    let mut attribute = json!({
        "uuid": uuid("attribute", &format!("{kind} {name}")).to_string(),
        "type": kind,
        "category": category,
        "value": name,
        // What only tried, or was only named, would set off an alarm everywhere.
        "to_ids": reason.level >= Level::Possible && !reason.is_only_named,
        "distribution": AS_THE_EVENT,
        "comment": format!("{caveat}{}", said.join(" ")),
        "timestamp": seconds,
        "deleted": false,
    });
    if let Some(first_us) = reason.first_us {
        attribute["first_seen"] = format_ts(first_us, 6).into();
    }
    attribute
}

/// High, medium, low, undefined.
fn threat(level: Level) -> &'static str {
    match level {
        Level::Confirmed | Level::Probable => "1",
        Level::Possible => "2",
        Level::NoSign => "3",
        Level::NoAttack => "4",
    }
}
