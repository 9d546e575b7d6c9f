//! Tar archives, read in order: ustar, pax and GNU headers, regular members.

use super::caps::{MAX_EXTENSION_BYTES, MAX_NAME_BYTES};
use super::error::{DecodeError, Faults};
use super::tap::{Stream, fill, read_once};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

const NAME: &str = "tar";
const HEADER_BYTES: usize = 512;

/// Whether these bytes are a tar header: its checksum fits, or it was cut short behind the magic.
pub(super) fn is_tar(head: &[u8]) -> bool {
    match head.first_chunk() {
        Some(header) => Header(header).is_valid(),
        None => head.get(257..262) == Some(b"ustar"),
    }
}

/// A member that [`Tar::next`] found.
pub(super) enum Entry {
    /// Its bytes come from [`TarMember`].
    File { name: Vec<u8> },
    /// A member without lines of its own, and why; a folder has no words.
    Other { name: Vec<u8>, what: &'static str },
    /// A file whose bytes are not stored as they are.
    Unsupported { name: Vec<u8>, what: &'static str },
}

pub(super) struct Tar {
    stream: Stream,
    faults: Faults,
    /// Bytes of the member in hand still to come, and of the padding behind it.
    left: u64,
    padding: u64,
    has_end_mark: bool,
    /// Nothing more can be read; said already.
    is_over: bool,
    /// Inside a stretch without a valid header; said already.
    is_lost: bool,
}

/// What headers before a member's own said about it.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Tar {
    pub(super) fn new(stream: Stream, faults: Faults) -> Self {
        Self { stream, faults, left: 0, padding: 0, has_end_mark: false, is_over: false, is_lost: false }
    }

    /// Goes to the next member; none at the end. Archives that follow one another are read as one.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let mut extended = Extended::default();
        loop {
            self.skip();
            let block = self.header()?;
            let header = Header(&block);
            if block.iter().all(|b| *b == 0) {
                (self.has_end_mark, self.is_lost) = (true, false);
                continue;
            }
            if !header.is_valid() {
                if !std::mem::replace(&mut self.is_lost, true) {
                    let why = "a header is broken; read on at the next whole one".into();
                    self.faults.add(DecodeError::Damaged { format: NAME, why });
                }
                extended = Extended::default();
                continue;
            }
            (self.has_end_mark, self.is_lost) = (false, false);
            let kind = header.kind();
            let size =
                if is_extension(kind) { header.size() } else { extended.size.unwrap_or(header.size()) };
            // Links carry the size of what they point to, but no bytes.
            let has_bytes = !matches!(kind, b'1'..=b'6');
            self.left = if has_bytes { size } else { 0 };
            self.padding = self.left.wrapping_neg() % HEADER_BYTES as u64;
            match kind {
                b'x' => self.pax(&mut extended),
                b'L' => extended.name = Some(until_zero(&self.extension())),
                b'g' | b'K' | b'V' | b'M' | b'N' => {}
                _ => return Some(self.entry(header, extended)),
            }
        }
    }

    fn entry(&mut self, header: Header<'_>, extended: Extended) -> Entry {
        let mut name = extended.name.unwrap_or_else(|| header.name());
        name.truncate(MAX_NAME_BYTES);
        let what = match header.kind() {
            kind if extended.is_sparse || kind == b'S' => {
                return Entry::Unsupported { name, what: "a sparse file" };
            }
            0 | b'0' | b'7' if !name.ends_with(b"/") => return Entry::File { name },
            0 | b'0' | b'7' | b'5' | b'D' => "",
            b'1' | b'2' => "a link, not followed",
            _ => "not a regular file, skipped",
        };
        Entry::Other { name, what }
    }

    /// Passes over what is left of the member in hand.
    fn skip(&mut self) {
        let mut rest = self.left.saturating_add(self.padding);
        (self.left, self.padding) = (0, 0);
        let mut scratch = [0; 16 * 1024];
        while rest > 0 && !self.is_over {
            let n = scratch.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let filled = fill(&mut self.stream, &mut scratch[..n]);
            rest -= filled.n as u64;
            if let Some(end) = filled.end {
                self.over(end);
            }
        }
    }

    fn header(&mut self) -> Option<[u8; HEADER_BYTES]> {
        if self.is_over {
            return None;
        }
        let mut block = [0; HEADER_BYTES];
        let filled = fill(&mut self.stream, &mut block);
        match filled.end {
            None => Some(block),
            Some(Ok(())) if filled.n == 0 && self.has_end_mark => {
                self.is_over = true;
                None
            }
            Some(end) => {
                self.over(end);
                None
            }
        }
    }

