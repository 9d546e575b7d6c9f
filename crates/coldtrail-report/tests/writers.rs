//! The files for other tools: what they hold, read back by readers that are not ours where there are such.

mod case;

use calamine::{Data, Reader, Xlsx};
use coldtrail_core::detect::{Finding, Level, Severity};
use coldtrail_core::verdict::Report;
use coldtrail_report::{Cells, blocklist, is_unsafe, layer, markdown, misp, ocsf, stix, timeline, workbook};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};

fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).expect("writes to memory");
    out
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let text = String::from_utf8(written(write)).expect("UTF-8");
    let bad = text.chars().find(|c| is_unsafe(*c) && *c != '\n');
    assert_eq!(bad, None);
    text
}

fn json(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Value {
    serde_json::from_str(&text(write)).expect("JSON")
}

#[test]
fn a_break_in_for_other_tools() {
    let report = case::break_in();
    let trusted = ["198.51.100.0/24".parse().expect("a network")];
    insta::assert_snapshot!("timeline", text(|out| timeline::write(out, &report, Cells::Guarded)));
    insta::assert_snapshot!("markdown", text(|out| markdown::write(out, &report, &case::method())));
    insta::assert_snapshot!("blocklist", text(|out| blocklist::write(out, &report, &trusted)));
    for syntax in blocklist::Syntax::ALL {
        insta::assert_snapshot!(syntax.file(), text(|out| syntax.write(out, &report, &trusted)));
    }
    insta::assert_snapshot!("layer", text(|out| layer::write(out, &report)));
    insta::assert_snapshot!("stix", text(|out| stix::write(out, &report)));
    insta::assert_snapshot!("misp", text(|out| misp::write(out, &report)));
    insta::assert_snapshot!("ocsf", text(|out| ocsf::write(out, &report)));
}

#[test]
fn a_host_that_only_a_payload_names_is_no_more_than_a_lead() {
    let mut report = case::break_in();
    let worked = |f: &&mut Finding| f.level >= Level::Possible && f.severity >= Severity::Medium;
    let finding = report.findings.iter_mut().find(worked).expect("an effect");
    finding.draft.callback_hosts.insert("named.example".to_owned());
    let bundle = json(|out| stix::write(out, &report));
    let objects = bundle["objects"].as_array().expect("a list");
    let lead = objects.iter().find(|o| o["name"] == "named.example").expect("an indicator");
    assert_eq!(lead["indicator_types"][0], "anomalous-activity");
    assert_eq!(
        (&lead["confidence"], &lead["pattern"]),
        (&15.into(), &"[domain-name:value = 'named.example']".into())
    );
    assert!(lead["description"].as_str().is_some_and(|d| d.contains("look before blocking")), "{lead}");
    let list = text(|out| blocklist::write(out, &report, &[]));
    assert!(!list.contains("named.example"), "{list}");
}

#[test]
fn our_own_clients_are_never_on_the_blocklist() {
    let list = text(|out| blocklist::write(out, &case::proxy(), &[]));
    assert!(list.lines().all(|line| line.starts_with('#')), "{list}");
    assert!(!list.contains("10.4.7.21"), "{list}");
}

#[test]
fn hostile_text_is_one_cell_of_the_timeline() {
    let report = case::hostile();
    let shown =
        String::from_utf8(written(|out| timeline::write(out, &report, Cells::Guarded))).expect("UTF-8");
    let mut reader = csv::Reader::from_reader(shown.as_bytes());
    let mut last = i64::MIN;
    let mut n = 0;
    for row in reader.records() {
        n += 1;
        let row = row.expect("as many cells as columns");
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
        let timestamp: i64 = row[3].parse().expect("microseconds");
        assert!(timestamp >= last && row[0].ends_with("+00:00"), "{row:?}");
        last = timestamp;
    }
    assert_eq!(shown.lines().count(), n + 1);
    assert!(n > case::HOSTILE.len());
}

#[test]
fn hostile_text_is_text_in_markdown() {
    let shown = text(|out| markdown::write(out, &case::hostile(), &case::method()));
    // What stands outside of code has no character that could begin a mark which we did not make.
    // The one link of our own: the licence of the country data asks for it.
    for line in shown.lines().filter(|line| !line.starts_with("Country data: ")) {
        let mut outside = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('`') {
            outside.push_str(before);
            let n = 1 + after.chars().take_while(|c| *c == '`').count();
            let fence = "`".repeat(n);
            let inside = after.trim_start_matches('`');
            (_, rest) = inside.split_once(&fence).unwrap_or_else(|| panic!("code does not end: {line}"));
        }
        outside.push_str(rest);
        for mark in ["<", "](", "://", "[", "~", "^", "$"] {
            assert!(!outside.contains(mark), "{mark}: {line}");
        }
    }
}

/// Sheets of a workbook as an independent reader sees them, and its parts as they are stored.
fn opened(report: &Report) -> (Xlsx<Cursor<Vec<u8>>>, Vec<(String, String)>) {
    let bytes = written(|out| workbook::write(out, report, &case::method()));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.clone())).expect("a zip file");
    let parts = (0..archive.len()).map(|i| {
        let mut part = archive.by_index(i).expect("a part");
        let mut xml = String::new();
        part.read_to_string(&mut xml).expect("XML is UTF-8");
        (part.name().expect("UTF-8").into_owned(), xml)
    });
    let parts = parts.collect();
    (Xlsx::new(Cursor::new(bytes)).expect("a workbook"), parts)
}

