//! What the logs cannot show, each with the setting that would have shown it.

use crate::detect::{Site, count, percent};
use crate::table::Totals;

/// Sentences for the coverage table, most telling first.
pub fn blind_spots(totals: &Totals, site: &Site<'_>) -> Vec<String> {
    let lines = &totals.lines;
    let records = lines.ok + lines.partial;
    let mut spots = Vec::new();
    if records == 0 {
        return spots;
    }
    let is_proxy = lines.outgoing > records / 2;
    let share = |n: u64| percent(n as f64 / records as f64);
    if lines.posts > 0 && lines.bodies == 0 {
        spots.push(format!(
            "POST bodies are not logged ({} POST requests): payloads, passwords tried and files uploaded in them are not \
             seen. Apache: mod_security with SecAuditLogParts C, or mod_dumpio; nginx: $request_body in log_format.",
            count(lines.posts)
        ));
    }
    if totals.bytes_out == 0 {
        spots.push(
            "The sizes of answers are not logged: whether an attack was answered with data, and how much was taken, is \
             not seen. Apache: %O or %B in LogFormat; nginx: $bytes_sent; IIS: the field sc-bytes."
                .to_owned(),
        );
    }
    if lines.requests_with_bytes_in == 0 {
        spots.push(if is_proxy {
            "The bytes that clients send are not logged: uploads out of the network are not seen. Squid: %>st in logformat \
             (the native format has only the bytes to the client)."
                .to_owned()
        } else {
            "The bytes that clients send are not logged: uploads are seen by their requests only, not by their size. \
             Apache: mod_logio and %I in LogFormat; nginx: $request_length; IIS: the field cs-bytes."
                .to_owned()
        });
    }
    if lines.stripped_queries > 0 && lines.stripped_queries * 10 >= records / 10 {
        spots.push(format!(
            "Queries are cut off in {} requests ({}): payloads in them are not seen. Squid: strip_query_terms off.",
            count(lines.stripped_queries),
            share(lines.stripped_queries)
        ));
    }
    if lines.requests_with_user_agent * 10 < records {
        spots.push(
            "User agents are not logged: scans that are spread over many addresses with one tool are not joined. Apache: \
             the combined format; nginx: $http_user_agent; IIS: cs(User-Agent); Squid: logformat combined."
                .to_owned(),
        );
    }
    let clients = || site.partitions.iter().flat_map(|p| p.clients.table.rows());
    if !is_proxy && site.n_clients > 0 && clients().all(|c| c.n_referrer == 0) {
        spots.push(
            "Referrers are not logged: pages that no page links to are not told from others. Apache: the combined format; \
             nginx: $http_referer; IIS: cs(Referer)."
                .to_owned(),
        );
    }
    if !is_proxy && records >= 100 && site.n_clients <= 2 {
        spots.push(
            "All requests come from one or two addresses: a proxy or load balancer in front hides who they are. Apache: \
             mod_remoteip; nginx: real_ip_header X-Forwarded-For; or give --trusted-proxy if the log has that field."
                .to_owned(),
        );
    }
    if lines.first_us.is_none() {
        spots.push(
            "No line has a time that can be read: nothing is known of order, rate and periods.".to_owned(),
        );
    }
    let connects: u64 =
        site.partitions.iter().flat_map(|p| p.contacts.table.rows()).map(|c| u64::from(c.n_connects)).sum();
    if connects > 0 && connects * 10 >= records {
        spots.push(format!(
            "{} requests are CONNECT tunnels: inside them neither path nor content is seen. Squid: ssl_bump; or look at the \
             hosts' own logs.",
            count(connects)
        ));
    }
    if !is_proxy {
        spots.push(
            "Cookies and other request headers are not part of common formats: payloads in them are seen only where the log \
             has them. Apache: %{Cookie}i in LogFormat; nginx: $http_cookie."
                .to_owned(),
        );
        spots.push(
            "What the server itself sent out (reverse shells, name look-ups, uploads to third parties) is not in its access \
             log: look at the firewall's and the name server's logs."
                .to_owned(),
        );
    }
    spots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{T0, TestSite, to_host, to_server};

    #[test]
    fn says_what_is_missing_and_how_to_log_it() {
        let site = TestSite::new(vec![to_server(T0, "203.0.113.9", "POST", "/login", 200)]);
        let spots = blind_spots(site.site().totals, &site.site());
        assert!(spots[0].contains("$request_body"), "{spots:?}");
        assert!(spots.iter().any(|s| s.contains("mod_logio")));
        let proxy = TestSite::new(vec![to_host(T0, "10.0.0.1", "a.example", "/", 200).bytes(5)]);
        let spots = blind_spots(proxy.site().totals, &proxy.site());
        assert!(spots.iter().any(|s| s.contains("%>st")), "{spots:?}");
        assert!(!spots.iter().any(|s| s.contains("Cookies")));
    }
}
