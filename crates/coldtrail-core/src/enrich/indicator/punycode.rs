//! Names with letters beyond ASCII as the DNS has them (RFC 3492), so that `bücher.example` and
//! `xn--bcher-kva.example` are one name. Letters are taken as they are, in lower case; no other form of them is sought.

use std::borrow::Cow;

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_N: u32 = 0x80;
/// Characters of a label that are encoded: one in a name that the DNS can hold has fewer.
const MAX_CHARS: usize = 63;

/// The name in ASCII and lower case; labels that cannot be encoded stay as they are.
pub(super) fn to_ascii(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return if name.bytes().any(|c| c.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
    }
    // Other full stops end a label too.
    let name = name.to_lowercase().replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    let labels = name.split('.').map(|label| match encode(label) {
        Some(code) if !label.is_ascii() => format!("xn--{code}"),
        _ => label.to_owned(),
    });
    Cow::Owned(labels.collect::<Vec<_>>().join("."))
}

fn encode(label: &str) -> Option<String> {
    let chars: Vec<u32> = label.chars().map(u32::from).collect();
    if chars.len() > MAX_CHARS {
        return None;
    }
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let n_basic = out.len() as u32;
    let mut n_done = n_basic;
    if n_basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias) = (FIRST_N, 0u32, FIRST_BIAS);
    while (n_done as usize) < chars.len() {
        let next = chars.iter().copied().filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(n_done + 1)?)?;
        n = next;
        for c in &chars {
            if *c < n {
                delta = delta.checked_add(1)?;
            }
            if *c != n {
                continue;
            }
            let mut q = delta;
            let mut k = BASE;
            loop {
                let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q));
            bias = adapt(delta, n_done + 1, n_done == n_basic);
            delta = 0;
            n_done += 1;
        }
        delta += 1;
        n += 1;
    }
    Some(out)
}

fn digit(value: u32) -> char {
    char::from_digit(value, BASE).map_or('?', |c| {
        // Letters come first here: `a` is 0 and `0` is 26.
        match c {
            '0'..='9' => char::from(b'a' + c as u8 - b'0'),
            'a'..='p' => char::from(b'k' + c as u8 - b'a'),
            c => char::from(b'0' + c as u8 - b'q'),
        }
    })
}

fn adapt(delta: u32, n_points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / n_points;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::to_ascii;

    #[test]
    fn names_as_the_dns_has_them() {
        // From RFC 3492, 7.1, and names in use.
        for (name, want) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.Example", "xn--bcher-kva.example"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("почемужеонинеговорятпорусски.рф", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.xn--p1ai"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("plain.example", "plain.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("", ""),
        ] {
            assert_eq!(to_ascii(name), want, "{name}");
        }
        let long = "ü".repeat(64);
        assert_eq!(to_ascii(&long), long);
    }
}
