//! Pseudonyms in place of what names somebody: addresses, names of clients, accounts, tokens. They are made with a key,
//! so that whoever lacks it cannot try all addresses; the same original gets the same pseudonym everywhere. Originals
//! stand in a map, for those who are to know.
//!
//! An address becomes one of a range that nobody has (`2001:db8::/64` for strangers, `fd00::/64` for internal ones), so
//! that every format still holds an address there. Addresses that name nobody stay: loopback, unspecified, broadcast,
//! the metadata service of clouds.

mod learn;
mod map;
mod words;

pub use map::{MapError, key_of_map};

use crate::blocklist::is_internal;
use coldtrail_core::record::{ClientKey, Private, PrivateKind};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an original is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Address,
    Client,
    User,
    Token,
    /// A finding or an incident: its id is a hash of whom it is about, and all addresses can be tried.
    Finding,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Client => "client",
            Self::User => "user",
            Self::Token => "token",
            Self::Finding => "finding",
        }
    }
}

/// Makes pseudonyms and remembers them.
pub struct Redactor {
    key: [u8; 32],
    /// Pseudonym by kind and original.
    map: BTreeMap<(Kind, Vec<u8>), String>,
    /// Words that name somebody wherever they stand, in small letters.
    known: HashMap<Vec<u8>, Kind>,
    /// Clients that the log gives as names.
    names: HashMap<ClientKey, String>,
}

impl Redactor {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, map: BTreeMap::new(), known: HashMap::new(), names: HashMap::new() }
    }

    /// The pseudonym of an address; one that names nobody as it is.
    pub(crate) fn address(&mut self, address: IpAddr) -> IpAddr {
        let address = address.to_canonical();
        if names_nobody(address) {
            return address;
        }
        let text = address.to_string();
        let high: u64 = if is_internal(address) { 0xfd00 << 48 } else { 0x2001_0db8 << 32 };
        let pseudonym = IpAddr::V6(
            (u128::from(high) << 64 | u128::from(self.hash(Kind::Address, text.as_bytes()))).into(),
        );
        self.map.entry((Kind::Address, text.into_bytes())).or_insert_with(|| pseudonym.to_string());
        pseudonym
    }

    pub(crate) fn client(&mut self, client: ClientKey) -> ClientKey {
        match (client.ip(), self.names.get(&client).cloned()) {
            (Some(address), _) => self.address(address).into(),
            (None, Some(name)) => ClientKey::parse(self.client_name(&name).as_bytes()),
            (None, None) => {
                let (high, low) = client.words();
                let text = self.pseudonym(Kind::Client, format!("{high:016x}{low:016x}").as_bytes());
                ClientKey::parse(text.as_bytes())
            }
        }
    }

    /// The pseudonym of a client that the log gives as a name.
    pub(crate) fn client_name(&mut self, name: &str) -> String {
        if let Ok(address) = name.parse() {
            return self.address(address).to_string();
        }
        self.pseudonym(Kind::Client, &name.as_bytes().to_ascii_lowercase())
    }

    /// Text that may name somebody.
    pub fn text(&mut self, text: &[u8]) -> Vec<u8> {
        match self.known.get(text.to_ascii_lowercase().as_slice()) {
            Some(Kind::Client) => self.pseudonym(Kind::Client, &text.to_ascii_lowercase()).into_bytes(),
            _ => self.words(text),
        }
    }

    /// A line of a log of which the private parts are known; one of which they are not is withheld.
    pub(crate) fn line(&mut self, raw: &[u8], private: Option<&[Private]>) -> Vec<u8> {
        let Some(private) = private else {
            return if raw.is_empty() {
                Vec::new()
            } else {
                format!("(withheld: {} bytes of which it is not known whom they name)", raw.len())
                    .into_bytes()
            };
        };
        let mut out = Vec::with_capacity(raw.len());
        let mut at = 0;
        for part in private {
            let (start, end) = (part.start as usize, (part.start + part.len) as usize);
            // A line that was cut may end inside a part.
            let end = end.min(raw.len());
            if start < at || start >= end {
                continue;
            }
            out.extend(self.words(&raw[at..start]));
            out.extend(self.part(part.kind, &raw[start..end]));
            at = end;
        }
        out.extend(self.words(&raw[at..]));
        out
    }

    fn part(&mut self, kind: PrivateKind, text: &[u8]) -> Vec<u8> {
        if matches!(text, b"" | b"-") {
            return text.to_vec();
        }
        match kind {
            PrivateKind::Client => {
                let key = ClientKey::parse(text);
                match key.ip() {
                    Some(_) => self.words(text),
                    // A list of addresses has no name of its own.
                    None if text.contains(&b',') => self.words(text),
                    None => self.client_name(&String::from_utf8_lossy(text)).into_bytes(),
                }
            }
            PrivateKind::User => self.pseudonym(Kind::User, &text.to_ascii_lowercase()).into_bytes(),
            PrivateKind::Cookie => {
                let mut out = Vec::new();
                for (i, pair) in text.split(|c| *c == b';').enumerate() {
                    if i > 0 {
                        out.push(b';');
                    }
                    let equals = pair.iter().position(|c| *c == b'=').map_or(0, |i| i + 1);
                    let (name, value) = pair.split_at(equals);
                    out.extend_from_slice(name);
                    if !value.is_empty() {
                        out.extend(self.pseudonym(Kind::Token, value).into_bytes());
                    }
                }
                out
            }
        }
    }

    fn pseudonym(&mut self, kind: Kind, original: &[u8]) -> String {
        let hash = self.hash(kind, original);
        self.map
            .entry((kind, original.to_vec()))
            .or_insert_with(|| match kind {
                Kind::Finding => format!("{hash:016x}"),
                _ => format!("{}-{:012x}", kind.name(), hash >> 16),
            })
            .clone()
    }

    fn hash(&self, kind: Kind, original: &[u8]) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind.name().as_bytes()).update(&[0]).update(original);
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

