//! Findings to incidents, incidents to a verdict, all of it to one [`Report`].

mod report;

pub use report::{
    Answers, ClientLine, Coverage, Gap, GotIn, HostLine, Incident, IncidentStage, InputLine, Left, LeftState,
    Lines, PageLine, Peaks, Reject, Report, Took, Who,
};
// STUB until the verdict lands
use crate::detect::{Finding, Level, Site};
use std::collections::BTreeMap;
pub struct Judgement {
    pub level: Level,
    pub rule: String,
    pub sentence: String,
    pub would_raise: Vec<String>,
    pub do_now: Vec<String>,
    pub answers: Answers,
    pub incidents: Vec<Incident>,
    pub findings: Vec<Finding>,
    pub named_clients: BTreeMap<crate::record::ClientKey, u64>,
    pub named_pages: BTreeMap<u64, u64>,
    pub named_hosts: BTreeMap<String, u64>,
}
pub fn conclude(findings: Vec<Finding>, _site: &Site<'_>) -> Judgement {
    Judgement {
        level: Level::NoAttack,
        rule: String::new(),
        sentence: String::new(),
        would_raise: vec![],
        do_now: vec![],
        answers: Answers::default(),
        incidents: vec![],
        findings,
        named_clients: BTreeMap::new(),
        named_pages: BTreeMap::new(),
        named_hosts: BTreeMap::new(),
    }
}
pub fn blind_spots(_t: &crate::table::Totals, _s: &Site<'_>) -> Vec<String> {
    vec![]
}
