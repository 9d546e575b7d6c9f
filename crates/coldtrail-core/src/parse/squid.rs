//! Squid's native `access.log`: `time elapsed client code/status bytes method URL user hierarchy/peer type`.
//!
//! The time is that of the end of the request; a tunnel is one line at its end. Nothing is escaped, so the line is
//! anchored from both sides: seven fields from the left up to the URL, `hierarchy/peer type` from the right.

use super::Format;
use super::formats::SQUID;
use super::request::{bare_address, digits, metric, scaled, trim_line, value};
use crate::record::{Escape, FormatId, Metric, Reason, Rec, Role, Span, parse_time};

pub struct Squid;

impl Format for Squid {
    fn id(&self) -> FormatId {
        SQUID
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() || block[text.start()] == b'#' {
            return Rec::skipped(line);
        }
        read(block, line, text).unwrap_or_else(|| Rec::unread(line))
    }
}

/// The next word behind blanks, from `at`.
fn word(block: &[u8], at: &mut usize, end: usize) -> Option<Span> {
    let from = *at + block[*at..end].iter().take_while(|c| **c == b' ').count();
    if from >= end {
        return None;
    }
    let to = memchr::memchr(b' ', &block[from..end]).map_or(end, |i| from + i);
    *at = to;
    Some(Span::new(from, to))
}

fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let (mut at, end) = (text.start(), text.end());
    let time = word(block, &mut at, end)?;
    // `1541170714.797`: seconds with a fraction, nothing else.
    let stamp = time.bytes(block);
    if memchr::memchr(b'.', stamp).is_none_or(|dot| !(9..=10).contains(&dot)) {
        return None;
    }
    let moment = parse_time(stamp)?;
    let elapsed = word(block, &mut at, end)?;
    let elapsed_ms = elapsed.bytes(block);
    let client = word(block, &mut at, end)?;
    let result = word(block, &mut at, end)?;
    let slash = memchr::memchr(b'/', result.bytes(block))?;
    let mut rec = Rec::begin(line);
    rec.format = SQUID;
    rec.role = Role::Proxy;
    rec.escape = Escape::None;
    rec.ts_us = moment.ts_us;
    rec.ts_digits = moment.digits;
    rec.client = bare_address(block, value(block, client));
    rec.duration_us = metric(scaled(elapsed_ms.strip_prefix(b"-").unwrap_or(elapsed_ms), 3));
    rec.action = Span::new(result.start(), result.start() + slash);
    match digits(&result.bytes(block)[slash + 1..]) {
        Some(status) if status <= 999 => (rec.status_code, rec.has_status) = (status as u16, true),
        _ => rec.flag(Reason::BadStatus),
    }
    let Some(bytes) = word(block, &mut at, end) else {
        rec.flag(Reason::CutOff);
        return Some(rec);
    };
    rec.response_bytes = metric(digits(bytes.bytes(block)));
    if rec.response_bytes == Metric::NONE && bytes.bytes(block) != b"-" {
        rec.flag(Reason::BadSize);
    }
    let Some(method) = word(block, &mut at, end) else {
        rec.flag(Reason::CutOff);
        return Some(rec);
    };
    rec.method = value(block, method);
    read_rest(&mut rec, block, at, end);
    if rec.client.is_none() {
        rec.flag(Reason::NoClient);
    }
    Some(rec)
}

/// `URL user hierarchy/peer type`, then what the administrator appended: usually `"referrer" "user agent"`.
fn read_rest(rec: &mut Rec, block: &[u8], at: usize, end: usize) {
    let from = at + block[at..end].iter().take_while(|c| **c == b' ').count();
    let rest = &block[from..end];
    let words: Vec<(usize, usize)> = {
        let mut at = from;
        rest.split(|c| *c == b' ')
            .filter_map(|w| {
                let start = at;
                at += w.len() + 1;
                (!w.is_empty()).then_some((start, start + w.len()))
            })
            .collect()
    };
    let hierarchy = words.iter().rposition(|(a, b)| is_hierarchy(&block[*a..*b])).filter(|i| *i >= 1);
    let Some(h) = hierarchy else {
        // Cut, or a format without the peer: the first word is the URL.
        rec.flag(if words.len() < 3 { Reason::CutOff } else { Reason::TooFewFields });
        if let Some((a, b)) = words.first() {
            set_url(rec, block, Span::new(*a, *b));
        }
        return;
    };
    let user_at = if h >= 2 { h - 1 } else { h };
    let url_end = words[user_at - usize::from(user_at > 0)].1;
    if h >= 2 {
        let (from, to) = words[h - 1];
        // Cisco's Web Security Appliance quotes it.
        let is_quoted = to - from >= 2 && block[from] == b'"' && block[to - 1] == b'"';
        let inset = usize::from(is_quoted);
        rec.user = value(block, Span::new(from + inset, to - inset));
    } else {
        rec.flag(Reason::TooFewFields);
    }
    set_url(rec, block, Span::new(from, url_end.max(from)));
    if let Some((a, b)) = words.get(h + 1) {
        rec.mime = value(block, Span::new(*a, *b));
    } else {
        rec.flag(Reason::TooFewFields);
    }
    match words.get(h + 2) {
        Some((a, _)) if block[*a] == b'"' => read_quoted(rec, block, *a, end),
        Some((a, _)) => read_behind_verdicts(rec, block, *a, end),
        None => {}
    }
}

