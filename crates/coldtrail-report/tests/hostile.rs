//! Every text of a report may come from an attacker. One report full of hostile values goes through every writer.

mod case;

use coldtrail_report::blocklist::Syntax;
use coldtrail_report::records::{self, Shape};
use coldtrail_report::{
    Cells, Method, Style, findings, html, is_unsafe, raw_text, rejects, summary, tables, terminal,
};
use serde_json::Value;

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writes to memory");
    assert!(!out.is_empty());
    String::from_utf8(out).expect("all outputs are UTF-8")
}

fn assert_inert(text: &str) {
    let bad = text.char_indices().find(|(_, c)| is_unsafe(*c) && *c != '\n');
    assert_eq!(bad, None, "{:?}", bad.map(|(i, _)| text.get(i.saturating_sub(80)..i)));
}

fn page() -> String {
    let hostile = case::HOSTILE.join(" ");
    let method = Method {
        version: hostile.clone(),
        command: vec!["coldtrail".into(), hostile.clone()],
        parameters: vec![(hostile.clone(), hostile)],
    };
    written(|out| html::write(out, &case::hostile(), &method, 200))
}

/// The page without what stands inside its style sheet and its two script elements, and the latter.
fn without_scripts(page: &str) -> (String, Vec<String>) {
    let (head, rest) = page.split_once("<style>").expect("a style sheet");
    let (_, body) = rest.split_once("</style>").expect("it ends");
    let page = format!("{head}<style></style>{body}");
    let mut parts = page.split("<script");
    let mut rest = parts.next().expect("a page").to_owned();
    let mut inside = Vec::new();
    for part in parts {
        let (attributes, text) = part.split_once('>').expect("a tag ends");
        let (text, after) = text.split_once("</script>").expect("it is closed");
        rest.push_str(&format!("<script{attributes}></script>{after}"));
        inside.push(text.to_owned());
    }
    (rest, inside)
}

/// Name and attributes of every tag, in order; panics where a `<` begins something that our template does not have.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, tail) = after.split_once('>').expect("a tag ends");
        rest = tail;
        let tag = tag.trim_end_matches('/');
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut pairs = Vec::new();
        while !attributes.trim().is_empty() {
            let (key, value) = match attributes.split_once("=\"") {
                Some((key, value)) if !key.trim().contains(' ') => (key, value),
                _ => {
                    let (flag, more) = attributes.trim().split_once(' ').unwrap_or((attributes.trim(), ""));
                    pairs.push((flag.to_owned(), String::new()));
                    attributes = more;
                    continue;
                }
            };
            let (value, more) = value.split_once('"').expect("a value ends");
            pairs.push((key.trim().to_owned(), value.to_owned()));
            attributes = more;
        }
        out.push((name.to_owned(), pairs));
    }
    out
}

#[test]
fn html_has_no_element_and_no_attribute_from_a_log() {
    const TAGS: &str = " !DOCTYPE html head meta title style body header main section article div nav p span h1 h2 h3 ul ol li \
        a bdi small strong code dl dt dd table caption thead tbody tr th td details summary svg path circle rect line text \
        defs pattern script ";
    const ATTRIBUTES: &str = " html lang charset http-equiv content name class id href type title role aria-label aria-hidden \
        aria-labelledby tabindex scope colspan open viewBox width height d cx cy r x y x1 x2 y1 y2 text-anchor \
        patternUnits patternTransform ";
    let page = without_scripts(&page()).0;
    let has = |list: &str, word: &str| list.contains(&format!(" {word} "));
    let mut open: Vec<String> = Vec::new();
    let mut n = 0;
    for (name, attributes) in tags(&page) {
        n += 1;
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
            continue;
        }
        assert!(has(TAGS, &name), "<{name}>");
        for (key, value) in &attributes {
            assert!(has(ATTRIBUTES, key), "<{name} {key}>");
            assert!(key != "href" || value.starts_with('#'), "{value}");
        }
        if !["!DOCTYPE", "meta", "path", "circle", "rect", "line"].contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty() && n > 2000, "{open:?} {n}");
}

#[test]
fn html_shows_what_would_act_or_hide() {
    let page = page();
    assert_inert(&page);
    assert!(page.contains(r"\u{202e}gpj.exe"));
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(page.contains(r"\xFF\xFE\x80 \\ \xC3"));
}

