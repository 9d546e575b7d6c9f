//! Who asked: an address in one canonical form, or a host name where the server logs names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A client as a table key: IPv4 as an IPv4-mapped address, IPv6 as it is, a name by a 120-bit hash of its text.
///
/// Names live in `ff00::/8`: a multicast address never is the source of a request, so where a log has one it is taken
/// for a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientKey {
    high: u64,
    low: u64,
}

const V4_MAPPED: u64 = 0xffff << 32;
const NAME: u64 = 0xff << 56;

impl ClientKey {
    /// Reads the client field of a log: `203.0.113.9`, `[2001:db8::1]:443`, `fe80::1%eth0`, `203.0.113.9:5123`, a name.
    #[inline]
    pub fn parse(text: &[u8]) -> Self {
        match parse_ipv4(text) {
            Some(v4) => Self { high: 0, low: V4_MAPPED | u64::from(v4) },
            None => Self::parse_slow(text),
        }
    }

    #[cold]
    fn parse_slow(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let bare = match text {
            [b'[', rest @ ..] => rest.split(|c| *c == b']').next().unwrap_or_default(),
            _ => text,
        };
        let bare = bare.split(|c| *c == b'%').next().unwrap_or_default();
        let parsed = std::str::from_utf8(bare).ok().and_then(|t| {
            let without_port = || t.rsplit_once(':').and_then(|(a, _)| a.parse::<Ipv4Addr>().ok());
            t.parse::<IpAddr>().ok().or_else(|| without_port().map(IpAddr::V4))
        });
        match parsed.map(Self::from) {
            Some(key) if !key.is_name() => key,
            _ => Self::of_name(&text.to_ascii_lowercase()),
        }
    }

    /// A cryptographic hash of the text, because it is the same in every run: names are keys of output.
    fn of_name(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        blake3::Hasher::new().update(text).finalize_xof().fill(&mut bytes);
        let both = u128::from_be_bytes(bytes);
        Self { high: (both >> 64) as u64 | NAME, low: both as u64 }
    }

    /// The address; none if the log has a name.
    pub fn ip(self) -> Option<IpAddr> {
        let v6 = Ipv6Addr::from(u128::from(self.high) << 64 | u128::from(self.low));
        (!self.is_name()).then(|| v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
    }

    #[inline]
    pub fn is_name(self) -> bool {
        self.high & NAME == NAME
    }

    /// The /24 of an IPv4 address, the /48 of an IPv6 address; a name is its own network.
    #[inline]
    pub fn network(self) -> Self {
        if self.is_name() {
            self
        } else if self.high == 0 && self.low >> 32 == V4_MAPPED >> 32 {
            Self { high: 0, low: self.low & !0xff }
        } else {
            Self { high: self.high & !0xffff, low: 0 }
        }
    }

    /// `203.0.113.0/24`, `2001:db8::/48`.
    pub fn network_text(self) -> Option<String> {
        self.network().ip().map(|ip| format!("{ip}/{}", if ip.is_ipv4() { 24 } else { 48 }))
    }

    /// Private, loopback, link-local, unique-local or, as it was called before, site-local: one of our own.
    pub fn is_internal(self) -> bool {
        let is_site_local = |a: Ipv6Addr| a.segments()[0] & 0xffc0 == 0xfec0;
        match self.ip() {
            Some(IpAddr::V4(a)) => a.is_private() || a.is_loopback() || a.is_link_local(),
            Some(IpAddr::V6(a)) => {
                a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local() || is_site_local(a)
            }
            None => false,
        }
    }

    pub fn is_loopback(self) -> bool {
        self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// The key that [`ClientKey::words`] takes apart.
    pub fn from_words((high, low): (u64, u64)) -> Self {
        Self { high, low }
    }

    /// Both halves, for hashing.
    #[inline]
    pub fn words(self) -> (u64, u64) {
        (self.high, self.low)
    }
}

impl From<IpAddr> for ClientKey {
    fn from(ip: IpAddr) -> Self {
        let v6 = match ip {
            IpAddr::V4(a) => a.to_ipv6_mapped(),
            IpAddr::V6(a) => a,
        };
        let bits = u128::from(v6);
        Self { high: (bits >> 64) as u64, low: bits as u64 }
    }
}

#[inline]
fn parse_ipv4(b: &[u8]) -> Option<u32> {
    if b.len() < 7 || b.len() > 15 {
        return None;
    }
    let (mut addr, mut octet, mut digits, mut dots) = (0u32, 0u32, 0u32, 0u32);
    for &c in b {
        let d = c.wrapping_sub(b'0');
        if d < 10 {
            octet = octet * 10 + u32::from(d);
            digits += 1;
            if digits > 3 || octet > 255 {
                return None;
            }
        } else if c == b'.' && digits > 0 && dots < 3 {
            addr = addr << 8 | octet;
            (octet, digits) = (0, 0);
            dots += 1;
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0).then_some(addr << 8 | octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_addresses() {
        let internal = |text: &str| ClientKey::parse(text.as_bytes()).is_internal();
        for own in
            ["10.1.2.3", "192.168.0.9", "127.0.0.1", "169.254.1.1", "fe80::1", "fd00::7", "fec0::1", "::1"]
        {
            assert!(internal(own), "{own}");
        }
        for other in ["203.0.113.9", "172.32.0.1", "2001:db8::1", "ff02::1", "gate.example"] {
            assert!(!internal(other), "{other}");
        }
    }

    #[test]
    fn spellings_of_one_address_are_one_key() {
        let same = |a: &str, b: &str| {
            assert_eq!(ClientKey::parse(a.as_bytes()), ClientKey::parse(b.as_bytes()), "{a} {b}")
        };
        same("203.0.113.9", "::ffff:203.0.113.9");
        same("203.0.113.9", "203.0.113.9:51234");
        same("2001:DB8::1", "[2001:db8:0::1]:443");
        same("fe80::1%eth0", "fe80::1");
        same("Scan-7.example.net", "scan-7.EXAMPLE.net");
        assert!(ClientKey::parse(b"scan-7.example.net").ip().is_none());
        assert!(ClientKey::parse(b"1.2.3.256").is_name());
        assert!(ClientKey::parse(b"ff02::1").is_name());
        assert_eq!(ClientKey::parse(b"203.0.113.9").ip().map(|i| i.to_string()), Some("203.0.113.9".into()));
    }

    #[test]
    fn networks() {
        let net = |a: &str| ClientKey::parse(a.as_bytes()).network_text();
        assert_eq!(net("203.0.113.9").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(net("2001:db8:1:2::9").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(net("a.example"), None);
    }
}