/// `"referrer" "user agent"`: nothing is escaped, so the first `" "` parts them.
fn read_quoted(rec: &mut Rec, block: &[u8], from: usize, end: usize) {
    let text = &block[from..end];
    let Some(last) = memchr::memrchr(b'"', text).filter(|l| *l > 0) else { return };
    let Some(middle) = memchr::memmem::find(text, b"\" \"") else { return };
    if middle == 0 || middle + 2 >= last {
        return;
    }
    rec.referrer = value(block, Span::new(from + 1, from + middle));
    rec.user_agent = value(block, Span::new(from + middle + 3, from + last));
}

/// `policy <verdicts> - "user agent"` of Cisco's Web Security Appliance.
fn read_behind_verdicts(rec: &mut Rec, block: &[u8], from: usize, end: usize) {
    let Some(close) = memchr::memmem::rfind(&block[from..end], b"> ").map(|i| from + i + 2) else { return };
    let rest = block[close..end].trim_ascii_end();
    if let Some(open) = memchr::memchr(b'"', rest).filter(|i| rest.len() > i + 1 && rest.ends_with(b"\"")) {
        rec.user_agent = value(block, Span::new(close + open + 1, close + rest.len() - 1));
    }
}

fn set_url(rec: &mut Rec, block: &[u8], url: Span) {
    rec.target = url;
    rec.split_target(block);
}

/// `HIER_DIRECT/203.0.113.9`, `DIRECT/h.example`, `NONE/-`.
fn is_hierarchy(word: &[u8]) -> bool {
    const OLD: [&[u8]; 14] = [
        b"NONE",
        b"DIRECT",
        b"PARENT_HIT",
        b"SIBLING_HIT",
        b"FIRST_UP_PARENT",
        b"FIRST_PARENT_MISS",
        b"CLOSEST_PARENT_MISS",
        b"CLOSEST_DIRECT",
        b"DEFAULT_PARENT",
        b"ROUNDROBIN_PARENT",
        b"CARP",
        b"ANY_OLD_PARENT",
        b"PINNED",
        b"CD_SIBLING_HIT",
    ];
    let Some(slash) = memchr::memchr(b'/', word) else { return false };
    let name = word[..slash].strip_prefix(b"TIMEOUT_").unwrap_or(&word[..slash]);
    name.starts_with(b"HIER_") && name.iter().all(|c| c.is_ascii_uppercase() || *c == b'_')
        || OLD.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;

    fn check(
        line: &str,
        outcome: Outcome,
        url: Option<&str>,
        host: Option<&str>,
        user: Option<&str>,
        mime: Option<&str>,
    ) -> Rec {
        let block = line.as_bytes();
        let rec = Squid.parse_line(block, Span::new(0, block.len()));
        let show = |s: Span| s.get(block).map(|b| String::from_utf8_lossy(b).into_owned());
        assert_eq!(rec.outcome, outcome, "{line}");
        assert_eq!(show(rec.target).as_deref(), url, "{line}");
        assert_eq!(show(rec.host).as_deref(), host, "{line}");
        assert_eq!(show(rec.user).as_deref(), user, "{line}");
        assert_eq!(show(rec.mime).as_deref(), mime, "{line}");
        rec
    }

    #[test]
    fn native_lines() {
        use Outcome::{Ok, Partial, Raw};
        let t = "1541170714.797   3400 172.25.1.42";
        check(
            &format!(
                "{t} TCP_MISS/200 1054 POST http://h.example/a?b u1 HIER_DIRECT/13.33.80.118 application/ocsp-response"
            ),
            Ok,
            Some("http://h.example/a?b"),
            Some("h.example"),
            Some("u1"),
            Some("application/ocsp-response"),
        );
        check(
            &format!("{t} TCP_TUNNEL/200 1054 CONNECT h.example:443 - HIER_DIRECT/13.33.80.118 -"),
            Ok,
            Some("h.example:443"),
            Some("h.example:443"),
            None,
            None,
        );
        let rec = check(
            &format!("{t} NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -"),
            Ok,
            Some("error:transaction-end-before-headers"),
            None,
            None,
            None,
        );
        assert_eq!(
            (rec.status_code, rec.method.is_none(), rec.duration_us.get()),
            (0, true, Some(3_400_000))
        );
        check(
            &format!(
                "{t} TCP_MISS/200 9 GET http://h.example/a b HIER_DIRECT/1.2.3.4 x\"y - DIRECT/1.2.3.4 text/html"
            ),
            Ok,
            Some("http://h.example/a b HIER_DIRECT/1.2.3.4 x\"y"),
            Some("h.example"),
            None,
            Some("text/html"),
        );
        let line = format!(
            "{t} TCP_MISS/200 9 GET http://h.example/ - DIRECT/1.2.3.4 text/html \"http://r/\" \"u \"q\" x\""
        );
        let rec = check(&line, Ok, Some("http://h.example/"), Some("h.example"), None, Some("text/html"));
        assert_eq!(rec.user_agent.bytes(line.as_bytes()), b"u \"q\" x");
        check(
            &format!("{t} TCP_MISS/200 9 GET http://h.exam"),
            Partial,
            Some("http://h.exam"),
            Some("h.exam"),
            None,
            None,
        );
        check(&format!("{t} TCP_MISS/200"), Partial, None, None, None, None);
        check("1.5 3 4 TCP/5", Raw, None, None, None, None);
    }
}
