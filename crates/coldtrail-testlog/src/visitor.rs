//! Where visitors come from and what their browsers call themselves.

use crate::request::{Actor, Text};
use crate::rng::Rng;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses ordinary visitors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Only addresses set aside for documentation: nobody is named by accident.
    Documentation,
    /// Anywhere on the internet, as the tables of a reader must cope with.
    Internet,
}

/// Ordinary visitors: people at home, on the move and in offices that share one address.
pub struct Visitors {
    origin: Origin,
    browsers: Vec<(Text, &'static str)>,
    offices: Vec<IpAddr>,
}

/// Browsers with their weights; HTTP/2 where browsers speak it.
const BROWSERS: [(&str, u64); 12] = [
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
        26,
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1",
        19,
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36",
        20,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Safari/605.1.15",
        8,
    ),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0", 9),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 4),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
        7,
    ),
    ("Mozilla/5.0 (Android 15; Mobile; rv:147.0) Gecko/147.0 Firefox/147.0", 3),
    (
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/604.1",
        3,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
        6,
    ),
    (
        "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
        4,
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
        2,
    ),
];

impl Visitors {
    /// Visitors with addresses from `origin`.
    pub fn new(origin: Origin, rng: &mut Rng) -> Visitors {
        let browsers = BROWSERS
            .iter()
            .flat_map(|&(name, weight)| {
                let name: Text = name.into();
                (0..weight).map(move |_| (name.clone(), "HTTP/2.0"))
            })
            .collect();
        let n_offices = if origin == Origin::Internet { 60 } else { 3 };
        let offices = (0..n_offices).map(|_| address(origin, rng)).collect();
        Visitors { origin, browsers, offices }
    }

    /// Somebody who comes to the site.
    pub fn anybody(&self, rng: &mut Rng) -> Actor {
        let client = if rng.chance(0.12) { *rng.pick(&self.offices) } else { address(self.origin, rng) };
        let (user_agent, protocol) = rng.pick(&self.browsers).clone();
        Actor { client, user_agent, protocol }
    }

    /// A browser as one person has it, from a given address.
    pub fn browser_at(&self, client: IpAddr, rng: &mut Rng) -> Actor {
        let (user_agent, protocol) = rng.pick(&self.browsers).clone();
        Actor { client, user_agent, protocol }
    }
}

/// An address that no incident uses: incidents take theirs from `203.0.113.64/26`, `198.51.100.0/27`, `192.0.2.240/28`
/// and `198.18.0.0/15`.
pub fn address(origin: Origin, rng: &mut Rng) -> IpAddr {
    if rng.chance(if origin == Origin::Internet { 0.15 } else { 0.6 }) {
        let (site, net, host) = (rng.below(900) as u16, rng.below(16) as u16, rng.bits());
        let [a, b, c, d] = [host >> 48, host >> 32, host >> 16, host].map(|part| part as u16);
        return match origin {
            Origin::Documentation => Ipv6Addr::new(0x2001, 0x0db8, site, net, a, b, c, d).into(),
            Origin::Internet => Ipv6Addr::new(0x2a00 + net, site * 7, net, 0, a, b, c, d).into(),
        };
    }
    match origin {
        Origin::Documentation => match rng.below(3) {
            0 => Ipv4Addr::new(203, 0, 113, rng.between(130, 250) as u8),
            1 => Ipv4Addr::new(198, 51, 100, rng.between(40, 250) as u8),
            _ => Ipv4Addr::new(192, 0, 2, rng.between(2, 235) as u8),
        }
        .into(),
        Origin::Internet => loop {
            let [a, b, c, d] = (rng.bits() as u32).to_be_bytes();
            let ip = Ipv4Addr::new(a, b, c, d);
            let reserved = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation();
            let public = (1..224).contains(&a) && !reserved && a != 127 && (a, b & 0xfe) != (198, 18);
            if public && (a, b & 0xc0) != (100, 64) && (a, b, c) != (66, 249, 66) {
                break ip.into();
            }
        },
    }
}
