//! Scans: fast, slow, and spread over many addresses.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::{NOT_FOUND_BYTES, Site};
use crate::time::{MINUTE, SECOND};

const WORDS: [&str; 64] = [
    "admin",
    "administrator",
    "backup",
    "backups",
    "bak",
    "old",
    "test",
    "dev",
    "staging",
    "tmp",
    "temp",
    "db",
    "database",
    "dump",
    "sql",
    "mysql",
    "phpmyadmin",
    "pma",
    "adminer",
    "phpinfo",
    "info",
    "config",
    "configuration",
    "settings",
    "setup",
    "install",
    "installer",
    "upgrade",
    "shell",
    "cmd",
    "console",
    "manager",
    "panel",
    "cpanel",
    "webmail",
    "mail",
    "private",
    "secret",
    "hidden",
    "logs",
    "log",
    "error_log",
    "debug",
    "trace",
    "status",
    "server-status",
    "api",
    "v1",
    "graphql",
    "swagger",
    "upload",
    "uploader",
    "filemanager",
    "files",
    "data",
    "export",
    "import",
    "archive",
    "www",
    "site",
    "web",
    "wp-admin",
    "wp-login",
    "xmlrpc",
];

const ENDINGS: [&str; 10] = ["", "/", ".php", ".bak", ".old", ".zip", ".tar.gz", ".sql", ".txt", ".php~"];

/// Paths that nobody was ever given, in the order in which tools ask for them.
pub fn word_list(n: usize) -> impl Iterator<Item = String> {
    let dotted = [
        "/.env",
        "/.git/HEAD",
        "/.git/config",
        "/.svn/entries",
        "/.htaccess",
        "/.htpasswd",
        "/.DS_Store",
        "/.aws/credentials",
    ];
    let plain = WORDS.iter().flat_map(|word| ENDINGS.iter().map(move |ending| format!("/{word}{ending}")));
    dotted.into_iter().map(String::from).chain(plain.filter(|path| path != "/admin/")).take(n)
}

/// A tool works through a word list, several requests a second.
pub fn fast(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let requests = word_list(n)
        .map(|path| {
            at_us += rng.time(20_000, 260_000);
            answer(site, actor, at_us, &path, "GET")
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W01",
            kind: "scan",
            title: "One address works through a word list, several requests a second.",
            detectors: &["scan"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}

/// The same, one request in about seven minutes, over days.
pub fn slow(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let requests = word_list(n)
        .map(|path| {
            at_us += rng.time(4 * MINUTE, 10 * MINUTE);
            answer(site, actor, at_us, &path, "GET")
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W02",
            kind: "scan-slow",
            title: "One address works through a word list, one request in seven minutes.",
            detectors: &["scan"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}

/// Many networks, one to three HEAD requests each, one agent.
pub fn distributed(site: &Site, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let (mut requests, mut paths) = (Vec::new(), word_list(n));
    for network in 0.. {
        let client = format!("198.{}.{}.{}", 18 + network / 256 % 2, network % 256, rng.between(1, 254));
        let actor = Actor::tool(&client, "Mozilla/5.0 (compatible; SiteInventory/1.0)");
        let mut some = paths.by_ref().take(rng.between(1, 3) as usize).peekable();
        if some.peek().is_none() {
            break;
        }
        for path in some {
            at_us += rng.time(SECOND, 20 * SECOND);
            requests.push(answer(site, &actor, at_us, &path, "HEAD"));
        }
    }
    Incident {
        expectation: Expectation {
            id: "W03",
            kind: "scan-distributed",
            title: "Hundreds of networks share one word list, one to three HEAD requests each.",
            detectors: &["scan"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}

fn answer(
    site: &Site,
    actor: &Actor,
    at_us: i64,
    path: &str,
    method: &'static str,
) -> crate::request::Request {
    let (status_code, bytes) = match path {
        "/admin" => (301, 178),
        "/.htaccess" | "/.htpasswd" => (403, 162),
        _ => (404, NOT_FOUND_BYTES),
    };
    let mut ask = site.get(at_us, path, "");
    ask.method = method;
    actor.request(ask, status_code, bytes)
}
