//! The merge laws: however the lines of some logs are split between workers, in whatever order they come and whichever
//! way the parts are put together, the tables, the totals and the events are those of one worker that saw them all.

use coldtrail_core::decode::Block;
use coldtrail_core::detect::{Options, Site};
use coldtrail_core::enrich::attack::{RuleSet, Scorer};
use coldtrail_core::focus::{Focused, Focuser, PeakCounter, Peaks, Wanted};
use coldtrail_core::link::{link, settle};
use coldtrail_core::observe::{BlockKeys, ObserveOptions, Observed, Observer, Partitions, Stretch};
use coldtrail_core::parse::Parser;
use coldtrail_core::record::{ClientKey, Outcome, Reason};
use coldtrail_core::table::{
    Answer, Event, HourRow, InputTotals, Keys, Ordinary, PairRow, Partition, Replies, Reply, Selector, Tally,
    Totals, Use,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const OPTIONS: ObserveOptions = ObserveOptions { all_rules: false, since_us: None, until_us: None };
/// Midnight of 2 March 2026, seconds.
const T0: u32 = 1_772_409_600;

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::new(7));
static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::new);

/// What a line is made of.
#[derive(Clone, Debug)]
struct Request {
    kind: u8,
    client: usize,
    path: usize,
    host: usize,
    method: usize,
    status: usize,
    agent: usize,
    has_referrer: bool,
    bytes: u32,
    second: u32,
}

const CLIENTS: [&str; 9] = [
    "203.0.113.9",
    "203.0.113.10",
    "203.0.113.11",
    "10.4.7.21",
    "127.0.0.1",
    "2001:db8:77::1",
    "2001:db8:77:1::1",
    "Gate.Example",
    "gate.example",
];
const PATHS: [&str; 12] = [
    "/?author=2",
    "/css/a.css",
    "/js/b.js",
    "/i/c.png",
    "/item.php?id=7",
    "/item.php?id=1%27%20UNION%20SELECT%201,2--%20-",
    "/item.php?id=9%20AND%201=1",
    "/view?f=../../etc/passwd",
    "/.env",
    "/wp-login.php",
    "/upload.php",
    "/media/x.zip",
];
const HOSTS: [&str; 4] = ["www.example.org", "WWW.example.org", "c2.example.net", "203.0.113.80"];
const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "PUT", "DELETE"];
const STATUSES: [u16; 8] = [200, 200, 201, 206, 302, 304, 404, 503];
const AGENTS: [&str; 4] = ["Mozilla/5.0 (X11)", "curl/8", "-", "odd"];

impl Request {
    /// The line; its feed is its format: combined, Squid, JSON (some without a time, some no request at all).
    fn line(&self) -> (u32, String) {
        let (client, path) = (CLIENTS[self.client], PATHS[self.path]);
        let (method, status) = (METHODS[self.method], STATUSES[self.status]);
        let (agent, bytes, host) = (AGENTS[self.agent], self.bytes, HOSTS[self.host]);
        let referrer = if self.has_referrer { "https://www.example.org/start" } else { "-" };
        let (day, s) = (self.second / 86_400, self.second % 86_400);
        let clock = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
        match self.kind {
            0 | 1 => (
                0,
                format!(
                    "{client} - - [{:02}/Mar/2026:{clock} +0000] \"{method} {path} HTTP/1.1\" {status} {bytes} \"{referrer}\" \"{agent}\"",
                    day + 2
                ),
            ),
            2 | 3 => (
                1,
                format!(
                    "{}.250     80 {client} TCP_{}/{status} {bytes} {method} http://{host}{path} - HIER_DIRECT/192.0.2.1 text/html",
                    T0 + self.second,
                    if bytes % 5 == 0 { "DENIED" } else { "MISS" }
                ),
            ),
            4 => (
                2,
                format!(
                    "{{\"timestamp\":\"2026-03-{:02}T{clock}Z\",\"remote_addr\":\"{client}\",\"host\":\"{host}\",\"request_method\":\"{method}\",\
                     \"request_uri\":\"{path}\",\"status\":{status},\"body_bytes_sent\":{bytes},\"request_length\":{},\"http_referer\":\"{referrer}\",\
                     \"http_user_agent\":\"{agent}\"}}",
                    day + 2,
                    bytes / 2
                ),
            ),
            5 => (
                2,
                format!(
                    "{{\"remote_addr\":\"{client}\",\"request_method\":\"{method}\",\"request_uri\":\"{path}\",\"status\":{status},\"body_bytes_sent\":{bytes}}}"
                ),
            ),
            _ => (2, format!("no request {bytes}")),
        }
    }
}

