//! Hosts inside that talk to somebody who steers them.

mod band;
mod rhythm;

pub(super) mod beacon;
pub(super) mod dns_over_https;
pub(super) mod generated_names;
pub(super) mod indicator;
pub(super) mod policy_evasion;
pub(super) mod post_channel;
pub(super) mod rotating_names;
pub(super) mod tunnel_shape;

pub use rhythm::{Rhythm, rhythm};
