//! `indicators.stix.json`: what to look for elsewhere, as a STIX 2.1 bundle. Its ids follow from what they name, and
//! its times are those of the logs, so that the same case gives the same file and an importer sees updates as such.

use crate::answers::nothing_read;
use crate::json;
use crate::techniques;
use coldtrail_core::detect::{Finding, Level, Severity, Stage};
use coldtrail_core::record::format_ts;
use coldtrail_core::verdict::{Report, Who};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;
use uuid::Uuid;

/// The namespace of ids that this file makes: a UUID drawn once.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_1b7e_6f5d_4a53_9d0e_2c1f_7e84_b36a);

/// Statements in a description: the first tell enough, and `findings.jsonl` has all.
const MAX_SAID: usize = 3;

/// What an indicator is seen by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Observable {
    Address(IpAddr),
    Domain(String),
    Url(String),
    /// A path on the server that was attacked.
    Path(String),
}

/// Why an observable is on the list.
struct Reason<'r> {
    level: Level,
    /// Only named in payloads: nobody was seen to contact it.
    is_only_named: bool,
    findings: Vec<&'r Finding>,
    stages: BTreeSet<Stage>,
    first_us: Option<i64>,
}

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let indicators = if nothing_read(report) { BTreeMap::new() } else { indicators(report) };
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
        object["name"] = name(observable).into();
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

/// Strangers who attacked, hosts that were contacted, and what was left behind.
fn indicators(report: &Report) -> BTreeMap<Observable, Reason<'_>> {
    let who: BTreeMap<&str, &Who> =
        report.answers.who.iter().filter(|w| !w.is_own).map(|w| (w.client.as_str(), w)).collect();
    let mut all: BTreeMap<Observable, Reason<'_>> = BTreeMap::new();
    for f in report.findings.iter().filter(|f| f.severity >= Severity::Low) {
        let mut note = |observable, first_us: Option<i64>, is_only_named: bool| {
            let reason = all.entry(observable).or_insert_with(|| Reason {
                level: f.level,
                is_only_named,
                findings: Vec::new(),
                stages: BTreeSet::new(),
                first_us,
            });
            reason.level = reason.level.max(f.level);
            reason.is_only_named &= is_only_named;
            reason.findings.push(f);
            reason.stages.insert(f.meta.stage);
            reason.first_us = [reason.first_us, first_us].into_iter().flatten().min();
        };
        for client in &f.clients {
            let text = report.client_text(*client);
            if let (Some(who), Some(ip)) = (who.get(text.as_str()), client.ip()) {
                note(Observable::Address(ip), who.first_us, false);
            }
        }
        // An effect is needed before a host or a path is called bad: a scan names half of the site.
        if f.level < Level::Possible || f.severity < Severity::Medium {
            continue;
        }
        let host = |text: &String| {
            text.parse().map_or_else(|_| Observable::Domain(text.clone()), Observable::Address)
        };
        f.hosts.iter().for_each(|h| note(host(h), f.first_us, false));
        f.callback_hosts.iter().for_each(|h| note(host(h), f.first_us, true));
        for artefact in &f.artefacts {
            let observable = if artefact.contains("://") { Observable::Url } else { Observable::Path };
            note(observable(artefact.clone()), f.first_us, false);
        }
    }
    all
}

fn name(observable: &Observable) -> String {
    match observable {
        Observable::Address(address) => address.to_string(),
        Observable::Domain(text) | Observable::Url(text) | Observable::Path(text) => text.clone(),
    }
}

/// The comparison by which others find it.
fn pattern(observable: &Observable) -> String {
    let value = quoted(&name(observable));
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
    format!("{kind}--{}", Uuid::new_v5(&NAMESPACE, format!("{kind} {name}").as_bytes()))
}

/// STIX wants a time, in milliseconds: where the logs have none, the oldest that there is.
fn stamp(ts_us: Option<i64>) -> String {
    format_ts(ts_us.unwrap_or(0), 3)
}
