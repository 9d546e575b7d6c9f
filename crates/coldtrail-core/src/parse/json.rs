//! JSON lines: nginx `escape=json`, Caddy, Traefik, Zeek, ECS and others, by the names of their keys.

use super::Format;
use super::formats::{CADDY, JSON, TRAEFIK_JSON, ZEEK_JSON};
use super::json_scan::{Value, walk};
use super::request::trim_line;
use super::slot::Slot;
use super::zeek;
use crate::record::{Escape, FormatId, NO_TIME, Reason, Rec, Role, Span};

/// A reader of JSON lines.
#[derive(Debug)]
pub(super) struct JsonLines;

/// What a key means: its field, and which of several keys for one field is believed (lower wins).
struct Meaning {
    slot: Slot,
    rank: u8,
}

/// The meaning of a joined key in lower case.
fn meaning(key: &[u8]) -> Option<Meaning> {
    let best = |slot| Some(Meaning { slot, rank: 0 });
    let second = |slot| Some(Meaning { slot, rank: 1 });
    match key {
        b"remote_addr" | b"client_ip" | b"clientip" | b"client" | b"ip" | b"remote_ip" | b"clienthost"
        | b"c-ip" | b"request.client_ip" | b"id.orig_h" | b"source.ip" | b"client.ip" | b"src_ip"
        | b"src" | b"remoteip" | b"remote_host" | b"cip" | b"c_ip" | b"clientipaddress" => best(Slot::Client),
        b"source.address" | b"client.address" | b"remote" => second(Slot::Client),
        b"request.remote_ip" | b"realip_remote_addr" => best(Slot::Peer),
        b"http_x_forwarded_for"
        | b"x_forwarded_for"
        | b"xff"
        | b"x-forwarded-for"
        | b"request.headers.x-forwarded-for"
        | b"forwarded_for" => best(Slot::Forwarded),
        b"remote_user" | b"user" | b"username" | b"user_id" | b"clientusername" | b"user.name" => {
            best(Slot::User)
        }
        b"startutc" | b"@timestamp" | b"time_iso8601" => best(Slot::Time),
        b"timestamp"
        | b"time"
        | b"time_local"
        | b"ts"
        | b"msec"
        | b"datetime"
        | b"date"
        | b"edgestarttimestamp"
        | b"timestamp_us"
        | b"start_time" => second(Slot::Time),
        b"request" | b"req" | b"request_line" | b"requestline" | b"http_request" => best(Slot::Request),
        b"request_method"
        | b"method"
        | b"requestmethod"
        | b"request.method"
        | b"http.request.method"
        | b"http.http_method"
        | b"verb"
        | b"http_method"
        | b"clientrequestmethod" => best(Slot::Method),
        b"request_uri" | b"uri" | b"requestpath" | b"request.uri" | b"url.original" | b"http.url"
        | b"url" | b"clientrequesturi" | b"requesturi" | b"target" => best(Slot::Target),
        b"path" | b"url.path" | b"uri_path" => second(Slot::Path),
        b"args" | b"query_string" | b"query" | b"url.query" => second(Slot::Query),
        b"status"
        | b"st"
        | b"status_code"
        | b"response_status"
        | b"downstreamstatus"
        | b"http.response.status_code"
        | b"http.status"
        | b"code"
        | b"response"
        | b"edgeresponsestatus"
        | b"response_code"
        | b"statuscode" => best(Slot::Status),
        b"body_bytes_sent"
        | b"response_body_len"
        | b"downstreamcontentsize"
        | b"http.response.body.bytes"
        | b"http.length"
        | b"b" => best(Slot::BodyBytes),
        b"size" => second(Slot::BodyBytes),
        b"bytes_sent"
        | b"bytes"
        | b"response_bytes"
        | b"http.response.bytes"
        | b"edgeresponsebytes"
        | b"bytes_out" => best(Slot::Bytes),
        b"request_length"
        | b"rl"
        | b"bytes_read"
        | b"request_body_len"
        | b"requestcontentsize"
        | b"bytes_received"
        | b"http.request.bytes"
        | b"clientrequestbytes"
        | b"bytes_in" => best(Slot::RequestBytes),
        b"duration" | b"request_time" | b"rt" | b"elapsed" => best(Slot::DurationS),
        b"http_referer"
        | b"referer"
        | b"referrer"
        | b"ref"
        | b"http_referrer"
        | b"request.headers.referer"
        | b"request_referer"
        | b"http.request.referrer"
        | b"http.http_refer"
        | b"clientrequestreferer" => best(Slot::Referrer),
        b"http_user_agent"
        | b"user_agent"
        | b"useragent"
        | b"agent"
        | b"ua"
        | b"user-agent"
        | b"request.headers.user-agent"
        | b"request_user-agent"
        | b"user_agent.original"
        | b"http.http_user_agent"
        | b"clientrequestuseragent" => best(Slot::UserAgent),
        b"http_cookie" | b"cookie" | b"cookies" | b"request.headers.cookie" => best(Slot::Cookie),
        b"request_body" | b"body" | b"post_data" | b"http.request.body.content" => best(Slot::Body),
        b"host" | b"http_host" | b"request.host" | b"requesthost" | b"url.domain" | b"http.hostname"
        | b"clientrequesthost" => best(Slot::Host),
        b"server_name" | b"vhost" | b"virtual_host" | b"domain" => second(Slot::Host),
        b"resp_mime_types" | b"content_type" | b"http.http_content_type" => best(Slot::Mime),
        b"proxied" => second(Slot::Action),
        _ => None,
    }
}