#[test]
fn the_workbook_answers_the_questions() {
    let (mut book, _) = opened(&case::break_in());
    let names = book.sheet_names();
    assert_eq!(
        names,
        [
            "Summary",
            "Attackers",
            "Findings",
            "Timeline",
            "Exploited pages",
            "Implants",
            "Transfers",
            "Countries",
            "Requests",
            "Hours",
            "Files",
            "Read me"
        ]
    );
    let sheet = book.worksheet_range("Summary").expect("a sheet");
    assert_eq!(sheet.get((0, 1)), Some(&Data::String("They got in".into())));
    let sheet = book.worksheet_range("Attackers").expect("a sheet");
    assert_eq!(sheet.get((1, 0)), Some(&Data::String("203.0.113.34".into())));
    let first = sheet.get((1, 13)).expect("a time");
    assert!(matches!(first, Data::DateTime(_)), "{first:?}");
    let sheet = book.worksheet_range("Requests").expect("a sheet");
    let report = case::break_in();
    assert_eq!(sheet.height() - 1, report.findings.iter().map(|f| f.evidence.len()).sum::<usize>());
}

#[test]
fn no_cell_of_the_workbook_is_a_formula_or_a_link() {
    let report = case::hostile();
    let (mut book, parts) = opened(&report);
    for (name, xml) in &parts {
        assert!(!xml.contains("<f>") && !xml.contains("<f ") && !xml.contains("<hyperlink"), "{name}");
        assert!(!xml.contains("externalLink") && !xml.contains("TargetMode=\"External\""), "{name}");
    }
    for name in book.sheet_names() {
        let sheet = book.worksheet_range(&name).expect("a sheet");
        for (_, _, cell) in sheet.cells() {
            if let Data::String(text) = cell {
                assert!(!text.chars().any(is_unsafe), "{name}: {text}");
                assert!(text.chars().count() <= 32_767, "{name}");
            }
        }
    }
    let sheet = book.worksheet_range("Implants").expect("a sheet");
    let said: BTreeSet<String> = sheet.rows().map(|row| row[2].to_string()).collect();
    for hostile in ["=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "javascript:alert(1)"] {
        assert!(said.contains(hostile), "{hostile}");
    }
}

#[test]
fn the_layer_names_each_technique_once() {
    let layer = json(|out| layer::write(out, &case::break_in()));
    let ids: Vec<&str> = layer["techniques"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|t| t["techniqueID"].as_str())
        .collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!((ids.len(), distinct.contains("T1505.003")), (distinct.len(), true), "{ids:?}");
    assert_eq!(json(|out| layer::write(out, &case::quiet()))["techniques"], Value::Array(vec![]));
}

