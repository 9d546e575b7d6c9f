//! # Floods of requests (`flood`)
//! ## Finds
//! Clients that ask for the same few pages so often that most of the site's load is theirs, that add a new query to
//! each request so that no cache can answer, or that send nearly every request under another user agent.
//! ## Why it matters
//! It makes the site slow or takes it down, and it may cover something else.
//! ## Decides
//! A client hammers if half of its requests are for one page, or 20 for each of its pages; loads hardly any assets
//! with a referrer (a tenth), sends few payloads (a fifth), and asks 100 times in a minute or 30 times in 10
//! seconds. The other clients of a /24 or /48 hammer together if they ask 300 times in a minute, four fifths for
//! one page. Those who hammer the same page, none more than 10 minutes after another is done, are one group.
//! Load: A = the group's requests in its busiest minute, N = everybody's in that minute, M and D = median and
//! median deviation of what all others ask in the minutes of the same hour of the days around (30 to each side;
//! of all minutes where the log is shorter than 3 days). A flood: A >= 300, A >= 3 M, N > M + 9 D and
//! 2 A >= N - M.
//! New queries: at least 9 of 10 requests have a query that no other has, and at least 9 of 10 answers have the
//! same status and size. New agents: at least 10 user agents (with method), 4 for each 5 requests, 4 requests for
//! each page and 10 a minute. The first, at 30 requests in 10 seconds, and the second are findings whatever the
//! others ask; but new queries in more than 10 stretches, 10 minutes apart, are a program's habit.
//! No flood: half of the requests or more are answered in parts (206), refused for want of a password (401),
//! posted to a login, or ask for something else each time and are given it (half as many sizes as requests). Nor
//! clients with 10 user agents that mostly carry referrers, unless with new queries: people behind one address. Nor what is
//! so from the log's beginning to its end (half of its minutes; of a log under an hour three quarters), or at the same hour
//! of three days and half of all.
//! Medium: a flood of 600 a minute, or of 300 with new queries or 10 user agents. Else low.
//! ## Parameters
//! - `min_per_min` | 300 | requests a minute | 60-10000 | a browser that loads pages with all their pictures
//!   stays below, and is left out by its referrers
//! - `many_per_min` | 600 | requests a minute | 100-100000 | ten a second for a minute
//! - `min_of_one` | 100 | requests a minute | 20-1000 | a health check each second makes 60
//! - `min_burst` | 30 | requests in 10 seconds | 10-200 | three a second for one page
//! - `min_agents` | 10 | user agents | 5-100 | one browser has one
//! - `min_clients` | 3 | clients | 2-100 | two addresses of a network are two clients
//! ## ATT&CK
//! Impact: T1499.002 service exhaustion flood (ATT&CK v17)
//! ## False positives
//! A load test, or a program gone wild: ask whose the address is. Such a load is one all the same.
//! ## Misses
//! Many clients that ask a few times each: without a network in common they look like a crowd. Floods over pages in
//! turn, 20 requests each or fewer. Half-open and slow connections, which write no line. A flood as old as the log,
//! below 1,200 a minute or a tenth of the load. Beyond 8 million requests a client's are taken to be spread evenly
//! over its life. Queries that change the size of the answer.
//! ## Cost
//! The seconds of those who hammer, 4 bytes a request, one partition after the other; 240 bytes an hour of the log; in the
//! second pass 64 lines of at most 8 clients a page, of at most 16 pages.
//! ## Sources
//! Median and median absolute deviation: Leys et al., Detecting outliers, 2013; CrowdSec hub
//! `http-dos-bypass-cache` and `http-dos-swithcing-ua` for the peer's rules.

