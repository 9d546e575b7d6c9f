//! # Numbers tried one after the other (`enumeration`)
//! ## Finds
//! Clients that ask for one thing after the other by its number, things that hardly anybody else asks for; and
//! clients that ask by number who has an account.
//! ## Why it matters
//! Where a number is all that is needed, whoever counts reads everybody's orders. Names of users are half of what
//! a login asks for.
//! ## Decides
//! Numbers: a client asks for at least 100 distinct numbers of one path (its last number replaced) or of one
//! parameter of one page, and they fill at least half of what they span, or half of it in equal steps. Paths:
//! fewer than a fifth of these pages were asked for by 3 clients or more, or were linked to. Parameters: a quarter
//! of the page's requests are the client's, and the other clients ask for it 5 times on average or less. Numbers
//! that name no thing are left out (pages of a list, times, sizes, versions), and so are pictures, styles,
//! scripts and fonts. No client that had a browser's session (unless nine tenths
//! as many of its requests had no referrer), and none in whose network (/24, /48) somebody asked for
//! /robots.txt: a crawler. Medium where at least 3 others ask for some of it (3 of the pages, or the page); else low:
//! an interface with one user may be that user's.
//! Users: at least 5 distinct numbers in `author=` or behind `/wp/v2/users/`. Medium from 20 numbers on, a fifth of them
//! without a user (4xx), else low; at most 64 lines are looked
//! at, or 64 pages.
//! ## Parameters
//! - `min_numbers` | 100 | numbers | 20-10000 | who reads about a hundred things in a row is a program
//! - `min_share` | 0.5 | share | 0.1-1 | of 100 numbers out of 10,000 the most are links that were followed
//! - `max_public` | 0.2 | share | 0-1 | things of one owner are asked for by one, and by who tries them
//! - `min_users` | 5 | numbers | 3-50 | a site's own pages link to the few who write
//! ## ATT&CK
//! Collection: T1213 data from information repositories; discovery: T1087 account discovery (ATT&CK v17)
//! ## False positives
//! A program of a partner that fetches all there is, one by one: ask whose the address is. A crawler that never
//! asks for /robots.txt, at pages that nobody else reads.
//! ## Misses
//! Numbers tried from many addresses. Random identifiers. Public things that are copied (prices, profiles). Numbers
//! in the body of a POST. Parameters beyond the client's first 2,000 requests of the page.
//! ## Cost
//! None in the first pass but how often a client asked for a page, in bytes that were padding; 2,000 lines a client and
//! page in the second pass, at most 64 of them.
//! ## Sources
//! OWASP API Security Top 10 2023, API1 broken object level authorization; CrowdSec hub
//! `http-wordpress_user-enum` for the peer's rule.

use super::numbers::{Walk, number_in_path, numbers_in_query};
use crate::detect::actor::is_outgoing;
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Meta, Number, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, quote, span};
use crate::enrich::{PageKind, kind_of, user_in_path, user_in_query};
use crate::record::ClientKey;
use crate::table::{ClientRow, Event, PageRow, PairRow, Partition, Selector, merged};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Lines kept of a client and a page whose parameters are looked at, lines.
const MAX_EVENTS: usize = 2000;
/// Such clients and pages in all: those with most requests.
const MAX_PARAMETERS: usize = 64;
/// Pages at which a client's numbers of users are looked at, pages: those that it asks for most.
const MAX_USER_PAGES: usize = 64;
/// Lines kept of it at the first two of them, lines; of the others one, for they have the number in the path.
const MAX_USER_EVENTS: usize = 64;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_numbers: u64,
    pub(crate) min_share: f64,
    pub(crate) max_public: f64,
    pub(crate) min_users: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self { min_numbers: 100, min_share: 0.5, max_public: 0.2, min_users: 5 };
    /// Clients of a page that make it public.
    const PUBLIC: u32 = 3;
    /// Others that ask for some of it.
    const MIN_OTHERS: u64 = 3;
    /// Numbers of users beyond what every site sees.
    const MANY_USERS: u64 = 20;
}

pub(in crate::detect) struct Enumeration(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "enumeration",
    title: "Numbers tried one after the other",
    stage: Stage::Reconnaissance,
    techniques: &["T1213", "T1087"],
    since: "0.1.0",
    needs: &["client_ip", "url_path", "url_query", "status_code"],
    doc: header!(include_str!("enumeration.rs")),
};

/// The pages of one client whose paths differ in a number only.
#[derive(Default)]
struct Series {
    ids: BTreeSet<u64>,
    n_requests: u64,
    n_answered: u64,
    /// Asked for by several, or linked to.
    n_public: u64,
    /// Asked for by another client too.
    n_shared: u64,
    /// Given out by pages that nobody else asked for.
    bytes_out: u64,
    first_page: u64,
}

