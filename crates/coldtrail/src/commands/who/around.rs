//! The second pass: how each client came there, and what it did afterwards.

use super::fetches::{Fetches, MAX_URL_BYTES, url};
use super::{clipped, host_name, stable_hash};
use crate::commands::text;
use coldtrail_core::detect::{Rhythm, rhythm};
use coldtrail_core::record::{ClientKey, NO_TIME, Rec, TextField};
use coldtrail_core::scan::Words;
use std::collections::{BTreeMap, BTreeSet};

/// How far back the way to the first contact is followed, microseconds: 10 minutes.
const BEFORE_US: i64 = 600_000_000;
/// Right after, microseconds: 10 minutes; and afterwards: 24 hours.
const SOON_US: i64 = 600_000_000;
const LATER_US: i64 = 24 * 3_600_000_000;
/// Requests before the first contact that are kept of one client: the latest.
const MAX_BEFORE: usize = 256;
/// Steps back along the referrers.
const MAX_STEPS: usize = 10;
/// Requests that are shown where there is no referrer, and how close they must be, microseconds.
const MAX_UNREFERRED: usize = 5;
const UNREFERRED_US: i64 = 60_000_000;
/// Hosts that are kept of all clients together; beyond, a sample by hash of their names.
const MAX_HOSTS: usize = 200_000;
/// Seconds with a contact that are kept of one client and host: the earliest.
const MAX_SECONDS: usize = 1_024;
/// Such seconds of all clients together; beyond, hosts that are new to a client get no more.
const MAX_ALL_SECONDS: usize = 8_000_000;

/// A request of a client before its first contact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Earlier {
    ts_us: i64,
    url: String,
    referrer: String,
}

/// One step on the way to the contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) url: String,
    /// When the client asked for it; none where it is known as a referrer only.
    pub(super) ts_us: Option<i64>,
    pub(super) is_referrer: bool,
}

/// A client's contacts with one host, seen from its first contact with what was asked for.
#[derive(Default)]
struct Host {
    is_old: bool,
    n_soon: u64,
    n_later: u64,
    /// Distinct seconds of the time after.
    seconds: BTreeSet<u32>,
}

/// What a client did in some time after.
#[derive(Default, Debug, PartialEq)]
pub(super) struct After {
    pub(super) n_requests: u64,
    pub(super) n_hosts: u64,
    /// Hosts that this client never contacted before, in the order of their first contact.
    pub(super) new_hosts: Vec<String>,
}

/// Contacts in a rhythm with a host that is new to the client.
#[derive(Debug, PartialEq)]
pub(super) struct Beat {
    pub(super) host: String,
    pub(super) n_contacts: u64,
    pub(super) rhythm: Rhythm,
}

/// All of it, for one client.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Around {
    /// How long the client was seen before its first contact, microseconds: what is new is new since then.
    pub(super) history_us: i64,
    pub(super) before: Vec<Step>,
    pub(super) soon: After,
    pub(super) later: After,
    pub(super) beats: Vec<Beat>,
}

#[derive(Default)]
struct Watched {
    first_us: i64,
    /// When it was first seen at all.
    seen_us: i64,
    before: BTreeSet<Earlier>,
    hosts: BTreeMap<String, Host>,
}

/// The clients that are followed.
pub(super) struct Surroundings {
    clients: BTreeMap<ClientKey, Watched>,
    words: Option<Words>,
    n_hosts: usize,
    n_seconds: usize,
    /// Bits that a host's hash must not have to be kept.
    mask: u64,
}

impl Surroundings {
    pub(super) fn of(rows: &[Fetches]) -> Self {
        let watched = rows.iter().filter_map(|row| {
            let first_us = row.first_us?;
            Some((row.client?, Watched { first_us, seen_us: first_us, ..Watched::default() }))
        });
        let clients: BTreeMap<_, _> = watched.collect();
        // Only IPv4 has one spelling.
        let names: Vec<String> = rows
            .iter()
            .filter(|row| row.first_us.is_some())
            .map(|row| match row.client.and_then(ClientKey::ip) {
                Some(ip) => ip.to_string(),
                None => row.name.clone(),
            })
            .collect();
        let words = Words::new(names.iter().map(String::as_str));
        Self { clients, words, n_hosts: 0, n_seconds: 0, mask: 0 }
    }

