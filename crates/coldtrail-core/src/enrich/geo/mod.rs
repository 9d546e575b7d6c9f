//! Where a client is registered: a hint, never a proof. Country data is part of the program; a user's own databases
//! come first, and may know the network's number and owner too.

mod table;

pub use table::CountryTable;

use crate::record::ClientKey;
use maxminddb::PathElement::Key;
use maxminddb::{MaxMindDbError, PathElement, Reader};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

/// What is to be said wherever a country is shown: the licence of the data that is part of the program asks for it.
pub const ATTRIBUTION: &str = "IP Geolocation by DB-IP (https://db-ip.com)";

/// Month of the data that is part of the program.
pub const BUILT_IN_DATE: &str = include_str!("../../../../../data/geo/DATE");

static V4: LazyLock<CountryTable> = LazyLock::new(|| {
    built_in(include_bytes!("../../../../../data/geo/country-ipv4.zst"), CountryTable::V4_BITS)
});
static V6: LazyLock<CountryTable> = LazyLock::new(|| {
    built_in(include_bytes!("../../../../../data/geo/country-ipv6.zst"), CountryTable::V6_BITS)
});

fn built_in(packed: &[u8], key_bits: u32) -> CountryTable {
    CountryTable::unpack(packed, key_bits).expect("a test unpacks the data that is part of the program")
}

/// A country by its two letters (ISO 3166-1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Country([u8; 2]);

impl Country {
    /// Two letters; none for other text, and for `ZZ`, which stands for nowhere.
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
                (code != *b"ZZ").then_some(Self(code))
            }
            _ => None,
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of where an address belongs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    pub country: Option<Country>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// Whom the network belongs to, as the database has it.
    pub owner: Option<String>,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("not a database of the MaxMind DB format")]
pub struct GeoError(#[from] MaxMindDbError);

/// Databases of a user, before the data that is part of the program. Cheap to clone.
#[derive(Clone, Default)]
pub struct Geo {
    databases: Vec<Arc<Reader<Vec<u8>>>>,
}

impl Geo {
    /// Adds the bytes of a database (GeoIP2, GeoLite2, IPinfo, DB-IP); what an earlier one knows, a later one does not
    /// change.
    pub fn add(&mut self, bytes: Vec<u8>) -> Result<(), GeoError> {
        self.databases.push(Arc::new(Reader::from_source(bytes)?));
        Ok(())
    }

    /// The country alone.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let address = address.to_canonical();
        let of_user = self.databases.iter().find_map(|db| country_of(db, address));
        of_user.or_else(|| match address {
            IpAddr::V4(v4) => V4.get(u32::from(v4).into()),
            IpAddr::V6(v6) => V6.get((u128::from(v6) >> CountryTable::V6_SHIFT) as u64),
        })
    }

    /// The country of a client; none for one that the log gives as a name.
    pub fn country_of(&self, client: ClientKey) -> Option<Country> {
        client.ip().and_then(|address| self.country(address))
    }

    pub fn place(&self, address: IpAddr) -> Place {
        let address = address.to_canonical();
        Place {
            country: self.country(address),
            asn: self.databases.iter().find_map(|db| asn_of(db, address)),
            owner: self.databases.iter().find_map(|db| owner_of(db, address)),
        }
    }
}