fn request() -> impl Strategy<Value = Request> {
    let what = (0..CLIENTS.len(), 0..PATHS.len(), 0..HOSTS.len(), 0..METHODS.len());
    let how = (0..STATUSES.len(), 0..AGENTS.len(), any::<bool>(), 0u32..3000, 0u32..260_000);
    let any = (0u8..7, what, how).prop_map(
        |(kind, (client, path, host, method), (status, agent, has_referrer, bytes, second))| Request {
            kind,
            client,
            path,
            host,
            method,
            status,
            agent,
            has_referrer,
            bytes,
            second,
        },
    );
    // Pictures, styles and scripts that a browser loads along with a page: three make a session.
    let asset = (any.clone(), 0usize..3, 1usize..4, 0u32..86_400).prop_map(|(any, client, path, second)| {
        Request { kind: 0, client, path, method: 0, status: 0, agent: 0, has_referrer: true, second, ..any }
    });
    prop_oneof![3 => any, 1 => asset]
}

/// A block, the feed it is of, and the part that it falls to.
type Piece = (u32, Block, usize);

/// Some logs in three feeds: whole, in blocks of up to 17 lines; and in blocks of one line, shuffled and dealt to three.
fn logs() -> impl Strategy<Value = (Vec<Piece>, Vec<Piece>)> {
    let dealt = proptest::collection::vec((request(), 0usize..3), 1..160);
    dealt.prop_flat_map(|dealt| {
        let whole = pieces(&dealt, 17);
        let single = pieces(&dealt, 1);
        (Just(whole), Just(single).prop_shuffle())
    })
}

fn pieces(dealt: &[(Request, usize)], max_lines: u64) -> Vec<Piece> {
    let mut done = Vec::new();
    for feed in 0..3 {
        let mut block = Block { first_line: 1, ..Block::default() };
        for (request, part) in dealt {
            let (of, line) = request.line();
            if of != feed {
                continue;
            }
            block.bytes.extend_from_slice(line.as_bytes());
            block.bytes.push(b'\n');
            block.n_lines += 1;
            if block.n_lines == max_lines {
                let next = Block {
                    index: block.index + 1,
                    offset: block.offset + block.bytes.len() as u64,
                    first_line: block.first_line + block.n_lines,
                    ..Block::default()
                };
                done.push((feed, std::mem::replace(&mut block, next), *part));
            }
        }
        if block.n_lines > 0 {
            done.push((feed, block, 0));
        }
    }
    done
}

fn parsers() -> [Parser; 3] {
    let named = |name| Parser::named(name).expect("a format");
    [named("combined"), named("squid"), named("json")]
}

fn observe<'p>(pieces: impl IntoIterator<Item = &'p Piece>, to: &Partitions) -> Observed {
    let parsers = parsers();
    let mut observer = Observer::new(*KEYS, OPTIONS, &RULES, to);
    for (feed, block, _) in pieces {
        observer.block(*feed, block, &parsers[*feed as usize], true);
    }
    observer.finish().0
}

fn observed(pieces: &[Piece]) -> (Observed, Vec<Partition>) {
    let partitions = Partitions::default();
    let observed = observe(pieces, &partitions);
    (observed, partitions.into_inner())
}

/// The three parts, each with tables of its own.
fn in_parts(pieces: &[Piece]) -> [(Observed, Vec<Partition>); 3] {
    [0, 1, 2].map(|part| {
        let of_part: Vec<Piece> = pieces.iter().filter(|p| p.2 == part).cloned().collect();
        observed(&of_part)
    })
}

fn merged(mut a: Vec<Partition>, b: Vec<Partition>) -> Vec<Partition> {
    for (mine, theirs) in a.iter_mut().zip(b) {
        mine.merge(theirs);
    }
    a
}

