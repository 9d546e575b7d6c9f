//! # Tunnels of an odd shape (`tunnel-shape`)
//! ## Finds
//! A client inside whose tunnel to a host that hardly anybody contacts is no browser's: held for hours, as much up as
//! down, to an address without a name, to an odd port, or turned into a WebSocket.
//! ## Why it matters
//! Remote control, shells and private networks leave through the proxy's CONNECT; the proxy sees no more than the
//! shape.
//! ## Decides
//! By client and host, answered, contacted by at most 2 % of the clients or by 2 clients, no known updater, none of our own:
//! (a) the longest tunnel lasted 4 hours; (b) at least 20 MiB each way, neither way more than twice the other; (c) CONNECT
//! to an address; (d) CONNECT to another port than 80, 443 and 8080; (e) 101, a WebSocket. Two of them with (a) or (b)
//! among them: possible, a finding of its own. Of the rest all hosts of a client are one finding: low with (a), (c) or (d),
//! else context. Of what a sensor logs as connections only (a) and (b) count: all of them are to addresses. What
//! `proxy-transfer` finds by size is left to it.
//! ## Parameters
//! - `min_minutes` | 240 | min | 60-1440 | pages that are pushed to are closed with the browser
//! - `min_each_way` | 20971520 | bytes | 1 MiB-1 GiB | calls and games of a few minutes stay below
//! - `max_ratio` | 2 | times | 1-5 | browsing brings 10 times what it sends
//! - `max_prevalence` | 0.02 | share | 0.001-0.2 | as for `download`
//! - `max_clients` | 2 | clients | 1-10 | the same in a small network
//! ## ATT&CK
//! Command and control: T1572 protocol tunnelling (ATT&CK v17)
//! ## False positives
//! Calls, games, remote support and push services that one person uses. The address's owner tells.
//! ## Misses
//! Tunnels to hosts that many use, or that are opened anew each few minutes. Where the log has no bytes from the client (b)
//! is not judged, where it has no durations (a) is not.
//! ## Cost
//! Five bytes in the contact's row; at most 20 lines of each of 8 hosts.
//! ## Sources
//! MITRE T1572; RITA 5 (Active Countermeasures) for long connections: from 4 hours on worth a look.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, list, span};
use crate::enrich::Marks;
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, merged};
use std::collections::BTreeMap;

const MAX_EVENTS: usize = 20;
/// Hosts of one finding whose lines are kept, and that it names.
const MAX_SHOWN: usize = 8;
const MAX_NAMED: usize = 1_000;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_minutes: u16,
    pub(crate) min_each_way: u64,
    pub(crate) max_ratio: u64,
    pub(crate) max_prevalence: f64,
    pub(crate) max_clients: u32,
    /// From so many bytes on an odd tunnel is found by `proxy-transfer`.
    pub(crate) max_bytes: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self = Self {
        min_minutes: 240,
        min_each_way: 20 << 20,
        max_ratio: 2,
        max_prevalence: 0.02,
        max_clients: 2,
        max_bytes: crate::detect::exfiltration::proxy_transfer::Params::DEFAULT.min_tunnel_bytes,
    };
}

pub(in crate::detect) struct TunnelShape(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "tunnel-shape",
    title: "Tunnels of an odd shape",
    stage: Stage::CommandAndControl,
    techniques: &["T1572"],
    since: "0.1.0",
    needs: &["client_ip", "host", "method", "duration_us", "request_bytes"],
    doc: header!(include_str!("tunnel_shape.rs")),
};

/// What is odd about a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Signs {
    is_long: bool,
    is_even: bool,
    is_address: bool,
    has_odd_port: bool,
    is_upgraded: bool,
}

impl Signs {
    fn count(self) -> usize {
        [self.is_long, self.is_even, self.is_address, self.has_odd_port, self.is_upgraded]
            .iter()
            .filter(|s| **s)
            .count()
    }

    fn is_strong(self) -> bool {
        self.count() >= 2 && (self.is_long || self.is_even)
    }

    fn is_low(self) -> bool {
        self.is_long || self.is_address || self.has_odd_port
    }

