//! The flags that describe the input, turned into what the core takes.

use crate::cli::Input;
use crate::commands::say;
use crate::{WrongUsage, not_built};
use anyhow::{Context, Result, anyhow};
use coldtrail_core::enrich::Geo;
use coldtrail_core::parse::{Parser, Settings};
use coldtrail_core::record::parse_time;
use coldtrail_core::source::{Found, discover};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

/// What a command reads, and how.
pub(crate) struct Plan {
    pub(crate) found: Found,
    pub(crate) parser: Option<Parser>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) since_us: Option<i64>,
    pub(crate) until_us: Option<i64>,
    pub(crate) threads: usize,
    pub(crate) geo: Geo,
}

impl Plan {
    /// Checks the flags first, then looks for the inputs.
    pub(crate) fn new(args: &Input) -> Result<Self> {
        for (name, is_given) in [("--memory", args.memory.is_some()), ("--config", args.config.is_some())] {
            if is_given {
                not_built(name)?;
            }
        }
        let threads = match args.threads {
            Some(0) => return Err(WrongUsage("--threads 0: give at least 1".into()).into()),
            Some(n) => n,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let settings = Settings {
            offset_s: args.tz.as_deref().map_or(Ok(0), offset)?,
            trusted_proxies: args.trusted_proxy.iter().map(|text| network(text)).collect::<Result<_>>()?,
        };
        let parser = args.log_format.as_deref().map(Parser::named).transpose();
        Ok(Self {
            parser: parser.map_err(|e| WrongUsage(format!("--log-format: {e}")))?,
            settings: Arc::new(settings),
            since_us: args.since.as_deref().map(|t| time("--since", t)).transpose()?,
            until_us: args.until.as_deref().map(|t| time("--until", t)).transpose()?,
            threads,
            geo: geo(&args.geo_db)?,
            found: find(&args.paths)?,
        })
    }
}

/// The inputs; where there are none, why.
fn find(paths: &[String]) -> Result<Found> {
    let found = discover(paths);
    if !found.inputs.is_empty() {
        if paths.iter().any(|p| p == "-") && io::stdin().is_terminal() {
            say("reading standard input; end it with Ctrl-D")?;
        }
        return Ok(found);
    }
    let Some((last, others)) = found.problems.split_last() else {
        return Err(anyhow!(
            "{}: no log file in it; give a file, or a folder that has some",
            paths.join(" ")
        ));
    };
    others.iter().try_for_each(say)?;
    Err(anyhow!("{last}"))
}

/// The databases of the user.
fn geo(files: &[PathBuf]) -> Result<Geo> {
    let mut geo = Geo::default();
    for path in files {
        let bytes = std::fs::read(path)
            .with_context(|| format!("--geo-db {}: cannot be read; check the name", path.display()))?;
        geo.add(bytes).with_context(|| format!("--geo-db {}: give an .mmdb file", path.display()))?;
    }
    Ok(geo)
}

fn network(text: &str) -> Result<ipnet::IpNet> {
    let parsed = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
    parsed.map_err(|_| {
        WrongUsage(format!("--trusted-proxy {text}: write an address or a range such as 10.0.0.0/8")).into()
    })
}

fn time(flag: &str, text: &str) -> Result<i64> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let moment = parse_time(whole.as_bytes());
    Ok(moment
        .map(|m| m.ts_us)
        .with_context(|| format!("{flag} {text}: write 2026-03-01 or 2026-03-01T10:00:00Z"))
        .map_err(|e| WrongUsage(e.to_string()))?)
}

/// `+02:00`, `-0730` or `UTC`, in seconds east of UTC.
fn offset(text: &str) -> Result<i64> {
    let wrong = || WrongUsage(format!("--tz {text}: write an offset such as +02:00 or -0500"));
    if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
        return Ok(0);
    }
    let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return Err(wrong().into()),
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    if hours > 14 || minutes > 59 { Err(wrong().into()) } else { Ok(sign * (hours * 3600 + minutes * 60)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets() {
        let check = |text: &str, want: Option<i64>| assert_eq!(offset(text).ok(), want, "{text}");
        check("+02:00", Some(7200));
        check("-0730", Some(-27_000));
        check("+2", Some(7200));
        check("UTC", Some(0));
        check("2", None);
        check("+99:00", None);
        check("Europe/Berlin", None);
    }

    #[test]
    fn times() {
        assert_eq!(time("--since", "1970-01-02").ok(), Some(86_400_000_000));
        assert!(time("--since", "yesterday").is_err_and(|e| e.is::<WrongUsage>()));
    }
}
