//! Is this request an attack?
//!
//! A value is decoded until nothing changes (`normalise`), looked at in several views (`views`), and searched for the
//! literals of all rules at once; only rules whose literals are there run their pattern (`ruleset`). A request's score
//! is that of its worst value (`scorer`); verdicts are remembered per distinct string (`memo`).

mod base64;
mod class;
mod entities;
mod explain;
mod fields;
mod literals;
mod memo;
mod normalise;
mod payload;
mod probe;
mod rules;
mod ruleset;
mod scorer;
mod sieve;
mod values;
mod views;

pub use class::{ATTACK, Class, ClassSet, Verdict, WEAK};
pub use explain::{Explained, Step};
pub use normalise::{Anomalies, Form, MAX_VALUE_BYTES, Normaliser, needs_normalising};
pub use payload::{Payload, skeleton};
pub use probe::{Probe, ProbeKind};
pub use rules::{Place, Rule};
pub use ruleset::RuleSet;
pub use scorer::Scorer;
