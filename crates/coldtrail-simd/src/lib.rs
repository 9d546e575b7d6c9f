//! Finds the structural bytes of log lines, 32 at a time where the machine can, and fetches ahead what tables will use.
//!
//! The one crate of the project with `unsafe` code. Its interface is safe: every function accepts any bytes.

mod prefetch;
mod scan;

pub use prefetch::prefetch;
pub use scan::{Backend, backend, positions2};
