//! The stored bytes of one input, by position: workers share one handle and never disturb each other.

use super::{Kind, Located, OpenError, Spool, spool};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Stored bytes of a file, or of standard input through its spool. Clones share the handle.
#[derive(Clone)]
pub struct PlainFile(Arc<Bytes>);

enum Bytes {
    File(Handle),
    Spool(Spool),
}

impl From<File> for PlainFile {
    fn from(file: File) -> Self {
        Self(Arc::new(Bytes::File(Handle::new(file))))
    }
}

impl PlainFile {
    /// Opens the stored bytes of an input.
    ///
    /// # Errors
    /// [`OpenError::Open`] if the file cannot be opened.
    pub fn open(located: &Located) -> Result<Self, OpenError> {
        match &located.kind {
            Kind::Stdin(spool) => Ok(Self(Arc::new(Bytes::Spool(spool.clone())))),
            Kind::File(path) => match File::open(path) {
                Ok(file) => Ok(file.into()),
                Err(source) => Err(OpenError::Open { path: located.display.clone(), source }),
            },
        }
    }

    /// An anonymous temporary copy of at most `cap_bytes` of a stream; the flag says whether more was there.
    ///
    /// # Errors
    /// The stream breaks, or the temporary disk is full.
    pub(crate) fn copy_of(stream: &mut dyn Read, cap_bytes: u64) -> io::Result<(Self, bool)> {
        let (file, more) = spool::copy_to_temp(stream, cap_bytes)?;
        Ok((file.into(), more))
    }

    /// Length in bytes now; standard input is read to its end first.
    ///
    /// # Errors
    /// The file system's, or those of [`Spool::bytes`].
    pub fn bytes(&self) -> io::Result<u64> {
        match &*self.0 {
            Bytes::File(handle) => Ok(handle.file.metadata()?.len()),
            Bytes::Spool(spool) => spool.bytes(),
        }
    }

    /// Replaces the contents of `into` by the `len` bytes at `offset`; fewer if the file ends before. What was in it is
    /// not cleared first, which would cost as much as a quick disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn read_at(&self, offset: u64, len: usize, into: &mut Vec<u8>) -> io::Result<()> {
        into.resize(len, 0);
        let mut n = 0;
        while n < len {
            match self.read_some_at(offset.saturating_add(n as u64), &mut into[n..]) {
                Ok(0) => break,
                Ok(got) => n += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        into.truncate(n);
        Ok(())
    }

    /// One read at `offset` into `buf`; 0 means the end.
    ///
    /// # Errors
    /// The file system's.
    pub fn read_some_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        match &*self.0 {
            Bytes::File(handle) => handle.read_at(offset, buf),
            Bytes::Spool(spool) => spool.read_at(offset, buf),
        }
    }

    /// Reads on from `offset`, with a position of its own.
    pub fn reader(&self, offset: u64) -> Reader {
        Reader { file: self.clone(), offset }
    }

    /// Adds to the end of a temporary copy; the spool of standard input is the only one to write.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        match &*self.0 {
            Bytes::File(handle) => (&handle.file).write_all(bytes),
            Bytes::Spool(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A [`PlainFile`] read in order from some place on.
pub struct Reader {
    file: PlainFile,
    offset: u64,
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_some_at(self.offset, buf)?;
        self.offset = self.offset.saturating_add(n as u64);
        Ok(n)
    }
}

#[cfg(unix)]
struct Handle {
    file: File,
}

#[cfg(unix)]
impl Handle {
    fn new(file: File) -> Self {
        Self { file }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buf, offset)
    }
}

/// Where a read moves the file's only position: one reader at a time, and appending goes back to the end.
#[cfg(not(unix))]
struct Handle {
    file: File,
    turn: std::sync::Mutex<()>,
}

#[cfg(not(unix))]
impl Handle {
    fn new(file: File) -> Self {
        Self { file, turn: std::sync::Mutex::new(()) }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        use std::io::{Seek, SeekFrom};
        let _turn = self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (&self.file).seek(SeekFrom::Start(offset))?;
        let n = (&self.file).read(buf)?;
        (&self.file).seek(SeekFrom::End(0))?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &PlainFile) {
        let mut got = b"old".to_vec();
        file.read_at(3, 4, &mut got).unwrap();
        assert_eq!(got, b"3456");
        file.read_at(8, 100, &mut got).unwrap();
        assert_eq!(got, b"89");
        file.read_at(11, 1, &mut got).unwrap();
        assert!(got.is_empty());
        assert_eq!(file.bytes().unwrap(), 10);
        got.clear();
        file.reader(0).read_to_end(&mut got).unwrap();
        assert_eq!(got, b"0123456789");
    }

    #[test]
    fn reads_at_any_place() {
        let (file, more) = PlainFile::copy_of(&mut &b"0123456789"[..], 10).unwrap();
        assert!(!more);
        check(&file);
        let (_, more) = PlainFile::copy_of(&mut &b"0123456789"[..], 9).unwrap();
        assert!(more);
    }

    #[test]
    fn standard_input_can_be_read_again() {
        /// One byte at a time, as a terminal may give them.
        struct Slow(&'static [u8]);
        impl Read for Slow {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.read(&mut buf[..1])
            }
        }
        let located = Located::stream("-", Box::new(Slow(b"0123456789")));
        check(&PlainFile::open(&located).unwrap());
        check(&PlainFile::open(&located).unwrap());
    }

    #[test]
    fn a_broken_stream_keeps_what_came_before() {
        struct Broken(&'static [u8]);
        impl Read for Broken {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                if self.0.is_empty() { Err(io::ErrorKind::ConnectionReset.into()) } else { self.0.read(buf) }
            }
        }
        let file = PlainFile::open(&Located::stream("-", Box::new(Broken(b"abc")))).unwrap();
        let mut got = Vec::new();
        assert!(file.reader(0).read_to_end(&mut got).is_err());
        assert_eq!(got, b"abc");
        assert!(file.bytes().is_err());
    }
}