use super::hammer::{Hammer, hammers};
use super::minutes::Minutes;
use crate::detect::access::login::is_named_login;
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Meta, Number, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, quote, span};
use crate::table::{Event, Method, Partition, Selector};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Lines kept of one client, lines.
const MAX_EVENTS: usize = 64;
/// Clients of a group whose lines are looked at, clients: the busiest.
const MAX_SAMPLED: usize = 8;
/// Groups, pages: those with most requests.
const MAX_PAGES: usize = 16;
/// Lines of a client that say what it asks for, lines; fewer are looked at together.
const MIN_EVENTS: usize = 8;
/// Longer between two that hammer the same page, and they are two groups, minutes.
const MAX_GAP_MIN: u32 = 10;
/// New queries in more stretches than these are a habit.
const MAX_STRETCHES: usize = 10;
/// A load as old as the log is named from here on, requests a minute, if it is ten times what all others ask.
const MIN_STEADY: u64 = 1200;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_per_min: u64,
    pub(crate) many_per_min: u64,
    pub(crate) min_of_one: u64,
    pub(crate) min_burst: u64,
    pub(crate) min_agents: u64,
    pub(crate) min_clients: usize,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_per_min: 300,
        many_per_min: 600,
        min_of_one: 100,
        min_burst: 30,
        min_agents: 10,
        min_clients: 3,
    };
}

pub(in crate::detect) struct Flood(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "flood",
    title: "Floods of requests",
    stage: Stage::Impact,
    techniques: &["T1499.002"],
    since: "0.1.0",
    needs: &["client_ip", "ts", "url_path"],
    doc: header!(include_str!("flood.rs")),
};

/// Those who hammer one page.
struct Group<'h> {
    hammers: Vec<&'h Hammer>,
    minutes: BTreeMap<u32, u64>,
}

impl<'h> Group<'h> {
    fn of(mut hammers: Vec<&'h Hammer>) -> Self {
        hammers.sort_by_key(|h| (Reverse(h.peak()), h.clients.first().copied()));
        let mut minutes = BTreeMap::new();
        for (minute, n) in hammers.iter().flat_map(|h| &h.minutes) {
            *minutes.entry(*minute).or_default() += n;
        }
        Self { hammers, minutes }
    }

    /// Who it is, for the subject.
    fn name(&self, site: &Site<'_>) -> String {
        match self.hammers.as_slice() {
            [one] if one.is_network => {
                let network = one.clients.first().and_then(|c| c.network_text());
                format!("network {}", network.unwrap_or_default())
            }
            [one] => {
                format!("client {}", one.clients.first().map_or(String::new(), |c| site.client_text(*c)))
            }
            _ => "many clients".to_owned(),
        }
    }

    /// Requests in the busiest minute, and the first such minute.
    fn peak(&self) -> (u64, u32) {
        let peak = self.minutes.iter().map(|(minute, n)| (*n, Reverse(*minute))).max();
        peak.map_or((0, 0), |(n, minute)| (n, minute.0))
    }

    /// It fills the log, or comes at the same hour day by day.
    fn is_steady(&self, all: &Minutes) -> bool {
        let (peak, at) = self.peak();
        let busy = || self.minutes.iter().filter(|(_, n)| **n * 2 >= peak).map(|(minute, _)| *minute);
        let (n_busy, n_all) = (busy().count() as u64, u64::from(all.span()));
        let fills = match n_all {
            60.. => n_busy * 2 >= n_all,
            5.. => n_busy * 4 >= n_all * 3,
            _ => false,
        };
        let hour = at / 60 % 24;
        let days: BTreeSet<u32> = busy().filter(|m| m / 60 % 24 == hour).map(|m| m / 1440).collect();
        fills || (days.len() >= 3 && days.len() * 2 >= all.days() as usize)
    }

    /// Times that it is busy, with longer than [`MAX_GAP_MIN`] between.
    fn n_stretches(&self) -> usize {
        let (peak, _) = self.peak();
        let busy = self.minutes.iter().filter(|(_, n)| **n * 2 >= peak).map(|(minute, _)| *minute);
        let mut end = None;
        busy.filter(|minute| end.replace(*minute).is_none_or(|end| *minute > end + MAX_GAP_MIN)).count()
    }

