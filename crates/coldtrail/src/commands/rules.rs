//! `coldtrail rules`: the attack rules in force.

use crate::cli::OwnPatterns;
use crate::exit;
use crate::patterns::own_rules;
use anyhow::Result;
use coldtrail_core::enrich::attack::{Pace, RuleSet};
use coldtrail_report::safe;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(crate) fn run(own: &OwnPatterns) -> Result<u8> {
    let own = own_rules(own, false)?;
    let rules = RuleSet::with(&own);
    let mut out = String::new();
    let mut per_class: BTreeMap<&str, u32> = BTreeMap::new();
    for rule in rules.rules() {
        *per_class.entry(rule.class.name()).or_default() += 1;
        out += &format!("{:<16} {:>2}  {}", rule.class.name(), rule.weight, rule.id);
        if let Some(own) = own.iter().find(|o| o.rule.id == rule.id) {
            let pace = match own.pace() {
                Pace::Gated => "",
                Pace::EveryValue => ", on every value",
                Pace::Backtracking => ", on every value, step by step",
            };
            out += &format!("  ({}, line {}{pace})", safe(&own.file), own.line);
        }
        out.push('\n');
    }
    out += "\nrules by class\n";
    for (class, n) in &per_class {
        out += &format!("{class:<16} {n:>4}\n");
    }
    out += &format!("{:<16} {:>4}\n", "all", per_class.values().sum::<u32>());
    io::stdout().write_all(out.as_bytes())?;
    Ok(exit::FINISHED)
}
