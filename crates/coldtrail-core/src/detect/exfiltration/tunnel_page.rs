//! # A page that works as a tunnel (`tunnel-page`)
//! ## Finds
//! A page that one client drives with hundreds of POSTs whose answers are of every size.
//! ## Why it matters
//! A tunnel page (reGeorg and its kin) carries connections into the network behind the server.
//! ## Decides
//! One or two clients, at least 200 requests, 95 % of them POST and answered 2xx, sizes of answers over at
//! least 3 powers of ten (an empty body counts as 1). From a program that was missing before, lies in a
//! folder that should hold none, or is used by a client with an attack or probes on record: confirmed; else
//! possible.
//! ## Parameters
//! - `min_requests` | 200 | requests | 50-10000 | the ladder's rule H7
//! - `min_post_share` | 0.95 | share | 0.5-1 | tunnels open with a GET or two
//! - `min_decades` | 3 | powers of ten | 1-6 | an API answers within two
//! ## ATT&CK
//! Command and control: T1572 protocol tunnelling, T1090.001 internal proxy; persistence: T1505.003 (ATT&CK
//! v17)
//! ## False positives
//! Synchronisation of one office with an API: its path is documented and its answers are alike.
//! ## Misses
//! Tunnels over GET with cookies or headers; logs without response bytes.
//! ## Cost
//! One row a page; at most 2,000 lines a page.
//! ## Sources
//! sensepost/reGeorg, 2014, for the traffic's shape.

use crate::detect::header::header;
use crate::detect::implant::web_shell::is_static_folder;
use crate::detect::{Detector, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, list, quote, span};
use crate::enrich::{PageKind, kind_of};
use crate::table::{Event, Method, Partition, Selector, StatusClass, merged};

const MAX_EVENTS: usize = 2000;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_requests: u64,
    pub(crate) min_post_percent: u64,
    pub(crate) min_decades: u32,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self { min_requests: 200, min_post_percent: 95, min_decades: 3 };
}

pub(in crate::detect) struct TunnelPage(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "tunnel-page",
    title: "A page that works as a tunnel",
    stage: Stage::Exfiltration,
    techniques: &["T1572", "T1090.001", "T1505.003"],
    since: "0.1.0",
    needs: &["client_ip", "method", "url_path", "response_bytes"],
    doc: header!(include_str!("tunnel_page.rs")),
};

impl Detector for TunnelPage {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for row in part.pages.table.rows() {
            let n = row.n_requests();
            let is_shape = n >= self.0.min_requests
                && u64::from(row.n_posts) * 100 >= n * self.0.min_post_percent
                && row.n_clients <= 2
                && row.n_outgoing == 0
                && row.max_out >= 10u64.pow(self.0.min_decades);
            if is_shape {
                let wants = vec![(Selector::Page(row.hash), MAX_EVENTS)];
                suspects.push(Suspect { rank: n, wants, draft: site.draft_of_page(row) });
            }
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let Some(row) = site.page(suspect.draft.page) else { return Vec::new() };
        let path = site.page_text(row).1;
        let posts: Vec<&Event> = events
            .iter()
            .filter(|e| e.method == Method::Post && StatusClass::of(e.status_code) == StatusClass::Ok)
            .collect();
        let sizes = || posts.iter().filter_map(|e| e.bytes_out.get()).map(|n| n.max(1));
        let Some(least) = sizes().min() else { return Vec::new() };
        // The largest of all, also beyond the requests that are kept.
        let most = row.max_out.max(least);
        if (posts.len() as u64) < self.0.min_requests || most.ilog10() - least.ilog10() < self.0.min_decades {
            return Vec::new();
        }
        let missing = row.span(StatusClass::Missing);
        let was_missing = missing.n > 0 && missing.first_s < row.span(StatusClass::Ok).first_s;
        let is_odd_place = kind_of(path) == PageKind::Script && is_static_folder(path);
        let mut draft = suspect.draft.clone();
        draft.clients = posts.iter().map(|e| e.client).collect();
        let is_known = draft.clients.iter().any(|c| site.has_history(*c));
        let is_sure = kind_of(path) == PageKind::Script && (was_missing || is_odd_place || is_known);
        (draft.level, draft.severity) = if is_sure {
            (Level::Confirmed, Severity::Critical)
        } else {
            (Level::Possible, Severity::Medium)
        };
        draft.rule = "tunnel";
        if is_sure {
            draft.artefacts = draft.pages.clone();
        }
        draft.set_traffic(row);
        draft.number("n_posts", row.n_posts);
        draft.number("smallest_bytes", least);
        draft.number("largest_bytes", most);
        draft.number("was_missing", u32::from(was_missing));
        draft.show_largest(&posts, 2, 2);
        draft.statement = format!(
            "{} drove {} with {} POSTs{}, answered with {} to {} each and {} in all: the traffic of a tunnel.",
            list(&site.names_of_clients(&draft), 3),
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 160),
            count(u64::from(row.n_posts)),
            span(draft.first_us, draft.last_us),
            bytes(least),
            bytes(most),
            bytes(row.bytes_out),
        );
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};

    fn check(path: &str, size: impl Fn(u32) -> u64, want: Option<Level>) {
        let posts: Vec<Request> =
            (0..300).map(|i| to_server(T0 + i, "203.0.113.9", "POST", path, 200).bytes(size(i))).collect();
        let found = TestSite::new(posts).run(&TunnelPage(Params::DEFAULT));
        assert_eq!(found.iter().map(|f| f.level).collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn sizes_of_every_kind() {
        check("/static/img/conn.jsp", |i| 10u64.pow(i % 5), Some(Level::Confirmed));
        check("/api/sync", |i| 10u64.pow(i % 5), Some(Level::Possible));
        check("/api/sync", |i| 200 + u64::from(i), None);
    }
}