impl Series {
    fn add(&mut self, id: u64, pair: &PairRow, page: &PageRow) {
        if self.ids.insert(id) {
            self.n_public += u64::from(page.n_clients >= Params::PUBLIC || page.n_linked > 0);
            self.n_shared += u64::from(page.n_clients > 1);
            self.n_answered += u64::from(pair.bits & PairRow::ANSWERED != 0);
        }
        self.n_requests += u64::from(pair.n);
        self.bytes_out += if page.n_clients == 1 { page.bytes_out } else { 0 };
        if self.ids.first() == Some(&id) {
            self.first_page = page.hash;
        }
    }
}

/// No browser's session stands behind `n` requests of the client: it had none, or nine tenths as many requests had no
/// referrer, which a browser sends with what it is led to.
fn is_no_browser(row: &ClientRow, n: u64) -> bool {
    let n_direct = u64::from(row.n_requests.saturating_sub(row.n_referrer));
    !row.is_clean || n_direct * 10 >= n * 9
}

impl Enumeration {
    fn is_walk(&self, walk: &Walk) -> bool {
        walk.n >= self.0.min_numbers && walk.share >= self.0.min_share
    }

    fn may_walk(&self, row: &ClientRow, min: u64, site: &Site<'_>) -> bool {
        u64::from(row.n_requests) >= min
            && !is_outgoing(row)
            && site.may_accuse(row)
            && is_no_browser(row, min)
    }

    /// Clients that ask for a page far more often than others, perhaps for one number after the other.
    fn parameters(&self, site: &Site<'_>) -> Vec<Suspect> {
        let min = u16::try_from(self.0.min_numbers).unwrap_or(u16::MAX);
        let mut suspects = Vec::new();
        for (index, pairs) in site.pairs.iter().enumerate() {
            let rows = site.partitions[index].clients.table.rows();
            let often = pairs
                .iter()
                .filter(|p| p.n >= min && p.bits & PairRow::NUMBER != 0)
                .map(|p| (&rows[p.client as usize], p));
            let found: Vec<Found<'_>> = often
                .filter(|(row, _)| self.may_walk(row, self.0.min_numbers, site) && !is_attacking(row))
                .filter(|(row, pair)| is_no_browser(row, pair.n.into()))
                .filter_map(|(row, pair)| self.page_of(row, pair, site))
                .collect();
            suspects.extend(without_crawlers(index, found, site));
        }
        suspects.sort_by(|a, b| (b.rank, &a.draft.subject).cmp(&(a.rank, &b.draft.subject)));
        suspects.truncate(MAX_PARAMETERS);
        suspects
    }

    /// The paths of a client that differ in a number only.
    fn paths<'s>(&self, row: &ClientRow, pairs: &[PairRow], site: &'s Site<'_>) -> Vec<Found<'s>> {
        let mut all: BTreeMap<(&[u8], &[u8], &[u8]), Series> = BTreeMap::new();
        for pair in pairs {
            let Some(page) = site.page(pair.page) else { continue };
            let (host, path) = site.page_text(page);
            if let Some((before, behind, id)) = number_in_path(path)
                && kind_of(path) != PageKind::Asset
            {
                all.entry((host, before, behind)).or_default().add(id, pair, page);
            }
        }
        let mut suspects = Vec::new();
        for ((host, before, behind), series) in all {
            let Some(walk) = Walk::of(&series.ids).filter(|walk| self.is_walk(walk)) else { continue };
            if series.n_public as f64 >= self.0.max_public * walk.n as f64 {
                continue;
            }
            let template = [before, b"{number}", behind].concat();
            let name = crate::enrich::decoded_path(&template);
            let client = site.client_text(row.client);
            let of_host = if host.is_empty() { String::new() } else { format!(" of {}", quote(host, 80)) };
            let mut draft = Draft::new(format!("client {client} numbers {name}{of_host}"));
            draft.pages.insert(name);
            draft.set_span(row.first_s, row.last_s);
            draft.n_requests = series.n_requests;
            draft.bytes_out = (series.bytes_out > 0).then_some(series.bytes_out);
            draft.severity = severity(series.n_shared);
            self.say_numbers(&mut draft, row.client, &walk, series.n_answered, site);
            draft.number("share_public", series.n_public as f64 / walk.n as f64);
            let wants = vec![(Selector::Asks(row.client, series.first_page, 0), 4)];
            suspects.push(Found {
                host,
                client: row.client,
                suspect: Suspect { rank: walk.n, wants, draft },
            });
        }
        suspects
    }

