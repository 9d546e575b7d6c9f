//! One input, read in order: unpacks what it is, and hands out the lines of every member.

use super::caps::{Caps, MAX_NESTING};
use super::charset::{Charset, Utf16};
use super::codec::{Shared, unpack};
use super::error::{DecodeError, Faults};
use super::har::{self, Har};
use super::lines::Lines;
use super::sniff::{HEAD_BYTES, Kind, sniff};
use super::tap::{Meter, Stream, Tap, fill};
use super::tar::{self, Tar, TarMember};
use super::zip::{self, Zip};
use super::{Block, HashKind};
use crate::record::printable;
use crate::source::{Located, OpenError, PlainFile, Problem};
use std::io::{self, Read};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// How to read an input.
#[derive(Clone, Default, Debug)]
pub struct Options {
    pub hash: HashKind,
    /// Stored bytes consumed are added here as they are read; at the end of an input its whole size has been added.
    pub progress: Option<Arc<AtomicU64>>,
    pub caps: Caps,
}

/// What [`Feed::next`] did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The block holds the next lines.
    Block,
    /// A member has ended; the block is empty. Every member ends so, also one without a line.
    Member(Member),
    /// The input has ended; the block is empty.
    End(Summary),
}

/// The account of one member: a plain or compressed file is its only member.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Member {
    /// As in [`Block::member`].
    pub index: u32,
    /// `access.log.gz`, `logs.tar!access.log`, `a.zip!b.tar.gz!c.log`.
    pub path: String,
    /// How it is packed, outside in: `none`, `gzip`, `zip`, `gzip+tar`, `tar+zstd`.
    pub compression: String,
    /// Decompressed bytes, with the rest of cut lines.
    pub bytes: u64,
    pub lines: u64,
    /// Digest of the member as unpacking its archives gives it, before its own compression is undone; of the file, where
    /// there is no archive. None if not asked for, or if not all of it could be read.
    pub digest: Option<String>,
    /// What is wrong with it. The lines before that place have been handed out.
    pub problems: Vec<Problem>,
    /// Why it was not read, where that is no problem: `a PNG picture, not a log`.
    pub note: Option<String>,
}

/// The account of a whole input.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// Stored bytes.
    pub bytes: u64,
    /// Digest of the stored bytes; none if not asked for, or if not all could be read.
    pub digest: Option<String>,
    /// What is wrong with its archives, outside of any member.
    pub problems: Vec<Problem>,
    pub n_members: u32,
}

/// One sequential reader over one input.
///
/// The blocks and accounts are a function of the stored bytes: reading again gives the same ones.
pub struct Feed {
    file: PlainFile,
    root: Tap,
    hash: HashKind,
    caps: Caps,
    meter: Arc<Meter>,
    shared: Shared,
    named: bool,
    is_seekable: bool,
    archives: Vec<Archive>,
    current: Option<Current>,
    /// Members that are over before they had a line.
    finished: Option<Member>,
    n_members: u32,
    summary: Summary,
    is_over: bool,
}

struct Archive {
    kind: ArchiveKind,
    place: Place,
}

enum ArchiveKind {
    Tar(Arc<Mutex<Tar>>),
    Zip(Box<Zip>),
}

struct Current {
    lines: Lines,
    member: Member,
    tap: Tap,
}

/// Where a stream lies within its input.
#[derive(Clone)]
struct Place {
    path: String,
    layers: Vec<&'static str>,
    n_archives: u32,
    n_packings: u32,
}

impl Place {
    fn compression(&self) -> String {
        if self.layers.is_empty() { "none".into() } else { self.layers.join("+") }
    }
}

impl Feed {
    /// Opens an input and finds out what it is.
    ///
    /// # Errors
    /// The file cannot be opened. What is found while reading goes to the accounts.
    pub fn open(located: &Located, options: Options) -> Result<Self, OpenError> {
        let file = PlainFile::open(located)?;
        let meter = Arc::new(Meter::new(options.caps, options.progress));
        let root = Tap::new(Box::new(file.reader(0)), options.hash, Some(meter.clone()));
        let mut feed = Self {
            shared: Shared { meter: meter.clone(), faults: Faults::default() },
            root: root.clone(),
            file,
            hash: options.hash,
            caps: options.caps,
            meter,
            named: located.named,
            is_seekable: false,
            archives: Vec::new(),
            current: None,
            finished: None,
            n_members: 0,
            summary: Summary::default(),
            is_over: false,
        };
        let path = located.display.clone();
        feed.enter(root, Place { path, layers: Vec::new(), n_archives: 0, n_packings: 0 });
        Ok(feed)
    }

    /// The next lines, or the end of a member, or the end of all.
    pub fn next(&mut self, block: &mut Block) -> Step {
        loop {
            if let Some(current) = &mut self.current {
                if current.lines.next(block) {
                    block.member = current.member.index;
                    return Step::Block;
                }
                let current = self.current.take();
                self.finished = current.map(|current| self.close(current));
            }
            block.bytes.clear();
            block.n_lines = 0;
            if let Some(member) = self.finished.take() {
                return Step::Member(member);
            }
            if !self.advance() {
                return Step::End(self.finish());
            }
        }
    }

