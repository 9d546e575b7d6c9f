//! The formats by name: what each can show, what it cannot, and the setting that would show it.

use crate::record::FormatId;

/// One format, in words for people.
pub struct FormatInfo {
    pub id: FormatId,
    /// The name that `--log-format` takes and `records` prints.
    pub name: &'static str,
    pub title: &'static str,
    /// Fields that the format carries.
    pub shows: &'static str,
    /// What a reader must know before trusting an absence: each with the setting that would show it.
    pub blind_spots: &'static [&'static str],
}

pub(super) const UNKNOWN: FormatId = FormatId(0);
pub(super) const COMBINED: FormatId = FormatId(1);
pub(super) const COMMON: FormatId = FormatId(2);
pub(super) const VHOST_COMBINED: FormatId = FormatId(3);
pub(super) const COMBINEDIO: FormatId = FormatId(4);
pub(super) const SQUID_COMBINED: FormatId = FormatId(5);
pub(super) const TRAEFIK_CLF: FormatId = FormatId(6);
pub(super) const CUSTOM: FormatId = FormatId(7);
pub(super) const IIS_W3C: FormatId = FormatId(8);
pub(super) const W3C: FormatId = FormatId(9);
pub(super) const SQUID: FormatId = FormatId(10);
pub(super) const ZEEK_HTTP: FormatId = FormatId(11);
pub(super) const ZEEK_JSON: FormatId = FormatId(12);
pub(super) const JSON: FormatId = FormatId(13);
pub(super) const CADDY: FormatId = FormatId(14);
pub(super) const TRAEFIK_JSON: FormatId = FormatId(15);
pub(super) const HAPROXY: FormatId = FormatId(16);
pub(super) const NGINX_PROXY_MANAGER: FormatId = FormatId(17);
pub(super) const SSL_REQUEST: FormatId = FormatId(18);
pub(super) const ERROR_LOG: FormatId = FormatId(19);
pub(super) const CLOUDFRONT: FormatId = FormatId(20);
pub(super) const AWS_ALB: FormatId = FormatId(21);
pub(super) const AWS_ELB: FormatId = FormatId(22);
pub(super) const AWS_S3: FormatId = FormatId(23);
pub(super) const ENVOY: FormatId = FormatId(24);
pub(super) const KEY_VALUE: FormatId = FormatId(25);
pub(super) const UMBRELLA: FormatId = FormatId(26);
pub(super) const LTSV: FormatId = FormatId(27);
pub(super) const ATLASSIAN: FormatId = FormatId(28);
pub(super) const SKYHIGH: FormatId = FormatId(29);
pub(super) const PALO_ALTO: FormatId = FormatId(30);
pub(super) const TABLE: FormatId = FormatId(31);
pub(super) const SURICATA: FormatId = FormatId(32);
pub(super) const UWSGI: FormatId = FormatId(33);
pub(super) const APP_SERVER: FormatId = FormatId(34);
pub(super) const INFERRED: FormatId = FormatId(35);
pub(super) const MODSECURITY: FormatId = FormatId(36);
pub(super) const ZEEK_CONN: FormatId = FormatId(37);
pub(super) const ZEEK_SSL: FormatId = FormatId(38);
pub(super) const HAR: FormatId = FormatId(39);

const POST_BODIES: &str = "POST bodies are not logged: nginx shows them with `$request_body` in log_format, Apache with ModSecurity's audit log \
     (`SecAuditLogParts ABCIFHZ`) or `mod_dumpio`";
const COOKIES: &str = "cookies are not logged: Apache `%{Cookie}i`, nginx `$http_cookie`";
const SENT_BY_CLIENT: &str = "bytes sent by the client are not logged (an upload looks like any request): Apache `%I` with mod_logio, nginx `$request_length`";
const HEADER_BYTES: &str =
    "sizes are of the body, without headers: Apache `%O` with mod_logio, nginx `$bytes_sent`";
const HOST: &str = "the host name asked for is not logged: Apache `%V`, nginx `$host`";
const BEHIND_PROXY: &str = "behind a proxy every client is the proxy: Apache mod_remoteip or `%{X-Forwarded-For}i`, nginx `set_real_ip_from` or \
     `$http_x_forwarded_for`";
const RAW_SPACE: &str = "Apache 2.4 logs a request only up to a raw space or NUL and answers 400: the rest of the payload is in no log";
const NGINX_USER: &str = "nginx logs the user name of any `Authorization: Basic` header, also where no password is asked for: a name is no proof of a login";