    /// Puts into the draft who, when and how much: what counts is the minutes with a tenth of the peak at least.
    fn describe(&self, draft: &mut Draft) {
        let (peak, _) = self.peak();
        let busy = || self.minutes.iter().filter(|(_, n)| **n * 10 >= peak);
        draft.clients = self.hammers.iter().flat_map(|h| h.clients.iter().copied()).collect();
        draft.n_requests = busy().map(|(_, n)| n).sum();
        let sum = |of: fn(&Hammer) -> u64| self.hammers.iter().map(|h| of(h)).sum::<u64>();
        draft.bytes_out = Some(sum(|h| h.bytes_out));
        if let (Some((first, _)), Some((last, _))) = (busy().next(), busy().next_back()) {
            let first_s = self.hammers.iter().map(|h| h.first_s).min().unwrap_or(0);
            let last_s = self.hammers.iter().map(|h| h.last_s).max().unwrap_or(0);
            draft.set_span((first * 60).max(first_s), (last * 60 + 59).min(last_s));
        }
        draft.number("n_clients", draft.clients.len());
        draft.number("n_minutes", busy().count());
        draft.number("peak_per_min", peak);
        draft.number("n_errors", sum(|h| h.n_errors));
        draft.number("n_agents", self.hammers.iter().map(|h| h.n_agents).max().unwrap_or(0));
    }
}

impl Flood {
    fn suspect_of(&self, group: &Group<'_>, all: &Minutes, site: &Site<'_>) -> Option<Suspect> {
        let page = site.page(group.hammers.first()?.page)?;
        let (peak, at) = group.peak();
        let usual = all.usual(at, &group.minutes);
        let n_all = all.count(at).max(peak);
        let is_far_above = peak >= self.0.min_per_min
            && peak >= 3 * usual.median
            && n_all > usual.median + 9 * usual.mad
            && peak * 2 >= n_all - usual.median.min(n_all);
        let is_steady = group.is_steady(all);
        let is_odd_steady = is_far_above && peak >= MIN_STEADY && peak >= 10 * usual.median;
        if is_steady && !is_odd_steady {
            return None;
        }
        let mut draft = site.draft_of_page(page);
        group.describe(&mut draft);
        draft.subject = format!("{} {}", group.name(site), draft.subject);
        let is_like_people = group.hammers.iter().all(|h| h.is_like_people(self.0));
        draft.rule = match (is_far_above, is_like_people) {
            (true, false) => "load",
            (true, true) => "people",
            // New queries may be a flood past the cache, whatever the others ask.
            _ if group.hammers.iter().any(|h| h.per_10s >= self.0.min_burst && h.has_queries)
                && group.n_stretches() <= MAX_STRETCHES =>
            {
                ""
            }
            _ => return None,
        };
        draft.severity =
            if is_steady || peak < self.0.many_per_min { Severity::Low } else { Severity::Medium };
        if peak >= self.0.min_per_min {
            draft.number("others_per_min", n_all - peak);
            draft.number("usual_per_min", usual.median);
            draft.number("usual_mad_per_min", usual.mad);
        }
        if is_steady {
            draft
                .caveats
                .push("It is so as long as the log: a program of your own would look the same.".to_owned());
        }
        let wants = |h: &&Hammer| {
            let since_s = h.peak_minute() * 60;
            let clients: Vec<_> = h.clients.iter().take(MAX_SAMPLED).copied().collect();
            clients.into_iter().map(move |c| (Selector::Asks(c, page.hash, since_s), MAX_EVENTS))
        };
        let wants = group.hammers.iter().flat_map(wants).take(MAX_SAMPLED).collect();
        Some(Suspect { rank: draft.n_requests, wants, draft })
    }

