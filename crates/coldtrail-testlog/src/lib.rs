//! Writes logs in which the truth is known: ordinary traffic of a made-up shop or a made-up company, attacks planted
//! at known places, innocent things that look odd, and a file that says what was planted.
//!
//! Same arguments, same bytes: all chance comes from [`rng`], all time from a fixed Monday, all mathematics from `libm`.
//! Nothing is shared with the tool that reads the logs, so a mistake in one cannot hide in the other.
//!
//! ```text
//! site, office -> requests of visitors and clients \
//! incident/*   -> requests of attackers            -> queue (by time of completion) -> writer/* -> files
//!                                                                                  \-> truth   -> truth.json
//! ```

/// Seeded chance: one stream per purpose, so that a change in one place leaves the others as they were.
pub mod rng;
/// Calendar time without a clock.
pub mod time;

/// What is planted: one file per kind of attack, and the innocent look-alikes.
pub mod incident;
/// A company behind a proxy: who browses when, and which programs call home.
pub mod office;
/// One request, with everything that any of the formats can write of it.
pub mod request;
/// A shop: its pages, their sizes, its releases, and what ordinary visits to it look like.
pub mod site;
/// Where visitors come from and what their browsers call themselves.
pub mod visitor;

/// Puts requests in the order in which a server writes them.
pub mod queue;
/// What was planted and what of it was written, as JSON.
pub mod truth;
/// One file per log format.
pub mod writer;

/// Whole logs: `web`, `proxy` and `breach`.
pub mod scenario;

/// A small server with every kind of incident, drawn anew for each seed: what the verdict is measured on.
pub mod trial;
