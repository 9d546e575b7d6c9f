//! nginx with `escape=json`: the names that its variables have.

use super::{Writer, put};
use crate::request::Request;
use crate::time::iso;
use crate::truth::quoted;

pub(super) struct NginxJson;

impl Writer for NginxJson {
    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        put!(out, "{{\"time_iso8601\":\"{}\"", iso(r.end_us()).replace('Z', "+00:00"));
        put!(
            out,
            ",\"remote_addr\":\"{}\",\"remote_user\":{}",
            r.client,
            quoted(r.user.as_deref().unwrap_or_default())
        );
        put!(
            out,
            ",\"host\":{},\"request_method\":\"{}\",\"request_uri\":{}",
            quoted(&r.host),
            r.method,
            quoted(&r.target)
        );
        put!(out, ",\"server_protocol\":\"{}\",\"status\":{}", r.protocol, r.status_code);
        put!(out, ",\"body_bytes_sent\":{},\"bytes_sent\":{}", r.response_body_bytes, r.response_bytes());
        put!(
            out,
            ",\"request_length\":{},\"request_time\":{:.3}",
            r.request_bytes,
            r.duration_us as f64 / 1e6
        );
        put!(
            out,
            ",\"http_referer\":{},\"http_user_agent\":{}}}\n",
            quoted(&r.referrer),
            quoted(&r.user_agent)
        );
    }
}
