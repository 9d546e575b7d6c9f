//! `coldtrail scan`: the main job.

use super::{output, say, seed};
use crate::cli::{self, FailOn};
use crate::input::Plan;
use crate::patterns::own_rules;
use crate::{WrongUsage, exit, not_built};
use anyhow::{Context, Result};
use coldtrail_core::decode::HashKind;
use coldtrail_core::detect::{self, Level};
use coldtrail_core::enrich::{Country, Indicators, Manifest};
use coldtrail_core::scan::{Progress, ScanOptions, Snapshot, scan};
use coldtrail_core::verdict::Report;
use coldtrail_report::figures::count;
use coldtrail_report::{FILES, Method, Options, Run, case_command, prepare};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) fn run(args: &cli::Scan) -> Result<u8> {
    refuse_what_is_not_built(args)?;
    let plan = Plan::new(&args.input)?;
    let detect = detect::Options {
        manifest: manifest(args)?,
        indicators: indicators(args)?,
        all_rules: args.all_rules,
        geo: plan.geo,
        expected_countries: expected(&args.expect)?,
        own_rules: own_rules(&args.own, args.output.quiet)?,
    };
    let stored_bytes = plan.found.inputs.iter().map(|i| i.bytes).sum();
    let options = ScanOptions {
        threads: plan.threads,
        hash: match args.hash {
            cli::Hash::Sha256 => HashKind::Sha256,
            cli::Hash::Blake3 => HashKind::Blake3,
            cli::Hash::None => HashKind::None,
        },
        seed: seed(),
        parser: plan.parser,
        settings: plan.settings,
        since_us: plan.since_us,
        until_us: plan.until_us,
        detect,
    };
    let started = jiff::Timestamp::now();
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("coldtrail-{}", started.strftime("%Y%m%d-%H%M%S"))));
    // Before hours are spent on reading.
    prepare(&folder)?;
    let redactor = output::redactor(&args.output, &folder)?;
    let progress = Progress::default();
    let interrupted = on_interrupt(&progress)?;
    let bar = (!args.output.quiet && io::stderr().is_terminal()).then(|| draw(&progress));
    let report = scan(plan.found, &options, &progress);
    drop(bar);
    if args.output.quiet || args.output.json {
        report.coverage.problems.iter().try_for_each(say)?;
    }
    let finished = jiff::Timestamp::now();
    let seconds = (finished.as_microsecond() - started.as_microsecond()).max(1) as f64 / 1e6;
    let command: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let run = Run {
        version: env!("CARGO_PKG_VERSION").into(),
        command: command.clone(),
        started_us: started.as_microsecond(),
        finished_us: finished.as_microsecond(),
        threads: options.threads,
        bytes_read: stored_bytes,
        lines_per_s: (report.totals.lines.lines as f64 / seconds) as u64,
    };
    let kept = Options {
        method: Method {
            version: run.version.clone(),
            command: case(args, &command),
            parameters: Vec::new(),
        },
        trusted_proxies: options.settings.trusted_proxies.clone(),
        ..Options::default()
    };
    let files = [&FILES[..], &output::more_files(&args.output)].concat();
    output::write(&report, run, &Options { files, ..kept }, &args.output, &folder, redactor)?;
    Ok(exit_code(args, &report, interrupted.load(Ordering::Relaxed)))
}

fn refuse_what_is_not_built(args: &cli::Scan) -> Result<u8> {
    for (name, is_given) in [
        ("--server-config", args.server_config.is_some()),
        ("--sigma", !args.sigma.is_empty()),
        ("--crs", args.crs.is_some()),
        ("--cluster", args.cluster.is_some()),
        ("--case", args.case),
    ] {
        if is_given {
            return not_built(name);
        }
    }
    Ok(exit::FINISHED)
}

fn manifest(args: &cli::Scan) -> Result<Option<Manifest>> {
    let Some(path) = &args.manifest else {
        return if args.root.is_empty() {
            Ok(None)
        } else {
            Err(WrongUsage("--root needs --manifest".into()).into())
        };
    };
    let root = |text: &String| {
        let (folder, url) =
            text.split_once('=').filter(|(folder, url)| !folder.is_empty() && url.starts_with('/'))?;
        Some((folder.to_owned(), url.to_owned()))
    };
    let wrong = |text: &String| WrongUsage(format!("--root {text}: write FOLDER=/URL, such as /var/www=/"));
    let roots = args.root.iter().map(|r| root(r).ok_or_else(|| wrong(r))).collect::<Result<Vec<_>, _>>()?;
    let text = std::fs::read(path)
        .with_context(|| format!("--manifest {}: cannot be read; check the name", path.display()))?;
    Ok(Some(Manifest::parse(&text, &roots)))
}

fn indicators(args: &cli::Scan) -> Result<Indicators> {
    let mut all = Indicators::default();
    for path in &args.ioc {
        let text = std::fs::read(path)
            .with_context(|| format!("--ioc {}: cannot be read; check the name", path.display()))?;
        let list = Indicators::parse(&text, &path.to_string_lossy());
        if !args.output.quiet {
            unread(path, &list)?;
        }
        all.merge(list);
    }
    Ok(all)
}

