//! The payload of an attack and its shape, for comparing the answers that one family of payloads got.

use super::normalise::{Form, Normaliser};
use super::scorer::{Scorer, TextHashes};
use super::values;
use crate::record::Rec;

/// The value of a request that looks most like an attack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payload {
    /// Of [`skeleton`]; the same in every run.
    pub skeleton_hash: u64,
    /// Bytes once decoded: what a page that reflects its input would show.
    pub decoded_bytes: u32,
}

impl Scorer<'_> {
    /// The value with the highest score, the first of several; none if no value is odd.
    pub fn payload(&mut self, block: &[u8], rec: &Rec, hashes: TextHashes) -> Option<Payload> {
        let (field, judged) = self.worst(block, rec, hashes)?;
        let mut payload = None;
        let mut n = 0u8;
        values::visit(field, &field.sent(field.logged(block, rec), rec.escape), &mut |value| {
            if n == judged.nth && payload.is_none() {
                let mut normaliser = Normaliser::default();
                normaliser.run(value.text, value.form);
                payload = Some(Payload {
                    skeleton_hash: hash(&skeleton_of_normalised(normaliser.text())),
                    decoded_bytes: normaliser.text().len() as u32,
                });
            }
            n = n.saturating_add(1);
        });
        payload
    }
}

fn hash(skeleton: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::FixedState::with_seed(0x736b_656c).hash_one(skeleton.as_bytes())
}

/// The shape of a value: decoded and lower-case, numbers as `0`, hexadecimal as `h`, quoted text as `s`, repeated
/// `null,`, `0,`, `s,` and `../` folded. Payloads that differ in what they count through have one shape.
pub fn skeleton(value: &[u8], form: Form) -> String {
    let mut normaliser = Normaliser::default();
    normaliser.run(value, form);
    skeleton_of_normalised(normaliser.text())
}

fn skeleton_of_normalised(text: &[u8]) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        let rest = &text[i..];
        let joined = out.last().is_some_and(|p| p.is_ascii_alphanumeric() || *p == b'_');
        if rest.starts_with(b"0x") && rest.get(2).is_some_and(u8::is_ascii_hexdigit) {
            out.push(b'h');
            i += 2 + rest[2..].iter().take_while(|c| c.is_ascii_hexdigit()).count();
        } else if b.is_ascii_digit() {
            out.push(b'0');
            let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
            // Only where a word begins, so that no text is counted through over and over.
            let hex = if joined { 0 } else { rest.iter().take_while(|c| c.is_ascii_hexdigit()).count() };
            if hex >= 8 && hex > digits {
                out.pop();
                out.push(b'h');
                i += hex;
            } else {
                i += digits;
            }
        } else if matches!(b, b'\'' | b'"')
            && let Some(n) = quoted(rest)
        {
            out.push(b's');
            i += n;
        } else {
            out.push(if b.is_ascii_whitespace() { b' ' } else { b });
            i += 1;
        }
        fold(&mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Length of quoted text of ordinary characters; a quote that only breaks out of another one is left.
fn quoted(text: &[u8]) -> Option<usize> {
    let n =
        text[1..].iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.')).count();
    (n > 0 && text.get(n + 1) == Some(&text[0])).then_some(n + 2)
}

/// Drops the last repetition of a unit that stands twice at the end.
fn fold(out: &mut Vec<u8>) {
    const UNITS: [&[u8]; 8] = [b"null,", b"0,", b"h,", b"s,", b"../", b"..\\", b"null, ", b"  "];
    for unit in UNITS {
        let n = unit.len();
        if out.ends_with(unit) && out[..out.len() - n].ends_with(unit) {
            out.truncate(out.len() - n);
        }
    }
    if out.ends_with(b"  ") {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, want: &str) {
        assert_eq!(skeleton(value.as_bytes(), Form::Urlencoded), want, "{value}");
    }

    #[test]
    fn what_is_counted_through_is_folded() {
        check("1+AND+ascii(substr((select+'abc'),12,1))>64", "0 and ascii(substr((select s),0,0))>0");
        check("-1 UNION SELECT NULL,NULL,NULL,0x717a--", "-0 union select null,h--");
        check("..%2f..%2f..%2fetc/passwd", "../etc/passwd");
        check("x%27 and '1'='2", "x' and s=s".replace("s=s", "s='0").as_str());
        check("1,2,3,4", "0,0");
    }
}
