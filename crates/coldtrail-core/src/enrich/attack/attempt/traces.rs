//! What a payload names: commands, files, and hosts that are to be called.

use super::super::class::{Class, ClassSet};
use super::finder::Finder;
use super::{Text, has};
use crate::enrich::command::is_command_word;
use crate::record::printable;
use memchr::memmem::{find, find_iter, rfind};
use std::net::IpAddr;
use std::sync::LazyLock;

/// Cap on a command, a file or hidden text that is shown, characters.
const MAX_SHOWN: usize = 80;
/// Cap on what is taken from one value of each kind, entries.
const MAX_SEEN: usize = 8;
/// Cap on a name of a host, bytes (RFC 1035).
const MAX_HOST: usize = 253;

/// What one text names, in its order.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) commands: Vec<String>,
    pub(super) files: Vec<String>,
    /// Public hosts.
    pub(super) hosts: Vec<String>,
    /// All hosts, also `localhost` and those of private networks.
    pub(super) called: Vec<String>,
    /// Where a shell is to be opened to.
    pub(super) shells: Vec<String>,
}

/// Classes by which something is run, is read, and is called.
const RUNS: [Class; 7] = [
    Class::Cmdi,
    Class::Shellshock,
    Class::CodeInjection,
    Class::Ssti,
    Class::Ssi,
    Class::Cve,
    Class::Deserialisation,
];
const READS: [Class; 4] = [Class::Lfi, Class::Xxe, Class::Ssrf, Class::Cve];
const CALLS: [Class; 8] = [
    Class::Jndi,
    Class::Rfi,
    Class::Ssrf,
    Class::Xxe,
    Class::Xss,
    Class::OpenRedirect,
    Class::Sqli,
    Class::Cve,
];

/// What runs its argument.
const RUN: [&str; 13] = [
    "system(",
    "exec(",
    "passthru(",
    "popen(",
    "proc_open(",
    "check_output(",
    "getoutput(",
    "execsync(",
    "spawnsync(",
    "xp_cmdshell(",
    "xp_cmdshell ",
    "#exec cmd=",
    "expect://",
];

static RUN_FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(std::iter::once(&RUN[..])));

fn any(classes: ClassSet, of: &[Class]) -> bool {
    of.iter().any(|c| classes.contains(*c))
}

impl Seen {
    pub(super) fn of(text: &Text, key: &[u8], classes: ClassSet) -> Self {
        let mut seen = Self::default();
        if any(classes, &RUNS) {
            seen.pieces(&text.shell(), classes.contains(Class::Cmdi) || is_argument(key));
        }
        seen.arguments(text);
        if any(classes, &READS) {
            seen.read(text);
        }
        if any(classes, &CALLS) || any(classes, &RUNS) {
            let plain = if classes.contains(Class::Jndi) { resolved(text) } else { None };
            seen.urls(plain.as_ref().unwrap_or(text));
        }
        for list in [&mut seen.commands, &mut seen.files, &mut seen.hosts, &mut seen.called] {
            let mut kept: Vec<String> = Vec::new();
            for text in list.drain(..) {
                if kept.len() < MAX_SEEN && !kept.contains(&text) {
                    kept.push(text);
                }
            }
            *list = kept;
        }
        seen
    }

    /// Commands behind the separators of a shell; the first piece counts only where the value is one.
    fn pieces(&mut self, text: &Text, from_start: bool) {
        let mut start = 0;
        for end in 0..=text.shown.len() {
            let b = text.shown.get(end).copied().unwrap_or(b';');
            let is_redirect = b == b'&'
                && (text.shown.get(end + 1) == Some(&b'>')
                    || end.checked_sub(1).is_some_and(|i| text.shown[i] == b'>'));
            if !matches!(b, b';' | b'|' | b'&' | b'`' | b'\n' | b'\r' | b'(' | b')') || is_redirect {
                continue;
            }
            if start > 0 || from_start {
                let piece = text.shown[start..end].trim_ascii();
                self.piece(piece.strip_prefix(b"{").unwrap_or(piece).trim_ascii());
            }
            start = end + 1;
        }
    }