/// The rules of STIX 2.1 that an importer holds on to: ids of their kind and unique, references that resolve, times
/// with milliseconds, strings of patterns closed.
#[test]
fn the_bundle_is_whole() {
    for report in [case::break_in(), case::proxy(), case::quiet(), case::hostile()] {
        let bundle = json(|out| stix::write(out, &report));
        let objects = bundle["objects"].as_array().expect("a list");
        let ids: BTreeSet<&str> = objects.iter().filter_map(|o| o["id"].as_str()).collect();
        assert_eq!(ids.len(), objects.len());
        for object in objects {
            let kind = object["type"].as_str().expect("a kind");
            let (before, uuid) = object["id"].as_str().and_then(|id| id.split_once("--")).expect("an id");
            assert_eq!((before, uuid.len(), uuid.get(14..15)), (kind, 36, Some("5")));
            for reference in ["created_by_ref", "source_ref", "target_ref"] {
                assert!(object[reference].as_str().is_none_or(|id| ids.contains(id)), "{object}");
            }
            for time in ["created", "modified", "valid_from"] {
                assert!(object[time].as_str().is_none_or(|t| t.len() == 24 && t.ends_with('Z')), "{object}");
            }
            if let Some(pattern) = object["pattern"].as_str() {
                let inner = pattern.split_once('\'').map(|(_, inner)| inner).expect("a string");
                let inner = inner.strip_suffix("']").expect("its end");
                let plain = inner.replace("\\\\", "").replace("\\'", "");
                assert!(!plain.contains(['\'', '\\']), "{pattern}");
            }
        }
    }
    let bundle = json(|out| stix::write(out, &case::proxy())).to_string();
    assert!(bundle.contains("[domain-name:value = 'cdn.stat-sync.example']"), "{bundle}");
    assert!(
        bundle.contains("[url:value = 'http://badsite.example/malware.exe']")
            && !bundle.contains("10.4.7.21'")
    );
}

/// The rules of the layer format 4.5, as far as they bear on what we write.
fn check_layer(layer: &Value) {
    let keys = |value: &Value, known: &[&str]| {
        for key in value.as_object().expect("an object").keys() {
            assert!(known.contains(&key.as_str()), "{key} is no key of the format");
        }
    };
    let is_colour = |value: &Value| {
        let hex = value.as_str().and_then(|c| c.strip_prefix('#')).unwrap_or_default();
        hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    };
    keys(
        layer,
        &[
            "name",
            "versions",
            "domain",
            "description",
            "filters",
            "sorting",
            "layout",
            "hideDisabled",
            "techniques",
            "gradient",
            "legendItems",
            "showTacticRowBackground",
            "tacticRowBackground",
            "selectTechniquesAcrossTactics",
            "selectSubtechniquesWithParent",
            "selectVisibleTechniques",
            "metadata",
            "links",
        ],
    );
    assert!(layer["name"].as_str().is_some_and(|n| !n.is_empty()) && layer["description"].is_string());
    keys(&layer["versions"], &["attack", "navigator", "layer"]);
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert!(layer["versions"]["attack"].is_string() && layer["versions"]["navigator"].is_string());
    assert_eq!(layer["domain"], "enterprise-attack");
    assert!(layer["sorting"].as_u64().is_some_and(|n| n <= 3) && layer["hideDisabled"].is_boolean());
    keys(&layer["gradient"], &["colors", "minValue", "maxValue"]);
    let colours = layer["gradient"]["colors"].as_array().expect("a list");
    assert!(colours.len() >= 2 && colours.iter().all(is_colour));
    let (least, most) = (layer["gradient"]["minValue"].as_f64(), layer["gradient"]["maxValue"].as_f64());
    assert!(least.is_some() && least < most);
    for item in layer["legendItems"].as_array().expect("a list") {
        keys(item, &["label", "color"]);
        assert!(item["label"].is_string() && is_colour(&item["color"]));
    }
    let mut seen = BTreeSet::new();
    for technique in layer["techniques"].as_array().expect("a list") {
        keys(
            technique,
            &[
                "techniqueID",
                "tactic",
                "comment",
                "enabled",
                "score",
                "color",
                "metadata",
                "links",
                "showSubtechniques",
            ],
        );
        let id = technique["techniqueID"].as_str().expect("an id");
        let (parent, sub) = id.split_once('.').unwrap_or((id, "000"));
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        assert!(parent.strip_prefix('T').is_some_and(|n| digits(n, 4)) && digits(sub, 3), "{id}");
        assert!(seen.insert(id), "{id} twice without a tactic that tells them apart");
        assert!(technique["score"].as_f64().is_some_and(|s| least <= Some(s) && Some(s) <= most), "{id}");
        assert!(is_colour(&technique["color"]) && technique["comment"].is_string(), "{id}");
        assert!(technique["enabled"].is_boolean() && technique["showSubtechniques"].is_boolean(), "{id}");
    }
}

