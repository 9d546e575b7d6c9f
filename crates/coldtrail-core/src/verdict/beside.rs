//! Archives that were fetched from the folder of an implant: what was packed there was packed to be carried away.

use crate::detect::{Draft, Finding, Level, Severity, Site, Stage, by_id, bytes, list, quote, span};
use crate::enrich::{PageKind, kind_of};
use crate::record::ClientKey;
use crate::table::{PageRow, StatusClass};

/// What leaves a server through its own door: the finding is of this detector, which looks at single pages only.
const DETECTOR: &str = "page-transfer";
/// Fewer bytes are no archive worth a name, bytes: pictures and scripts of a site are smaller.
const MIN_BYTES: u64 = 1 << 20;
/// What more clients fetch is a public download, clients: the same as the detector's.
const MAX_CLIENTS: u32 = 3;

/// One finding for each such archive of which no finding says as much already.
pub(super) fn fetched_beside_implants(findings: &[Finding], site: &Site<'_>) -> Vec<Finding> {
    let is_implant = |f: &&Finding| {
        f.meta.stage == Stage::Implant && f.level >= Level::Probable && f.severity >= Severity::High
    };
    let implants: Vec<(&Finding, &str, &str)> = findings
        .iter()
        .filter(is_implant)
        .flat_map(|f| f.artefacts.iter().map(move |path| (f, path.as_str())))
        .filter_map(|(f, path)| Some((f, path, path.rsplit_once('/')?.0)))
        .filter(|(_, _, folder)| !folder.is_empty())
        .collect();
    let Some(meta) = by_id(DETECTOR).map(|d| d.meta()).filter(|_| !implants.is_empty()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for row in site.partitions.iter().flat_map(|p| p.pages.table.rows()).filter(|row| is_carried_away(row)) {
        if kind_of(site.page_text(row).1) != PageKind::Archive {
            continue;
        }
        let name = site.page_name(row);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let first_us = i64::from(row.span(StatusClass::Ok).first_s) * 1_000_000;
        let Some((_, implant, _)) = implants
            .iter()
            .find(|(f, path, of)| *of == folder && *path != name && f.first_us.is_none_or(|t| t <= first_us))
        else {
            continue;
        };
        let subject = format!("page {name}");
        let is_accused =
            |f: &Finding| f.meta.id == DETECTOR && f.subject == subject && f.level >= Level::Probable;
        if !findings.iter().any(is_accused) {
            found.push(draft(row, subject, name, implant, site).finish(meta));
        }
    }
    found
}

fn is_carried_away(row: &PageRow) -> bool {
    row.n_outgoing == 0
        && row.span(StatusClass::Ok).n > 0
        && row.bytes_out >= MIN_BYTES
        && row.n_clients <= MAX_CLIENTS
        && row.n_linked == 0
}

fn draft(row: &PageRow, subject: String, name: String, implant: &str, site: &Site<'_>) -> Draft {
    let mut draft = Draft::new(subject);
    let ok = row.span(StatusClass::Ok);
    draft.set_span(ok.first_s, ok.last_s);
    (draft.level, draft.severity, draft.rule) = (Level::Probable, Severity::High, "beside-implant");
    draft.clients.extend(clients_of(row.hash, site));
    draft.n_requests = row.n_requests();
    draft.bytes_out = Some(row.bytes_out);
    draft.number("n_clients", row.n_clients);
    draft.number("largest_bytes", row.max_out);
    let clients: Vec<String> = draft.clients.iter().map(|c| site.client_text(*c)).collect();
    draft.statement = format!(
        "{} left by {} to {}{}: an archive beside {}, reached by no link and first answered after it.",
        bytes(row.bytes_out),
        quote(name.as_bytes(), 160),
        list(&clients, 3),
        span(draft.first_us, draft.last_us),
        quote(implant.as_bytes(), 160),
    );
    draft.caveats =
        vec!["Its lines are not shown here: coldtrail who with its path lists who asked for it.".to_owned()];
    draft.page = row.hash;
    draft.artefacts = [implant.to_owned(), name.clone()].into();
    draft.pages.insert(name);
    draft
}

fn clients_of(page: u64, site: &Site<'_>) -> Vec<ClientKey> {
    let of = |(pairs, part): (&Vec<crate::table::PairRow>, &crate::table::Partition)| {
        let hits = pairs.iter().filter(|pair| pair.page == page);
        hits.map(|pair| part.clients.table.row(pair.client).client).collect::<Vec<_>>()
    };
    site.pairs.iter().zip(site.partitions).flat_map(of).collect()
}
