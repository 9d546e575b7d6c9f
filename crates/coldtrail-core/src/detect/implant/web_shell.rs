//! # Web shells by their life (`web-shell`)
//! ## Finds
//! A page that appeared, was used by one or two clients without a link to it, and often vanished again.
//! ## Why it matters
//! A remote shell is how an attacker stays; deleted from the disk, it still stands in the log.
//! ## Decides
//! Points: at most 2 clients 1; POST in half of at least 3 requests 1.5; no referrer in nine of ten requests
//! 0.5; never reached by a link 0.5; runs on the server 1; runs from a folder of uploads, pictures, styles,
//! client scripts or caches 2; in a folder of parts that programs include (`inc`, `lib`, ...), without a link to it 2; missing (404, 410, ...) before its first answer 1.5; missing after its last answer 1.5;
//! first seen in the last nine tenths of the log 0.5; answers of at least 3 sizes 0.5; not on the manifest
//! 2; a request that hands it a command (`cmd=`, `exec=`, base64 that decodes to a command word; not where
//! more attacks without a command are tried on the page) 2, and 1.5 more where that client's attacks were
//! answered 2xx. A finding: at least 6 points (6.5 with fewer than 3 answers, no POST and no command) and (a
//! script, or a POST, or 3 answers). Level: at least 8 points and 2 uses by a client with an attack, probes or an upload on record: confirmed. An upload or an
//! attack answered 2xx within 24 h before its first answer, or such a client: probable. Else possible.
//! ## Parameters
//! - `min_points` | 6 | points | 4-10 | 2 of 2 shells and no other page of 8,935 (simulated); public logs
//!   reach 5.5
//! - `sure_points` | 8 | points | 6-12 | the ladder's rule H1
//! - `max_clients` | 2 | clients | 1-10 | an attacker and his second address
//! - `upload_window_s` | 86400 | s | 60-604800 | a shell is used within a day of its upload
//! ## ATT&CK
//! Persistence: T1505.003 web shell; stealth: T1070.004 file deletion (ATT&CK v17)
//! ## False positives
//! Unlinked admin scripts and endpoints of one API client: old, no 404 before or after, and their user can
//! name them.
//! ## Misses
//! Shells inside existing pages (see `response-size-jump`), shells that many clients use.
//! ## Cost
//! One row a page; at most 300 lines a page and 2,000 changes of the site in the second pass.
//! ## Sources
//! LORG's rule (one client, script, 200) gives 10 to 14 false alarms on public logs; NSA and ASD, Detect and
//! prevent web shell malware, 2020.

use crate::detect::header::header;
use crate::detect::{Detector, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, list, quote, time, time_s};
use crate::enrich::{PageKind, is_command, kind_of};
use crate::record::ClientKey;
use crate::table::{Event, Method, PageRow, Partition, Selector, StatusClass, merged};
use std::collections::BTreeSet;

const MAX_EVENTS: usize = 300;
const MAX_CHANGES: usize = 2000;
/// More points asked of a page with fewer than 3 answers, no POST and no command, points.
const THIN_POINTS: f64 = 0.5;

/// Signs that the sentence names; all stand among the numbers.
const MAX_SIGNS: usize = 4;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_points: f64,
    pub(crate) sure_points: f64,
    pub(crate) max_clients: u32,
    pub(crate) upload_window_s: i64,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { min_points: 6.0, sure_points: 8.0, max_clients: 2, upload_window_s: 86_400 };
}

pub(in crate::detect) struct WebShell(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "web-shell",
    title: "Web shells by their life",
    stage: Stage::Implant,
    techniques: &["T1505.003", "T1070.004"],
    since: "0.1.0",
    needs: &["client_ip", "method", "url_path", "status_code"],
    doc: header!(include_str!("web_shell.rs")),
};

/// A folder from which nothing should run.
pub(in crate::detect) fn is_static_folder(path: &[u8]) -> bool {
    const WORDS: [&[u8]; 23] = [
        b"/upload",
        b"/files/",
        b"/file/",
        b"/media/",
        b"/images/",
        b"/image/",
        b"/img/",
        b"/pics/",
        b"/photos/",
        b"/css/",
        b"/js/",
        b"/fonts/",
        b"/static/",
        b"/assets/",
        b"/cache/",
        b"/tmp/",
        b"/temp/",
        b"/avatars/",
        b"/attachments/",
        b"/download",
        b"/icons/",
        // Scripts for browsers of IIS, and files by which others know a site.
        b"/aspnet_client/",
        b"/.well-known/",
    ];
    let n = memchr::memrchr(b'/', path).map_or(0, |i| i + 1);
    let folder = &path[..n];
    let is_at = |at: usize, word: &[u8]| {
        folder.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word))
    };
    memchr::memchr_iter(b'/', folder).any(|at| WORDS.iter().any(|word| is_at(at, word)))
}