/// All that the tables say, whatever the order of their rows: where a text stands in its store is left out, and a
/// client is named by its key in place of its row.
fn content(mut partitions: Vec<Partition>) -> BTreeSet<String> {
    settle(&mut partitions, 1);
    let mut all = BTreeSet::new();
    let mut say = |line: String| assert!(all.insert(line.clone()), "twice: {line}");
    for (i, part) in partitions.iter_mut().enumerate() {
        let clients: Vec<ClientKey> = part.clients.table.rows().iter().map(|r| r.client).collect();
        for row in part.clients.table.rows() {
            say(format!("{i} {row:?} {}", part.clients.text(row.client)));
        }
        for row in part.pages.table.rows() {
            say(format!("{i} {} {:?}", placeless(&format!("{row:?}")), part.pages.text(row)));
        }
        for row in part.agents.table.rows() {
            say(format!("{i} {} {:?}", placeless(&format!("{row:?}")), part.agents.text(row)));
        }
        for row in part.contacts.table.rows() {
            say(format!("{i} {} {:?}", placeless(&format!("{row:?}")), part.contacts.text(row)));
        }
        for Use { client, agent, n_requests } in part.clients.uses() {
            say(format!("{i} use {:?} {agent} {n_requests}", clients[client as usize]));
        }
        for PairRow { page, client, bits, n } in part.pairs.take_by_client(clients.len()) {
            say(format!("{i} pair {:?} {page} {bits} {n}", clients[client as usize]));
        }
    }
    all
}

/// `TextRef { .. }` taken out of the words for a row.
fn placeless(row: &str) -> String {
    let (before, rest) = row.split_once("TextRef {").expect("the row has a text");
    let (_, after) = rest.split_once('}').expect("a closed brace");
    format!("{before}{after}")
}

type RejectWords = (u32, u32, u64, u64, Reason, bool, Vec<u8>, u64);

