//! The Open Cybersecurity Schema Framework, version 1.4.0: findings as Detection Finding, records as HTTP Activity.

mod finding;
mod http;

pub use finding::write;
pub use http::http_activity;

use serde_json::{Value, json};

/// Version of the schema that events are of.
const SCHEMA: &str = "1.4.0";

/// What every event says of itself.
fn metadata() -> Value {
    let product =
        json!({ "name": "coldtrail", "vendor_name": "coldtrail", "version": env!("CARGO_PKG_VERSION") });
    json!({ "version": SCHEMA, "product": product })
}

/// Milliseconds since 1970.
fn ms(ts_us: i64) -> i64 {
    ts_us.div_euclid(1000)
}

/// A machine: an address or a name.
fn endpoint(client: &str) -> Value {
    match client.parse::<std::net::IpAddr>() {
        Ok(address) => json!({ "ip": address.to_string() }),
        Err(_) => json!({ "hostname": client }),
    }
}
