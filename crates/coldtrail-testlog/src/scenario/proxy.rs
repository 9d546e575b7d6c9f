//! A company's proxy over days: people at work, programs that call home by themselves, and six incidents.

use super::{Budget, OFFICE_HOURS, Options, Output};
use crate::incident::beacon::{self, Beacon};
use crate::incident::{Incident, fan_out, malware, upload};
use crate::office::{Office, OfficeParams};
use crate::queue::Queue;
use crate::rng::Rng;
use crate::time::{DAY, HOUR, MINUTE, START, weekday};
use crate::truth::{Ledger, Log};
use crate::writer;
use std::io::{self, Write as _};

/// Names that a list of bad names has; `P06` asks for the second.
const INDICATORS: &str = "# bad names, one a line\ncdn-update.example\nclick-prize.example\nhxxp://cdn-update[.]example/tools/setup.exe\n";

/// Writes `access.log` (`http.log` for Zeek), `indicators.txt`, `truth.json` and `labels.tsv`.
pub fn write(options: &Options, output: &dyn Output) -> io::Result<()> {
    let writer = writer::by_name(&options.format).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("no format is called {}", options.format))
    })?;
    let (seed, days) = (options.seed, options.days);
    let mut rng = Rng::new(seed, "office");
    let n_clients = (60 + options.bytes / 500_000).min(4_000) as usize;
    let params =
        OfficeParams { n_clients, n_hosts: 4_000 + 4 * n_clients, updater_interval_us: HOUR, open_tabs: 0.1 };
    let office = Office::new(params, &mut rng);
    let (mut ledger, mut queue) = (Ledger::default(), Queue::default());
    for incident in incidents(&office, options) {
        ledger.plant(incident, &mut queue);
    }
    let weights = (0..days * 24).map(|hour| {
        let at_work = weekday(START + hour * HOUR) < 5;
        0.05 + if at_work { OFFICE_HOURS[(hour % 24) as usize] } else { 0.0 }
    });
    let mut budget = Budget::new(options.bytes, queue.len(), weights);
    let name = if options.format == "zeek-tsv" { "http.log" } else { "access.log" };
    let mut log = Log::start(name, writer.as_ref(), START, output.create(name)?, &mut ledger)?;
    let mut made = Vec::new();
    for hour in 0..days * 24 {
        let from_us = START + hour * HOUR;
        office.programs(from_us, &mut rng, &mut made);
        budget.made(made.len());
        while budget.wants_more(hour) {
            let at_us = rng.time(from_us, from_us + HOUR - 1);
            let Some(client) = office.somebody_at_work(at_us, &mut rng) else { break };
            let before = made.len();
            office.browse(client, at_us, &mut rng, &mut made);
            budget.made(made.len() - before);
        }
        queue.extend(made.drain(..));
        log.drain(&mut queue, from_us + HOUR, &mut ledger)?;
        budget.written(ledger.written());
    }
    log.finish()?;
    output.create("indicators.txt")?.write_all(INDICATORS.as_bytes())?;
    output.create("labels.tsv")?.write_all(ledger.labels().as_bytes())?;
    let what = format!("proxy --bytes {} --days {days}", options.bytes);
    output.create("truth.json")?.write_all(ledger.json(&what, seed, &options.format).as_bytes())
}

fn incidents(office: &Office, options: &Options) -> Vec<Incident> {
    let (seed, days, sent_is_logged) = (options.seed, options.days, options.format == "bluecoat");
    let at = |day: i64, hour: i64| START + day.min(days - 1) * DAY + hour * HOUR;
    let rng = |purpose| Rng::new(seed, purpose);
    let end_us = START + days * DAY;
    let minutes = Beacon { start_us: at(1, 10) + 7 * MINUTE, end_us, ..beacon::EVERY_MINUTE };
    let hours = Beacon { start_us: at(0, 9), end_us, ..beacon::EVERY_HOUR };
    let delivered = [office.client(17), office.client(31)];
    vec![
        beacon::call_home(office.client(23), minutes, &mut rng("P01")),
        beacon::call_home(office.client(41), hours, &mut rng("P02")),
        malware::download(&delivered, &[office.client(5)], at(2, 9), &mut rng("P03")),
        fan_out::sweep(office.client(12), at(3, 14), 600, &mut rng("P04")),
        upload::by_tunnel(
            office.client(23),
            "file-drop.example",
            at(4, 1),
            24,
            sent_is_logged,
            &mut rng("P05"),
        ),
        malware::blocked_contacts(office.client(36), "click-prize.example", at(1, 8), 12, &mut rng("P06")),
    ]
}