fn account(observed: Observed) -> (Totals, BTreeMap<(u32, u32), InputTotals>, Vec<RejectWords>) {
    let words = observed
        .rejects
        .into_iter()
        .map(|r| (r.feed, r.member, r.line, r.offset, r.reason, r.is_partial, r.raw, r.n_cut));
    (observed.totals, observed.inputs, words.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tables_of_parts_are_those_of_the_whole((whole, dealt) in logs()) {
        let want = content(observed(&whole).1);
        prop_assert!(!want.is_empty() || whole.iter().all(|(feed, _, _)| *feed == 2));

        let [a, b, c] = in_parts(&dealt).map(|(_, tables)| tables);
        prop_assert_eq!(&content(merged(merged(a, b), c)), &want);
        let [a, b, c] = in_parts(&dealt).map(|(_, tables)| tables);
        prop_assert_eq!(&content(merged(c, merged(b, a))), &want);

        // Three workers that share the tables.
        let shared = Partitions::default();
        for part in 0..3 {
            observe(dealt.iter().filter(|p| p.2 == part), &shared);
        }
        prop_assert_eq!(&content(shared.into_inner()), &want);
    }

    #[test]
    fn accounts_of_parts_are_those_of_the_whole((whole, dealt) in logs()) {
        let want = account(observed(&whole).0);
        prop_assert_eq!(want.0.lines.lines, whole.iter().map(|p| p.1.n_lines).sum::<u64>());

        let [mut a, b, c] = in_parts(&dealt).map(|(observed, _)| observed);
        a.merge(b);
        a.merge(c);
        prop_assert_eq!(&account(a), &want);
        let [a, mut b, mut c] = in_parts(&dealt).map(|(observed, _)| observed);
        b.merge(a);
        c.merge(b);
        prop_assert_eq!(&account(c), &want);
    }

    #[test]
    fn events_of_parts_are_those_of_the_whole((whole, dealt) in logs(), every in 1usize..300) {
        let (observed, mut partitions) = observed(&whole);
        let visits = partitions.iter_mut().map(|p| std::mem::take(&mut p.visits)).collect();
        settle(&mut partitions, 1);
        let wanted_of: BTreeMap<Selector, usize> =
            selectors(&partitions).into_iter().step_by(every).map(|s| (s, 3)).collect();
        let links = link(&mut partitions, 1);
        let options = Options::default();
        let clients: Vec<ClientKey> =
            partitions.iter().flat_map(|p| p.clients.table.rows()).map(|c| c.client).step_by(every).collect();
        let site = Site {
            keys: *KEYS,
            options: &options,
            totals: &observed.totals,
            partitions: partitions.as_slice().try_into().expect("all partitions"),
            pairs: &links.pairs,
            linked: &links.clients,
            agent_groups: &links.agent_groups,
            hides_missing: links.hides_missing,
            hosts: &links.hosts,
            n_clients: clients.len() as u64,
            n_outgoing_clients: 0,
            ordinary: &Ordinary::default(),
            replies: &Replies::default(),
            visits: &[],
        };
        let wanted = Wanted::new(wanted_of.clone(), clients.clone(), 3, &site);
        let focus = |part: Option<usize>, pieces: &[Piece]| {
            let parsers = parsers();
            let mut focuser = Focuser::new(&wanted, &site, OPTIONS, Scorer::new(&RULES, *KEYS, false));
            // The whole is read in full, its parts without the lines that nobody wants.
            let scratch = Partitions::default();
            let mut observer = Observer::new(*KEYS, OPTIONS, &RULES, &scratch);
            for (feed, block, _) in pieces.iter().filter(|p| part.is_none_or(|part| part == p.2)) {
                let parser = &parsers[*feed as usize];
                let known = match part {
                    Some(part) => observer.block(*feed, block, parser, part > 0),
                    None => BlockKeys::Unknown,
                };
                let mut from = 0;
                while let Some(Stretch { lines, start, end }) = wanted.next_in(&known, from) {
                    from = lines.end;
                    let bytes = &block.bytes[start as usize..end.map_or(block.bytes.len(), |e| e as usize)];
                    let some = Block {
                        bytes: bytes.to_vec(),
                        offset: block.offset + u64::from(start),
                        first_line: block.first_line + lines.start as u64,
                        ..block.clone()
                    };
                    focuser.block(*feed, &some, known.of(&lines), parser);
                }
            }
            focuser.finish()
        };
        type Seen = (Vec<Vec<Event>>, BTreeMap<ClientKey, Peaks>, Vec<Vec<Answer>>, Vec<Vec<(Reply, Tally)>>);
        let seen = |mut focused: Focused| -> Seen {
            focused.events.settle();
            focused.ordinary.settle();
            let events = wanted_of.keys().map(|s| focused.events.of(*s).to_vec()).collect();
            let pages = partitions.iter().flat_map(|p| p.pages.table.rows());
            let answers = pages.map(|p| {
                let mut answers: Vec<Answer> = focused.ordinary.of(p.hash).collect();
                answers.sort_unstable();
                answers
            });
            let answers = answers.collect();
            let pages = partitions.iter().flat_map(|p| p.pages.table.rows());
            let replies = pages.map(|p| focused.replies.of(p.hash)).collect();
            (events, focused.peaks.peaks(), answers, replies)
        };
        let want = seen(focus(None, &whole));
        prop_assert!(every > 1 || want.3.iter().any(|replies| !replies.is_empty()));
        prop_assert!(every > 1 || want.2.iter().any(|answers| !answers.is_empty()));
        prop_assert!(every > 1 || want.0.iter().any(|list| !list.is_empty()) || wanted_of.len() == 1);
        prop_assert_eq!(&PeakCounter::of_visits(clients, visits, &site, 2), &(want.1.clone(), Vec::new()));

        let mut left = focus(Some(0), &dealt);
        left.merge(focus(Some(1), &dealt));
        left.merge(focus(Some(2), &dealt));
        prop_assert_eq!(&seen(left), &want);
        let mut inner = focus(Some(1), &dealt);
        inner.merge(focus(Some(0), &dealt));
        let mut right = focus(Some(2), &dealt);
        right.merge(inner);
        prop_assert_eq!(&seen(right), &want);
    }

    #[test]
    fn peaks_of_parts_are_those_of_the_whole(
        hits in proptest::collection::vec((0usize..3, 0u32..90, 0usize..3), 0..400),
    ) {
        let key = |client: usize| ClientKey::parse(CLIENTS[client].as_bytes());
        let count = |part: Option<usize>| {
            let mut counter = PeakCounter::new((0..2).map(key));
            for (client, second, _) in hits.iter().filter(|h| h.0 < 2).filter(|h| part.is_none_or(|p| p == h.2)) {
                counter.add(*client as u32, *second);
            }
            counter
        };
        let want = count(None).peaks();
        let mut left = count(Some(0));
        left.merge(count(Some(1)));
        left.merge(count(Some(2)));
        prop_assert_eq!(&left.peaks(), &want);
        let mut right = count(Some(2));
        let mut inner = count(Some(1));
        inner.merge(count(Some(0)));
        right.merge(inner);
        prop_assert_eq!(&right.peaks(), &want);
    }

    #[test]
    fn totals_merge_in_any_order_and_grouping(all in proptest::collection::vec(totals(), 3)) {
        let sum = |order: [usize; 3]| {
            let mut sum = Totals::default();
            order.iter().for_each(|i| sum.merge(&all[*i]));
            sum
        };
        let want = sum([0, 1, 2]);
        for order in [[0, 2, 1], [1, 0, 2], [2, 1, 0]] {
            prop_assert_eq!(&sum(order), &want);
        }
        let mut inner = all[1].clone();
        inner.merge(&all[2]);
        let mut grouped = all[0].clone();
        grouped.merge(&inner);
        prop_assert_eq!(&grouped, &want);
    }
}

/// Every selector of every key in the tables.
fn selectors(partitions: &[Partition]) -> BTreeSet<Selector> {
    let mut all = BTreeSet::from([Selector::SiteChanges]);
    let pages: Vec<u64> = partitions.iter().flat_map(|p| p.pages.table.rows()).map(|p| p.hash).collect();
    for part in partitions {
        for row in part.clients.table.rows() {
            let c = row.client;
            all.extend([Selector::Client(c), Selector::ClientAttacks(c), Selector::ClientMisses(c)]);
            all.insert(Selector::NetworkMisses(c.network()));
            all.extend(pages.iter().map(|p| Selector::ClientPage(c, *p)));
            all.extend(pages.iter().map(|p| Selector::Asks(c, *p, T0 + 90_000 * (*p as u32 % 2))));
        }
        all.extend(part.agents.table.rows().iter().map(|a| Selector::AgentMisses(a.hash)));
        all.extend(part.contacts.table.rows().iter().map(|c| Selector::Contact(c.client, c.host)));
        all.extend(part.contacts.table.rows().iter().map(|c| Selector::Host(c.host)));
    }
    all.extend(pages.iter().flat_map(|p| {
        [Selector::Page, Selector::PageAttacks, Selector::PageBaseline, Selector::PageReplies].map(|s| s(*p))
    }));
    all
}

fn totals() -> impl Strategy<Value = Totals> {
    let lines = proptest::collection::vec((0usize..4, 0usize..3), 0..20);
    let sums = proptest::collection::vec(0u64..1000, 9);
    let times = (proptest::option::of(-50i64..50), proptest::option::of(-50i64..50));
    let hours = proptest::collection::btree_map(0u32..4, (0u64..9, 0u64..9, 0u64..9, 0u64..99), 0..4);
    (lines, sums, times, hours).prop_map(|(lines, sums, (first_us, last_us), hours)| {
        const OUTCOMES: [Outcome; 4] = [Outcome::Ok, Outcome::Partial, Outcome::Raw, Outcome::Skipped];
        const REASONS: [Reason; 3] = [Reason::None, Reason::BadTime, Reason::TooFewFields];
        let mut account = InputTotals { first_us, last_us, ..InputTotals::default() };
        lines.iter().for_each(|(o, r)| account.count(OUTCOMES[*o], REASONS[*r]));
        account.formats = [("squid".to_owned(), sums[0]), (format!("f{}", sums[1] % 3), sums[1])].into();
        account.stripped_queries = sums[2];
        account.posts = sums[3];
        account.bodies = sums[4];
        account.requests_with_bytes_in = sums[5];
        account.requests_with_user_agent = sums[6];
        account.outgoing = sums[7];
        let row = |(n_requests, n_attacks, n_errors, bytes_out)| HourRow {
            n_requests,
            n_attacks,
            n_errors,
            bytes_out,
        };
        Totals {
            lines: account,
            hours: hours.into_iter().map(|(hour, sums)| (hour, row(sums))).collect(),
            n_attacks: sums[8],
            bytes_out: sums[0] * 7,
            bytes_in: sums[1] * 5,
        }
    })
}

/// Which days of a busy contact are kept follows from the log alone: the seed of a run is drawn anew each time.
#[test]
fn times_of_contacts_are_the_same_under_every_seed() {
    let lines: Vec<String> = (0..6000u32)
        .map(|i| format!("{}.250 80 10.4.7.21 TCP_MISS/200 90 GET http://c2.example.net/ - HIER_DIRECT/192.0.2.1 text/html\n", T0 + i * 97))
        .collect();
    let block =
        Block { bytes: lines.concat().into_bytes(), first_line: 1, n_lines: 6000, ..Block::default() };
    let seconds = |seed: u64| {
        let shared = Partitions::default();
        let mut observer = Observer::new(Keys::new(seed), OPTIONS, &RULES, &shared);
        observer.block(0, &block, &Parser::named("squid").expect("a format"), true);
        observer.finish();
        let mut partitions = shared.into_inner();
        settle(&mut partitions, 1);
        let rows: Vec<_> = partitions.iter().flat_map(|p| p.contacts.table.rows()).collect();
        assert!(rows.len() == 1 && rows[0].times.is_sampled());
        rows[0].times.seconds().to_vec()
    };
    let want = seconds(1);
    assert!((1..=4096).contains(&want.len()));
    (2..9).for_each(|seed| assert_eq!(seconds(seed), want));
}
