//! `coldtrail rules`: the attack rules in force.

use crate::exit;
use anyhow::Result;
use coldtrail_core::enrich::attack::RuleSet;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(crate) fn run() -> Result<u8> {
    let rules = RuleSet::new();
    let mut out = String::new();
    let mut per_class: BTreeMap<&str, u32> = BTreeMap::new();
    for rule in rules.rules() {
        *per_class.entry(rule.class.name()).or_default() += 1;
        out += &format!("{:<16} {:>2}  {}\n", rule.class.name(), rule.weight, rule.id);
    }
    out += "\nrules by class\n";
    for (class, n) in per_class {
        out += &format!("{class:<16} {n:>3}\n");
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
}