    /// The member that blocks come from now, its account still open.
    pub fn member(&self) -> Option<&Member> {
        self.current.as_ref().map(|c| &c.member)
    }

    /// Leaves the current member without reading the rest of its lines; it gets no account.
    pub fn skip_member(&mut self) {
        if self.current.take().is_some() {
            self.shared.faults.take("", None);
        }
    }

    /// Whether the lines lie in the stored bytes as they are, so that a block can be read again by its offset and
    /// length ([`PlainFile::read_at`]).
    pub fn is_seekable(&self) -> bool {
        self.is_seekable
    }

    /// Goes on to the next member of the innermost archive; false when there is none left.
    fn advance(&mut self) -> bool {
        while !self.is_over && self.current.is_none() && self.finished.is_none() {
            let Some(archive) = self.archives.last_mut() else { return false };
            let mut place = archive.place.clone();
            let found = match &mut archive.kind {
                ArchiveKind::Tar(tar) => next_of_tar(tar),
                ArchiveKind::Zip(zip) => next_of_zip(zip),
            };
            let archive_path = place.path.clone();
            self.summary.problems.extend(self.shared.faults.take(&archive_path, None));
            let Some(found) = found else {
                self.archives.pop();
                continue;
            };
            if self.n_members >= self.caps.members {
                let error = DecodeError::Members { members: self.caps.members };
                self.summary.problems.push(error.at(&archive_path, None));
                self.is_over = true;
                break;
            }
            place.path = format!("{archive_path}!{}", printable(&found.name));
            match found.content {
                Ok(stream) => self.enter(Tap::new(stream, self.hash, None), place),
                Err(NotRead::Note("")) => {}
                Err(NotRead::Note(note)) => self.pass(place, None, Some(note.into())),
                Err(NotRead::Problem(error)) => self.pass(place, Some(error), None),
            }
        }
        !self.is_over
    }

    /// Unpacks a stream down to lines, to an archive, or to the reason why not.
    fn enter(&mut self, tap: Tap, mut place: Place) {
        let mut stream: Stream = Box::new(tap.clone());
        loop {
            let peeked = Peeked::new(stream);
            let kind = sniff(&peeked.head);
            let charset = Charset::of(&peeked.head);
            let is_har = har::is_har(&peeked.head);
            stream = Box::new(peeked);
            let n = match kind {
                Kind::Packed(_) => place.n_packings,
                Kind::Tar | Kind::Zip => place.n_archives,
                _ => 0,
            };
            if n >= MAX_NESTING {
                return self.pass(place, Some(DecodeError::Nesting), None);
            }
            match kind {
                Kind::Packed(packing) => {
                    place.layers.push(packing.name());
                    place.n_packings += 1;
                    stream = match unpack(packing, stream, &self.shared) {
                        Ok(stream) => stream,
                        Err(e) => return self.pass(place, Some(DecodeError::from_io(e)), None),
                    };
                }
                Kind::Tar => {
                    let tar = Tar::new(stream, self.shared.faults.clone());
                    return self.open_archive(ArchiveKind::Tar(Arc::new(Mutex::new(tar))), "tar", place);
                }
                Kind::Zip => {
                    let is_root = place.layers.is_empty();
                    return match self.open_zip(stream, is_root) {
                        Ok(zip) => self.open_archive(ArchiveKind::Zip(Box::new(zip)), "zip", place),
                        Err(error) => self.pass(place, Some(error), None),
                    };
                }
                Kind::Foreign(what, instead) => {
                    return self.pass(place, Some(DecodeError::Foreign { what, instead }), None);
                }
                Kind::Unsupported(what) => {
                    return self.pass(place, Some(DecodeError::Unsupported { what: what.into() }), None);
                }
                Kind::NotALog(what) if !(self.named && place.n_archives == 0) => {
                    return self.pass(place, None, Some(format!("{what}, not a log; skipped")));
                }
                Kind::NotALog(_) | Kind::Plain => return self.start(stream, charset, is_har, tap, place),
            }
        }
    }

    fn start(&mut self, mut stream: Stream, charset: Charset, is_har: bool, tap: Tap, place: Place) {
        let mut offset = 0;
        match charset {
            Charset::Bytes => {}
            Charset::Utf8Mark => offset = fill(&mut stream, &mut [0; 3]).n as u64,
            Charset::Utf16 { is_big_endian } => stream = Box::new(Utf16::new(stream, is_big_endian)),
        }
        if is_har {
            stream = Box::new(Har::new(stream));
        }
        let is_turned = is_har || matches!(charset, Charset::Utf16 { .. });
        self.is_seekable = place.layers.is_empty() && !is_turned;
        let member = self.new_member(&place);
        self.current = Some(Current { lines: Lines::new(stream, offset), member, tap });
    }

    fn open_archive(&mut self, kind: ArchiveKind, name: &'static str, mut place: Place) {
        place.layers.push(name);
        place.n_archives += 1;
        self.archives.push(Archive { kind, place });
    }

