//! Hosts inside that talk to somebody who steers them.

mod band;
mod rhythm;

pub(super) mod beacon;
pub(super) mod generated_names;
pub(super) mod indicator;
pub(super) mod post_channel;
pub(super) mod rotating_names;

pub use rhythm::{Rhythm, rhythm};
