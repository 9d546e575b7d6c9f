//! A trial: one small server over two weeks, drawn anew for each seed, with every kind of incident planted once among
//! ordinary traffic. Twenty of them measure how often a verdict is right.
//!
//! Incidents are written from how the attack works. What the reader of the log looks for (its thresholds, its rules) is
//! not known here: counts, sizes, pauses and payloads are drawn from what attackers' tools and servers do.

use crate::incident::{Expectation, Incident, probe, scan};
use crate::queue::Queue;
use crate::request::{Actor, Label, Request};
use crate::rng::Rng;
use crate::site::{NOT_FOUND_BYTES, Site, SiteParams};
use crate::time::{DAY, HOUR, MINUTE, START};
use crate::visitor::{Origin, Visitors, address};
use crate::writer::{self, Writer};
use std::collections::BTreeSet;

/// Passwords, stolen pairs, numbers, archives.
mod access;
/// Ordinary traffic of many kinds, much of it odd.
mod benign;
/// Files read, commands run, holes probed.
mod exploit;
/// Scripts put on the server and used.
mod implant;
/// SQL injection, with and without effect.
mod injection;

/// How long a trial's log is, days.
const DAYS: i64 = 14;
/// Formats by seed: two of them log how long an answer took.
const FORMATS: [&str; 4] = ["combined", "apache", "nginx-json", "iis"];

/// A log and what is true of it.
pub struct Trial {
    pub format: &'static str,
    pub log: Vec<u8>,
    pub planted: Vec<Planted>,
    pub n_benign: usize,
}

/// An incident that was planted.
pub struct Planted {
    pub expectation: Expectation,
    /// Addresses, as the log has them.
    pub clients: BTreeSet<String>,
    pub n_lines: usize,
}

/// What a server answers to a path that is not there.
#[derive(Clone, Copy)]
enum Missing {
    NotFound,
    /// 200 with a page of its own.
    Soft,
    /// A redirect to the front page.
    Redirect,
}

/// The server of a trial.
struct World {
    site: Site,
    visitors: Visitors,
    missing: Missing,
    /// Pages answer with up to so many bytes more, by what the session shows.
    noise: u64,
    logs_duration: bool,
}

impl World {
    fn missing(&self) -> (u16, u64) {
        match self.missing {
            Missing::NotFound => (404, NOT_FOUND_BYTES),
            Missing::Soft => (200, NOT_FOUND_BYTES + 2_311),
            Missing::Redirect => (302, 0),
        }
    }

    /// A moment of the log with at least `hours` after it.
    fn moment(&self, hours: i64, rng: &mut Rng) -> i64 {
        rng.time(START + DAY, START + DAYS * DAY - hours * HOUR)
    }

    /// An attacker at an address of his own, or (one in eight) behind one that ordinary people share; two in five have
    /// looked at the site as anybody does.
    fn attacker(&self, agents: &[&str], at_us: i64, rng: &mut Rng, out: &mut Vec<Request>) -> Actor {
        let mut actor = Actor::tool("192.0.2.1", rng.pick::<&str>(agents));
        actor.client = address(Origin::Internet, rng);
        if rng.chance(0.4) {
            self.site.visit(&self.visitors.browser_at(actor.client, rng), at_us - HOUR, rng, out);
        }
        if rng.chance(0.125) {
            for _ in 0..rng.between(2, 6) {
                let other = self.visitors.browser_at(actor.client, rng);
                self.site.visit(&other, at_us + rng.time(-9 * HOUR, 9 * HOUR), rng, out);
            }
        }
        actor
    }
}

const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0",
];
const TOOLS: [&str; 4] = ["python-requests/2.32.3", "curl/8.5.0", "Go-http-client/1.1", BROWSERS[1]];

/// Requests of one actor, one after the other.
struct Story<'a> {
    world: &'a World,
    actor: &'a Actor,
    at_us: i64,
    out: Vec<Request>,
}

impl<'a> Story<'a> {
    fn new(world: &'a World, actor: &'a Actor, at_us: i64) -> Story<'a> {
        Story { world, actor, at_us, out: Vec::new() }
    }

    fn wait(&mut self, low_us: i64, high_us: i64, rng: &mut Rng) {
        self.at_us += rng.time(low_us, high_us);
    }

    fn get(&mut self, target: &str, status_code: u16, bytes: u64) -> &mut Request {
        self.send("GET", target, status_code, bytes)
    }

    fn send(&mut self, method: &'static str, target: &str, status_code: u16, bytes: u64) -> &mut Request {
        let ask = crate::request::Ask { method, ..self.world.site.get(self.at_us, target, "") };
        self.out.push(self.actor.request(ask, status_code, bytes));
        self.out.last_mut().expect("one was put in")
    }
}

fn incident(
    id: &'static str,
    kind: &'static str,
    detectors: &'static [&'static str],
    level: &'static str,
    requests: Vec<Request>,
) -> Incident {
    let expectation = Expectation { id, kind, title: kind, detectors, level, ..Expectation::default() };
    Incident { expectation, requests }
}

type Plant = fn(&World, &mut Rng) -> Incident;

