//! The same list in the words of servers and firewalls. Each file holds addresses and our own words only: nothing of a
//! log is in it but addresses that were parsed and are written anew.

use super::{Lists, why};
use crate::figures::iso;
use coldtrail_core::verdict::{Report, Who};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::net::IpAddr;

/// Where a list is to be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Syntax {
    Nginx,
    Apache,
    Iptables,
    Nftables,
    Cloudflare,
    Csv,
}

impl Syntax {
    pub const ALL: [Self; 6] =
        [Self::Nginx, Self::Apache, Self::Iptables, Self::Nftables, Self::Cloudflare, Self::Csv];

    /// The name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Nginx => "blocklist.nginx.conf",
            Self::Apache => "blocklist.apache.conf",
            Self::Iptables => "blocklist.iptables.sh",
            Self::Nftables => "blocklist.nft",
            Self::Cloudflare => "blocklist.cloudflare.json",
            Self::Csv => "blocklist.csv",
        }
    }

    /// Writes the list; see [`super::write`] for who is on it.
    pub fn write(self, out: &mut impl Write, report: &Report, trusted: &[IpNet]) -> io::Result<()> {
        let lists = Lists::of(report, trusted);
        match self {
            Self::Nginx => nginx(out, &lists),
            Self::Apache => apache(out, &lists),
            Self::Iptables => iptables(out, &lists),
            Self::Nftables => nftables(out, &lists),
            Self::Cloudflare => cloudflare(out, &lists),
            Self::Csv => csv(out, &lists),
        }
    }
}

/// Those in force, then those who only tried, behind a mark.
fn lines(
    out: &mut impl Write,
    lists: &Lists<'_>,
    indent: &str,
    line: impl Fn(IpAddr) -> String,
) -> io::Result<()> {
    for (who, address) in &lists.proven {
        writeln!(out, "{indent}# {}\n{indent}{}", why(who), line(*address))?;
    }
    if !lists.tried.is_empty() {
        writeln!(out, "{indent}# No sign that these got in. To block them too, take the mark off.")?;
    }
    for (who, address) in &lists.tried {
        writeln!(out, "{indent}# {}\n{indent}# {}", why(who), line(*address))?;
    }
    Ok(())
}

fn nginx(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    writeln!(out, "# For nginx: include this file in http, server or location.")?;
    lines(out, lists, "", |address| format!("deny {address};"))
}

fn apache(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    writeln!(out, "# For Apache 2.4: Include this file in a <Location> or <Directory> that is open to all.")?;
    writeln!(out, "<RequireAll>\n    Require all granted")?;
    lines(out, lists, "    ", |address| format!("Require not ip {address}"))?;
    writeln!(out, "</RequireAll>")
}

fn iptables(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    writeln!(
        out,
        "#!/bin/sh\n# Puts the addresses before all other rules of INPUT; -D in place of -I takes them out again.\nset -eu"
    )?;
    lines(out, lists, "", |address| {
        let command = if address.is_ipv4() { "iptables" } else { "ip6tables" };
        format!("{command} -I INPUT -s {address} -j DROP")
    })
}

/// A table of its own, so that it can be loaded again and deleted without touching other rules.
fn nftables(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    writeln!(out, "# Load with nft -f; nft delete table inet coldtrail takes it out again.")?;
    writeln!(out, "table inet coldtrail\ndelete table inet coldtrail\ntable inet coldtrail {{")?;
    for (is_v4, name, kind) in [(true, "blocked4", "ipv4_addr"), (false, "blocked6", "ipv6_addr")] {
        let of = |list: &[_]| -> Vec<(&Who, IpAddr)> {
            list.iter().copied().filter(|(_, a): &(&Who, IpAddr)| a.is_ipv4() == is_v4).collect()
        };
        let part = Lists { proven: of(&lists.proven), tried: of(&lists.tried), spared: Vec::new() };
        writeln!(out, "    set {name} {{\n        type {kind}")?;
        if !part.proven.is_empty() {
            writeln!(out, "        elements = {{")?;
            lines(out, &part, "            ", |address| format!("{address},"))?;
            writeln!(out, "        }}")?;
        }
        writeln!(out, "    }}")?;
    }
    writeln!(
        out,
        "    chain input {{\n        type filter hook input priority -10; policy accept;\n        \
         ip saddr @blocked4 drop\n        ip6 saddr @blocked6 drop\n    }}\n}}"
    )
}

/// The body of a request that adds items to a list of addresses. It has no comments: only those in force.
fn cloudflare(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    let items: Vec<Value> =
        lists.proven.iter().map(|(who, a)| json!({ "ip": a.to_string(), "comment": why(who) })).collect();
    crate::json::write_pretty(out, &Value::Array(items))
}

fn csv(out: &mut impl Write, lists: &Lists<'_>) -> io::Result<()> {
    writeln!(out, "address,block,level,severity,stages,n_requests,first,last,spared")?;
    let all = (lists.proven.iter().map(|(who, a)| (*who, *a, "yes", "")))
        .chain(lists.tried.iter().map(|(who, a)| (*who, *a, "no", "")))
        .chain(lists.spared.iter().map(|(who, a, reason)| (*who, *a, "never", *reason)));
    for (who, address, block, reason) in all {
        let stages: Vec<&str> = who.stages.iter().map(|s| s.name()).collect();
        let time = |ts: Option<i64>| ts.map(iso).unwrap_or_default();
        writeln!(
            out,
            "{address},{block},{},{},{},{},{},{},{reason}",
            who.level.name(),
            who.severity.name(),
            stages.join(" "),
            who.n_requests,
            time(who.first_us),
            time(who.last_us)
        )?;
    }
    Ok(())
}
