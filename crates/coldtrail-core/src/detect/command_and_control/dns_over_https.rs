//! # Names asked for over HTTPS (`dns-over-https`)
//! ## Finds
//! Clients inside that resolve names through a web server and not through the network's own resolver.
//! ## Why it matters
//! Malware hides its look-ups, or carries data in them, where no log of DNS sees it.
//! ## Decides
//! By host: a path `/dns-query` or the content types `application/dns-message` and `application/dns-json`, where the proxy
//! sees inside; else the name or address of a public resolver that is known for it. Answered. Possible: the look-ups were
//! seen themselves, a client made at least 300 in an hour (by distinct seconds) with at most 2 KiB an answer, and at most
//! 10 % of the clients (of at least 20) or 2 clients use the host. Low: at least 10 requests, where at least 20 clients are
//! seen of which at most 10 % use it. Else context: browsers do this by default.
//! ## Parameters
//! - `min_per_hour` | 300 | seconds | 60-3600 | a browser that resolves so all it needs stays below 200
//! - `max_answer` | 2048 | bytes | 512-65536 | an answer of DNS with its headers
//! - `min_requests` | 10 | requests | 1-1000 | fewer are a probe of the browser
//! - `max_prevalence` | 0.1 | share | 0.01-0.5 | what the house switched on is above
//! - `max_clients` | 2 | clients | 1-10 | the same in a small network
//! - `min_clients` | 20 | clients | 5-1000 | in a smaller network a share says nothing
//! ## ATT&CK
//! Command and control: T1071.004 DNS, T1572 protocol tunnelling (ATT&CK v17)
//! ## False positives
//! A browser with the setting on, phones. The user agent tells.
//! ## Misses
//! Resolvers that nobody knows, behind a tunnel.
//! ## Cost
//! A bit in the contact's row; at most 50 lines of each of 5 clients.
//! ## Sources
//! RFC 8484 (paths, content types); the public resolvers' own pages.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, span};
use crate::enrich::Marks;
use crate::table::{ContactRow, Event, Partition, Selector, merged};

const MAX_EVENTS: usize = 50;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_per_hour: usize,
    pub(crate) max_answer: u64,
    pub(crate) min_requests: u32,
    pub(crate) max_prevalence: f64,
    pub(crate) max_clients: u32,
    pub(crate) min_clients: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_per_hour: 300,
        max_answer: 2048,
        min_requests: 10,
        max_prevalence: 0.1,
        max_clients: 2,
        min_clients: 20,
    };
}

/// Public resolvers; a name stands for all names below it.
const RESOLVERS: [&str; 34] = [
    "1.0.0.1",
    "1.1.1.1",
    "149.112.112.112",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "adguard-dns.com",
    "cloudflare-dns.com",
    "dns-family.adguard.com",
    "dns.adguard.com",
    "dns.alidns.com",
    "dns.controld.com",
    "dns.digitale-gesellschaft.ch",
    "dns.google",
    "dns.google.com",
    "dns.mullvad.net",
    "dns.nextdns.io",
    "dns.sb",
    "dns.twnic.tw",
    "dns0.eu",
    "dns64.dns.google",
    "doh.360.cn",
    "doh.cleanbrowsing.org",
    "doh.li",
    "doh.libredns.gr",
    "doh.opendns.com",
    "doh.pub",
    "doh.umbrella.com",
    "freedns.controld.com",
    "one.one.one.one",
    "ordns.he.net",
    "quad9.net",
    "resolver.dnscrypt.info",
    "wikimedia-dns.org",
];

fn is_resolver(host: &[u8]) -> bool {
    let is_below = |end: &&str| {
        host.strip_suffix(end.as_bytes()).is_some_and(|head| head.is_empty() || head.ends_with(b"."))
    };
    RESOLVERS.iter().any(is_below)
}

pub(in crate::detect) struct DnsOverHttps(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "dns-over-https",
    title: "Names asked for over HTTPS",
    stage: Stage::CommandAndControl,
    techniques: &["T1071.004", "T1572"],
    since: "0.1.0",
    needs: &["client_ip", "host", "url_path", "mime_type"],
    doc: header!(include_str!("dns_over_https.rs")),
};

/// Most distinct seconds with a contact in one hour.
fn busiest_hour(row: &ContactRow) -> usize {
    row.times.seconds().chunk_by(|a, b| a / 3600 == b / 3600).map(<[u32]>::len).max().unwrap_or(0)
}

