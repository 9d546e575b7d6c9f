//! Known bad addresses, names and URLs, and a fast way to look them up.

mod json;
mod list;
mod rule;
mod spelling;

pub(crate) use spelling::refang;

use crate::record::ClientKey;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use spelling::{bits_of, is_domain, is_hash, is_range, network, split_url, without_port};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What an indicator names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IndicatorKind {
    /// A name and all names below it.
    Domain,
    Address,
    /// A range of addresses.
    Network,
    /// Host and path; a path that ends in `/` or `*` stands for all below it.
    Url,
}

/// One indicator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Indicator {
    /// In one spelling: lower case, not defanged.
    pub text: String,
    pub kind: IndicatorKind,
    /// The list it is from.
    pub source: String,
    pub limits: Limits,
}

/// What its list says against an indicator.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Why it weighs less: `confidence 25 of 100`, `not meant for detection`.
    pub doubt: Option<String>,
    /// Microseconds since 1970 from which on it no longer holds.
    pub valid_until_us: Option<i64>,
}

impl Limits {
    /// Confidence from which on an indicator weighs in full, of 100.
    const MIN_CONFIDENCE: u64 = 50;

    /// The doubt that a list's confidence in an indicator comes to.
    fn doubt_of(confidence: u64) -> Option<String> {
        (confidence < Self::MIN_CONFIDENCE).then(|| format!("confidence {confidence} of 100"))
    }
}

/// The text of a list: UTF-16 by its mark, as Windows writes it, else UTF-8.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let units = |of: fn([u8; 2]) -> u16| -> Vec<u16> {
        bytes.get(2..).unwrap_or_default().chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => Cow::Owned(String::from_utf16_lossy(&units(u16::from_le_bytes))),
        [0xfe, 0xff, ..] => Cow::Owned(String::from_utf16_lossy(&units(u16::from_be_bytes))),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Where readers of lists put what they find.
struct Reader<'a> {
    into: &'a mut Indicators,
    source: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, text: &str, limits: &Limits) -> bool {
        self.into.add(text, self.source, limits)
    }

    /// Notes a line or value that is no indicator.
    fn unread(&mut self, text: &str) {
        self.into.n_unread += 1;
        if self.into.unread.len() < Indicators::MAX_UNREAD {
            self.into.unread.push(format!("{}: {}", self.source, text.chars().take(120).collect::<String>()));
        }
    }
}

/// All indicators of a run.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Indicators {
    all: Vec<Indicator>,
    domains: HashMap<String, u32, RandomState>,
    /// Host and path.
    urls: HashMap<String, u32, RandomState>,
    url_prefixes: BTreeMap<String, u32>,
    /// First and last address, sorted; ranges may nest.
    ranges: Vec<(u128, u128, u32)>,
    /// Largest last address among the ranges up to this one.
    reach: Vec<u128>,
    /// Single addresses, to know doubles.
    addresses: HashMap<u128, u32, RandomState>,
    n_hashes: usize,
    /// Lines that were not understood, the first hundred, with the list.
    unread: Vec<String>,
    n_unread: usize,
}

/// How many of what kind were read.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct IndicatorCounts {
    pub domains: usize,
    pub addresses: usize,
    pub networks: usize,
    pub urls: usize,
    /// Of files: not in any web log, so not looked for.
    pub hashes: usize,
    pub unread: usize,
}

impl Indicators {
    /// Cap on remembered lines that were not understood, lines; the count is exact.
    const MAX_UNREAD: usize = 100;

    /// Reads a list by what it holds: lines or tables of indicators (hosts files, URLhaus, ThreatFox), JSON (MISP, STIX 2.1,
    /// ThreatFox, OTX), rules of Suricata and Snort. All spellings, also defanged.
    pub fn parse(text: &[u8], source_name: &str) -> Self {
        let mut indicators = Self::default();
        let text = decoded(text);
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader { into: &mut indicators, source: source_name };
        if !json::read(text, &mut reader) {
            list::read(text, &mut reader);
        }
        indicators.settle();
        indicators
    }

