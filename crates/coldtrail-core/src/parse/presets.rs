//! Formats of known software that are one fixed line, written as format strings.

use super::LogFormat;
use super::formats::{ATLASSIAN, AWS_ALB, AWS_ELB, AWS_S3, ENVOY, NGINX_PROXY_MANAGER, SKYHIGH, UWSGI};
use crate::record::{Escape, FormatId};
use std::sync::OnceLock;

/// The strings name their values as nginx does; `$_` is one word that is not kept. More values may follow in the log.
const PRESETS: [(FormatId, Escape, &str); 16] = [
    (
        NGINX_PROXY_MANAGER,
        Escape::Backslash,
        r#"[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $_] "$http_user_agent" "$http_referer""#,
    ),
    (
        NGINX_PROXY_MANAGER,
        Escape::Backslash,
        r#"[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $_] [Sent-to $_] "$http_user_agent" "$http_referer""#,
    ),
    (
        AWS_ALB,
        Escape::Backslash,
        r#"$_ $time_iso8601 $_ $remote_addr $_ $_ $_ $_ $status $_ $request_length $bytes_sent "$request" "$http_user_agent" $_"#,
    ),
    (
        AWS_ELB,
        Escape::Backslash,
        r#"$time_iso8601 $_ $remote_addr $_ $_ $_ $_ $status $_ $request_length $body_bytes_sent "$request" "$http_user_agent" $_ $_"#,
    ),
    (
        AWS_ELB,
        Escape::Backslash,
        r#"$time_iso8601 $_ $remote_addr $_ $_ $_ $_ $status $_ $request_length $body_bytes_sent "$request""#,
    ),
    (
        AWS_ALB,
        Escape::Backslash,
        "tls $_ $time_iso8601 $_ $_ $remote_addr $_ $_ $_ $request_length $bytes_sent $_ $_ $_ $_ $_ $_ $host",
    ),
    (
        AWS_S3,
        Escape::None,
        r#"$_ $_ [$time_local] $remote_addr $remote_user $_ $_ $_ "$request" $status $_ $body_bytes_sent $_ $duration_ms $_ "$http_referer" "$http_user_agent" $_"#,
    ),
    (
        AWS_S3,
        Escape::None,
        "$_ $_ [$time_local] $remote_addr $remote_user $_ $_ $_ - $status $_ $body_bytes_sent $_",
    ),
    (
        ENVOY,
        Escape::None,
        r#"[$time_iso8601] "$request" $status $_ $request_length $body_bytes_sent $duration_ms $_ "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream_addr""#,
    ),
    (
        ENVOY,
        Escape::None,
        r#"[$time_iso8601] "$request" $status $_ $_ $_ "$failure" $request_length $body_bytes_sent $duration_ms $_ "$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream_addr""#,
    ),
    // With the address of the proxy in front, since 7.11 and 9.4; then without.
    (
        ATLASSIAN,
        Escape::None,
        "[$time_local] $realip_remote_addr $remote_user $_ $remote_addr $request_method $request_uri $_ $status $_ \
         $body_bytes_sent $http_referer $http_user_agent",
    ),
    (
        ATLASSIAN,
        Escape::None,
        "[$time_local] $remote_user $_ $remote_addr $request_method $request_uri $_ $status $_ $body_bytes_sent \
         $http_referer $http_user_agent",
    ),
    (
        ATLASSIAN,
        Escape::None,
        r#"$remote_addr | $_ | $_ | $remote_user | $time_local | "$request" | "$http_referer" "$http_user_agent" | $status | $request_length | $bytes_sent | $labels | $duration_ms | $_"#,
    ),
    (
        UWSGI,
        Escape::None,
        "[pid: $pid] $remote_addr ($remote_user) {$vars} [$time_local] $request_method $request_uri => generated $body_bytes_sent bytes in $_ $_ (HTTP/$_ $status) $_",
    ),
    // The columns that come with the product; then with the server, the cache, the bytes from the client and the referrer.
    (
        SKYHIGH,
        Escape::Backslash,
        r#"[$time_local] "$remote_user" $remote_addr $status "$request" "$categories" "$reputation" "$sent_http_content_type" $bytes_sent "$http_user_agent""#,
    ),
    (
        SKYHIGH,
        Escape::Backslash,
        r#"[$time_local] "$remote_user" $remote_addr $_ $_ $status $upstream_cache_status "$request" "$categories" "$reputation" "$sent_http_content_type" $request_length $bytes_sent "$http_user_agent" "$http_referer""#,
    ),
];

