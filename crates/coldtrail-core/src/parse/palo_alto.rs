//! URL logs of Palo Alto firewalls: CSV without a head, whose columns have kept their order and grow at the end.

use super::cells::cells;
use super::formats::PALO_ALTO;
use super::slot::{Slot, check};
use crate::record::{Escape, Rec, Role, Span};

/// Position of each column, PAN-OS 7 to 11.
const COLUMNS: [(usize, Slot); 10] = [
    (6, Slot::Time),
    (7, Slot::Client),
    (12, Slot::User),
    (30, Slot::Action),
    (31, Slot::HostTarget),
    (33, Slot::Category),
    (41, Slot::Mime),
    (46, Slot::UserAgent),
    (49, Slot::Referrer),
    (63, Slot::Method),
];

/// Bytes of the head that syslog puts before a line, and commas of a line of any kind.
const MAX_HEAD: usize = 128;
const MIN_COMMAS: usize = 30;

/// A `THREAT,url` line; one of another kind tells of no request and is skipped.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    // The head of syslog names no program here, so that its end is the last blank before the first comma.
    let first = memchr::memchr(b',', &text.bytes(block)[..text.len().min(MAX_HEAD)])?;
    let skip = memchr::memrchr(b' ', &text.bytes(block)[..first]).map_or(0, |i| i + 1);
    let is_head = |c: &u8| c.is_ascii_alphanumeric() || b"<>:.- /T+Z".contains(c);
    if !text.bytes(block)[..first].iter().all(is_head) {
        return None;
    }
    let text = Span::new(text.start() + skip, text.end());
    if memchr::memchr_iter(b',', text.bytes(block)).take(MIN_COMMAS).count() < MIN_COMMAS {
        return None;
    }
    let values = cells(block, text, b',');
    let is_received = |i: usize| values.get(i).is_some_and(|v| Slot::Time.fits(v.bytes(block)));
    let kind = values.get(3)?.bytes(block);
    if !is_received(1) || !is_received(6) {
        return None;
    }
    if !matches!(
        kind,
        b"THREAT" | b"TRAFFIC" | b"SYSTEM" | b"CONFIG" | b"HIPMATCH" | b"USERID" | b"GLOBALPROTECT"
    ) {
        return None;
    }
    if kind != b"THREAT" || values.get(4)?.bytes(block) != b"url" {
        return Some(Rec::skipped(line));
    }
    let mut rec = Rec::begin(line);
    (rec.format, rec.role, rec.escape) = (PALO_ALTO, Role::Proxy, Escape::Doubled);
    for (i, slot) in COLUMNS {
        if let Some(value) = values.get(i).filter(|v| !v.bytes(block).is_empty()) {
            slot.set(&mut rec, block, *value);
        }
    }
    check(&mut rec);
    Some(rec.or_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, TextField, format_ts};

    const HEAD: &str = "1,2026/03/02 10:00:01,0018,THREAT,url,2561,2026/03/02 10:00:01,10.1.2.3,192.0.2.8,203.0.113.1,192.0.2.8,\
                        Allow Web,dom\\jdoe,,web-browsing,vsys1,trust,untrust,e1,e2,Log,2026/03/02 10:00:01,1,1,51000,80,32000,80,\
                        0x40b000,tcp,alert,";

    #[test]
    fn url_lines_are_requests() {
        let line = format!(
            "{HEAD}\"www.h.example/p/x.php?a=1,2\",(9999),business,informational,client-to-server,6,0x0,10.0.0.0-10.255.255.255,US,0,\
             text/html,0,,,1,\"Mozilla/5.0 (Windows NT 10.0, x64)\",,,\"http://ref.example/a\",,,,0,0,0,0,0,,fw01,,,,get,0"
        );
        let block = line.as_bytes();
        let whole = Span::new(0, block.len());
        let rec = read(block, whole, whole).expect("a line");
        let text = |field| rec.text(field, block).map(|t| String::from_utf8_lossy(&t).into_owned());
        let some = |s: &str| Some(s.to_owned());
        assert_eq!((rec.outcome, rec.role), (Outcome::Ok, Role::Proxy));
        assert_eq!(format_ts(rec.ts_us, 0), "2026-03-02T10:00:01Z");
        assert_eq!(text(TextField::Client), some("10.1.2.3"));
        assert_eq!(text(TextField::User), some("dom\\jdoe"));
        assert_eq!(text(TextField::Host), some("www.h.example"));
        assert_eq!(text(TextField::Path), some("/p/x.php"));
        assert_eq!(text(TextField::Query), some("a=1,2"));
        assert_eq!(text(TextField::UserAgent), some("Mozilla/5.0 (Windows NT 10.0, x64)"));
        assert_eq!(text(TextField::Referrer), some("http://ref.example/a"));
        assert_eq!(text(TextField::Action), some("alert"));
        let logged = format!("<14>Mar  2 10:00:01 fw01 {line}");
        let whole = Span::new(0, logged.len());
        let rec = read(logged.as_bytes(), whole, whole).expect("a line with a head");
        assert_eq!(rec.client.bytes(logged.as_bytes()), b"10.1.2.3");
        let old = format!("{HEAD}\"h.example/\",(9999)");
        let rec =
            read(old.as_bytes(), Span::new(0, old.len()), Span::new(0, old.len())).expect("an old line");
        assert_eq!((rec.outcome, rec.host.bytes(old.as_bytes())), (Outcome::Ok, &b"h.example"[..]));
    }

    #[test]
    fn other_lines() {
        let outcome = |line: &str| {
            let whole = Span::new(0, line.len());
            read(line.as_bytes(), whole, whole).map(|rec| rec.outcome)
        };
        assert_eq!(outcome(&HEAD.replace("THREAT,url", "TRAFFIC,end")), Some(Outcome::Skipped));
        assert_eq!(outcome(&HEAD.replace("THREAT,url", "OTHER,url")), None);
        assert_eq!(outcome("1,2,3,THREAT,url"), None);
        let forged = format!(r#"[2026-01-01T00:55:04.533Z] "GET /x?,{HEAD},,,"#);
        assert_eq!(outcome(&forged), None);
    }
}
