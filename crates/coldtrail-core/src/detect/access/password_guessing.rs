//! # Guessing of passwords (`password-guessing`)
//! ## Finds
//! Clients that try to log in again and again, one alone or many a little each, and who of them was let in.
//! ## Why it matters
//! A guessed or stolen password is the plainest way in, and no payload gives it away.
//! ## Decides
//! Logins are learnt: pages that refuse with 401 or 403, pages with a word of logging in in their path, and
//! pages that send on some who post to them and others not.
//! A try is a POST answered 2xx, 3xx or 401, at a page with such a word also 403, 423 or 429, or any request
//! answered 401. It failed if it was refused (401, 403, 423, 429) or answered like most of the client's tries
//! (the same status, bytes within max(64, a sixteenth)).
//! One client: at least 20 failures, or an hour that has 5 and no more than 10 seconds from the first to the
//! last; and less than half as many other answers, unless those came after 20 failures only.
//! Refused at a page with such a word, or with the name of a user: whoever it is. Refused elsewhere: only who
//! loads no pictures or style sheets (fewer than its tries), asks for little else (80 %) and comes fast (2
//! seconds from one to the next in its busiest hour); low, because a program may only not know that its
//! session has ended. Not refused in so many words: only at forms for people that never answered a POST with
//! 401, only who loads no such assets, and only fast (15 seconds) or with little else; both where tries are
//! sent on; at a page without such a word only who was sent on once.
//! Many clients: those who fail less, loaded no such asset at all and ask for little else (50 %), at a page
//! with such a word or with names of users: at least 3 with 200 failures in all and less than a tenth as many
//! other answers, where nothing is refused 3 tries each on average. Where more than 50 single clients would be
//! named, those who were not let in count here instead.
//! Let in: after a failure an answer with another status, 2xx or 3xx; at most 3 times or a tenth of the
//! failures, or after 20 failures and never before. Own pages: given to at most 3 clients, none of which only
//! failed; new ones were given to anybody only after that.
//! Level: let in fast and 3 new own pages: confirmed. One new own page, or 3 own pages: probable. Let in, or
//! slower than once a minute: possible. Else no sign.
//! ## Parameters
//! - `min_failures` | 20 | tries | 5-200 | people give up or ask for a new password long before
//! - `burst` | 5 | tries | 3-20 | within 10 seconds nobody types so many
//! - `min_group_failures` | 200 | tries | 50-5000 | a busy site's visitors fail now and then
//! - `max_interval_s` | 15 | seconds | 1-120 | people type slower
//! - `max_blind_interval_s` | 2 | seconds | 1-30 | health checks and open tabs come every 5 seconds or slower
//! ## ATT&CK
//! Credential access: T1110.001 password guessing, T1110.003 spraying, T1110.004 credential stuffing; initial
//! access: T1078 valid accounts (ATT&CK v17)
//! ## False positives
//! A program that goes on with an old password: low where it comes slower than once a minute. A client behind
//! the address of real visitors is not accused unless it is refused.
//! ## Misses
//! Logins whose failures and successes have one status. Slow tries at interfaces for programs. Tries that are kept under 20 a client and 200 a
//! page. Which account was tried is in no access log.
//! ## Cost
//! A row of about 130 bytes for each client, page and kind of answer, of at most 64 pages.
//! ## Sources
//! Measured on a simulated site: 90 addresses that stuffed passwords and its 5 successes stood out by loading
//! no asset; offices behind one address by as many successes as failures.

use super::attempt::{Attempt, LetIn, Visitor};
use super::login::{is_alike, is_form, is_interface, is_named_login, is_refused, may_be_login, usual_of};
use crate::detect::header::header;
use crate::detect::{Detector, Draft, Evidence, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{count, counted, list, quote, seconds, span, time};
use crate::enrich::{PageKind, kind_of};
use crate::record::{ClientKey, NO_TIME};
use crate::table::{Event, Moment, PageRow, PairRow, Partition, Reply, Selector, StatusClass, Tally};
use std::cmp::Reverse;
use std::collections::BTreeSet;

const MAX_PAGES: usize = 64;
/// Cap on clients that are named one by one if they were not let in, clients: more of them are one group.
const MAX_NAMED: usize = 50;
/// Tries of a client of a group on average, tries, where nothing is refused in so many words: people need one or two.
const MIN_GROUP_TRIES: u64 = 3;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_failures: u64,
    pub(crate) burst: u64,
    pub(crate) min_group_failures: u64,
    pub(crate) max_interval_s: u64,
    pub(crate) max_blind_interval_s: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_failures: 20,
        burst: 5,
        min_group_failures: 200,
        max_interval_s: 15,
        max_blind_interval_s: 2,
    };
    const MIN_CLIENTS: usize = 3;
}

