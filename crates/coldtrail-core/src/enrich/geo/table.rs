//! Ranges of addresses and their countries in a compact form.
//!
//! A file is one zstd frame: the number of countries (a byte), two letters for each, the number of ranges (four bytes,
//! little-endian), and for each range the distance of its start from that of the one before (LEB128) and the number of
//! its country, 0 for none. Keys are IPv4 addresses, or the upper 48 bits of IPv6 addresses.

use super::Country;
use std::io;

/// Ranges of keys: each goes from its start to that of the next.
pub struct CountryTable {
    starts: Vec<u64>,
    /// Number of the country, 0 for none.
    countries: Vec<u8>,
    names: Vec<Country>,
    /// By the upper 16 bits of a key: the number of ranges that start before those bits.
    top: Vec<u32>,
    /// Bits of a key below the upper 16.
    low_bits: u32,
}

impl CountryTable {
    /// A key of IPv6 is the address without so many of its last bits: no network that is routed is smaller.
    pub const V6_SHIFT: u32 = 80;

    /// Bits of a key of IPv4 and of IPv6.
    pub const V4_BITS: u32 = 32;
    pub const V6_BITS: u32 = 128 - Self::V6_SHIFT;

    const TOP_BITS: u32 = 16;

    /// Cap on the bytes of an unpacked file, bytes: three times what the data of 2026 needs.
    const MAX_BYTES: u64 = 8 << 20;

    /// The country of a key.
    pub fn get(&self, key: u64) -> Option<Country> {
        let top = (key >> self.low_bits) as usize;
        let (from, to) = (*self.top.get(top)? as usize, *self.top.get(top + 1)? as usize);
        let after = from + self.starts.get(from..to)?.partition_point(|start| *start <= key);
        let number = *self.countries.get(after.checked_sub(1)?)?;
        self.names.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Packs ranges (first key, last key, country), sorted and without overlap.
    ///
    /// # Errors
    /// If they are not sorted, or have more than 255 countries.
    pub fn pack(ranges: &[(u64, u64, Country)]) -> io::Result<Vec<u8>> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut names: Vec<Country> = ranges.iter().map(|r| r.2).collect();
        names.sort_unstable();
        names.dedup();
        let number = |country: &Country| names.binary_search(country).map_or(0, |i| i + 1);
        let mut starts: Vec<(u64, usize)> = Vec::new();
        let mut next = 0;
        for (first, last, country) in ranges {
            if *first < next || last < first {
                return Err(invalid("ranges overlap or are not sorted"));
            }
            if *first > next {
                starts.push((next, 0));
            }
            starts.push((*first, number(country)));
            next = last + 1;
        }
        starts.push((next, 0));
        // Neighbours of one country are one range.
        starts.dedup_by_key(|(_, number)| *number);
        let mut out = vec![u8::try_from(names.len()).map_err(|_| invalid("more than 255 countries"))?];
        names.iter().for_each(|name| out.extend_from_slice(&name.0));
        let n = u32::try_from(starts.len()).map_err(|_| invalid("more ranges than four bytes count"))?;
        out.extend_from_slice(&n.to_le_bytes());
        let mut before = 0;
        for (start, number) in starts {
            let mut distance = start - before;
            while distance >= 0x80 {
                out.push(distance as u8 | 0x80);
                distance >>= 7;
            }
            out.extend([distance as u8, number as u8]);
            before = start;
        }
        zstd::encode_all(&out[..], 19)
    }

    /// Unpacks what [`CountryTable::pack`] made, of keys with so many bits.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn unpack(packed: &[u8], key_bits: u32) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let decoder = zstd::Decoder::with_buffer(packed)?;
        io::Read::read_to_end(&mut io::Read::take(decoder, Self::MAX_BYTES), &mut bytes)?;
        Self::read(&bytes, key_bits)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a table of countries"))
    }

    fn read(bytes: &[u8], key_bits: u32) -> Option<Self> {
        let (n_names, rest) = bytes.split_first()?;
        let (names, rest) = rest.split_at_checked(2 * usize::from(*n_names))?;
        let names = names.chunks_exact(2).map(|code| Country([code[0], code[1]])).collect();
        let (n, mut rest) = rest.split_first_chunk()?;
        let n = u32::from_le_bytes(*n) as usize;
        if n > rest.len() {
            return None;
        }
        let (mut starts, mut countries) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut start = 0u64;
        for _ in 0..n {
            let mut shift = 0;
            loop {
                let (byte, after) = rest.split_first()?;
                rest = after;
                start = start.checked_add(u64::from(byte & 0x7f).checked_shl(shift)?)?;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let (country, after) = rest.split_first()?;
            rest = after;
            starts.push(start);
            countries.push(*country);
        }
        let low_bits = key_bits.checked_sub(Self::TOP_BITS)?;
        let mut n_before = 0;
        let top = (0..=1u64 << Self::TOP_BITS).map(|top| {
            n_before += starts[n_before..].iter().take_while(|start| **start >> low_bits < top).count();
            n_before as u32
        });
        let top = top.collect();
        rest.is_empty().then_some(Self { starts, countries, names, top, low_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Country {
        Country::parse(text).expect("two letters")
    }

    #[test]
    fn what_is_packed_is_found_again() {
        let ranges = [(5, 9, code("SE")), (10, 10, code("NO")), (300, u64::from(u32::MAX), code("SE"))];
        let table = CountryTable::unpack(&CountryTable::pack(&ranges).expect("packs"), 32).expect("unpacks");
        for (key, want) in
            [(0, None), (4, None), (5, Some("SE")), (9, Some("SE")), (10, Some("NO")), (11, None)]
        {
            assert_eq!(table.get(key), want.map(code), "{key}");
        }
        for (key, want) in [(299, None), (300, Some("SE")), (0xffff_ffff, Some("SE")), (0x1_0000_0000, None)]
        {
            assert_eq!(table.get(key), want.map(code), "{key}");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_a_table() {
        assert!(CountryTable::pack(&[(5, 9, code("SE")), (9, 12, code("NO"))]).is_err());
        assert!(CountryTable::pack(&[(5, 4, code("SE"))]).is_err());
        for bytes in [
            &b""[..],
            b"\x01",
            b"\x01SE\xff\xff\xff\xff",
            b"\x00\x01\x00\x00\x00\x80",
            b"\x00\x00\x00\x00\x00x",
        ] {
            let packed = zstd::encode_all(bytes, 1).expect("packs");
            assert!(CountryTable::unpack(&packed, 32).is_err(), "{bytes:?}");
        }
        assert!(CountryTable::unpack(b"plain", 32).is_err());
    }
}
