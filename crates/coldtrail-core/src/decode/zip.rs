//! Zip archives, read by their directory; where that is lost, by the headers in front of the members.

use super::caps::{MAX_DIRECTORY_BYTES, MAX_NAME_BYTES};
use super::codec::{Shared, inflate, unpack};
use super::error::DecodeError;
use super::sniff::Packing;
use super::tap::{Meter, Stream, fill};
use crate::source::{PlainFile, Reader};
use flate2::Crc;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

const NAME: &str = "zip";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
const END_BYTES: usize = 22;
/// Bytes of a comment at most.
const COMMENT_BYTES: u64 = 0xffff;

/// The members of an archive, in the order of its directory.
pub(super) struct Zip {
    file: PlainFile,
    /// Whether reading the file is reading stored bytes: it is not a temporary copy.
    meter: Option<Arc<Meter>>,
    shared: Shared,
    entries: std::vec::IntoIter<Entry>,
}

/// One member as the directory has it.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    flags: u16,
    method: u16,
    /// None where only the data itself would tell.
    crc: Option<u32>,
    stored_bytes: u64,
    header_offset: u64,
    is_link: bool,
    overlaps: bool,
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    pub(super) fn is_link(&self) -> bool {
        self.is_link
    }
}

impl Zip {
    /// Reads the directory of `file`.
    pub(super) fn open(file: PlainFile, meter: Option<Arc<Meter>>, shared: &Shared, max: u32) -> Self {
        let mut entries = Vec::new();
        match directory(&file, max, &mut entries) {
            Ok(()) => {}
            Err(error @ DecodeError::Members { .. }) => shared.faults.add(error),
            Err(error) => {
                shared.faults.add(error);
                if let Err(error) = salvage(&file, max, &mut entries) {
                    shared.faults.add(error);
                }
            }
        }
        mark_overlaps(&mut entries);
        Self { file, meter, shared: shared.clone(), entries: entries.into_iter() }
    }

    pub(super) fn next(&mut self) -> Option<Entry> {
        self.entries.next()
    }

    /// The decompressed bytes of a member.
    pub(super) fn read(&self, entry: &Entry) -> Result<Stream, DecodeError> {
        if entry.overlaps {
            return Err(DecodeError::Overlap);
        }
        if entry.flags & 1 != 0 {
            return Err(DecodeError::Encrypted);
        }
        let header: [u8; LOCAL_BYTES] = read_array(&self.file, entry.header_offset)?;
        if !header.starts_with(LOCAL) {
            return Err(damaged("no header in front of the member"));
        }
        let skip = LOCAL_BYTES as u64 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        let stream: Stream = Box::new(Section {
            reader: self.file.reader(entry.header_offset.saturating_add(skip)),
            left: entry.stored_bytes,
            meter: self.meter.clone(),
        });
        let io = |stream: io::Result<Stream>| stream.map_err(DecodeError::from_io);
        let stream = match entry.method {
            0 => stream,
            8 => inflate(stream, &self.shared),
            12 => io(unpack(Packing::Bzip2, stream, &self.shared))?,
            93 => io(unpack(Packing::Zstd, stream, &self.shared))?,
            95 => io(unpack(Packing::Xz, stream, &self.shared))?,
            method => return Err(DecodeError::Unsupported { what: format!("zip method {method}") }),
        };
        Ok(match entry.crc {
            Some(want) => {
                Box::new(Checked { stream, crc: Crc::new(), want: Some(want), shared: self.shared.clone() })
            }
            None => stream,
        })
    }
}

/// Part of the file.
struct Section {
    reader: Reader,
    left: u64,
    meter: Option<Arc<Meter>>,
}

impl Read for Section {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if n == 0 {
            return Ok(0);
        }
        match self.reader.read(&mut buf[..n])? {
            0 => {
                self.left = 0;
                Err(DecodeError::Truncated { format: NAME }.into())
            }
            n => {
                self.left -= n as u64;
                if let Some(meter) = &self.meter {
                    meter.stored(n);
                }
                Ok(n)
            }
        }
    }
}

/// Compares the checksum at the end.
struct Checked {
    stream: Stream,
    crc: Crc,
    want: Option<u32>,
    shared: Shared,
}

impl Read for Checked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buf) {
            Ok(0) if !buf.is_empty() => {
                if self.want.take().is_some_and(|want| want != self.crc.sum()) {
                    self.shared.faults.add(DecodeError::Checksum { format: NAME });
                }
                Ok(0)
            }
            Ok(n) => {
                self.crc.update(&buf[..n]);
                Ok(n)
            }
            Err(e) => {
                if e.kind() != io::ErrorKind::Interrupted {
                    self.want = None;
                }
                Err(e)
            }
        }
    }
}

