//! `findings.ocsf.jsonl`: one finding a line, as the class Detection Finding.

use super::{endpoint, metadata, ms};
use crate::findings::{MAX_CLIENTS, input_name, number};
use crate::json;
use crate::raw::raw_text;
use crate::techniques;
use coldtrail_core::detect::{Evidence, Finding, Level, Severity, Stage};
use coldtrail_core::verdict::Report;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

const CATEGORY: u32 = 2;
const CLASS: u32 = 2004;
/// Activity: a finding is created.
const CREATE: u32 = 1;
/// Kinds of observables.
const HOSTNAME: u32 = 1;
const IP_ADDRESS: u32 = 2;
const URL_STRING: u32 = 6;

pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    report.findings.iter().try_for_each(|f| json::write_line(out, &event(report, f)))
}

fn event(report: &Report, f: &Finding) -> Value {
    // The schema wants a time; of logs without one there is none but the first.
    let first = f.first_us.or(report.totals.lines.first_us).unwrap_or(0);
    let (severity_id, severity) = severity(f.severity);
    let (confidence_id, confidence) = confidence(f.level);
    let (phase_id, phase) = phase(f.meta.stage);
    let mut metadata = metadata();
    metadata["uid"] = f.id.as_str().into();
    let mut event = json!({
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "activity_id": CREATE,
        "activity_name": "Create",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Detection Finding: Create",
        "time": ms(first),
        "start_time": f.first_us.map(ms),
        "end_time": f.last_us.map(ms),
        "count": f.n_requests,
        "severity_id": severity_id,
        "severity": severity,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "status_id": 1,
        "status": "New",
        "is_alert": f.severity >= Severity::Medium,
        "message": f.statement,
        "metadata": metadata,
        "finding_info": {
            "uid": f.id,
            "title": f.meta.title,
            "desc": f.statement,
            "types": [f.meta.stage.name()],
            "first_seen_time": f.first_us.map(ms),
            "last_seen_time": f.last_us.map(ms),
            "analytic": { "uid": f.meta.id, "name": f.meta.title, "type_id": 1, "type": "Rule" },
            "attacks": f.meta.techniques.iter().map(|id| attack(id)).collect::<Vec<_>>(),
            "kill_chain": [{ "phase_id": phase_id, "phase": phase }],
        },
        "evidences": f.evidence.iter().map(|e| evidence(report, f, e)).collect::<Vec<_>>(),
        "observables": observables(report, f),
        "unmapped": {
            "level": f.level.name(),
            "numbers": f.numbers.iter().map(|(k, n)| ((*k).to_owned(), number(n))).collect::<Map<_, _>>(),
            "caveats": f.caveats,
            "pages": f.pages,
            "callback_hosts": f.callback_hosts,
            "n_clients": f.clients.len(),
            "bytes_out": f.bytes_out,
            "bytes_in": f.bytes_in,
        },
    });
    without_nulls(&mut event);
    event
}

/// An attribute that is not known is left out.
fn without_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, v| !v.is_null());
        map.values_mut().for_each(without_nulls);
    }
}

fn attack(id: &'static str) -> Value {
    let (parent, name) = (id.split('.').next().unwrap_or(id), techniques::name(id));
    let mut attack = json!({ "version": techniques::VERSION, "technique": { "uid": parent } });
    if parent == id {
        attack["technique"]["name"] = name.into();
    } else {
        attack["sub_technique"] = json!({ "uid": id, "name": name });
    }
    attack
}

fn evidence(report: &Report, f: &Finding, e: &Evidence) -> Value {
    let mut evidence = json!({
        "data": {
            "input": input_name(report, e.at.input),
            "line": e.at.line,
            "offset": e.at.offset,
            "raw": raw_text(&e.raw, e.n_cut),
        },
    });
    if let (1, Some(client)) = (f.clients.len(), f.clients.first()) {
        evidence["src_endpoint"] = endpoint(&report.client_text(*client));
    }
    evidence
}

fn observables(report: &Report, f: &Finding) -> Vec<Value> {
    let machine = |name: &str, text: &str| {
        let (type_id, kind) = match text.parse::<std::net::IpAddr>() {
            Ok(_) => (IP_ADDRESS, "IP Address"),
            Err(_) => (HOSTNAME, "Hostname"),
        };
        json!({ "name": name, "type_id": type_id, "type": kind, "value": text })
    };
    let clients = f.clients.iter().take(MAX_CLIENTS).map(|c| report.client_text(*c));
    let clients = clients.map(|c| machine("evidences.src_endpoint", &c));
    let hosts = f.hosts.iter().map(|h| machine("evidences.dst_endpoint", h));
    let artefacts = f
        .artefacts
        .iter()
        .map(|a| json!({ "name": "evidences.url", "type_id": URL_STRING, "type": "URL String", "value": a }));
    clients.chain(hosts).chain(artefacts).collect()
}

fn severity(severity: Severity) -> (u32, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn confidence(level: Level) -> (u32, &'static str) {
    match level {
        Level::NoAttack | Level::NoSign => (1, "Low"),
        Level::Possible => (2, "Medium"),
        Level::Probable | Level::Confirmed => (3, "High"),
    }
}

/// Phase of the Lockheed Martin kill chain.
fn phase(stage: Stage) -> (u32, &'static str) {
    match stage {
        Stage::Reconnaissance => (1, "Reconnaissance"),
        Stage::Attack | Stage::Download => (3, "Delivery"),
        Stage::Access | Stage::Exploit => (4, "Exploitation"),
        Stage::Implant => (5, "Installation"),
        Stage::CommandAndControl => (6, "Command & Control"),
        Stage::Exfiltration | Stage::LateralMovement | Stage::Impact => (7, "Actions on Objectives"),
    }
}
