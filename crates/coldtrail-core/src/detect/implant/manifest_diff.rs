//! # Files served that do not belong here (`manifest-diff`)
//! ## Finds
//! Programs that the server answered although they are not on the list of its files; other files that are
//! not on it; files of the list that are gone, that nobody asked for, or that were asked for in another
//! spelling.
//! ## Why it matters
//! A planted file is known by nothing so surely as by not being on the list, also after it was deleted.
//! ## Decides
//! Needs `--manifest`. A path answered 2xx is looked up decoded, without query and path parameters, `//`,
//! `/./` and `/../` folded, case ignored where the list is from Windows; index files answer for their
//! folder, `/x.php` for `/x.php/y`. A program (by extension) that is not on the list: one finding each;
//! possible, probable where it was sent a POST, was handed a command, or was used by a client with an attack
//! or probes on record. Other files with an extension: one summary. Paths without an extension are routes
//! where more than 80 % of the paths off the list have none (at least 5), and then said to be so. Pages that
//! share their size with 20 others off the list are a soft 404. Files of the list whose last answer is 404
//! or 410: one summary. Files of the list that no request named: one summary, programs first. Answered
//! paths that differ from a file of the list only in case, or that write letters, digits, `.`, `-`, `_`, `~`
//! or `/` as %XX: one summary, low, because filters that compare names do not see the file behind them.
//! ## Parameters
//! - `route_share` | 0.8 | share | 0.5-1 | a front controller answers for paths that are no files
//! - `min_routes` | 5 | paths | 2-100 | fewer have no share
//! - `soft_404_pages` | 20 | pages | 5-1000 | one size on so many missing files is an error page
//! ## ATT&CK
//! Persistence: T1505.003 web shell; command and control: T1105 ingress tool transfer; impact: T1491
//! defacement (ATT&CK v17)
//! ## False positives
//! Aliases (`/icons/`, `/cgi-bin/`, `/server-status`), files uploaded by users, generated caches, a list
//! older than the last deployment: compare the file's owner and time with the deployment's.
//! ## Misses
//! Changed files of the list; programs behind routes without an extension; lists that already hold the
//! planted file.
//! ## Cost
//! The list in memory; at most 200 lines a program.
//! ## Sources
//! NSA and ASD, Detect and prevent web shell malware, 2020 (comparison with a known good list).

use super::web_shell::{hands_command, is_static_folder, state_of};
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, list, percent, quote, time_s};
use crate::enrich::{Listing, Manifest, PageKind, kind_of, percent_decode};
use crate::record::ClientKey;
use crate::table::{Event, PageRow, Partition, Selector, StatusClass, merged};
use std::collections::{BTreeMap, BTreeSet};

const MAX_EVENTS: usize = 200;
/// Paths named in a summary, paths.
const MAX_NAMED: usize = 200;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) route_share: f64,
    pub(crate) min_routes: usize,
    pub(crate) soft_404_pages: u32,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self { route_share: 0.8, min_routes: 5, soft_404_pages: 20 };
}

pub(in crate::detect) struct ManifestDiff(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "manifest-diff",
    title: "Files served that do not belong here",
    stage: Stage::Implant,
    techniques: &["T1505.003", "T1105", "T1491"],
    since: "0.1.0",
    needs: &["url_path", "status_code"],
    doc: header!(include_str!("manifest_diff.rs")),
};

/// A page that the server gave out itself, with a path of its own.
fn is_served(row: &PageRow, path: &[u8]) -> bool {
    row.span(StatusClass::Ok).n > 0 && row.is_answered() && row.n_outgoing == 0 && path.starts_with(b"/")
}

fn has_extension(path: &[u8]) -> bool {
    let name = path.rsplit(|c| *c == b'/').next().unwrap_or_default();
    name.iter().rposition(|c| *c == b'.').is_some_and(|i| i > 0 && i + 1 < name.len() && name.len() - i <= 11)
}