/// Addresses of no machine in particular.
fn names_nobody(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_broadcast()
                || v4.octets()[0] == 0
                // Versions of browsers look like it, and no host has it.
                || v4.octets()[1..] == [0; 3]
                || v4 == Ipv4Addr::new(169, 254, 169, 254)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6 == Ipv6Addr::UNSPECIFIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &[&str], gone: &[&str]) {
        let mut redactor = Redactor::new([7; 32]);
        redactor.know(b"anna.moser", Kind::User);
        redactor.know(b"ws-114.corp.example", Kind::Client);
        let got = String::from_utf8(redactor.text(text.as_bytes())).expect("UTF-8");
        for part in want {
            assert!(got.contains(part), "{got} has no {part}");
        }
        for part in gone {
            assert!(!got.contains(part), "{got} has {part}");
        }
    }

    #[test]
    fn addresses_in_text() {
        check("203.0.113.5 asked /a at 10:02:03", &["2001:db8::", " asked /a at 10:02:03"], &["203.0.113.5"]);
        check("from [2001:db8:7::1]:443", &["from [2001:db8::", "]:443"], &["db8:7"]);
        check("x=10.4.7.21&y=ip-10.4.7.22.example", &["x=fd00::", "&y=ip-fd00::", ".example"], &["10.4.7"]);
        check("203.0.113.0/24", &["/24"], &["203.0.113"]);
        check("::ffff:203.0.113.5", &["2001:db8::"], &["203.0.113.5", "ffff:203"]);
        let kept = "Chrome/120.0.0.0 std::string 127.0.0.1 1.2.3.4.5 http://169.254.169.254/latest 300.1.1.1";
        check(kept, &[kept], &[]);
    }

    #[test]
    fn people_and_secrets_in_text() {
        check("by anna.moser.", &["by user-"], &["anna.moser"]);
        check("/~ANNA.MOSER/x", &["/~user-", "/x"], &["ANNA"]);
        check("WS-114.corp.example contacted c2.example", &["client-", " contacted c2.example"], &["WS-114"]);
        check("to anna.b@corp.example now", &["to user-", " now"], &["anna.b", "corp.example"]);
        check(
            "/login?user=jdoe&password=hunter2&id=7",
            &["user=user-", "password=token-", "&id=7"],
            &["jdoe", "hunter2"],
        );
        check("?user=admin'+OR+1=1--", &["user=user-", "'+OR+1=1--"], &["admin"]);
        check("{\"access_token\": \"abc.DEF-1\"}", &["\"access_token\": \"token-"], &["abc.DEF"]);
        check("Authorization: Bearer abc123==", &["Bearer token-"], &["abc123"]);
        check("PHPSESSID=9f3kq2;x=1", &["PHPSESSID=token-", ";x=1"], &["9f3kq2"]);
        check("/d/0123456789abcdef0123456789abcdef.zip", &["token-"], &["0123456789abcdef"]);
        check("/x/eyJhbGciOi.eyJzdWIiOi.sgn-1", &["/x/token-"], &["eyJ"]);
        check("3f2504e0-4f89-11d3-9a0c-0305e82c3301", &["token-"], &["3f2504e0"]);
        let kept = "GET /product.php?id=1%20UNION%20SELECT pass,email FROM users HTTP/1.1";
        check(kept, &[kept], &[]);
    }

    #[test]
    fn parts_of_a_line() {
        let mut redactor = Redactor::new([7; 32]);
        let line = b"10.4.7.21 - jdoe \"GET /\" \"a=1; sid=xyz\"";
        let part = |kind, start, len| Private { kind, start, len };
        let private = [part(PrivateKind::User, 12, 4), part(PrivateKind::Cookie, 26, 12)];
        let got = String::from_utf8(redactor.line(line, Some(&private))).expect("UTF-8");
        assert!(got.starts_with("fd00::") && got.contains(" - user-") && got.contains("a=token-"), "{got}");
        assert!(!got.contains("jdoe") && !got.contains("xyz"), "{got}");
        assert!(redactor.line(b"who knows", None).starts_with(b"(withheld: 9 bytes"));
        // Places beyond the end, out of order: nothing breaks.
        let odd =
            [part(PrivateKind::User, 30, 900), part(PrivateKind::User, 2, 4), part(PrivateKind::User, 99, 4)];
        redactor.line(line, Some(&odd));
    }

    #[test]
    fn the_key_decides() {
        let of = |key| Redactor::new([key; 32]).text(b"203.0.113.5");
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