    /// Words that a line of a followed client holds.
    pub(super) fn words(&mut self) -> Option<Words> {
        self.words.take()
    }

    /// Whether hosts had to be left out.
    pub(super) fn is_thinned(&self) -> bool {
        self.mask != 0
    }

    pub(super) fn take(&mut self, rec: &Rec, bytes: &[u8]) {
        if rec.ts_us == NO_TIME {
            return;
        }
        let Some(client) = self.clients.get_mut(&ClientKey::parse(rec.client.bytes(bytes))) else { return };
        client.seen_us = client.seen_us.min(rec.ts_us);
        let since = rec.ts_us.saturating_sub(client.first_us);
        if (-BEFORE_US..0).contains(&since) {
            let referrer = rec.text(TextField::Referrer, bytes).map_or_else(String::new, |t| text(&t));
            client.before.insert(Earlier {
                ts_us: rec.ts_us,
                url: clipped(&url(rec, bytes), MAX_URL_BYTES),
                referrer: clipped(&referrer, MAX_URL_BYTES),
            });
            if client.before.len() > MAX_BEFORE {
                client.before.pop_first();
            }
        }
        let Some(host) = rec.text(TextField::Host, bytes) else { return };
        let name = host_name(&text(&host));
        if since > LATER_US || name.is_empty() || stable_hash(&name) & self.mask != 0 {
            return;
        }
        let n_before = client.hosts.len();
        let host = client.hosts.entry(name).or_default();
        if since < 0 {
            host.is_old = true;
            self.n_seconds -= host.seconds.len();
            host.seconds.clear();
        } else {
            host.n_soon += u64::from(since <= SOON_US);
            host.n_later += 1;
            let second = u32::try_from(rec.ts_us.div_euclid(1_000_000)).ok();
            if let Some(second) = second.filter(|_| !host.is_old && self.n_seconds < MAX_ALL_SECONDS)
                && host.seconds.insert(second)
            {
                self.n_seconds += 1;
                if host.seconds.len() > MAX_SECONDS {
                    host.seconds.pop_last();
                    self.n_seconds -= 1;
                }
            }
        }
        self.n_hosts += client.hosts.len() - n_before;
        while self.n_hosts > MAX_HOSTS {
            self.thin();
        }
    }

    fn thin(&mut self) {
        self.mask = self.mask << 1 | 1;
        (self.n_hosts, self.n_seconds) = (0, 0);
        for client in self.clients.values_mut() {
            client.hosts.retain(|name, _| stable_hash(name) & self.mask == 0);
            self.n_hosts += client.hosts.len();
            self.n_seconds += client.hosts.values().map(|h| h.seconds.len()).sum::<usize>();
        }
    }

    /// Gives each client what was seen of it.
    pub(super) fn hand_over(mut self, rows: &mut [Fetches]) {
        for row in rows {
            let Some(watched) = row.client.and_then(|c| self.clients.remove(&c)) else { continue };
            row.around = Some(watched.around(row.referrer.as_ref()));
        }
    }
}

impl Watched {
    fn around(self, referrer: Option<&(i64, String)>) -> Around {
        let before: Vec<Earlier> = self.before.into_iter().collect();
        // The referrer of a later request says nothing of the way to the first.
        let referrer = referrer.filter(|(ts_us, _)| *ts_us == self.first_us).map(|(_, text)| text.as_str());
        let mut order: Vec<(&String, &Host)> = self.hosts.iter().filter(|(_, h)| h.n_later > 0).collect();
        order.sort_by_key(|(name, h)| (h.seconds.first().copied().unwrap_or(u32::MAX), *name));
        let after = |n_of: fn(&Host) -> u64| {
            let with_contact = || order.iter().filter(|(_, h)| n_of(h) > 0);
            let of_new = with_contact().filter(|(_, h)| !h.is_old);
            After {
                n_requests: with_contact().map(|(_, h)| n_of(h)).sum(),
                n_hosts: with_contact().count() as u64,
                new_hosts: of_new.map(|(name, _)| (*name).clone()).collect(),
            }
        };
        let beats = order.iter().filter(|(_, h)| !h.is_old).filter_map(|(name, host)| {
            let seconds: Vec<u32> = host.seconds.iter().copied().collect();
            let rhythm = rhythm(&seconds)?;
            Some(Beat { host: (*name).clone(), n_contacts: host.n_later, rhythm })
        });
        Around {
            history_us: self.first_us.saturating_sub(self.seen_us),
            before: way(&before, referrer, self.first_us),
            soon: after(|h| h.n_soon),
            later: after(|h| h.n_later),
            beats: beats.collect(),
        }
    }
}

