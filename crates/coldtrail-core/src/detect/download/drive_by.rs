//! # Exploit pages and disguised programs (`drive-by`)
//! ## Finds
//! A client inside that got, from a host that hardly anybody contacts, what a browser's plug-in runs or a page with
//! a made-up name, and then a program; or a program under the name of a page or picture.
//! ## Why it matters
//! This is how a computer is taken over while its user only looks at a page.
//! ## Decides
//! By host and client, from the content types of answers 2xx. Exploit content: a Java archive, Flash, Silverlight, or
//! any request of the Java plug-in. Payload: a program, or bytes of no stated kind under a name that is no file's.
//! Made-up name: a word of at least 16 letters and digits in which small letters, capitals and digits take turns at
//! least 4 times. Host rare: contacted by at most 2 % of the clients or by 2 clients; no known updater, none of our
//! own. Exploit content, then a payload within 10 minutes: possible; if the payload is a program by its type, or the
//! Java plug-in fetched it: probable. A page, then a payload within 10 minutes, one of them by a made-up name:
//! possible. A page and exploit content, one of them by a made-up name, without a payload: no sign, low. A payload
//! under the name of a page or picture, or of a script that nothing linked to: possible if it is a program by its type
//! and has 10 KiB, else no sign, low.
//! ## Parameters
//! - `window_s` | 600 | seconds | 60-3600 | in 102 captures of exploit kits the payload came after at most 130
//! - `min_bytes` | 10240 | bytes | 0-1048576 | smaller answers without more to them are status codes of programs
//! - `max_prevalence` | 0.02 | share | 0.001-0.2 | as for `download`
//! - `max_clients` | 2 | clients | 1-10 | the same in a small network
//! ## ATT&CK
//! Initial access: T1189 drive-by compromise; command and control: T1105 ingress tool transfer (ATT&CK v17)
//! ## False positives
//! Games and players that load films and data from a small host of their own: the user can say so.
//! ## Misses
//! HTTPS without inspection, logs without content types, programs inside archives or scripts.
//! ## Cost
//! One byte a contact; at most 200 lines a host.
//! ## Sources
//! Measured on proxy logs of 203 infections by exploit kits and mail (2014-2015) and of one day of an office;
//! MITRE T1189.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{counted, list, quote, seconds, span};
use crate::enrich::Content;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::BTreeMap;

const MAX_EVENTS: usize = 200;
/// Networks of fewer clients do not tell how rare a host is, clients.
const SMALL: u64 = 20;
/// Cap on clients of one host whose events are looked at, clients.
const MAX_CLIENTS: usize = 10;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) window_s: u32,
    pub(crate) min_bytes: u64,
    pub(crate) max_prevalence: f64,
    pub(crate) max_clients: u32,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { window_s: 600, min_bytes: 10 * 1024, max_prevalence: 0.02, max_clients: 2 };
}

pub(in crate::detect) struct DriveBy(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "drive-by",
    title: "Exploit pages and disguised programs",
    stage: Stage::Download,
    techniques: &["T1189", "T1105"],
    since: "0.1.0",
    needs: &["client_ip", "host", "url_path", "status_code", "mime_type"],
    doc: header!(include_str!("drive_by.rs")),
};

const EXPLOIT: Content = Content::PLUGIN.and(Content::JAVA);

/// What one client got from a host.
struct Chain<'e> {
    rule: &'static str,
    level: Level,
    severity: Severity,
    shown: Vec<&'e Event>,
    told: String,
}

/// Whether what a client got may come to one of the rules.
fn may_be_one(content: Content) -> bool {
    content.has(Content::DISGUISED)
        || content.has(EXPLOIT) && content.has(Content::PAYLOAD)
        || content.has(Content::PAGE)
            && content.has(Content::GENERATED)
            && content.has(EXPLOIT.and(Content::PAYLOAD))
}

