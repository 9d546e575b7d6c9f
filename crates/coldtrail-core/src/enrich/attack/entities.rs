//! HTML entities that attackers hide characters behind: numbers and the names of punctuation.

/// Names whose character means something in a payload, without `&` and `;`. Names are compared without regard to case:
/// `&LT;` and `&lt;` are both accepted by browsers, and a log loses nothing by being generous.
const NAMES: &[(&[u8], u8)] = &[
    (b"amp", b'&'),
    (b"apos", b'\''),
    (b"ast", b'*'),
    (b"bsol", b'\\'),
    (b"colon", b':'),
    (b"comma", b','),
    (b"commat", b'@'),
    (b"dollar", b'$'),
    (b"equals", b'='),
    (b"excl", b'!'),
    (b"grave", b'`'),
    (b"gt", b'>'),
    (b"hat", b'^'),
    (b"lbrack", b'['),
    (b"lcub", b'{'),
    (b"lowbar", b'_'),
    (b"lpar", b'('),
    (b"lsqb", b'['),
    (b"lt", b'<'),
    (b"nbsp", b' '),
    (b"newline", b'\n'),
    (b"num", b'#'),
    (b"percnt", b'%'),
    (b"period", b'.'),
    (b"plus", b'+'),
    (b"quest", b'?'),
    (b"quot", b'"'),
    (b"rbrack", b']'),
    (b"rcub", b'}'),
    (b"rpar", b')'),
    (b"rsqb", b']'),
    (b"semi", b';'),
    (b"sol", b'/'),
    (b"tab", b'\t'),
    (b"verbar", b'|'),
    (b"vert", b'|'),
];

/// Names that browsers accept without the semicolon.
const BARE: &[&[u8]] = &[b"amp", b"gt", b"lt", b"nbsp", b"quot"];

const MAX_NAME_BYTES: usize = 8;
/// Leading zeros are free in HTML; a character needs no more digits than this even so.
const MAX_DIGITS: usize = 40;

/// The character of the entity at the start of `at` (which begins with `&`) and the bytes it takes.
pub(super) fn entity(at: &[u8]) -> Option<(u32, usize)> {
    let rest = at.get(1..)?;
    match rest.first()? {
        b'#' => numeric(rest.get(1..)?).map(|(c, n)| (c, n + 2)),
        _ => named(rest).map(|(c, n)| (u32::from(c), n + 1)),
    }
}

fn numeric(at: &[u8]) -> Option<(u32, usize)> {
    let (radix, skip) = if matches!(at.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let digits = &at[skip..];
    let n = digits.iter().take(MAX_DIGITS).take_while(|c| (**c as char).is_digit(radix)).count();
    if n == 0 {
        return None;
    }
    let code = digits[..n].iter().fold(0u32, |v, c| {
        v.saturating_mul(radix).saturating_add((*c as char).to_digit(radix).unwrap_or_default())
    });
    let end = skip + n;
    (code < 0x11_0000).then_some((code, end + usize::from(at.get(end) == Some(&b';'))))
}

fn named(at: &[u8]) -> Option<(u8, usize)> {
    let n = at.iter().take(MAX_NAME_BYTES).take_while(|c| c.is_ascii_alphabetic()).count();
    let name = &at[..n];
    if at.get(n) == Some(&b';') {
        return NAMES.iter().find(|(k, _)| name.eq_ignore_ascii_case(k)).map(|(_, c)| (*c, n + 1));
    }
    let bare = BARE.iter().find(|k| name.len() >= k.len() && name[..k.len()].eq_ignore_ascii_case(k))?;
    // `&lt` before a letter or `=` is a parameter's name in a URL (`&lte=`, `&gt=`), not an entity.
    let next = at.get(bare.len());
    if next.is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'=') {
        return None;
    }
    NAMES.iter().find(|(k, _)| k == bare).map(|(_, c)| (*c, bare.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<(char, usize)>) {
        assert_eq!(entity(text.as_bytes()), want.map(|(c, n)| (u32::from(c), n)), "{text}");
    }

    #[test]
    fn entities_with_and_without_semicolon() {
        check("&lt;x", Some(('<', 4)));
        check("&LPAR;", Some(('(', 6)));
        check("&#60x", Some(('<', 4)));
        check("&#x3C;", Some(('<', 6)));
        check("&#0000060;", Some(('<', 10)));
        check("&lt <", Some(('<', 3)));
        check("&lte=5", None);
        check("&lt=5", None);
        check("&copy=1", None);
        check("&#;", None);
        check("&#x110000;", None);
        check("&", None);
    }
}
