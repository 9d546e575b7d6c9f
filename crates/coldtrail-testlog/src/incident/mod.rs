//! What is planted: one file per kind of attack, and the innocent look-alikes.
//!
//! A function of these files returns an `Incident`: requests of one actor and what a reader of the log should make of
//! them. It takes who and when; a scenario decides which are planted.

use crate::request::Request;

/// Archives fetched in pieces.
pub mod archive;
/// Signs of command and control in a proxy's log.
pub mod beacon;
/// Things of others, asked for by their numbers.
pub mod enumeration;
/// One inside host that asks for very many others.
pub mod fan_out;
/// Files of the server read through a page.
pub mod file_read;
/// Floods.
pub mod flood;
/// SQL injection: without effect, by UNION, and blind.
pub mod injection;
/// A bad download by several clients, and other contacts with known bad names.
pub mod malware;
/// Passwords tried, from one address and from many.
pub mod password;
/// Requests for known holes that are not there.
pub mod probe;
/// Scans: fast, slow, and spread over many addresses.
pub mod scan;
/// Innocent things that look odd.
pub mod trap;
/// Data that leaves through the proxy.
pub mod upload;
/// Web shells: uploaded, used, deleted.
pub mod web_shell;

/// What a reader of the log should make of an incident.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// `W05`, stable over versions.
    pub id: &'static str,
    /// `sql-injection-union`.
    pub kind: &'static str,
    /// One sentence.
    pub title: &'static str,
    /// Detectors that must each have a finding; for a trap: that must have none.
    pub detectors: &'static [&'static str],
    /// Detectors whose finding would be right too.
    pub also: &'static [&'static str],
    /// The words of the verdict; `no_attack` for a trap.
    pub level: &'static str,
    /// What was left or taken: paths or URLs.
    pub artefacts: Vec<String>,
}

/// Something planted.
pub struct Incident {
    pub expectation: Expectation,
    pub requests: Vec<Request>,
}
