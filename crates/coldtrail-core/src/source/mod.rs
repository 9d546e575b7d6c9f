//! What the user named, found and opened. The only place that touches files.
//!
//! [`discover`] turns names into a sorted list of [`Located`] inputs; [`PlainFile`] reads the stored bytes of one of
//! them, from the start or at any place. Standard input goes through a [`Spool`], so that it can be read twice.
//! It never follows a link inside a folder, never reads a pipe or a device, and never makes a name absolute.
#![expect(clippy::disallowed_methods, reason = "the only I/O of the crate")]

mod discover;
mod plain_file;
mod problem;
mod spool;

pub use discover::{Found, Kind, Located, MAX_INPUTS, discover};
pub use plain_file::{PlainFile, Reader};
pub(crate) use problem::words;
pub use problem::{Note, OpenError, Problem};
pub use spool::Spool;