/// A folder of parts that programs include and nobody asks for.
fn is_folder_of_parts(path: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"inc",
        b"include",
        b"includes",
        b"lib",
        b"libs",
        b"vendor",
        b"classes",
        b"templates",
        b"config",
        b"src",
    ];
    let folder = &path[..memchr::memrchr(b'/', path).unwrap_or(0)];
    folder.split(|c| *c == b'/').any(|part| NAMES.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

/// The request hands the page a command.
pub(in crate::detect) fn hands_command(event: &Event) -> bool {
    memchr::memchr(b'?', &event.target).is_some_and(|at| is_command(&event.target[at + 1..]))
}

impl WebShell {
    /// What the page's row says, with its points.
    fn signs(&self, row: &PageRow, site: &Site<'_>) -> Vec<Sign> {
        let path = site.page_text(row).1;
        let n = row.n_requests();
        let (ok, missing) = (row.span(StatusClass::Ok), row.span(StatusClass::Missing));
        let is_script = kind_of(path) == PageKind::Script;
        let is_late = site.span_s().is_some_and(|(a, b)| i64::from(ok.first_s) - a > (b - a) / 10);
        let is_listed = site.options.manifest.as_ref().is_none_or(|m| m.lists(path));
        let signs = [
            (row.n_clients <= self.0.max_clients, 1.0, "used by one or two clients"),
            (n >= 3 && u64::from(row.n_posts) * 2 >= n, 1.5, "mostly by POST"),
            (u64::from(row.n_no_referrer) * 10 >= n * 9, 0.5, "without a referrer"),
            (row.n_linked == 0, 0.5, "never reached by a link"),
            (is_script, 1.0, "runs on the server"),
            (is_script && is_static_folder(path), 2.0, "runs from a folder that holds no programs"),
            (
                is_script && row.n_linked == 0 && is_folder_of_parts(path),
                2.0,
                "a part of programs, not a page",
            ),
            (missing.n > 0 && missing.first_s < ok.first_s, 1.5, "missing before its first answer"),
            (missing.n > 0 && missing.last_s > ok.last_s, 1.5, "missing after its last answer"),
            (is_late, 0.5, "first seen after the log's first tenth"),
            (!is_listed, 2.0, "not on the list of files"),
        ];
        signs.into_iter().filter(|s| s.0).map(|(_, points, words)| (points, words)).collect()
    }
}

/// Points and the words for them.
type Sign = (f64, &'static str);

fn sum(signs: &[Sign]) -> f64 {
    signs.iter().map(|s| s.0).sum()
}

impl Detector for WebShell {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        /// Points that only the events can give: sizes 0.5; where there are commands 2, by an attacker 1.5.
        const FROM_SIZES: f64 = 0.5;
        const FROM_COMMANDS: f64 = 4.0;
        let mut suspects = Vec::new();
        for row in part.pages.table.rows() {
            let path = part.pages.text(row).1;
            let n_ok = row.span(StatusClass::Ok).n;
            let is_shape = kind_of(path) == PageKind::Script || row.n_posts > 0 || n_ok >= 3;
            let is_asset = kind_of(path) == PageKind::Asset && row.n_posts == 0;
            if n_ok == 0
                || !row.is_answered()
                || !is_shape
                || is_asset
                || row.n_outgoing > 0
                || row.n_clients > 50
            {
                continue;
            }
            let points = sum(&self.signs(row, site));
            let from_events = if row.n_commands > 0 { FROM_COMMANDS } else { FROM_SIZES };
            if points + from_events < self.0.min_points {
                continue;
            }
            let mut draft = site.draft_of_page(row);
            draft.artefacts = draft.pages.clone();
            suspects.push(Suspect {
                rank: (points * 10.0) as u64,
                wants: vec![(Selector::Page(row.hash), MAX_EVENTS), (Selector::SiteChanges, MAX_CHANGES)],
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let Some(row) = site.page(suspect.draft.page) else { return Vec::new() };
        let on_page: Vec<&Event> = events.iter().filter(|e| e.page == row.hash).collect();
        let users: Vec<&Event> = on_page
            .iter()
            .copied()
            .filter(|e| StatusClass::of(e.status_code) == StatusClass::Ok && !site.is_bystander(e.client))
            .collect();
        if users.is_empty() {
            return Vec::new();
        }
        let mut signs = self.signs(row, site);
        let commands: Vec<&Event> = users.iter().copied().filter(|e| hands_command(e)).collect();
        // A scanner tries payloads of every kind on a page; who has a shell mostly gives it commands.
        let n_other = on_page.iter().filter(|e| e.verdict.is_attack() && !hands_command(e)).count();
        let commands = if n_other > commands.len() { Vec::new() } else { commands };
        let sizes: BTreeSet<u64> = users.iter().filter_map(|e| e.bytes_out.get()).collect();
        if !commands.is_empty() {
            signs.push((2.0, "handed commands"));
            let had_effect = |e: &&Event| {
                site.client(e.client).is_some_and(|(c, _)| {
                    c.n_attacks_ok > 0 && c.first_s <= row.span(StatusClass::Ok).first_s
                })
            };
            if commands.iter().any(had_effect) {
                signs.push((1.5, "used by a client whose attacks were answered"));
            }
        }
        if sizes.len() >= 3 {
            signs.push((0.5, "answers of different sizes"));
        }
        let points = sum(&signs);
        // What weighs most comes first; the sort keeps the order of those that weigh the same.
        signs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let signs: Vec<&str> = signs.iter().map(|s| s.1).collect();
        let path = site.page_text(row).1;
        // One or two plain visits are little to judge by.
        let is_thin = users.len() < 3 && row.n_posts == 0 && commands.is_empty();
        if is_thin && points < self.0.min_points + THIN_POINTS {
            return Vec::new();
        }
        // A sanity check on crowds: a page of many clients is part of the site, whatever its life.
        if points < self.0.min_points || (row.n_clients > 10 && commands.is_empty()) {
            return Vec::new();
        }
        let ok = row.span(StatusClass::Ok);
        let first_us = i64::from(ok.first_s) * 1_000_000;
        let before = |e: &&Event| {
            let since_us = (first_us + 999_999).saturating_sub(e.ts_us);
            e.ts_us != i64::MIN && since_us >= 0 && since_us <= self.0.upload_window_s * 1_000_000
        };
        let uploads: Vec<&Event> = events
            .iter()
            .filter(|e| {
                (e.page != row.hash || e.method == Method::Put)
                    && e.status_code < 400
                    && !site.is_bystander(e.client)
            })
            .filter(before)
            .collect();
        let upload = uploads.iter().copied().max_by_key(|e| (e.ts_us, e.at));
        let deletion = events.iter().rfind(|e| {
            e.page == row.hash && matches!(e.method, Method::Delete | Method::Move) && e.status_code < 400
        });
        let clients: BTreeSet<_> = users.iter().map(|e| e.client).collect();
        let known = |c: &ClientKey| site.has_history(*c) || uploads.iter().any(|e| e.client == *c);
        let uses_by_known = users.iter().filter(|e| known(&e.client)).count();
        let mut draft = suspect.draft.clone();
        draft.level = if points >= self.0.sure_points && uses_by_known >= 2 {
            Level::Confirmed
        } else if upload.is_some() || uses_by_known > 0 {
            Level::Probable
        } else {
            Level::Possible
        };
        draft.severity = match draft.level {
            Level::Confirmed => Severity::Critical,
            Level::Probable => Severity::High,
            _ => Severity::Medium,
        };
        draft.rule = "life-cycle";
        draft.clients = clients;
        draft.set_traffic(row);
        let missing = row.span(StatusClass::Missing);
        let is_removed = deletion.is_some_and(|d| users.iter().all(|e| (e.ts_us, e.at) <= (d.ts_us, d.at)));
        let state = if is_removed { "deleted" } else { state_of(row) };
        draft.number("points", points);
        draft.number("min_points", self.0.min_points);
        draft.number("n_answered", ok.n);
        draft.number("n_posts", row.n_posts);
        draft.number("n_clients", row.n_clients);
        draft.number("n_commands", commands.len());
        draft.number("signs", list(&signs, signs.len()).as_str());
        draft.number("state", state);
        if missing.n > 0 {
            draft.number("first_missing", time_s(missing.first_s).as_str());
            draft.number("last_missing", time_s(missing.last_s).as_str());
        }
        let shown =
            commands.iter().copied().take(3).chain(users.first().copied()).chain(users.last().copied());
        let mut gone =
            on_page.iter().copied().filter(|e| StatusClass::of(e.status_code) == StatusClass::Missing);
        for event in upload
            .into_iter()
            .chain(shown)
            .chain(deletion)
            .chain(gone.clone().take(1))
            .chain(gone.next_back())
        {
            draft.show(event);
        }
        if row.n_requests() > MAX_EVENTS as u64 {
            draft.caveats.push(format!("Judged on the first {} requests.", count(MAX_EVENTS as u64)));
        }
        if kind_of(path) != PageKind::Script {
            draft.caveats.push(
                "The path has no extension of a program: it may be a route of the application.".to_owned(),
            );
        }
        let came = upload.map_or_else(String::new, |e| {
            format!(
                "; before it {} sent {} at {}",
                site.client_text(e.client),
                quote(&e.target, 100),
                time(Some(e.ts_us))
            )
        });
        draft.statement = format!(
            "{} was answered {} times from {} to {} to {}: {} ({points} points, {} suffice); its state is {state}{came}.",
            quote(suspect.draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 160),
            count(u64::from(ok.n)),
            time_s(ok.first_s),
            time_s(ok.last_s),
            counted(draft.clients.len() as u64, "client"),
            list(&signs, MAX_SIGNS),
            self.0.min_points,
        );
        vec![draft.finish(&META)]
    }
}

/// What the page's last answers say: `deleted`, `present` or `unknown`.
pub(in crate::detect) fn state_of(row: &PageRow) -> &'static str {
    let (ok, missing) = (row.span(StatusClass::Ok), row.span(StatusClass::Missing));
    let unchanged = row.span(StatusClass::NotModified);
    let there = ok.last_s.max(unchanged.last_s);
    if missing.n > 0 && missing.last_s > there {
        "deleted"
    } else if row.last_s() == there && there > 0 {
        "present"
    } else {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_server};
    use crate::enrich::attack::Class;

    const A: &str = "203.0.113.9";

    fn life(path: &str) -> Vec<Request> {
        vec![
            to_server(T0, "198.51.100.7", "GET", "/", 200).bytes(5000),
            to_server(T0 + 4000, A, "GET", path, 404).bytes(300),
            to_server(T0 + 4010, A, "POST", "/upload.php", 200).bytes(100),
            to_server(T0 + 4020, A, "POST", path, 200).bytes(100),
            to_server(T0 + 4030, A, "POST", path, 200).bytes(900),
            to_server(T0 + 4040, A, "POST", path, 200).bytes(2100),
            to_server(T0 + 9000, A, "GET", path, 404).bytes(300),
        ]
    }

    fn check(requests: Vec<Request>, want: &[(&str, Level)]) {
        let found = TestSite::new(requests).run(&WebShell(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.level)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn the_life_of_a_shell() {
        check(life("/uploads/x.php"), &[("page /uploads/x.php", Level::Confirmed)]);
        let found = TestSite::new(life("/uploads/x.php")).run(&WebShell(Params::DEFAULT));
        assert_eq!(found[0].severity, Severity::Critical);
        assert_eq!(found[0].numbers.get("state"), Some(&"deleted".into()));
        assert_eq!(found[0].first_us, Some(i64::from(T0 + 4020) * 1_000_000));
        assert!(found[0].statement.contains("/upload.php"), "{}", found[0].statement);
    }

    #[test]
    fn ordinary_pages_have_other_lives() {
        let admin =
            |i: u32| to_server(T0 + i * 100, "198.51.100.7", "POST", "/admin/save.php", 200).referred();
        check((0..20).map(admin).collect(), &[]);
        let page = |i: u32| to_server(T0 + i, "198.51.100.7", "GET", "/a.html", 200).bytes(u64::from(i));
        check((0..20).map(page).collect(), &[]);
    }

    #[test]
    fn folders_from_which_nothing_should_run() {
        let check = |path: &str, want: bool| assert_eq!(is_static_folder(path.as_bytes()), want, "{path}");
        check("/uploads/x.php", true);
        check("/a/Images/2024/x.php", true);
        check("/upload.php", false);
        check("/app/download.php", false);
    }

    #[test]
    fn commands_in_the_query() {
        let check = |target: &str, want: bool| {
            let site = TestSite::new(vec![to_server(T0, A, "GET", target, 200)]);
            let event = crate::detect::testing::event_of(&site, 0);
            assert_eq!(hands_command(&event), want, "{target}");
        };
        check("/u.php?cmd=ls", true);
        check("/u.php?x=d2hvYW1pIC1h", true);
        check("/u.php?cmd=cat%20/etc/passwd", true);
        check("/u.php?c=12", false);
        check("/u.php?page=about", false);
    }

    #[test]
    fn a_shell_in_use_by_an_attacker() {
        let exploit = to_server(T0 + 10, A, "POST", "/?q=x", 200).attack(Class::CodeInjection, 7, 80);
        let look = to_server(T0 + 3000, A, "GET", "/scripts/update.php", 200).referred();
        let run = to_server(T0 + 3010, A, "GET", "/scripts/update.php?cmd=ls", 200);
        let visit = to_server(T0, "198.51.100.7", "GET", "/", 200);
        check(
            vec![visit.clone(), exploit, look.clone(), run.clone()],
            &[("page /scripts/update.php", Level::Probable)],
        );
        check(vec![visit, look, run], &[]);
    }
}
