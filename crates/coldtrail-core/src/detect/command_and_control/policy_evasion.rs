//! # Ways around the proxy (`policy-evasion`)
//! ## Finds
//! Clients inside that used, or asked for, what the proxy itself calls an anonymiser or a way around it.
//! ## Why it matters
//! What goes through such a service is seen by nobody here; intruders use them as insiders do.
//! ## Decides
//! By client: hosts whose category, as the proxy logged it, is one of anonymisers or proxy avoidance. At least 10 answered
//! requests or 1 MiB: low; fewer, or only refused ones: context.
//! ## Parameters
//! - `min_requests` | 10 | requests | 1-1000 | fewer are a page that was opened and closed
//! - `min_bytes` | 1048576 | bytes | 10 KiB-1 GiB | the same for tunnels, which are few lines
//! ## ATT&CK
//! Command and control: T1090 proxy (ATT&CK v17)
//! ## False positives
//! Translators and caches of search engines, which some products put there.
//! ## Misses
//! What the proxy has no category for, or logs none.
//! ## Cost
//! A bit in the contact's row; at most 20 lines of each of 8 hosts.
//! ## Sources
//! Names of categories: Blue Coat, Zscaler, Palo Alto, Fortinet, Skyhigh, Umbrella, Cisco (their documentation).

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, quote, span};
use crate::enrich::Marks;
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::BTreeMap;

const MAX_EVENTS: usize = 20;
/// Hosts of a client whose lines are kept.
const MAX_SHOWN: usize = 8;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_requests: u64,
    pub(crate) min_bytes: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self { min_requests: 10, min_bytes: 1 << 20 };
}

pub(in crate::detect) struct PolicyEvasion(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "policy-evasion",
    title: "Ways around the proxy",
    stage: Stage::CommandAndControl,
    techniques: &["T1090"],
    since: "0.1.0",
    needs: &["client_ip", "host", "action"],
    doc: header!(include_str!("policy_evasion.rs")),
};

impl PolicyEvasion {
    /// `rows` are of one client and not empty.
    fn suspect_of(&self, mut rows: Vec<&ContactRow>, part: &Partition, site: &Site<'_>) -> Suspect {
        rows.sort_by_key(|r| (std::cmp::Reverse(r.n_requests), part.contacts.text(r)));
        let client = rows[0].client;
        let who = site.client_text(client);
        let n_refused: u64 = rows.iter().map(|r| u64::from(r.n_denied) + u64::from(r.n_failed)).sum();
        let n_requests: u64 = rows.iter().map(|r| u64::from(r.n_requests)).sum();
        let n_answered = n_requests.saturating_sub(n_refused);
        let down: u64 = rows.iter().map(|r| r.bytes_down).sum();
        let names: Vec<String> = rows.iter().map(|r| quote(part.contacts.text(r), 255)).collect();
        let is_use = n_answered >= self.0.min_requests || (n_answered > 0 && down >= self.0.min_bytes);
        let mut draft = Draft::new(format!("client {who}"));
        (draft.severity, draft.rule) = if is_use {
            (Severity::Low, "anonymiser-used")
        } else {
            (Severity::Info, "anonymiser-asked-for")
        };
        draft.level = Level::NoSign;
        draft.clients.insert(client);
        draft.hosts.extend(names.iter().cloned());
        draft.set_span(
            rows.iter().map(|r| r.first_s).min().unwrap_or(u32::MAX),
            rows.iter().map(|r| r.last_s).max().unwrap_or(0),
        );
        draft.n_requests = n_requests;
        draft.bytes_out = Some(down);
        let knows_up = site.totals.lines.requests_with_bytes_in > 0;
        draft.bytes_in = knows_up.then(|| rows.iter().map(|r| r.bytes_up).sum());
        draft.number("n_hosts", rows.len());
        draft.number("n_answered", n_answered);
        draft.number("n_refused", n_refused);
        draft.statement = format!(
            "{who} sent {} to {}, which the proxy calls a way around it{}: {} answered with {}, {} refused or unanswered.",
            counted(n_requests, "request"),
            list(&names, 3),
            span(draft.first_us, draft.last_us),
            count(n_answered),
            bytes(down),
            count(n_refused),
        );
        let wants = rows.iter().take(MAX_SHOWN).map(|r| (Selector::Contact(client, r.host), MAX_EVENTS));
        Suspect { rank: n_requests, wants: wants.collect(), draft }
    }
}

impl Detector for PolicyEvasion {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_client: BTreeMap<ClientKey, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows().iter().filter(|r| r.marks.has(Marks::EVASIVE)) {
            by_client.entry(row.client).or_default().push(row);
        }
        by_client.into_values().map(|rows| self.suspect_of(rows, part, site)).collect()
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        merged(events).iter().take(5).for_each(|event| draft.show(event));
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    #[test]
    fn used_and_asked_for() {
        let check = |n: u32, status_code: u16, denied: bool, want: &[(&str, Severity)]| {
            let one = |i| Request {
                marks: Marks::EVASIVE,
                denied,
                ..to_host(T0 + i, "10.0.0.7", format!("proxy{}.example", i % 2), "/", status_code).bytes(100)
            };
            let found = TestSite::new((0..n).map(one).collect()).run(&PolicyEvasion(Params::DEFAULT));
            assert_eq!(found.iter().map(|f| (f.rule, f.severity)).collect::<Vec<_>>(), want);
        };
        check(12, 200, false, &[("anonymiser-used", Severity::Low)]);
        check(12, 403, true, &[("anonymiser-asked-for", Severity::Info)]);
        check(3, 200, false, &[("anonymiser-asked-for", Severity::Info)]);
        check(0, 200, false, &[]);
    }
}
