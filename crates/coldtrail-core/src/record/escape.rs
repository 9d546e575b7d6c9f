//! How servers escape what they log, undone once; and how we print bytes that are not text.

use std::borrow::Cow;

/// The escaping of a record's fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Escape {
    /// As it came: Squid, nginx `escape=none`, W3C without encoded spaces.
    #[default]
    None,
    /// Apache and nginx `escape=default`: `\"`, `\\`, `\n`, `\xHH`.
    Backslash,
    /// JSON strings: `\"`, `\u00e9` with surrogate pairs; bytes from 0x80 may be raw.
    Json,
    /// W3C extended: a space in a header is logged as `+`.
    Plus,
    /// Zeek TSV: `\xHH` only.
    Zeek,
    /// HAProxy: `#HH`.
    Hash,
    /// Values in quotes: `""` is a quote.
    Doubled,
}

fn hex2(b: &[u8]) -> Option<u8> {
    let digit = |c: u8| (c as char).to_digit(16);
    Some((digit(*b.first()?)? * 16 + digit(*b.get(1)?)?) as u8)
}

fn hex4(b: &[u8]) -> Option<u32> {
    Some(u32::from(hex2(b)?) << 8 | u32::from(hex2(b.get(2..4)?)?))
}

/// The bytes that the client sent, as far as the log keeps them. Unknown sequences stay as they are.
pub fn unescape(raw: &[u8], escape: Escape) -> Cow<'_, [u8]> {
    let lead = match escape {
        Escape::None => return Cow::Borrowed(raw),
        Escape::Plus => b'+',
        Escape::Hash => b'#',
        Escape::Doubled => b'"',
        Escape::Backslash | Escape::Json | Escape::Zeek => b'\\',
    };
    let Some(first) = memchr::memchr(lead, raw) else { return Cow::Borrowed(raw) };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut i = first;
    while i < raw.len() {
        let c = raw[i];
        if c != lead {
            out.push(c);
            i += 1;
            continue;
        }
        let rest = &raw[i + 1..];
        i += 1 + match escape {
            Escape::Plus => {
                out.push(b' ');
                0
            }
            Escape::Doubled => {
                out.push(lead);
                usize::from(rest.first() == Some(&lead))
            }
            Escape::Hash => match hex2(rest) {
                Some(byte) => {
                    out.push(byte);
                    2
                }
                None => {
                    out.push(lead);
                    0
                }
            },
            _ => backslash(rest, escape, &mut out),
        };
    }
    Cow::Owned(out)
}

/// Pushes what the escape after a backslash stands for; returns how many bytes of `rest` it took.
fn backslash(rest: &[u8], escape: Escape, out: &mut Vec<u8>) -> usize {
    let Some(&kind) = rest.first() else {
        out.push(b'\\');
        return 0;
    };
    if kind == b'x'
        && escape != Escape::Json
        && let Some(byte) = hex2(&rest[1..])
    {
        out.push(byte);
        return 3;
    }
    if escape == Escape::Zeek {
        out.push(b'\\');
        return 0;
    }
    let plain = match kind {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' if escape == Escape::Backslash => 0x0b,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'"' | b'\\' => kind,
        b'/' if escape == Escape::Json => kind,
        b'u' if escape == Escape::Json => return json_unicode(rest, out),
        _ => {
            out.push(b'\\');
            return 0;
        }
    };
    out.push(plain);
    1
}

fn json_unicode(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(unit) = rest.get(1..5).and_then(hex4) else {
        out.push(b'\\');
        return 0;
    };
    let mut taken = 5;
    let mut code = unit;
    if (0xd800..0xdc00).contains(&unit) {
        let low = rest.get(5..7).filter(|b| b == b"\\u").and_then(|_| rest.get(7..11)).and_then(hex4);
        if let Some(low) = low.filter(|l| (0xdc00..0xe000).contains(l)) {
            code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            taken = 11;
        }
    }
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    taken
}

/// Bytes as valid UTF-8 that can be read back: invalid bytes and control characters as `\xHH`, a backslash as `\\`.
pub fn printable(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                c if c.is_control() => {
                    let mut buf = [0; 4];
                    for b in c.encode_utf8(&mut buf).bytes() {
                        write!(out, "\\x{b:02X}").expect("writing to a string cannot fail");
                    }
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            write!(out, "\\x{b:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_each_servers_escaping_once() {
        let check = |raw: &str, escape, want: &[u8]| {
            assert_eq!(unescape(raw.as_bytes(), escape).as_ref(), want, "{raw}")
        };
        check(r#"echo \"p\\wn\""#, Escape::Backslash, br#"echo "p\wn""#);
        check(r"\x22\x5C\xC3\xa9", Escape::Backslash, b"\"\\\xc3\xa9");
        check(r"a\nb\q\", Escape::Backslash, b"a\nb\\q\\");
        check(r"\\x41", Escape::Backslash, br"\x41");
        check(r#"\u00e9\ud83d\ude00\/\"\ud800x"#, Escape::Json, "é😀/\"\u{fffd}x".as_bytes());
        check(r"\x41\n", Escape::Zeek, br"A\n");
        check("Mozilla/5.0+(X)", Escape::Plus, b"Mozilla/5.0 (X)");
        check("#22a#7Bb#", Escape::Hash, b"\"a{b#");
        check(r#"a ""b"" c"d"#, Escape::Doubled, br#"a "b" c"d"#);
        check(r"\x41+#22", Escape::None, br"\x41+#22");
    }

    #[test]
    fn printable_is_text_and_can_be_read_back() {
        assert_eq!(printable(b"a\\b\x00\xff\xc3\xa9\x1b"), "a\\\\b\\x00\\xFF\u{e9}\\x1B");
        assert_eq!(printable("\u{9b}".as_bytes()), "\\xC2\\x9B");
    }
}
