//! # Programs fetched from rare hosts (`download`)
//! ## Finds
//! A program or script that a client inside got from a host that hardly anybody contacts.
//! ## Why it matters
//! This is how malware arrives: the mail or page only points to it.
//! ## Decides
//! Through a proxy: path with the extension of a program or script, answered 2xx with at least 10 KiB
//! (scripts, and what the content type calls a program: any size), or a program by its content type under
//! any name. Host rare: contacted by at most 2 % of the clients or by 2 clients, or an address
//! without a name. Rare and (no referrer in any request, or an address without a name): possible. Hosts of
//! known updaters and popular hosts: context (info), one line for all.
//! ## Parameters
//! - `min_bytes` | 10240 | bytes | 0-1048576 | smaller answers are error pages
//! - `max_prevalence` | 0.02 | share | 0.001-0.2 | updaters are above in every network
//! - `max_clients` | 2 | clients | 1-10 | the same in a small network
//! ## ATT&CK
//! Command and control: T1105 ingress tool transfer; execution: T1204.002 malicious file (ATT&CK v17)
//! ## False positives
//! Drivers and tools from small vendors: fetched from a page (with a referrer), by people who can say so.
//! ## Misses
//! HTTPS without inspection (only CONNECT is seen), archives; programs under other names where the log has
//! no content type.
//! ## Cost
//! One row a page; at most 100 lines a page.
//! ## Sources
//! Measured on captures of exploit kits and a botnet lab; MITRE T1204.002.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, quote, span};
use crate::table::{Event, PageRow, Partition, Selector, StatusClass, merged};

const MAX_EVENTS: usize = 100;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_bytes: u64,
    pub(crate) max_prevalence: f64,
    pub(crate) max_clients: u32,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self { min_bytes: 10 * 1024, max_prevalence: 0.02, max_clients: 2 };
}

pub(in crate::detect) struct Download(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "download",
    title: "Programs fetched from rare hosts",
    stage: Stage::Download,
    techniques: &["T1105", "T1204.002"],
    since: "0.1.0",
    needs: &["client_ip", "host", "url_path", "status_code", "response_bytes"],
    doc: header!(include_str!("download.rs")),
};

/// In place of an extension.
const BY_TYPE: &str = "content type";
/// Extensions of programs; those of scripts count whatever their size.
const PROGRAMS: [&str; 10] = ["exe", "dll", "scr", "msi", "com", "pif", "cpl", "jar", "apk", "sys"];
const SCRIPTS: [&str; 10] = ["ps1", "psm1", "vbs", "vbe", "hta", "bat", "wsf", "jse", "lnk", "sct"];
fn extension(path: &[u8]) -> Option<(String, bool)> {
    let name = path.rsplit(|c| *c == b'/').next()?;
    let name = name.split(|c| *c == b';').next()?;
    let at = memchr::memrchr(b'.', name)?;
    let ext = std::str::from_utf8(&name[at + 1..]).ok()?.to_ascii_lowercase();
    let is_script = SCRIPTS.contains(&ext.as_str());
    (is_script || PROGRAMS.contains(&ext.as_str())).then_some((ext, is_script))
}

/// The host of a page, and how it is to be taken.
struct Origin {
    host: Host,
    has_no_referrer: bool,
    /// No updater; and an address, or rare and never reached by a link.
    is_odd: bool,
}

impl Download {
    /// What tells that the page is a program that was delivered: its extension or its content type.
    fn program(&self, row: &PageRow, path: &[u8]) -> Option<String> {
        if row.n_outgoing == 0 || row.span(StatusClass::Ok).n == 0 {
            return None;
        }
        match extension(path) {
            Some((ext, is_script)) if is_script || row.is_program || row.max_out >= self.0.min_bytes => {
                Some(ext)
            }
            None if row.is_program => Some(BY_TYPE.to_owned()),
            _ => None,
        }
    }

    /// Where a page comes from.
    fn origin(&self, row: &PageRow, host: &[u8], site: &Site<'_>) -> Origin {
        let host = Host::new(host, site);
        let is_rare = host.is_rare(self.0.max_clients, self.0.max_prevalence, site);
        let has_no_referrer = u64::from(row.n_no_referrer) >= row.n_requests();
        let is_odd = !host.is_updater && !host.is_own && (host.is_address || (is_rare && has_no_referrer));
        Origin { host, has_no_referrer, is_odd }
    }
}

