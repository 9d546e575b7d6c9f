//! `indicators.stix.json`: what to look for elsewhere, as a STIX 2.1 bundle. Its ids follow from what they name, and
//! its times are those of the logs, so that the same case gives the same file and an importer sees updates as such.

use crate::indicators::{Observable, indicators, uuid};
use crate::json;
use crate::techniques;
use coldtrail_core::detect::Level;
use coldtrail_core::record::format_ts;
use coldtrail_core::verdict::Report;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;

/// Statements in a description: the first tell enough, and `findings.jsonl` has all.
const MAX_SAID: usize = 3;

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let indicators = indicators(report);
    let made = stamp(report.totals.lines.last_us);
    let identity = id("identity", "coldtrail");
    let common = |kind: &str, id: &str| {
        json!({
            "type": kind, "spec_version": "2.1", "id": id, "created_by_ref": identity, "created": made, "modified": made,
        })
    };
    let mut objects = vec![json!({
        "type": "identity", "spec_version": "2.1", "id": identity, "created": made, "modified": made,
        "name": "coldtrail", "identity_class": "system",
    })];
    let touched: BTreeSet<&'static str> = indicators
        .values()
        .flat_map(|r| r.findings.iter().flat_map(|f| f.meta.techniques.iter().copied()))
        .collect();
    for technique in touched {
        let mut object = common("attack-pattern", &id("attack-pattern", technique));
        object["name"] = techniques::name(technique).into();
        object["external_references"] = json!([{
            "source_name": "mitre-attack",
            "external_id": technique,
            "url": format!("https://attack.mitre.org/techniques/{}", technique.replace('.', "/")),
        }]);
        objects.push(object);
    }
    for (observable, reason) in &indicators {
        let pattern = pattern(observable);
        let indicator = id("indicator", &pattern);
        let mut object = common("indicator", &indicator);
        object["name"] = observable.name().into();
        let said: Vec<&str> = reason.findings.iter().map(|f| f.statement.as_str()).take(MAX_SAID).collect();
        let (kind, caveat) = if reason.is_only_named {
            (
                "anomalous-activity",
                "Named in a payload as a host to call: the attacker chose it, look before blocking. ",
            )
        } else {
            ("malicious-activity", "")
        };
        object["description"] = format!("{caveat}{}", said.join(" ")).into();
        object["indicator_types"] = json!([kind]);
        object["pattern"] = pattern.into();
        object["pattern_type"] = "stix".into();
        object["valid_from"] = stamp(reason.first_us).into();
        object["confidence"] =
            confidence(if reason.is_only_named { Level::NoSign } else { reason.level }).into();
        object["labels"] = reason.stages.iter().map(|s| s.name()).collect();
        objects.push(object);
        let of_reason: BTreeSet<&'static str> =
            reason.findings.iter().flat_map(|f| f.meta.techniques.iter().copied()).collect();
        for technique in of_reason {
            let relation = id("relationship", &format!("{indicator} {technique}"));
            let mut object = common("relationship", &relation);
            object["relationship_type"] = "indicates".into();
            object["source_ref"] = indicator.as_str().into();
            object["target_ref"] = id("attack-pattern", technique).into();
            objects.push(object);
        }
    }
    let bundle = id("bundle", &objects.iter().map(Value::to_string).collect::<String>());
    json::write_line(out, &json!({ "type": "bundle", "id": bundle, "objects": objects }))
}

/// The comparison by which others find it.
fn pattern(observable: &Observable) -> String {
    let value = quoted(&observable.name());
    match observable {
        Observable::Address(IpAddr::V4(_)) => format!("[ipv4-addr:value = {value}]"),
        Observable::Address(IpAddr::V6(_)) => format!("[ipv6-addr:value = {value}]"),
        Observable::Domain(_) => format!("[domain-name:value = {value}]"),
        Observable::Url(_) => format!("[url:value = {value}]"),
        Observable::Path(path) => {
            // On any host; `%` and `_` of the path are wild cards of LIKE, each of which matches itself too.
            format!("[url:value LIKE {}]", quoted(&format!("%{path}")))
        }
    }
}

/// A string of the pattern language: `'` and `\` are escaped.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// On the scale of STIX 2.1, appendix A: none, low, med, high.
fn confidence(level: Level) -> u8 {
    match level {
        Level::Confirmed => 85,
        Level::Probable => 70,
        Level::Possible => 50,
        Level::NoSign | Level::NoAttack => 15,
    }
}

/// `indicator--9f1c...`, the same for the same name.
fn id(kind: &str, name: &str) -> String {
    format!("{kind}--{}", uuid(kind, name))
}

/// STIX wants a time, in milliseconds: where the logs have none, the oldest that there is.
fn stamp(ts_us: Option<i64>) -> String {
    format_ts(ts_us.unwrap_or(0), 3)
}
