//! Text that a payload hides from the eye: base64 (also of UTF-16, as PowerShell wants it), hexadecimal, and lists of
//! character codes.

use super::{Text, has};
use crate::enrich::base64;

/// Shortest run of base64 that is looked into, characters; a word of a shell or a path is shorter or decodes to no text.
const MIN_BASE64: usize = 12;
/// Shortest run of hexadecimal behind `0x`, and without it, digits.
const MIN_HEX: usize = 6;
const MIN_BARE_HEX: usize = 12;
/// Shortest list of character codes, codes.
const MIN_CODES: usize = 3;
/// Cap on the texts of one value, texts.
const MAX_TEXTS: usize = 8;

/// Every readable text that is hidden in `text`, in its order.
pub(super) fn texts(text: &Text) -> Vec<Text> {
    let mut found = Vec::new();
    for word in
        text.shown.split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')))
    {
        // `key=`: an equals sign ends base64, it does not begin it.
        let parts = word.split(|b| *b == b'=').filter(|part| part.len() >= MIN_HEX);
        found.extend(parts.filter_map(|part| from_hex(part).or_else(|| from_base64(part))));
    }
    found.extend(codes(&text.lower));
    found.truncate(MAX_TEXTS);
    found.into_iter().map(Text::new).collect()
}

fn from_base64(word: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    if word.len() < MIN_BASE64 {
        return None;
    }
    base64::decode(word, &mut out, |b| is_readable(b) || b == 0)?;
    // UTF-16, little end first.
    if out.len() >= 2 && out.len().is_multiple_of(2) && out.iter().skip(1).step_by(2).all(|b| *b == 0) {
        out = out.into_iter().step_by(2).collect();
    }
    is_text(&out).then_some(out)
}

fn from_hex(word: &[u8]) -> Option<Vec<u8>> {
    let (digits, min) = match word {
        [b'0', b'x' | b'X', digits @ ..] => (digits, MIN_HEX),
        digits => (digits, MIN_BARE_HEX),
    };
    if digits.len() < min || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| (b as char).to_digit(16);
    let bytes = digits.chunks_exact(2).map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8));
    bytes.collect::<Option<Vec<u8>>>().filter(|bytes| is_text(bytes))
}

/// `char(47,101)`, `chr(105).chr(100)`, `CHR(1)||CHR(2)`, `fromcharcode(97,98)`: numbers with no letters between them but
/// the function's name.
fn codes(lower: &[u8]) -> Vec<Vec<u8>> {
    if !has(lower, "char(") && !has(lower, "chr(") && !has(lower, "charcode(") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    let (mut i, mut is_open) = (0, false);
    while let Some(rest) = lower.get(i..).filter(|rest| !rest.is_empty()) {
        let call = [&b"char("[..], b"chr(", b"fromcharcode("].into_iter().find(|call| rest.starts_with(call));
        let n_digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        if let Some(call) = call {
            is_open = true;
            i += call.len();
        } else if is_open && (1..=3).contains(&n_digits) {
            let code = rest[..n_digits].iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0'));
            run.extend(u8::try_from(code).ok());
            i += n_digits;
        } else {
            is_open &= matches!(rest[0], b',' | b' ');
            if !is_open && !matches!(rest[0], b')' | b',' | b' ' | b'.' | b'|' | b'+' | b'&') {
                found.push(std::mem::take(&mut run));
            }
            i += 1;
        }
    }
    found.push(run);
    found.retain(|run| run.len() >= MIN_CODES && is_text(run));
    found
}

fn is_readable(b: u8) -> bool {
    matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Readable, and with at least one letter.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| is_readable(*b)) && bytes.iter().any(u8::is_ascii_alphabetic)
}