/// The names that the makers of databases give to what they know.
const COUNTRY: [&[PathElement<'_>]; 4] = [
    &[Key("country"), Key("iso_code")],
    &[Key("registered_country"), Key("iso_code")],
    &[Key("country_code")],
    &[Key("country")],
];
const ASN: [&[PathElement<'_>]; 2] = [&[Key("autonomous_system_number")], &[Key("asn")]];
const OWNER: [&[PathElement<'_>]; 5] = [
    &[Key("autonomous_system_organization")],
    &[Key("as_organization")],
    &[Key("as_name")],
    &[Key("organization")],
    &[Key("isp")],
];

fn country_of(db: &Reader<Vec<u8>>, address: IpAddr) -> Option<Country> {
    text_of(db, address, &COUNTRY, Country::parse)
}

/// A number, or `AS64500`.
fn asn_of(db: &Reader<Vec<u8>>, address: IpAddr) -> Option<u32> {
    let found = db.lookup(address).ok()?;
    let number = ASN.iter().find_map(|path| found.decode_path::<u32>(path).ok().flatten());
    number.or_else(|| text_of(db, address, &ASN, |text| text.trim_start_matches("AS").parse().ok()))
}

fn owner_of(db: &Reader<Vec<u8>>, address: IpAddr) -> Option<String> {
    text_of(db, address, &OWNER, |text| (!text.is_empty()).then(|| text.to_owned()))
}

/// The first of several fields that is there and means something.
fn text_of<T>(
    db: &Reader<Vec<u8>>,
    address: IpAddr,
    paths: &[&[PathElement<'_>]],
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    // A database that is broken at this place knows nothing of it.
    let found = db.lookup(address).ok()?;
    paths.iter().find_map(|path| found.decode_path::<&str>(path).ok().flatten().and_then(&read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(address: &str) -> Option<String> {
        Geo::default().country(address.parse().expect("an address")).map(|c| c.to_string())
    }

    #[test]
    fn well_known_addresses_are_where_everybody_knows() {
        let check =
            |address: &str, want: &str| assert_eq!(country(address).as_deref(), Some(want), "{address}");
        check("8.8.8.8", "US");
        check("193.0.6.139", "NL");
        check("133.11.0.1", "JP");
        check("200.160.2.3", "BR");
        check("::ffff:193.0.6.139", "NL");
        check("2001:67c:2e8:22::c100:68b", "NL");
        check("2001:200:dff:fff1::1", "JP");
    }

    #[test]
    fn addresses_of_nobody_have_no_country() {
        for address in
            ["10.0.0.1", "127.0.0.1", "192.168.1.1", "169.254.0.1", "224.0.0.1", "::1", "fd00::1", "fe80::1"]
        {
            assert_eq!(country(address), None, "{address}");
        }
    }

    #[test]
    fn countries_are_two_letters() {
        assert_eq!(Country::parse("nl").map(|c| c.to_string()).as_deref(), Some("NL"));
        for text in ["", "N", "NLD", "N1", "ZZ", "\u{e9}"] {
            assert_eq!(Country::parse(text), None);
        }
    }

    #[test]
    fn a_users_database_comes_first() {
        let mut geo = Geo::default();
        geo.add(database(&[("country_code", "SE"), ("asn", "AS64500"), ("as_name", "Example")]))
            .expect("a database");
        let at = |address: &str| geo.place(address.parse().expect("an address"));
        let se = Place { country: Country::parse("SE"), asn: Some(64_500), owner: Some("Example".into()) };
        assert_eq!(at("9.1.2.3"), se);
        assert_eq!(at("::ffff:9.1.2.3"), se);
        assert_eq!(
            at("193.0.6.139").country,
            Country::parse("NL"),
            "what it does not know, the program knows"
        );
        assert!(Geo::default().add(b"not a database".to_vec()).is_err());
    }

    /// A database of the MaxMind DB format, version 2, that knows 9.0.0.0/8 and says the same of all of it.
    fn database(fields: &[(&str, &str)]) -> Vec<u8> {
        let text = |s: &str| [&[0x40 | s.len() as u8][..], s.as_bytes()].concat();
        let map = |pairs: Vec<Vec<u8>>| [vec![0xe0 | (pairs.len() / 2) as u8], pairs.concat()].concat();
        let u16 = |n: u16| [&[0xa2][..], &n.to_be_bytes()].concat();
        let u32 = |n: u32| [&[0xc4][..], &n.to_be_bytes()].concat();
        let u64 = |n: u64| [&[0x08, 0x02][..], &n.to_be_bytes()].concat();
        let n_nodes = 8u32;
        let mut out = Vec::new();
        for bit in 0..n_nodes {
            // The branch of the prefix leads on, and at its end to the first entry; the other one leads nowhere.
            let on = if bit + 1 == n_nodes { n_nodes + 16 } else { bit + 1 };
            let is_one = (9u8 >> (7 - bit)) & 1 == 1;
            for side in [false, true] {
                let to = if side == is_one { on } else { n_nodes };
                out.extend_from_slice(&to.to_be_bytes()[1..]);
            }
        }
        out.extend_from_slice(&[0; 16]);
        out.extend(map(fields.iter().flat_map(|(k, v)| [text(k), text(v)]).collect()));
        out.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
        out.extend(map(vec![
            text("binary_format_major_version"),
            u16(2),
            text("binary_format_minor_version"),
            u16(0),
            text("build_epoch"),
            u64(1),
            text("database_type"),
            text("Test"),
            text("description"),
            map(vec![]),
            text("ip_version"),
            u16(4),
            text("languages"),
            vec![0x00, 0x04],
            text("node_count"),
            u32(n_nodes),
            text("record_size"),
            u16(24),
        ]));
        out
    }
}