    /// A client that sends nearly every request under another user agent.
    fn switching(&self, hammer: &Hammer, site: &Site<'_>) -> Option<Suspect> {
        let (page, client) = (site.page(hammer.page)?, *hammer.clients.first()?);
        let mut draft = site.draft_of_page(page);
        draft.subject = format!("client {} {}", site.client_text(client), draft.subject);
        Group::of(vec![hammer]).describe(&mut draft);
        draft.n_requests = hammer.n_requests;
        draft.set_span(hammer.first_s, hammer.last_s);
        draft.rule = "new-agents";
        draft.severity = if hammer.peak() >= self.0.min_per_min { Severity::Medium } else { Severity::Low };
        let wants = vec![(Selector::Asks(client, page.hash, 0), MAX_EVENTS)];
        Some(Suspect { rank: draft.n_requests, wants, draft })
    }
}

/// Those who hammer one page, by the time at which they do.
fn at_a_time(mut hammers: Vec<&Hammer>) -> Vec<Vec<&Hammer>> {
    hammers.sort_by_key(|h| (h.busy(), h.clients.first().copied()));
    let mut groups: Vec<Vec<&Hammer>> = Vec::new();
    let mut end = 0;
    for hammer in hammers {
        let (first, last) = hammer.busy();
        match groups.last_mut() {
            Some(group) if first <= end + MAX_GAP_MIN => group.push(hammer),
            _ => {
                groups.push(vec![hammer]);
                end = 0;
            }
        }
        end = end.max(last);
    }
    groups
}

/// What the requests of a client are, by some of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The same again and again.
    Plain,
    /// Another query each time, which changes nothing.
    NewQueries,
    /// Something else: pieces of a file, a password, one page after the other.
    Other,
}

impl Asks {
    fn of(events: &[Event], is_login: bool) -> Self {
        let n = events.len();
        let of_status = |code: u16| events.iter().filter(|e| e.status_code == code).count();
        let n_posts = events.iter().filter(|e| e.method == Method::Post).count();
        if of_status(206) * 2 >= n || of_status(401) * 2 >= n || (is_login && n_posts * 2 >= n) {
            return Self::Other;
        }
        let targets: BTreeSet<&[u8]> = events.iter().map(|e| &*e.target).collect();
        let mut answers: BTreeMap<(u16, Option<u64>), usize> = BTreeMap::new();
        events.iter().for_each(|e| *answers.entry((e.status_code, e.bytes_out.get())).or_default() += 1);
        let usual = answers.values().copied().max().unwrap_or(0);
        let n_queries = targets.iter().filter(|t| t.contains(&b'?')).count();
        if n_queries * 10 >= n * 9 && usual * 10 >= n * 9 {
            Self::NewQueries
        } else if targets.len() * 2 >= n && answers.len() * 2 >= n {
            Self::Other
        } else {
            Self::Plain
        }
    }
}