impl DnsOverHttps {
    fn suspect_of(&self, row: &ContactRow, part: &Partition, site: &Site<'_>) -> Suspect {
        let host = Host::new(part.contacts.text(row), site);
        let per_hour = busiest_hour(row);
        let answer = row.bytes_down / u64::from(row.n_requests.max(1));
        let is_seen = row.marks.has(Marks::DNS);
        let is_large = site.n_outgoing_clients >= self.0.min_clients;
        let share = f64::from(host.n_clients) / site.n_outgoing_clients.max(1) as f64;
        let is_rare = host.n_clients <= self.0.max_clients || (is_large && share <= self.0.max_prevalence);
        let mut draft = Draft::new(format!("host {}", host.name));
        (draft.level, draft.severity, draft.rule) =
            if is_seen && is_rare && per_hour >= self.0.min_per_hour && answer <= self.0.max_answer {
                (Level::Possible, Severity::Medium, "many-look-ups")
            } else if is_large && share <= self.0.max_prevalence && row.n_requests >= self.0.min_requests {
                (Level::NoSign, Severity::Low, "look-ups")
            } else {
                (Level::NoSign, Severity::Info, "look-ups")
            };
        draft.clients.insert(row.client);
        draft.set_span(row.first_s, row.last_s);
        draft.n_requests = u64::from(row.n_requests);
        draft.bytes_out = Some(row.bytes_down);
        draft.bytes_in = (site.totals.lines.requests_with_bytes_in > 0).then_some(row.bytes_up);
        draft.number("per_hour", per_hour);
        draft.number("min_per_hour", self.0.min_per_hour);
        draft.number("bytes_per_answer", answer);
        draft.number("n_clients_of_host", host.n_clients);
        draft.number("n_clients", site.n_outgoing_clients);
        if !is_seen {
            draft.caveats.push(
                "Told by the name of the resolver alone: what was asked went through a tunnel.".to_owned(),
            );
        }
        draft.statement = format!(
            "{} resolved names through {}: {}{}, up to {} seconds of an hour with one, {} an answer; {} of {} contacted this host.",
            site.client_text(row.client),
            host.name,
            counted(draft.n_requests, "request"),
            span(draft.first_us, draft.last_us),
            count(per_hour as u64),
            bytes(answer),
            count(u64::from(host.n_clients)),
            counted(site.n_outgoing_clients, "client"),
        );
        draft.hosts.insert(host.name);
        Suspect {
            rank: per_hour as u64 + draft.severity as u64 * 1_000_000,
            wants: vec![(Selector::Contact(row.client, row.host), MAX_EVENTS)],
            draft,
        }
    }
}

impl Detector for DnsOverHttps {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let is_wanted = |row: &&ContactRow| {
            row.n_failed.saturating_add(row.n_denied) < row.n_requests
                && (row.marks.has(Marks::DNS)
                    || (!row.marks.has(Marks::CONNECTION) && is_resolver(part.contacts.text(row))))
        };
        let rows = part.contacts.table.rows().iter().filter(is_wanted);
        rows.map(|row| self.suspect_of(row, part, site)).collect()
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        merged(events).iter().take(3).for_each(|event| draft.show(event));
        vec![draft.finish(&META)]
    }

    fn join(&self, drafts: Vec<Draft>) -> Draft {
        let mut draft = Draft::join(drafts);
        let n = draft.clients.len() as u64;
        if n > 1 {
            draft.statement = format!("{} do so; the busiest: {}", counted(n, "client"), draft.statement);
        }
        draft
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn office() -> Vec<Request> {
        let name = |n: u32| &*Box::leak(format!("10.0.1.{}", n + 1).into_boxed_str());
        (0..30).map(|n| to_host(T0 + n, name(n), "www.h.example", "/", 200)).collect()
    }

    fn asks(n: u32, host: &str, marks: Marks) -> Vec<Request> {
        let one =
            |i| Request { marks, ..to_host(T0 + i * 5, "10.0.0.7", host, "/dns-query", 200).bytes(600) };
        (0..n).map(one).collect()
    }

    fn check(requests: Vec<Request>, want: Option<Severity>) {
        let found = TestSite::new(requests).run(&DnsOverHttps(Params::DEFAULT));
        assert_eq!(
            found.iter().map(|f| f.severity).collect::<Vec<_>>(),
            want.into_iter().collect::<Vec<_>>()
        );
    }

    #[test]
    fn by_shape_and_by_name() {
        check([office(), asks(600, "odd.example", Marks::DNS)].concat(), Some(Severity::Medium));
        check([office(), asks(100, "odd.example", Marks::DNS)].concat(), Some(Severity::Low));
        check(
            [office(), asks(600, "mozilla.cloudflare-dns.com", Marks::default())].concat(),
            Some(Severity::Low),
        );
        check(asks(100, "dns.google", Marks::default()), Some(Severity::Info));
        check(asks(100, "notdns.google.example", Marks::default()), None);
        check(asks(100, "9.9.9.9", Marks::CONNECTION), None);
    }
}
