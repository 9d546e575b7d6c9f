//! A small story over a web server and a proxy, for the manual and for whole-run tests. All addresses are from ranges
//! for documentation and private use. `examples/breach/README.md` tells the story.

use super::{Output, SHOP_HOURS, web};
use crate::incident::beacon::{self, Beacon};
use crate::incident::injection::UnionDump;
use crate::incident::{archive, fan_out, injection, malware, scan, trap, web_shell};
use crate::office::{Office, OfficeParams};
use crate::queue::Queue;
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::{Site, SiteParams};
use crate::time::{DAY, HOUR, MINUTE, SECOND, START};
use crate::truth::{Ledger, Log};
use crate::visitor::{Origin, Visitors};
use crate::writer;
use std::io::{self, Write as _};

/// Three days by the clock of the web server, which stands in UTC+1.
const DAYS: i64 = 3;
const FIRST_US: i64 = START - HOUR;
const ROTATED_US: i64 = FIRST_US + 2 * DAY;
const END_US: i64 = FIRST_US + DAYS * DAY;

const SHELL: &str = "/uploads/.cache/thumb.php";
const ARCHIVE: &str = "/uploads/.cache/b.zip";

const INDICATORS: &str = "\
# Names and addresses that the incident response team was given, one a line.
# Reported with the mail \"Invoice 2026-03-118\" (Monday, 2 March 2026).
cdn-update.example
status-sync.example
hxxp://cdn-update[.]example/tools/setup.exe

# A network that sends scans and SQL injection.
203.0.113.64/28
";

/// Writes the logs, `manifest.txt`, `indicators.txt` and `truth.json`.
pub fn write(seed: u64, output: &dyn Output) -> io::Result<()> {
    let mut ledger = Ledger::default();
    let site = web_server(seed, output, &mut ledger)?;
    proxy(seed, output, &mut ledger)?;
    output.create("manifest.txt")?.write_all(web::manifest(&site).as_bytes())?;
    output.create("indicators.txt")?.write_all(INDICATORS.as_bytes())?;
    output.create("truth.json")?.write_all(ledger.json("breach", seed, "combined, squid").as_bytes())
}

fn web_server(seed: u64, output: &dyn Output, ledger: &mut Ledger) -> io::Result<Site> {
    let site = Site::new(SiteParams {
        host: "shop.example",
        n_products: 60,
        n_articles: 16,
        images_per_list: 2,
        releases: vec![(FIRST_US, 1_000)],
    });
    let mut rng = Rng::new(seed, "visitors");
    let visitors = Visitors::new(Origin::Documentation, &mut rng);
    let mut queue = Queue::default();
    attack(&site, &visitors, seed, ledger, &mut queue);

    let mut made = Vec::new();
    let robot = Actor::tool(
        "2001:db8:5eac::42",
        "Mozilla/5.0 (compatible; SearchExampleBot/2.1; +https://bot.search.example/)",
    );
    let monitor = Actor::tool("192.0.2.250", "UptimeMonitor/1.3");
    for hour in 0..DAYS * 24 {
        let from_us = FIRST_US + hour * HOUR;
        made.push(monitor.request(site.get(from_us + 41_000, "/robots.txt", ""), 200, 214));
        made.push(site.crawl(&robot, rng.time(from_us, from_us + HOUR), &mut rng));
        let visits = SHOP_HOURS[((hour + 23) % 24) as usize] * 0.19 + rng.unit();
        for _ in 0..visits as u64 {
            let at_us = rng.time(from_us, from_us + HOUR);
            site.visit(&visitors.anybody(&mut rng), at_us, &mut rng, &mut made);
        }
    }
    queue.extend(made);

    let writer = writer::by_name("combined").expect("the format is in the list");
    for (name, from_us, until_us) in
        [("web/access.log.1", FIRST_US, ROTATED_US), ("web/access.log", ROTATED_US, END_US)]
    {
        let mut log = Log::start(name, writer.as_ref(), from_us, output.create(name)?, ledger)?;
        log.drain(&mut queue, until_us, ledger)?;
        log.finish()?;
    }
    Ok(site)
}