    fn words(self, row: &ContactRow) -> String {
        let mut words = Vec::new();
        if self.is_long {
            words.push(format!("held for up to {} h {} min", row.longest_min / 60, row.longest_min % 60));
        }
        if self.is_even {
            words.push(format!("{} up and {} down", bytes(row.bytes_up), bytes(row.bytes_down)));
        }
        if self.is_address {
            words.push("to an address without a name".to_owned());
        }
        if self.has_odd_port {
            words.push(format!("to port {}", row.odd_port));
        }
        if self.is_upgraded {
            words.push("turned into a WebSocket".to_owned());
        }
        list(&words, words.len())
    }
}

/// A contact with a sign.
struct Odd<'p> {
    row: &'p ContactRow,
    host: Host,
    signs: Signs,
}

impl TunnelShape {
    fn signs(&self, row: &ContactRow, is_address: bool) -> Signs {
        let is_connect = row.n_connects > 0;
        let (up, down) = (row.bytes_up, row.bytes_down);
        let is_close =
            up <= down.saturating_mul(self.0.max_ratio) && down <= up.saturating_mul(self.0.max_ratio);
        Signs {
            is_long: row.longest_min >= self.0.min_minutes,
            is_even: up.min(down) >= self.0.min_each_way && is_close,
            is_address: is_connect && is_address,
            has_odd_port: is_connect && row.odd_port != 0,
            is_upgraded: row.marks.has(Marks::UPGRADED),
        }
    }

    fn odd<'p>(&self, row: &'p ContactRow, part: &Partition, site: &Site<'_>) -> Option<Odd<'p>> {
        let is_tunnel = row.n_connects > 0 || row.marks.has(Marks::UPGRADED.and(Marks::CONNECTION));
        let is_answered = row.n_failed.saturating_add(row.n_denied) < row.n_requests;
        if !is_tunnel || !is_answered {
            return None;
        }
        // Nearly all tunnels are a browser's: they have none of the signs, whatever the host is called.
        let text = part.contacts.text(row);
        let may_be_address = text.last().is_some_and(|c| c.is_ascii_digit() || *c == b':');
        if self.signs(row, may_be_address).count() == 0 {
            return None;
        }
        let host = Host::new(text, site);
        let signs = self.signs(row, host.is_address);
        let is_large = (signs.is_address || signs.has_odd_port)
            && row.bytes_up.saturating_add(row.bytes_down) >= self.0.max_bytes;
        let is_odd = signs.count() > 0
            && !is_large
            && !host.is_updater
            && !host.is_own
            && host.is_rare(self.0.max_clients, self.0.max_prevalence, site);
        is_odd.then_some(Odd { row, host, signs })
    }

    /// One finding about these contacts of a client; there is at least one.
    fn suspect_of(mut odd: Vec<Odd<'_>>, is_own_finding: bool, site: &Site<'_>) -> Suspect {
        let strength = |o: &Odd<'_>| (o.signs.count(), o.row.bytes_up.saturating_add(o.row.bytes_down));
        odd.sort_by(|a, b| (strength(b), &a.host.name).cmp(&(strength(a), &b.host.name)));
        let first = &odd[0];
        let client = first.row.client;
        let who = site.client_text(client);
        let mut draft = match is_own_finding {
            true => Draft::new(format!("client {who} host {}", first.host.name)),
            false => Draft::new(format!("client {who}")),
        };
        (draft.level, draft.severity, draft.rule) = if is_own_finding {
            (Level::Possible, Severity::Medium, "tunnel-of-two-signs")
        } else if odd.iter().any(|o| o.signs.is_low()) {
            (Level::NoSign, Severity::Low, "odd-tunnels")
        } else {
            (Level::NoSign, Severity::Info, "odd-tunnels")
        };
        draft.clients.insert(client);
        draft.hosts.extend(odd.iter().take(MAX_NAMED).map(|o| o.host.name.clone()));
        let rows = || odd.iter().map(|o| o.row);
        draft.set_span(
            rows().map(|r| r.first_s).min().unwrap_or(u32::MAX),
            rows().map(|r| r.last_s).max().unwrap_or(0),
        );
        draft.n_requests = rows().map(|r| u64::from(r.n_requests)).sum();
        draft.bytes_out = Some(rows().map(|r| r.bytes_down).sum());
        let knows_up = site.totals.lines.requests_with_bytes_in > 0;
        draft.bytes_in = knows_up.then(|| rows().map(|r| r.bytes_up).sum());
        let count_of = |is: fn(&Signs) -> bool| odd.iter().filter(|o| is(&o.signs)).count();
        draft.number("n_hosts", odd.len());
        draft.number("n_long", count_of(|s| s.is_long));
        draft.number("n_even", count_of(|s| s.is_even));
        draft.number("n_addresses", count_of(|s| s.is_address));
        draft.number("n_odd_ports", count_of(|s| s.has_odd_port));
        draft.number("n_websockets", count_of(|s| s.is_upgraded));
        draft.number("longest_min", rows().map(|r| u64::from(r.longest_min)).max().unwrap_or(0));
        if !knows_up {
            draft
                .caveats
                .push("The log has no bytes from the client: what was sent out is not known.".to_owned());
        }
        let more = match odd.len() {
            1 => String::new(),
            n => format!(", and to {}", counted(n as u64 - 1, "other rare host")),
        };
        draft.statement = format!(
            "{who} has a tunnel to {}, {}{more}{}; {} of {} ever contacted {}.",
            first.host.name,
            first.signs.words(first.row),
            span(draft.first_us, draft.last_us),
            count(u64::from(first.host.n_clients)),
            counted(site.n_outgoing_clients, "client"),
            first.host.name,
        );
        let wants = odd.iter().take(MAX_SHOWN).map(|o| (Selector::Contact(client, o.row.host), MAX_EVENTS));
        Suspect { rank: odd.len() as u64, wants: wants.collect(), draft }
    }
}

