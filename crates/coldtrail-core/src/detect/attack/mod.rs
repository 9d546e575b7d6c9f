//! Attacks, whether or not they worked.

#[expect(
    clippy::module_inception,
    reason = "a detector's file is named after its id, which is the stage's name here"
)]
pub(super) mod attack;
pub(super) mod tries;