fn attack(site: &Site, visitors: &Visitors, seed: u64, ledger: &mut Ledger, queue: &mut Queue) {
    let rng = |purpose| Rng::new(seed, purpose);
    let attacker =
        Actor::tool("203.0.113.77", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    let scanner = Actor { user_agent: "gobuster/3.6".into(), ..attacker.clone() };
    let evening_us = START + DAY + 20 * HOUR;
    let dump = UnionDump { n_probes: 42, n_columns: 6, n_dumps: 7, table: "customers" };
    ledger.plant(scan::fast(site, &scanner, evening_us + 11 * MINUTE, 280, &mut rng("W01")), queue);
    ledger.plant(
        injection::union_dump(site, &attacker, evening_us + 38 * MINUTE, dump, &mut rng("W05")),
        queue,
    );
    let night_us = START + 2 * DAY + HOUR + 52 * MINUTE;
    let shell = web_shell::upload_use_delete(site, &attacker, night_us, SHELL, 16, &mut rng("W08"));
    let deleted_us = shell
        .requests
        .iter()
        .filter(|request| request.status_code == 200)
        .map(|request| request.start_us)
        .max();
    let fetched_us = deleted_us.unwrap_or(night_us) - 25 * MINUTE;
    ledger.plant(shell, queue);
    let thief = Actor::tool("198.51.100.23", "curl/8.5.0");
    ledger
        .plant(archive::in_ranges(site, &thief, fetched_us, ARCHIVE, 40, 12_582_912, &mut rng("W09")), queue);

    let editor = Actor::tool(
        "192.0.2.241",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0",
    );
    ledger.plant(trap::editor(site, &editor, START, DAYS, &mut rng("T02")), queue);
    ledger.plant(trap::odd_searches(site, visitors, START, 5, DAYS, &mut rng("T04")), queue);
    ledger.plant(trap::background(site, START, 22, DAYS, Origin::Documentation, &mut rng("T05")), queue);
}

fn proxy(seed: u64, output: &dyn Output, ledger: &mut Ledger) -> io::Result<()> {
    let mut rng = Rng::new(seed, "office");
    let params = OfficeParams { n_clients: 25, n_hosts: 400, updater_interval_us: 3 * HOUR, open_tabs: 0.0 };
    let office = Office::new(params, &mut rng);
    let mut queue = Queue::default();
    let chance = |purpose| Rng::new(seed, purpose);
    let (admin, blocked, sweeper) = (office.client(20), office.client(7), office.client(13));
    let fetched_us = START + 13 * HOUR + 12 * MINUTE;
    let beacon = Beacon {
        id: "P01",
        title: "The administrator's computer calls a host that nobody else knows, every 300 s ± 15 %, day and night.",
        host: "status-sync.example",
        interval_us: 300 * SECOND,
        jitter: 0.15,
        missed: 0.0,
        start_us: fetched_us + 4 * MINUTE,
        end_us: END_US,
    };
    ledger.plant(malware::download(&[admin], &[blocked], fetched_us, &mut chance("P03")), &mut queue);
    ledger.plant(beacon::call_home(admin, beacon, &mut chance("P01")), &mut queue);
    ledger.plant(
        fan_out::sweep(sweeper, START + DAY + 14 * HOUR + 9 * MINUTE, 240, &mut chance("P04")),
        &mut queue,
    );

    let mut made = Vec::new();
    for hour in 0..DAYS * 24 {
        let from_us = FIRST_US + hour * HOUR;
        office.programs(from_us, &mut rng, &mut made);
        for _ in 0..super::OFFICE_HOURS[((hour + 23) % 24) as usize].min(6.0) as u64 {
            let at_us = rng.time(from_us, from_us + HOUR);
            if let Some(client) = office.somebody_at_work(at_us, &mut rng) {
                office.browse(client, at_us, &mut rng, &mut made);
            }
        }
    }
    queue.extend(made);
    let writer = writer::by_name("squid").expect("the format is in the list");
    let name = "proxy/access.log";
    let mut log = Log::start(name, writer.as_ref(), FIRST_US, output.create(name)?, ledger)?;
    log.drain(&mut queue, END_US, ledger)?;
    log.finish()
}
