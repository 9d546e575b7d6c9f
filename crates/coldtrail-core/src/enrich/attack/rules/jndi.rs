//! Log4Shell and its disguises.

use super::{EVERYWHERE, Rule};
use crate::enrich::attack::class::Class::Jndi;
use crate::enrich::attack::views::View::Raw;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "jndi-lookup",
        class: Jndi,
        weight: 8,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"\$\{+\s*jndi|\bjndi\s*:\s*(?:ldaps?|rmi|dns|iiop|corba|nds|nis|https?|\$\{)",
        hits: &["${jndi:ldap://x/a}", "jndi:rmi://x"],
        misses: &["the jndi api"],
    },
    Rule {
        id: "nested-lookup",
        class: Jndi,
        weight: 8,
        view: Raw,
        places: EVERYWHERE,
        pattern: r"\$\{[^}]*\$\{[^}]*(?::|\})|\$\{\s*(?:lower|upper|env|sys|java|date|main|ctx|base64|hostname|k8s|docker|spring|log4j|bundle|web|map|sd|script|const|url|dns|file|xml|properties|resourcebundle|localhost)\s*:|\$\{(?:[^}:]*:)*:?-[^}]{0,8}\}|\$\{::-",
        hits: &["${${lower:j}ndi:x}", "${::-j}", "${env:foo:-j}"],
        misses: &["${name}", "${a} ${b}"],
    },
];