impl Detector for Flood {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, _part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        if index != 0 {
            return Vec::new();
        }
        let hammers = hammers(self.0, site);
        if hammers.is_empty() {
            return Vec::new();
        }
        let mut pages: BTreeMap<u64, Vec<&Hammer>> = BTreeMap::new();
        let is_fast = |h: &&Hammer| h.peak() >= self.0.min_of_one || h.per_10s >= self.0.min_burst;
        for hammer in hammers.iter().filter(is_fast) {
            pages.entry(hammer.page).or_default().push(hammer);
        }
        let mut groups: Vec<Vec<&Hammer>> = pages.into_values().flat_map(at_a_time).collect();
        let size = |group: &[&Hammer]| group.iter().map(|h| h.n_requests).sum::<u64>();
        groups.sort_by_key(|g| {
            (Reverse(size(g)), g[0].busy(), site.page(g[0].page).map(|row| site.page_text(row)))
        });
        groups.truncate(MAX_PAGES);
        let switching = hammers.iter().filter(|h| h.is_switching(self.0) && !is_fast(h));
        let mut suspects: Vec<Suspect> = switching.filter_map(|h| self.switching(h, site)).collect();
        suspects.sort_by(|a, b| (b.rank, &a.draft.subject).cmp(&(a.rank, &b.draft.subject)));
        suspects.truncate(MAX_PAGES);
        let groups: Vec<Group<'_>> = groups.into_iter().map(Group::of).collect();
        let all = Minutes::of(site, groups.iter().any(|group| group.peak().0 >= self.0.min_per_min));
        suspects.extend(groups.iter().filter_map(|group| self.suspect_of(group, &all, site)));
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        let Some(page) = site.page(draft.page) else { return Vec::new() };
        let is_login = is_named_login(site.page_text(page).1);
        let many = events.iter().filter(|e| e.len() >= MIN_EVENTS);
        let mut asks: Vec<Asks> = many.map(|events| Asks::of(events, is_login)).collect();
        if asks.is_empty() {
            asks.push(Asks::of(&events.concat(), is_login));
        }
        let share = |of: Asks| asks.iter().filter(|a| **a == of).count() * 2;
        if share(Asks::Other) > asks.len() {
            return Vec::new();
        }
        let is_new_queries = share(Asks::NewQueries) >= asks.len();
        let n_agents = number(&draft, "n_agents");
        match draft.rule {
            "" | "people" if !is_new_queries => return Vec::new(),
            "people" => (draft.rule, draft.severity) = ("load", Severity::Medium),
            "" => (draft.rule, draft.severity) = ("new-queries", Severity::Low),
            "load" if (is_new_queries || n_agents >= self.0.min_agents) && draft.caveats.is_empty() => {
                draft.severity = Severity::Medium;
            }
            _ => {}
        }
        if draft.rule != "new-agents" {
            draft.caveats.push("A load test, or a program gone wild, looks the same.".to_owned());
        }
        for event in events.iter().filter_map(|events| events.first()).take(5) {
            draft.show(event);
        }
        for event in events.iter().flat_map(|events| events.iter().take(4)).take(10) {
            draft.show(event);
        }
        draft.statement = say(&draft, is_new_queries, n_agents >= self.0.min_agents, site);
        vec![draft.finish(&META)]
    }
}

fn number(draft: &Draft, name: &str) -> u64 {
    match draft.numbers.get(name) {
        Some(Number::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}

/// The statement.
fn say(draft: &Draft, is_new_queries: bool, has_many_agents: bool, site: &Site<'_>) -> String {
    let who = match (draft.clients.len(), draft.clients.first()) {
        (1, Some(client)) => site.client_text(*client),
        (n, Some(client)) => {
            let network = client.network();
            let is_one = !client.is_name() && draft.clients.iter().all(|c| c.network() == network);
            match network.network_text().filter(|_| is_one) {
                Some(name) => format!("{} addresses of {name} together", count(n as u64)),
                None => format!("{} clients together", count(n as u64)),
            }
        }
        (_, None) => "Nobody".to_owned(),
    };
    let mut marks = Vec::new();
    if is_new_queries {
        marks.push("each time with a new query that changes nothing in the answer".to_owned());
    }
    if has_many_agents {
        let each = if draft.clients.len() == 1 { "" } else { " one of them" };
        marks
            .push(format!("{each} under {} user agents", count(number(draft, "n_agents"))).trim().to_owned());
    }
    let others = match number(draft, "others_per_min") {
        _ if !draft.numbers.contains_key("others_per_min") => String::new(),
        0 => ", when nobody else asked for anything".to_owned(),
        n => format!(", when all others together sent {}", count(n)),
    };
    let outcome = match number(draft, "n_errors") {
        0 => String::new(),
        n => format!("; {} were answered with an error of the server", count(n)),
    };
    let what = match (draft.rule, has_many_agents) {
        ("load", _) => ": a flood",
        ("new-queries", _) => ": no cache can answer that",
        _ => ": a program that hides what it is",
    };
    let marks: String = marks.iter().map(|mark| format!(", {mark}")).collect();
    format!(
        "{who} sent {}{}, most of them for {}{marks}, up to {} in a minute{others}{outcome}{what}.",
        counted(draft.n_requests, "request"),
        span(draft.first_us, draft.last_us),
        quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 120),
        count(number(draft, "peak_per_min")),
    )
}
