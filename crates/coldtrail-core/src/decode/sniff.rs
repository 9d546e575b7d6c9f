//! What a stream is, by its first bytes.

/// Bytes that [`sniff`] wants to see: a tar header.
pub(super) const HEAD_BYTES: usize = 512;

/// A compression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Packing {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Everything that is nothing else: lines.
    Plain,
    Packed(Packing),
    Tar,
    Zip,
    /// Packed in a way that is not read here.
    Unsupported(&'static str),
    /// No lines, but what may hold requests, and how to get them out.
    Foreign(&'static str, &'static str),
    /// Never a log.
    NotALog(&'static str),
}

/// Magic of packings that are not read here.
const UNSUPPORTED: [(&[u8], &str); 7] = [
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"\x1f\x9d", "data of Unix compress (.Z)"),
    (b"LZIP\x01", "lzip data"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy data"),
    (b"MSCF\0\0\0\0", "a cabinet archive"),
];

/// Magic of what holds records and no lines, and what to do with it.
const FOREIGN: [(&[u8], &str, &str); 7] = [
    (b"LPKSHHRH", "a journal of systemd", "read it with `journalctl --file FILE -o short-iso`"),
    (
        b"ElfFile\0",
        "a Windows event log",
        "web servers log requests elsewhere; IIS in inetpub\\logs\\LogFiles",
    ),
    (b"\xd4\xc3\xb2\xa1", "a packet capture", PCAP),
    (b"\xa1\xb2\xc3\xd4", "a packet capture", PCAP),
    (b"\x4d\x3c\xb2\xa1", "a packet capture", PCAP),
    (b"\x0a\x0d\x0d\x0a", "a packet capture", PCAP),
    (b"PAR1", "a Parquet file", "write it as CSV or JSON lines"),
];
const PCAP: &str = "let Zeek make its http.log of it";

/// Magic of what lies beside logs in folders and is none.
const NOT_A_LOG: [(&[u8], &str); 5] = [
    (b"\x7fELF", "a program"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
];

/// Tells what starts with `head`: the first [`HEAD_BYTES`], or all there are.
pub(super) fn sniff(head: &[u8]) -> Kind {
    if is_gzip(head) {
        return Kind::Packed(Packing::Gzip);
    }
    if is_zstd(head) {
        return Kind::Packed(Packing::Zstd);
    }
    if is_bzip2(head) {
        return Kind::Packed(Packing::Bzip2);
    }
    if head.starts_with(super::xz::MAGIC) {
        return Kind::Packed(Packing::Xz);
    }
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic)) {
        return Kind::Zip;
    }
    if super::tar::is_tar(head) {
        return Kind::Tar;
    }
    let find =
        |list: &[(&[u8], &'static str)]| list.iter().find(|(magic, _)| head.starts_with(magic)).map(|m| m.1);
    if let Some(what) = find(&UNSUPPORTED) {
        return Kind::Unsupported(what);
    }
    // A line may start with one of these; their headers have zero bytes.
    let is_binary = head.get(..64).is_some_and(|h| h.contains(&0));
    if let Some((_, what, instead)) = FOREIGN.iter().find(|(magic, ..)| is_binary && head.starts_with(magic))
    {
        return Kind::Foreign(what, instead);
    }
    if is_binary && head.starts_with(b"MZ") {
        return Kind::NotALog("a Windows program");
    }
    find(&NOT_A_LOG).map_or(Kind::Plain, Kind::NotALog)
}

pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08")
}

/// A frame, or a skippable frame.
pub(super) fn is_zstd(head: &[u8]) -> bool {
    match head.first_chunk::<4>() {
        Some([first, rest @ ..]) => {
            (*first == 0x28 && rest == b"\xb5\x2f\xfd") || (first & 0xf0 == 0x50 && rest == b"\x2a\x4d\x18")
        }
        None => false,
    }
}

/// `BZh1` to `BZh9` and then a block or the end of an empty stream, as far as there are bytes.
pub(super) fn is_bzip2(head: &[u8]) -> bool {
    let Some((start, rest)) = head.split_first_chunk::<4>() else { return false };
    let next = rest.get(..6).unwrap_or(rest);
    start.starts_with(b"BZh")
        && (b'1'..=b'9').contains(&start[3])
        && (b"1AY&SY".starts_with(next) || b"\x17\x72\x45\x38\x50\x90".starts_with(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_matter_bytes_do() {
        let check = |head: &[u8], want| assert_eq!(sniff(head), want, "{}", head.escape_ascii());
        check(b"", Kind::Plain);
        check(b"203.0.113.9 - - [24/Nov/2026:02:11:51 +0000]", Kind::Plain);
        check(b"\x1f\x8b\x08\x00", Kind::Packed(Packing::Gzip));
        check(b"\x1f\x8b", Kind::Plain);
        check(b"\x28\xb5\x2f\xfd", Kind::Packed(Packing::Zstd));
        check(b"\x5a\x2a\x4d\x18", Kind::Packed(Packing::Zstd));
        check(b"BZh91AY&SY", Kind::Packed(Packing::Bzip2));
        check(b"BZh9 is how this line starts", Kind::Plain);
        check(b"\xfd7zXZ\0\0\x04", Kind::Packed(Packing::Xz));
        check(b"PK\x03\x04", Kind::Zip);
        check(b"7z\xbc\xaf\x27\x1c", Kind::Unsupported("a 7-Zip archive"));
        check(b"%PDF-1.7", Kind::NotALog("a PDF document"));
        check(&[b"\x0a\x0d\x0d\x0a".as_slice(), &[0; 64]].concat(), Kind::Foreign("a packet capture", PCAP));
        check(
            b"PAR1 - - [24/Nov/2026:02:11:59 +0000] \"GET / HTTP/1.1\" 200 5 and more than 64 bytes",
            Kind::Plain,
        );
        check(b"MZ was here\n", Kind::Plain);
        check(&[b"MZ".as_slice(), &[0; 64]].concat(), Kind::NotALog("a Windows program"));
    }
}