    fn say_numbers(
        &self,
        draft: &mut Draft,
        client: ClientKey,
        walk: &Walk,
        n_answered: u64,
        site: &Site<'_>,
    ) {
        draft.rule = "numbers";
        draft.clients.insert(client);
        draft.number("n_numbers", walk.n);
        draft.number("first_number", walk.first);
        draft.number("last_number", walk.last);
        draft.number("step", walk.step);
        draft.number("completeness", walk.share);
        draft.number("n_answered", n_answered);
        draft.caveats.push("A program that may fetch all of them looks the same.".to_owned());
        let steps = if walk.step > 1 { format!(" in steps of {}", count(walk.step)) } else { String::new() };
        let given = draft.bytes_out.map_or_else(String::new, |n| format!(", {} in all", bytes(n)));
        draft.statement = format!(
            "{} asked for {} numbers of {} one after the other{}, {:.0} % of those from {} to {}{steps}; {} were answered \
             with success{given}.",
            site.client_text(client),
            count(walk.n),
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 120),
            span(draft.first_us, draft.last_us),
            walk.share * 100.0,
            walk.first,
            walk.last,
            count(n_answered),
        );
    }

    fn page_of<'s>(&self, row: &ClientRow, pair: &PairRow, site: &'s Site<'_>) -> Option<Found<'s>> {
        let n = u64::from(pair.n);
        let page = site.page(pair.page)?;
        let (n_all, n_others) = (page.n_requests(), u64::from(page.n_clients).saturating_sub(1));
        let is_odd = n * 4 >= n_all && n_all.saturating_sub(n) <= 5 * n_others;
        let (host, path) = site.page_text(page);
        if !is_odd || kind_of(path) == PageKind::Asset {
            return None;
        }
        let mut draft = site.draft_of_page(page);
        draft.subject = format!("client {} numbers {}", site.client_text(row.client), draft.subject);
        draft.clients.insert(row.client);
        draft.severity = severity(n_others);
        draft.rule = "numbers";
        let wants = vec![(Selector::Asks(row.client, page.hash, 0), MAX_EVENTS)];
        Some(Found { host, client: row.client, suspect: Suspect { rank: n, wants, draft } })
    }

    fn users_of(&self, row: &ClientRow, pairs: &[PairRow], site: &Site<'_>) -> Option<Suspect> {
        let mut asked: Vec<&PairRow> = pairs.iter().filter(|p| p.bits & PairRow::USER != 0).collect();
        let n: u64 = asked.iter().map(|p| u64::from(p.n)).sum();
        if n < self.0.min_users {
            return None;
        }
        let name = |page: u64| site.page(page).map(|row| site.page_text(row));
        asked.sort_by_key(|p| (Reverse(p.n), name(p.page)));
        let mut draft = Draft::new(format!("client {} users", site.client_text(row.client)));
        draft.clients.insert(row.client);
        draft.rule = "users";
        let caps = (0..MAX_USER_PAGES).map(|i| if i < 2 { MAX_USER_EVENTS } else { 1 });
        let pages = asked.iter().map(|p| Selector::Asks(row.client, p.page, 0));
        Some(Suspect { rank: n, wants: pages.zip(caps).collect(), draft })
    }

    fn conclude_users(&self, draft: &mut Draft, events: &[Event]) -> bool {
        let of = |e: &Event| {
            let mut parts = e.target.splitn(2, |c| *c == b'?');
            let path = parts.next().unwrap_or_default();
            parts.next().and_then(user_in_query).or_else(|| user_in_path(path)).filter(|id| *id > 0)
        };
        let mut ids: BTreeMap<u64, bool> = BTreeMap::new();
        let mut asked: Vec<&Event> = Vec::new();
        for event in events {
            if let Some(id) = of(event) {
                *ids.entry(id).or_default() |= event.status_code < 400;
                asked.push(event);
            }
        }
        let n = ids.len() as u64;
        let n_found = ids.values().filter(|found| **found).count() as u64;
        if n < self.0.min_users {
            return false;
        }
        draft.set_events(&asked);
        let is_many = n >= Params::MANY_USERS && (n - n_found) * 5 >= n;
        draft.severity = if is_many { Severity::Medium } else { Severity::Low };
        draft.number("n_numbers", n);
        draft.number("n_answered", n_found);
        asked.iter().take(5).for_each(|event| draft.show(event));
        draft
            .caveats
            .push("A crawler that follows a site's links to its authors asks for them too.".to_owned());
        true
    }

    fn conclude_numbers(&self, draft: &mut Draft, events: &[Event], site: &Site<'_>) -> bool {
        let mut all: BTreeMap<&[u8], BTreeMap<u64, bool>> = BTreeMap::new();
        for event in events.iter().filter(|e| !e.verdict.is_odd()) {
            let mut parts = event.target.splitn(2, |c| *c == b'?');
            for (name, id) in parts.nth(1).into_iter().flat_map(numbers_in_query) {
                *all.entry(name).or_default().entry(id).or_default() |=
                    (200..300).contains(&event.status_code);
            }
        }
        let walks = all.iter().filter_map(|(name, ids)| {
            let walk = Walk::of(&ids.keys().copied().collect())?;
            let n_answered = ids.values().filter(|answered| **answered).count() as u64;
            self.is_walk(&walk).then_some((*name, walk, n_answered))
        });
        let Some((name, walk, n_answered)) = walks.max_by_key(|(name, walk, _)| (walk.n, Reverse(*name)))
        else {
            return false;
        };
        draft.set_events(&events.iter().collect::<Vec<_>>());
        let Some(client) = draft.clients.first().copied() else { return false };
        let page = draft.pages.first().cloned().unwrap_or_default();
        let target = format!("{page}?{}={{number}}", crate::record::printable(name));
        draft.pages = BTreeSet::from([target]);
        self.say_numbers(draft, client, &walk, n_answered, site);
        draft.pages = BTreeSet::from([page]);
        let largest: Vec<&Event> = events.iter().collect();
        draft.show_largest(&largest, 3, 3);
        true
    }
}