pub(in crate::detect) struct PasswordGuessing(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "password-guessing",
    title: "Guessing of passwords",
    stage: Stage::Access,
    techniques: &["T1110.001", "T1110.003", "T1110.004", "T1078"],
    since: "0.1.0",
    needs: &["client_ip", "method", "url_path", "status_code", "response_bytes"],
    doc: header!(include_str!("password_guessing.rs")),
};

/// Pages that a client was given and hardly anybody else.
struct OwnPages {
    names: Vec<String>,
    /// Of these, given to nobody before.
    n_new: usize,
}

/// What is known of a page before its visitors are looked at.
#[derive(Clone, Copy)]
struct Login {
    /// Its path says that it is a login.
    is_named: bool,
    /// A wrong password may be answered like any page: it is a form for people, and it has answered no POST with 401.
    is_plain: bool,
    /// See [`is_interface`].
    is_interface: bool,
}

impl OwnPages {
    /// What they say of somebody who was let in.
    fn level(&self) -> Level {
        if self.n_new >= 1 || self.names.len() >= 3 { Level::Probable } else { Level::Possible }
    }
}

impl PasswordGuessing {
    fn lone<'a>(&self, visitor: &'a Visitor<'a>, login: Login) -> Option<Attempt<'a>> {
        let usual = visitor.usual?;
        let attempt = Attempt::of(visitor, self.0, |reply| login.is_plain && is_alike(reply, &usual))?;
        let is_let_in = attempt.let_in.is_some_and(|let_in| let_in.after_many);
        if !is_let_in && attempt.n_others * 2 >= attempt.n_failures {
            return None;
        }
        let is_many = attempt.n_failures >= self.0.min_failures;
        let is_fast = attempt.is_within(self.0.max_interval_s);
        let asks_little_else = visitor.share_percent() >= 80;
        if is_refused(&usual) {
            let is_login = login.is_named || visitor.has_user();
            let is_odd = !visitor.has_browser()
                && asks_little_else
                && (attempt.is_within(self.0.max_blind_interval_s) || attempt.is_burst);
            return ((is_many || attempt.is_burst) && (is_login || is_odd)).then_some(attempt);
        }
        let is_guessing = match (login.is_named, usual.status_code) {
            (true, 200..=299) => {
                is_many && (is_fast || asks_little_else && !login.is_interface) || attempt.is_burst
            }
            // Sent on: so are those who are let in.
            (true, _) => is_many && is_fast && asks_little_else,
            (false, _) => {
                is_many && is_fast && attempt.let_in.is_some_and(|l| matches!(l.status_code, 300..=399))
            }
        };
        (is_guessing && !visitor.has_browser()).then_some(attempt)
    }

