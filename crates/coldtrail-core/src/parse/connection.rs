//! Connections that a sensor saw, of which no request is known: Zeek's conn.log and ssl.log, in columns or as JSON.

use super::formats::{ZEEK_CONN, ZEEK_SSL};
use super::request::digits;
use super::slot::check;
use super::zeek::set_role;
use crate::record::{FormatId, Outcome, Reason, Rec, Role, Span};
use std::net::IpAddr;

/// What of a connection has no place in a record.
#[derive(Clone, Copy)]
pub(super) struct Connection {
    /// Address of the server.
    pub(super) server: Span,
    pub(super) port: Span,
    /// `tcp`, `udp`, `icmp`; absent where the log has no such column.
    pub(super) protocol: Span,
    /// ssl.log: whether it came about, `T` or `true`.
    pub(super) established: Span,
    /// conn.log: whether the client is one of ours, where the sensor was told which networks are.
    pub(super) is_local: Span,
}

impl Connection {
    pub(super) const NONE: Self = Self {
        server: Span::NONE,
        port: Span::NONE,
        protocol: Span::NONE,
        established: Span::NONE,
        is_local: Span::NONE,
    };

    /// Makes `rec` the record of a connection of one of our own people. What goes to nobody in particular is skipped
    /// (echoes, and what is sent to many at once); so are the connections of strangers to our servers, of which only
    /// requests can be judged.
    pub(super) fn finish(self, mut rec: Rec, block: &[u8], format: FormatId) -> Rec {
        let server = self.server.bytes(block);
        let is_to_many = std::str::from_utf8(server).ok().and_then(|s| s.parse::<IpAddr>().ok()).is_some_and(
            |ip| match ip {
                IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
                IpAddr::V6(ip) => ip.is_multicast(),
            },
        );
        if is_to_many || self.protocol.bytes(block).starts_with(b"icmp") {
            return Rec::skipped(rec.line);
        }
        rec.format = format;
        rec.is_connection = true;
        if rec.host.is_none() || rec.host.is_empty() {
            rec.host = self.server;
        }
        rec.port = digits(self.port.bytes(block)).and_then(|p| u16::try_from(p).ok()).unwrap_or(0);
        rec.is_unanswered = match format {
            ZEEK_CONN => {
                let state = rec.action.bytes(block);
                [&b"S0"[..], b"REJ", b"RSTOS0", b"RSTRH", b"SH", b"SHR"].contains(&state)
            }
            ZEEK_SSL => matches!(self.established.bytes(block), b"F" | b"false"),
            _ => false,
        };
        set_role(&mut rec, block);
        if matches!(self.is_local.bytes(block), b"T" | b"true") {
            rec.role = Role::Proxy;
        }
        if rec.role == Role::Server && rec.client.is_some() {
            return Rec::skipped(rec.line);
        }
        if rec.outcome == Outcome::Ok {
            check(&mut rec);
            if rec.host.is_none() {
                rec.flag(Reason::TooFewFields);
            }
        }
        if rec.client.is_none() { Rec::unread(rec.line) } else { rec }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::{Format, Json};
    use crate::record::{Outcome, Role, Span};

    #[test]
    fn answered_or_not_and_whose() {
        let check = |keys: &str, want: (Outcome, bool, u16)| {
            let line =
                format!("{{\"ts\":1772445601.5,\"id.resp_h\":\"198.51.100.9\",\"proto\":\"tcp\",{keys}}}");
            let rec = Json::default().parse_line(line.as_bytes(), Span::new(0, line.len()));
            assert_eq!((rec.outcome, rec.is_unanswered, rec.port), want, "{line}");
            if rec.outcome == Outcome::Ok {
                assert!(rec.is_connection && rec.role == Role::Proxy && !rec.has_status, "{line}");
            }
        };
        let ours = r#""id.orig_h":"10.1.2.3","id.resp_p":8443"#;
        check(&format!(r#"{ours},"conn_state":"SF""#), (Outcome::Ok, false, 8443));
        check(&format!(r#"{ours},"conn_state":"S0""#), (Outcome::Ok, true, 8443));
        check(&format!(r#"{ours},"server_name":"h.example","established":false"#), (Outcome::Ok, true, 8443));
        check(&format!(r#"{ours},"query":"h.example""#), (Outcome::Skipped, false, 0));
        let strange = r#""id.orig_h":"203.0.113.9","id.resp_p":99999,"conn_state":"SF""#;
        check(strange, (Outcome::Skipped, false, 0));
        check(&format!(r#"{strange},"local_orig":true"#), (Outcome::Ok, false, 0));
    }
}
