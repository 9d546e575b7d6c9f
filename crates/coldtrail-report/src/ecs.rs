//! A record in the Elastic Common Schema, version 8.11.

use crate::records::extra;
use serde_json::{Map, Value, json};

/// Version of the schema that events are of.
const SCHEMA: &str = "8.11.0";

/// Field of a record and its place in the schema, for what needs no thought.
const PLACES: [(&str, &[&str]); 15] = [
    ("ts", &["@timestamp"]),
    ("method", &["http", "request", "method"]),
    ("referrer", &["http", "request", "referrer"]),
    ("request_bytes", &["http", "request", "bytes"]),
    ("body", &["http", "request", "body", "content"]),
    ("status_code", &["http", "response", "status_code"]),
    ("response_bytes", &["http", "response", "bytes"]),
    ("response_body_bytes", &["http", "response", "body", "bytes"]),
    ("target", &["url", "original"]),
    ("url_path", &["url", "path"]),
    ("url_query", &["url", "query"]),
    ("host", &["url", "domain"]),
    ("user_agent", &["user_agent", "original"]),
    ("user", &["user", "name"]),
    ("raw", &["event", "original"]),
];

/// The document for a record in the form of the contract. What the log does not carry is left out.
pub fn document(record: &Value) -> Value {
    let mut document = json!({
        "ecs": { "version": SCHEMA },
        "event": {
            "kind": if record["attack"].is_null() { "event" } else { "alert" },
            "category": ["web"],
            "type": ["access"],
            "outcome": outcome(record["status_code"].as_u64()),
        },
        "log": { "file": { "path": record["input"] }, "offset": record["offset"] },
        "coldtrail": extra(record),
    });
    for (field, place) in PLACES {
        if !record[field].is_null() {
            set(&mut document, place, record[field].clone());
        }
    }
    for (field, place) in [("client_ip", "source"), ("peer_ip", "client")] {
        if let Some(text) = record[field].as_str() {
            set(&mut document, &[place, "address"], text.into());
            if text.parse::<std::net::IpAddr>().is_ok() {
                set(&mut document, &[place, "ip"], text.into());
            }
        }
    }
    if let Some(us) = record["duration_us"].as_u64() {
        set(&mut document, &["event", "duration"], us.saturating_mul(1000).into());
    }
    if let Some(path) = record["url_path"].as_str()
        && let Some((_, extension)) = path.rsplit('/').next().unwrap_or_default().rsplit_once('.')
    {
        set(&mut document, &["url", "extension"], extension.into());
    }
    document
}

fn outcome(status_code: Option<u64>) -> &'static str {
    match status_code {
        None | Some(0) => "unknown",
        Some(400..) => "failure",
        Some(_) => "success",
    }
}

fn set(document: &mut Value, place: &[&str], value: Value) {
    let Some((last, folders)) = place.split_last() else { return };
    let mut at = document;
    for folder in folders {
        if !at[*folder].is_object() {
            at[*folder] = Value::Object(Map::new());
        }
        at = &mut at[*folder];
    }
    at[*last] = value;
}
