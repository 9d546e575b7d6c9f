//! Hosts inside that talk to somebody who steers them.

mod band;

pub(super) mod beacon;
pub(super) mod indicator;
pub(super) mod post_channel;
