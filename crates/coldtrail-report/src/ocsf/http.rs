//! A record as the class HTTP Activity.

use super::{endpoint, metadata, ms};
use crate::records::{extra, time_us};
use serde_json::{Map, Value, json};

const CATEGORY: u32 = 4;
const CLASS: u32 = 4002;

/// The event for a record in the form of the contract. What the log does not carry is left out, the time too: then the
/// event has none, and a reader sees that.
pub fn http_activity(record: &Value) -> Value {
    let text = |name: &str| record[name].as_str();
    let (activity, name) = activity(text("method"));
    let mut event = json!({
        "category_uid": CATEGORY,
        "category_name": "Network Activity",
        "class_uid": CLASS,
        "class_name": "HTTP Activity",
        "activity_id": activity,
        "activity_name": name,
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("HTTP Activity: {name}"),
        "severity_id": 1,
        "severity": "Informational",
        "metadata": metadata(),
        "unmapped": extra(record),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            event[name] = value;
        }
    };
    set("time", time_us(record).map(|t| ms(t).into()));
    set("raw_data", text("raw").map(Value::from));
    set("duration", record["duration_us"].as_u64().map(|us| (us / 1000).into()));
    set("src_endpoint", source(text("client_ip"), text("peer_ip"), text("user")));
    set("dst_endpoint", text("host").filter(|h| !h.is_empty()).map(endpoint));
    set("http_request", request(record));
    set("http_response", response(record));
    set("status_detail", text("reason").map(Value::from));
    event
}

/// The machine, the proxy before it, and who sat there.
fn source(client: Option<&str>, peer: Option<&str>, user: Option<&str>) -> Option<Value> {
    let mut source = endpoint(client?);
    if let Some(peer) = peer {
        source["intermediate_ips"] = json!([peer]);
    }
    if let Some(user) = user {
        source["owner"] = json!({ "name": user });
    }
    Some(source)
}

fn request(record: &Value) -> Option<Value> {
    let mut request = Map::new();
    for (ours, theirs) in [
        ("method", "http_method"),
        ("user_agent", "user_agent"),
        ("referrer", "referrer"),
        ("request_bytes", "length"),
    ] {
        if !record[ours].is_null() {
            request.insert(theirs.into(), record[ours].clone());
        }
    }
    let mut url = Map::new();
    for (ours, theirs) in
        [("target", "url_string"), ("url_path", "path"), ("url_query", "query_string"), ("host", "hostname")]
    {
        if !record[ours].is_null() {
            url.insert(theirs.into(), record[ours].clone());
        }
    }
    if !url.is_empty() {
        request.insert("url".into(), Value::Object(url));
    }
    (!request.is_empty()).then_some(Value::Object(request))
}

/// The schema wants the code of an answer: without one there is no answer.
fn response(record: &Value) -> Option<Value> {
    let code = record["status_code"].as_u64()?;
    let mut response = json!({ "code": code });
    if !record["response_bytes"].is_null() {
        response["length"] = record["response_bytes"].clone();
    }
    Some(response)
}

fn activity(method: Option<&str>) -> (u32, &'static str) {
    match method {
        None => (0, "Unknown"),
        Some("CONNECT") => (1, "Connect"),
        Some("DELETE") => (2, "Delete"),
        Some("GET") => (3, "Get"),
        Some("HEAD") => (4, "Head"),
        Some("OPTIONS") => (5, "Options"),
        Some("POST") => (6, "Post"),
        Some("PUT") => (7, "Put"),
        Some("TRACE") => (8, "Trace"),
        Some("PATCH") => (9, "Patch"),
        Some(_) => (99, "Other"),
    }
}
