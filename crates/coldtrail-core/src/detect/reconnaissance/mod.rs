//! Looking for a way in.

pub(super) mod enumeration;
mod numbers;
pub(super) mod scan;
