//! Hosts inside that talk to somebody who steers them.

pub(super) mod beacon;
pub(super) mod indicator;