    fn report_lone(
        &self,
        attempt: &Attempt<'_>,
        login: Login,
        given: &BTreeSet<u64>,
        page: &PageRow,
        site: &Site<'_>,
    ) -> Draft {
        let client = attempt.visitor.row.client;
        let mut draft = site.draft_of_page(page);
        draft.subject = format!("client {} {}", site.client_text(client), draft.subject);
        draft.clients.insert(client);
        let let_in = attempt.let_in;
        let own = let_in.map(|let_in| own_pages(client, page, let_in.moment, given, site));
        let is_blind = !login.is_named
            && !attempt.visitor.has_user()
            && attempt.visitor.usual.is_some_and(|usual| is_refused(&usual));
        draft.level = self.level(attempt, own.as_ref(), is_blind);
        let is_many = attempt.n_failures >= self.0.min_failures && !attempt.is_slow() && !is_blind;
        draft.severity = severity(draft.level, is_many);
        draft.rule = if let_in.is_some() { "let-in" } else { "guessing" };
        describe(&mut draft, &[attempt]);
        if attempt.is_slow() || is_blind {
            draft.caveats.push("A program that goes on with an old password looks the same.".to_owned());
        }
        let usual = attempt.visitor.usual.map(|usual| draft_usual(&mut draft, &usual)).unwrap_or_default();
        let pace = attempt.interval_us().map_or_else(String::new, |us| match us {
            ..1_000_000 => ", more than one a second".to_owned(),
            us => format!(", one every {} in the busiest hour", seconds(us as f64 / 1e6)),
        });
        let outcome = match (let_in, own) {
            (Some(LetIn { status_code, moment, .. }), Some(own)) => {
                let pages = match own.names.len() {
                    0 => String::new(),
                    n => format!(
                        ", and it was given {} that hardly anybody else was ({})",
                        counted(n as u64, "page"),
                        list(&own.names, 3)
                    ),
                };
                format!(
                    "then at {} one was answered {}{pages}: it {} let in",
                    time((moment.0 != NO_TIME).then_some(moment.0)),
                    status_code,
                    match draft.level {
                        Level::Confirmed => "was",
                        Level::Probable => "was probably",
                        _ => "may have been",
                    },
                )
            }
            _ => "no answer shows that it was let in".to_owned(),
        };
        draft.statement = format!(
            "{} tried to log in at {} {} times{}{pace}; {} failed{usual}, {outcome}.",
            site.client_text(client),
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 120),
            count(attempt.n_tries),
            span(draft.first_us, draft.last_us),
            count(attempt.n_failures),
        );
        draft
    }

    fn level(&self, attempt: &Attempt<'_>, own: Option<&OwnPages>, is_blind: bool) -> Level {
        match own {
            None => Level::NoSign,
            // A program whose password was put right looks the same.
            Some(_) if attempt.is_slow() || is_blind => Level::Possible,
            Some(own) if own.n_new >= 3 && attempt.is_within(self.0.max_interval_s) => Level::Confirmed,
            Some(own) => own.level(),
        }
    }

    /// Clients that fail a little each, together.
    fn report_group(
        &self,
        attempts: &[Attempt<'_>],
        given: &BTreeSet<u64>,
        page: &PageRow,
        site: &Site<'_>,
    ) -> Option<Draft> {
        let n_failures: u64 = attempts.iter().map(|a| a.n_failures).sum();
        let n_others: u64 = attempts.iter().map(|a| a.n_others).sum();
        if attempts.len() < Params::MIN_CLIENTS
            || n_failures < self.0.min_group_failures
            || n_others * 10 >= n_failures
        {
            return None;
        }
        let mut draft = site.draft_of_page(page);
        draft.subject = format!("many clients {}", draft.subject);
        let mut let_in: Vec<(String, u16, Moment)> = Vec::new();
        for attempt in attempts {
            let client = attempt.visitor.row.client;
            draft.clients.insert(client);
            if let Some(LetIn { status_code, moment, .. }) = attempt.let_in {
                draft.level = draft.level.max(own_pages(client, page, moment, given, site).level());
                let_in.push((site.client_text(client), status_code, moment));
            }
        }
        draft.severity = severity(draft.level, true);
        draft.rule = if let_in.is_empty() { "guessing-spread" } else { "let-in" };
        describe(&mut draft, &attempts.iter().collect::<Vec<_>>());
        draft.number("n_clients", attempts.len());
        draft.number("n_let_in", let_in.len());
        let most = attempts.iter().map(|a| a.n_tries).max().unwrap_or(0);
        let outcome = if let_in.is_empty() {
            "no answer shows that one was let in".to_owned()
        } else {
            let_in.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
            let names: Vec<String> = let_in
                .iter()
                .map(|(client, status, moment)| {
                    format!("{client} at {} ({status})", time((moment.0 != NO_TIME).then_some(moment.0)))
                })
                .collect();
            format!("answered as if they had been let in: {}", list(&names, 5))
        };
        draft.statement = format!(
            "{} together tried to log in at {}{}, {} times in all and at most {} each; {} failed, {outcome}.",
            counted(attempts.len() as u64, "client"),
            quote(draft.pages.first().map_or(&b""[..], |p| p.as_bytes()), 120),
            span(draft.first_us, draft.last_us),
            count(attempts.iter().map(|a| a.n_tries).sum()),
            count(most),
            count(n_failures),
        );
        Some(draft)
    }
}