impl Detector for Download {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for row in part.pages.table.rows() {
            let (host, path) = part.pages.text(row);
            let Some(ext) = self.program(row, path) else { continue };
            let origin = self.origin(row, host, site);
            if !origin.is_odd {
                continue;
            }
            let Host { name: host, n_clients, is_address, .. } = origin.host;
            let name = site.page_name(row);
            let mut draft = Draft::new(format!("url {host}{name}"));
            (draft.level, draft.severity, draft.rule) = (Level::Possible, Severity::Medium, "rare-program");
            draft.page = row.hash;
            draft.artefacts.insert(format!("{host}{name}"));
            draft.pages.insert(name);
            draft.hosts.insert(host);
            let ok = row.span(StatusClass::Ok);
            draft.set_span(ok.first_s, ok.last_s);
            draft.n_requests = row.n_requests();
            draft.bytes_out = Some(row.bytes_out);
            draft.number("n_delivered", ok.n);
            draft.number("largest_bytes", row.max_out);
            draft.number("n_clients_of_host", n_clients);
            draft.number("n_clients", site.n_outgoing_clients);
            draft.number("without_referrer", u64::from(row.n_no_referrer));
            draft.number("extension", ext.as_str());
            draft.number("min_bytes", self.0.min_bytes);
            suspects.push(Suspect {
                rank: u64::from(is_address) * 2 + u64::from(origin.has_no_referrer) + 1,
                wants: vec![(Selector::Page(row.hash), MAX_EVENTS)],
                draft,
            });
        }
        if index == 0 {
            suspects.extend(self.others(site));
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        if draft.rule != "rare-program" {
            return vec![draft.finish(&META)];
        }
        let delivered: Vec<&Event> =
            events.iter().filter(|e| StatusClass::of(e.status_code) == StatusClass::Ok).collect();
        for event in delivered.iter().take(5) {
            draft.show(event);
        }
        draft.clients = delivered.iter().map(|e| e.client).collect();
        let host = Host::new(draft.hosts.first().map_or(&b""[..], |h| h.as_bytes()), site);
        draft.statement = format!(
            "{} got the program {} with {}{}; {} of {} ever contacted the host{}.",
            list(&site.names_of_clients(&draft), 4),
            quote(draft.artefacts.first().map_or(&b""[..], |a| a.as_bytes()), 200),
            bytes(site.page(draft.page).map_or(0, |p| p.max_out)),
            span(draft.first_us, draft.last_us),
            count(u64::from(host.n_clients)),
            counted(site.n_outgoing_clients, "client"),
            if host.is_address { ", an address without a name" } else { "" },
        );
        vec![draft.finish(&META)]
    }
}

impl Download {
    /// Programs from popular hosts and updaters, for context.
    fn others(&self, site: &Site<'_>) -> Option<Suspect> {
        let mut draft = Draft::new("programs from popular hosts");
        (draft.severity, draft.rule) = (Severity::Info, "popular-program");
        let (mut first, mut last, mut n) = (u32::MAX, 0, 0u64);
        for part in site.partitions {
            for row in part.pages.table.rows() {
                let (host, path) = part.pages.text(row);
                if self.program(row, path).is_none() {
                    continue;
                }
                let origin = self.origin(row, host, site);
                if origin.is_odd {
                    continue;
                }
                let ok = row.span(StatusClass::Ok);
                (first, last, n) = (first.min(ok.first_s), last.max(ok.last_s), n + u64::from(ok.n));
                draft.hosts.insert(origin.host.name);
            }
        }
        draft.set_span(first, last);
        draft.n_requests = n;
        draft.number("n_hosts", draft.hosts.len());
        let hosts: Vec<&str> = draft.hosts.iter().map(String::as_str).collect();
        draft.statement = format!(
            "{} from popular hosts, updaters or by links were delivered: {}.",
            counted(n, "program"),
            list(&hosts, 5)
        );
        (n > 0).then_some(Suspect { rank: 0, wants: Vec::new(), draft })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    fn check(requests: Vec<Request>, want: &[(&str, Severity)]) {
        let found = TestSite::new(requests).run(&Download(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.severity)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn programs_from_rare_hosts() {
        let get = |host: &str, path: &str| to_host(T0, "10.0.0.1", host, path, 200).bytes(411_648);
        check(vec![get("rare.example", "/1.exe")], &[("url rare.example/1.exe", Severity::Medium)]);
        check(vec![get("198.51.100.7", "/x/a.DLL")], &[("url 198.51.100.7/x/a.DLL", Severity::Medium)]);
        check(vec![get("rare.example", "/1.exe").bytes(300)], &[]);
        check(
            vec![get("rare.example", "/1.exe").referred()],
            &[("programs from popular hosts", Severity::Info)],
        );
        check(vec![get("dl.google.com", "/x.exe")], &[("programs from popular hosts", Severity::Info)]);
        check(vec![get("rare.example", "/page.html")], &[]);
        let site = TestSite::new(vec![get("rare.example", "/1.exe")]);
        let found = site.run(&Download(Params::DEFAULT));
        assert!(
            found[0].statement.starts_with("10.0.0.1 got the program rare.example/1.exe with 411,648 bytes")
        );
    }
}
