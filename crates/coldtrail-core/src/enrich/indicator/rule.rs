//! Rules of Suricata and Snort, as far as they name addresses, hosts and paths of requests.

use super::{Limits, Reader};

/// Whether the line is a rule: `alert http $HOME_NET any -> $EXTERNAL_NET any (...)`.
pub(super) fn is_rule(line: &str) -> bool {
    let action = line.split_whitespace().next().unwrap_or_default();
    matches!(action, "alert" | "drop" | "reject" | "block" | "log" | "pass") && line.contains('(')
}

/// True if the rule names something that a web log shows.
pub(super) fn read(line: &str, reader: &mut Reader<'_>) -> bool {
    // What a rule lets pass is known good.
    if line.starts_with("pass") {
        return true;
    }
    let none = Limits::default();
    let (head, body) = line.split_once('(').unwrap_or((line, ""));
    let mut n = 0;
    // `alert ip $HOME_NET any -> [203.0.113.9,203.0.113.10] any`
    let to = head.split_once("->").or_else(|| head.split_once("<>")).map_or("", |(_, to)| to);
    for word in to.split_whitespace() {
        for address in
            word.trim_matches(['[', ']']).split(',').filter(|a| a.contains(['.', ':']) && !a.starts_with('!'))
        {
            n += usize::from(reader.take(address, &none));
        }
    }
    let (mut host, mut path) = (None, None);
    let mut agents: Vec<String> = Vec::new();
    let mut buffer = "";
    let mut last: Option<String> = None;
    // Conditions that a name and a path cannot stand for.
    let mut has_more = false;
    for option in options(body) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        match (name.trim(), value.trim()) {
            // Suricata names the buffer before the content, Snort behind it.
            (
                name
                @ ("http.host" | "http.host.raw" | "http.uri" | "http.uri.raw" | "dns.query" | "tls.sni"),
                _,
            ) => buffer = name,
            (name @ ("http_host" | "http_uri" | "dns_query" | "tls_sni"), _) => {
                put(name, last.take(), &mut host, &mut path)
            }
            ("http_header", _) => {
                let named = last.take().and_then(|t| t.strip_prefix("Host: ").map(str::to_owned));
                put("http_host", named, &mut host, &mut path);
            }
            ("http.user_agent", _) => buffer = "http.user_agent",
            ("http_user_agent", _) => agents.extend(last.take()),
            ("content", value) if buffer == "http.user_agent" && !value.starts_with('!') => {
                agents.push(unescape(value.trim_matches('"')));
            }
            ("content", value) if !value.starts_with('!') => {
                let text = unescape(value.trim_matches('"'));
                has_more |= buffer.is_empty()
                    && !body.contains("http_host")
                    && !body.contains("http_uri")
                    && !body.contains("http_user_agent");
                put(buffer, Some(text.clone()), &mut host, &mut path);
                last = Some(text);
            }
            ("pcre" | "flowbits" | "byte_test" | "urilen", _) => has_more = true,
            (name, "")
                if name.starts_with("http.") || name.starts_with("file.") || name.starts_with("tls.") =>
            {
                buffer = "";
            }
            _ => {}
        }
    }
    has_more |= !agents.is_empty() && (host.is_some() || path.is_some() || agents.len() > 1);
    let host = host.map(|h: String| h.trim_matches(['.', '\r', '\n']).to_owned());
    let doubt = has_more.then(|| "its rule asks for more than this".to_owned());
    let limits = Limits { doubt, ..Limits::default() };
    n += usize::from(match (host, path) {
        (Some(host), Some(path)) if path.starts_with('/') => {
            reader.take(&format!("http://{host}{path}"), &limits)
        }
        (Some(host), None) => reader.take(&host, &limits),
        (None, _) => {
            let longest = agents.into_iter().max_by_key(String::len);
            longest.is_some_and(|agent| reader.take_agent(&agent, true, &limits))
        }
        _ => false,
    });
    n > 0
}

fn put(buffer: &str, text: Option<String>, host: &mut Option<String>, path: &mut Option<String>) {
    match buffer {
        "http.host" | "http.host.raw" | "http_host" | "dns.query" | "dns_query" | "tls.sni" | "tls_sni" => {
            *host = host.take().or(text);
        }
        "http.uri" | "http.uri.raw" | "http_uri" => *path = path.take().or(text),
        _ => {}
    }
}

/// The options between semicolons that are neither quoted nor escaped.
fn options(body: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut from, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                out.push(body.get(from..at).unwrap_or_default().trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    out
}

/// `|2e|` and `\;` as the bytes that they stand for.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('|').enumerate() {
        if i % 2 == 0 {
            out.push_str(
                &part.replace("\\;", ";").replace("\\\"", "\"").replace("\\:", ":").replace("\\\\", "\\"),
            );
        } else {
            let bytes = part.split_whitespace().filter_map(|hex| u8::from_str_radix(hex, 16).ok());
            out.extend(bytes.map(char::from));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::enrich::Indicators;

    fn check(rule: &str, want: &[&str]) {
        let list = Indicators::parse(rule.as_bytes(), "x");
        let got: Vec<_> =
            (0..list.len()).filter_map(|i| list.get(i as u32)).map(|i| i.text.as_str()).collect();
        assert_eq!(got, want, "{rule}");
        assert_eq!(list.counts().unread, usize::from(want.is_empty()), "{rule}");
    }

    #[test]
    fn rules_of_suricata_and_snort() {
        check(
            r#"alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"a; b"; http.method; content:"POST"; http.uri; content:"/gate|2e|php"; http.host; content:"bad.example"; sid:1;)"#,
            &["bad.example/gate.php"],
        );
        check(
            r#"alert tcp any any -> any 80 (content:"bad.example"; http_host; content:"/x"; http_uri; sid:2;)"#,
            &["bad.example/x"],
        );
        check(
            r#"alert dns $HOME_NET any -> any any (msg:"x"; dns.query; content:".bad.example"; nocase; sid:3;)"#,
            &["bad.example"],
        );
        check(
            r#"alert ip $HOME_NET any -> [203.0.113.9,198.51.100.0/24] any (msg:"x"; sid:4;)"#,
            &["203.0.113.9", "198.51.100.0/24"],
        );
        check(
            r#"alert http any any -> any any (http.user_agent; content:"evil.agent/1"; sid:5;)"#,
            &["evil.agent/1"],
        );
        check(r#"alert tcp any any -> any 80 (content:"Evil/2"; http_user_agent; sid:9;)"#, &["Evil/2"]);
        check(
            r#"alert http 10.0.0.0/8 any -> any any (http.host; content:"big.example"; http.uri; content:"evil"; sid:6;)"#,
            &[],
        );
        let list = |rule: &str| Indicators::parse(rule.as_bytes(), "x");
        assert!(
            list(r#"pass http any any -> any any (http.host; content:"good.example"; sid:7;)"#).is_empty()
        );
        let asks = list(
            r#"alert http any any -> any any (http.host; content:"big.example"; http.user_agent; content:"evil"; sid:8;)"#,
        );
        assert!(asks.get(0).is_some_and(|i| i.limits.doubt.is_some()));
    }
}
