//! UTF-16 to UTF-8, for logs that went through a Windows shell redirection.

use super::tap::{Stream, read_once};
use std::io::{self, Read};

/// Bytes read at a time.
const INPUT_BYTES: usize = 64 * 1024;

/// How the text of a member is stored, by its byte-order mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Charset {
    /// UTF-8 or any other superset of ASCII: taken as it is.
    Bytes,
    /// UTF-8 with a mark of 3 bytes.
    Utf8Mark,
    Utf16 {
        is_big_endian: bool,
    },
}

impl Charset {
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0xef, 0xbb, 0xbf, ..] => Self::Utf8Mark,
            [0xff, 0xfe, ..] => Self::Utf16 { is_big_endian: false },
            [0xfe, 0xff, ..] => Self::Utf16 { is_big_endian: true },
            _ => Self::Bytes,
        }
    }
}

/// Reads UTF-16 as UTF-8 without its mark. Half a pair of surrogates, and an odd byte at the end, become U+FFFD.
pub(super) struct Utf16 {
    stream: Stream,
    is_big_endian: bool,
    at_start: bool,
    /// The first byte of a unit whose second has not come yet.
    odd: Option<u8>,
    high: Option<u16>,
    text: String,
    given: usize,
    end: Option<Option<io::Error>>,
}

impl Utf16 {
    pub(super) fn new(stream: Stream, is_big_endian: bool) -> Self {
        Self {
            stream,
            is_big_endian,
            at_start: true,
            odd: None,
            high: None,
            text: String::new(),
            given: 0,
            end: None,
        }
    }

    fn convert(&mut self) {
        self.text.clear();
        self.given = 0;
        let mut input = vec![0; INPUT_BYTES];
        match read_once(&mut self.stream, &mut input) {
            Ok(0) => self.end = Some(None),
            Ok(n) => {
                for byte in &input[..n] {
                    match self.odd.take() {
                        None => self.odd = Some(*byte),
                        Some(first) if self.is_big_endian => self.unit(u16::from_be_bytes([first, *byte])),
                        Some(first) => self.unit(u16::from_le_bytes([first, *byte])),
                    }
                }
            }
            Err(e) => self.end = Some(Some(e)),
        }
        if self.end.is_some() && (self.high.take().is_some() | self.odd.take().is_some()) {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn unit(&mut self, unit: u16) {
        if std::mem::take(&mut self.at_start) && unit == 0xfeff {
            return;
        }
        let is_low = (0xdc00..0xe000).contains(&unit);
        if let Some(high) = self.high.take() {
            if is_low {
                self.text.extend(char::decode_utf16([high, unit]).flatten());
                return;
            }
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
        } else {
            self.text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = &self.text.as_bytes()[self.given..];
            let n = ready.len().min(out.len());
            if n > 0 || out.is_empty() {
                out[..n].copy_from_slice(&ready[..n]);
                self.given += n;
                return Ok(n);
            }
            match &mut self.end {
                Some(error) => return error.take().map_or(Ok(0), Err),
                None => self.convert(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte at a time, so that every unit and pair is cut somewhere.
    struct Slow(Vec<u8>, usize);

    impl Read for Slow {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let Some(byte) = self.0.get(self.1) else { return Ok(0) };
            buf[0] = *byte;
            self.1 += 1;
            Ok(1)
        }
    }

    fn check(units: &[u16], odd: bool, want: &str) {
        for is_big_endian in [false, true] {
            let mut bytes: Vec<u8> = units
                .iter()
                .flat_map(|u| if is_big_endian { u.to_be_bytes() } else { u.to_le_bytes() })
                .collect();
            if odd {
                bytes.push(b'a');
            }
            let mut text = String::new();
            Utf16::new(Box::new(Slow(bytes, 0)), is_big_endian).read_to_string(&mut text).unwrap();
            assert_eq!(text, want);
        }
    }

    #[test]
    fn text_and_broken_text() {
        check(&"\u{feff}GET /é😀\r\n".encode_utf16().collect::<Vec<_>>(), false, "GET /é😀\r\n");
        check(&[0x61, 0xd83d, 0x62, 0xde00], false, "a\u{fffd}b\u{fffd}");
        check(&[0xd83d, 0xd83d, 0xde00, 0xd83d], false, "\u{fffd}😀\u{fffd}");
        check(&[0x61], true, "a\u{fffd}");
        check(&[], false, "");
    }
}
