//! Squid's native format: written when the answer is finished, with the milliseconds that it took.

use super::{Writer, dash, put};
use crate::request::{Hop, Request};

pub(super) struct Squid;

impl Writer for Squid {
    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let (end_ms, hop) = (r.end_us() / 1_000, hop(r));
        put!(out, "{}.{:03} {:6} {} ", end_ms / 1_000, end_ms % 1_000, r.duration_us / 1_000, r.client);
        put!(out, "{}/{:03} {} {} {} ", hop.action, r.status_code, r.response_bytes(), r.method, url(r));
        put!(out, "{} ", dash(r.user.as_deref().unwrap_or_default()));
        match hop.peer {
            Some(peer) => put!(out, "HIER_DIRECT/{peer} {}\n", hop.content_type),
            None => put!(out, "HIER_NONE/- {}\n", hop.content_type),
        }
    }
}

/// The address as a proxy writes it; Squid leaves queries out unless told otherwise.
fn url(r: &Request) -> String {
    let port = hop(r).port;
    match r.method {
        "CONNECT" => format!("{}:{port}", r.host),
        _ if r.query().is_empty() => format!("http://{}{}", r.host, r.path()),
        _ => format!("http://{}{}?", r.host, r.path()),
    }
}

/// What the proxy knows; a request without it came straight to a server.
pub(super) fn hop(r: &Request) -> Hop {
    r.hop.unwrap_or(Hop { action: "TCP_MISS", port: 80, peer: None, content_type: "-" })
}
