//! Undoes what stands between a payload and its reader: percent signs in all their forms, overlong UTF-8, HTML
//! entities, backslash escapes, NUL, full-width letters, upper case. Repeated until nothing changes, at most
//! [`MAX_ROUNDS`] times.

use super::entities::entity;

/// Rounds of decoding: one for the server, one for a proxy or a careless application, one for luck. Each round costs a
/// pass, and what needs a fourth reaches no interpreter that we know.
pub(super) const MAX_ROUNDS: u8 = 3;
/// Bytes of a value that are looked at: more than the request line that Apache and nginx accept by default (8 KiB).
/// Of a longer value the head and the tail are kept.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;
/// Stands between values that are decoded together: not in [`ACTS`], in no view, in no literal.
const SEPARATOR: u8 = 0x7f;
const HEAD_BYTES: usize = 6 * 1024;
const TAIL_BYTES: usize = MAX_VALUE_BYTES - HEAD_BYTES;

/// How the text was written: in a form a plus is a space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A value of a query or of a form body.
    Urlencoded,
    /// Anything else.
    Plain,
}

/// What was odd about a value's writing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Anomalies {
    /// Rounds in which something was decoded.
    pub rounds: u8,
    pub nul: bool,
    pub overlong: bool,
    pub invalid_utf8: bool,
    /// The value was longer than [`MAX_VALUE_BYTES`].
    pub cut: bool,
}

impl Anomalies {
    /// Points that oddities add to a score that rules gave: at most 2.
    pub(super) fn bonus(self) -> u8 {
        let half = 3 * u8::from(self.nul) + u8::from(self.rounds > 1) + u8::from(self.invalid_utf8);
        (half / 2).min(2)
    }
}

const DECODES: u8 = 1;
const FORM_ONLY: u8 = 2;

/// What the normaliser does about each byte. A byte without a bit is copied: the loop below looks nowhere else, and the
/// gate is computed from this table.
const ACTS: [u8; 256] = {
    let mut t = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = match i as u8 {
            b'%' | b'&' | b'\\' | 0 => DECODES,
            b'+' => FORM_ONLY,
            // Non-ASCII: some is folded, some is overlong, some is no text.
            0x80..=0xff => DECODES,
            _ => 0,
        };
        i += 1;
    }
    t
};

/// Does normalising change this text, other than its case? Rules are matched without regard to case, so lower-casing
/// alone is no reason to copy.
#[inline]
pub fn needs_normalising(text: &[u8], form: Form) -> bool {
    text.iter().fold(0, |seen, b| seen | ACTS[usize::from(*b)]) & gate_mask(form) != 0
}

const fn gate_mask(form: Form) -> u8 {
    match form {
        Form::Urlencoded => DECODES | FORM_ONLY,
        Form::Plain => DECODES,
    }
}

/// The bits of [`ACTS`] that matter, for callers that fold several tables in one pass.
pub(super) const fn acts(byte: u8, form: Form) -> bool {
    ACTS[byte as usize] & gate_mask(form) != 0
}

/// Two buffers that are used again for every value.
#[derive(Default, Debug)]
pub struct Normaliser {
    out: Vec<u8>,
    spare: Vec<u8>,
}

impl Normaliser {
    /// Decodes `text` and lowers its case; the result is in [`Self::text`] until the next call.
    pub fn run(&mut self, text: &[u8], form: Form) -> Anomalies {
        let seen = self.decode(text, form);
        self.out.make_ascii_lowercase();
        seen
    }

    /// The same without lowering.
    pub(super) fn decode(&mut self, text: &[u8], form: Form) -> Anomalies {
        self.decode_showing(text, form, |_, _| ())
    }

    /// The same, and `each` sees what every round did and what came of it.
    pub(super) fn decode_showing(
        &mut self,
        text: &[u8],
        form: Form,
        each: impl FnMut(Done, &[u8]),
    ) -> Anomalies {
        let mut seen = Anomalies::default();
        self.out.clear();
        if text.len() > MAX_VALUE_BYTES {
            seen.cut = true;
            self.out.extend_from_slice(&text[..HEAD_BYTES]);
            self.out.extend_from_slice(&text[text.len() - TAIL_BYTES..]);
        } else {
            self.out.extend_from_slice(text);
        }
        self.rounds(form, &mut seen, each);
        seen
    }

