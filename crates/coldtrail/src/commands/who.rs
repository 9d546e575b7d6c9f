//! `coldtrail who`: who fetched this, and what each did afterwards.

use super::{say_problems, text};
use crate::cli;
use crate::input::Plan;
use anyhow::Result;
use coldtrail_core::decode::Block;
use coldtrail_core::record::{ClientKey, NO_TIME, Outcome, Rec, TextField, format_ts};
use coldtrail_core::scan::{Streamed, stream};
use coldtrail_report::safe;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::ControlFlow;

/// URLs of one client that are listed.
const MAX_URLS: usize = 20;
/// What counts as afterwards, in microseconds: 24 hours.
const AFTERWARDS_US: i64 = 24 * 3_600_000_000;

/// What one client got of what was asked for.
#[derive(Default)]
struct Fetches {
    name: String,
    user: Option<String>,
    first_us: Option<i64>,
    last_us: Option<i64>,
    n_requests: u64,
    bytes: u64,
    is_delivered: bool,
    is_blocked: bool,
    urls: BTreeSet<String>,
    /// Hosts contacted before the first fetch, and in the 24 hours after it.
    hosts_before: BTreeSet<String>,
    hosts_after: BTreeMap<String, u64>,
}

pub(crate) fn run(args: &cli::Who) -> Result<u8> {
    let plan = Plan::new(&args.input)?;
    let term = refang(&args.term);
    let address = Some(ClientKey::parse(term.as_bytes())).filter(|c| !c.is_name());
    let mut clients: BTreeMap<ClientKey, Fetches> = BTreeMap::new();
    let mut has_read = false;
    let mut pass = |visit: &mut dyn FnMut(&Block, &Rec)| {
        stream(&plan.found.inputs, plan.parser.as_ref(), &plan.settings, |streamed| {
            has_read = true;
            if let Streamed::Records { block, records, .. } = streamed {
                let is_read = |r: &&Rec| !matches!(r.outcome, Outcome::Skipped | Outcome::Raw);
                records.iter().filter(is_read).for_each(|rec| visit(block, rec));
            }
            ControlFlow::Continue(())
        })
    };
    let problems = pass(&mut |block, rec| {
        let client = ClientKey::parse(rec.client.bytes(&block.bytes));
        let url = url(rec, &block.bytes);
        let is_hit = address.is_some_and(|a| a == client) || url.to_ascii_lowercase().contains(&term);
        if is_hit {
            clients.entry(client).or_default().add(rec, &block.bytes, url);
        }
    });
    if !clients.is_empty() {
        pass(&mut |block, rec| {
            let Some(fetches) = clients.get_mut(&ClientKey::parse(rec.client.bytes(&block.bytes))) else {
                return;
            };
            let (Some(first), Some(host)) = (fetches.first_us, rec.text(TextField::Host, &block.bytes))
            else {
                return;
            };
            let host = text(&host).to_ascii_lowercase();
            if rec.ts_us == NO_TIME || host.is_empty() {
            } else if rec.ts_us < first {
                fetches.hosts_before.insert(host);
            } else if rec.ts_us <= first + AFTERWARDS_US {
                *fetches.hosts_after.entry(host).or_default() += 1;
            }
        });
    }
    let mut rows: Vec<&Fetches> = clients.values().collect();
    rows.sort_by(|a, b| (a.first_us, &a.name).cmp(&(b.first_us, &b.name)));
    if args.json {
        write_json(&rows)?
    } else if has_read {
        write_table(&rows)?
    }
    let all: Vec<_> = plan.found.problems.into_iter().chain(problems).collect();
    say_problems(&all, has_read)
}

impl Fetches {
    fn add(&mut self, rec: &Rec, bytes: &[u8], url: String) {
        if self.name.is_empty() {
            self.name = text(rec.client.bytes(bytes));
        }
        if self.user.is_none() {
            self.user = rec.text(TextField::User, bytes).map(|u| text(&u));
        }
        if rec.ts_us != NO_TIME {
            self.first_us = Some(self.first_us.map_or(rec.ts_us, |t| t.min(rec.ts_us)));
            self.last_us = Some(self.last_us.map_or(rec.ts_us, |t| t.max(rec.ts_us)));
        }
        let size = rec.bytes_out().or_zero();
        self.n_requests += 1;
        self.bytes += size;
        self.is_delivered |= (200..300).contains(&rec.status_code) && size > 0;
        let action = rec.action.bytes(bytes).to_ascii_lowercase();
        self.is_blocked |=
            [&b"denied"[..], b"block"].iter().any(|w| action.windows(w.len()).any(|x| x == *w));
        if self.urls.len() < MAX_URLS {
            self.urls.insert(url);
        }
    }

