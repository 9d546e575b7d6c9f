//! Readers that watch the bytes go by: digest, progress, and the account that stops a bomb.

use super::caps::Caps;
use super::error::DecodeError;
use super::hash::{HashKind, Hasher};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of a file or of a member.
pub(super) type Stream = Box<dyn Read + Send>;

/// Bytes in and out of all decoders of one feed.
pub(super) struct Meter {
    stored: AtomicU64,
    decoded: AtomicU64,
    progress: Option<Arc<AtomicU64>>,
    caps: Caps,
}

impl Meter {
    pub(super) fn new(caps: Caps, progress: Option<Arc<AtomicU64>>) -> Self {
        Self { stored: AtomicU64::new(0), decoded: AtomicU64::new(0), progress, caps }
    }

    pub(super) fn stored(&self, n: usize) {
        self.stored.fetch_add(n as u64, Ordering::Relaxed);
        if let Some(progress) = &self.progress {
            progress.fetch_add(n as u64, Ordering::Relaxed);
        }
    }

    fn take_back(&self, n: u64) {
        self.stored.fetch_sub(n, Ordering::Relaxed);
        if let Some(progress) = &self.progress {
            progress.fetch_sub(n, Ordering::Relaxed);
        }
    }

    /// Counts decoded bytes; an error once they are out of proportion.
    pub(super) fn decoded(&self, n: usize) -> Result<(), DecodeError> {
        self.decoded.fetch_add(n as u64, Ordering::Relaxed);
        if self.tripped() { Err(DecodeError::Ratio { ratio: self.caps.ratio }) } else { Ok(()) }
    }

    pub(super) fn tripped(&self) -> bool {
        let decoded = self.decoded.load(Ordering::Relaxed);
        let allowed = self.stored.load(Ordering::Relaxed).saturating_mul(self.caps.ratio);
        decoded > self.caps.ratio_free_bytes.max(allowed)
    }

    /// Brings the progress to the size of the file, whatever part of it was needed.
    pub(super) fn finish(&self, size: u64) {
        let rest = size.saturating_sub(self.stored.swap(size, Ordering::Relaxed));
        if let Some(progress) = &self.progress {
            progress.fetch_add(rest, Ordering::Relaxed);
        }
    }
}

/// A stream whose bytes are hashed, and counted if it is the stored file itself. Clones share it.
#[derive(Clone)]
pub(super) struct Tap(Arc<Mutex<Inner>>);

struct Inner {
    stream: Stream,
    hasher: Option<Hasher>,
    meter: Option<Arc<Meter>>,
    bytes: u64,
    failed: bool,
}

impl Tap {
    pub(super) fn new(stream: Stream, hash: HashKind, meter: Option<Arc<Meter>>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            stream,
            hasher: Hasher::new(hash),
            meter,
            bytes: 0,
            failed: false,
        })))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops counting, and takes back what was counted: the bytes are counted where they are used.
    pub(super) fn uncount(&self) {
        let mut inner = self.lock();
        if let Some(meter) = inner.meter.take() {
            meter.take_back(inner.bytes);
        }
    }

    /// Bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.lock().bytes
    }

    /// Reads on to the end and gives the digest; none if there is to be none, or if not all bytes could be read.
    pub(super) fn digest(&self) -> Option<String> {
        let mut inner = self.lock();
        inner.hasher.as_ref()?;
        let mut rest = vec![0; 256 * 1024];
        while !inner.failed && inner.read(&mut rest).is_ok_and(|n| n > 0) {}
        let hasher = inner.hasher.take();
        if inner.failed { None } else { hasher.map(Hasher::finish) }
    }
}

impl Read for Tap {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buf)
    }
}

impl Read for Inner {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match read_once(&mut self.stream, buf) {
            Ok(n) => {
                self.bytes += n as u64;
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&buf[..n]);
                }
                if let Some(meter) = &self.meter {
                    meter.stored(n);
                }
                Ok(n)
            }
            Err(e) => {
                self.failed = true;
                Err(e)
            }
        }
    }
}

/// One read that a signal does not disturb.
pub(super) fn read_once(stream: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// How far [`fill`] came.
pub(super) struct Filled {
    pub(super) n: usize,
    /// None: the buffer is full. Some: the stream ended, by an error or without one.
    pub(super) end: Option<Result<(), DecodeError>>,
}

/// Reads until `buf` is full, so that what a caller sees never depends on the sizes of single reads.
pub(super) fn fill(stream: &mut dyn Read, buf: &mut [u8]) -> Filled {
    let mut n = 0;
    while n < buf.len() {
        match read_once(stream, &mut buf[n..]) {
            Ok(0) => return Filled { n, end: Some(Ok(())) },
            Ok(got) => n += got,
            Err(e) => return Filled { n, end: Some(Err(DecodeError::from_io(e))) },
        }
    }
    Filled { n, end: None }
}