    /// Decodes all values of a query at once, each as by itself: the ampersands between them become a byte that no
    /// decoding reads.
    pub(super) fn run_query(&mut self, query: &[u8]) -> Anomalies {
        let mut seen = Anomalies::default();
        self.out.clear();
        self.out.extend(query.iter().map(|b| if *b == b'&' { SEPARATOR } else { *b }));
        self.rounds(Form::Urlencoded, &mut seen, |_, _| ());
        self.out.make_ascii_lowercase();
        seen
    }

    fn rounds(&mut self, mut form: Form, seen: &mut Anomalies, mut each: impl FnMut(Done, &[u8])) {
        for _ in 0..MAX_ROUNDS {
            if !needs_normalising(&self.out, form) {
                break;
            }
            std::mem::swap(&mut self.out, &mut self.spare);
            let done = round(&self.spare, &mut self.out, form, seen);
            each(done, &self.out);
            if !done.may_show_more() {
                break;
            }
            seen.rounds += u8::from(done.is_decoding());
            form = Form::Plain;
        }
        // What the last round decoded may be overlong or full-width.
        if seen.rounds == MAX_ROUNDS && !self.out.is_ascii() {
            std::mem::swap(&mut self.out, &mut self.spare);
            fold(&self.spare, &mut self.out, seen);
        }
        seen.invalid_utf8 |= std::str::from_utf8(&self.out).is_err();
    }

    pub fn text(&self) -> &[u8] {
        &self.out
    }
}

/// What a pass did, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Done(u8);

impl Done {
    const PERCENT: u8 = 1;
    const ENTITY: u8 = 2;
    const BACKSLASH: u8 = 4;
    /// A plus became a space: not worth another pass.
    const PLUS: u8 = 8;
    /// Dropped.
    const NUL: u8 = 16;
    /// Characters that somebody reads as ASCII became that.
    const FOLDED: u8 = 32;

    fn is_decoding(self) -> bool {
        self.0 & (Self::PERCENT | Self::ENTITY | Self::BACKSLASH) != 0
    }

    /// Something to decode may have appeared.
    fn may_show_more(self) -> bool {
        self.0 & !Self::PLUS != 0
    }

    /// `percent signs, HTML entities`.
    pub(super) fn words(self) -> String {
        const WORDS: [(u8, &str); 6] = [
            (Done::PERCENT, "percent signs"),
            (Done::ENTITY, "HTML entities"),
            (Done::BACKSLASH, "backslash escapes"),
            (Done::PLUS, "plus as a space"),
            (Done::NUL, "NUL dropped"),
            (Done::FOLDED, "characters read as ASCII"),
        ];
        let words: Vec<&str> = WORDS.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, w)| *w).collect();
        words.join(", ")
    }
}

fn round(text: &[u8], out: &mut Vec<u8>, form: Form, seen: &mut Anomalies) -> Done {
    out.clear();
    out.reserve(text.len());
    let mask = gate_mask(form);
    let mut done = Done::default();
    let mut i = 0;
    while i < text.len() {
        let plain = text[i..].iter().take_while(|b| ACTS[usize::from(**b)] & mask == 0).count();
        out.extend_from_slice(&text[i..i + plain]);
        i += plain;
        let Some(&b) = text.get(i) else { break };
        if b == b'+' {
            out.push(b' ');
            done.0 |= Done::PLUS;
            i += 1;
            continue;
        }
        let rest = &text[i..];
        let (step, kind) = match b {
            0 => {
                seen.nul = true;
                done.0 |= Done::NUL;
                i += 1;
                continue;
            }
            b'%' => (percent(rest), Done::PERCENT),
            b'&' => (entity(rest).map(|(c, n)| (Put::Char(c), n)), Done::ENTITY),
            b'\\' => (backslash(rest), Done::BACKSLASH),
            _ => {
                let (put, n) = wide(rest, seen);
                if matches!(put, Put::Byte(b) if b < 0x80) {
                    done.0 |= Done::FOLDED;
                }
                put.write(out);
                i += n;
                continue;
            }
        };
        match step {
            Some((put, n)) => {
                done.0 |= kind;
                put.write(out);
                i += n;
            }
            None => {
                out.push(b);
                i += 1;
            }
        }
    }
    done
}