    fn outcome(&self) -> &'static str {
        match (self.is_delivered, self.is_blocked) {
            (true, _) => "delivered",
            (false, true) => "blocked",
            (false, false) => "failed",
        }
    }

    /// What it did in the 24 hours after, in sentences.
    fn afterwards(&self) -> Vec<String> {
        let new: Vec<&String> = self.hosts_after.keys().filter(|h| !self.hosts_before.contains(*h)).collect();
        if self.hosts_after.is_empty() {
            return Vec::new();
        }
        let named: Vec<&str> = new.iter().take(5).map(|h| h.as_str()).collect();
        let n: u64 = self.hosts_after.values().sum();
        let mut sentence = format!("{n} requests to {} hosts in the 24 hours after", self.hosts_after.len());
        if !new.is_empty() {
            sentence += &format!(", {} of them new: {}", new.len(), named.join(", "));
        }
        vec![sentence]
    }
}

/// Host and target of a record, as one text.
fn url(rec: &Rec, bytes: &[u8]) -> String {
    let field = |f: TextField| rec.text(f, bytes).map_or_else(String::new, |t| text(&t));
    let target = field(TextField::Target);
    if target.contains("://") {
        return target;
    }
    let path = if target.is_empty() {
        let query = rec.text(TextField::Query, bytes).map_or_else(String::new, |q| format!("?{}", text(&q)));
        field(TextField::Path) + &query
    } else {
        target
    };
    let host = field(TextField::Host);
    if path == host { host } else { host + &path }
}

/// `hxxp://bad[.]site` as `bad.site`: without scheme, in lower case.
fn refang(term: &str) -> String {
    let plain = term.trim().to_ascii_lowercase().replace("hxxp", "http");
    let plain = plain.replace("[.]", ".").replace("(.)", ".").replace("[dot]", ".").replace("[:]", ":");
    plain.split_once("://").map_or(plain.clone(), |(_, rest)| rest.to_owned())
}

fn stamp(ts: Option<i64>) -> Option<String> {
    ts.map(|t| format_ts(t, 0))
}

fn write_json(rows: &[&Fetches]) -> Result<()> {
    let mut out = io::stdout().lock();
    for row in rows {
        let object = json!({
            "client": row.name, "user": row.user, "first": stamp(row.first_us), "last": stamp(row.last_us),
            "n_requests": row.n_requests, "bytes": row.bytes, "outcome": row.outcome(), "urls": row.urls,
            "afterwards": row.afterwards(),
        });
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn write_table(rows: &[&Fetches]) -> Result<()> {
    let mut out = io::stdout().lock();
    if rows.is_empty() {
        writeln!(out, "nobody in these logs asked for it")?;
        return Ok(());
    }
    let delivered = rows.iter().filter(|r| r.is_delivered).count();
    let asked = if rows.len() == 1 { "1 client".to_owned() } else { format!("{} clients", rows.len()) };
    writeln!(out, "{asked} asked, {delivered} received it\n")?;
    writeln!(
        out,
        "{:<40} {:<12} {:<21} {:<21} {:>8} {:>14} {:<9}",
        "CLIENT", "USER", "FIRST", "LAST", "REQUESTS", "BYTES", "OUTCOME"
    )?;
    for row in rows {
        let time = |t| stamp(t).unwrap_or_else(|| "-".into());
        let user = row.user.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{:<40} {:<12} {:<21} {:<21} {:>8} {:>14} {:<9}",
            safe(&row.name),
            safe(user),
            time(row.first_us),
            time(row.last_us),
            row.n_requests,
            row.bytes,
            row.outcome()
        )?;
        for line in row.urls.iter().take(3).chain(&row.afterwards()) {
            writeln!(out, "    {}", safe(line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::refang;

    #[test]
    fn terms_are_refanged() {
        assert_eq!(refang("hxxps://Bad[.]Site/mal.exe"), "bad.site/mal.exe");
        assert_eq!(refang("203.0.113[.]9"), "203.0.113.9");
        assert_eq!(refang("/1.exe"), "/1.exe");
    }
}
