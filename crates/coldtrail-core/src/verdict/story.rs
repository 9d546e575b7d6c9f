//! The verdict as a story: what was done by whom, where and when, in the order of time.

use super::accused::accused;
use crate::detect::{Finding, Level, Number, Site, Stage, bytes, list, span, time};
use std::cmp::Reverse;

/// Clients or names in one clause.
const MAX_NAMES: usize = 2;

/// A clause for each stage that had an effect, told by its surest finding; none where no stage had.
pub(super) fn story(findings: &[&Finding], site: &Site<'_>) -> Option<String> {
    let surest = |stage: Stage| {
        let of_stage = findings.iter().filter(|f| f.meta.stage == stage && f.level >= Level::Possible);
        of_stage.min_by_key(|f| (Reverse((f.level, f.severity)), f.first_us, &f.id))
    };
    let mut told: Vec<&Finding> = Stage::ALL.into_iter().filter_map(surest).copied().collect();
    // Stages that begin together stay in the order of the kill chain.
    told.sort_by_key(|f| (f.first_us.is_none(), f.first_us));
    let clauses: Vec<String> = told.into_iter().filter_map(|f| clause(f, site)).collect();
    (!clauses.is_empty()).then(|| format!("{}.", clauses.join("; ")))
}

fn clause(f: &Finding, site: &Site<'_>) -> Option<String> {
    let clients: Vec<String> = accused(f, site).into_iter().map(|c| site.client_text(c)).collect();
    let who = list(&clients, MAX_NAMES);
    let who = if who.is_empty() { "somebody" } else { &who };
    let hedge = match f.level {
        Level::Confirmed => "",
        Level::Probable => "probably ",
        _ => "perhaps ",
    };
    let since = time(f.first_us);
    let page = || f.pages.first().or(f.artefacts.first());
    let host = || f.hosts.first().or(f.artefacts.first());
    Some(match f.meta.stage {
        Stage::Access => {
            format!("{who} {hedge}got into an account through {}, tried since {since}", page()?)
        }
        Stage::Exploit => format!("{who} {hedge}attacked {} with success at {since}", page()?),
        Stage::Implant => {
            let state = match f.numbers.get("state") {
                Some(Number::Text(state)) if state == "deleted" => " and is gone now",
                Some(Number::Text(state)) if state == "present" => " and is still there",
                _ => "",
            };
            let when = span(f.first_us, f.last_us);
            format!("{}, {hedge}planted there, answered {who}{when}{state}", f.artefacts.first().or(page())?)
        }
        Stage::Exfiltration => {
            let size = f.bytes_out.or(f.bytes_in).map_or("data".to_owned(), bytes);
            format!("{size} {hedge}left by {} to {who}", f.artefacts.first().or(page()).or(f.hosts.first())?)
        }
        Stage::CommandAndControl => format!("{who} {hedge}reports to {} since {since}", host()?),
        Stage::Download => {
            format!("{who} fetched {}, {hedge}malware, at {since}", f.artefacts.first().or(host())?)
        }
        Stage::LateralMovement => format!("{who} {hedge}scanned other hosts at {since}"),
        Stage::Reconnaissance | Stage::Attack | Stage::Impact => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::by_id;
    use crate::detect::testing::TestSite;
    use crate::record::ClientKey;

    fn finding(id: &str, level: Level, first_s: i64, about: &str) -> Finding {
        let mut draft = crate::detect::Draft::new(about);
        draft.level = level;
        draft.clients.insert(ClientKey::parse(b"203.0.113.9"));
        draft.artefacts.insert(about.to_owned());
        draft.pages.insert(about.to_owned());
        draft.first_us = Some(first_s * 1_000_000);
        draft.bytes_out = Some(2_000);
        draft.finish(by_id(id).expect("a detector").meta())
    }

    #[test]
    fn is_told_in_the_order_of_time_by_the_surest_of_each_stage() {
        let findings = [
            finding("page-transfer", Level::Probable, 300, "/b.zip"),
            finding("web-shell", Level::Possible, 50, "/index.php"),
            finding("web-shell", Level::Confirmed, 200, "/x.php"),
            finding("response-size-jump", Level::Confirmed, 100, "/p.php"),
            finding("scan", Level::NoSign, 0, "/"),
        ];
        let site = TestSite::new(Vec::new());
        let told = story(&findings.iter().collect::<Vec<_>>(), &site.site()).expect("a story");
        assert_eq!(
            told,
            "203.0.113.9 attacked /p.php with success at 1970-01-01T00:01:40Z; /x.php, planted there, answered \
             203.0.113.9 at 1970-01-01T00:03:20Z; 2,000 bytes (1.9 KiB) probably left by /b.zip to 203.0.113.9."
        );
        assert_eq!(story(&[&findings[4]], &site.site()), None);
    }
}
