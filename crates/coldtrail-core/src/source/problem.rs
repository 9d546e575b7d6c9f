//! What could not be read, in words for people.

use std::fmt;
use std::io;

/// Something that was asked for and could not be read, or not to its end. The run goes on without it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The input as the user knows it: `logs/access.log`, `logs.tar!access.log`.
    pub path: String,
    /// Decompressed bytes of the input before the place; absent where no place applies.
    pub offset: Option<u64>,
    /// What happened, and what to do next where something can be done.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)?;
        self.offset.map_or(Ok(()), |offset| write!(f, " (at byte {offset})"))
    }
}

/// Something that was left out on purpose: a link in a folder, a picture. Said, but nothing is missing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Note {
    pub path: String,
    pub what: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Why an input could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path}: {}", words(source))]
    Open { path: String, source: io::Error },
    #[error("{path}: cannot be read at byte {offset}: {}", words(source))]
    Read { path: String, offset: u64, source: io::Error },
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Open { path, source } => Self { path, offset: None, what: words(&source) },
            OpenError::Read { path, offset, source } => {
                Self { path, offset: Some(offset), what: words(&source) }
            }
        }
    }
}

/// An operating-system error in words that say what to do next.
pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "not there; check the name".into(),
        io::ErrorKind::PermissionDenied => {
            "no permission to read it; run as a user who may, or copy it".into()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk for temporary files is full; set TMPDIR to a folder with more room".into()
        }
        _ => error.to_string(),
    }
}
