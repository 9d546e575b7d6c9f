//! ProxySG's main format.

use super::squid::hop;
use super::{Writer, dash, put};
use crate::request::Request;
use crate::time::iso;

pub(super) struct BlueCoat;

impl Writer for BlueCoat {
    fn head(&self, start_us: i64, out: &mut Vec<u8>) {
        let date = iso(start_us).replace('T', " ").replace('Z', "");
        put!(out, "#Software: SGOS 7.3.8.1\n#Version: 1.0\n#Start-Date: {date}\n#Date: {date}\n");
        put!(
            out,
            "#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories "
        );
        put!(
            out,
            "cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path "
        );
        put!(out, "cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id\n");
    }

    fn line(&self, r: &Request, out: &mut Vec<u8>) {
        let (hop, tunnel) = (hop(r), r.method == "CONNECT");
        let denied = r.status_code == 403;
        put!(out, "{} {} ", iso(r.end_us()).replace('T', " ").replace('Z', ""), r.duration_us / 1_000);
        put!(out, "{} {} - ", r.client, dash(r.user.as_deref().unwrap_or_default()));
        put!(out, "{} ", if denied { "policy_denied DENIED" } else { "- OBSERVED" });
        put!(
            out,
            "\"none\" {} {} {} {} ",
            dash(&r.referrer),
            r.status_code,
            if tunnel { "TCP_TUNNELED" } else { hop.action },
            r.method
        );
        put!(out, "{} {} {} {} ", hop.content_type, if tunnel { "tcp" } else { "http" }, r.host, hop.port);
        let query = if r.query().is_empty() { "-".into() } else { format!("?{}", r.query()) };
        let extension =
            r.path().rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or("-", |file| file.1);
        let path = if tunnel { "/" } else { r.path() };
        put!(out, "{path} {query} {extension} \"{}\" ", dash(&r.user_agent));
        put!(
            out,
            "{} {} {} \"-\"\n",
            hop.peer.map_or("-".into(), |peer| peer.to_string()),
            r.response_bytes(),
            r.request_bytes
        );
    }
}
