//! Whole inputs through source and decode: every packing, whole and broken, and what cannot be trusted about them.
#![expect(clippy::disallowed_methods, reason = "writes the files that it decodes")]

use coldtrail_core::decode::{
    Block, Caps, Feed, HashKind, MAX_LINE_BYTES, Member, Options, Range, Step, Summary, read_lines_at,
};
use coldtrail_core::source::{Located, PlainFile, discover};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All that a feed gave.
struct Whole {
    blocks: Vec<Block>,
    members: Vec<Member>,
    summary: Summary,
}

impl Whole {
    fn text(&self, member: u32) -> Vec<u8> {
        self.blocks.iter().filter(|b| b.member == member).flat_map(|b| b.bytes.clone()).collect()
    }

    fn problems(&self) -> Vec<String> {
        let all = self.members.iter().flat_map(|m| &m.problems).chain(&self.summary.problems);
        all.map(ToString::to_string).collect()
    }
}

fn read_with(located: &Located, options: Options) -> Whole {
    let mut feed = Feed::open(located, options).expect("opens");
    let mut all = Whole { blocks: Vec::new(), members: Vec::new(), summary: Summary::default() };
    let mut block = Block::default();
    loop {
        match feed.next(&mut block) {
            Step::Block => {
                assert_eq!(feed.member().expect("a member is open").index, block.member);
                all.blocks.push(block.clone());
            }
            Step::Member(member) => {
                let lines: u64 =
                    all.blocks.iter().filter(|b| b.member == member.index).map(|b| b.n_lines).sum();
                assert_eq!((member.index as usize, member.lines), (all.members.len(), lines));
                all.members.push(member);
            }
            Step::End(summary) => {
                assert_eq!(summary.n_members as usize, all.members.len());
                assert_eq!(feed.next(&mut block), Step::End(summary.clone()));
                all.summary = summary;
                return all;
            }
        }
    }
}

fn stream(bytes: &[u8]) -> Located {
    let mut located = Located::stream("in", Box::new(Cursor::new(bytes.to_vec())));
    located.named = false;
    located
}

fn read(bytes: &[u8]) -> Whole {
    read_with(&stream(bytes), Options { hash: HashKind::None, ..Options::default() })
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Located {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    let found = discover(&[path.to_str().unwrap().to_owned()]);
    found.inputs.into_iter().next().expect("the file is there")
}

/// Log lines that differ, as real ones do.
fn log(lines: usize) -> Vec<u8> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::new();
    for i in 0..lines {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let (a, b) = (seed >> 40, seed >> 56);
        writeln!(out, "203.0.113.{b} - - [24/Nov/2026:02:11:51 +0000] \"GET /p{a}?id={i} HTTP/1.1\" 200 {a}")
            .unwrap();
    }
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let header = flate2::GzBuilder::new().filename("access.log").comment("c").extra(&b"xx"[..]);
    let mut out = header.write(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        // As xz 5.4 writes it; the index that this encoder writes for nothing is wrong.
        let empty =
            b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\0\0\0\0\x1c\xdf\x44\x21\x1f\xb6\xf3\x7d\x01\0\0\0\0\x04YZ";
        return empty.to_vec();
    }
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        out.append_data(&mut header, name, *bytes).unwrap();
    }
    out.into_inner().unwrap()
}

