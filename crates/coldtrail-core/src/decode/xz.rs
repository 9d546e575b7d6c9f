//! The `.xz` container: streams of blocks, each LZMA2 with a check.

use super::caps::MAX_WINDOW_BYTES;
use super::codec::Shared;
use super::error::DecodeError;
use super::lzma2::{ChunkEnd, Lzma2};
use super::tap::{Stream, fill};
use flate2::Crc;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

pub(super) const MAGIC: &[u8] = b"\xfd7zXZ\0";
const NAME: &str = "xz";
/// The identifier of LZMA2 in a block header.
const LZMA2_FILTER: u64 = 0x21;

/// Reads all streams of an `.xz` file. As every reader here it tells an error once, after all bytes before it.
pub(super) struct Xz {
    input: Input,
    shared: Shared,
    place: Place,
    lzma: Option<Lzma2>,
    /// Needed next: a dictionary reset, then properties.
    needs_dictionary: bool,
    needs_props: bool,
    check_kind: u8,
    check: Check,
    /// Decoded bytes that were not asked for yet start here in the history.
    ready: usize,
    failed: Option<DecodeError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Stream,
    BlockStart,
    Chunk { block_start: u64 },
    Done,
}

impl Xz {
    pub(super) fn new(stream: Stream, shared: &Shared) -> Self {
        Self {
            input: Input { stream, buf: vec![0; 64 * 1024].into(), at: 0, len: 0, taken: 0, end: None },
            shared: shared.clone(),
            place: Place::Stream,
            lzma: None,
            needs_dictionary: true,
            needs_props: true,
            check_kind: 0,
            check: Check::None,
            ready: 0,
            failed: None,
        }
    }

    /// One step towards more decoded bytes.
    fn step(&mut self) -> Result<(), DecodeError> {
        match self.place {
            Place::Stream => self.stream_header(),
            Place::BlockStart => self.block_header(),
            Place::Chunk { block_start } => self.chunk(block_start),
            Place::Done => Ok(()),
        }
    }

    fn stream_header(&mut self) -> Result<(), DecodeError> {
        let header: [u8; 12] = self.input.array()?;
        if !header.starts_with(MAGIC) || header[6] != 0 || crc32(&header[6..8]).to_le_bytes() != header[8..] {
            return Err(damaged("no stream header"));
        }
        self.check_kind = header[7] & 15;
        self.place = Place::BlockStart;
        Ok(())
    }

    fn block_header(&mut self) -> Result<(), DecodeError> {
        let block_start = self.input.taken;
        let size = self.input.byte()?;
        if size == 0 {
            return self.index();
        }
        let mut header = vec![size; 4 * (usize::from(size) + 1)];
        self.input.exact(&mut header[1..])?;
        let (fields, crc) = header.split_at(header.len() - 4);
        if crc32(fields).to_le_bytes() != crc {
            return Err(damaged("the checksum of a block header does not match"));
        }
        let mut rest = fields.get(2..).unwrap_or_default();
        let flags = fields[1];
        for bit in [0x40, 0x80] {
            if flags & bit != 0 {
                vli(&mut rest).ok_or_else(|| damaged("a block header"))?;
            }
        }
        let filter = vli(&mut rest);
        if flags & 3 != 0 || filter != Some(LZMA2_FILTER) {
            return Err(DecodeError::Unsupported { what: "xz data with a filter other than LZMA2".into() });
        }
        let [1, window, ..] = *rest else { return Err(damaged("a block header")) };
        let window_bytes = (2 | u64::from(window & 1)) << (window.min(40) / 2 + 11);
        if window_bytes > u64::from(MAX_WINDOW_BYTES) {
            let what =
                format!("xz data with a dictionary of {window_bytes} bytes (the cap is {MAX_WINDOW_BYTES})");
            return Err(DecodeError::Unsupported { what });
        }
        self.lzma = Some(Lzma2::new(window_bytes as usize));
        self.ready = 0;
        (self.needs_dictionary, self.needs_props) = (true, true);
        self.check = Check::new(self.check_kind);
        self.place = Place::Chunk { block_start };
        Ok(())
    }