    /// A zip is read from its end: the file itself, or a temporary copy of one that lies inside something else.
    fn open_zip(&self, mut stream: Stream, is_root: bool) -> Result<Zip, DecodeError> {
        if is_root {
            self.root.uncount();
            return Ok(Zip::open(
                self.file.clone(),
                Some(self.meter.clone()),
                &self.shared,
                self.caps.members,
            ));
        }
        let copy = PlainFile::copy_of(&mut stream, self.caps.spool_bytes).map_err(DecodeError::from_io)?;
        match copy {
            (_, true) => Err(DecodeError::Spool { bytes: self.caps.spool_bytes }),
            (file, false) => Ok(Zip::open(file, None, &self.shared, self.caps.members)),
        }
    }

    /// Accounts for a member that has no lines.
    fn pass(&mut self, place: Place, error: Option<DecodeError>, note: Option<String>) {
        let mut member = self.new_member(&place);
        member.problems.extend(error.map(|e| e.at(&place.path, None)));
        member.problems.extend(self.shared.faults.take(&place.path, None));
        member.note = note;
        if self.archives.is_empty() {
            member.digest = self.root_digest();
        }
        self.finished = Some(member);
    }

    fn new_member(&mut self, place: &Place) -> Member {
        let index = self.n_members;
        self.n_members += 1;
        Member { index, path: place.path.clone(), compression: place.compression(), ..Member::default() }
    }

    /// The account of a member whose lines have all been handed out.
    fn close(&mut self, current: Current) -> Member {
        let Current { lines, mut member, tap } = current;
        (member.bytes, member.lines) = (lines.bytes(), lines.lines());
        let offset = Some(member.bytes);
        member.problems.extend(lines.error().map(|e| e.clone().at(&member.path, offset)));
        member.problems.extend(self.shared.faults.take(&member.path, offset));
        // The lines, and with them all decoders, are gone before the rest is hashed.
        drop(lines);
        if self.archives.is_empty() {
            member.digest = self.root_digest();
        } else if self.meter.tripped() {
            // Nothing after a bomb is read, not even to hash it.
            self.is_over = true;
        } else {
            member.digest = tap.digest();
            member.problems.extend(self.shared.faults.take(&member.path, None));
        }
        member
    }

    fn root_digest(&mut self) -> Option<String> {
        if self.summary.digest.is_none() {
            self.summary.digest = self.root.digest();
        }
        self.summary.digest.clone()
    }

    fn finish(&mut self) -> Summary {
        self.is_over = true;
        self.archives.clear();
        self.summary.digest = self.root_digest();
        let read = self.root.bytes_read();
        // With a digest the size is that of what was hashed, though the file may have grown since.
        let is_all = self.summary.digest.is_some();
        self.summary.bytes = if is_all { read } else { read.max(self.file.bytes().unwrap_or(0)) };
        self.summary.n_members = self.n_members;
        self.meter.finish(self.summary.bytes);
        self.summary.clone()
    }
}

/// What an archive has next.
struct Found {
    name: Vec<u8>,
    content: Result<Stream, NotRead>,
}

enum NotRead {
    /// Left out on purpose; folders, which have nothing to leave out, have no words.
    Note(&'static str),
    Problem(DecodeError),
}

fn next_of_tar(tar: &Arc<Mutex<Tar>>) -> Option<Found> {
    let entry = tar.lock().unwrap_or_else(PoisonError::into_inner).next()?;
    Some(match entry {
        tar::Entry::File { name } => Found { name, content: Ok(Box::new(TarMember(tar.clone()))) },
        tar::Entry::Other { name, what } => Found { name, content: Err(NotRead::Note(what)) },
        tar::Entry::Unsupported { name, what } => {
            Found { name, content: Err(NotRead::Problem(DecodeError::Unsupported { what: what.into() })) }
        }
    })
}

fn next_of_zip(zip: &mut Zip) -> Option<Found> {
    let entry: zip::Entry = zip.next()?;
    let content = if entry.is_folder() {
        Err(NotRead::Note(""))
    } else if entry.is_link() {
        Err(NotRead::Note("a link, not followed"))
    } else {
        zip.read(&entry).map_err(NotRead::Problem)
    };
    Some(Found { name: entry.name, content })
}

/// A stream whose first bytes have been looked at.
struct Peeked {
    head: Vec<u8>,
    given: usize,
    /// An error met while looking, told after the bytes before it.
    error: Option<DecodeError>,
    is_over: bool,
    stream: Stream,
}

impl Peeked {
    fn new(mut stream: Stream) -> Self {
        let mut head = vec![0; HEAD_BYTES];
        let filled = fill(&mut stream, &mut head);
        head.truncate(filled.n);
        let is_over = filled.end.is_some();
        Self { head, given: 0, error: filled.end.and_then(Result::err), is_over, stream }
    }
}

impl Read for Peeked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let ready = self.head.get(self.given..).unwrap_or_default();
        let n = ready.len().min(buf.len());
        if n > 0 {
            buf[..n].copy_from_slice(&ready[..n]);
            self.given += n;
            return Ok(n);
        }
        match self.error.take() {
            Some(error) => Err(error.into()),
            None if self.is_over => Ok(0),
            None => self.stream.read(buf),
        }
    }
}
