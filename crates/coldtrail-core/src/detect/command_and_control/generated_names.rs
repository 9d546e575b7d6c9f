//! # Bursts of generated names (`generated-names`)
//! ## Finds
//! A client inside that asks, within one hour, for many names that nobody else ever asked for, that never answer and
//! that look made up.
//! ## Why it matters
//! Malware makes up hundreds of names a day and tries them until it meets the one that its operator has registered.
//! ## Decides
//! By client and hour of the first contact: names under at least 10 domains, all of whose requests failed (5xx or no
//! answer; not those that the proxy refused), and that no other client contacted. Of a name its longest part before
//! the ending counts, of at least 6 letters or digits. Likeness: the share of its pairs of neighbours that are among
//! the 100 commonest pairs of letters of English. Mean likeness at most 0.28: probable; possible where fewer than 20
//! clients are seen. Names in other scripts (`xn--`) do not count.
//! ## Parameters
//! - `min_names` | 10 | domains | 5-1000 | one name alone proves nothing: a tenth of real ones score as low
//! - `max_likeness` | 0.28 | share | 0.1-0.4 | of 5,000 draws of ten: real names 0.290 to 0.764, random letters 0.026
//!   to 0.304 (99.9 % at most 0.28), random letters and digits below 0.22
//! - `min_clients` | 20 | clients | 5-1000 | in a smaller network each has names of its own
//! - `min_letters` | 6 | letters | 4-12 | shorter names have too few pairs
//! ## ATT&CK
//! Command and control: T1568.002 domain generation algorithms (ATT&CK v17)
//! ## False positives
//! A browser that tests at its start whether names that cannot exist are answered asks for three. Programs that look
//! for dead mirrors by hash. Names of abbreviations, as Chinese sites have.
//! ## Misses
//! Names made of words or of syllables; a network whose resolver answers every name; proxies that log a name that
//! does not resolve as refused.
//! ## Cost
//! One pass over the contacts; at most 100 lines a client.
//! ## Sources
//! Measured on 376 names of popular sites and on names drawn at random; MITRE T1568.002.

use crate::detect::header::header;
use crate::detect::{Detector, Draft, Finding, Host, Level, Meta, Severity, Site, Stage, Suspect};
use crate::detect::{counted, list, registered_domain, time_s};
use crate::record::ClientKey;
use crate::table::{ContactRow, Event, Partition, Selector, StatusClass, merged};
use std::collections::{BTreeMap, BTreeSet};

const MAX_EVENTS: usize = 100;

/// Parameters, as the header says them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    pub(crate) min_names: usize,
    pub(crate) max_likeness: f64,
    pub(crate) min_letters: usize,
    pub(crate) min_clients: u64,
}

impl Params {
    pub(crate) const DEFAULT: Self =
        Self { min_names: 10, max_likeness: 0.28, min_letters: 6, min_clients: 20 };
}

pub(in crate::detect) struct GeneratedNames(pub(in crate::detect) Params);

static META: Meta = Meta {
    id: "generated-names",
    title: "Bursts of generated names",
    stage: Stage::CommandAndControl,
    techniques: &["T1568.002"],
    since: "0.1.0",
    needs: &["client_ip", "host", "ts", "status_code"],
    doc: header!(include_str!("generated_names.rs")),
};

/// The commonest pairs of neighbouring letters in English text.
const PAIRS: &str = "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri \
                     ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et \
                     ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh";

/// The domain that somebody registered, and its part before the ending.
fn domain(name: &str) -> Option<(&str, &str)> {
    let domain = registered_domain(name)?;
    Some((domain, domain.split('.').next()?))
}

/// The share of a name's neighbours that stand side by side in English too.
fn likeness(label: &str) -> f64 {
    // `blog10` is a name with a number behind.
    let label = label.trim_end_matches(|c: char| c.is_ascii_digit());
    let letters: Vec<u8> = label.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let is_common = |pair: &&[u8]| PAIRS.as_bytes().chunks(3).any(|common| common.get(..2) == Some(*pair));
    let n = letters.windows(2).filter(is_common).count();
    n as f64 / letters.len().saturating_sub(1).max(1) as f64
}

