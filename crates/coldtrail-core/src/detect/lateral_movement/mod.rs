//! One host that looks for others.

pub(super) mod fan_out;