fn zip_by(method: zip::CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        out.start_file(*name, options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(zip::CompressionMethod::Deflated, members)
}

/// The coverage label, and how to pack.
type Packer = (&'static str, fn(&[u8]) -> Vec<u8>);
const PACKERS: [Packer; 4] = [("gzip", gzip), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz)];

#[test]
fn every_packing_gives_the_content() {
    let contents: [&[u8]; 7] =
        [b"", b"\n", b"\n\n\n\n", b"a\r\nb\r\n", b"no newline", b"\0\xff\xfe binary\n\x01", &log(3000)];
    let check = |packed: &[u8], label: &str, content: &[u8]| {
        let all = read(packed);
        assert_eq!(all.problems(), [""; 0], "{label}");
        assert_eq!((all.members.len(), all.members[0].compression.as_str()), (1, label));
        assert!(all.text(0) == content, "{label}");
        assert_eq!(all.members[0].bytes, content.len() as u64);
        assert!(all.blocks.iter().all(|b| !b.cut_off));
    };
    for content in contents {
        check(content, "none", content);
        for (label, pack) in PACKERS {
            check(&pack(content), label, content);
        }
        check(&tar(&[("a.log", content)]), "tar", content);
        for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
            check(&zip_by(method, &[("a.log", content)]), "zip", content);
        }
        check(&zip_by(zip::CompressionMethod::Zstd, &[("a.log", content)]), "zip", content);
        check(&zip_by(zip::CompressionMethod::Bzip2, &[("a.log", content)]), "zip", content);
    }
}

#[test]
fn members_that_follow_one_another_are_one_content() {
    let (one, two) = (log(3000), b"second\nlast".to_vec());
    let content = [one.clone(), two.clone()].concat();
    for (label, pack) in PACKERS {
        let both = [pack(&one), pack(&two)].concat();
        let all = read(&both);
        assert_eq!((all.problems(), all.text(0) == content), (vec![], true), "{label}");
        let padded = [both.clone(), vec![0; 512]].concat();
        let all = read(&padded);
        assert_eq!((all.problems(), all.text(0) == content), (vec![], true), "{label} padded");
        let spoilt = [both, b"junk".to_vec()].concat();
        let all = read(&spoilt);
        assert!(all.text(0) == content, "{label} spoilt");
        assert_eq!(all.problems().len(), 1, "{label} spoilt");
        assert!(all.problems()[0].contains("follows the end"), "{:?}", all.problems());
        assert!(!all.blocks.last().unwrap().cut_off);
    }
    // A skippable frame between frames.
    let skippable = [zstd(&one), b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(&two)].concat();
    assert!(read(&skippable).text(0) == content);
    // Archives one behind the other.
    let all = read(&[tar(&[("a", &one)]), tar(&[("b", &two)])].concat());
    assert_eq!((all.problems().len(), all.members.len()), (0, 2));
}

/// Cuts `packed` at many places: a true prefix, a problem, and the mark on an unfinished line.
fn check_cuts(label: &str, packed: &[u8], content: &[u8], from: usize) -> usize {
    let step = (packed.len() / 17).max(1);
    let mut most = 0;
    for cut in (from..packed.len()).step_by(step).chain(packed.len().saturating_sub(7)..packed.len()) {
        let all = read(&packed[..cut]);
        let text: Vec<u8> = all.blocks.iter().flat_map(|b| b.bytes.clone()).collect();
        assert!(content.starts_with(&text), "{label} cut at {cut}: not a prefix");
        assert!(!all.problems().is_empty(), "{label} cut at {cut} of {}: no problem", packed.len());
        let lines: u64 = all.members.iter().map(|m| m.lines).sum();
        let newlines = text.iter().filter(|b| **b == b'\n').count() as u64;
        assert_eq!(
            lines,
            newlines + u64::from(text.last().is_some_and(|b| *b != b'\n')),
            "{label} cut at {cut}"
        );
        if let Some(last) = all.blocks.last() {
            assert_eq!(last.cut_off, !text.ends_with(b"\n"), "{label} cut at {cut}");
        }
        most = most.max(text.len() * 100 / content.len());
    }
    most
}

#[test]
fn truncated_data_gives_its_prefix() {
    let content = log(4_000);
    for (label, pack) in PACKERS {
        let packed = pack(&content);
        let most = check_cuts(label, &packed, &content, 10);
        assert!(most > 50, "{label}: {most}");
        let half = read(&packed[..packed.len() / 2]);
        // Only what a broken block of zstd (128 KiB) or bzip2 (100 kB here) would have given is lost.
        assert!(
            half.text(0).len() > content.len() / 4,
            "{label}: {} of {}",
            half.text(0).len(),
            content.len()
        );
    }
    let split =
        content.len() / 3 + content[content.len() / 3..].iter().position(|b| *b == b'\n').unwrap() + 1;
    let members = [("a.log", &content[..split]), ("b.log", &content[split..])];
    assert_eq!(check_cuts("tar", &tar(&members), &content, 300), 100);
    assert_eq!(check_cuts("zip", &zip(&members), &content, 4), 100);
    let stored = zip_by(zip::CompressionMethod::Stored, &members);
    assert_eq!(check_cuts("stored zip", &stored, &content, 4), 100);
    check_cuts("tar.gz", &gzip(&tar(&members)), &content, 10);
    check_cuts("zip in tar", &tar(&[("a.zip", &zip(&members))]), &content, 300);
}