#[test]
fn the_layer_keeps_the_rules_of_its_format() {
    for report in [case::break_in(), case::proxy(), case::quiet(), case::unreadable(), case::hostile()] {
        check_layer(&json(|out| layer::write(out, &report)));
    }
    assert!(
        !json(|out| layer::write(out, &case::proxy()))["techniques"].as_array().expect("a list").is_empty()
    );
}

/// Types of attributes that we write, and a category in which MISP has each.
const MISP_TYPES: [(&str, &str); 5] = [
    ("ip-src", "Network activity"),
    ("ip-dst", "Network activity"),
    ("hostname", "Network activity"),
    ("url", "Payload delivery"),
    ("uri", "Network activity"),
];

#[test]
fn an_event_of_misp_has_what_the_core_format_asks_for() {
    for report in [case::break_in(), case::proxy(), case::quiet(), case::hostile()] {
        let file = json(|out| misp::write(out, &report));
        let event = &file["Event"];
        let is_uuid = |v: &Value| v.as_str().is_some_and(|u| u.len() == 36 && u.as_bytes()[14] == b'5');
        assert!(is_uuid(&event["uuid"]) && is_uuid(&event["Orgc"]["uuid"]));
        assert_eq!(event["info"], report.sentence.as_str());
        assert!(event["date"].as_str().is_some_and(|d| d.len() == 10));
        for (key, known) in [("threat_level_id", "1234"), ("analysis", "012"), ("distribution", "01234")] {
            assert!(event[key].as_str().is_some_and(|v| v.len() == 1 && known.contains(v)), "{key}");
        }
        let mut seen = BTreeSet::new();
        for attribute in event["Attribute"].as_array().expect("a list") {
            let pair =
                (attribute["type"].as_str().expect("text"), attribute["category"].as_str().expect("text"));
            assert!(MISP_TYPES.contains(&pair), "{pair:?}");
            assert!(is_uuid(&attribute["uuid"]) && seen.insert(attribute["uuid"].to_string()));
            assert!(attribute["value"].is_string() && attribute["to_ids"].is_boolean());
        }
    }
    let file = json(|out| misp::write(out, &case::hostile()));
    let values: BTreeSet<&str> = file["Event"]["Attribute"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|a| a["value"].as_str())
        .collect();
    assert!(case::HOSTILE.iter().all(|h| values.contains(h)), "{values:?}");
    let own = json(|out| misp::write(out, &case::proxy())).to_string();
    assert!(
        !own.contains("\"ip-src\"") && own.contains("cdn.stat-sync.example"),
        "own clients are no indicators"
    );
}

#[test]
fn a_finding_of_ocsf_has_what_its_class_asks_for() {
    for report in [case::break_in(), case::proxy(), case::hostile()] {
        let shown = text(|out| ocsf::write(out, &report));
        assert_eq!(shown.lines().count(), report.findings.len());
        for (line, f) in shown.lines().zip(&report.findings) {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let number = |key: &str| event[key].as_i64().unwrap_or_else(|| panic!("{key}"));
            assert_eq!((number("category_uid"), number("class_uid")), (2, 2004));
            assert_eq!(number("type_uid"), number("class_uid") * 100 + number("activity_id"));
            assert!((1..=5).contains(&number("severity_id")) && number("time") >= 0);
            assert!(
                event["metadata"]["version"].is_string() && event["metadata"]["product"]["name"].is_string()
            );
            assert_eq!(event["finding_info"]["uid"], f.id.as_str());
            assert_eq!(event["finding_info"]["desc"], f.statement.as_str());
            let evidences = event["evidences"].as_array().expect("a list");
            assert!(
                evidences.iter().all(|e| e["data"]["raw"].is_string()) && evidences.len() == f.evidence.len()
            );
            let observables = event["observables"].as_array().expect("a list");
            assert!(observables.iter().all(|o| o["name"].is_string() && o["type_id"].is_number()));
            assert!(!line.contains(":null"), "{line}");
        }
    }
}