    fn chunk(&mut self, block_start: u64) -> Result<(), DecodeError> {
        let control = self.input.byte()?;
        if control == 0 {
            return self.block_end(block_start);
        }
        let lzma = self.lzma.as_mut().ok_or_else(|| damaged("no block"))?;
        if control == 1 || control >= 0xe0 {
            lzma.reset_dictionary();
            (self.needs_dictionary, self.needs_props) = (false, true);
        }
        if self.needs_dictionary || (3..0x80).contains(&control) {
            return Err(damaged("a chunk header"));
        }
        let size = usize::from(u16::from_be_bytes(self.input.array()?)) + 1;
        if control < 0x80 {
            let (bytes, whole) = self.input.up_to(size);
            self.ready = lzma.mark();
            lzma.copy(&bytes);
            return if whole { Ok(()) } else { Err(self.input.why_ended()) };
        }
        let size = size + (usize::from(control & 0x1f) << 16);
        let stored = usize::from(u16::from_be_bytes(self.input.array()?)) + 1;
        if control >= 0xc0 {
            if !lzma.set_props(self.input.byte()?) {
                return Err(damaged("chunk properties"));
            }
            self.needs_props = false;
        }
        if self.needs_props {
            return Err(damaged("a chunk header"));
        }
        if control >= 0xa0 {
            lzma.reset_state();
        }
        let (bytes, whole) = self.input.up_to(stored);
        self.ready = lzma.mark();
        match lzma.decode(&bytes, size, whole) {
            ChunkEnd::Whole => Ok(()),
            ChunkEnd::Short => Err(self.input.why_ended()),
            ChunkEnd::Damaged => Err(damaged("impossible code")),
        }
    }

    fn block_end(&mut self, block_start: u64) -> Result<(), DecodeError> {
        while !(self.input.taken - block_start).is_multiple_of(4) {
            if self.input.byte()? != 0 {
                return Err(damaged("block padding"));
            }
        }
        // Sizes by kind, from the format's specification: 0, then 4, 8, 16, 32, 64 for three kinds each.
        let size = if self.check_kind == 0 { 0 } else { 4 << ((self.check_kind - 1) / 3) };
        let (stored, whole) = self.input.up_to(size);
        if !whole {
            return Err(self.input.why_ended());
        }
        if !std::mem::replace(&mut self.check, Check::None).fits(&stored) {
            self.shared.faults.add(DecodeError::Checksum { format: NAME });
        }
        self.lzma = None;
        self.place = Place::BlockStart;
        Ok(())
    }

    /// The index and the footer tell sizes that are known by now; they are read to find the next stream.
    fn index(&mut self) -> Result<(), DecodeError> {
        let start = self.input.taken - 1;
        let records = self.input.vli()?;
        for _ in 0..records.saturating_mul(2) {
            self.input.vli()?;
        }
        while !(self.input.taken - start).is_multiple_of(4) {
            self.input.byte()?;
        }
        let _crc: [u8; 4] = self.input.array()?;
        let footer: [u8; 12] = self.input.array()?;
        if footer[10..] != *b"YZ" || crc32(&footer[4..10]).to_le_bytes() != footer[..4] {
            return Err(damaged("no stream footer"));
        }
        while self.input.peek() == Some(0) {
            self.input.byte()?;
        }
        self.place = match self.input.head() {
            head if head.starts_with(MAGIC) => Place::Stream,
            [] => Place::Done,
            _ => {
                self.shared.faults.add(DecodeError::Trailing { format: NAME });
                Place::Done
            }
        };
        match self.input.end.take() {
            Some(Err(error)) if self.place == Place::Done => Err(error),
            end => {
                self.input.end = end;
                Ok(())
            }
        }
    }
}