#[test]
fn an_xz_gives_the_bytes_of_a_broken_chunk() {
    // Small enough for one chunk, which decoders that want whole chunks would drop.
    let content = log(500);
    let packed = xz(&content);
    let all = read(&packed[..packed.len() / 2]);
    assert!(all.text(0).len() > content.len() / 3);
    assert!(content.starts_with(&all.text(0)));
}

/// Flips single bytes: no panic, every line accounted for, and other members unharmed.
#[test]
fn damage_in_the_middle_stays_where_it_is() {
    let content = log(400);
    for (label, pack) in PACKERS {
        let packed = pack(&content);
        for at in (0..packed.len()).step_by((packed.len() / 90).max(1)) {
            let mut broken = packed.clone();
            broken[at] ^= [1, 0x80, 0xff][at % 3];
            let all = read(&broken);
            assert_eq!(all.members.len(), 1);
            let is_changed = all.text(0) != content && all.members[0].compression == label;
            // Frames of zstd carry no checksum here.
            assert!(
                !is_changed || label == "zstd" || !all.problems().is_empty(),
                "{label} at {at}: silent change"
            );
        }
        let mut broken = packed.clone();
        let middle = broken.len() / 2;
        broken[middle..middle + 40].fill(0xff);
        for archive in
            [tar(&[("bad", &broken), ("good", &packed)]), zip(&[("bad", &broken), ("good", &packed)])]
        {
            let all = read(&archive);
            assert!(all.text(1) == content, "{label}");
            assert!(!all.members[0].problems.is_empty() && all.members[1].problems.is_empty(), "{label}");
            assert!(all.members[0].problems[0].offset.is_some());
        }
    }
    for archive in [tar(&[("a", &content), ("b", &content)]), zip(&[("a", &content), ("b", &content)])] {
        for at in (0..archive.len()).step_by((archive.len() / 150).max(1)) {
            let mut broken = archive.clone();
            broken[at] ^= 0xff;
            read(&broken);
        }
    }
}

#[test]
fn a_wrong_checksum_is_said_and_all_is_read() {
    let content = b"a\nb".to_vec();
    let mut packed = gzip(&content);
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    let all = read(&[packed.clone(), gzip(b"c\n")].concat());
    assert_eq!(all.text(0), b"a\nbc\n");
    assert_eq!(all.problems().len(), 1);
    assert!(all.problems()[0].contains("checksum"));
    assert!(!read(&packed).blocks[0].cut_off);
}

#[test]
fn a_broken_tar_header_does_not_hide_the_next_member() {
    let mut archive = tar(&[("a", b"one\n"), ("b", b"two\n"), ("c", b"three\n")]);
    archive[1024] ^= 0xff;
    let all = read(&archive);
    let names: Vec<_> = all.members.iter().map(|m| m.path.as_str()).collect();
    assert_eq!(names, ["in!a", "in!c"]);
    assert_eq!(all.problems().len(), 1);
}