/// Sums over all partitions.
#[derive(Default)]
struct Totals<'a> {
    off_list: Vec<(&'a PageRow, &'a [u8])>,
    folders: BTreeSet<String>,
    /// File of the list: last answer with it, last answer without it, seconds; requests.
    listed: BTreeMap<String, (u32, u32, u64)>,
    /// Answered under another spelling than on the list: as asked, the file, first and last second, requests.
    respelled: Vec<(String, String, u32, u32, u64)>,
}

/// No client writes these as %XX by itself (RFC 3986, 2.3: the two are the same).
fn is_encoded_for_show(path: &[u8]) -> bool {
    path.windows(3).any(|three| {
        three[0] == b'%'
            && percent_decode(three)
                .first()
                .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~' | b'/'))
    })
}

impl ManifestDiff {
    fn totals<'a>(manifest: &Manifest, site: &'a Site<'_>) -> Totals<'a> {
        let mut totals = Totals::default();
        let by_lower: BTreeMap<String, &str> =
            manifest.paths().map(|file| (file.to_lowercase(), file)).collect();
        for part in site.partitions {
            for row in part.pages.table.rows().iter().filter(|r| r.n_outgoing == 0) {
                let path = part.pages.text(row).1;
                let is_given = is_served(row, path);
                let found = manifest.find(path);
                let other = match found {
                    (Listing::File, Some(file)) => is_encoded_for_show(path).then_some(file),
                    (Listing::No, _) => by_lower.get(&manifest.normalised(path).to_lowercase()).copied(),
                    _ => None,
                };
                if let Some(file) = other.filter(|_| is_given) {
                    let ok = row.span(StatusClass::Ok);
                    let asked = quote(path, 160);
                    totals.respelled.push((asked, file.to_owned(), ok.first_s, ok.last_s, ok.n.into()));
                }
                match found {
                    (Listing::File, Some(file)) => {
                        let entry = totals.listed.entry(file.to_owned()).or_default();
                        let there =
                            row.span(StatusClass::Ok).last_s.max(row.span(StatusClass::NotModified).last_s);
                        entry.0 = entry.0.max(there);
                        entry.1 = entry.1.max(row.span(StatusClass::Missing).last_s);
                        entry.2 += row.n_requests();
                    }
                    (Listing::Folder, _) if is_given && totals.folders.len() < MAX_NAMED => {
                        totals.folders.insert(site.page_name(row));
                    }
                    (Listing::No, _) if is_given => totals.off_list.push((row, path)),
                    _ => {}
                }
            }
        }
        totals
    }

