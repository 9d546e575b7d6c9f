//! Finds the structural bytes of log lines, 32 at a time where the machine can.
//!
//! The one crate of the project with `unsafe` code. Its interface is safe: every function accepts any bytes.

mod scan;

pub use scan::{Backend, backend, positions2};
