//! Detectors: which keys deserve a second look, and what their events prove. One file each, below the folder of the
//! stage of an attack that it sees; [`registry`] lists them.

mod access;
mod attack;
mod command_and_control;
mod download;
mod exfiltration;
mod exploit;
mod impact;
mod implant;
mod lateral_movement;
mod reconnaissance;

mod actor;
mod finding;
mod header;
mod host;
mod page;
mod phrase;
mod registry;
mod site;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use phrase::{bytes, count, counted, list, percent, quote, seconds, span, time, time_s};

pub use crate::link::{AgentGroup, HostFacts, LinkedClient};
pub use command_and_control::{Rhythm, rhythm};
pub(crate) use finding::stable_hash;
pub use finding::{Draft, Evidence, Finding, Level, Number, Severity, Stage};
pub(crate) use host::{Host, registered_domain};
pub use lateral_movement::fan_out::HostsOfHour;
pub(crate) use lateral_movement::fan_out::hosts_by_hour;
pub use registry::{by_id, registry};
pub use site::{Options, Site};

use crate::table::{Event, Partition, Selector};

/// What is said of a detector everywhere: the manual, `coldtrail explain`, the report.
pub struct Meta {
    /// Kebab-case, says what it finds, never renamed.
    pub id: &'static str,
    pub title: &'static str,
    pub stage: Stage,
    /// ATT&CK techniques.
    pub techniques: &'static [&'static str],
    /// Version of coldtrail that had it first.
    pub since: &'static str,
    /// Fields without which it is blind.
    pub needs: &'static [&'static str],
    /// The file's own header, as `coldtrail explain` prints it.
    pub doc: &'static str,
}

/// A detector holds parameters only.
pub trait Detector: Sync {
    fn meta(&self) -> &'static Meta;

    /// Names the keys of one partition of the linked tables that deserve a second look. Pure.
    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect>;

    /// What the events of a suspect prove: a list for each of its wants, in their order, each sorted by time, then
    /// place; those of [`Selector::PageBaseline`] and [`Selector::PageReplies`] are empty, the site has the
    /// answers. Pure.
    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding>;

    /// Makes one of the drafts that several partitions hold about one subject: the strongest speaks, all are counted.
    /// `drafts` is not empty; their order does not matter.
    fn join(&self, drafts: Vec<Draft>) -> Draft {
        Draft::join(drafts)
    }
}

/// A key worth a second look.
pub struct Suspect {
    /// Order of importance where suspects are capped: higher first, then the draft's subject.
    pub rank: u64,
    /// Which events the detector wants, each list with its cap.
    pub wants: Vec<(Selector, usize)>,
    /// What the tables prove already.
    pub draft: Draft,
}
