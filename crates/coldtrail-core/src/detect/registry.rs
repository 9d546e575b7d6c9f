//! All detectors, one line each.

use super::Detector;
use super::{
    access, attack, command_and_control as c2, download, exfiltration, exploit, impact, implant,
    lateral_movement, reconnaissance,
};

static REGISTRY: [&dyn Detector; 23] = [
    &reconnaissance::scan::Scan(reconnaissance::scan::Params::DEFAULT),
    &reconnaissance::enumeration::Enumeration(reconnaissance::enumeration::Params::DEFAULT),
    &attack::attack::Attack(attack::attack::Params::DEFAULT),
    &access::password_guessing::PasswordGuessing(access::password_guessing::Params::DEFAULT),
    &exploit::attack_answered::AttackAnswered(exploit::attack_answered::Params::DEFAULT),
    &exploit::response_size_jump::ResponseSizeJump(exploit::response_size_jump::Params::DEFAULT),
    &implant::web_shell::WebShell(implant::web_shell::Params::DEFAULT),
    &implant::manifest_diff::ManifestDiff(implant::manifest_diff::Params::DEFAULT),
    &exfiltration::page_transfer::PageTransfer(exfiltration::page_transfer::Params::DEFAULT),
    &exfiltration::tunnel_page::TunnelPage(exfiltration::tunnel_page::Params::DEFAULT),
    &exfiltration::proxy_transfer::ProxyTransfer(exfiltration::proxy_transfer::Params::DEFAULT),
    &c2::beacon::Beacon(c2::beacon::Params::DEFAULT),
    &c2::generated_names::GeneratedNames(c2::generated_names::Params::DEFAULT),
    &c2::rotating_names::RotatingNames(c2::rotating_names::Params::DEFAULT),
    &c2::tunnel_shape::TunnelShape(c2::tunnel_shape::Params::DEFAULT),
    &c2::dns_over_https::DnsOverHttps(c2::dns_over_https::Params::DEFAULT),
    &c2::policy_evasion::PolicyEvasion(c2::policy_evasion::Params::DEFAULT),
    &c2::indicator::Indicator,
    &c2::post_channel::PostChannel(c2::post_channel::Params::DEFAULT),
    &download::drive_by::DriveBy(download::drive_by::Params::DEFAULT),
    &download::download::Download(download::download::Params::DEFAULT),
    &lateral_movement::fan_out::FanOut(lateral_movement::fan_out::Params::DEFAULT),
    &impact::flood::Flood(impact::flood::Params::DEFAULT),
];

/// The detectors in the order of the kill chain.
pub fn registry() -> &'static [&'static dyn Detector] {
    &REGISTRY
}

/// The detector with this id.
pub fn by_id(id: &str) -> Option<&'static dyn Detector> {
    registry().iter().copied().find(|d| d.meta().id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_headers_complete() {
        const SECTIONS: [&str; 9] = [
            "Finds",
            "Why it matters",
            "Decides",
            "Parameters",
            "ATT&CK",
            "False positives",
            "Misses",
            "Cost",
            "Sources",
        ];
        let ids: BTreeSet<&str> = registry().iter().map(|d| d.meta().id).collect();
        assert_eq!(ids.len(), registry().len());
        for meta in registry().iter().map(|d| d.meta()) {
            assert!(meta.doc.starts_with(&format!("# {} (`{}`)\n", meta.title, meta.id)), "{}", meta.id);
            let mut at = 0;
            for section in SECTIONS {
                let found = meta.doc.find(&format!("## {section}\n"));
                assert!(found.is_some_and(|i| i > at), "{}: {section}", meta.id);
                at = found.unwrap();
            }
            assert!(!meta.techniques.is_empty() && !meta.needs.is_empty(), "{}", meta.id);
        }
    }
}
