//! Is this request an attack?
//!
//! A record is cut into the values that an application would see (`values`, `fields`). A value is decoded until nothing
//! changes (`normalise`), looked at in several views (`views`), and searched for the literals of all rules at once
//! (`sieve`); only rules whose literals are there run their pattern (`ruleset`). A class scores its heaviest rule plus
//! half of the others; a request's score is that of its worst value (`scorer`). Verdicts are remembered per distinct
//! string (`memo`).
//!
//! A user's own rules (`own`) are run like the built-in ones; one without literals runs on every value, and only such a
//! one may have a pattern that is not matched in linear time (`matcher`).
//!
//! None of the short cuts changes a verdict: what needs no decoding is told by the normaliser's own table, literals are
//! derived from the patterns (`literals`), and a memo only forgets. `tests/attack.rs` holds this.

mod attempt;
mod class;
mod entities;
mod explain;
mod fields;
mod frequency;
mod literals;
mod matcher;
mod memo;
mod normalise;
mod own;
mod payload;
mod probe;
mod rules;
mod ruleset;
mod scorer;
mod sieve;
mod values;
mod views;

pub use attempt::{Attempt, name_of_class, third_person};
pub use class::{ATTACK, Class, ClassSet, Verdict, WEAK};
pub use explain::{Explained, Look, LookOutcome, Reading};
pub use matcher::MAX_STEPS;
pub use normalise::{Anomalies, Form, MAX_VALUE_BYTES, Normaliser, needs_normalising};
pub use own::{MAX_FILE_BYTES, OwnRule, OwnRules, Pace};
pub use payload::{Payload, skeleton};
pub use probe::{Probe, ProbeKind};
pub use rules::{PatternError, Place, Rule, pack};
pub use ruleset::RuleSet;
pub use scorer::{Scorer, TextHashes};
