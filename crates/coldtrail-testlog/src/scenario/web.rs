//! A shop's web server over days: visitors, robots, a monitor, releases, fourteen incidents and eight traps.

use super::{Budget, Options, Output, SHOP_HOURS};
use crate::incident::injection::UnionDump;
use crate::incident::{
    Incident, archive, enumeration, file_read, flood, injection, password, probe, scan, trap, web_shell,
};
use crate::queue::Queue;
use crate::request::{Actor, Request};
use crate::rng::Rng;
use crate::site::{Site, SiteParams};
use crate::time::{DAY, HOUR, MINUTE, START, weekday};
use crate::truth::{Ledger, Log};
use crate::visitor::{Origin, Visitors};
use crate::writer;
use std::io::{self, Write as _};

/// The folder on the server's disk that the site is served from.
pub const ROOT: &str = "/var/www/shop";

/// Robots of search engines, at addresses that are theirs.
const ROBOTS: [(&str, &str); 3] = [
    ("66.249.66.", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("157.55.39.", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("54.36.148.", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
];

/// Writes `access.log`, `manifest.txt`, `truth.json` and `labels.tsv`.
pub fn write(options: &Options, output: &dyn Output) -> io::Result<()> {
    let writer = writer::by_name(&options.format).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("no format is called {}", options.format))
    })?;
    let (seed, days) = (options.seed, options.days);
    let site = Site::new(SiteParams {
        host: "shop.example",
        n_products: (1_000 + options.bytes / 100_000).min(200_000),
        n_articles: 300,
        images_per_list: 6,
        releases: vec![
            (START, 1_000),
            (START + days * DAY * 5 / 14, 1_030),
            (START + days * DAY * 9 / 14, 1_410),
        ],
    });
    let mut rng = Rng::new(seed, "visitors");
    let visitors = Visitors::new(Origin::Internet, &mut rng);
    let (mut ledger, mut queue) = (Ledger::default(), Queue::default());
    for incident in incidents(&site, &visitors, seed, days) {
        ledger.plant(incident, &mut queue);
    }
    let weights = (0..days * 24).map(|hour| {
        let weekend = weekday(START + hour * HOUR) >= 5;
        SHOP_HOURS[(hour % 24) as usize] * if weekend { 0.8 } else { 1.0 }
    });
    let mut budget = Budget::new(options.bytes, queue.len(), weights);
    let mut log =
        Log::start("access.log", writer.as_ref(), START, output.create("access.log")?, &mut ledger)?;
    let mut made = Vec::new();
    let monitor = Actor::tool("192.0.2.250", "UptimeMonitor/1.3");
    for hour in 0..days * 24 {
        let from_us = START + hour * HOUR;
        for beat in 0..12 {
            made.push(monitor.request(
                site.get(from_us + beat * 5 * MINUTE + 41_000, "/robots.txt", ""),
                200,
                214,
            ));
        }
        budget.made(made.len());
        queue.extend(made.drain(..));
        while budget.wants_more(hour) {
            let at_us = rng.time(from_us, from_us + HOUR - 1);
            if rng.chance(0.3) {
                made.push(robot(&site, at_us, &mut rng));
            } else {
                site.visit(&visitors.anybody(&mut rng), at_us, &mut rng, &mut made);
            }
            budget.made(made.len());
            queue.extend(made.drain(..));
        }
        log.drain(&mut queue, from_us + HOUR, &mut ledger)?;
        budget.written(ledger.written());
    }
    log.finish()?;
    let files = format!("{}{ROOT}/invoice.php\n", manifest(&site));
    output.create("manifest.txt")?.write_all(files.as_bytes())?;
    output.create("labels.tsv")?.write_all(ledger.labels().as_bytes())?;
    let what = format!("web --bytes {} --days {days}", options.bytes);
    output.create("truth.json")?.write_all(ledger.json(&what, seed, &options.format).as_bytes())
}