    fn summaries(&self, manifest: &Manifest, site: &Site<'_>) -> Vec<Suspect> {
        let totals = Self::totals(manifest, site);
        let mut suspects = Vec::new();
        let n_routes = totals.off_list.iter().filter(|(_, p)| !has_extension(p)).count();
        let share = n_routes as f64 / totals.off_list.len().max(1) as f64;
        let are_routes = n_routes >= self.0.min_routes && share > self.0.route_share;
        let mut sizes: BTreeMap<u64, u32> = BTreeMap::new();
        for (row, _) in &totals.off_list {
            *sizes.entry(row.max_out).or_default() += 1;
        }
        let is_soft = |row: &PageRow| {
            row.max_out > 0 && sizes.get(&row.max_out).is_some_and(|n| *n > self.0.soft_404_pages)
        };
        let mut names: Vec<(String, u32, u32, u64)> = totals
            .off_list
            .iter()
            .filter(|(row, path)| {
                kind_of(path) != PageKind::Script && !is_soft(row) && (has_extension(path) || !are_routes)
            })
            .map(|(row, _)| {
                let ok = row.span(StatusClass::Ok);
                (site.page_name(row), ok.first_s, ok.last_s, u64::from(ok.n))
            })
            .collect();
        names.sort();
        if !names.is_empty() {
            let mut draft = summary("files off the list", &names);
            draft.number("n_off_list", totals.off_list.len());
            draft.number("n_files", names.len());
            draft.number("n_routes", n_routes);
            draft.number("n_on_list", manifest.len());
            let paths: Vec<&str> = names.iter().map(|n| n.0.as_str()).collect();
            draft.statement = format!(
                "Not on the list of {} but answered, none of them a program: {} ({}).",
                counted(manifest.len() as u64, "file"),
                counted(names.len() as u64, "path"),
                list(&paths, 4)
            );
            if are_routes {
                draft.caveats.push(format!(
                    "{} of the paths off the list have no extension: they were taken for routes of a front controller and left out.",
                    percent(share)
                ));
            }
            draft.caveats.extend(manifest.notes().iter().cloned());
            suspects.push(Suspect { rank: 1, wants: Vec::new(), draft });
        }
        if !totals.folders.is_empty() {
            let names: Vec<_> = totals.folders.iter().map(|f| (f.clone(), u32::MAX, 0, 0)).collect();
            let mut draft = summary("folders answered", &names);
            let paths: Vec<&str> = totals.folders.iter().map(String::as_str).collect();
            draft.statement = format!(
                "{} without an index file on the list were answered, as listings or as routes: {}.",
                counted(names.len() as u64, "folder"),
                list(&paths, 4)
            );
            suspects.push(Suspect { rank: 0, wants: Vec::new(), draft });
        }
        suspects.extend(never_asked(manifest, &totals));
        suspects.extend(respelled(&totals));
        let gone: Vec<_> = totals
            .listed
            .into_iter()
            .filter(|(_, (there, missing, _))| missing > there)
            .map(|(file, (there, missing, n))| (file, if there > 0 { there } else { missing }, missing, n))
            .collect();
        if !gone.is_empty() {
            let mut draft = summary("files of the list are gone", &gone);
            draft.severity = Severity::Low;
            draft.number("n_files", gone.len());
            let paths: Vec<&str> = gone.iter().map(|n| n.0.as_str()).collect();
            draft.statement = format!(
                "{} of the list were last answered 404: {}.",
                counted(gone.len() as u64, "file"),
                list(&paths, 4)
            );
            draft.caveats.push("Deleted, renamed, or the list is not of this server.".to_owned());
            suspects.push(Suspect { rank: 2, wants: Vec::new(), draft });
        }
        suspects
    }
}

/// Files of the list that no request named: what an attacker put on the list with his files, or left over code.
fn never_asked(manifest: &Manifest, totals: &Totals<'_>) -> Option<Suspect> {
    let mut names: Vec<&str> = manifest.paths().filter(|file| !totals.listed.contains_key(*file)).collect();
    if names.is_empty() || totals.listed.is_empty() {
        return None;
    }
    let is_program = |file: &str| kind_of(file.as_bytes()) == PageKind::Script;
    names.sort_by_key(|file| !is_program(file));
    let n_programs = names.iter().filter(|file| is_program(file)).count();
    let mut draft = Draft::new("files of the list never asked for");
    draft.rule = "summary";
    draft.pages = names.iter().take(MAX_NAMED).map(|n| (*n).to_owned()).collect();
    draft.number("n_never_asked", names.len());
    draft.number("n_programs", n_programs);
    draft.number("n_on_list", manifest.len());
    draft.statement = format!(
        "{} of {} of the list were never asked for, {} of them programs: {}.",
        count(names.len() as u64),
        counted(manifest.len() as u64, "file"),
        count(n_programs as u64),
        list(&names, 4)
    );
    draft.caveats.push("Files that only programs read are never asked for.".to_owned());
    Some(Suspect { rank: 0, wants: Vec::new(), draft })
}

fn respelled(totals: &Totals<'_>) -> Option<Suspect> {
    let mut all: Vec<_> = totals.respelled.iter().collect();
    all.sort();
    if all.is_empty() {
        return None;
    }
    let names: Vec<_> =
        all.iter().map(|(asked, _, first, last, n)| (asked.clone(), *first, *last, *n)).collect();
    let mut draft = summary("files of the list under other spellings", &names);
    draft.severity = Severity::Low;
    draft.number("n_respelled", all.len());
    let said: Vec<String> = all.iter().map(|(asked, file, ..)| format!("{asked} for {file}")).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    draft.statement = format!(
        "{} answered that differ from a file of the list only in case or encoding: {}.",
        if all.len() == 1 {
            "1 path was".to_owned()
        } else {
            format!("{} paths were", count(all.len() as u64))
        },
        list(&said, 4)
    );
    draft.caveats.push(
        "A server that does not tell case apart gives out the same file; one that does has a second file."
            .to_owned(),
    );
    Some(Suspect { rank: 2, wants: Vec::new(), draft })
}

