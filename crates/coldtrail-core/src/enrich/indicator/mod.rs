//! Known bad addresses, names, URLs and user agents, and a fast way to look them up.

mod json;
mod list;
mod openioc;
mod punycode;
mod rule;
mod spelling;

pub(crate) use spelling::refang;

use crate::record::ClientKey;
use aho_corasick::AhoCorasick;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use punycode::to_ascii;
use spelling::{bare_host, bits_of, is_domain, is_hash, is_range, network, split_url, without_port};
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
    /// A user agent, whole or a part of one, in whatever case.
    Agent,
}

/// One indicator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Indicator {
    /// In one spelling: lower case, not defanged; a user agent as its list writes it.
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

    /// A user agent, or a part of one.
    fn take_agent(&mut self, text: &str, is_part: bool, limits: &Limits) -> bool {
        self.into.add_agent(text, is_part, self.source, limits)
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
    /// In lower case: whole ones, and parts.
    agents: HashMap<String, u32, RandomState>,
    agent_parts: BTreeMap<String, u32>,
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
    pub agents: usize,
    /// Of files: not in any web log, so not looked for.
    pub hashes: usize,
    pub unread: usize,
}

impl Indicators {
    /// Shorter parts are in agents of many kinds, bytes.
    const MIN_AGENT_BYTES: usize = 4;
    /// Cap on remembered lines that were not understood, lines; the count is exact.
    const MAX_UNREAD: usize = 100;

