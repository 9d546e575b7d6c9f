//! Stored bytes to blocks of whole lines.
//!
//! ```text
//! source -> Tap (hash, progress) -> codecs -> archives -> Tap (hash) -> codecs -> charset -> Lines -> Block
//! ```
//!
//! What a file is, its first bytes say, never its name. [`Feed`] walks one input: every archive member is an input of
//! its own with its own line account. All caps live in [`caps`]. It never holds more than a block of lines and one
//! decoder's window per layer, never panics on hostile bytes, and never drops the readable part of a broken file.

pub mod caps;

mod block;
mod charset;
mod codec;
mod error;
mod feed;
mod har;
mod hash;
mod lines;
mod lzma2;
mod ranges;
mod sniff;
mod tap;
mod tar;
mod xz;
mod zip;

pub use block::Block;
pub use caps::{Caps, MAX_LINE_BYTES};
pub use error::DecodeError;
pub use feed::{Feed, Member, Options, Step, Summary};
pub use hash::HashKind;
pub use ranges::{Range, read_lines_at};