impl Read for Xz {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let ready = self.lzma.as_ref().map_or(&[][..], |lzma| lzma.since(self.ready));
            let n = ready.len().min(out.len());
            if n > 0 {
                out[..n].copy_from_slice(&ready[..n]);
                self.check.update(&out[..n]);
                self.ready += n;
                if let Err(error) = self.shared.meter.decoded(n) {
                    (self.lzma, self.place, self.failed) = (None, Place::Done, Some(error));
                }
                return Ok(n);
            }
            if let Some(error) = self.failed.take() {
                self.place = Place::Done;
                return Err(error.into());
            }
            if self.place == Place::Done {
                return Ok(0);
            }
            if let Err(error) = self.step() {
                self.failed = Some(error);
            }
        }
    }
}

fn damaged(why: &str) -> DecodeError {
    DecodeError::Damaged { format: NAME, why: why.into() }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A number in the format's variable length from a slice, which moves on.
fn vli(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for i in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The stored bytes with a small buffer.
struct Input {
    stream: Stream,
    buf: Box<[u8]>,
    at: usize,
    len: usize,
    /// Bytes given out.
    taken: u64,
    end: Option<Result<(), DecodeError>>,
}

impl Input {
    /// What is buffered, at least one magic's worth unless the stream ends before.
    fn head(&mut self) -> &[u8] {
        if self.len - self.at < MAGIC.len() && self.end.is_none() {
            self.buf.copy_within(self.at..self.len, 0);
            (self.at, self.len) = (0, self.len - self.at);
            let filled = fill(&mut self.stream, &mut self.buf[self.len..]);
            self.len += filled.n;
            self.end = filled.end;
        }
        &self.buf[self.at..self.len]
    }

    fn peek(&mut self) -> Option<u8> {
        self.head().first().copied()
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    fn exact(&mut self, out: &mut [u8]) -> Result<(), DecodeError> {
        if self.copy(out) == out.len() { Ok(()) } else { Err(self.why_ended()) }
    }

    /// `n` bytes or as many as there are; whether all are there.
    fn up_to(&mut self, n: usize) -> (Vec<u8>, bool) {
        let mut bytes = vec![0; n];
        let got = self.copy(&mut bytes);
        bytes.truncate(got);
        (bytes, got == n)
    }

    fn copy(&mut self, out: &mut [u8]) -> usize {
        let mut done = 0;
        while done < out.len() {
            let head = self.head();
            let n = head.len().min(out.len() - done);
            if n == 0 {
                break;
            }
            out[done..done + n].copy_from_slice(&head[..n]);
            self.at += n;
            done += n;
        }
        self.taken += done as u64;
        done
    }

    fn vli(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for i in 0..9 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged("a number that is too long"))
    }

    /// The error that ended the stored bytes; without one they are truncated.
    fn why_ended(&mut self) -> DecodeError {
        match self.end.replace(Ok(())) {
            Some(Err(error)) => error,
            _ => DecodeError::Truncated { format: NAME },
        }
    }
}

/// A block's check over its decoded bytes. Kinds that nobody uses are passed over.
enum Check {
    None,
    Crc32(Crc),
    Crc64(u64),
    Sha256(Box<Sha256>),
}

impl Check {
    fn new(kind: u8) -> Self {
        match kind {
            1 => Self::Crc32(Crc::new()),
            4 => Self::Crc64(!0),
            10 => Self::Sha256(Box::default()),
            _ => Self::None,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Crc32(crc) => crc.update(bytes),
            Self::Crc64(crc) => {
                *crc = bytes.iter().fold(*crc, |crc, b| CRC64[((crc as u8) ^ b) as usize] ^ (crc >> 8));
            }
            Self::Sha256(sha) => sha.update(bytes),
        }
    }

    fn fits(self, stored: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Crc32(crc) => crc.sum().to_le_bytes() == stored,
            Self::Crc64(crc) => (!crc).to_le_bytes() == stored,
            Self::Sha256(sha) => sha.finalize()[..] == *stored,
        }
    }
}

/// ECMA-182, reflected.
const CRC64: [u64; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = (i as u64, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xc96c_5795_d787_0f42 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};
