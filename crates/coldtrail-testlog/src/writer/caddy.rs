//! Caddy's JSON access log.

use super::{Writer, put};
use crate::request::Request;
use crate::truth::quoted;

pub(super) struct Caddy;

impl Writer for Caddy {
    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let end_us = r.end_us();
        put!(out, "{{\"level\":\"info\",\"ts\":{}.{:06}", end_us / 1_000_000, end_us % 1_000_000);
        put!(out, ",\"logger\":\"http.log.access.log0\",\"msg\":\"handled request\",\"request\":{{");
        put!(
            out,
            "\"remote_ip\":\"{0}\",\"remote_port\":\"{1}\",\"client_ip\":\"{0}\"",
            r.client,
            32_768 + r.start_us % 28_000
        );
        put!(out, ",\"proto\":\"{}\",\"method\":\"{}\",\"host\":{}", r.protocol, r.method, quoted(&r.host));
        put!(out, ",\"uri\":{},\"headers\":{{", quoted(&r.target));
        let headers: Vec<String> = [("User-Agent", &r.user_agent), ("Referer", &r.referrer)]
            .iter()
            .filter(|header| !header.1.is_empty())
            .map(|(name, value)| format!("\"{name}\":[{}]", quoted(value)))
            .collect();
        put!(out, "{}}}}},\"bytes_read\":{}", headers.join(","), r.request_bytes);
        put!(
            out,
            ",\"user_id\":{},\"duration\":{}",
            quoted(r.user.as_deref().unwrap_or_default()),
            r.duration_us as f64 / 1e6
        );
        put!(
            out,
            ",\"size\":{},\"status\":{},\"resp_headers\":{{\"Server\":[\"Caddy\"]}}}}\n",
            r.response_body_bytes,
            r.status_code
        );
    }
}
