//! `blocklist.txt`: addresses to block, one a line, each below a comment that says why. Only those against whom there
//! is a sign of success are in force; those who only tried stand behind a comment mark. Never on it: our own clients,
//! internal addresses, the proxies that the user named, networks of delivery and of search engines: behind those
//! everybody stands.

mod networks;
mod syntax;

pub use syntax::Syntax;

use crate::figures::{counted, minute};
use coldtrail_core::detect::Level;
use coldtrail_core::verdict::{Report, Who};
use ipnet::IpNet;
use std::cmp::Reverse;
use std::io::{self, Write};
use std::net::IpAddr;

const HEAD: &str = "\
# Addresses to block, one a line, made from the findings. A line that begins with # is a comment.
# Look at each before you use it: behind one address there may be many people, and an attacker changes his.
";
const TRIED: &str = "
# No sign that these got in. To block them too, take the mark off the line of the address.
";
const LEFT_OUT: &str = "
# Left out: many people stand behind these addresses, or they are our own.
";

/// Whom to block, and whom not.
struct Lists<'r> {
    /// A sign that they got in.
    proven: Vec<(&'r Who, IpAddr)>,
    /// No such sign.
    tried: Vec<(&'r Who, IpAddr)>,
    /// Not to be blocked, and why.
    spared: Vec<(&'r Who, IpAddr, &'static str)>,
}

impl<'r> Lists<'r> {
    /// The gravest first.
    fn of(report: &'r Report, trusted: &[IpNet]) -> Self {
        let mut strangers: Vec<(&Who, IpAddr)> = report
            .answers
            .who
            .iter()
            .filter(|w| !w.is_own)
            .filter_map(|w| Some((w, w.client.parse().ok()?)))
            .collect();
        strangers.sort_by_key(|(w, address)| (Reverse(w.level), Reverse(w.severity), *address));
        let mut lists = Self { proven: Vec::new(), tried: Vec::new(), spared: Vec::new() };
        for (who, address) in strangers {
            match spared(address, trusted) {
                Some(reason) => lists.spared.push((who, address, reason)),
                None if who.level >= Level::Possible => lists.proven.push((who, address)),
                None => lists.tried.push((who, address)),
            }
        }
        lists
    }
}

pub fn write(out: &mut impl Write, report: &Report, trusted: &[IpNet]) -> io::Result<()> {
    let lists = Lists::of(report, trusted);
    out.write_all(HEAD.as_bytes())?;
    for (who, address) in &lists.proven {
        writeln!(out, "# {}\n{address}", why(who))?;
    }
    if !lists.tried.is_empty() {
        out.write_all(TRIED.as_bytes())?;
    }
    for (who, address) in &lists.tried {
        writeln!(out, "# {}\n# {address}", why(who))?;
    }
    if !lists.spared.is_empty() {
        out.write_all(LEFT_OUT.as_bytes())?;
    }
    for (who, address, reason) in &lists.spared {
        writeln!(out, "# {reason}; {}\n# {address}", why(who))?;
    }
    Ok(())
}

/// Why an address must not be blocked; none if it may be.
pub(crate) fn spared(address: IpAddr, trusted: &[IpNet]) -> Option<&'static str> {
    let address = address.to_canonical();
    if is_internal(address) {
        Some("an internal address")
    } else if trusted.iter().any(|net| net.contains(&address)) {
        Some("a proxy of ours")
    } else {
        networks::owner(address)
    }
}

/// `confirmed, critical: reconnaissance, exploit; 1,204 requests from 2026-10-13 00:00 to 2026-10-14 09:00 UTC`
fn why(who: &Who) -> String {
    let stages: Vec<&str> = who.stages.iter().map(|s| s.name()).collect();
    let n = counted(who.n_requests, "request", "requests");
    let when = match (who.first_us, who.last_us) {
        (Some(a), Some(b)) => format!(" from {} to {} UTC", minute(a), minute(b)),
        _ => String::new(),
    };
    let level = match who.level {
        Level::NoAttack | Level::NoSign => "no sign of success",
        level => level.name(),
    };
    format!("{level}, {}: {}; {n}{when}", who.severity.name(), stages.join(", "))
}

/// Addresses that the internet does not route to a stranger (IANA special-purpose registries).
pub(crate) fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || a == 0
                || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_networks_are_never_blocked() {
        let check = |text: &str, want: bool| {
            assert_eq!(is_internal(text.parse().expect("an address")), want, "{text}");
        };
        for own in
            ["10.1.2.3", "172.31.0.1", "192.168.0.9", "127.0.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0"]
        {
            check(own, true);
        }
        for own in ["::1", "::", "fd00::1", "fe80::1", "::ffff:10.0.0.1"] {
            check(own, true);
        }
        for stranger in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2001:4860::1", "::ffff:8.8.8.8"] {
            check(stranger, false);
        }
    }
}