/// The compiled presets.
pub(super) fn presets() -> &'static [LogFormat] {
    static COMPILED: OnceLock<Vec<LogFormat>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let compile = |(id, escape, text): &(FormatId, Escape, &str)| {
            LogFormat::compile(text).ok().map(|f| f.with_id(*id).with_escape(*escape))
        };
        PRESETS.iter().filter_map(compile).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Format, format_name};
    use crate::record::{Outcome, Span};

    #[test]
    fn every_preset_reads_its_line() {
        assert_eq!(presets().len(), PRESETS.len());
        let lines = [
            r#"[24/Jan/2026:13:40:19 +0000] 444 - GET https 192.0.2.1 "/.env" [Client 203.0.113.9] [Length 0] [Gzip -] "u" "-""#,
            r#"[24/Jan/2026:13:40:19 +0000] MISS 502, 200 200 - GET https h.example "/a?b" [Client 203.0.113.9] [Length 5] [Gzip 2.45] [Sent-to 10.0.0.15:8080] "u" "-""#,
            r#"https 2026-01-01T00:55:04.127531Z app/lb/1 203.0.113.9:2817 10.0.0.1:80 0.001 0.102 0.000 200 200 225 24950 "GET https://h.example:443/a?b HTTP/1.1" "u \"x\"" ECDHE TLSv1.2 arn "t" "d" "c" 0 2026-01-01T00:55:04.000000Z "forward" "-" "-""#,
            r#"2026-01-01T00:55:04.127531Z lb 203.0.113.9:2817 - -1 -1 -1 503 - 0 0 "GET http://h.example:80/ HTTP/1.1" "u" - -"#,
            r#"2026-01-01T00:55:04.127531Z lb 203.0.113.9:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 "GET http://h.example:80/ HTTP/1.1""#,
            "tls 1.0 2026-01-01T00:55:04 net/lb/1 l 203.0.113.9:51341 10.0.0.1:443 5 2 98 246 - arn - ECDHE tlsv12 - h.example",
            r#"79a5 bucket [06/Feb/2026:00:00:38 +0000] 203.0.113.9 arn:x 3E57427F3 REST.GET.OBJECT k "GET /bucket/k?v HTTP/1.1" 200 - 113 - 7 - "-" "u" - h= SigV4 - - s3.example TLSv1.2"#,
            "79a5 bucket [06/Feb/2026:00:00:38 +0000] 203.0.113.9 arn:x 3E57427F3 BATCH.DELETE.OBJECT k - 204 - - 57138 - - - - - h= SigV4",
            r#"[2026-01-01T00:55:04.533Z] "GET /a HTTP/1.1" 404 NR 0 0 0 - "203.0.113.9" "u" "id" "h.example" "-""#,
            r#"[2026-01-01T00:55:04.533Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 89 5 4 "203.0.113.9" "u" "id" "h.example" "10.0.0.1:80" outbound - x"#,
            "[17/Jun/2026:12:57:26 +0200] 192.168.1.15 u http-nio-8080-exec-6 203.0.113.9 GET /index.action HTTP/1.1 200 1020ms 7881 http://r/ Mozilla/5.0 (X; Y)",
            "[17/Jun/2026:12:57:26 +0200] u http-nio-8080-exec-6 203.0.113.9 GET /index.action HTTP/1.1 200 1020ms 7881 http://r/ Mozilla/5.0 (X; Y)",
            r#"203.0.113.9 | https | o@9K7 | - | 2026-04-12 05:39:57,408 | "GET /git/x HTTP/1.1" | "" "git/2.38.1" | 200 | 13 | 0 | refs, cache:hit | 101 | tmpqqw | "#,
            "[pid: 88185|app: 0|req: 1/1] 203.0.113.9 () {38 vars in 696 bytes} [Fri Mar 13 22:49:12 2026] POST /m => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)",
            r#"[02/Mar/2026:10:00:01 +0000] "" 203.0.113.9 200 "GET http://h.example/p HTTP/1.1" "Business" "Minimal Risk" "text/html" 5120 "u" "" "0" "x""#,
            r#"[02/Mar/2026:10:00:01 -0800] "A B" 203.0.113.9 192.0.2.8 9090 200 TCP_HIT "GET http://h.example/p HTTP/1.1" "Business" "low risk " "text/html" 788 885 "u" "" "-" "0" "" "-""#,
        ];
        for (format, line) in presets().iter().zip(lines) {
            let rec = format.parse_line(line.as_bytes(), Span::new(0, line.len()));
            assert_eq!((rec.outcome, rec.reason.words()), (Outcome::Ok, ""), "{line}");
            assert!(rec.has_status || rec.host.is_some(), "{line}");
            assert_eq!(rec.client.bytes(line.as_bytes()), b"203.0.113.9", "{line}");
            assert_eq!(format_name(rec.format), format_name(format.id()));
        }
    }
}