/// Folds characters, decodes nothing.
fn fold(text: &[u8], out: &mut Vec<u8>, seen: &mut Anomalies) {
    out.clear();
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        let (put, n) = if b < 0x80 { (Put::Byte(b), 1) } else { wide(&text[i..], seen) };
        put.write(out);
        i += n;
    }
}

enum Put<'a> {
    Byte(u8),
    Char(u32),
    Bytes(&'a [u8]),
}

impl Put<'_> {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Byte(b) => out.push(b),
            Self::Char(c) => match folded(c) {
                Some(b) => out.push(b),
                None => {
                    let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            },
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// The ASCII character that some reader takes this one for: full-width and encircled forms, look-alike slashes, letters whose upper
/// or lower case is ASCII, the two CJK characters whose low byte is CR or LF, and two that IIS took for slashes.
fn folded(c: u32) -> Option<u8> {
    Some(match c {
        0..=0x7f => c as u8,
        0xa0 => b' ',
        0x130 | 0x131 => b'i',
        0x17f => b's',
        0x212a => b'k',
        0x2024 => b'.',
        0x2044 | 0x2215 | 0xf025 => b'/',
        0x2216 | 0xefc8 => b'\\',
        0x2018 | 0x2019 | 0x2032 => b'\'',
        0x560a => b'\n',
        0x560d => b'\r',
        0x2460..=0x2468 => (c - 0x2460) as u8 + b'1',
        0x24b6..=0x24cf => (c - 0x24b6) as u8 + b'a',
        0x24d0..=0x24e9 => (c - 0x24d0) as u8 + b'a',
        0x24ea => b'0',
        0xff01..=0xff5e => (c - 0xff01 + 0x21) as u8,
        _ => return None,
    })
}

fn hex(b: Option<&u8>) -> Option<u32> {
    (*b? as char).to_digit(16)
}

fn hex_run(text: &[u8], n: usize) -> Option<u32> {
    (0..n).try_fold(0, |v, i| hex(text.get(i)).map(|d| v * 16 + d))
}

/// `%41`, `%u0041`.
fn percent(at: &[u8]) -> Option<(Put<'_>, usize)> {
    if let Some(v) = hex_run(&at[1..], 2) {
        return Some((Put::Byte(v as u8), 3));
    }
    if matches!(at.get(1), Some(b'u' | b'U')) {
        return hex_run(&at[2..], 4).map(|v| (Put::Char(v), 6));
    }
    None
}

/// `\x41`, `\u0041`, `\u{41}`.
fn backslash(at: &[u8]) -> Option<(Put<'_>, usize)> {
    match at.get(1)? {
        b'x' | b'X' => hex_run(&at[2..], 2).map(|v| (Put::Byte(v as u8), 4)),
        b'u' | b'U' if at.get(2) == Some(&b'{') => {
            let n = at[3..].iter().take(6).take_while(|c| c.is_ascii_hexdigit()).count();
            let v = hex_run(&at[3..], n)?;
            (n > 0 && at.get(3 + n) == Some(&b'}')).then_some((Put::Char(v), n + 4))
        }
        b'u' | b'U' => hex_run(&at[2..], 4).map(|v| (Put::Char(v), 6)),
        _ => None,
    }
}

/// A byte from 0x80: a valid character (perhaps folded to ASCII), an overlong one, or a stray byte that stays.
fn wide<'a>(at: &'a [u8], seen: &mut Anomalies) -> (Put<'a>, usize) {
    if let Some((b, n)) = overlong(at) {
        seen.overlong = true;
        return (Put::Byte(b), n);
    }
    let len = match at[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let text = at.get(..len).and_then(|b| std::str::from_utf8(b).ok());
    match text.and_then(|t| t.chars().next()) {
        Some(c) => match folded(u32::from(c)) {
            Some(b) => (Put::Byte(b), len),
            None => (Put::Bytes(&at[..len]), len),
        },
        None => (Put::Byte(at[0]), 1),
    }
}

/// An ASCII character in more bytes than it needs, as lenient decoders read it; also the IIS form whose second byte is
/// no continuation (`C0 2F` for a slash).
fn overlong(at: &[u8]) -> Option<(u8, usize)> {
    let tail = |n: usize| at.get(n).filter(|b| (0x80..0xc0).contains(*b)).map(|b| b & 0x3f);
    let zeros = |to: usize| (1..to).all(|i| at.get(i) == Some(&0x80));
    match at[0] {
        lead @ (0xc0 | 0xc1) => match tail(1) {
            Some(low) => Some(((lead & 1) << 6 | low, 2)),
            None => at.get(1).filter(|b| matches!(b, b'/' | b'\\' | b'.')).map(|b| (*b, 2)),
        },
        0xe0 => match at.get(1)? {
            high @ (0x80 | 0x81) => tail(2).map(|low| ((high & 1) << 6 | low, 3)),
            _ => None,
        },
        0xf0 if zeros(2) => at
            .get(2)
            .filter(|b| matches!(b, 0x80 | 0x81))
            .and_then(|h| tail(3).map(|l| ((h & 1) << 6 | l, 4))),
        0xf8 if zeros(4) => tail(4).map(|l| (l, 5)),
        0xfc if zeros(5) => tail(5).map(|l| (l, 6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(raw: &str, form: Form, want: &str, rounds: u8) {
        let mut n = Normaliser::default();
        let seen = n.run(raw.as_bytes(), form);
        assert_eq!((String::from_utf8_lossy(n.text()).as_ref(), seen.rounds), (want, rounds), "{raw}");
    }

    #[test]
    fn decodes_every_layer() {
        use Form::{Plain, Urlencoded};
        check("a+B%20c", Urlencoded, "a b c", 1);
        check("a+B", Plain, "a+b", 0);
        check("%2527%2520OR%25201", Urlencoded, "' or 1", 2);
        check("%25252e%25252E/", Urlencoded, "../", 3);
        check("%2525252e", Plain, "%2e", 3);
        check("%u0027%uFF1Cscript%uff1e", Plain, "'<script>", 1);
        check("&lt;script&#62&#x2f", Plain, "<script>/", 1);
        check(r"\x3cA\u003e\u{28}\n", Plain, r"<a>(\n", 1);
        check("..%c0%af..%e0%80%af%f0%80%80%af%c0%2f%c1%9c", Plain, "../..///\\", 1);
        check("..%252f", Plain, "../", 2);
        check("..%2525c0%2525af", Plain, "../", 3);
        check("..%uF025%uefc8", Plain, "../\\", 1);
        check("%%32%65", Plain, ".", 2);
        check("＜ｓcript＞", Plain, "<script>", 0);
        check("ıſ\u{a0}x", Plain, "is x", 0);
        check("s%00elect", Plain, "select", 1);
        check("%", Plain, "%", 0);
        check("100%zz", Plain, "100%zz", 0);
        check(r"c:\users\xampp", Plain, r"c:\users\xampp", 0);
    }

    #[test]
    fn reports_what_is_odd() {
        let mut n = Normaliser::default();
        let seen = n.run(b"a%00%c0%ae%ff", Form::Plain);
        assert!(seen.nul && seen.overlong && seen.invalid_utf8 && !seen.cut, "{seen:?}");
        let long = vec![b'a'; MAX_VALUE_BYTES + 1];
        assert!(n.run(&long, Form::Plain).cut);
        assert_eq!(n.text().len(), MAX_VALUE_BYTES);
    }

    proptest! {
        #[test]
        fn what_the_gate_lets_pass_only_changes_case(text in proptest::collection::vec(any::<u8>(), 0..64), plus: bool) {
            let form = if plus { Form::Urlencoded } else { Form::Plain };
            let mut n = Normaliser::default();
            n.run(&text, form);
            if !needs_normalising(&text, form) {
                prop_assert_eq!(n.text(), text.to_ascii_lowercase());
            }
        }
    }
}