/// By the table of severities: an account taken, one that seems to be, or tries that go beyond what every site sees.
fn severity(level: Level, is_many: bool) -> Severity {
    match level {
        Level::Confirmed => Severity::Critical,
        Level::Probable => Severity::High,
        Level::Possible => Severity::Medium,
        _ if is_many => Severity::Medium,
        _ => Severity::Low,
    }
}

/// Puts into the draft when the tries were, how many, and lines that show it.
fn describe(draft: &mut Draft, attempts: &[&Attempt<'_>]) {
    let tries = || attempts.iter().flat_map(|a| a.visitor.tries().map(|(_, tally)| tally));
    let timed = |us: i64| (us != NO_TIME).then_some(us);
    draft.first_us = tries().filter_map(|tally| timed(tally.first.0)).min();
    draft.last_us = tries().filter_map(|tally| timed(tally.last.0)).max();
    draft.n_requests = attempts.iter().map(|a| a.n_tries).sum();
    draft.number("n_tries", draft.n_requests);
    draft.number("n_failures", attempts.iter().map(|a| a.n_failures).sum::<u64>());
    draft.number("n_others", attempts.iter().map(|a| a.n_others).sum::<u64>());
    let mut show = |(ts_us, at): Moment| {
        if draft.evidence.len() < Draft::MAX_EVIDENCE && draft.evidence.iter().all(|e| e.at != at) {
            draft.evidence.push(Evidence::new(at, ts_us));
        }
    };
    let mut shown: Vec<&&Attempt<'_>> = attempts.iter().collect();
    shown.sort_by_key(|a| (a.let_in.is_none(), a.first));
    for attempt in shown {
        if let Some(let_in) = attempt.let_in {
            show(let_in.moment);
            show(attempt.last);
        }
        show(attempt.first);
    }
}

/// How failures are answered, in words; what cannot be told from it.
fn draft_usual(draft: &mut Draft, usual: &Reply) -> String {
    draft.number("failure_status", u32::from(usual.status_code));
    draft.number("failure_bytes", usual.bytes);
    if is_refused(usual) {
        return format!(" with {}", usual.status_code);
    }
    draft.caveats.push(
        "The page does not refuse in so many words: a success that is answered like the failures does not show."
            .to_owned(),
    );
    format!(" (answered {} with about {} bytes)", usual.status_code, count(usual.bytes))
}

/// The pages that the client was given and at most two others; `given` are those of clients that only failed.
fn own_pages(
    client: ClientKey,
    login: &PageRow,
    let_in: Moment,
    given: &BTreeSet<u64>,
    site: &Site<'_>,
) -> OwnPages {
    const MAX_CLIENTS: u32 = 3;
    let mut pages: Vec<&PageRow> = pages_given(client, site)
        .filter(|page| *page != login.hash && !given.contains(page))
        .filter_map(|page| site.page(page))
        .filter(|page| page.n_clients <= MAX_CLIENTS)
        .filter(|page| !matches!(kind_of(site.page_text(page).1), PageKind::Asset))
        .collect();
    pages.sort_by_key(|page| (page.first_s(), site.page_text(page)));
    let let_in_s = let_in.0 / 1_000_000;
    let is_new =
        |page: &&&PageRow| let_in.0 != NO_TIME && i64::from(page.span(StatusClass::Ok).first_s) >= let_in_s;
    let n_new = pages.iter().filter(is_new).count();
    OwnPages { names: pages.iter().map(|page| site.page_name(page)).collect(), n_new }
}

/// The pages that a client was given.
fn pages_given<'s>(client: ClientKey, site: &'s Site<'_>) -> impl Iterator<Item = u64> + use<'s> {
    let part = site.keys.client_partition(client);
    let index = site.partitions[part].clients.table.find(site.keys.client(client), client);
    let pairs = index.map(|index| site.pairs_of(part, index)).unwrap_or_default();
    pairs.iter().filter(|pair| pair.bits & PairRow::ANSWERED != 0).map(|pair| pair.page)
}

impl Detector for PasswordGuessing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, index: usize, _part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        if index != 0 {
            return Vec::new();
        }
        let rows = site.partitions.iter().flat_map(|p| p.pages.table.rows().iter().map(move |row| (p, row)));
        let min = self.0.burst as u32;
        let mut pages: Vec<(bool, u64, &PageRow)> = rows
            .map(|(part, row)| (part.pages.text(row).1, row))
            .filter(|(path, row)| may_be_login(row, path, min))
            .map(|(path, row)| {
                let n = u64::from(row.n_posts) + u64::from(row.span(StatusClass::Denied).n);
                (is_named_login(path), n, row)
            })
            .collect();
        pages.sort_by_key(|(is_named, n, row)| (Reverse((*is_named, *n)), site.page_text(row)));
        pages.truncate(MAX_PAGES);
        let suspect = |(_, n, row): (bool, u64, &PageRow)| Suspect {
            rank: n,
            wants: vec![(Selector::PageReplies(row.hash), 0)],
            draft: site.draft_of_page(row),
        };
        pages.into_iter().map(suspect).collect()
    }

    fn conclude(&self, suspect: &Suspect, _events: &[&[Event]], site: &Site<'_>) -> Vec<Finding> {
        let Some(page) = site.page(suspect.draft.page) else { return Vec::new() };
        let path = site.page_text(page).1;
        let is_named = is_named_login(path);
        let mut replies = site.replies.of(page.hash);
        // Elsewhere 403 says that something is not allowed, not that a password is wrong.
        replies.retain(|(reply, _)| is_named || !is_refused(reply) || reply.status_code == 401);
        let says_so = |(reply, _): &(Reply, Tally)| reply.is_post && reply.status_code == 401;
        let is_plain = is_form(path) && !replies.iter().any(says_so);
        let login = Login { is_named, is_plain, is_interface: is_interface(path) };
        let visitors: Vec<Visitor<'_>> = replies
            .chunk_by(|a, b| a.0.client == b.0.client)
            .filter_map(|replies| Visitor::of(replies, site))
            .collect();
        let lone: Vec<Attempt<'_>> = visitors.iter().filter_map(|v| self.lone(v, login)).collect();
        let found: BTreeSet<ClientKey> = lone.iter().map(|a| a.visitor.row.client).collect();
        let rest = || {
            let is_left = |v: &&Visitor<'_>| !found.contains(&v.row.client) && v.row.n_assets_referred == 0;
            visitors.iter().filter(is_left).filter(|v| v.share_percent() >= 50)
        };
        let answered = rest().flat_map(Visitor::tries).filter(|(reply, _)| !is_refused(reply));
        let usual = usual_of(answered).filter(|usual| login.is_plain && usual.status_code < 300);
        let mut group: Vec<Attempt<'_>> = rest()
            .filter(|v| login.is_named || v.has_user())
            .filter_map(|v| {
                Attempt::of(v, self.0, |reply| usual.is_some_and(|usual| is_alike(reply, &usual)))
            })
            .collect();
        let n_tries: u64 = group.iter().map(|a| a.n_tries).sum();
        if usual.is_some() && n_tries < MIN_GROUP_TRIES * group.len() as u64 {
            group.clear();
        }
        let (mut named, unnamed): (Vec<Attempt<'_>>, Vec<Attempt<'_>>) =
            lone.into_iter().partition(|attempt| attempt.let_in.is_some());
        if named.len() + unnamed.len() > MAX_NAMED { &mut group } else { &mut named }.extend(unnamed);
        let failed = named.iter().chain(&group).filter(|a| a.let_in.is_none());
        let given = failed.flat_map(|a| pages_given(a.visitor.row.client, site)).collect();
        let mut drafts: Vec<Draft> =
            named.iter().map(|a| self.report_lone(a, login, &given, page, site)).collect();
        drafts.extend(self.report_group(&group, &given, page, site));
        if site.replies.is_cut() {
            let caveat = "There were too many clients at the logins to keep all: those named are a sample.";
            drafts.iter_mut().for_each(|draft| draft.caveats.push(caveat.to_owned()));
        }
        drafts.into_iter().map(|draft| draft.finish(&META)).collect()
    }
}
