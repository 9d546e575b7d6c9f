//! Text hidden in base64, one level.

/// Shorter values decode to too little to carry a payload, and too many words are valid base64.
const MIN_BYTES: usize = 12;
const MAX_BYTES: usize = 4096;

const fn digits() -> [u8; 256] {
    let mut t = [0xff; 256];
    let mut i = 0;
    while i < 26 {
        t[b'A' as usize + i] = i as u8;
        t[b'a' as usize + i] = 26 + i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 10 {
        t[b'0' as usize + i] = 52 + i as u8;
        i += 1;
    }
    t[b'+' as usize] = 62;
    t[b'-' as usize] = 62;
    // A plus that a form turned into a space.
    t[b' ' as usize] = 62;
    t[b'/' as usize] = 63;
    t[b'_' as usize] = 63;
    t
}

const DIGITS: [u8; 256] = digits();

/// Decodes `value` into `out`, percent signs undone once. None if it is not base64 or `accepts` refuses a byte of what it
/// decodes to; else the number of digits.
pub(super) fn decode(value: &[u8], out: &mut Vec<u8>, mut accepts: impl FnMut(u8) -> bool) -> Option<usize> {
    out.clear();
    let (mut bits, mut n_bits, mut n, mut padding) = (0u32, 0u32, 0usize, 0usize);
    let mut i = 0;
    while let Some(&raw) = value.get(i) {
        let (b, taken) = if raw == b'%' { (percent(&value[i..]), 3) } else { (raw, 1) };
        i += taken;
        if b == b'=' {
            padding += 1;
            continue;
        }
        let digit = DIGITS[usize::from(b)];
        if digit == 0xff || padding > 0 {
            return None;
        }
        n += 1;
        bits = bits << 6 | u32::from(digit);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            let byte = (bits >> n_bits) as u8;
            if !accepts(byte) {
                return None;
            }
            out.push(byte);
        }
    }
    (n % 4 != 1 && padding <= 2).then_some(n)
}

/// Decodes a value that is nothing but base64; true if at least 90 % of what it says is printable.
pub(super) fn decode_readable(value: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    if value.len() < MIN_BYTES || value.len() > MAX_BYTES {
        return false;
    }
    let (mut odd, max_odd) = (0usize, value.len() * 3 / 40);
    let accepts = |byte| {
        odd += usize::from(!(matches!(byte, 0x20..=0x7e | b'\t' | b'\n' | b'\r' | 0)));
        odd <= max_odd
    };
    decode(value, out, accepts).is_some_and(|n| n >= MIN_BYTES) && odd * 10 <= out.len()
}

/// The byte that a percent sign stands for; a byte that is no base64 if it stands for nothing.
fn percent(at: &[u8]) -> u8 {
    let digit = |i: usize| at.get(i).and_then(|c| (*c as char).to_digit(16));
    digit(1).zip(digit(2)).map_or(0, |(h, l)| (h * 16 + l) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, want: Option<&str>) {
        let mut out = Vec::new();
        let got =
            decode_readable(value.as_bytes(), &mut out).then(|| String::from_utf8_lossy(&out).into_owned());
        assert_eq!(got.as_deref(), want, "{value}");
    }

    #[test]
    fn only_readable_text_counts() {
        check("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", Some("<script>alert(1)</script>"));
        check("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg%3D%3D", Some("<script>alert(1)</script>"));
        check("Li4vLi4vLi4vZXRjL3Bhc3N3ZA", Some("../../../etc/passwd"));
        check("hello", None);
        check("a-simple-product-name", None);
        check("d41d8cd98f00b204e9800998ecf8427e", None);
        check("PHNjcmlwdD5h=GVydCgx", None);
    }
}
