//! Lists in JSON: events and feeds of MISP, bundles of STIX 2.1, exports of ThreatFox, URLhaus and OTX.

use super::{Limits, Reader};
use crate::record::parse_time;
use serde_json::{Map, Value};

/// True if the text is JSON; one value, or one a line.
pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        walk(&value, reader);
        return true;
    }
    let mut is_json = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str::<Value>(line) {
            Ok(value) => {
                is_json = true;
                walk(&value, reader);
            }
            // An address in brackets also begins with one.
            Err(_) if !is_json => return false,
            Err(_) => reader.unread(line),
        }
    }
    is_json
}

/// Looks into everything; serde_json bounds how deep values may nest.
fn walk(value: &Value, reader: &mut Reader<'_>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| walk(one, reader)),
        Value::Object(object) if !is_indicator(object, reader) => {
            object.values().for_each(|one| walk(one, reader))
        }
        _ => {}
    }
}

/// Takes an object that is an indicator; false if it is none and may hold some.
fn is_indicator(object: &Map<String, Value>, reader: &mut Reader<'_>) -> bool {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let limits = limits(object);
    let mut take = |value: &str| {
        if !reader.take(value, &limits) {
            reader.unread(value);
        }
    };
    if let (Some("indicator"), Some(pattern)) = (text("type"), text("pattern")) {
        stix_values(pattern).iter().for_each(|value| take(value));
        return true;
    }
    if let Some(value) = text("ioc_value")
        .or_else(|| text("indicator"))
        .or_else(|| text("url").filter(|_| text("url_status").is_some()))
    {
        take(value);
        return true;
    }
    let (Some(kind), Some(value)) = (text("type"), text("value")) else { return false };
    // MISP; of `domain|ip` both halves, of `ip-dst|port` and `filename|md5` one.
    let halves = || value.split('|');
    match kind {
        "domain" | "hostname" | "url" | "ip-dst" | "ip-src" | "domain|ip" => halves().for_each(&mut take),
        "ip-dst|port" | "ip-src|port" | "hostname|port" => halves().take(1).for_each(&mut take),
        "user-agent" => {
            if !reader.take_agent(value, false, &limits) {
                reader.unread(value);
            }
        }
        "md5" | "sha1" | "sha256" | "sha512" => take(value),
        "filename|md5" | "filename|sha1" | "filename|sha256" => halves().skip(1).for_each(&mut take),
        _ => return false,
    }
    true
}

