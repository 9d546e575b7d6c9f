//! Findings to incidents, incidents to a verdict, all of it to one [`Report`].

mod accused;
mod answers;
mod basis;
mod beside;
mod blind_spots;
mod conclude;
mod incident;
mod ladder;
mod lane;
mod report;
mod story;

pub use crate::focus::Peaks;
pub use basis::{Basis, Beats, Lists, Request, Sweep};
pub use blind_spots::blind_spots;
#[cfg(test)]
pub(crate) use conclude::join_same;
pub use conclude::{Judgement, conclude};
pub use report::{
    Answers, ClientLine, ClientName, Countries, CountryLine, Coverage, Expected, Gap, GotIn, HostLine,
    Incident, IncidentStage, InputLine, Left, LeftState, Lines, PageLine, Reject, Report, Took, Who,
};