impl Detector for TunnelShape {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        let mut weak: BTreeMap<ClientKey, Vec<Odd<'_>>> = BTreeMap::new();
        for row in part.contacts.table.rows() {
            match self.odd(row, part, site) {
                Some(odd) if odd.signs.is_strong() => suspects.push(Self::suspect_of(vec![odd], true, site)),
                Some(odd) => weak.entry(row.client).or_default().push(odd),
                None => {}
            }
        }
        suspects.extend(weak.into_values().map(|odd| Self::suspect_of(odd, false, site)));
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        let mut largest = merged(events);
        let both = |e: &Event| e.bytes_in.or_zero().saturating_add(e.bytes_out.or_zero());
        largest.sort_by_key(|e| (std::cmp::Reverse(both(e)), e.ts_us, e.at));
        largest.iter().take(5).for_each(|event| draft.show(event));
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    const MIB: u64 = 1 << 20;

    fn connect(host: &str, port: u16) -> Request {
        Request { method: "CONNECT", port, ..to_host(T0, "10.0.0.1", host, "", 200).bytes(MIB) }
    }

    fn check(requests: Vec<Request>, want: &[(&str, Severity)]) {
        let found = TestSite::new(requests).run(&TunnelShape(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.severity)).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn one_sign_and_two() {
        let one = [("client 10.0.0.1", Severity::Low)];
        check(vec![connect("198.51.100.9", 443)], &one);
        check(vec![connect("h.example", 4444), connect("198.51.100.9", 22)], &one);
        check(vec![Request { minutes: 300, ..connect("h.example", 443) }], &one);
        let long = Request { minutes: 300, ..connect("h.example", 4444) };
        check(vec![long.clone()], &[("client 10.0.0.1 host h.example", Severity::Medium)]);
        let even = Request { bytes_in: Some(30 * MIB), ..connect("198.51.100.9", 443).bytes(40 * MIB) };
        check(vec![even], &[("client 10.0.0.1 host 198.51.100.9", Severity::Medium)]);
        let upgraded = Request { marks: Marks::UPGRADED, ..to_host(T0, "10.0.0.1", "h.example", "/ws", 101) };
        check(vec![upgraded], &[("client 10.0.0.1", Severity::Info)]);
    }

    #[test]
    fn what_is_no_tunnel_of_a_kind() {
        check(vec![connect("h.example", 443)], &[]);
        check(vec![Request { status_code: 503, ..connect("198.51.100.9", 22) }], &[]);
        check(vec![Request { minutes: 300, ..connect("10.9.9.9", 443) }], &[]);
        check(vec![Request { minutes: 300, ..connect("mtalk.google.com", 5228) }], &[]);
        // Large ones are `proxy-transfer`'s.
        check(vec![connect("198.51.100.9", 443).bytes(200 * MIB)], &[]);
        // A sensor's connections are all to addresses and ports.
        let seen = Request { method: "", marks: Marks::CONNECTION, ..connect("198.51.100.9", 22) };
        check(vec![seen.clone()], &[]);
        check(vec![Request { minutes: 300, ..seen }], &[("client 10.0.0.1", Severity::Low)]);
    }
}
