//! `coldtrail who`: who fetched this, how each came there, and what each did afterwards.
//!
//! Two passes, each over the lines alone that can matter. The first gathers, by client, what was asked for; the second
//! reads all requests of those clients again.

mod around;
mod fetches;
mod term;
mod write;

use super::{say, say_problems};
use crate::cli;
use crate::input::Plan;
use anyhow::Result;
use around::Surroundings;
use coldtrail_core::decode::Block;
use coldtrail_core::record::{NO_TIME, Outcome, Rec};
use coldtrail_core::scan::{Streamed, Words, stream};
use coldtrail_core::source::Problem;
use coldtrail_report::figures::counted;
use fetches::Clients;
use std::ops::ControlFlow;
use term::Term;

/// Clients whose time before and after is looked at: the earliest ones.
const MAX_FOLLOWED: usize = 1_000;

pub(crate) fn run(args: &cli::Who) -> Result<u8> {
    let plan = Plan::new(&args.input)?;
    let term = Term::new(&args.term);
    let mut clients = Clients::default();
    let (has_read, problems) =
        pass(&plan, term.words().as_ref(), |block, rec| clients.take(&term, rec, &block.bytes));
    let n_left_out = clients.n_left_out();
    let mut rows = clients.into_rows();
    let n_followed = rows.len().min(MAX_FOLLOWED);
    if n_followed > 0 {
        let mut surroundings = Surroundings::of(&rows[..n_followed]);
        let words = surroundings.words();
        pass(&plan, words.as_ref(), |block, rec| surroundings.take(rec, &block.bytes));
        if surroundings.is_thinned() {
            say(
                "too many hosts to keep them all: of the hosts that each client contacted a sample is named",
            )?;
        }
        surroundings.hand_over(&mut rows[..n_followed]);
    }
    if n_left_out > 0 {
        say(format_args!("{} of more clients are not listed", counted(n_left_out, "request", "requests")))?;
    }
    if rows.len() > n_followed {
        say(format_args!("what came before and after is shown for the first {n_followed} clients"))?;
    }
    if args.json {
        write::json(&rows)?;
    } else if args.csv {
        write::csv(&rows, args.csv_raw)?;
    } else if has_read {
        write::table(&rows)?;
    }
    let all: Vec<_> = plan.found.problems.into_iter().chain(problems).collect();
    say_problems(&all, has_read)
}

/// Shows the lines that hold a word (all, without words) and that are in the time asked for. Whether anything could be
/// read, and what could not.
fn pass(plan: &Plan, words: Option<&Words>, mut visit: impl FnMut(&Block, &Rec)) -> (bool, Vec<Problem>) {
    let in_window = |ts: i64| {
        ts == NO_TIME || (plan.since_us.is_none_or(|t| ts >= t) && plan.until_us.is_none_or(|t| ts <= t))
    };
    let mut has_read = false;
    let problems = stream(&plan.found.inputs, plan.parser.as_ref(), &plan.settings, words, |streamed| {
        has_read = true;
        if let Streamed::Records { block, records, .. } = streamed {
            let is_read =
                |r: &&Rec| !matches!(r.outcome, Outcome::Skipped | Outcome::Raw) && in_window(r.ts_us);
            records.iter().filter(is_read).for_each(|rec| visit(block, rec));
        }
        ControlFlow::Continue(())
    });
    (has_read, problems)
}

/// A text cut to so many bytes.
fn clipped(text: &str, max_bytes: usize) -> String {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default().to_owned()
}

/// Hash of a key, the same in every run and on every machine: what is left out at a cap does not depend on the order
/// of the lines.
fn stable_hash(key: &impl std::hash::Hash) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The host's name alone: lower case, without port.
fn host_name(host: &str) -> String {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{clipped, host_name};

    #[test]
    fn names_of_hosts() {
        assert_eq!(host_name("H.example:443"), "h.example");
        assert_eq!(host_name("h.example."), "h.example");
        assert_eq!(host_name("[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(host_name("2001:db8::1"), "2001:db8::1");
        assert_eq!(clipped("aé", 2), "a");
    }
}