impl Format for JsonLines {
    fn id(&self) -> FormatId {
        JSON
    }

    fn parse_line(&self, block: &[u8], line: Span) -> Rec {
        let text = trim_line(block, line);
        if text.is_empty() {
            return Rec::skipped(line);
        }
        if block[text.start()] != b'{' {
            return Rec::unread(line);
        }
        let mut found = Found { rec: Rec::begin(line), taken: [u8::MAX; N_SLOTS], server: Span::NONE };
        (found.rec.format, found.rec.escape) = (JSON, Escape::Json);
        let is_whole = walk(text.bytes(block), &mut |value| found.value(block, text.start(), &value));
        let Found { mut rec, server, .. } = found;
        if rec.client.is_none() && rec.peer.is_some() {
            (rec.client, rec.peer) = (rec.peer, Span::NONE);
        }
        if rec.client == rec.peer {
            rec.peer = Span::NONE;
        }
        if !is_whole {
            rec.flag(Reason::BadJson);
        }
        if rec.format == ZEEK_JSON {
            zeek::finish(&mut rec, block, server);
            return rec.or_raw();
        }
        rec.role = Role::Server;
        // A log that names its fields itself may leave out the time: nothing of the line is lost by that.
        if rec.client.is_none() {
            rec.flag(Reason::NoClient);
        } else if rec.ts_us == NO_TIME && found.taken[Slot::Time as usize] != u8::MAX {
            rec.flag(Reason::BadTime);
        }
        rec.or_raw()
    }
}

const N_SLOTS: usize = Slot::Action as usize + 1;

struct Found {
    rec: Rec,
    /// Rank of the key that each slot was set by.
    taken: [u8; N_SLOTS],
    server: Span,
}

