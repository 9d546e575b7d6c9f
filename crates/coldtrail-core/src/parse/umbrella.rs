//! Cisco Umbrella's proxy log: CSV without a header, a fixed order to which columns are appended over the years.

use super::cells::cells;
use super::formats::UMBRELLA;
use super::request::is_address;
use super::slot::Slot;
use crate::record::{Escape, Rec, Role, Span, parse_time};

/// `"time","identity","internal","external","destination","type","verdict","url","referrer","agent","status","request bytes",
/// "response bytes","response body bytes",...`; older logs have the kinds of identities before the addresses.
pub(super) fn read(block: &[u8], line: Span, text: Span) -> Option<Rec> {
    let bytes = text.bytes(block);
    if bytes.first() != Some(&b'"') || bytes.get(20..23) != Some(b"\",\"") {
        return None;
    }
    let moment = parse_time(&bytes[1..20])?;
    let columns = cells(block, text, b',');
    let column = |i: usize| columns.get(i).copied().unwrap_or(Span::NONE);
    let is_verdict = |i: usize| matches!(column(i).bytes(block), b"ALLOWED" | b"BLOCKED" | b"PROXIED");
    let verdict = (5..=8).find(|i| is_verdict(*i))?;
    let mut rec = Rec::begin(line);
    rec.format = UMBRELLA;
    rec.role = Role::Proxy;
    rec.escape = Escape::Doubled;
    (rec.ts_us, rec.ts_digits) = (moment.ts_us, moment.digits);
    for i in 2..verdict - 2 {
        if is_address(column(i).bytes(block)) {
            if rec.client.is_none() {
                rec.client = column(i);
            } else if rec.peer.is_none() && i < verdict - 2 {
                rec.peer = column(i);
            }
        }
    }
    rec.action = column(verdict);
    let slots = [
        (1, Slot::User),
        (verdict - 1, Slot::Mime),
        (verdict + 1, Slot::Target),
        (verdict + 2, Slot::Referrer),
        (verdict + 3, Slot::UserAgent),
        (verdict + 4, Slot::Status),
        (verdict + 5, Slot::RequestBytes),
        (verdict + 6, Slot::Bytes),
        (verdict + 7, Slot::BodyBytes),
        (verdict + 9, Slot::Category),
    ];
    for (i, slot) in slots {
        if !column(i).bytes(block).is_empty() {
            slot.set(&mut rec, block, column(i));
        }
    }
    let method = column(verdict + 20);
    if method.bytes(block).len() >= 3 && method.bytes(block).iter().all(u8::is_ascii_uppercase) {
        rec.method = method;
    }
    super::slot::check(&mut rec);
    Some(rec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ages_of_the_format() {
        let check = |line: &str, client: &str, bytes: Option<u64>| {
            let block = line.as_bytes();
            let rec = read(block, Span::new(0, block.len()), Span::new(0, block.len())).expect(line);
            assert_eq!(rec.client.bytes(block), client.as_bytes(), "{line}");
            assert_eq!(
                (rec.host.bytes(block), rec.status_code, rec.response_bytes.get()),
                (&b"h.example"[..], 200, bytes),
                "{line}"
            );
        };
        let tail = r#""","ALLOWED","https://h.example/a","https://r/","u, v","200","562","1489","","""#;
        check(
            &format!(r#""2020-07-23 23:48:56","u1, u2","192.168.1.1","203.0.113.1","203.0.113.2",{tail}"#),
            "192.168.1.1",
            Some(1489),
        );
        check(
            &format!(
                r#""2020-07-23 23:48:56","u1","AD User,Network","192.168.1.5","203.0.113.1","203.0.113.2",{tail}"#
            ),
            "192.168.1.5",
            Some(1489),
        );
        check(
            &format!(r#""2020-07-23 23:48:56","u1","","203.0.113.1","203.0.113.2",{tail}"#),
            "203.0.113.1",
            Some(1489),
        );
        assert!(read(b"\"a\",\"b\"", Span::new(0, 7), Span::new(0, 7)).is_none());
    }
}
