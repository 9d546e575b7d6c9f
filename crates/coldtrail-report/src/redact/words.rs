//! Words of a text that name somebody or open a door: addresses, known names, e-mail addresses, values of parameters
//! that are called so, tokens that look like nothing else. What stands around them is left as it is: a payload is to
//! be seen.

use super::{Kind, Redactor};
use std::net::{IpAddr, Ipv6Addr};

/// Parameters, cookies and headers whose value lets somebody in.
const SECRETS: [&[u8]; 37] = [
    b"password",
    b"passwd",
    b"passwort",
    b"passphrase",
    b"pass",
    b"pwd",
    b"pw",
    b"secret",
    b"token",
    b"jwt",
    b"auth",
    b"authorization",
    b"apikey",
    b"api_key",
    b"api-key",
    b"x-api-key",
    b"session",
    b"sessionid",
    b"session_id",
    b"sessid",
    b"sid",
    b"connect.sid",
    b"phpsessid",
    b"jsessionid",
    b"asp.net_sessionid",
    b"aspsessionid",
    b"otp",
    b"pin",
    b"ticket",
    b"signature",
    b"sig",
    b"csrf",
    b"xsrf",
    b"nonce",
    b"samlresponse",
    b"samlrequest",
    b"access_key",
];
/// Ends of such names.
const SECRET_ENDS: [&[u8]; 7] =
    [b"token", b"secret", b"password", b"passwd", b"sessid", b"sessionid", b"apikey"];
/// Those whose value is an account.
const USERS: [&[u8]; 16] = [
    b"user",
    b"username",
    b"user_name",
    b"user-name",
    b"user_login",
    b"usr",
    b"uname",
    b"login",
    b"log",
    b"loginname",
    b"account",
    b"email",
    b"e-mail",
    b"mail",
    b"user_email",
    b"remote_user",
];
/// Words before a credential.
const SCHEMES: [&[u8]; 3] = [b"bearer", b"basic", b"digest"];
/// Longest word that is looked up, bytes.
const MAX_WORD_BYTES: usize = 512;
/// Hexadecimal digits of which an id is long enough to let somebody in.
const MIN_HEX_DIGITS: usize = 32;

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-' | b'@') || c >= 0x80
}

fn is_value(c: u8) -> bool {
    is_word(c) || matches!(c, b'+' | b'/' | b'=' | b'~' | b'%' | b'!' | b'$' | b'*')
}

impl Redactor {
    pub(super) fn words(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            if let Some((address, len)) = address_at(text, at) {
                if super::names_nobody(address) {
                    out.extend_from_slice(&text[at..at + len]);
                } else {
                    out.extend(self.address(address).to_string().into_bytes());
                }
                at += len;
                continue;
            }
            if is_word(text[at]) && (at == 0 || !is_word(text[at - 1])) {
                let rest = &text[at..];
                let len = rest.iter().position(|c| !is_word(*c)).unwrap_or(rest.len());
                if let Some(taken) = self.word(&rest[..len], &rest[len..], &mut out) {
                    at += taken;
                    continue;
                }
            }
            out.push(text[at]);
            at += 1;
        }
        out
    }

    /// Writes what a word becomes; how many bytes of the text that is. None if it stays.
    fn word(&mut self, word: &[u8], after: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        if word.len() > MAX_WORD_BYTES {
            return None;
        }
        let lower = word.to_ascii_lowercase();
        let (bare, end) = match lower.iter().rposition(|c| *c != b'.') {
            Some(last) => lower.split_at(last + 1),
            None => return None,
        };
        let kind = self.known.get(bare).copied().or_else(|| shape(bare));
        if let Some(kind) = kind {
            let original = if kind == Kind::Token { &word[..bare.len()] } else { bare };
            out.extend(self.pseudonym(kind, original).into_bytes());
            out.extend_from_slice(end);
            return Some(word.len());
        }
        let (kind, gap) = parameter(&lower, after)?;
        let value = &after[gap..];
        let len = value.iter().position(|c| !is_value(*c)).unwrap_or(value.len());
        // `%27` begins a payload as `'` does.
        let len = value[..len].windows(3).position(is_escaped_mark).unwrap_or(len);
        if len == 0 {
            return None;
        }
        let value = &value[..len];
        out.extend_from_slice(word);
        out.extend_from_slice(&after[..gap]);
        let original = if kind == Kind::User { value.to_ascii_lowercase() } else { value.to_vec() };
        out.extend(self.pseudonym(kind, &original).into_bytes());
        Some(word.len() + gap + len)
    }
}