impl GeneratedNames {
    /// The worst hour of a client: its names by domain.
    fn of_client(&self, rows: &[&ContactRow], part: &Partition, site: &Site<'_>) -> Option<Suspect> {
        let mut hours: BTreeMap<u32, BTreeMap<String, f64>> = BTreeMap::new();
        for row in rows {
            let host = Host::new(part.contacts.text(row), site);
            let is_dead = row.n_failed >= row.n_requests;
            if !is_dead || host.n_clients != 1 || host.is_address || host.is_own {
                continue;
            }
            let Some((domain, label)) = domain(&host.name) else { continue };
            // Names in other scripts are coded, and look made up to this test.
            if !label.starts_with("xn--")
                && label.bytes().filter(u8::is_ascii_alphabetic).count() >= self.0.min_letters
            {
                hours.entry(row.first_s / 3600).or_default().insert(domain.to_owned(), likeness(label));
            }
        }
        let mean = |names: &BTreeMap<String, f64>| names.values().sum::<f64>() / names.len() as f64;
        let is_loud = |names: &BTreeMap<String, f64>| {
            names.len() >= self.0.min_names && mean(names) <= self.0.max_likeness
        };
        let loud: Vec<_> = hours.iter().filter(|(_, names)| is_loud(names)).collect();
        let (at, names) = loud.iter().max_by_key(|(hour, names)| (names.len(), std::cmp::Reverse(**hour)))?;
        let client = rows[0].client;
        let who = site.client_text(client);
        let mut draft = Draft::new(format!("client {who}"));
        draft.rule = "generated-names";
        (draft.level, draft.severity) = if site.n_outgoing_clients >= self.0.min_clients {
            (Level::Probable, Severity::High)
        } else {
            draft.caveats.push(format!(
                "Only {} seen: that nobody else asked for these names says little.",
                match site.n_outgoing_clients {
                    1 => "1 client is".to_owned(),
                    n => format!("{n} clients are"),
                }
            ));
            (Level::Possible, Severity::Medium)
        };
        draft.clients.insert(client);
        draft.set_span(loud[0].0 * 3600, loud[loud.len() - 1].0 * 3600 + 3599);
        let all: BTreeSet<&String> = loud.iter().flat_map(|(_, names)| names.keys()).collect();
        draft.n_requests = all.len() as u64;
        draft.number("n_names", all.len());
        draft.number("n_names_of_hour", names.len());
        draft.number("min_names", self.0.min_names);
        draft.number("likeness", (mean(names) * 1000.0).round() / 1000.0);
        draft.number("max_likeness", self.0.max_likeness);
        draft.number("n_hours", loud.len());
        let examples: Vec<&str> = names.keys().take(3).map(String::as_str).collect();
        draft.statement = format!(
            "{who} asked in the hour from {} for names under {} that never answered and that nobody else asked for, such as {}; of \
             their neighbouring letters {:.0} % stand side by side in English too (real names: 55 %).",
            time_s(**at * 3600),
            counted(names.len() as u64, "domain"),
            list(&examples, 3),
            mean(names) * 100.0,
        );
        Some(Suspect { rank: all.len() as u64, wants: vec![(Selector::Client(client), MAX_EVENTS)], draft })
    }
}

impl Detector for GeneratedNames {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn suspect(&self, _index: usize, part: &Partition, site: &Site<'_>) -> Vec<Suspect> {
        let mut by_client: BTreeMap<ClientKey, Vec<&ContactRow>> = BTreeMap::new();
        for row in part.contacts.table.rows().iter().filter(|row| row.n_failed > 0) {
            by_client.entry(row.client).or_default().push(row);
        }
        by_client.into_values().filter_map(|rows| self.of_client(&rows, part, site)).collect()
    }

    fn conclude(&self, suspect: &Suspect, events: &[&[Event]], _site: &Site<'_>) -> Vec<Finding> {
        let mut draft = suspect.draft.clone();
        let is_failed = |e: &&Event| {
            StatusClass::of(e.status_code) == StatusClass::Error
                && draft.first_us.is_none_or(|t| e.ts_us >= t)
        };
        let events = merged(events);
        let shown: Vec<&Event> = events.iter().filter(is_failed).take(5).collect();
        shown.into_iter().for_each(|event| draft.show(event));
        vec![draft.finish(&META)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::{Request, T0, TestSite, to_host};

    #[test]
    fn names_by_their_letters() {
        assert_eq!(domain("www.example.co.uk"), Some(("example.co.uk", "example")));
        assert_eq!(domain("a.b.example.net"), Some(("example.net", "example")));
        assert_eq!(domain("x.co"), Some(("x.co", "x")));
        assert_eq!(domain("9f1.jwp.io"), Some(("jwp.io", "jwp")));
        assert_eq!(domain("www.xkqjz.duckdns.org"), Some(("xkqjz.duckdns.org", "xkqjz")));
        assert_eq!(likeness("weather10"), likeness("weather"));
        assert_eq!(domain("intranet"), None);
        assert!(likeness("weatherstation") > 0.6);
        assert!(likeness("xkqjzvwpfgtb") < 0.1);
        assert_eq!(likeness(""), 0.0);
        assert_eq!(PAIRS.len(), 299, "a hundred pairs and the blanks between them");
    }

    fn check(requests: Vec<Request>, n: usize) {
        let found = TestSite::new(requests).run(&GeneratedNames(Params::DEFAULT));
        assert_eq!(found.len(), n);
        assert!(
            found.iter().all(|f| f.level == Level::Possible && f.caveats.len() == 1 && f.n_requests >= 10)
        );
    }

    /// A made-up label: letters by a fixed recurrence.
    fn label(seed: u32) -> String {
        let mut x = seed.wrapping_mul(2_654_435_761);
        let letter = |_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + ((x >> 16) % 26) as u8)
        };
        (0..13).map(letter).collect()
    }

    #[test]
    fn bursts() {
        let dead = |i: u32| to_host(T0 + i, "10.0.0.7", format!("{}.example", label(i)), "/", 503);
        check((0..12).map(dead).collect(), 1);
        check((0..9).map(dead).collect(), 0);
        check((0..12).map(|i| Request { host: format!("xn--{}.example", label(i)), ..dead(i) }).collect(), 0);
        check((0..12).map(|i| Request { status_code: 200, ..dead(i) }).collect(), 0);
        check((0..12).map(|i| Request { ts_s: T0 + i * 3600, ..dead(i) }).collect(), 0);
        check((0..12).flat_map(|i| [dead(i), Request { client: "10.0.0.8", ..dead(i) }]).collect(), 0);
        let words = [
            "weatherline",
            "northernstar",
            "openlettersnow",
            "sandalforest",
            "theaterhouse",
            "masterpiece",
            "carpenters",
            "greatestone",
            "solarpanels",
            "marinelife",
            "heatedroom",
            "contentnest",
        ];
        check(words.iter().map(|w| to_host(T0, "10.0.0.7", format!("{w}.example"), "/", 503)).collect(), 0);
    }
}