/// Reads the directory at the end of the file.
fn directory(file: &PlainFile, max: u32, entries: &mut Vec<Entry>) -> Result<(), DecodeError> {
    let size = file.bytes().map_err(DecodeError::from_io)?;
    let (start, bytes, count) = find_directory(file, size)?;
    if bytes > MAX_DIRECTORY_BYTES || start.saturating_add(bytes) > size {
        return Err(damaged("its directory is longer than can be"));
    }
    let mut reader = BufReader::with_capacity(64 * 1024, file.reader(start).take(bytes));
    for n in 0..count {
        if n >= u64::from(max) {
            return Err(DecodeError::Members { members: max });
        }
        entries.push(central(&mut reader)?);
    }
    Ok(())
}

/// Start, length and number of entries of the directory.
fn find_directory(file: &PlainFile, size: u64) -> Result<(u64, u64, u64), DecodeError> {
    let tail_start = size.saturating_sub(COMMENT_BYTES + END_BYTES as u64);
    let mut tail = Vec::new();
    file.read_at(tail_start, (size - tail_start) as usize, &mut tail).map_err(DecodeError::from_io)?;
    let at = memchr::memmem::rfind(&tail, END);
    let end = at.and_then(|at| tail.get(at..at + END_BYTES));
    let (Some(at), Some(end)) = (at, end) else { return Err(DecodeError::Truncated { format: NAME }) };
    let (count, bytes, start) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    if count != u16::MAX && bytes != u32::MAX && start != u32::MAX {
        return Ok((u64::from(start), u64::from(bytes), u64::from(count)));
    }
    // Too large for these fields: a 64-bit record, whose place a locator of 20 bytes tells, may hold them.
    let Some(locator) = (tail_start + at as u64).checked_sub(20) else {
        return Err(damaged("no 64-bit directory"));
    };
    let locator: [u8; 20] = read_array(file, locator)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok((u64::from(start), u64::from(bytes), u64::from(count)));
    }
    let record: [u8; 56] = read_array(file, u64_at(&locator, 8))?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged("no 64-bit directory"));
    }
    Ok((u64_at(&record, 48), u64_at(&record, 40), u64_at(&record, 32)))
}

/// One entry of the directory.
fn central(reader: &mut impl Read) -> Result<Entry, DecodeError> {
    let cut = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof => damaged("its directory is cut short"),
        _ => DecodeError::from_io(e),
    };
    let mut head = [0; 46];
    reader.read_exact(&mut head).map_err(cut)?;
    if !head.starts_with(CENTRAL) {
        return Err(damaged("its directory is broken"));
    }
    let mut name = vec![0; usize::from(u16_at(&head, 28))];
    let mut extra = vec![0; usize::from(u16_at(&head, 30))];
    let mut comment = vec![0; usize::from(u16_at(&head, 32))];
    for field in [&mut name, &mut extra, &mut comment] {
        reader.read_exact(field).map_err(cut)?;
    }
    name.truncate(MAX_NAME_BYTES);
    let mut entry = Entry {
        name,
        flags: u16_at(&head, 8),
        method: u16_at(&head, 10),
        crc: Some(u32_at(&head, 16)),
        stored_bytes: u64::from(u32_at(&head, 20)),
        header_offset: u64::from(u32_at(&head, 42)),
        // Made on Unix, and the file type in the upper half of the attributes is a link.
        is_link: head[5] == 3 && u32_at(&head, 38) >> 28 == 0o12,
        overlaps: false,
    };
    let raw_bytes = u32_at(&head, 24);
    let mut longs = long_fields(&extra).into_iter();
    if raw_bytes == u32::MAX {
        longs.next();
    }
    if entry.stored_bytes == u64::from(u32::MAX) {
        entry.stored_bytes = longs.next().unwrap_or(entry.stored_bytes);
    }
    if entry.header_offset == u64::from(u32::MAX) {
        entry.header_offset = longs.next().unwrap_or(entry.header_offset);
    }
    Ok(entry)
}

/// The 64-bit numbers of the extra field: those of size, stored size and offset that did not fit into 32 bits.
fn long_fields(mut extra: &[u8]) -> Vec<u64> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let len = usize::from(u16_at(head, 2)).min(rest.len());
        if u16_at(head, 0) == 1 {
            return rest[..len].chunks_exact(8).map(|c| u64_at(c, 0)).collect();
        }
        extra = &rest[len..];
    }
    Vec::new()
}

