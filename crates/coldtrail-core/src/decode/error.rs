//! Why a member could not be read, or not to its end.

use super::caps::{MAX_NESTING, MAX_PROBLEMS};
use crate::source::Problem;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a member could not be read, or not to its end. [`Problem`] adds the path and the decompressed offset.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("the {format} data ends too early; everything before that place was read")]
    Truncated { format: &'static str },
    #[error("the {format} data is damaged ({why}); everything before that place was read")]
    Damaged { format: &'static str, why: String },
    #[error("the {format} checksum does not match: bytes were changed or lost")]
    Checksum { format: &'static str },
    #[error("what follows the end of the {format} data is not {format} and was not read")]
    Trailing { format: &'static str },
    #[error(
        "stopped at the cap: more than {ratio} decompressed bytes for each stored byte, as a decompression bomb has"
    )]
    Ratio { ratio: u64 },
    #[error("stopped at the cap of {members} members; unpack it and name the folder")]
    Members { members: u32 },
    #[error("nested more than {MAX_NESTING} deep, not unpacked; unpack it and name the folder")]
    Nesting,
    #[error("the zip inside this archive is larger than {bytes} bytes; unpack it first")]
    Spool { bytes: u64 },
    #[error("shares its stored bytes with another member, as a decompression bomb does; not read")]
    Overlap,
    #[error("encrypted; decrypt it first")]
    Encrypted,
    #[error("{what}, which has no lines to read; {instead}")]
    Foreign { what: &'static str, instead: &'static str },
    #[error("{what}, which this build cannot read; unpack it first")]
    Unsupported { what: String },
    #[error("cannot be read: {why}")]
    Read { why: String },
}

impl DecodeError {
    /// The error that a reader of this folder passed up as an [`io::Error`].
    pub(super) fn from_io(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|e| Self::Read { why: crate::source::words(&e) })
    }

    /// Places the error.
    pub(super) fn at(self, path: &str, offset: Option<u64>) -> Problem {
        Problem { path: path.into(), offset, what: self.to_string() }
    }
}

impl From<DecodeError> for io::Error {
    fn from(error: DecodeError) -> Self {
        Self::other(error)
    }
}

/// Errors that do not end the stream they are found in, on their way to the account of the member. All layers share it.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Pending>>);

#[derive(Default)]
struct Pending {
    kept: Vec<DecodeError>,
    n_more: u64,
}

impl Faults {
    pub(super) fn add(&self, error: DecodeError) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.kept.len() < MAX_PROBLEMS {
            pending.kept.push(error);
        } else {
            pending.n_more += 1;
        }
    }

    /// Takes what has gathered and places it.
    pub(super) fn take(&self, path: &str, offset: Option<u64>) -> Vec<Problem> {
        let pending = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut problems: Vec<_> = pending.kept.into_iter().map(|e| e.at(path, offset)).collect();
        if pending.n_more > 0 {
            let what = format!("{} more problems of this kind", pending.n_more);
            problems.push(Problem { path: path.into(), offset, what });
        }
        problems
    }
}
