//! The many spellings of addresses, names and URLs.

use std::borrow::Cow;
use std::net::IpAddr;

/// Undoes what keeps people from clicking: `hxxp://bad[.]example`, `(dot)`, `[:]`.
pub(crate) fn refang(text: &str) -> Cow<'_, str> {
    let text = text.trim().trim_matches(['<', '>', '"']);
    let is_plain =
        !text.contains(['[', '(', '{', '\\']) && !DEFANGED.iter().any(|(from, _)| starts_with(text, from));
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_owned();
    for (from, to) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[DOT]", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[/]", "/"),
        ("\\.", "."),
        ("[@]", "@"),
    ] {
        out = out.replace(from, to);
    }
    if let Some((from, to)) = DEFANGED.iter().find(|(from, _)| starts_with(&out, from)) {
        out.replace_range(..from.len(), to);
    }
    Cow::Owned(out)
}

/// Schemes that keep people from clicking.
const DEFANGED: [(&str, &str); 4] =
    [("hxxps://", "https://"), ("hxxp://", "http://"), ("meow://", "http://"), ("fxp://", "ftp://")];

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

pub(super) fn bits_of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(a) => u128::from(a.to_ipv6_mapped()),
        IpAddr::V6(a) => u128::from(a),
    }
}

/// `address/number`, whatever the number.
pub(super) fn is_range(text: &str) -> bool {
    text.split_once('/').is_some_and(|(ip, len)| ip.parse::<IpAddr>().is_ok() && len.parse::<u32>().is_ok())
}

pub(super) fn network(text: &str) -> Option<(u128, u128, String)> {
    let (ip, len) = text.split_once('/')?;
    let (ip, len) = (ip.parse::<IpAddr>().ok()?, len.parse::<u32>().ok()?);
    // A list that names more than a hundredth of all addresses is none of bad ones.
    let (min, max) = if ip.is_ipv4() { (8, 32) } else { (16, 128) };
    if !(min..=max).contains(&len) {
        return None;
    }
    let free = max - len;
    let mask = if free >= 128 { u128::MAX } else { (1u128 << free) - 1 };
    let from = bits_of(ip) & !mask;
    Some((from, from | mask, text.to_owned()))
}

/// Host in lower case (with port) and path of a URL, or of `host/path`.
pub(super) fn split_url(text: &str) -> Option<(String, String)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let at = rest.find('/').unwrap_or(rest.len());
    if rest == text && at == rest.len() {
        return None;
    }
    let (host, path) = rest.split_at(at);
    let host = host.rsplit_once('@').map_or(host, |(_, h)| h).to_ascii_lowercase();
    let bare = bare_host(&host);
    if !is_domain(bare) && bare.parse::<IpAddr>().is_err() {
        return None;
    }
    // The query is not part of a page: a URL with one is looked for by its path.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some((host, path.to_owned()))
}

/// The host of `host:port` or `[address]:port`.
pub(super) fn bare_host(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

pub(super) fn is_domain(text: &str) -> bool {
    let text = text.trim_start_matches("*.").trim_matches('.');
    let is_label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && l.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(is_label)
        && text.chars().any(char::is_alphabetic)
}

pub(super) fn is_hash(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64 | 128) && text.bytes().all(|c| c.is_ascii_hexdigit())
}

/// `203.0.113.9:443`, `[2001:db8::1]:443` and `bad.example:8080` without the port.
pub(super) fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port))
            if (!host.contains(':') || host.ends_with(']'))
                && !port.is_empty()
                && port.bytes().all(|c| c.is_ascii_digit()) =>
        {
            host
        }
        _ => text,
    }
}