/// Finds members by the headers in front of them, for an archive whose end is lost.
fn salvage(file: &PlainFile, max: u32, entries: &mut Vec<Entry>) -> Result<(), DecodeError> {
    let size = file.bytes().map_err(DecodeError::from_io)?;
    entries.clear();
    let mut names_bytes = 0;
    let mut at = 0;
    while let Some(start) = find_local(file, at)? {
        if entries.len() as u64 >= u64::from(max) || names_bytes > MAX_DIRECTORY_BYTES {
            return Err(DecodeError::Members { members: max });
        }
        at = start + LOCAL.len() as u64;
        let Ok(head) = read_array::<LOCAL_BYTES>(file, start) else { break };
        let (name_bytes, extra_bytes) = (usize::from(u16_at(&head, 26)), usize::from(u16_at(&head, 28)));
        let flags = u16_at(&head, 6);
        let method = u16_at(&head, 8);
        if name_bytes == 0 || name_bytes > MAX_NAME_BYTES || !matches!(method, 0..=20 | 93..=99) {
            continue;
        }
        let mut name = Vec::new();
        file.read_at(start + LOCAL_BYTES as u64, name_bytes, &mut name).map_err(DecodeError::from_io)?;
        let data = start + (LOCAL_BYTES + name_bytes + extra_bytes) as u64;
        if data >= size {
            break;
        }
        // With flag 3 the sizes follow the data; then the member reaches to the next header, and its decoder knows
        // where it ends.
        let is_streamed = flags & 8 != 0;
        let mut stored_bytes = u64::from(u32_at(&head, 18));
        if stored_bytes == u64::from(u32::MAX) {
            let mut extra = Vec::new();
            file.read_at(data - extra_bytes as u64, extra_bytes, &mut extra).map_err(DecodeError::from_io)?;
            stored_bytes = long_fields(&extra).get(1).copied().unwrap_or(stored_bytes);
        }
        at = if is_streamed {
            find_local(file, data)?.unwrap_or(size)
        } else {
            data.saturating_add(stored_bytes)
        };
        names_bytes += name.len() as u64;
        entries.push(Entry {
            name,
            flags,
            method,
            crc: if is_streamed { None } else { Some(u32_at(&head, 14)) },
            stored_bytes: if is_streamed { at - data } else { stored_bytes },
            header_offset: start,
            is_link: false,
            overlaps: false,
        });
    }
    Ok(())
}

/// The next member header at or after `from`.
fn find_local(file: &PlainFile, from: u64) -> Result<Option<u64>, DecodeError> {
    let finder = memchr::memmem::Finder::new(LOCAL);
    let mut reader = file.reader(from);
    let (mut buf, mut kept, mut start) = (vec![0; 64 * 1024], 0, from);
    loop {
        let filled = fill(&mut reader, &mut buf[kept..]);
        let len = kept + filled.n;
        if let Some(at) = finder.find(&buf[..len]) {
            return Ok(Some(start + at as u64));
        }
        match filled.end {
            Some(Err(error)) => return Err(error),
            Some(Ok(())) => return Ok(None),
            None => {}
        }
        // A header may lie across two reads.
        kept = LOCAL.len() - 1;
        buf.copy_within(len - kept..len, 0);
        start += (len - kept) as u64;
    }
}

/// Members that share stored bytes multiply them; only the first of them is read.
fn mark_overlaps(entries: &mut [Entry]) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|i| (entries[*i].header_offset, *i));
    let mut end = 0;
    for i in order {
        let entry = &mut entries[i];
        entry.overlaps = entry.header_offset < end;
        if !entry.overlaps {
            let bytes = LOCAL_BYTES as u64 + entry.stored_bytes.min(1 << 62);
            end = entry.header_offset.saturating_add(bytes);
        }
    }
}

fn damaged(why: &str) -> DecodeError {
    DecodeError::Damaged { format: NAME, why: why.into() }
}

fn read_array<const N: usize>(file: &PlainFile, offset: u64) -> Result<[u8; N], DecodeError> {
    let mut bytes = [0; N];
    match fill(&mut file.reader(offset), &mut bytes).end {
        None => Ok(bytes),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => Err(DecodeError::Truncated { format: NAME }),
    }
}

/// Little-endian numbers; what lies past the end is 0.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u16::from_le_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u64::from_le_bytes(*b))
}
