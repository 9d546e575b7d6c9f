//! Names of the ATT&CK techniques that findings bear (ATT&CK v17, NOTICE).

/// Version of ATT&CK that ids and names are of.
pub(crate) const VERSION: &str = "17";

const NAMES: [(&str, &str); 33] = [
    ("T1018", "Remote System Discovery"),
    ("T1029", "Scheduled Transfer"),
    ("T1030", "Data Transfer Size Limits"),
    ("T1046", "Network Service Discovery"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1070.004", "File Deletion"),
    ("T1071.001", "Web Protocols"),
    ("T1071.004", "DNS"),
    ("T1078", "Valid Accounts"),
    ("T1087", "Account Discovery"),
    ("T1090", "Proxy"),
    ("T1090.001", "Internal Proxy"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1110.001", "Password Guessing"),
    ("T1110.003", "Password Spraying"),
    ("T1110.004", "Credential Stuffing"),
    ("T1189", "Drive-by Compromise"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1204.002", "Malicious File"),
    ("T1213", "Data from Information Repositories"),
    ("T1491", "Defacement"),
    ("T1499.002", "Service Exhaustion Flood"),
    ("T1505.003", "Web Shell"),
    ("T1560", "Archive Collected Data"),
    ("T1567", "Exfiltration Over Web Service"),
    ("T1567.002", "Exfiltration to Cloud Storage"),
    ("T1568", "Dynamic Resolution"),
    ("T1568.002", "Domain Generation Algorithms"),
    ("T1572", "Protocol Tunneling"),
    ("T1573", "Encrypted Channel"),
    ("T1595.001", "Scanning IP Blocks"),
    ("T1595.002", "Vulnerability Scanning"),
    ("T1595.003", "Wordlist Scanning"),
];

/// The name of a technique; its id where none is known.
pub(crate) fn name(id: &'static str) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_technique_of_a_detector_has_a_name() {
        for detector in coldtrail_core::detect::registry() {
            for id in detector.meta().techniques {
                assert_ne!(name(id), *id, "{}", detector.meta().id);
            }
        }
    }
}