    fn over(&mut self, end: Result<(), DecodeError>) {
        self.is_over = true;
        self.faults.add(end.err().unwrap_or(DecodeError::Truncated { format: NAME }));
    }

    /// The bytes of an extended header, up to the cap.
    fn extension(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.left.min(MAX_EXTENSION_BYTES) as usize];
        let filled = fill(&mut self.stream, &mut bytes);
        self.left -= filled.n as u64;
        bytes.truncate(filled.n);
        if let Some(end) = filled.end {
            self.over(end);
        }
        bytes
    }

    /// Records of `LENGTH KEY=VALUE\n`.
    fn pax(&mut self, extended: &mut Extended) {
        let bytes = self.extension();
        let mut rest = &bytes[..];
        while let Some(space) = memchr::memchr(b' ', rest) {
            let len = decimal(&rest[..space]).and_then(|n| usize::try_from(n).ok());
            let Some(record) = len.and_then(|len| rest.get(space + 1..len)) else { return };
            rest = rest.get(space + 1 + record.len()..).unwrap_or_default();
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = memchr::memchr(b'=', record) else { continue };
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" if extended.name.is_none() => extended.name = Some(value.to_vec()),
                b"GNU.sparse.name" => extended.name = Some(value.to_vec()),
                b"size" => extended.size = decimal(value),
                b"GNU.sparse.major" | b"GNU.sparse.map" | b"GNU.sparse.size" => extended.is_sparse = true,
                _ => {}
            }
        }
    }

    fn read_member(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if n == 0 || self.is_over {
            return Ok(0);
        }
        match read_once(&mut self.stream, &mut buf[..n]) {
            Ok(0) => {
                self.is_over = true;
                Err(DecodeError::Truncated { format: NAME }.into())
            }
            Ok(n) => {
                self.left -= n as u64;
                Ok(n)
            }
            Err(e) => {
                self.is_over = true;
                Err(e)
            }
        }
    }
}

/// The bytes of the member that the archive stands at.
pub(super) struct TarMember(pub(super) Arc<Mutex<Tar>>);

impl Read for TarMember {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read_member(buf)
    }
}

/// Headers that speak about the next one.
fn is_extension(kind: u8) -> bool {
    matches!(kind, b'x' | b'g' | b'L' | b'K')
}

fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|b| *b == 0).next().unwrap_or_default().to_vec()
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

struct Header<'a>(&'a [u8; HEADER_BYTES]);

impl Header<'_> {
    /// The sum of all bytes, with the checksum's own taken as spaces; old programs summed signed bytes.
    fn is_valid(&self) -> bool {
        let Some(want) = octal(&self.0[148..156]) else { return false };
        let blank = |i: usize, b: u8| if (148..156).contains(&i) { b' ' } else { b };
        let bytes = || self.0.iter().enumerate().map(|(i, b)| blank(i, *b));
        let unsigned: u64 = bytes().map(u64::from).sum();
        let signed: i64 = bytes().map(|b| i64::from(b.cast_signed())).sum();
        want == unsigned || u64::try_from(signed) == Ok(want)
    }

    fn kind(&self) -> u8 {
        self.0[156]
    }

    /// Octal digits, or a big-endian number where the first bit is set.
    fn size(&self) -> u64 {
        let field = &self.0[124..136];
        if field[0] & 0x80 == 0 {
            return octal(field).unwrap_or(0);
        }
        field[4..].iter().fold(0, |n, b| n << 8 | u64::from(*b))
    }

    fn name(&self) -> Vec<u8> {
        let name = until_zero(&self.0[..100]);
        let prefix = until_zero(&self.0[345..500]);
        // GNU headers (magic "ustar  ") keep times where ustar keeps the prefix.
        if &self.0[257..263] != b"ustar\0" || prefix.is_empty() {
            return name;
        }
        [prefix, name].join(&b'/')
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_start();
    let digits = digits.split(|b| matches!(b, 0 | b' ')).next().filter(|d| !d.is_empty())?;
    digits.iter().try_fold(0u64, |n, b| match b {
        b'0'..=b'7' => n.checked_mul(8)?.checked_add(u64::from(b - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(octal(b"0000644\0"), Some(0o644));
        assert_eq!(octal(b"   644 \0"), Some(0o644));
        assert_eq!(octal(b"\0\0\0\0"), None);
        assert_eq!(octal(b"9"), None);
    }

    #[test]
    fn text_is_no_tar() {
        assert!(!is_tar(&[0; 512]));
        assert!(!is_tar(&[b'0'; 512]));
        assert!(!is_tar(b""));
    }
}
