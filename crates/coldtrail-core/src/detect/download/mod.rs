//! Programs fetched from outside.

#[expect(
    clippy::module_inception,
    reason = "a detector's file is named after its id, which is the stage's name here"
)]
pub(super) mod download;
pub(super) mod drive_by;