/// All formats; the position is the [`FormatId`].
pub fn formats() -> &'static [FormatInfo] {
    FORMATS
}

pub fn format_info(id: FormatId) -> &'static FormatInfo {
    FORMATS.get(usize::from(id.0)).unwrap_or(&FORMATS[0])
}

pub fn format_name(id: FormatId) -> &'static str {
    format_info(id).name
}

static FORMATS: &[FormatInfo] = &[
    FormatInfo {
        id: UNKNOWN,
        name: "unknown",
        title: "no known format",
        shows: "the line itself",
        blind_spots: &[
            "nothing of these lines is understood: give the server's own format string with `--log-format`",
        ],
    },
    FormatInfo {
        id: COMBINED,
        name: "combined",
        title: "Apache and nginx combined",
        shows: "client, user, time (start of the request at Apache, end at nginx; local time with offset), request, status, body bytes, referrer, user agent; \
                X-Forwarded-For where a quoted list follows",
        blind_spots: &[
            POST_BODIES,
            COOKIES,
            SENT_BY_CLIENT,
            HEADER_BYTES,
            HOST,
            BEHIND_PROXY,
            RAW_SPACE,
            NGINX_USER,
        ],
    },
    FormatInfo {
        id: COMMON,
        name: "common",
        title: "common log format",
        shows: "client, user, time with offset, request, status, body bytes",
        blind_spots: &[
            "referrer and user agent are not logged: use the combined format",
            POST_BODIES,
            COOKIES,
            SENT_BY_CLIENT,
            HEADER_BYTES,
            HOST,
            BEHIND_PROXY,
        ],
    },
    FormatInfo {
        id: VHOST_COMBINED,
        name: "vhost-combined",
        title: "combined with the virtual host first",
        shows: "as combined, and the virtual host",
        blind_spots: &[POST_BODIES, COOKIES, SENT_BY_CLIENT, HEADER_BYTES, BEHIND_PROXY, RAW_SPACE],
    },
    FormatInfo {
        id: COMBINEDIO,
        name: "combinedio",
        title: "combined with bytes received and sent (mod_logio)",
        shows: "as combined, and bytes from and to the client with headers",
        blind_spots: &[POST_BODIES, COOKIES, HOST, BEHIND_PROXY, RAW_SPACE],
    },
    FormatInfo {
        id: SQUID_COMBINED,
        name: "squid-combined",
        title: "Squid with logformat combined",
        shows: "client, user, time of the end of the request, request, status, bytes with headers, referrer, user agent, cache result",
        blind_spots: &[
            "query strings are stripped by default, only the `?` stays: `strip_query_terms off`",
            "quotes inside fields are not escaped: a client can forge what follows",
            "bytes sent by the client are not logged, so an upload does not show: `%>st` in logformat",
            "of a tunnel only its end and the bytes to the client are logged",
        ],
    },
    FormatInfo {
        id: TRAEFIK_CLF,
        name: "traefik",
        title: "Traefik, common format",
        shows: "client, user, time with offset, request, status, body bytes, duration in ms; referrer and user agent only if kept",
        blind_spots: &[
            "referrer and user agent are dropped by default: `accessLog.fields.headers.names.User-Agent=keep`, and Referer",
            "the host name asked for is not logged: use `accessLog.format=json`",
            "POST bodies are never logged by Traefik",
        ],
    },
    FormatInfo {
        id: CUSTOM,
        name: "custom",
        title: "an Apache LogFormat or nginx log_format given with --log-format",
        shows: "what the format string names",
        blind_spots: &[
            "what the format string does not name; with nginx `escape=none` a client can forge whole lines",
        ],
    },
    FormatInfo {
        id: IIS_W3C,
        name: "iis",
        title: "IIS, W3C extended",
        shows: "client, user, time in UTC (end of the request), method, path and query, status, user agent, referrer, duration in ms; host, cookie, bytes both ways if chosen",
        blind_spots: &[
            "bytes are off by default, so neither theft nor upload can be sized: choose sc-bytes and cs-bytes in the site's logging fields",
            "POST bodies are never logged by IIS: Failed Request Tracing or an IIS module",
            "the host name asked for is off by default: choose cs-host",
            "a space and a `+` in a header are logged alike as `+`",
            "requests that http.sys rejects are in HTTPERR, not here",
            "behind a proxy every client is the proxy: add the custom field X-Forwarded-For",
        ],
    },
    FormatInfo {
        id: W3C,
        name: "w3c",
        title: "W3C extended (Blue Coat, Netskope, TMG, NetScaler, others)",
        shows: "what its `#Fields` line names; time in UTC",
        blind_spots: &["what the `#Fields` line does not name"],
    },
    FormatInfo {
        id: SQUID,
        name: "squid",
        title: "Squid, native access.log",
        shows: "client, user, time of the end of the request (ms), duration, cache result, status, bytes to the client with headers, method, URL, peer, content type",
        blind_spots: &[
            "query strings are stripped by default, only the `?` stays: `strip_query_terms off`",
            "bytes sent by the client are not logged, so an upload does not show: `%>st` in logformat",
            "user agent and referrer are not logged: `%{User-Agent}>h %{Referer}>h` in logformat",
            "of a tunnel (CONNECT) only its end and the bytes to the client are logged, one line for the whole tunnel",
        ],
    },
    FormatInfo {
        id: ZEEK_HTTP,
        name: "zeek",
        title: "Zeek http.log, tab-separated",
        shows: "client, server, time (start of the request, us), method, host, URI, referrer, user agent, body bytes both ways, status, user, content type",
        blind_spots: &[
            "TLS is not seen inside: ssl.log and conn.log have the sizes",
            "POST bodies are not logged: the file analyzers or a script",
        ],
    },
    FormatInfo {
        id: ZEEK_JSON,
        name: "zeek-json",
        title: "Zeek http.log, JSON",
        shows: "as zeek",
        blind_spots: &[
            "TLS is not seen inside: ssl.log and conn.log have the sizes",
            "POST bodies are not logged: the file analyzers or a script",
        ],
    },
    FormatInfo {
        id: JSON,
        name: "json",
        title: "JSON lines with the usual names (nginx escape=json, ECS, Cloudflare, others)",
        shows: "what its keys name",
        blind_spots: &["what its keys do not name; POST bodies need `$request_body` in nginx's log_format"],
    },
    FormatInfo {
        id: CADDY,
        name: "caddy",
        title: "Caddy, JSON",
        shows: "client and peer, user, time (end of the request), method, host, URI, request headers, status, bytes both ways, duration",
        blind_spots: &[
            "POST bodies are never logged by Caddy",
            "cookies and Authorization are redacted: `log_credentials`",
        ],
    },
    FormatInfo {
        id: TRAEFIK_JSON,
        name: "traefik-json",
        title: "Traefik, JSON",
        shows: "client, user, time in UTC (start), method, host, path, status, body bytes both ways, duration",
        blind_spots: &[
            "referrer and user agent are dropped by default: `accessLog.fields.headers.names.User-Agent=keep`, and Referer",
            "POST bodies are never logged by Traefik",
        ],
    },
    FormatInfo {
        id: HAPROXY,
        name: "haproxy",
        title: "HAProxy, option httplog",
        shows: "client, local time without offset (start, ms), request, status, bytes to the client with headers, duration; captured headers, told apart by their shape",
        blind_spots: &[
            "a malformed or non-ASCII request is logged as <BADREQ> without its URI: the attack is in no log; `show errors` has the last one",
            "the time has no offset: give `--tz`",
            "lines over syslog are cut at 1,024 bytes: `log ... len 65535`",
            "user agent and referrer need `capture request header User-Agent len 256`, and Referer",
            "bytes sent by the client are not logged: `%U` in log-format",
        ],
    },
    FormatInfo {
        id: NGINX_PROXY_MANAGER,
        name: "nginx-proxy-manager",
        title: "Nginx Proxy Manager",
        shows: "client, time with offset, method, scheme, host, URI, status, body bytes, user agent, referrer",
        blind_spots: &[POST_BODIES, COOKIES, SENT_BY_CLIENT, HEADER_BYTES],
    },
    FormatInfo {
        id: SSL_REQUEST,
        name: "ssl-request",
        title: "Apache ssl_request_log",
        shows: "client, time with offset, request, body bytes",
        blind_spots: &["neither status nor user agent is logged: read the access log beside it", POST_BODIES],
    },
    FormatInfo {
        id: ERROR_LOG,
        name: "error-log",
        title: "error log of Apache or nginx",
        shows: "time without offset, client, sometimes the request",
        blind_spots: &[
            "an error log has no answers: read the access log beside it",
            "the time has no offset: give `--tz`",
        ],
    },
    FormatInfo {
        id: CLOUDFRONT,
        name: "cloudfront",
        title: "Amazon CloudFront standard log",
        shows: "client, time in UTC (end), method, host, path, query, status, bytes both ways, referrer, user agent, cookie, X-Forwarded-For, cache result",
        blind_spots: &["POST bodies are never logged by CloudFront"],
    },
    FormatInfo {
        id: AWS_ALB,
        name: "aws-alb",
        title: "Amazon application and network load balancers",
        shows: "client, target, time in UTC (end, us), status, bytes both ways with headers, request with host, user agent",
        blind_spots: &[
            "POST bodies and referrers are never logged by the load balancer",
            "the user is not logged",
        ],
    },
    FormatInfo {
        id: AWS_ELB,
        name: "aws-elb",
        title: "Amazon classic load balancer",
        shows: "client, target, time in UTC (us), status, body bytes both ways, request with host, user agent",
        blind_spots: &[
            "POST bodies and referrers are never logged by the load balancer",
            "the user is not logged",
        ],
    },
    FormatInfo {
        id: AWS_S3,
        name: "aws-s3",
        title: "Amazon S3 server access log",
        shows: "client, requester, bucket, time in UTC, request, status, bytes sent, duration, referrer, user agent",
        blind_spots: &[
            "delivery is best effort: lines may be missing or late",
            "bytes of an upload are the object's size, not logged for failed requests",
        ],
    },
    FormatInfo {
        id: ENVOY,
        name: "envoy",
        title: "Envoy and Istio, default text format",
        shows: "time in UTC (start, ms), request, host, status, body bytes both ways, duration, X-Forwarded-For, user agent",
        blind_spots: &[
            "the address of the connection is not logged, only what X-Forwarded-For claims: `%DOWNSTREAM_REMOTE_ADDRESS%`",
            "quotes inside fields are not escaped: a client can forge what follows",
            "referrers and POST bodies are not logged: `%REQ(REFERER)%`",
        ],
    },
    FormatInfo {
        id: KEY_VALUE,
        name: "key-value",
        title: "key=value, CEF and LEEF of proxies and firewalls (Fortinet, Sophos, Skyhigh, Forcepoint, Zscaler)",
        shows: "what its keys name",
        blind_spots: &[
            "what its keys do not name; a product logs only the categories and actions that are switched on",
        ],
    },
    FormatInfo {
        id: UMBRELLA,
        name: "umbrella",
        title: "Cisco Umbrella proxy log, CSV",
        shows: "client, identity, time in UTC, action, URL, referrer, user agent, status, bytes both ways, content type",
        blind_spots: &["only requests that the selective proxy saw are here"],
    },
    FormatInfo {
        id: LTSV,
        name: "ltsv",
        title: "labelled tab-separated values",
        shows: "what its labels name",
        blind_spots: &["what its labels do not name"],
    },
    FormatInfo {
        id: ATLASSIAN,
        name: "atlassian",
        title: "Jira, Confluence (access log of Tomcat) and Bitbucket",
        shows: "client, proxy in front, user, time with offset, method, target, status, body bytes, referrer, user agent",
        blind_spots: &[
            "POST bodies are never logged",
            "the log holds authenticated users by their account's name only",
        ],
    },
    FormatInfo {
        id: SKYHIGH,
        name: "skyhigh",
        title: "Skyhigh (McAfee) Web Gateway, access.log",
        shows: "client, user, time with offset, request, status, category, content type, bytes to the client, user agent; more if added",
        blind_spots: &[
            "bytes sent by the client and the referrer are off by default: add them to the access log's rule",
            "quotes inside fields are not escaped: a client can forge what follows",
            "of a tunnel only its host is logged unless TLS is opened",
        ],
    },
    FormatInfo {
        id: PALO_ALTO,
        name: "palo-alto",
        title: "Palo Alto firewalls, URL log (CSV by syslog)",
        shows: "client, user, time, action, URL, content type, referrer, user agent, method",
        blind_spots: &[
            "neither status nor bytes are logged: what was delivered, and how much, cannot be told (bytes stand in the TRAFFIC log)",
            "the time is local and states no offset: `--tz`",
            "user agent, referrer and method are logged only if HTTP header logging is on in the URL filtering profile",
            "only categories whose action is not `allow` are logged",
        ],
    },
    FormatInfo {
        id: TABLE,
        name: "table",
        title: "tables with a head: CSV of proxies (Zscaler, Netskope), of cloud services, exports of collectors",
        shows: "what its head names; at least client, time, and host or URL",
        blind_spots: &["what its head does not name", "a value with a line break in it is read as two lines"],
    },
    FormatInfo {
        id: SURICATA,
        name: "suricata",
        title: "Suricata, eve.json (events of type http)",
        shows: "client, time, host, URL, method, status, body bytes, referrer, user agent, content type",
        blind_spots: &[
            "what went over TLS is not here",
            "bytes sent by the client are not logged, so an upload does not show",
            "POST bodies are not logged: `http-body: yes` of the eve log shows those of alerts",
        ],
    },
    FormatInfo {
        id: UWSGI,
        name: "uwsgi",
        title: "uWSGI, request log",
        shows: "client, user, time without offset, method, target, status, body bytes",
        blind_spots: &["referrers, user agents and POST bodies are not logged: `--log-format` of uWSGI"],
    },
    FormatInfo {
        id: APP_SERVER,
        name: "app-server",
        title: "application servers' own lines (uvicorn, Gin, Rails, Django and PHP development servers)",
        shows: "client (not Django), time (not uvicorn), method, target, status (not Rails), body bytes (Django)",
        blind_spots: &[
            "bytes, referrers, user agents and POST bodies are not logged: put a web server with the combined format before it",
            "behind a proxy every client is the proxy: uvicorn `--proxy-headers`, Gin `SetTrustedProxies`, Rails `config.action_dispatch.trusted_proxies`",
            "quotes inside fields are not escaped: a client can forge what follows",
        ],
    },
    FormatInfo {
        id: INFERRED,
        name: "inferred",
        title: "a format of its own, cut by one separator, whose columns show by their values what they are",
        shows: "client, time, what was asked for; method, status, size and user agent where a column is clearly that",
        blind_spots: &[
            "what the columns of this log mean was inferred from their values: check it with `coldtrail explain 'LINE'`, or give the server's format with `--log-format`",
            "columns that do not show what they are were not read",
        ],
    },
    FormatInfo {
        id: MODSECURITY,
        name: "modsecurity",
        title: "ModSecurity, serial audit log",
        shows: "client, time with offset, request with host, referrer, user agent, cookies and POST body; status and size of the answer",
        blind_spots: &[
            "by default only requests that a rule or an error marked are here: `SecAuditEngine On` keeps all",
            "bodies are here only if `SecAuditLogParts` has C (or I, without files), answers only with F",
            "where a block of 256 KiB ends, the sections of one request are read apart: its answer or its client is missing",
        ],
    },
    FormatInfo {
        id: ZEEK_CONN,
        name: "zeek-conn",
        title: "Zeek conn.log, tab-separated or JSON",
        shows: "client, address and port of the server, time (start of the connection, us), duration, bytes both ways, whether it was answered",
        blind_spots: &[
            "connections, not requests: hosts are addresses, no URL is seen; http.log and ssl.log have the names",
            "what http.log and ssl.log tell of a connection is counted here once more, by address",
            "only connections of internal clients are read (by address, or by `local_orig` where `Site::local_nets` is set)",
        ],
    },
    FormatInfo {
        id: ZEEK_SSL,
        name: "zeek-ssl",
        title: "Zeek ssl.log, tab-separated or JSON",
        shows: "client, name of the server that the client asked for (else its address) and port, time, whether the connection came about",
        blind_spots: &[
            "sizes and durations are not logged: conn.log has them; nothing inside of TLS is seen",
            "only connections of internal clients are read",
        ],
    },
    FormatInfo {
        id: HAR,
        name: "har",
        title: "HAR, what a browser or an intercepting proxy saves; each entry is a line",
        shows: "time (start of the request, ms), duration, method, URL, status, body bytes both ways, content type, referrer, user agent, cookies, POST bodies",
        blind_spots: &[
            "whose browser it was is not logged: all entries have one client without a name",
            "what a page loaded while nobody recorded is not here",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positions_and_names_are_unique() {
        for (i, f) in formats().iter().enumerate() {
            assert_eq!(usize::from(f.id.0), i, "{}", f.name);
            assert_eq!(format_name(f.id), f.name);
            assert!(!f.blind_spots.is_empty() && !f.shows.is_empty(), "{}", f.name);
            assert_eq!(formats().iter().filter(|g| g.name == f.name).count(), 1, "{}", f.name);
        }
    }
}