impl DriveBy {
    fn chain<'e>(&self, events: &[&'e Event]) -> Option<Chain<'e>> {
        let first = |kind: Content| events.iter().copied().find(|e| e.content.has(kind));
        // The first payload that came within the window after the first of its kind.
        let then = |before: &Event| {
            let until = before.ts_us.saturating_add(i64::from(self.0.window_s) * 1_000_000);
            let is_next = |e: &&&Event| e.content.has(Content::PAYLOAD) && e.at != before.at;
            events.iter().filter(is_next).find(|e| (before.ts_us..=until).contains(&e.ts_us)).copied()
        };
        let is_generated = events.iter().any(|e| e.content.has(Content::GENERATED));
        let after = |a: &Event, b: &Event| seconds(((b.ts_us - a.ts_us) / 1_000_000) as f64);
        let (page, exploit) = (first(Content::PAGE), first(EXPLOIT));
        let program = "a program";
        let bare = "bytes of no stated kind under no file's name";
        let what = |e: &Event| if e.content.has(Content::PROGRAM) { program } else { bare };
        if let Some((exploit, payload)) = exploit.and_then(|e| Some((e, then(e)?))) {
            let is_sure = payload.content.has(Content::PROGRAM.and(Content::JAVA));
            let (level, severity) =
                if is_sure { (Level::Probable, Severity::High) } else { (Level::Possible, Severity::Medium) };
            let told = format!(
                "what a browser's plug-in runs ({}), and {} later {}",
                if exploit.content.has(Content::JAVA) { "for Java" } else { "an archive or film" },
                after(exploit, payload),
                what(payload),
            );
            let shown = page.into_iter().chain([exploit, payload]).collect();
            return Some(Chain { rule: "exploit-and-program", level, severity, shown, told });
        }
        if let Some((page, payload)) = page.filter(|_| is_generated).and_then(|p| Some((p, then(p)?))) {
            let (level, severity) = (Level::Possible, Severity::Medium);
            let told = format!(
                "a page, and {} later {}, by names that a machine made up",
                after(page, payload),
                what(payload)
            );
            return Some(Chain {
                rule: "page-and-program",
                level,
                severity,
                shown: vec![page, payload],
                told,
            });
        }
        if let Some(disguised) = first(Content::DISGUISED) {
            // Stores of files know no kind for much that is harmless.
            let is_large = |e: &&&Event| {
                e.content.has(Content::DISGUISED)
                    && e.content.has(Content::PROGRAM)
                    && e.bytes_out.or_zero() >= self.0.min_bytes
            };
            let large = events.iter().find(is_large).copied();
            let (level, severity) = match large {
                Some(_) => (Level::Possible, Severity::Medium),
                None => (Level::NoSign, Severity::Low),
            };
            let shown = large.unwrap_or(disguised);
            let what = if shown.content.has(Content::PROGRAM) { program } else { "bytes of no stated kind" };
            let told = format!("{what} under the name {}", quote(&shown.target, 120));
            return Some(Chain { rule: "disguised-program", level, severity, shown: vec![shown], told });
        }
        let (page, exploit) = page.zip(exploit).filter(|_| is_generated)?;
        let told =
            "a page and what a browser's plug-in runs, by names that a machine made up, but no program"
                .to_owned();
        let shown = vec![page, exploit];
        Some(Chain { rule: "page-and-exploit", level: Level::NoSign, severity: Severity::Low, shown, told })
    }
}

