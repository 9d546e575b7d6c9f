//! What the payloads of a finding try, for its sentence and its numbers.

use crate::detect::{Draft, Site, list};
use crate::enrich::attack::Attempt;
use crate::table::{Event, partition};
use std::collections::{BTreeMap, BTreeSet};

/// Cap on the payloads that are looked into for one finding, each of another shape.
const MAX_PAYLOADS: usize = 16;
/// Cap on what a sentence names.
const MAX_SAID: usize = 3;

/// Notes what the attacks try: numbers, hosts to call back to, and `, trying to run `id` and read /etc/passwd` for the
/// sentence; nothing where the payloads do not show it.
pub(in crate::detect) fn tries(draft: &mut Draft, attacks: &[&Event], site: &Site<'_>) -> String {
    let mut shapes: BTreeMap<u64, &Event> = BTreeMap::new();
    for event in attacks {
        shapes.entry(event.skeleton).or_insert(event);
    }
    draft.number("n_payload_shapes", shapes.len());
    let mut first: Vec<&Event> = shapes.into_values().collect();
    first.sort_by_key(|e| (e.ts_us, e.at));
    let mut attempt = Attempt::default();
    let mut own: BTreeSet<String> = BTreeSet::new();
    for event in first.into_iter().take(MAX_PAYLOADS) {
        let agents = &site.partitions[partition(event.agent)].agents;
        let agent = agents.table.get(event.agent, event.agent).map_or(&b""[..], |row| agents.text(row).1);
        attempt.join(Attempt::of_request(&event.target, agent, event.verdict.classes));
        let host = site.page(event.page).map(|page| site.page_text(page).0).unwrap_or_default();
        own.insert(String::from_utf8_lossy(host).to_ascii_lowercase());
    }
    for (name, texts) in
        [("commands", &attempt.commands), ("files", &attempt.files), ("hidden", &attempt.hidden)]
    {
        if !texts.is_empty() {
            draft.number(name, texts.iter().map(String::as_str).collect::<Vec<_>>().join("; ").as_str());
        }
    }
    draft.callback_hosts.extend(attempt.hosts);
    if attempt.names.is_empty() {
        return String::new();
    }
    draft.number("tries", attempt.names.join("; ").as_str());
    format!(", trying to {}", list(&attempt.names, MAX_SAID))
}