    /// Reads a list by what it holds: lines or tables of indicators (hosts files, URLhaus, ThreatFox), JSON (MISP, STIX 2.1,
    /// ThreatFox, OTX), OpenIOC, rules of Suricata and Snort. All spellings, also defanged.
    pub fn parse(text: &[u8], source_name: &str) -> Self {
        let mut indicators = Self::default();
        let text = decoded(text);
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader { into: &mut indicators, source: source_name };
        if !json::read(text, &mut reader) && !openioc::read(text, &mut reader) {
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
        let parts = other.agent_parts;
        for one in other.all {
            if one.kind == IndicatorKind::Agent {
                let is_part = parts.contains_key(&one.text.to_lowercase());
                self.add_agent(&one.text, is_part, &one.source, &one.limits);
            } else {
                self.add(&one.text, &one.source, &one.limits);
            }
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
            agents: of(IndicatorKind::Agent),
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
        let text = to_ascii(&text);
        let mut name = text.as_ref();
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
        let host = String::from_utf8_lossy(host);
        let host = to_ascii(&host);
        let path = String::from_utf8_lossy(path);
        let url = format!("{host}{}", if path.is_empty() { "/" } else { &path });
        if let Some(index) = self.urls.get(&url) {
            return Some(*index);
        }
        // Prefixes end at a slash: the folders of the path from the longest on.
        url.match_indices('/').rev().find_map(|(at, _)| self.url_prefixes.get(url.get(..=at)?).copied())
    }

    /// Looks user agents up; none if the lists have no agents.
    pub fn agents(&self) -> Option<AgentMatcher<'_>> {
        let is_empty = self.agents.is_empty() && self.agent_parts.is_empty();
        let parts = AhoCorasick::builder().ascii_case_insensitive(true).build(self.agent_parts.keys()).ok();
        (!is_empty).then(|| AgentMatcher {
            whole: &self.agents,
            parts,
            of_part: self.agent_parts.values().copied().collect(),
        })
    }

    pub fn has_urls(&self) -> bool {
        !self.urls.is_empty() || !self.url_prefixes.is_empty()
    }

    /// False where the text cannot tell an agent.
    fn add_agent(&mut self, text: &str, is_part: bool, source: &str, limits: &Limits) -> bool {
        let text = text.trim();
        if text.len() < Self::MIN_AGENT_BYTES {
            return false;
        }
        let lower = text.to_lowercase();
        if let Some(known) = self.agents.get(&lower).or_else(|| self.agent_parts.get(&lower)) {
            self.weigh(*known, limits);
            return true;
        }
        let next = self.all.len() as u32;
        if is_part {
            self.agent_parts.insert(lower, next);
        } else {
            self.agents.insert(lower, next);
        }
        let (text, source) = (text.to_owned(), source.to_owned());
        self.all.push(Indicator { text, kind: IndicatorKind::Agent, source, limits: limits.clone() });
        true
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
                return self.add(&host, source, limits);
            }
            let url = format!("{}{path}", to_ascii(bare_host(&host)));
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
            let name = to_ascii(text.trim_start_matches("*.").trim_matches('.')).into_owned();
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

/// Looks up user agents.
pub struct AgentMatcher<'a> {
    whole: &'a HashMap<String, u32, RandomState>,
    parts: Option<AhoCorasick>,
    of_part: Vec<u32>,
}

impl AgentMatcher<'_> {
    /// The indicator for an agent: the whole of it, else the first part that a list names.
    pub fn find(&self, agent: &[u8]) -> Option<u32> {
        let whole = self.whole.get(&String::from_utf8_lossy(agent).trim().to_lowercase());
        whole.copied().or_else(|| {
            let found = self.parts.as_ref()?.find(agent)?;
            self.of_part.get(found.pattern().as_usize()).copied()
        })
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
        let want = IndicatorCounts {
            domains: 3,
            addresses: 1,
            networks: 3,
            urls: 2,
            agents: 0,
            hashes: 1,
            unread: 1,
        };
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

    #[test]
    fn other_spellings_of_names_and_addresses() {
        let list = "b\u{fc}cher.example\nxn--mnchen-3ya.example\nhttp://B\u{dc}HNE.example/x\n[2001:db8::7]:8443\n\
                    http://[2001:db8::8]:80/a.exe\nhttps://[2001:db8::9]/\n203.0.113.9:80\n";
        let list = Indicators::parse(list.as_bytes(), "x");
        assert_eq!(list.counts().unread, 0, "{:?}", list.unread());
        let text = |i: Option<u32>| i.and_then(|i| list.get(i)).map_or("-", |i| i.text.as_str());
        assert_eq!(text(list.host(b"www.xn--bcher-kva.example")), "xn--bcher-kva.example");
        assert_eq!(text(list.host("B\u{fc}cher.example".as_bytes())), "xn--bcher-kva.example");
        assert_eq!(text(list.host("m\u{fc}nchen.example".as_bytes())), "xn--mnchen-3ya.example");
        assert_eq!(text(list.url(b"xn--bhne-0ra.example", b"/x")), "xn--bhne-0ra.example/x");
        assert_eq!(text(list.host(b"2001:db8::7")), "2001:db8::7");
        assert_eq!(text(list.url(b"2001:db8::8", b"/a.exe")), "2001:db8::8/a.exe");
        assert_eq!(text(list.host(b"2001:db8::9")), "2001:db8::9");
        assert_eq!(text(list.host(b"203.0.113.9")), "203.0.113.9");
    }

    #[test]
    fn agents_whole_and_in_part() {
        let misp = br#"{"Attribute":[{"type":"user-agent","value":"Evil Agent/1"},{"type":"user-agent","value":"x"}]}"#;
        let mut list = Indicators::parse(misp, "misp.json");
        assert_eq!((list.counts().agents, list.counts().unread), (1, 1));
        let rule = br#"alert http any any -> any any (http.user_agent; content:"Loader|2f|"; sid:1;)"#;
        list.merge(Indicators::parse(rule, "x.rules"));
        let find = |agent: &str| {
            let found = list.agents().expect("agents").find(agent.as_bytes());
            found.and_then(|i| list.get(i)).map_or("-", |i| i.text.as_str())
        };
        assert_eq!(find("evil agent/1"), "Evil Agent/1");
        assert_eq!(find("Evil Agent/1 (X11)"), "-");
        assert_eq!(find("My LOADER/7 (X11)"), "Loader/");
        assert!(Indicators::parse(b"bad.example\n", "x").agents().is_none());
    }
}
