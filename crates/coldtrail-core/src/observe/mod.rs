//! First pass: every record into the tables.
//!
//! A worker does not touch the tables line by line. It writes one small, flat observation per key into the buffer of
//! the key's partition, and a full buffer is applied to its partition at one go: the partition's tables are then in
//! the core's cache, nothing is merged at the end, and two workers seldom wait for one lock.

mod index;
mod keys;
mod observation;
mod observer;
mod route;

pub(crate) use index::LineFilter;
pub use index::{BlockKeys, LineKey, Stretch};
pub(crate) use keys::{RecordHashes, RecordKeys, is_site_change};
pub use observer::{MAX_RAW, MAX_REJECTS, ObserveOptions, Observed, Observer, RejectLine};
pub use route::Partitions;
