//! A stream that can be read only once, made readable again: every byte goes to an anonymous temporary file as it
//! is read.

use super::PlainFile;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes asked from the stream at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A stream and the copy of what was read from it. Clones share both; any of them may read at any place.
#[derive(Clone)]
pub struct Spool(Arc<Mutex<State>>);

struct State {
    /// None after its end or an error.
    stream: Option<Box<dyn Read + Send>>,
    /// None until the first byte.
    copy: Option<PlainFile>,
    copied_bytes: u64,
    /// How the stream broke, told to every reader that comes to this place.
    broken: Option<(io::ErrorKind, String)>,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spool")
    }
}

impl Spool {
    /// A spool over `stream`; nothing is read before somebody asks.
    pub fn new(stream: Box<dyn Read + Send>) -> Self {
        Self(Arc::new(Mutex::new(State { stream: Some(stream), copy: None, copied_bytes: 0, broken: None })))
    }

    /// Reads into `buf` at `offset`, pulling from the stream as far as needed. 0 means the end of the stream.
    ///
    /// # Errors
    /// The stream cannot be read, or the temporary disk is full; all bytes before that place stay readable.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while state.copied_bytes <= offset && state.pull()? {}
        let left = state.copied_bytes.saturating_sub(offset);
        let want = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        match &state.copy {
            Some(copy) if want > 0 => copy.read_some_at(offset, &mut buf[..want]),
            _ => Ok(0),
        }
    }

    /// Length of the stream in bytes; reads it to its end first.
    ///
    /// # Errors
    /// As [`Spool::read_at`].
    pub fn bytes(&self) -> io::Result<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while state.pull()? {}
        Ok(state.copied_bytes)
    }
}

impl State {
    /// Copies the next chunk; false at the end of the stream.
    fn pull(&mut self) -> io::Result<bool> {
        if let Some((kind, what)) = &self.broken {
            return Err(io::Error::new(*kind, what.clone()));
        }
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let mut chunk = vec![0; CHUNK_BYTES];
        let result = read_full(stream, &mut chunk).and_then(|n| {
            if self.copy.is_none() {
                self.copy = Some(PlainFile::from(tempfile::tempfile()?));
            }
            self.copy.as_ref().map_or(Ok(()), |copy| copy.append(&chunk[..n]))?;
            Ok(n)
        });
        match result {
            Ok(n) => {
                self.copied_bytes += n as u64;
                if n == 0 {
                    self.stream = None;
                }
                Ok(n > 0)
            }
            Err(e) => {
                self.broken = Some((e.kind(), super::problem::words(&e)));
                self.stream = None;
                Err(e)
            }
        }
    }
}

/// Copies at most `cap_bytes` of `stream` to an anonymous temporary file. The flag says whether more was there.
pub(super) fn copy_to_temp(stream: &mut dyn Read, cap_bytes: u64) -> io::Result<(File, bool)> {
    let mut file = tempfile::tempfile()?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = cap_bytes;
    loop {
        let n = read_full(stream, &mut chunk)?;
        let keep = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&chunk[..keep])?;
        left -= keep as u64;
        if keep < n {
            return Ok((file, true));
        }
        if n == 0 {
            return Ok((file, false));
        }
    }
}

/// Reads until `buf` is full or the stream ends. An error after some bytes is met again by the next read.
fn read_full(stream: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buf.len() {
        match stream.read(&mut buf[n..]) {
            Ok(0) => break,
            Ok(got) => n += got,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) if n > 0 => break,
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}
