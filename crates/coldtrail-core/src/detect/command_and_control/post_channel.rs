//! # Nothing but POSTs to one script (`post-channel`)
//! ## Finds
//! A client inside that sends POSTs, and nothing else, to one or two scripts of a host that hardly anybody contacts.
//! ## Why it matters
//! So malware reports to its operator, also when it calls too seldom for its rhythm to be told; and so a tunnel carries
//! what it carries.
//! ## Decides
//! By client and host: at least 3 requests, all of them POST and without a referrer, to at most 2 paths, at least one
//! of them answered 2xx. The paths end like a script (`.php`, `.asp`, `.jsp`, ...); or the host is an address without
//! a name or answers with bytes of no stated kind, and there are at least 100. Host rare: contacted by at most 2 % of
//! the clients or by 2 clients; no known updater, none of our own. Possible.
//! ## Parameters
//! - `min_posts` | 3 | requests | 2-100 | one or two are a form whose page came from a cache
//! - `min_many` | 100 | requests | 10-100000 | an appliance asks its maker's address 12 times a day
//! - `max_paths` | 2 | paths | 1-10 | interfaces of programs have many
//! - `max_prevalence` | 0.02 | share | 0.001-0.2 | as for `download`
//! - `max_clients` | 2 | clients | 1-10 | the same in a small network
//! ## ATT&CK
//! Command and control: T1071.001 web protocols (ATT&CK v17)
//! ## False positives
//! Programs of small makers that report how they are used; the program's name is in the user agent.
//! ## Misses
//! HTTPS without inspection, channels by GET, hosts that many use.
//! ## Cost
//! Sums in the contact's row; at most 200 lines a contact.
//! ## Sources
//! Measured on proxy logs of 203 infections by exploit kits and mail (2014-2015), 26 of which have such a channel, and
//! of one day of an office; MITRE T1071.001.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, quote, span};
use crate::enrich::{Content, PageKind, kind_of};
use crate::table::{Event, Method, Partition, Selector, StatusClass, merged};
use std::collections::BTreeSet;

const MAX_EVENTS: usize = 200;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_posts: u32,
    pub(crate) min_many: u32,
    pub(crate) max_paths: usize,
    pub(crate) max_prevalence: f64,
    pub(crate) max_clients: u32,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { min_posts: 3, min_many: 100, max_paths: 2, max_prevalence: 0.02, max_clients: 2 };
}

pub(in crate::detect) struct PostChannel(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "post-channel",
    title: "Nothing but POSTs to one script",
    stage: Stage::CommandAndControl,
    techniques: &["T1071.001"],
    since: "0.1.0",
    needs: &["client_ip", "host", "method", "url_path", "referrer"],
    doc: header!(include_str!("post_channel.rs")),
};

/// The rule for any path.
const MANY: &str = "many-posts";

fn path(event: &Event) -> &[u8] {
    event.target.split(|c| *c == b'?').next().unwrap_or_default()
}

