//! # Much data to one destination (`proxy-transfer`)
//! ## Finds
//! A client inside that sent a lot of data to a host hardly anybody uses, or tunnelled through an odd port.
//! ## Why it matters
//! Stolen data leaves the network as an upload or through a tunnel.
//! ## Decides
//! By client and host: bytes up >= 500 MiB to a rare host (at most 10 % of the clients where at least 20 are
//! seen; else at most 2 clients); or CONNECT to an address without a name, or to another port than 80, 443
//! and 8080, with at least 100 MiB in both directions. One: possible; both, or an upload at least 5 times
//! the download to such a tunnel: probable. Where the log has no bytes from the client, only tunnels are
//! judged, and said so.
//! ## Parameters
//! - `min_up_bytes` | 524288000 | bytes | 10 MiB-1 TiB | a day of cloud synchronisation, removed by rarity
//! - `min_tunnel_bytes` | 104857600 | bytes | 1 MiB-1 TiB | games and calls by address stay below
//! - `max_prevalence` | 0.1 | share | 0.01-0.5 | 1 % for the planted upload, 75 % for cloud storage
//!   (simulated)
//! ## ATT&CK
//! Exfiltration: T1048 over alternative protocol, T1567.002 to cloud storage; command and control: T1572
//! (ATT&CK v17)
//! ## False positives
//! Off-site backups of one server, a video conference system of one room.
//! ## Misses
//! Popular cloud storage; slow leaks below the limit; the native Squid format has no bytes from the client.
//! ## Cost
//! Sums in the contact's row; at most 50 lines a contact.
//! ## Sources
//! Measured on simulated proxy logs (two seeds): the planted upload and nothing else.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{bytes, count, counted, quote, span};
use crate::table::{ContactRow, Event, Partition, Selector, merged};

const MAX_EVENTS: usize = 50;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_up_bytes: u64,
    pub(crate) min_tunnel_bytes: u64,
    pub(crate) max_prevalence: f64,
    pub(crate) min_clients: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { min_up_bytes: 500 << 20, min_tunnel_bytes: 100 << 20, max_prevalence: 0.1, min_clients: 20 };
}

pub(in crate::detect) struct ProxyTransfer(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "proxy-transfer",
    title: "Much data to one destination",
    stage: Stage::Exfiltration,
    techniques: &["T1048", "T1567.002", "T1572"],
    since: "0.1.0",
    needs: &["client_ip", "host", "request_bytes"],
    doc: header!(include_str!("proxy_transfer.rs")),
};

impl Detector for ProxyTransfer {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        let knows_up = site.totals.lines.requests_with_bytes_in > 0;
        let n_clients = site.n_outgoing_clients;
        for row in part.contacts.table.rows() {
            let of_host = site.hosts.get(&row.host).map_or(1, |h| h.n_clients);
            let is_rare = if n_clients >= self.0.min_clients {
                f64::from(of_host) <= self.0.max_prevalence * n_clients as f64
            } else {
                of_host <= 2
            };
            let host = quote(part.contacts.text(row), 255);
            let is_address = host.parse::<std::net::IpAddr>().is_ok();
            let both = row.bytes_up.saturating_add(row.bytes_down);
            let is_upload = is_rare && row.bytes_up >= self.0.min_up_bytes;
            let is_tunnel = row.n_connects > 0
                && is_rare
                && (is_address || row.port_bits & ContactRow::OTHER_PORT != 0)
                && both >= self.0.min_tunnel_bytes;
            if !is_upload && !is_tunnel {
                continue;
            }
            let is_one_way = row.bytes_up / 5 >= row.bytes_down;
            let who = site.client_text(row.client);
            let mut draft = Draft::new(format!("client {who} host {host}"));
            let is_sure = is_tunnel && (is_upload || (knows_up && is_one_way));
            (draft.level, draft.severity) =
                if is_sure { (Level::Probable, Severity::High) } else { (Level::Possible, Severity::Medium) };
            draft.rule = if is_upload { "upload" } else { "tunnel" };
            draft.clients.insert(row.client);
            draft.set_span(row.first_s, row.last_s);
            draft.n_requests = u64::from(row.n_requests);
            draft.bytes_out = Some(row.bytes_down);
            draft.bytes_in = knows_up.then_some(row.bytes_up);
            draft.number("n_clients_of_host", of_host);
            draft.number("n_clients", n_clients);
            draft.number("n_connects", row.n_connects);
            draft.number("bytes_down", row.bytes_down);
            if knows_up {
                draft.number("bytes_up", row.bytes_up);
            } else {
                draft.caveats.push(
                    "The log has no bytes from the client: how much of this was sent out is not known."
                        .to_owned(),
                );
            }
            let port =
                if row.port_bits & ContactRow::OTHER_PORT != 0 { " through an unusual port" } else { "" };
            let sent =
                if knows_up { format!("sent {} to", bytes(row.bytes_up)) } else { "tunnelled to".to_owned() };
            draft.statement = format!(
                "{who} {sent} {host}{port} and got {} in {}{}; {} of {} ever contacted this host{}.",
                bytes(row.bytes_down),
                counted(u64::from(row.n_requests), "request"),
                span(draft.first_us, draft.last_us),
                count(u64::from(of_host)),
                counted(n_clients, "client"),
                if is_address { ", an address without a name" } else { "" },
            );
            draft.hosts.insert(host);
            suspects.push(Suspect {
                rank: both,
                wants: vec![(Selector::Contact(row.client, row.host), MAX_EVENTS)],
                draft,
            });
        }
        suspects
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let events = &merged(events);
        let mut draft = suspect.draft.clone();
        let mut largest: Vec<&Event> = events.iter().collect();
        largest.sort_by_key(|e| {
            (std::cmp::Reverse(e.bytes_in.or_zero().saturating_add(e.bytes_out.or_zero())), e.ts_us, e.at)
        });
        for event in events.iter().take(1).chain(largest.into_iter().take(4)) {
            draft.show(event);
        }
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    const MIB: u64 = 1 << 20;

    fn check(requests: Vec<Request>, want: Option<(&str, Level)>) {
        let found = TestSite::new(requests).run(&ProxyTransfer(Params::DEFAULT));
        let found: Vec<_> = found.iter().map(|f| (f.rule, f.level)).collect();
        assert_eq!(found, want.into_iter().collect::<Vec<_>>());
    }

    fn send(client: &'static str, host: &str, up: Option<u64>, down: u64) -> Request {
        Request { bytes_in: up, ..to_host(T0, client, host, "/u", 200).bytes(down) }
    }

    #[test]
    fn uploads_and_tunnels() {
        check(
            vec![send("10.0.0.1", "drop.example", Some(600 * MIB), MIB)],
            Some(("upload", Level::Possible)),
        );
        check(vec![send("10.0.0.1", "drop.example", Some(60 * MIB), MIB)], None);
        let clients = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
        check(clients.map(|c| send(c, "cloud.example", Some(600 * MIB), MIB)).to_vec(), None);
        let tunnel =
            Request { method: "CONNECT", port: 8443, ..send("10.0.0.1", "198.51.100.9", None, 200 * MIB) };
        check(vec![tunnel.clone()], Some(("tunnel", Level::Possible)));
        check(vec![Request { bytes_in: Some(900 * MIB), ..tunnel }], Some(("upload", Level::Probable)));
    }
}
