//! Looking for a way in.

pub(super) mod scan;