#[test]
fn html_allows_its_style_sheet_and_its_script_and_nothing_else() {
    use base64::Engine;
    use sha2::Digest;
    let page = page();
    let (_, scripts) = without_scripts(&page);
    let (_, style) = page.split_once("<style>").expect("a style sheet");
    let (style, _) = style.split_once("</style>").expect("it ends");
    let digest =
        |text: &str| base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()));
    let [data, script] = scripts.as_slice() else { panic!("{} scripts", scripts.len()) };
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(script),
        digest(style)
    );
    assert!(data.len() > 1000 && data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
    assert!(page.contains(&format!("content=\"{policy}\"")));
    for loads in ["@import", "http", "url(\"", "url('", "url(/", "url(d"] {
        assert!(!style.contains(loads), "{loads}");
    }
}

#[test]
fn html_data_read_back_as_the_same_text() {
    use base64::Engine;
    use std::io::Read;
    let report = case::hostile();
    let (_, scripts) = without_scripts(&page());
    let packed = base64::engine::general_purpose::STANDARD.decode(&scripts[0]).expect("base64");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip of text");
    let data: Value = serde_json::from_str(&text).expect("JSON");
    let findings = data["head"]["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), report.findings.len());
    for (value, f) in findings.iter().zip(&report.findings) {
        let pages: Vec<&str> =
            value["pages"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(pages, f.pages.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let raw = data["raw"].as_array().expect("a list");
    for e in report.findings.iter().flat_map(|f| &f.evidence) {
        assert!(raw.contains(&raw_text(&e.raw, e.n_cut).into()));
    }
    for r in &report.basis.requests {
        let targets = data["targets"].as_array().expect("a list");
        assert!(targets.contains(&raw_text(&r.event.target, 0).into()));
        assert_eq!(
            data["hosts"][r.host.expect("it has one") as usize],
            report.basis.hosts[r.host.unwrap_or(0) as usize]
        );
    }
    let columns = ["t", "target", "host", "client", "method", "status", "bytes", "set", "input", "line"];
    let n = data["t"].as_array().map_or(0, Vec::len);
    assert!(n > 0 && columns.iter().all(|c| data[c].as_array().map(Vec::len) == Some(n)));
}

#[test]
fn terminal_gets_nothing_but_text_and_our_own_colours() {
    let report = case::hostile();
    for width in [None, Some(1), Some(40), Some(80), Some(100), Some(250)] {
        for colour in [false, true] {
            let style = Style { colour, width, ascii: false };
            let shown = written(|out| terminal::write(out, &report, &case::run(), &[], style));
            let mut plain = shown.clone();
            for code in ["0", "1", "2", "1;33", "1;97;41", "1;31", "1;36"] {
                plain = plain.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert!(colour || plain == shown);
            assert_inert(&plain);
            let limit = width.unwrap_or(usize::MAX).max(40);
            let wide: Vec<&str> = plain.lines().filter(|l| coldtrail_report::width(l) > limit).collect();
            assert!(wide.is_empty(), "{wide:#?} at {width:?}");
        }
    }
}

#[test]
fn json_reads_back_as_the_same_text() {
    let report = case::hostile();
    let shown = written(|out| summary::write(out, &report, &case::run()));
    assert_inert(&shown);
    let value: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(value["verdict"]["sentence"], report.sentence.as_str());
    for (line, who) in value["answers"]["who"].as_array().expect("a list").iter().zip(&report.answers.who) {
        assert_eq!(line["client"], who.client.as_str());
    }

    let shown = written(|out| findings::write(out, &report));
    assert_inert(&shown);
    assert_eq!(shown.lines().count(), report.findings.len());
    for (line, f) in shown.lines().zip(&report.findings) {
        let value: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(value["statement"], f.statement.as_str());
        assert_eq!(value["clients"].as_array().expect("a list").len(), f.clients.len());
        let raw = raw_text(&f.evidence[0].raw, f.evidence[0].n_cut);
        assert_eq!(value["evidence"][0]["raw"], raw.as_str());
    }

    let shown = written(|out| rejects::write(out, &report));
    assert_inert(&shown);
    assert_eq!(shown.lines().count(), report.coverage.rejects.len());
    for (line, r) in shown.lines().zip(&report.coverage.rejects) {
        let value: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(value["raw"], raw_text(&r.raw, r.n_cut).as_str());
    }
}

/// A record with a hostile text in every field that the log fills.
fn record(text: &str) -> Value {
    let mut record = serde_json::json!({
        "input": "", "line": 1, "offset": 0, "parse": "partial", "format": "combined", "ts": "2026-03-02T10:00:00.25Z",
        "status_code": 200, "response_bytes": 7, "response_body_bytes": 5, "request_bytes": 3, "duration_us": 1500,
        "attack": { "score": 5, "classes": ["sqli"], "rules": [text], "where": ["query:id"] },
    });
    for name in [
        "input",
        "client_ip",
        "peer_ip",
        "user",
        "method",
        "host",
        "target",
        "url_path",
        "url_query",
        "referrer",
        "user_agent",
        "cookie",
        "body",
        "reason",
        "raw",
    ] {
        record[name] = text.into();
    }
    record
}

#[test]
fn records_are_text_in_every_schema() {
    for hostile in case::HOSTILE {
        let record = record(hostile);
        let shown = |shape| {
            written(|out| {
                records::write_head(out, shape)?;
                records::write(out, &record, shape, Cells::Guarded)
            })
        };
        for shape in [Shape::Jsonl, Shape::Ecs, Shape::Ocsf] {
            let line = shown(shape);
            assert_inert(&line);
            assert_eq!(line.lines().count(), 1);
            let value: Value = serde_json::from_str(&line).expect("JSON");
            let text = match shape {
                Shape::Ecs => &value["url"]["original"],
                Shape::Ocsf => &value["http_request"]["url"]["url_string"],
                _ => &value["target"],
            };
            assert_eq!(text, hostile);
            if shape == Shape::Ocsf {
                assert_eq!((&value["time"], &value["duration"]), (&1_772_445_600_250_i64.into(), &1.into()));
                assert_eq!((&value["type_uid"], &value["class_uid"]), (&400_299.into(), &4002.into()));
                assert!(value["src_endpoint"].is_object() && value["src_endpoint"]["ip"].is_null());
            }
            if shape == Shape::Ecs {
                assert_eq!(value["event"]["duration"], 1_500_000);
                assert!(value["source"]["ip"].is_null(), "an ip field takes addresses only");
            }
        }
        let table = shown(Shape::Csv);
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("CSV")).collect();
        assert!(rows.len() == 1 && table.lines().count() == 2, "{table}");
        assert!(rows[0].iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{table}");
        let raw = written(|out| records::write(out, &record, Shape::Csv, Cells::Raw));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(raw.as_bytes());
        assert_eq!(reader.records().next().expect("a row").expect("CSV").get(11), Some(*hostile));
    }
}

#[test]
fn blocklists_hold_addresses_and_words_of_ours() {
    let mut report = case::hostile();
    // One whose name is an address; all others name nothing that could be blocked.
    report.answers.who[0].client = "203.0.113.9".to_owned();
    report.answers.who[0].level = coldtrail_core::detect::Level::Confirmed;
    for syntax in Syntax::ALL {
        let shown = written(|out| syntax.write(out, &report, &[]));
        assert_inert(&shown);
        assert!(shown.is_ascii() && shown.matches("203.0.113.9").count() == 1, "{shown}");
        assert!(shown.lines().count() < 25 && !shown.contains("alert"), "{shown}");
    }
}

#[test]
fn csv_is_not_run_by_a_spreadsheet_and_a_row_is_a_line() {
    let report = case::hostile();
    let shown = [
        written(|out| tables::write_clients(out, &report, Cells::Guarded)),
        written(|out| tables::write_pages(out, &report, Cells::Guarded)),
        written(|out| tables::write_hosts(out, &report, Cells::Guarded)),
    ];
    for table in shown {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let mut n = 0;
        for row in reader.records() {
            n += 1;
            let row = row.expect("CSV");
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
        }
        assert_eq!((n, table.lines().count()), (case::HOSTILE.len() + 1, n + 1));
    }
    let raw = written(|out| tables::write_clients(out, &report, Cells::Raw));
    let mut reader = csv::Reader::from_reader(raw.as_bytes());
    for (row, client) in reader.records().zip(report.clients.iter()) {
        assert_eq!(row.expect("CSV").get(0), Some(client.client.to_string().as_str()));
    }
}