impl Found {
    fn value(&mut self, block: &[u8], base: usize, value: &Value<'_>) {
        let span = Span::new(base + value.start, base + value.end);
        match value.key {
            b"id.resp_h" => self.server = span,
            b"request.uri" => self.rec.format = CADDY,
            b"downstreamstatus" => self.rec.format = TRAEFIK_JSON,
            b"id.orig_h" => self.rec.format = ZEEK_JSON,
            _ => {}
        }
        let Some(Meaning { mut slot, rank }) = meaning(value.key) else { return };
        if !value.is_string && span.bytes(block) == b"null" {
            return;
        }
        if value.key == b"duration" && self.rec.format == TRAEFIK_JSON {
            slot = Slot::DurationNs;
        }
        // Of two keys for one field the better one counts, of two like ones the first.
        if self.taken[slot as usize] <= rank {
            return;
        }
        self.taken[slot as usize] = rank;
        let is_number =
            matches!(slot, Slot::Status | Slot::BodyBytes | Slot::Bytes | Slot::RequestBytes | Slot::Time);
        if is_number && span.is_empty() {
            return;
        }
        slot.set(&mut self.rec, block, span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, TextField, format_ts};

    fn read(line: &[u8]) -> Rec {
        JsonLines.parse_line(line, Span::new(0, line.len()))
    }

    fn show(rec: &Rec, line: &[u8], field: TextField) -> Option<Vec<u8>> {
        rec.text(field, line).map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn nginx_with_bytes_that_are_not_utf8() {
        let line = b"{\"ip\":\"203.0.113.9\",\"user\":\"\",\"req\":\"GET /caf\xc3?x=\\\"\\u003c HTTP/1.1\",\"st\":\"404\",\"b\":\"153\",\"rl\":\"52\",\"ref\":\"\",\"ua\":\"a\xff\",\"body\":\"p=1\"}";
        let rec = read(line);
        assert_eq!((rec.outcome, rec.status_code, rec.request_bytes.get()), (Outcome::Ok, 404, Some(52)));
        assert_eq!(show(&rec, line, TextField::Path).as_deref(), Some(&b"/caf\xc3"[..]));
        assert_eq!(show(&rec, line, TextField::Query).as_deref(), Some(&b"x=\"<"[..]));
        assert_eq!(show(&rec, line, TextField::UserAgent).as_deref(), Some(&b"a\xff"[..]));
        assert_eq!(show(&rec, line, TextField::Referrer).as_deref(), Some(&b""[..]));
        assert_eq!(show(&rec, line, TextField::Body).as_deref(), Some(&b"p=1"[..]));
    }

    #[test]
    fn caddy() {
        let line = br#"{"level":"info","ts":1585597114.7687502,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.1","client_ip":"203.0.113.9","method":"GET","host":"h.example","uri":"/a?b","headers":{"User-Agent":["curl/7"],"Accept":["*/*"]}},"user_id":"","duration":0.000929675,"size":10900,"status":200}"#;
        let rec = read(line);
        assert_eq!((rec.format, rec.outcome, rec.duration_us.get()), (CADDY, Outcome::Ok, Some(929)));
        assert_eq!(format_ts(rec.ts_us, rec.ts_digits), "2020-03-30T19:38:34.768750000Z");
        assert_eq!(show(&rec, line, TextField::Client).as_deref(), Some(&b"203.0.113.9"[..]));
        assert_eq!(show(&rec, line, TextField::Peer).as_deref(), Some(&b"10.0.0.1"[..]));
        assert_eq!(show(&rec, line, TextField::UserAgent).as_deref(), Some(&b"curl/7"[..]));
        assert_eq!(rec.response_body_bytes.get(), Some(10_900));
    }

    #[test]
    fn traefik() {
        let line = br#"{"ClientAddr":"203.0.113.9:4711","ClientHost":"203.0.113.9","DownstreamContentSize":12,"DownstreamStatus":404,"Duration":50000,"RequestHost":"h.example","RequestMethod":"GET","RequestPath":"/a?b","StartUTC":"2025-10-10T13:55:36.123456789Z","time":"2025-10-10T13:55:37Z"}"#;
        let rec = read(line);
        assert_eq!((rec.format, rec.status_code, rec.duration_us.get()), (TRAEFIK_JSON, 404, Some(50)));
        assert_eq!(format_ts(rec.ts_us, 6), "2025-10-10T13:55:36.123456Z");
    }

    #[test]
    fn zeek_json() {
        let line = br#"{"ts":1389719059.311698,"uid":"C1","id.orig_h":"192.168.2.66","id.resp_h":"203.0.113.4","method":"GET","host":"h.example","uri":"/1.exe","status_code":200,"response_body_len":411648}"#;
        let rec = read(line);
        assert_eq!((rec.format, rec.role, rec.outcome), (ZEEK_JSON, Role::Proxy, Outcome::Ok));
    }

    #[test]
    fn broken_json_keeps_what_was_read() {
        let rec = read(br#"{"ip":"203.0.113.9","req":"GET /a HTTP/1.1","st":"200","ua":"cut"#);
        assert_eq!((rec.outcome, rec.reason, rec.status_code), (Outcome::Partial, Reason::BadJson, 200));
        assert_eq!(read(br#"{"level":"info","msg":"started"}"#).outcome, Outcome::Raw);
    }
}