    /// Takes in another list; an indicator of both keeps its first source.
    pub fn merge(&mut self, other: Self) {
        if self.all.is_empty() {
            let (n_hashes, n_unread, unread) =
                (self.n_hashes, self.n_unread, std::mem::take(&mut self.unread));
            *self = other;
            self.n_hashes += n_hashes;
            self.n_unread += n_unread;
            self.unread.splice(0..0, unread);
            self.unread.truncate(Self::MAX_UNREAD);
            return;
        }
        for one in other.all {
            self.add(&one.text, &one.source, &one.limits);
        }
        self.n_hashes += other.n_hashes;
        self.n_unread += other.n_unread;
        self.unread.extend(other.unread);
        self.unread.truncate(Self::MAX_UNREAD);
        self.settle();
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, index: u32) -> Option<&Indicator> {
        self.all.get(index as usize)
    }

    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    pub fn counts(&self) -> IndicatorCounts {
        let of = |kind| self.all.iter().filter(|i| i.kind == kind).count();
        IndicatorCounts {
            domains: of(IndicatorKind::Domain),
            addresses: of(IndicatorKind::Address),
            networks: of(IndicatorKind::Network),
            urls: of(IndicatorKind::Url),
            hashes: self.n_hashes,
            unread: self.n_unread,
        }
    }