fn summary(subject: &str, names: &[(String, u32, u32, u64)]) -> Draft {
    let mut draft = Draft::new(subject);
    draft.rule = "summary";
    draft.pages = names.iter().take(MAX_NAMED).map(|n| n.0.clone()).collect();
    draft.n_requests = names.iter().map(|n| n.3).sum();
    let first = names.iter().map(|n| n.1).min().unwrap_or(u32::MAX);
    draft.set_span(first, names.iter().map(|n| n.2).max().unwrap_or(0));
    draft
}

impl Detector for ManifestDiff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let Some(manifest) = site.options.manifest.as_ref().filter(|m| !m.is_empty()) else {
            return Vec::new();
        };
        let mut suspects = Vec::new();
        for row in part.pages.table.rows() {
            let path = part.pages.text(row).1;
            if !is_served(row, path)
                || kind_of(path) != PageKind::Script
                || manifest.find(path).0 != Listing::No
            {
                continue;
            }
            let mut draft = site.draft_of_page(row);
            draft.subject = format!("page {}", manifest.normalised(path));
            draft.artefacts = draft.pages.clone();
            let rank = u64::from(row.n_posts > 0) * 4 + u64::from(is_static_folder(path)) * 2 + 3;
            suspects.push(Suspect { rank, wants: vec![(Selector::Page(row.hash), MAX_EVENTS)], draft });
        }
        if index == 0 {
            suspects.extend(self.summaries(manifest, site));
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let Some(row) = site.page(draft.page).filter(|_| draft.page != 0) else {
            return vec![draft.finish(&META)];
        };
        let users: Vec<&Event> = events
            .iter()
            .filter(|e| e.page == row.hash && StatusClass::of(e.status_code) == StatusClass::Ok)
            .filter(|e| !site.is_bystander(e.client))
            .collect();
        if users.is_empty() {
            return Vec::new();
        }
        let clients: BTreeSet<ClientKey> = users.iter().map(|e| e.client).collect();
        let attackers: Vec<&ClientKey> = clients.iter().filter(|c| site.has_history(**c)).collect();
        let commands: Vec<&Event> = users.iter().copied().filter(|e| hands_command(e)).collect();
        draft.level = if row.n_posts > 0 || !attackers.is_empty() || !commands.is_empty() {
            Level::Probable
        } else {
            Level::Possible
        };
        draft.severity = if draft.level == Level::Probable { Severity::High } else { Severity::Medium };
        draft.rule = "not-on-the-list";
        let ok = row.span(StatusClass::Ok);
        draft.set_traffic(row);
        draft.number("state", state_of(row));
        draft.number("n_answered", ok.n);
        draft.number("n_posts", row.n_posts);
        draft.number("n_clients", row.n_clients);
        draft.number("n_commands", commands.len());
        draft.number("n_attackers", attackers.len());
        for event in commands.iter().take(3).chain(users.first()).chain(users.last()) {
            draft.show(event);
        }
        let signs = [
            (row.n_posts > 0, "was sent POSTs"),
            (!commands.is_empty(), "was handed commands"),
            (!attackers.is_empty(), "was used by a client that also attacked or probed"),
        ];
        let signs: Vec<&str> = signs.iter().filter(|s| s.0).map(|s| s.1).collect();
        draft.statement = format!(
            "{} is not on the list of files but was answered {} times from {} to {} to {}{}; its state is {}.",
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 160),
            count(u64::from(ok.n)),
            time_s(ok.first_s),
            time_s(ok.last_s),
            counted(clients.len() as u64, "client"),
            if signs.is_empty() { String::new() } else { format!(", {}", list(&signs, 3)) },
            state_of(row),
        );
        let same = |manifest: &Manifest, path: &str| {
            let twin = manifest.paths().find(|file| file.to_lowercase() == path.to_lowercase())?;
            Some(format!(
                "Differs from {twin} of the list only in case: on a server that ignores case it is that file."
            ))
        };
        let path = draft.subject.strip_prefix("page ").unwrap_or_default();
        draft.caveats.extend(site.options.manifest.as_ref().and_then(|manifest| same(manifest, path)));
        draft.clients = clients;
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};
    use crate::enrich::attack::Class;

    const LIST: &[u8] = b"/index.php\n/css/a.css\n/scripts/cron.sh\n/gone.html\n";

    fn get(target: &str, status: u16) -> Request {
        to_server(T0, "203.0.113.9", "GET", target, status)
    }

    fn found(requests: Vec<Request>) -> Vec<Finding> {
        let mut site = TestSite::new(requests);
        site.options.manifest = Some(Manifest::parse(LIST, &[]));
        site.run(&ManifestDiff(Params::DEFAULT))
    }

    /// What is found besides the files that nobody asked for.
    fn check(requests: Vec<Request>, want: &[(&str, Level)]) {
        let found = found(requests);
        let found: Vec<_> = found
            .iter()
            .filter(|f| !f.numbers.contains_key("n_never_asked"))
            .map(|f| (f.subject.as_str(), f.level))
            .collect();
        assert_eq!(found, want);
    }

    #[test]
    fn programs_off_the_list() {
        check(vec![get("/", 200), get("/index.php/x?y", 200), get("//css/./a.css", 200)], &[]);
        check(vec![get("/scripts/update.php", 200)], &[("page /scripts/update.php", Level::Possible)]);
        check(vec![get("/scripts/update.php?cmd=ls", 200)], &[("page /scripts/update.php", Level::Probable)]);
        check(vec![get("/scripts/update.php", 404)], &[]);
        let used = vec![get("/x.php", 200), get("/index.php?id=1'", 200).attack(Class::Sqli, 1, 3)];
        check(used, &[("page /x.php", Level::Probable)]);
    }

    #[test]
    fn files_routes_and_what_is_gone() {
        check(vec![get("/backup.zip", 200)], &[("files off the list", Level::NoSign)]);
        check((0..9).map(|i| get(&format!("/product/{i}"), 200)).collect(), &[]);
        check(vec![get("/scripts/", 200)], &[("folders answered", Level::NoSign)]);
        check(vec![get("/gone.html", 404)], &[("files of the list are gone", Level::NoSign)]);
    }

    #[test]
    fn what_nobody_asked_for_programs_first() {
        let of = |requests| {
            let all = found(requests);
            all.iter().find(|f| f.numbers.contains_key("n_never_asked")).map(|f| f.statement.clone())
        };
        assert_eq!(
            of(vec![get("/", 200), get("/css/a.css", 404)]).as_deref(),
            Some(
                "2 of 4 files of the list were never asked for, 1 of them programs: /scripts/cron.sh and /gone.html."
            )
        );
        let all = ["/index.php", "/css/a.css", "/scripts/cron.sh", "/gone.html"];
        assert_eq!(of(all.map(|path| get(path, 200)).to_vec()), None);
        assert_eq!(of(vec![get("/not-of-this-server", 404)]), None);
    }

    #[test]
    fn spellings_of_files_of_the_list() {
        let other = ("files of the list under other spellings", Level::NoSign);
        check(vec![get("/%69ndex.php", 200)], &[other]);
        check(vec![get("/css%2Fa.css", 200)], &[other]);
        check(vec![get("/css/%C3%A4.css", 404), get("/css/a.css?%61", 200)], &[]);
        check(vec![get("/CSS/A.css", 404)], &[]);
        check(vec![get("/CSS/A.css", 200)], &[other, ("files off the list", Level::NoSign)]);
        check(vec![get("/Index.php", 200)], &[other, ("page /Index.php", Level::Possible)]);
        let all = found(vec![get("/CSS/A.css", 200)]);
        assert!(
            all.iter().any(|f| f.statement.ends_with("only in case or encoding: /CSS/A.css for /css/a.css."))
        );
    }

    #[test]
    fn silent_without_a_list() {
        assert!(TestSite::new(vec![get("/x.php", 200)]).run(&ManifestDiff(Params::DEFAULT)).is_empty());
    }
}
