//! Commands that a request hands to a page: what a web shell is for.

/// Shortest base64 that is looked into, characters.
const MIN_BASE64: usize = 8;

/// Whether a query has a parameter by a shell's name with a command in it, or a command behind base64.
pub fn is_command(query: &[u8]) -> bool {
    const NAMES: [&[u8]; 12] = [
        b"cmd", b"exec", b"command", b"execute", b"shell", b"c", b"cmdline", b"run", b"sh", b"ex", b"code",
        b"eval",
    ];
    query.split(|c| *c == b'&').any(|pair| {
        let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (name, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
        let is_named = NAMES.iter().any(|n| n.eq_ignore_ascii_case(name));
        if !is_named && value.len() < MIN_BASE64 {
            return false;
        }
        let value = super::percent_decode(value);
        (is_named && starts_with_command(&value)) || decodes_to_command(&value)
    })
}

fn starts_with_command(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 34] = [
        b"ls",
        b"id",
        b"pwd",
        b"cat",
        b"whoami",
        b"uname",
        b"dir",
        b"type",
        b"net",
        b"ipconfig",
        b"ifconfig",
        b"ip",
        b"ps",
        b"wget",
        b"curl",
        b"echo",
        b"rm",
        b"cd",
        b"cp",
        b"mv",
        b"chmod",
        b"nc",
        b"bash",
        b"sh",
        b"python",
        b"perl",
        b"php",
        b"powershell",
        b"cmd",
        b"tar",
        b"zip",
        b"find",
        b"hostname",
        b"del",
    ];
    let word = value.split(|c| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty()).unwrap_or_default();
    WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

fn decodes_to_command(value: &[u8]) -> bool {
    let body = value.strip_suffix(b"==").or_else(|| value.strip_suffix(b"=")).unwrap_or(value);
    if value.len() < MIN_BASE64 || !value.len().is_multiple_of(4) {
        return false;
    }
    let mut out = Vec::with_capacity(body.len());
    let (mut bits, mut n) = (0u32, 0);
    for c in body {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(six);
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    out.iter().all(|c| c.is_ascii_graphic() || c.is_ascii_whitespace()) && starts_with_command(&out)
}