/// Every kind of incident, planted once.
const KINDS: [Plant; 28] = [
    injection::union_dump,
    injection::blind,
    injection::blind_by_time,
    injection::failed_tool,
    injection::failed_blind,
    exploit::file_read,
    exploit::failed_traversal,
    exploit::command_output,
    exploit::failed_commands,
    exploit::failed_log4shell,
    exploit::failed_scripts,
    exploit::failed_holes,
    implant::uploaded_shell,
    implant::shell_behind_a_legitimate_name,
    implant::put_shell,
    implant::failed_upload,
    implant::hunt_for_shells,
    implant::tunnel,
    access::guessed,
    access::failed_guessing,
    access::stuffing,
    access::enumeration,
    access::archive,
    access::backup_found_by_scan,
    scan_fast,
    scan_slow,
    scan_distributed,
    scan_by_pretended_robot,
];

fn scan_fast(world: &World, rng: &mut Rng) -> Incident {
    scanned(world, "S01", "scan-fast", &["gobuster/3.6", BROWSERS[0], "feroxbuster/2.10.4"], rng)
}

fn scan_slow(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (START + rng.time(DAY, 3 * DAY), Vec::new());
    let actor = world.attacker(&BROWSERS, at_us, rng, &mut out);
    let n = rng.between(120, 420) as usize;
    out.extend(missing_pages(world, scan::slow(&world.site, &actor, at_us, n, rng).requests));
    incident("S02", "scan-slow", &["scan"], "no_sign", out)
}

fn scan_distributed(world: &World, rng: &mut Rng) -> Incident {
    let (at_us, n) = (world.moment(6, rng), rng.between(200, 600) as usize);
    let out = missing_pages(world, scan::distributed(&world.site, at_us, n, rng).requests);
    incident("S03", "scan-distributed", &["scan"], "no_sign", out)
}

fn scan_by_pretended_robot(world: &World, rng: &mut Rng) -> Incident {
    let agents = ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"];
    scanned(world, "S04", "scan-pretended-robot", &agents, rng)
}

fn scanned(world: &World, id: &'static str, kind: &'static str, agents: &[&str], rng: &mut Rng) -> Incident {
    let (at_us, mut out) = (world.moment(4, rng), Vec::new());
    let actor = world.attacker(agents, at_us, rng, &mut out);
    let n = rng.between(90, 500) as usize;
    out.extend(missing_pages(world, scan::fast(&world.site, &actor, at_us, n, rng).requests));
    incident(id, kind, &["scan"], "no_sign", out)
}

/// Gives what is not there the answer of this server.
fn missing_pages(world: &World, mut requests: Vec<Request>) -> Vec<Request> {
    let (status_code, bytes) = world.missing();
    for request in requests.iter_mut().filter(|r| r.status_code == 404) {
        request.status_code = status_code;
        request.response_body_bytes = if request.method == "HEAD" { 0 } else { bytes };
    }
    requests
}

/// Known holes sent blindly.
fn holes(world: &World, actor: &Actor, at_us: i64, rng: &mut Rng) -> Vec<Request> {
    let rounds = rng.between(1, 3) as usize;
    missing_pages(world, probe::known_holes(&world.site, actor, at_us, rounds, rng).requests)
}

impl Trial {
    /// The trial of a seed, with about `n_benign` lines of ordinary traffic; without incidents if `is_quiet`.
    pub fn new(seed: u64, n_benign: usize, is_quiet: bool) -> Trial {
        let mut rng = Rng::new(seed, "trial");
        let format = FORMATS[(seed % 4) as usize];
        let mut releases = vec![(START, 1_000)];
        for _ in 0..rng.below(4) {
            releases.push((START + rng.time(DAY, DAYS * DAY), rng.between(930, 1_500)));
        }
        releases.sort_unstable();
        let site = Site::new(SiteParams {
            host: "shop.example",
            n_products: rng.between(40, 900),
            n_articles: rng.between(10, 120),
            images_per_list: rng.between(2, 8),
            releases,
        });
        let world = World {
            visitors: Visitors::new(Origin::Internet, &mut rng),
            site,
            missing: [
                Missing::NotFound,
                Missing::NotFound,
                Missing::Soft,
                Missing::NotFound,
                Missing::Redirect,
            ][(seed % 5) as usize],
            noise: *rng.pick(&[0, 2, 3, 24]),
            logs_duration: matches!(format, "nginx-json" | "iis"),
        };
        let mut queue = Queue::default();
        let mut planted = Vec::new();
        let incidents = KINDS.iter().enumerate().filter(|_| !is_quiet).map(|(i, plant)| {
            plant(&world, &mut Rng::new(seed.wrapping_mul(0x9e37_79b9) ^ i as u64, "incident"))
        });
        for incident in incidents {
            let label = planted.len() as Label + 1;
            planted.push(Planted {
                expectation: incident.expectation,
                clients: incident.requests.iter().map(|r| r.client.to_string()).collect(),
                n_lines: incident.requests.len(),
            });
            queue.extend(incident.requests.into_iter().map(|request| Request { label, ..request }));
        }
        let ordinary = benign::traffic(&world, n_benign, &mut rng);
        let n_benign = ordinary.len();
        queue.extend(ordinary);
        let writer: Box<dyn Writer> = writer::by_name(format).expect("the formats are in the list");
        let mut log = Vec::new();
        writer.head(START, &mut log);
        while let Some(request) = queue.pop_before(START + (DAYS + 1) * DAY + MINUTE) {
            writer.line(&request, &mut log);
        }
        Trial { format, log, planted, n_benign }
    }
}