/// Says what of a list was not understood.
fn unread(path: &Path, list: &Indicators) -> Result<()> {
    let counts = list.counts();
    let (name, n) = (path.display(), counts.unread);
    if list.is_empty() {
        let n_hashes = counts.hashes;
        say(format!(
            "--ioc {name}: no address, name or URL was found in it ({n} lines not understood, {n_hashes} hashes of files, which no web log has); \
             give a list, CSV, MISP, STIX 2.1 or Suricata rules"
        ))?;
    } else if n > 0 {
        let first = list.unread().first().map_or("", String::as_str);
        say(format!("--ioc {name}: {} read, {n} not understood, the first: {first}", list.len()))?;
    }
    Ok(())
}

fn expected(codes: &[String]) -> Result<Option<BTreeSet<Country>>> {
    let wrong = |code: &str| {
        WrongUsage(format!("--expect {code}: write countries by their two letters, such as US,CA"))
    };
    let countries = codes.iter().map(|code| Country::parse(code.trim()).ok_or_else(|| wrong(code)));
    Ok((!codes.is_empty()).then(|| countries.collect::<Result<_, _>>()).transpose()?)
}

/// The command line as the case has it: inputs last and sorted, since their order changes nothing.
fn case(args: &cli::Scan, command: &[String]) -> Vec<String> {
    let mut case = case_command(command);
    let mut paths = args.input.paths.clone();
    for path in &paths {
        if let Some(at) = case.iter().rposition(|arg| arg == path) {
            case.remove(at);
        }
    }
    paths.sort();
    case.extend(paths);
    case
}

/// The first Ctrl-C asks the run to end with what it has, the second ends the program.
fn on_interrupt(progress: &Progress) -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (progress, flag) = (progress.clone(), interrupted.clone());
    let second = Mutex::new(false);
    ctrlc::set_handler(move || {
        let mut is_second = second.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *is_second {
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(exit::INTERRUPTED.into());
        }
        *is_second = true;
        flag.store(true, Ordering::Relaxed);
        progress.stop();
    })
    .context("cannot watch for Ctrl-C")?;
    Ok(interrupted)
}

/// Draws the progress bar until it is dropped.
struct Bar {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A bar that panicked is a bar that is gone.
            let _gone = thread.join();
        }
    }
}

fn draw(progress: &Progress) -> Bar {
    let stop = Arc::new(AtomicBool::new(false));
    let (progress, stopped) = (progress.clone(), stop.clone());
    let thread = std::thread::spawn(move || {
        let hidden = indicatif::ProgressDrawTarget::hidden();
        let bar = indicatif::ProgressBar::with_draw_target(None, hidden);
        // The size of standard input is not known before its end.
        let known = "{prefix} [{bar:30}] {percent} %  {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left\n{msg}";
        let unknown = "{prefix}  {elapsed}\n{msg}";
        while !stopped.load(Ordering::Relaxed) {
            let now = progress.snapshot();
            if now.pass > 0 {
                bar.set_prefix(if now.pass == 2 { "Looking again" } else { "Reading" });
                bar.set_message(so_far(now));
                if now.total_bytes > 0 {
                    bar.set_length(now.total_bytes);
                    bar.set_position(now.read_bytes.min(now.total_bytes));
                }
                if bar.is_hidden() {
                    let style = if now.total_bytes > 0 { known } else { unknown };
                    if let Ok(style) = indicatif::ProgressStyle::with_template(style) {
                        bar.set_style(style.progress_chars("=>-"));
                    }
                    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr_with_hz(10));
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bar.finish_and_clear();
    });
    Bar { stop, thread: Some(thread) }
}

/// The second line of the progress bar: what is known before the end.
fn so_far(now: Snapshot) -> String {
    format!(
        "So far  {} lines   {} attacks   {} clients   (Ctrl-C: stop and report)",
        count(now.lines),
        count(now.attacks),
        count(now.clients)
    )
}

fn exit_code(args: &cli::Scan, report: &Report, interrupted: bool) -> u8 {
    let lines = &report.totals.lines;
    let records = (lines.lines - lines.skipped).max(1);
    let raw_percent = lines.raw as f64 * 100.0 / records as f64;
    let fail_on = args.fail_on.map(|level| match level {
        FailOn::Possible => Level::Possible,
        FailOn::Probable => Level::Probable,
        FailOn::Confirmed => Level::Confirmed,
    });
    if interrupted {
        exit::INTERRUPTED
    } else if fail_on.is_some_and(|level| report.level >= level) {
        exit::VERDICT
    } else if report.coverage.inputs.is_empty() && !report.coverage.problems.is_empty() {
        exit::FAILED
    } else if !report.coverage.problems.is_empty() || raw_percent > args.max_raw {
        exit::INCOMPLETE
    } else {
        exit::FINISHED
    }
}