impl Detector for PostChannel {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for row in part.contacts.table.rows() {
            if row.n_posts < self.0.min_posts || row.n_posts < row.n_requests || row.n_referrer > 0 {
                continue;
            }
            let host = Host::new(part.contacts.text(row), site);
            let is_rare = host.is_rare(self.0.max_clients, self.0.max_prevalence, site);
            if host.is_updater || host.is_own || !is_rare {
                continue;
            }
            let mut draft = Draft::new(format!("client {} host {}", site.client_text(row.client), host.name));
            (draft.level, draft.severity, draft.rule) =
                (Level::Possible, Severity::Medium, "posts-to-one-script");
            draft.clients.insert(row.client);
            draft.set_span(row.first_s, row.last_s);
            draft.n_requests = u64::from(row.n_requests);
            draft.bytes_out = Some(row.bytes_down);
            draft.bytes_in = (site.totals.lines.requests_with_bytes_in > 0).then_some(row.bytes_up);
            draft.number("n_posts", row.n_posts);
            draft.number("min_posts", self.0.min_posts);
            draft.number("n_clients_of_host", host.n_clients);
            draft.number("n_clients", site.n_outgoing_clients);
            if row.n_posts >= self.0.min_many && (host.is_address || row.content.has(Content::UNNAMED)) {
                draft.rule = MANY;
            }
            draft.hosts.insert(host.name);
            suspects.push(Suspect {
                rank: u64::from(row.n_posts),
                wants: vec![(Selector::Contact(row.client, row.host), MAX_EVENTS)],
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let paths: BTreeSet<&[u8]> = events.iter().map(path).collect();
        // Where there are more requests than are looked at, all that are have to go to one path.
        let is_whole = events.len() as u64 >= suspect.draft.n_requests;
        let is_one = !events.is_empty()
            && (is_whole || paths.len() == 1)
            && paths.len() <= self.0.max_paths
            && (suspect.draft.rule == MANY || paths.iter().all(|path| kind_of(path) == PageKind::Script))
            && events.iter().all(|e| e.method == Method::Post)
            && events.iter().any(|e| StatusClass::of(e.status_code) == StatusClass::Ok);
        if !is_one {
            return Vec::new();
        }
        let mut draft = suspect.draft.clone();
        events.iter().take(5).for_each(|event| draft.show(event));
        let host = draft.hosts.first().cloned().unwrap_or_default();
        let knows_referrers = site.totals.lines.requests_with_referrer > 0;
        if !knows_referrers {
            draft
                .caveats
                .push("The log has no referrers: a form that a person sends looks the same.".to_owned());
        }
        draft.artefacts = paths.iter().map(|path| format!("{host}{}", quote(path, 200))).collect();
        draft.number("n_paths", paths.len());
        draft.statement = format!(
            "{} sent {} and nothing else to {}{}{}, and got {}{}; {} of {} ever contacted the host.",
            list(&site.names_of_clients(&draft), 1),
            counted(draft.n_requests, "POST"),
            host,
            if is_whole {
                let paths: Vec<String> = paths.iter().map(|path| quote(path, 200)).collect();
                format!(", all of them to {}", list(&paths, 2))
            } else {
                format!(", the first {} to {}", count(events.len() as u64), quote(path(&events[0]), 200))
            },
            if knows_referrers { ", without a referrer" } else { "" },
            bytes(draft.bytes_out.unwrap_or(0)),
            span(draft.first_us, draft.last_us),
            count(u64::from(Host::new(host.as_bytes(), site).n_clients)),
            counted(site.n_outgoing_clients, "client"),
        );
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn check(requests: Vec<Request>, n: usize) {
        let found = TestSite::new(requests).run(&PostChannel(Params::DEFAULT));
        assert_eq!(found.len(), n);
        assert!(found.iter().all(|f| f.level == Level::Possible && f.severity == Severity::Medium));
    }

    fn post(after_s: u32, path: &str) -> Request {
        Request { method: "POST", ..to_host(T0 + after_s, "10.0.0.1", "rare.example", path, 200).bytes(300) }
    }

    #[test]
    fn posts_and_nothing_else() {
        let posts = |path: &'static str| (0..3).map(move |i| post(i * 700, path)).collect::<Vec<_>>();
        check(posts("/wp-content/ap2.php?x=1"), 1);
        check(posts("/api/v1/events"), 0);
        check(posts("/a.php").into_iter().take(2).collect(), 0);
        let with = |other: Request| posts("/a.php").into_iter().chain([other]).collect();
        check(with(to_host(T0, "10.0.0.1", "rare.example", "/", 200)), 0);
        check(with(post(9, "/a.php").referred()), 0);
        check(with(post(9, "/b.php")), 1);
        check(with(post(9, "/b.php")).into_iter().chain([post(10, "/c.php")]).collect(), 0);
        let refused = |r: Request| Request { status_code: 503, ..r };
        check(posts("/a.php").into_iter().map(refused).collect(), 0);
        let from = |client: &'static str| posts("/a.php").into_iter().map(move |r| Request { client, ..r });
        check(["10.0.0.1", "10.0.0.2", "10.0.0.3"].into_iter().flat_map(from).collect(), 0);
        let many = |n: u32, mime| (0..n).map(move |i| Request { mime, ..post(i * 7, "/t?s=1") });
        check(many(100, "application/octet-stream").collect(), 1);
        check(many(100, "application/json").collect(), 0);
        check(many(99, "application/octet-stream").collect(), 0);
        check(many(100, "").map(|r| Request { host: "203.0.113.9".to_owned(), ..r }).collect(), 1);
        let statement = &TestSite::new(posts("/a.php")).run(&PostChannel(Params::DEFAULT))[0].statement;
        assert!(
            statement.starts_with(
                "10.0.0.1 sent 3 POSTs and nothing else to rare.example, all of them to /a.php,"
            ),
            "{statement}"
        );
    }
}
