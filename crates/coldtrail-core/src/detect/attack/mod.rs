//! Attacks, whether or not they worked.

#[expect(clippy::module_inception, reason = "a detector's file is named after its id, and this id is the stage's name")]
pub(super) mod attack;