    /// The indicator for a host: its own name or a parent, or its address.
    pub fn host(&self, host: &[u8]) -> Option<u32> {
        let text = std::str::from_utf8(host).ok()?.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.address(ip);
        }
        let mut name = text.as_str();
        loop {
            if let Some(index) = self.domains.get(name) {
                return Some(*index);
            }
            name = name.split_once('.')?.1;
        }
    }

    /// The narrowest indicator for an address.
    pub fn address(&self, ip: IpAddr) -> Option<u32> {
        let bits = bits_of(ip);
        let mut at = self.ranges.partition_point(|r| r.0 <= bits);
        let mut best: Option<(u128, u32)> = None;
        while at > 0 && self.reach[at - 1] >= bits {
            at -= 1;
            let (from, to, index) = self.ranges[at];
            if to >= bits && best.is_none_or(|b| to - from < b.0) {
                best = Some((to - from, index));
            }
        }
        best.map(|b| b.1)
    }

    pub fn client(&self, client: ClientKey) -> Option<u32> {
        self.address(client.ip()?)
    }

    /// The indicator for a host with a path.
    pub fn url(&self, host: &[u8], path: &[u8]) -> Option<u32> {
        if self.urls.is_empty() && self.url_prefixes.is_empty() {
            return None;
        }
        let host = String::from_utf8_lossy(host).to_ascii_lowercase();
        let path = String::from_utf8_lossy(path);
        let url = format!("{host}{}", if path.is_empty() { "/" } else { &path });
        if let Some(index) = self.urls.get(&url) {
            return Some(*index);
        }
        // Prefixes end at a slash: the folders of the path from the longest on.
        url.match_indices('/').rev().find_map(|(at, _)| self.url_prefixes.get(url.get(..=at)?).copied())
    }

    pub fn has_urls(&self) -> bool {
        !self.urls.is_empty() || !self.url_prefixes.is_empty()
    }

    /// False where the text is none.
    fn add(&mut self, text: &str, source: &str, limits: &Limits) -> bool {
        let text = refang(text);
        let text = without_port(&text);
        let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if is_hash(text) {
            self.n_hashes += 1;
            return true;
        }
        let next = self.all.len() as u32;
        let (kind, text) = if let Ok(ip) = text.parse::<IpAddr>() {
            let bits = bits_of(ip);
            if ip.is_unspecified() || ip.is_loopback() {
                return false;
            }
            if let Some(known) = self.addresses.get(&bits) {
                self.weigh(*known, limits);
                return true;
            }
            self.addresses.insert(bits, next);
            self.ranges.push((bits, bits, next));
            (IndicatorKind::Address, ip.to_string())
        } else if let Some((from, to, text)) = network(text) {
            self.ranges.push((from, to, next));
            (IndicatorKind::Network, text)
        } else if is_range(text) {
            return false;
        } else if let Some((host, path)) = split_url(text) {
            let is_prefix = path.ends_with('*') || (path.len() > 1 && path.ends_with('/'));
            let path = path.trim_end_matches('*');
            if (path.is_empty() || path == "/") && text.contains('?') {
                // One query of a front page does not stand for its host, and a page is known by its path alone.
                return false;
            }
            if path.is_empty() || path == "/" {
                // The front page of a host stands for the host.
                return self.add(without_port(&host), source, limits);
            }
            let host = host.split(':').next().unwrap_or_default();
            let url = format!("{host}{path}");
            if let Some(known) = self.urls.get(&url).or_else(|| self.url_prefixes.get(&url)) {
                self.weigh(*known, limits);
                return true;
            }
            if is_prefix {
                self.url_prefixes.insert(url.clone(), next);
            } else {
                self.urls.insert(url.clone(), next);
            }
            (IndicatorKind::Url, url)
        } else if is_domain(text) {
            let name = text.trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
            if let Some(known) = self.domains.get(&name) {
                self.weigh(*known, limits);
                return true;
            }
            self.domains.insert(name.clone(), next);
            (IndicatorKind::Domain, name)
        } else {
            return false;
        };
        self.all.push(Indicator { text, kind, source: source.to_owned(), limits: limits.clone() });
        true
    }

    /// A second list that does not doubt an indicator outweighs one that does.
    fn weigh(&mut self, known: u32, limits: &Limits) {
        if *limits == Limits::default() {
            self.all[known as usize].limits = Limits::default();
        }
    }

    fn settle(&mut self) {
        self.ranges.sort_unstable();
        self.ranges.dedup_by_key(|r| (r.0, r.1));
        let mut reach = 0;
        self.reach = self
            .ranges
            .iter()
            .map(|r| {
                reach = r.1.max(reach);
                reach
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# feed\nhxxp://bad[.]example/mal.exe\nEvil(dot)example # c2\n203.0.113[.]9\n198.51.100.0/24\n\
                        198.51.100.128/25\nhttp://192.0.2.7:8080/a/\n44d88612fea8a8f36de82e1278abb02f\nnot an indicator\n\
                        2001:db8::/32\n*.wild.example\nhttp://front.example/\n";

    #[test]
    fn reads_plain_lists() {
        let list = Indicators::parse(LIST.as_bytes(), "feed.txt");
        let want = IndicatorCounts { domains: 3, addresses: 1, networks: 3, urls: 2, hashes: 1, unread: 1 };
        assert_eq!(list.counts(), want);
        assert_eq!(list.unread(), ["feed.txt: not an indicator"]);
        let sure = b"bad.example\n203.0.113.9\nhttp://b.example/x\n";
        let doubted = b"indicator,confidence\nbad.example,20\n203.0.113.9,20\nhttp://b.example/x,20\n";
        for order in [[&sure[..], doubted], [doubted, sure]] {
            let mut both = Indicators::parse(order[0], "a");
            both.merge(Indicators::parse(order[1], "b"));
            assert_eq!(
                (both.len(), both.all.iter().filter(|one| one.limits.doubt.is_some()).count()),
                (3, 0)
            );
        }
        let mut twice = list.clone();
        twice.merge(list.clone());
        assert_eq!((twice.counts().domains, twice.counts().urls), (3, 2));
    }

    #[test]
    fn looks_up() {
        let list = Indicators::parse(LIST.as_bytes(), "feed.txt");
        let text = |i: Option<u32>| i.and_then(|i| list.get(i)).map_or("-", |i| i.text.as_str());
        assert_eq!(text(list.host(b"www.EVIL.example")), "evil.example");
        assert_eq!(text(list.host(b"notevil.example")), "-");
        assert_eq!(text(list.host(b"bad.example")), "-");
        assert_eq!(text(list.url(b"bad.example", b"/mal.exe")), "bad.example/mal.exe");
        assert_eq!(text(list.url(b"bad.example", b"/mal.exe2")), "-");
        assert_eq!(text(list.url(b"192.0.2.7", b"/a/b")), "192.0.2.7/a/");
        assert_eq!(text(list.host(b"198.51.100.200")), "198.51.100.128/25");
        assert_eq!(text(list.client(ClientKey::parse(b"198.51.100.2"))), "198.51.100.0/24");
        assert_eq!(text(list.client(ClientKey::parse(b"2001:db8:1::2"))), "2001:db8::/32");
        assert_eq!(text(list.client(ClientKey::parse(b"8.8.8.8"))), "-");
        assert_eq!(text(list.host(b"front.example")), "front.example");
        assert_eq!(text(list.host(b"a.wild.example")), "wild.example");
    }
}
