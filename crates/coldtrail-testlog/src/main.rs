//! The command line of the generator.

use coldtrail_testlog::scenario::{Options, Output, breach, proxy, web};
use coldtrail_testlog::writer;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Writes logs with planted attacks and the truth about them. Same arguments, same bytes.

  coldtrail-testlog web    --out DIR [--bytes 200M] [--seed 1] [--days 14] [--format combined]
  coldtrail-testlog proxy  --out DIR [--bytes 200M] [--seed 1] [--days 7]  [--format squid]
  coldtrail-testlog breach --out DIR [--seed 1]

  --bytes  about how much to write, with K, M or G (decimal); what is planted comes to about 1M
  --days   7 or more
  --format web: combined (nginx), apache, nginx-json, iis, caddy; proxy: squid, zeek-tsv, bluecoat

DIR gets the log, truth.json (what was planted, what should be found), labels.tsv (file, line, incident)
and manifest.txt (web) or indicators.txt (proxy).
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match Command::parse(&arguments) {
        Ok(command) => command.run().map_err(|error| format!("coldtrail-testlog: {error}\n")),
        Err(complaint) => Err(format!("{complaint}{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}

struct Command {
    scenario: String,
    folder: Folder,
    options: Options,
}

impl Command {
    fn parse(arguments: &[String]) -> Result<Command, String> {
        let [scenario, rest @ ..] = arguments else { return Err(String::new()) };
        let (formats, format, days): (&[&str], _, _) = match scenario.as_str() {
            "web" => (&writer::WEB, "combined", 14),
            "proxy" => (&writer::PROXY, "squid", 7),
            "breach" => (&[], "", 7),
            other => return Err(format!("there is no scenario {other}\n\n")),
        };
        let mut options = Options { bytes: 200_000_000, seed: 1, days, format: format.to_owned() };
        let mut out = None;
        for pair in rest.chunks(2) {
            let [flag, value] = pair else { return Err(format!("{} lacks its value\n\n", pair[0])) };
            let wrong = || format!("{flag} does not take {value}\n\n");
            match flag.as_str() {
                "--out" => out = Some(PathBuf::from(value)),
                "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
                "--bytes" if !formats.is_empty() => options.bytes = bytes(value).ok_or_else(wrong)?,
                "--days" if !formats.is_empty() => {
                    options.days =
                        value.parse().ok().filter(|days| (7..=366).contains(days)).ok_or_else(wrong)?;
                }
                "--format" if formats.contains(&value.as_str()) => options.format.clone_from(value),
                "--format" => return Err(wrong()),
                _ => return Err(format!("there is no flag {flag} here\n\n")),
            }
        }
        let out = out.ok_or("--out DIR is missing\n\n")?;
        Ok(Command { scenario: scenario.clone(), folder: Folder(out), options })
    }

    fn run(&self) -> io::Result<()> {
        match self.scenario.as_str() {
            "web" => web::write(&self.options, &self.folder),
            "proxy" => proxy::write(&self.options, &self.folder),
            _ => breach::write(self.options.seed, &self.folder),
        }
    }
}

/// `200M`, `1.5G`, `4096`.
fn bytes(text: &str) -> Option<u64> {
    let units = [('K', 1e3), ('M', 1e6), ('G', 1e9)];
    let (number, unit) = units
        .iter()
        .find_map(|&(suffix, unit)| text.strip_suffix(suffix).map(|number| (number, unit)))
        .unwrap_or((text, 1.0));
    let number: f64 = number.parse().ok()?;
    (number * unit >= 1.0 && number * unit <= 1e13).then_some((number * unit) as u64)
}

struct Folder(PathBuf);

impl Output for Folder {
    fn create(&self, name: &str) -> io::Result<Box<dyn io::Write + '_>> {
        let path = self.0.join(name);
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(told)?;
        }
        let file = std::fs::File::create(&path).map_err(told)?;
        Ok(Box::new(io::BufWriter::with_capacity(1 << 20, file)))
    }
}