/// The way to the first contact, earliest step first: along the referrers as far as the client's own requests tell;
/// where the log has none, what it asked for in the minute before.
fn way(before: &[Earlier], referrer: Option<&str>, first_us: i64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = referrer.map(str::to_owned);
    let mut until = first_us;
    while let Some(url) = next.take().filter(|url| !url.is_empty() && url != "-") {
        let asked = find(before, &url, until);
        steps.push(Step { ts_us: asked.map(|e| e.ts_us), is_referrer: true, url: url.clone() });
        if let Some(asked) = asked.filter(|_| steps.len() < MAX_STEPS) {
            until = asked.ts_us;
            next = Some(asked.referrer.clone());
        }
    }
    if steps.is_empty() {
        let close = before.iter().rev().take_while(|e| first_us.saturating_sub(e.ts_us) <= UNREFERRED_US);
        steps.extend(close.take(MAX_UNREFERRED).map(|e| Step {
            url: e.url.clone(),
            ts_us: Some(e.ts_us),
            is_referrer: false,
        }));
    }
    steps.reverse();
    steps
}

/// The latest request before `until` for this URL; else for its path; else, of a tunnel, for its host.
fn find<'a>(before: &'a [Earlier], url: &str, until: i64) -> Option<&'a Earlier> {
    let bare = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.split('#').next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase()
    };
    let path = |bare: &str| bare.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
    let host = |bare: &str| host_name(bare.split('/').next().unwrap_or_default());
    let wanted = bare(url);
    let earlier: Vec<(&Earlier, String)> =
        before.iter().rev().filter(|e| e.ts_us < until).map(|e| (e, bare(&e.url))).collect();
    let is_tunnel = |e: &str| !e.contains('/') && e.contains(':');
    earlier
        .iter()
        .find(|(_, e)| *e == wanted)
        .or_else(|| earlier.iter().find(|(_, e)| path(e) == path(&wanted)))
        .or_else(|| earlier.iter().find(|(_, e)| is_tunnel(e) && host(e) == host(&wanted)))
        .map(|(e, _)| *e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(ts_s: i64, url: &str, referrer: &str) -> Earlier {
        Earlier { ts_us: ts_s * 1_000_000, url: url.into(), referrer: referrer.into() }
    }

    #[test]
    fn the_way_goes_back_along_the_referrers() {
        let before = [
            earlier(10, "search.example:443", ""),
            earlier(20, "http://news.example/a?x=1", "https://search.example/"),
            earlier(21, "http://news.example/logo.png", "http://news.example/a?x=1"),
            earlier(25, "http://ads.example/f?", "http://news.example/a?x=1"),
            earlier(40, "http://news.example/a?x=1", ""),
        ];
        let check = |referrer: Option<&str>, want: &[(&str, Option<i64>)]| {
            let steps = way(&before, referrer, 30_000_000);
            let got: Vec<_> =
                steps.iter().map(|s| (s.url.as_str(), s.ts_us.map(|t| t / 1_000_000))).collect();
            assert_eq!(got, want);
        };
        check(
            Some("http://ads.example/f?id=9"),
            &[
                ("https://search.example/", Some(10)),
                ("http://news.example/a?x=1", Some(20)),
                ("http://ads.example/f?id=9", Some(25)),
            ],
        );
        check(Some("http://other.example/"), &[("http://other.example/", None)]);
        // Without a referrer: what came just before.
        let steps = way(&before[..4], None, 81_000_000);
        assert_eq!(
            steps.iter().map(|s| s.url.as_str()).collect::<Vec<_>>(),
            ["http://news.example/logo.png", "http://ads.example/f?"]
        );
        assert!(steps.iter().all(|s| !s.is_referrer));
    }

    #[test]
    fn a_referrer_of_itself_ends() {
        let steps = way(&[earlier(5, "h.example/a", "h.example/a")], Some("h.example/a"), 9_000_000);
        assert_eq!(steps.len(), 2);
    }
}