/// Whether what was tried is others', by how many of them are seen there.
fn severity(n_others: u64) -> Severity {
    if n_others >= Params::MIN_OTHERS { Severity::Medium } else { Severity::Low }
}

/// Who walks, and on which host.
struct Found<'s> {
    host: &'s [u8],
    client: ClientKey,
    suspect: Suspect,
}

fn robots_of(host: &[u8], site: &Site<'_>) -> u64 {
    site.keys.page(host, b"/robots.txt")
}

/// Those in whose network nobody asked the host for /robots.txt; all are of one partition.
fn without_crawlers(index: usize, found: Vec<Found<'_>>, site: &Site<'_>) -> Vec<Suspect> {
    let robots: BTreeSet<u64> = found.iter().map(|f| robots_of(f.host, site)).collect();
    if robots.is_empty() {
        return Vec::new();
    }
    let rows = site.partitions[index].clients.table.rows();
    let asked = site.pairs[index].iter().filter(|p| robots.contains(&p.page));
    let crawlers: BTreeSet<(u64, ClientKey)> =
        asked.map(|p| (p.page, rows[p.client as usize].client.network())).collect();
    let is_crawler = |f: &Found<'_>| crawlers.contains(&(robots_of(f.host, site), f.client.network()));
    found.into_iter().filter(|f| !is_crawler(f)).map(|f| f.suspect).collect()
}

/// A fifth of what it sends are payloads: other detectors speak of it.
fn is_attacking(row: &ClientRow) -> bool {
    (u64::from(row.n_attacks) + u64::from(row.n_weak)) * 5 >= u64::from(row.n_requests)
}

impl Detector for Enumeration {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = if index == 0 { self.parameters(site) } else { Vec::new() };
        let robots = robots_of(b"", site);
        let rows = part.clients.table.rows();
        let mut crawlers: BTreeSet<ClientKey> = BTreeSet::new();
        let mut walkers: Vec<(&ClientRow, &[PairRow])> = Vec::new();
        for pairs in site.pairs[index].chunk_by(|a, b| a.client == b.client) {
            let row = &rows[pairs[0].client as usize];
            if pairs.iter().any(|p| p.page == robots) {
                crawlers.insert(row.client.network());
            }
            if self.may_walk(row, self.0.min_users, site) {
                suspects.extend(self.users_of(row, pairs, site));
                if pairs.len() as u64 >= self.0.min_numbers && !is_attacking(row) {
                    walkers.push((row, pairs));
                }
            }
        }
        walkers.retain(|(row, _)| !crawlers.contains(&row.client.network()));
        let paths: Vec<Found<'_>> =
            walkers.into_iter().flat_map(|(row, pairs)| self.paths(row, pairs, site)).collect();
        suspects.extend(without_crawlers(index, paths, site));
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        let events = &merged(events);
        match draft.rule {
            "users" => {
                if !self.conclude_users(&mut draft, events) {
                    return Vec::new();
                }
                let number = |name| match draft.numbers.get(name) {
                    Some(Number::Int(n)) => u64::try_from(*n).unwrap_or(0),
                    _ => 0,
                };
                draft.statement = format!(
                    "{} asked by number for {}{}: {} of them were answered, which gives away the name.",
                    draft.clients.first().map_or_else(String::new, |c| site.client_text(*c)),
                    counted(number("n_numbers"), "user"),
                    span(draft.first_us, draft.last_us),
                    count(number("n_answered")),
                );
            }
            _ if draft.statement.is_empty() => {
                if !self.conclude_numbers(&mut draft, events, site) {
                    return Vec::new();
                }
            }
            _ => events.iter().take(3).for_each(|event| draft.show(event)),
        }
        vec![draft.finish(&META)]
    }
}
