//! Networks behind which everybody stands: who blocks them locks out visitors or disappears from search engines. Their
//! owners publish them; a range that is missing here costs a look at the list, one too many costs a line of it.

use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::LazyLock;

/// Delivery networks forward requests of all their visitors. Cloudflare: <https://www.cloudflare.com/ips/>; Fastly:
/// <https://api.fastly.com/public-ip-list>; both as in 2024.
const DELIVERY: [&str; 41] = [
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "108.162.192.0/18",
    "131.0.72.0/22",
    "141.101.64.0/18",
    "162.158.0.0/15",
    "172.64.0.0/13",
    "173.245.48.0/20",
    "188.114.96.0/20",
    "190.93.240.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "2400:cb00::/32",
    "2405:8100::/32",
    "2405:b500::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
    "23.235.32.0/20",
    "43.249.72.0/22",
    "103.244.50.0/24",
    "103.245.222.0/23",
    "103.245.224.0/24",
    "104.156.80.0/20",
    "140.248.64.0/18",
    "140.248.128.0/17",
    "146.75.0.0/17",
    "151.101.0.0/16",
    "157.52.64.0/18",
    "167.82.0.0/17",
    "167.82.128.0/20",
    "172.111.64.0/18",
    "185.31.16.0/22",
    "199.27.72.0/21",
    "199.232.0.0/16",
    "2a04:4e40::/32",
    "2a04:4e42::/32",
];

/// Search engines crawl from these. Google: <https://developers.google.com/static/search/apis/ipranges/googlebot.json>;
/// Bing: <https://www.bing.com/toolbox/bingbot.json>; Apple: <https://search.developer.apple.com/applebot.json>; the
/// ranges of their names in reverse DNS, as in 2024.
const SEARCH: [&str; 10] = [
    "66.249.64.0/19",
    "2001:4860:4801::/48",
    "157.55.39.0/24",
    "207.46.13.0/24",
    "40.77.167.0/24",
    "40.77.188.0/22",
    "13.66.139.0/24",
    "13.66.144.0/24",
    "17.241.208.0/20",
    "17.22.237.0/24",
];

type Networks = Vec<(IpNet, &'static str)>;

static NETWORKS: LazyLock<Networks> = LazyLock::new(|| {
    let all = |list: &'static [&str], owner| {
        list.iter().map(move |text| (text.parse().expect("a test parses them all"), owner))
    };
    all(&DELIVERY, "a delivery network").chain(all(&SEARCH, "a search engine's crawler")).collect()
});

/// Whose network an address is in, if everybody stands behind it.
pub(super) fn owner(address: IpAddr) -> Option<&'static str> {
    NETWORKS.iter().find(|(net, _)| net.contains(&address)).map(|(_, owner)| *owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        let check = |text: &str, want| assert_eq!(owner(text.parse().expect("an address")), want, "{text}");
        check("104.16.1.1", Some("a delivery network"));
        check("2606:4700::1", Some("a delivery network"));
        check("66.249.66.1", Some("a search engine's crawler"));
        check("203.0.113.5", None);
        check("66.249.96.1", None);
        for (net, _) in NETWORKS.iter() {
            assert_eq!(net.addr(), net.network(), "{net} begins where it says");
        }
    }
}
