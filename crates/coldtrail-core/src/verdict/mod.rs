//! Findings to incidents, incidents to a verdict, all of it to one [`Report`].

mod report;

pub use report::{
    Answers, ClientLine, Coverage, Gap, GotIn, HostLine, Incident, IncidentStage, InputLine, Left, LeftState,
    Lines, PageLine, Peaks, Reject, Report, Took, Who,
};