#[test]
fn nested_archives_name_the_way() {
    let inner = gzip(&tar(&[("c.log", b"c\n"), ("d.log.gz", &gzip(b"d\n"))]));
    let zipped = zip(&[("dir/b.tar.gz", &inner), ("e.log", b"e\n")]);
    let all = read(&tar(&[("a.zip", &zipped), ("f.zst", &zstd(b"f\n"))]));
    let seen: Vec<_> = all.members.iter().map(|m| (m.path.as_str(), m.compression.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("in!a.zip!dir/b.tar.gz!c.log", "tar+zip+gzip+tar"),
            ("in!a.zip!dir/b.tar.gz!d.log.gz", "tar+zip+gzip+tar+gzip"),
            ("in!a.zip!e.log", "tar+zip"),
            ("in!f.zst", "tar+zstd"),
        ]
    );
    assert_eq!((0..4).map(|i| all.text(i)).collect::<Vec<_>>(), [b"c\n", b"d\n", b"e\n", b"f\n"]);
    assert!(all.problems().is_empty());

    let deep = (0..4).fold(b"x\n".to_vec(), |bytes, _| tar(&[("t", &bytes)]));
    assert!(read(&deep).problems()[0].contains("nested more than 3 deep"));
    let deep = (0..4).fold(b"x\n".to_vec(), |bytes, _| gzip(&bytes));
    assert!(read(&deep).problems()[0].contains("nested more than 3 deep"));
}

