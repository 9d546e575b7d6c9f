//! The values inside a field: pairs of a query, of a form, of a cookie; strings of JSON; parts of a multipart body.

/// Values of one field that are looked at one by one; what follows is one more value. A form has no more fields than
/// this in practice (PHP stops at 1000), and a hostile one must not cost more than its bytes.
const MAX_VALUES: usize = 256;
/// Keys that are compared for repetition; beyond it repeats are not joined.
const MAX_JOINED_KEYS: usize = 64;

/// A key (empty if there is none) and its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pair<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl Pair<'_> {
    /// A key of ordinary characters. A payload may stand in the key or reach over the equals sign.
    pub(super) fn plain_key(&self) -> bool {
        self.key
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']' | b':'))
    }
}

/// Splits `a=1&b=2`. An ampersand that begins an HTML entity does not separate.
pub(super) fn query(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut rest = Some(text);
    let mut n = 0;
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let end = if n < MAX_VALUES { ampersand(text) } else { None };
            let piece = end.map_or(text, |e| &text[..e]);
            rest = end.map(|e| &text[e + 1..]);
            n += 1;
            if !piece.is_empty() {
                return Some(pair(piece));
            }
        }
    })
}

fn pair(piece: &[u8]) -> Pair<'_> {
    match memchr::memchr(b'=', piece) {
        Some(at) => Pair { key: &piece[..at], value: &piece[at + 1..], whole: piece },
        None => Pair { key: b"", value: piece, whole: piece },
    }
}

/// The next ampersand that separates.
fn ampersand(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'&', text).find(|at| separates(&text[at + 1..]))
}

/// Does an ampersand before this text separate two values? Not if it begins an entity.
fn separates(after: &[u8]) -> bool {
    let name = after.iter().take(9).take_while(|c| c.is_ascii_alphabetic()).count();
    let is_entity = after.first() == Some(&b'#') || name > 1 && after.get(name) == Some(&b';');
    !is_entity
}

/// Is every ampersand of this query one between two values? Then no value has one that is not written otherwise.
pub(super) fn splits_at_every_ampersand(text: &[u8]) -> bool {
    let mut n = 0;
    memchr::memchr_iter(b'&', text).all(|at| {
        n += 1;
        n < MAX_VALUES && separates(&text[at + 1..])
    })
}

/// Values of keys that are given more than once, joined by commas as some servers do (parameter pollution).
pub(super) fn repeated(text: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    if memchr::memchr(b'&', text).is_none() {
        return;
    }
    let pairs: Vec<Pair<'_>> = query(text).take(MAX_JOINED_KEYS).filter(|p| !p.key.is_empty()).collect();
    for (i, p) in pairs.iter().enumerate() {
        if pairs[..i].iter().any(|o| o.key == p.key) {
            continue;
        }
        let mut same = pairs[i + 1..].iter().filter(|o| o.key == p.key).peekable();
        if same.peek().is_some() {
            let mut joined = p.value.to_vec();
            for o in same {
                joined.push(b',');
                joined.extend_from_slice(o.value);
            }
            each(p.key, &joined);
        }
    }
}

/// Splits `a=1; b=2`.
pub(super) fn cookies(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    text.splitn(MAX_VALUES, |b| *b == b';').map(<[u8]>::trim_ascii).filter(|p| !p.is_empty()).map(pair)
}

/// Parameters of a path: `/a;x=1/b;y` has `x=1` and `y`.
pub(super) fn path_parameters(path: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let path = if path.contains(&b';') { path } else { b"" };
    path.split(|b| *b == b'/')
        .filter(|s| s.contains(&b';'))
        .flat_map(|s| s.split(|b| *b == b';').skip(1))
        .take(MAX_VALUES)
        .filter(|p| !p.is_empty())
        .map(pair)
}

/// What a request body is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    Form,
    Json,
    Multipart,
    Xml,
    Text,
}

impl Body {
    pub(super) fn of(text: &[u8]) -> Self {
        let text = text.trim_ascii_start();
        match text.first() {
            Some(b'{' | b'[') if text.contains(&b'"') || text.len() < 3 => Self::Json,
            Some(b'<') if is_xml(text) => Self::Xml,
            Some(b'<') => Self::Text,
            Some(b'-') if text.starts_with(b"--") && memchr::memmem::find(text, b"ontent-").is_some() => {
                Self::Multipart
            }
            _ => match memchr::memchr2(b'=', b'&', text) {
                Some(at) if text[at] == b'=' && at <= 128 => Self::Form,
                _ => Self::Text,
            },
        }
    }
}

/// A document rather than a scrap of markup: it says that it is XML, or names its namespaces.
fn is_xml(text: &[u8]) -> bool {
    let head = &text[..text.len().min(512)];
    head.starts_with(b"<?xml")
        || memchr::memmem::find(head, b"xmlns").is_some()
        || memchr::memmem::find(head, b"<methodCall").is_some()
}

/// The text nodes and attribute values of XML.
pub(super) fn xml(text: &[u8], mut each: impl FnMut(&[u8])) {
    let mut n = 0;
    for piece in text.split(|b| *b == b'<') {
        let (tag, node) = match memchr::memchr(b'>', piece) {
            Some(at) => (&piece[..at], piece[at + 1..].trim_ascii()),
            None => (&b""[..], piece.trim_ascii()),
        };
        let declares = tag.first().is_some_and(|c| matches!(c, b'?' | b'!' | b'/'));
        let attributes = if declares { &b""[..] } else { tag };
        for value in
            attributes.split(|b| matches!(b, b'"' | b'\'')).skip(1).step_by(2).chain(std::iter::once(node))
        {
            if !value.is_empty() {
                each(value);
                n += 1;
            }
        }
        if n >= MAX_VALUES {
            return;
        }
    }
}