/// `%27`, `%3C` and the like: what no account and no token has.
fn is_escaped_mark(three: &[u8]) -> bool {
    matches!(three, [b'%', b'2', b'0' | b'2' | b'7' | b'8' | b'9'] | [b'%', b'3', _])
}

/// What a name with a value after it says of the value, and how many bytes stand between the two.
fn parameter(name: &[u8], after: &[u8]) -> Option<(Kind, usize)> {
    if SCHEMES.contains(&name) {
        let gap = after.iter().take_while(|c| **c == b' ').count();
        return (gap == 1).then_some((Kind::Token, gap));
    }
    let kind = if SECRETS.contains(&name) || SECRET_ENDS.iter().any(|end| name.ends_with(end)) {
        Kind::Token
    } else if USERS.contains(&name) {
        Kind::User
    } else {
        return None;
    };
    let mut gap = 0;
    let mut skip = |c: u8| {
        let is_there = after.get(gap) == Some(&c);
        gap += usize::from(is_there);
        is_there
    };
    // `name=`, `name]=`, `"name": "`
    skip(b']');
    let is_quoted = skip(b'"');
    let has_value = skip(b'=') || (is_quoted && skip(b':'));
    if !has_value {
        return None;
    }
    while skip(b' ') {}
    skip(b'"');
    Some((kind, gap))
}

/// A word that is known by how it looks.
fn shape(word: &[u8]) -> Option<Kind> {
    if let Some(i) = word.iter().position(|c| *c == b'@') {
        let domain = &word[i + 1..];
        let is_mail =
            i > 0 && domain.contains(&b'.') && !domain.contains(&b'@') && domain.first() != Some(&b'.');
        return is_mail.then_some(Kind::User);
    }
    let is_jwt = word.starts_with(b"eyj") && word.iter().filter(|c| **c == b'.').count() == 2;
    let stem = word.split(|c| *c == b'.').next().unwrap_or_default();
    let digits = stem.iter().filter(|c| c.is_ascii_hexdigit()).count();
    let is_hex = digits >= MIN_HEX_DIGITS && stem.iter().all(|c| c.is_ascii_hexdigit() || *c == b'-');
    (is_jwt || is_hex).then_some(Kind::Token)
}

/// An address that begins here and ends where it ends, and its length.
fn address_at(text: &[u8], at: usize) -> Option<(IpAddr, usize)> {
    let c = text[at];
    if !c.is_ascii_hexdigit() && c != b':' {
        return None;
    }
    let before = at.checked_sub(1).map(|i| text[i]);
    ipv6_at(text, at, before).or_else(|| ipv4_at(text, at, before))
}

fn ipv4_at(text: &[u8], at: usize, before: Option<u8>) -> Option<(IpAddr, usize)> {
    let is_inside = |i: usize| text.get(i).is_some_and(u8::is_ascii_digit);
    if !is_inside(at)
        || before.is_some_and(|c| c.is_ascii_digit())
        || (before == Some(b'.') && at >= 2 && is_inside(at - 2))
    {
        return None;
    }
    let mut octets = [0u8; 4];
    let mut end = at;
    for (i, octet) in octets.iter_mut().enumerate() {
        if i > 0 {
            if text.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        let len = text.get(end..)?.iter().take(4).take_while(|c| c.is_ascii_digit()).count();
        *octet = std::str::from_utf8(text.get(end..end + len)?).ok()?.parse().ok()?;
        end += len;
    }
    let goes_on = is_inside(end) || (text.get(end) == Some(&b'.') && is_inside(end + 1));
    (!goes_on).then_some((IpAddr::from(octets), end - at))
}

fn ipv6_at(text: &[u8], at: usize, before: Option<u8>) -> Option<(IpAddr, usize)> {
    /// Of an address with an IPv4 address at its end.
    const MAX_BYTES: usize = 45;
    if before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, b':' | b'_')) {
        return None;
    }
    let is_of = |c: &u8| c.is_ascii_hexdigit() || matches!(c, b':' | b'.');
    let run = text.get(at..)?;
    let len = run.iter().take(MAX_BYTES + 1).take_while(|c| is_of(c)).count();
    let run = &run[..len];
    let run = run.strip_suffix(b".").unwrap_or(run);
    let colons = run.iter().filter(|c| **c == b':').count();
    let follows = text.get(at + run.len());
    if colons < 2 || len > MAX_BYTES || follows.is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_') {
        return None;
    }
    // A colon behind it is not of it.
    let run = match run.strip_suffix(b":") {
        Some(rest) if !rest.ends_with(b":") => rest,
        _ => run,
    };
    let address: Ipv6Addr = std::str::from_utf8(run).ok()?.parse().ok()?;
    Some((IpAddr::V6(address).to_canonical(), run.len()))
}