    fn piece(&mut self, piece: &[u8]) {
        let mut words = piece.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let Some(command) = words.next() else { return };
        // `/usr/bin/python3` is `python`.
        let name =
            command.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or_default().to_ascii_lowercase();
        let name = name.strip_suffix(b".exe").unwrap_or(&name);
        let is_version = |b: &u8| b.is_ascii_digit() || *b == b'.';
        let bare = &name[..name.iter().rposition(|b| !is_version(b)).map_or(0, |last| last + 1)];
        if !is_command_word(name) && !is_command_word(bare) {
            return;
        }
        const TALKS: [&[u8]; 13] = [
            b"ping",
            b"nslookup",
            b"dig",
            b"host",
            b"nc",
            b"ncat",
            b"netcat",
            b"telnet",
            b"curl",
            b"wget",
            b"ssh",
            b"ftp",
            b"tftp",
        ];
        let talks = TALKS.contains(&name);
        let called: Vec<String> =
            if talks { words.clone().filter_map(host).filter(|h| is_named(h)).collect() } else { Vec::new() };
        let tcp = after(piece, b"/dev/tcp/").and_then(host);
        let is_netcat = matches!(name, b"nc" | b"ncat" | b"netcat")
            && words.clone().any(|w| w.starts_with(b"-") && w.contains(&b'e'));
        if let Some(to) = tcp.or_else(|| called.first().filter(|_| is_netcat).cloned()) {
            self.call(&to);
            self.shells.push(to);
        }
        called.iter().for_each(|h| self.call(h));
        self.commands.push(clip(piece));
    }

    /// Commands that are an argument of the function that runs them.
    fn arguments(&mut self, text: &Text) {
        for at in RUN_FINDER.ends(&text.lower).take(4 * MAX_SEEN) {
            let rest = text.shown[at..].trim_ascii_start();
            let quoted = rest.first().filter(|b| matches!(b, b'\'' | b'"' | b'`'));
            let end = match quoted {
                Some(quote) => rest[1..].iter().position(|b| b == quote).map(|n| n + 1),
                None => Some(
                    rest.iter()
                        .position(|b| !b.is_ascii_graphic() || matches!(b, b')' | b'&'))
                        .unwrap_or(rest.len()),
                ),
            };
            let argument = &rest[usize::from(quoted.is_some())..end.unwrap_or(rest.len())];
            let word = argument.split(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
            if !argument.is_empty() && (quoted.is_some() || is_command_word(&word.to_ascii_lowercase())) {
                self.commands.push(clip(argument));
            }
        }
    }

    /// Files that are climbed to, or named by their whole path.
    fn read(&mut self, text: &Text) {
        const ROOTS: [&[u8]; 8] =
            [b"/etc/", b"/proc/", b"/var/", b"/root/", b"/home/", b"/usr/", b"/opt/", b"/tmp/"];
        const DRIVES: [&[u8]; 4] = [b"c:/", b"c:\\", b"/windows/", b"/winnt/"];
        let behind = |word: &[u8], at: Option<usize>| at.map(|at| at + word.len());
        let climbed =
            [&b"../"[..], b"..\\"].into_iter().filter_map(|up| behind(up, rfind(&text.lower, up))).max();
        let named =
            [&b"file://"[..], b"resource="].into_iter().filter_map(|w| behind(w, find(&text.lower, w)));
        let mut starts: Vec<usize> = climbed.into_iter().chain(named).collect();
        if starts.is_empty() && self.commands.is_empty() {
            starts.extend(ROOTS.iter().chain(&DRIVES).filter_map(|root| find(&text.lower, root)).min());
        }
        for start in starts {
            let rest = &text.shown[start..];
            let is_end = |b: &u8| !b.is_ascii_graphic() && *b < 0x80 || b"'\";|&<>)?#".contains(b);
            let file = &rest[..rest.iter().position(is_end).unwrap_or(rest.len())];
            let file: Vec<u8> = file.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect();
            let file = file.get(file.iter().take_while(|b| **b == b'/').count()..).unwrap_or_default();
            if file.len() < 2 || !file.iter().any(u8::is_ascii_alphabetic) {
                continue;
            }
            let from_root = [&b"/"[..], file].concat();
            let lower = from_root.to_ascii_lowercase();
            let is_root = ROOTS.iter().any(|root| lower.starts_with(root));
            self.files.push(clip(if is_root { &from_root } else { file }));
        }
    }

    fn urls(&mut self, text: &Text) {
        for at in find_iter(&text.shown, b"//") {
            let before = at.checked_sub(1).map(|i| text.shown[i]);
            // `scheme://`, and `//` where a URL may begin.
            if matches!(before, None | Some(b':' | b'=' | b'\'' | b'"' | b'(' | b' ')) {
                host(&text.shown[at + 2..]).into_iter().for_each(|h| self.call(&h));
            }
        }
        for at in find_iter(&text.shown, br"\\") {
            host(&text.shown[at + 2..]).into_iter().filter(|h| is_named(h)).for_each(|h| self.call(&h));
        }
    }

    fn call(&mut self, host: &str) {
        self.called.push(host.to_owned());
        if is_public(host) {
            self.hosts.push(host.to_owned());
        }
    }
}

/// `vars[1][]`, `cmd`: a parameter that hands over what is run.
pub(super) fn is_argument(key: &[u8]) -> bool {
    let name = key.split(|b| *b == b'[').next().unwrap_or_default().to_ascii_lowercase();
    key.contains(&b'[') && name == b"vars" || matches!(&name[..], b"cmd" | b"exec" | b"command")
}

fn after<'a>(text: &'a [u8], part: &[u8]) -> Option<&'a [u8]> {
    find(text, part).map(|at| &text[at + part.len()..])
}