/// The strings of a JSON text: `each(key, value)` with the nearest key. Escapes are left to the normaliser, except the
/// quotes that they protect.
pub(super) fn json(text: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    let (mut key, mut i, mut n): (Vec<u8>, usize, usize) = (Vec::new(), 0, 0);
    while let Some(open) = memchr::memchr(b'"', text.get(i..).unwrap_or_default()) {
        let start = i + open + 1;
        let mut value = Vec::new();
        let mut at = start;
        while let Some(&b) = text.get(at) {
            match b {
                b'"' => break,
                b'\\' => match text.get(at + 1) {
                    Some(b'n') => value.push(b'\n'),
                    Some(b'r') => value.push(b'\r'),
                    Some(b't') => value.push(b'\t'),
                    Some(c @ (b'"' | b'\\' | b'/')) => value.push(*c),
                    Some(c) => value.extend_from_slice(&[b'\\', *c]),
                    None => {}
                },
                _ => value.push(b),
            }
            at += if b == b'\\' { 2 } else { 1 };
        }
        i = at + 1;
        n += 1;
        let is_key = text.get(i..).unwrap_or_default().trim_ascii_start().first() == Some(&b':');
        if is_key {
            if value.iter().any(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-' | b' ')) {
                let raw = text.get(start..text.len().min(at + 2)).unwrap_or_default();
                each(b"", raw);
            }
            key = value;
        } else {
            each(&key, &value);
        }
        if n >= MAX_VALUES {
            each(b"", text.get(i..).unwrap_or_default());
            return;
        }
    }
}

/// The parts of a multipart body: `each(name, headers, content)`.
pub(super) fn multipart(text: &[u8], mut each: impl FnMut(&[u8], &[u8], &[u8])) {
    let text = text.trim_ascii_start();
    let line = memchr::memchr2(b'\r', b'\n', text).unwrap_or(text.len());
    let boundary = &text[..line];
    let mut rest = &text[line..];
    for _ in 0..MAX_VALUES {
        let end = memchr::memmem::find(rest, boundary);
        let part = end.map_or(rest, |e| &rest[..e]);
        let (headers, content) = match memchr::memmem::find(part, b"\r\n\r\n") {
            Some(at) => (&part[..at], &part[at + 4..]),
            None => match memchr::memmem::find(part, b"\n\n") {
                Some(at) => (&part[..at], &part[at + 2..]),
                None => (part, &b""[..]),
            },
        };
        let name = memchr::memmem::find(headers, b"name=\"")
            .map_or(&b""[..], |at| headers[at + 6..].split(|b| *b == b'"').next().unwrap_or_default());
        each(name, headers.trim_ascii(), content.trim_ascii_end());
        match end {
            Some(e) if !boundary.is_empty() => rest = &rest[e + boundary.len()..],
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &[(&str, &str)]) {
        let got: Vec<(String, String)> = query(text.as_bytes())
            .map(|p| {
                (String::from_utf8_lossy(p.key).into_owned(), String::from_utf8_lossy(p.value).into_owned())
            })
            .collect();
        let got: Vec<(&str, &str)> = got.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn splits_queries() {
        check("a=1&b=2=3&c", &[("a", "1"), ("b", "2=3"), ("", "c")]);
        check("a=&#60;x&lt;y&b=1", &[("a", "&#60;x&lt;y"), ("b", "1")]);
        check("&&a=1&copy=2", &[("a", "1"), ("copy", "2")]);
        assert!(query(&b"a&".repeat(100_000)).count() <= MAX_VALUES + 1);
    }

    #[test]
    fn joins_repeated_keys() {
        let mut got = Vec::new();
        repeated(b"a=1&b=x&a=2&a=3", |k, v| got.push((k.to_vec(), v.to_vec())));
        assert_eq!(got, [(b"a".to_vec(), b"1,2,3".to_vec())]);
    }

    #[test]
    fn reads_bodies() {
        assert_eq!(Body::of(b"a=1&b=2"), Body::Form);
        assert_eq!(Body::of(b" {\"a\":1}"), Body::Json);
        assert_eq!(Body::of(b"<a>"), Body::Text);
        assert_eq!(Body::of(b"hello"), Body::Text);
        let mut got = Vec::new();
        json(br#"{"a":"x\"y\u0027","b":["1","2\n"],"$ne":"z"#, |k, v| got.push((k.to_vec(), v.to_vec())));
        let want: [(&[u8], &[u8]); 5] =
            [(b"a", b"x\"y\\u0027"), (b"b", b"1"), (b"b", b"2\n"), (b"", b"$ne\":"), (b"$ne", b"z")];
        assert_eq!(got.iter().map(|(k, v)| (k.as_slice(), v.as_slice())).collect::<Vec<_>>(), want);
        let body = b"--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.php\"\r\n\r\n<?php\r\n--X--\r\n";
        assert_eq!(Body::of(body), Body::Multipart);
        let mut names = Vec::new();
        multipart(body, |name, _, content| names.push((name.to_vec(), content.to_vec())));
        assert!(names.contains(&(b"f".to_vec(), b"<?php".to_vec())), "{names:?}");
    }

    #[test]
    fn finds_path_parameters() {
        let got: Vec<Vec<u8>> = path_parameters(b"/a;x=1/b;y/c").map(|p| p.whole.to_vec()).collect();
        assert_eq!(got, [b"x=1".to_vec(), b"y".to_vec()]);
    }
}