/// The files that belong on the server, one a line.
pub fn manifest(site: &Site) -> String {
    site.files(ROOT).into_iter().map(|file| file + "\n").collect()
}

fn robot(site: &Site, at_us: i64, rng: &mut Rng) -> Request {
    let (network, user_agent) = *rng.pick(&ROBOTS);
    site.crawl(&Actor::tool(&format!("{network}{}", rng.between(1, 30)), user_agent), at_us, rng)
}

fn incidents(site: &Site, visitors: &Visitors, seed: u64, days: i64) -> Vec<Incident> {
    let at = |fourteenth: i64, hour: i64| START + days * DAY * fourteenth / 14 + hour * HOUR;
    let rng = |purpose| Rng::new(seed, purpose);
    let sqlmap = "sqlmap/1.9.2#stable (https://sqlmap.org)";
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let dump = UnionDump { n_probes: 60, n_columns: 6, n_dumps: 9, table: "customers" };
    let (shell, thief) = (Actor::tool("203.0.113.80", browser), Actor::tool("198.51.100.23", "curl/8.5.0"));
    let (editor, backup) = (Actor::tool("192.0.2.241", browser), Actor::tool("192.0.2.242", "Wget/1.21.4"));
    vec![
        scan::fast(site, &Actor::tool("203.0.113.77", "gobuster/3.6"), at(2, 1), 500, &mut rng("W01")),
        scan::slow(site, &Actor::tool("203.0.113.78", browser), at(3, 0), 400, &mut rng("W02")),
        scan::distributed(site, at(4, 2), 620, &mut rng("W03")),
        injection::without_effect(
            site,
            &Actor::tool("198.51.100.7", sqlmap),
            at(5, 13),
            300,
            &mut rng("W04"),
        ),
        injection::union_dump(site, &Actor::tool("203.0.113.79", browser), at(7, 21), dump, &mut rng("W05")),
        injection::blind(
            site,
            &Actor::tool("198.51.100.8", "python-requests/2.32.3"),
            at(8, 4),
            350,
            &mut rng("W06"),
        ),
        file_read::climb(site, &Actor::tool("198.51.100.9", browser), at(10, 15), &mut rng("W07")),
        web_shell::upload_use_delete(site, &shell, at(11, 2), "/uploads/2026/thumb.php", 30, &mut rng("W08")),
        archive::in_ranges(
            site,
            &thief,
            at(12, 3),
            "/backup/shop-2026-02.tar.gz",
            64,
            16_777_216,
            &mut rng("W09"),
        ),
        probe::known_holes(site, &Actor::tool("203.0.113.81", "Mozilla/5.0"), at(6, 5), 2, &mut rng("W10")),
        password::word_list(site, &Actor::tool("203.0.113.82", browser), at(9, 3), 240, &mut rng("W11")),
        password::stuffing(site, at(5, 19), 60, 8, &mut rng("W12")),
        flood::past_the_cache(site, &Actor::tool("203.0.113.83", browser), at(3, 16), 800, &mut rng("W13")),
        enumeration::invoices(
            site,
            &Actor::tool("203.0.113.84", "python-requests/2.32.3"),
            at(10, 2),
            150,
            &mut rng("W14"),
        ),
        trap::popular_download(site, visitors, START, 300, days, &mut rng("T01")),
        trap::editor(site, &editor, START, days, &mut rng("T02")),
        trap::backup_job(site, &backup, START, days, &mut rng("T03")),
        trap::odd_searches(site, visitors, START, 60, days, &mut rng("T04")),
        trap::background(site, START, 200, days, Origin::Internet, &mut rng("T05")),
        trap::office_mornings(site, &Actor::tool("192.0.2.243", browser), START, days, &mut rng("T06")),
        trap::crowd(site, visitors, at(6, 18), 20, &mut rng("T07")),
        trap::own_invoices(site, visitors, START, 40, days, &mut rng("T08")),
    ]
}