/// The host at the start of what stands behind `//`: user and port are taken off.
fn host(text: &[u8]) -> Option<String> {
    let end =
        text.iter().take(2 * MAX_HOST).position(|b| !b.is_ascii_graphic() || b"/\\?#\"'<>)},;|`".contains(b));
    let authority = &text[..end.unwrap_or(text.len().min(2 * MAX_HOST))];
    let host = authority.rsplit(|b| *b == b'@').next().unwrap_or_default();
    let host = match host {
        [b'[', rest @ ..] => &rest[..rest.iter().position(|b| *b == b']')?],
        _ => host.split(|b| *b == b':').next().unwrap_or_default(),
    };
    let host = host.trim_ascii_start();
    let host = &host[host.iter().take_while(|b| **b == b'.').count()..];
    let host = std::str::from_utf8(host).ok()?.trim_end_matches('.').to_ascii_lowercase();
    (host.parse::<IpAddr>().is_ok() || is_name(&host)).then_some(host)
}

/// Letters, digits, hyphens and underscores between points.
fn is_name(host: &str) -> bool {
    let is_label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    host.len() <= MAX_HOST && host.split('.').all(is_label)
}

/// An address, or a name below a top-level domain.
fn is_named(host: &str) -> bool {
    let last = host.rsplit_once('.').map_or("", |(_, last)| last);
    let is_top = last.starts_with("xn--") || last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    host.parse::<IpAddr>().is_ok() || is_top
}

fn is_public(host: &str) -> bool {
    // The first is in every document's head, as the name of a language.
    const INNER: [&str; 7] = ["www.w3.org", "local", "localdomain", "internal", "lan", "corp", "invalid"];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast())
        }
        Ok(IpAddr::V6(ip)) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local() || ip.is_unique_local())
        }
        Err(_) => {
            is_named(host)
                && !INNER.iter().any(|inner| host == *inner || host.ends_with(&format!(".{inner}")))
        }
    }
}

/// A text for the eye: safe, on one line, short.
pub(super) fn clip(text: &[u8]) -> String {
    // A character has at most 4 bytes; what is longer is cut anyway.
    let text = printable(&text[..text.len().min(4 * (MAX_SHOWN + 1))]);
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    text.chars().take(MAX_SHOWN).chain("...".chars()).collect()
}

/// Lookups of a logger inside other lookups, as it reads them: `${lower:j}` and `${::-j}` are a `j`, `${env:X}` is nothing.
/// None where there are none.
fn resolved(text: &Text) -> Option<Text> {
    /// Cap on lookups, lookups: a disguise has one a letter.
    const MAX_LOOKUPS: usize = 64;
    if !has(&text.lower, "${") {
        return None;
    }
    let mut shown = text.shown.clone();
    for _ in 0..MAX_LOOKUPS {
        // The first closing brace ends the innermost lookup before it, unless that is the one that is meant.
        let is_inner = |open: usize, close: usize| {
            let inside = &shown[open + 2..close];
            !inside.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"jndi:"))
        };
        let Some(close) = memchr::memchr(b'}', &shown) else { break };
        let Some(open) = memchr::memmem::rfind(&shown[..close], b"${") else { break };
        if !is_inner(open, close) {
            break;
        }
        let inside = &shown[open + 2..close];
        let value = match (memchr::memmem::rfind(inside, b":-"), memchr::memrchr(b':', inside)) {
            (Some(at), _) => inside[at + 2..].to_vec(),
            (None, Some(at)) if inside.len() - at <= 9 && at <= 5 => inside[at + 1..].to_vec(),
            _ => Vec::new(),
        };
        shown.splice(open..=close, value);
    }
    Some(Text::new(shown))
}