fn limits(object: &Map<String, Value>) -> Limits {
    let number = |name: &str| {
        let value = object.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    let confidence = number("confidence").or_else(|| number("confidence_level"));
    let is = |name: &str, wanted: bool| object.get(name).and_then(Value::as_bool) == Some(wanted);
    let doubt = if is("revoked", true) {
        Some("revoked by its source".to_owned())
    } else if is("to_ids", false) {
        Some("not meant for detection (to_ids is false)".to_owned())
    } else {
        confidence.and_then(Limits::doubt_of)
    };
    let until = object.get("valid_until").and_then(Value::as_str).and_then(|t| parse_time(t.as_bytes()));
    Limits { doubt, valid_until_us: until.map(|moment| moment.ts_us) }
}

/// The values that a STIX pattern compares addresses, names, URLs and hashes with: `[domain-name:value = 'bad.example']`.
fn stix_values(pattern: &str) -> Vec<String> {
    const PATHS: [&str; 7] = [
        "domain-name:value",
        "ipv4-addr:value",
        "ipv6-addr:value",
        "url:value",
        "network-traffic:dst_ref.value",
        "x-url:value",
        "file:hashes",
    ];
    let mut values = Vec::new();
    // Where the comparison begins whose values come, and whether they are wanted.
    let (mut from, mut is_wanted) = (0, false);
    let mut at = 0;
    while let Some(open) = pattern.get(at..).and_then(|rest| rest.find('\'')).map(|i| at + i) {
        let (value, end) = quoted(pattern, open + 1);
        at = end;
        let comparison = pattern.get(from..open).unwrap_or_default().trim_end_matches(['(', ' ']);
        if comparison != "," {
            if !["=", " IN", " ISSUBSET"].iter().any(|operator| comparison.ends_with(operator)) {
                // A key in the path: `file:hashes.'SHA-256' = '...'`.
                continue;
            }
            is_wanted = !comparison.ends_with("!=") && PATHS.iter().any(|path| comparison.contains(path));
        }
        if is_wanted {
            values.push(value);
        }
        from = end;
    }
    values
}

/// The text between quotes that begins at `from`, and where it ends with its quote.
fn quoted(pattern: &str, from: usize) -> (String, usize) {
    let mut value = String::new();
    let mut is_escaped = false;
    for (i, c) in pattern.get(from..).unwrap_or_default().char_indices() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            '\'' if !is_escaped => return (value, from + i + 1),
            c => {
                is_escaped = false;
                value.push(c);
            }
        }
    }
    (value, pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::{IndicatorCounts, Indicators};

    #[test]
    fn patterns_of_stix() {
        let check = |pattern: &str, want: &[&str]| assert_eq!(stix_values(pattern), want, "{pattern}");
        check("[domain-name:value = 'bad.example']", &["bad.example"]);
        check(
            "[ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value ISSUBSET '198.51.100.0/24']",
            &["203.0.113.9", "198.51.100.0/24"],
        );
        check(
            "[url:value IN ('http://a.example/x', 'http://b.example/it\\'s')]",
            &["http://a.example/x", "http://b.example/it's"],
        );
        check("[file:hashes.'SHA-256' = 'ab' AND file:name = 'x.exe']", &["ab"]);
        check("[domain-name:value != 'good.example'] AND [domain-name:value LIKE '%.example']", &[]);
        check("[domain-name:value = 'open", &["open"]);
    }

    #[test]
    fn events_bundles_and_exports() {
        let check = |text: &str, counts: (usize, usize, usize, usize), doubts: usize| {
            let list = Indicators::parse(text.as_bytes(), "x");
            let IndicatorCounts { domains, addresses, networks, urls, unread, .. } = list.counts();
            assert_eq!((domains, addresses, networks, urls), counts, "{text}");
            let n = (0..list.len())
                .filter(|i| list.get(*i as u32).is_some_and(|i| i.limits.doubt.is_some()))
                .count();
            assert_eq!((n, unread), (doubts, 0), "{text}");
        };
        check(
            r#"{"Event":{"Attribute":[{"type":"domain|ip","value":"bad.example|203.0.113.9","to_ids":true},
               {"type":"comment","value":"see b.example"}],
               "Object":[{"Attribute":[{"type":"url","value":"http://c.example/x","to_ids":false}]}]}}"#,
            (1, 1, 0, 1),
            1,
        );
        check(
            r#"{"type":"bundle","objects":[{"type":"indicator","pattern":"[domain-name:value = 'bad.example']","confidence":25},
               {"type":"domain-name","value":"seen.example"},
               {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.9']","valid_until":"2026-03-02T10:00:00Z"}]}"#,
            (1, 1, 0, 0),
            1,
        );
        check(
            r#"{"7":[{"ioc_value":"203.0.113.9:443","ioc_type":"ip:port","confidence_level":100}],"8":[{"url":"http://c.example/x","url_status":"online"}]}"#,
            (0, 1, 0, 1),
            0,
        );
        check(
            "{\"type\":\"domain\",\"value\":\"a.example\"}\n{\"type\":\"ip-dst\",\"value\":\"203.0.113.9\"}\n",
            (1, 1, 0, 0),
            0,
        );
        check("[2001:db8::1]\n", (0, 1, 0, 0), 0);
        let until = Indicators::parse(
            br#"[{"type":"indicator","pattern":"[url:value = 'http://c.example/x']","valid_until":"2026-03-02T10:00:00Z"}]"#,
            "x",
        );
        assert_eq!(until.get(0).and_then(|i| i.limits.valid_until_us), Some(1_772_445_600_000_000));
    }
}