#[test]
fn tar_names_links_and_folders() {
    let long = format!("{}/x.log", "d".repeat(180));
    let mut out = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    out.append_data(&mut header, "dir/", &b""[..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    out.append_link(&mut header, "link", "/etc/passwd").unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    out.append_data(&mut header, &long, &b"l\n"[..]).unwrap();
    out.append_pax_extensions([("path", &b"pax \x1b.log"[..])]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(2);
    out.append_data(&mut header, "short", &b"p\n"[..]).unwrap();
    let all = read(&out.into_inner().unwrap());
    let seen: Vec<_> = all.members.iter().map(|m| (m.path.clone(), m.lines, m.note.is_some())).collect();
    let want = [
        ("in!link".into(), 0, true),
        (format!("in!{long}"), 1, false),
        ("in!pax \\x1B.log".into(), 1, false),
    ];
    assert_eq!(seen, want);
    assert!(all.problems().is_empty(), "{:?}", all.problems());
}

#[test]
fn zip_members_that_cannot_be_read_do_not_stop_the_others() {
    let mut archive = zip(&[("a", b"one\n"), ("secret", b"two\n"), ("odd", b"three\n"), ("b", b"four\n")]);
    // The flag and the method of the second and third entry, in the directory.
    let entries: Vec<usize> = memchr::memmem::find_iter(&archive, b"PK\x01\x02").collect();
    archive[entries[1] + 8] |= 1;
    archive[entries[2] + 10] = 9;
    let all = read(&archive);
    assert_eq!((all.text(0), all.text(3)), (b"one\n".to_vec(), b"four\n".to_vec()));
    assert!(all.members[1].problems[0].what.starts_with("encrypted"));
    assert!(all.members[2].problems[0].what.contains("method 9"));
    // Two entries for the same stored bytes.
    let mut bomb = zip(&[("a", b"one\n"), ("b", b"two\n")]);
    let entries: Vec<usize> = memchr::memmem::find_iter(&bomb, b"PK\x01\x02").collect();
    bomb[entries[1] + 42..entries[1] + 46].fill(0);
    let all = read(&bomb);
    assert_eq!(all.text(0), b"one\n");
    assert!(all.members[1].problems[0].what.contains("shares its stored bytes"));
}

#[test]
fn a_zip_of_unknown_sizes_is_salvaged_without_its_directory() {
    let mut out = zip::ZipWriter::new_stream(Vec::new());
    let content = log(2000);
    for name in ["a", "b"] {
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&content).unwrap();
    }
    let whole = out.finish().unwrap().into_inner();
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    let all = read(&whole[..directory]);
    assert!(all.text(0) == content && all.text(1) == content);
    assert_eq!(all.problems().len(), 1, "{:?}", all.problems());
}

#[test]
fn utf16_becomes_utf8() {
    let text = "GET /é 200\r\nGET /😀 404\r\n";
    let le: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [le.clone(), be, gzip(&le)] {
        let all = read(&bytes);
        assert_eq!((all.text(0), all.members[0].lines), (text.as_bytes().to_vec(), 2));
        assert_eq!(all.blocks[0].offset, 0);
        assert!(!Feed::open(&stream(&bytes), Options::default()).unwrap().is_seekable());
    }
    let marked = read(b"\xef\xbb\xbfa\nb\n");
    assert_eq!(
        (marked.text(0), marked.blocks[0].offset, marked.members[0].bytes),
        (b"a\nb\n".to_vec(), 3, 7)
    );
}

#[test]
fn what_is_no_log_is_skipped_unless_named() {
    let png = b"\x89PNG\r\n\x1a\n....\n".to_vec();
    let all = read(&png);
    assert!(all.blocks.is_empty() && all.members[0].note.is_some() && all.problems().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let named = write(folder.path(), "p.png", &png);
    assert!(named.named);
    assert_eq!(read_with(&named, Options::default()).text(0), png);
    let archive = write(folder.path(), "p.tar", &tar(&[("p.png", &png), ("a.log", b"a\n")]));
    let all = read_with(&archive, Options::default());
    assert_eq!((all.members[0].lines, all.members[0].note.is_some(), all.members[1].lines), (0, true, 1));
    assert!(read(b"7z\xbc\xaf\x27\x1c\0\x04").problems()[0].contains("7-Zip"));
}

#[test]
fn lines_over_the_cap_count_once() {
    let content = [b"a\n".to_vec(), vec![b'x'; 3 * MAX_LINE_BYTES], b"\nb\n".to_vec()].concat();
    for (label, pack) in PACKERS {
        let all = read(&pack(&content));
        assert_eq!((all.members[0].lines, all.members[0].bytes), (3, content.len() as u64), "{label}");
        let cut: Vec<_> = all.blocks.iter().filter(|b| b.cut_line).collect();
        assert_eq!(
            (cut.len(), cut[0].bytes.len(), cut[0].first_line, cut[0].offset),
            (1, MAX_LINE_BYTES, 2, 2)
        );
    }
}

#[test]
fn a_bomb_ends_with_a_problem() {
    let caps = Caps { ratio: 50, ratio_free_bytes: 256 << 10, ..Caps::default() };
    let options = || Options { hash: HashKind::None, caps, ..Options::default() };
    // Ten thousand members of a megabyte of zeros: 10 GB from 10 MB of gzip.
    let bomb = gzip(&vec![0; 1 << 20]).repeat(10_000);
    let all = read_with(&stream(&bomb), options());
    assert_eq!(all.members[0].lines, 1);
    assert!(all.members[0].bytes < 12 << 20);
    assert!(all.problems()[0].contains("stopped at the cap"), "{:?}", all.problems());
    // The same twice packed, and in an archive: nothing after it is unpacked either.
    let twice = gzip(&bomb[..100_000]);
    let all = read_with(&stream(&twice), options());
    assert!(all.members[0].bytes < 12 << 20 && !all.problems().is_empty());
    // A window of 2 GiB, which would have to be kept.
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(31).unwrap();
    wide.write_all(b"a\n").unwrap();
    let all = read(&wide.finish().unwrap());
    assert!(all.problems()[0].contains("window of more than"), "{:?}", all.problems());
    for pack in [zstd, bzip2, xz] {
        let bomb = pack(&vec![0; 1 << 20]);
        let archive = tar(&[("first", b"one\n"), ("bomb", &bomb), ("last", b"two\n")]);
        let all = read_with(&stream(&archive), options());
        assert_eq!(all.text(0), b"one\n");
        assert!(all.members[1].bytes < 1 << 20 && all.members.len() == 2);
        assert_eq!(all.problems().len(), 1);
    }
}

#[test]
fn too_many_members_are_cut_and_said() {
    let members: Vec<(&str, &[u8])> = vec![("a", b"x\n"); 7];
    let caps = Caps { members: 5, ..Caps::default() };
    let zipped =
        zip(&[("a", b"1\n"), ("b", b"2\n"), ("c", b"3\n"), ("d", b"4\n"), ("e", b"5\n"), ("f", b"6\n")]);
    for archive in [tar(&members), zipped] {
        let all = read_with(&stream(&archive), Options { caps, ..Options::default() });
        assert_eq!((all.members.len(), all.problems().len()), (5, 1));
    }
}

#[test]
fn digests_and_progress() {
    let folder = tempfile::tempdir().unwrap();
    let sha = |bytes: &[u8]| -> String {
        use sha2::Digest;
        sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
    };
    let content = log(5000);
    let inner = gzip(&content);
    let spoilt = [inner.clone(), b"junk behind the end".to_vec()].concat();
    let zipped = zip(&[("a.gz", &inner), ("b.log", &content)]);
    let tarred = tar(&[("a.gz", &inner), ("b.log", &content)]);
    let cut = inner[..inner.len() / 2].to_vec();
    for stored in [content.clone(), inner.clone(), spoilt, zipped, tarred, cut, zstd(&content), Vec::new()] {
        let located = write(folder.path(), "f", &stored);
        let progress = Arc::new(AtomicU64::new(5));
        let options = Options { progress: Some(progress.clone()), ..Options::default() };
        let all = read_with(&located, options);
        assert_eq!(all.summary.digest, Some(sha(&stored)));
        assert_eq!(all.summary.bytes, stored.len() as u64);
        assert_eq!(progress.load(Ordering::Relaxed), 5 + stored.len() as u64);
        if all.members.len() == 2 {
            assert_eq!(all.members[0].digest, Some(sha(&inner)));
            assert_eq!(all.members[1].digest, Some(sha(&content)));
        } else {
            assert_eq!(all.members[0].digest, all.summary.digest);
        }
        let none = read_with(&located, Options { hash: HashKind::None, ..Options::default() });
        assert_eq!((none.summary.digest, none.summary.bytes), (None, stored.len() as u64));
    }
}

#[test]
fn reading_again_gives_the_same_blocks_and_lines() {
    let folder = tempfile::tempdir().unwrap();
    let content = log(8_000);
    let marked = [b"\xef\xbb\xbf".to_vec(), content.clone()].concat();
    let many = [("a.log", &content[..]), ("skipped.log", b"none\n"), ("b.log", &content[..])];
    for stored in [content.clone(), marked, gzip(&content), tar(&many), zip(&many)] {
        let file = write(folder.path(), "f", &stored);
        for located in [file, stream(&stored)] {
            let (first, again) =
                (read_with(&located, Options::default()), read_with(&located, Options::default()));
            assert!(first.blocks == again.blocks && first.members == again.members);

            if Feed::open(&located, Options::default()).unwrap().is_seekable() {
                let plain = PlainFile::open(&located).unwrap();
                let mut bytes = Vec::new();
                for block in &first.blocks {
                    plain.read_at(block.offset, block.bytes.len(), &mut bytes).unwrap();
                    assert!(bytes == block.bytes);
                }
            }

            // Every 500th line of the members that matter, asked for by place.
            let (mut wanted, mut want) = (Vec::new(), Vec::new());
            for block in first.blocks.iter().filter(|b| b.member != 1) {
                let mut at = 0;
                for (i, line) in block.bytes.split_inclusive(|b| *b == b'\n').enumerate() {
                    if (block.first_line + i as u64).is_multiple_of(500) {
                        let offset = block.offset + at as u64;
                        wanted.push(Range { member: block.member, offset, len: line.len() as u32 });
                        want.push(line.to_vec());
                    }
                    at += line.len();
                }
            }
            assert!(wanted.len() >= 16);
            wanted.push(Range { member: 9, offset: 0, len: 10 });
            want.push(Vec::new());
            let mut got = Vec::new();
            read_lines_at(&located, &wanted, |i, line| {
                assert_eq!(i, got.len());
                got.push(line.to_vec());
            })
            .unwrap();
            assert!(got == want);
        }
    }
}

#[test]
fn a_missing_file_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let located = write(folder.path(), "gone.log", b"");
    std::fs::remove_file(folder.path().join("gone.log")).unwrap();
    let error = Feed::open(&located, Options::default()).err().expect("it is gone");
    assert!(error.to_string().contains("gone.log: not there"));
}