impl Detector for DriveBy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_host: BTreeMap<u64, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows().iter().filter(|row| may_be_one(row.content)) {
            by_host.entry(row.host).or_default().push(row);
        }
        let mut suspects = Vec::new();
        for mut rows in by_host.into_values() {
            let host = Host::new(part.contacts.text(rows[0]), site);
            let is_rare = host.is_rare(self.0.max_clients, self.0.max_prevalence, site);
            if host.is_updater || host.is_own || !is_rare {
                continue;
            }
            rows.sort_by_key(|row| (row.first_s, row.client));
            let mut draft = Draft::new(format!("host {}", host.name));
            draft.number("n_clients_of_host", host.n_clients);
            draft.number("n_clients", site.n_outgoing_clients);
            draft.hosts.insert(host.name);
            suspects.push(Suspect {
                rank: rows.iter().map(|row| u64::from(row.content.has(EXPLOIT)) + 1).sum(),
                wants: rows
                    .iter()
                    .take(MAX_CLIENTS)
                    .map(|row| (Selector::Contact(row.client, row.host), MAX_EVENTS))
                    .collect(),
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut by_client: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
        events.iter().for_each(|e| by_client.entry(e.client).or_default().push(e));
        let chains: BTreeMap<_, _> =
            by_client.iter().filter_map(|(client, events)| Some((*client, self.chain(events)?))).collect();
        let Some(worst) =
            chains.values().max_by_key(|c| (c.severity, c.level, std::cmp::Reverse(c.shown[0].at)))
        else {
            return Vec::new();
        };
        let mut draft = suspect.draft.clone();
        (draft.rule, draft.level, draft.severity) = (worst.rule, worst.level, worst.severity);
        draft.clients = chains.keys().copied().collect();
        let told: Vec<&Event> = events.iter().filter(|e| chains.contains_key(&e.client)).collect();
        let times = || told.iter().map(|e| e.ts_us).filter(|t| *t > i64::MIN);
        (draft.first_us, draft.last_us) = (times().min(), times().max());
        draft.n_requests = told.len() as u64;
        draft.bytes_out = Some(told.iter().map(|e| e.bytes_out.or_zero()).sum());
        if site.n_outgoing_clients < SMALL {
            draft
                .caveats
                .push("So few clients are seen that how rare the host is cannot be judged.".to_owned());
        }
        if draft.n_requests >= MAX_EVENTS as u64 {
            draft
                .caveats
                .push(format!("Only the first {MAX_EVENTS} requests of each client were looked at."));
        }
        for chain in chains.values() {
            chain.shown.iter().for_each(|event| draft.show(event));
        }
        let host = draft.hosts.first().cloned().unwrap_or_default();
        for payload in told.iter().filter(|e| e.content.has(Content::PAYLOAD)).take(5) {
            draft.artefacts.insert(format!("{host}{}", quote(&payload.target, 200)));
        }
        draft.number("window_s", u64::from(self.0.window_s));
        draft.number("n_payloads", told.iter().filter(|e| e.content.has(Content::PAYLOAD)).count());
        draft.number("n_exploits", told.iter().filter(|e| e.content.has(EXPLOIT)).count());
        draft.statement = format!(
            "{} got from {host} {}{}; {} of {} ever contacted the host.",
            list(&site.names_of_clients(&draft), 4),
            worst.told,
            span(draft.first_us, draft.last_us),
            Host::new(host.as_bytes(), site).n_clients,
            counted(site.n_outgoing_clients, "client"),
        );
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn check(requests: Vec<Request>, want: Option<(&str, Level, Severity)>) {
        let found = TestSite::new(requests).run(&DriveBy(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.rule, f.level, f.severity)).collect();
        assert_eq!(found, want.into_iter().collect::<Vec<_>>());
    }

    fn get(after_s: u32, path: &str, mime: &'static str) -> Request {
        Request { mime, ..to_host(T0 + after_s, "10.0.0.1", "rare.example", path, 200).bytes(500) }
    }

    const MADE_UP: &str = "/Al8OVhpVUFUBHgYYDh4C";
    const BARE: &str = "application/octet-stream";

    #[test]
    fn chains() {
        let page = || get(0, MADE_UP, "text/html");
        let film = || get(3, "/f", "application/x-shockwave-flash");
        let possible = |rule| Some((rule, Level::Possible, Severity::Medium));
        check(vec![film(), get(20, "/x", BARE)], possible("exploit-and-program"));
        let java =
            |after_s| Request { agent: "Mozilla/4.0 (Windows 7) Java/1.7.0_13", ..get(after_s, "/x", BARE) };
        let sure = Some(("exploit-and-program", Level::Probable, Severity::High));
        check(vec![film(), java(20)], sure);
        check(vec![film(), get(20, "/x", "application/x-msdownload")], sure);
        check(vec![page(), get(9, "/x", BARE)], possible("page-and-program"));
        check(vec![page(), film()], Some(("page-and-exploit", Level::NoSign, Severity::Low)));
        // In the wrong order, too late, or by names that people give.
        check(vec![get(0, "/x", BARE), film()], None);
        check(vec![film(), get(900, "/x", BARE)], None);
        check(vec![get(0, "/shop/page-12", "text/html"), get(9, "/x", BARE)], None);
        check(vec![get(0, "/shop/page-12", "text/html"), film()], None);
    }

    #[test]
    fn disguises() {
        check(vec![get(0, "/a.gif", BARE)], Some(("disguised-program", Level::NoSign, Severity::Low)));
        check(
            vec![get(0, "/a.gif", "application/x-dosexec").bytes(90_000)],
            Some(("disguised-program", Level::Possible, Severity::Medium)),
        );
        check(vec![get(0, "/get.php", BARE).bytes(90_000).referred()], None);
        check(vec![get(0, "/a.bin", BARE).bytes(90_000)], None);
    }

    #[test]
    fn popular_and_own_hosts() {
        let at = |client: &'static str, host: &str| {
            let request = get(0, "/a.gif", "application/x-dosexec").bytes(90_000);
            Request { client, host: host.to_owned(), ..request }
        };
        check(["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|c| at(c, "cdn.example")).to_vec(), None);
        check(vec![at("10.0.0.1", "files.office.local")], None);
        check(vec![at("10.0.0.1", "dl.google.com")], None);
    }
}
