//! A host that our own people contact: how rare it is, and whose.

use super::{Site, quote};
use crate::record::ClientKey;

/// Hosts from which programs keep themselves up to date.
const UPDATERS: [&str; 24] = [
    "windowsupdate.com",
    "microsoft.com",
    "adobe.com",
    "google.com",
    "gvt1.com",
    "googleapis.com",
    "mozilla.org",
    "mozilla.net",
    "mozilla.com",
    "apple.com",
    "java.com",
    "oracle.com",
    "symantecliveupdate.com",
    "symantec.com",
    "kaspersky.com",
    "avast.com",
    "avcdn.net",
    "mcafee.com",
    "eset.com",
    "opera.com",
    "dropbox.com",
    "skype.com",
    "nvidia.com",
    "intel.com",
];

/// Ends of names that only a network's own hosts have.
const OWN: [&str; 7] = ["local", "lan", "internal", "intranet", "corp", "home", "localdomain"];

/// The domain that somebody registered, by the public suffix list; none for an address, and for a name that is one under
/// which names are sold.
pub(crate) fn registered_domain(name: &str) -> Option<&str> {
    if name.parse::<std::net::IpAddr>().is_ok() { None } else { psl::domain_str(name) }
}

/// A contacted host, as detectors take it.
pub(crate) struct Host {
    /// Made safe to show.
    pub(crate) name: String,
    /// Clients that ever contacted it.
    pub(crate) n_clients: u32,
    /// An address without a name.
    pub(crate) is_address: bool,
    pub(crate) is_updater: bool,
    /// One of the network's own.
    pub(crate) is_own: bool,
}

impl Host {
    /// By its name without port.
    pub(crate) fn new(name: &[u8], site: &Site<'_>) -> Self {
        let n_clients = site.hosts.get(&site.keys.host(name)).map_or(0, |h| h.n_clients);
        let name = quote(name, 255);
        let ends_with =
            |end: &&str| name.strip_suffix(*end).is_some_and(|head| head.is_empty() || head.ends_with('.'));
        let address = name.parse::<std::net::IpAddr>().ok();
        Self {
            n_clients,
            is_address: address.is_some(),
            is_updater: UPDATERS.iter().any(ends_with),
            is_own: match address {
                Some(ip) => ClientKey::from(ip).is_internal(),
                None => !name.contains('.') || OWN.iter().any(ends_with),
            },
            name,
        }
    }

    /// At most so many clients contacted it, or such a share of them.
    pub(crate) fn is_rare(&self, max_clients: u32, max_prevalence: f64, site: &Site<'_>) -> bool {
        self.n_clients <= max_clients
            || f64::from(self.n_clients) <= max_prevalence * site.n_outgoing_clients as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{T0, TestSite, to_host};

    #[test]
    fn domains_that_are_registered() {
        for (name, want) in [
            ("www.example.co.uk", Some("example.co.uk")),
            ("a.b.example.net", Some("example.net")),
            ("evil.duckdns.org", Some("evil.duckdns.org")),
            ("co.uk", None),
            ("203.0.113.9", None),
            ("2001:db8::1", None),
            ("intranet", None),
        ] {
            assert_eq!(registered_domain(name), want, "{name}");
        }
    }

    #[test]
    fn whose_host_it_is() {
        let test = TestSite::new(vec![
            to_host(T0, "10.0.0.1", "h.example", "/", 200),
            to_host(T0, "10.0.0.2", "h.example", "/", 200),
        ]);
        let site = test.site();
        let is = |name: &str| {
            let host = Host::new(name.as_bytes(), &site);
            (host.is_address, host.is_updater, host.is_own)
        };
        assert_eq!(is("h.example"), (false, false, false));
        assert_eq!(is("dl.google.com"), (false, true, false));
        assert_eq!(is("notgoogle.com"), (false, false, false));
        assert_eq!(is("203.0.113.9"), (true, false, false));
        assert_eq!(is("10.1.1.1"), (true, false, true));
        assert_eq!(is("intranet"), (false, false, true));
        assert_eq!(is("dc1.office.local"), (false, false, true));
        let host = Host::new(b"h.example", &site);
        assert_eq!(
            (host.n_clients, host.is_rare(1, 0.5, &site), host.is_rare(1, 1.0, &site)),
            (2, false, true)
        );
    }
}
