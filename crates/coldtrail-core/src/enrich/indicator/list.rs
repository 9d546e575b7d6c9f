//! Lists of lines: plain ones, hosts files, tables with a head (URLhaus, ThreatFox and others), rules.

use super::spelling::is_hash;
use super::{Limits, Reader, refang, rule};

/// Names of columns that hold indicators, the surest first.
const COLUMNS: [&str; 14] = [
    "ioc_value",
    "ioc",
    "indicator",
    "indicator_value",
    "url",
    "domain",
    "hostname",
    "host",
    "fqdn",
    "dst_ip",
    "ip",
    "ip_address",
    "address",
    "value",
];

/// What a head says of the columns.
struct Head {
    separator: char,
    /// The columns of indicators, the surest first.
    indicators: Vec<usize>,
    confidence: Option<usize>,
}

pub(super) fn read(text: &str, reader: &mut Reader<'_>) {
    let mut head = None;
    let mut n_rows = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if let Some(comment) = line.strip_prefix(['#', ';']) {
            // The head of a table may be a comment.
            if n_rows == 0 {
                head = find_head(comment).or(head);
            }
            continue;
        }
        n_rows += 1;
        if n_rows == 1 && head.is_none() {
            head = find_head(line);
            if head.is_some() {
                continue;
            }
        }
        if !read_line(line, head.as_ref(), reader) {
            reader.unread(line);
        }
    }
}

fn read_line(line: &str, head: Option<&Head>, reader: &mut Reader<'_>) -> bool {
    if rule::is_rule(line) {
        return rule::read(line, reader);
    }
    let none = Limits::default();
    if let Some(head) = head {
        let cells = cells(line, head.separator);
        let doubt = head.confidence.and_then(|i| Limits::doubt_of(cells.get(i)?.parse().ok()?));
        let limits = Limits { doubt, ..none };
        let named = head.indicators.iter().filter_map(|i| cells.get(*i));
        return named.filter(|cell| !cell.is_empty() && reader.take(cell, &limits)).count() > 0;
    }
    // A comment or further columns behind the indicator.
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    // Hosts files: `0.0.0.0 bad.example`.
    if let ("0.0.0.0" | "127.0.0.1", Some(name)) = (first, words.next()) {
        return reader.take(name, &none);
    }
    // Of a table without a head the first cell that is one, and no hash of a file unless there is nothing else.
    if line.contains([',', ';', '\t']) {
        let (hashes, others): (Vec<_>, Vec<_>) =
            cells(line, separator_of(line)).into_iter().partition(|c| is_hash(&refang(c)));
        return others
            .into_iter()
            .chain(hashes)
            .any(|cell| cell.contains(['.', ':', '[']) && reader.take(&cell, &none));
    }
    reader.take(first.trim_matches(['"', '\'']), &none)
}

fn find_head(line: &str) -> Option<Head> {
    let separator = separator_of(line);
    let cells: Vec<String> = cells(line, separator)
        .iter()
        .map(|c| c.trim().to_ascii_lowercase().replace([' ', '-'], "_"))
        .collect();
    let place = |name: &str| cells.iter().position(|c| c == name);
    let indicators: Vec<usize> = COLUMNS.iter().filter_map(|name| place(name)).collect();
    let confidence = place("confidence_level").or_else(|| place("confidence"));
    (cells.len() >= 2 && !indicators.is_empty()).then_some(Head { separator, indicators, confidence })
}

/// What most cells of the line are parted by.
fn separator_of(line: &str) -> char {
    let count = |separator: &char| line.matches(*separator).count();
    [',', ';', '\t'].into_iter().max_by_key(count).unwrap_or(',')
}

/// The cells of a line of CSV.
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for c in line.trim().chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => cells.push(String::new()),
            c => cells.last_mut().expect("begins with one").push(c),
        }
    }
    cells.iter_mut().for_each(|cell| *cell = cell.trim().to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use crate::enrich::Indicators;

    fn check(text: &str, want: &[&str]) {
        let list = Indicators::parse(text.as_bytes(), "x");
        let got: Vec<_> = (0..list.len()).filter_map(|i| list.get(i as u32)).collect();
        let shown: Vec<_> = got
            .iter()
            .map(|i| format!("{}{}", i.text, if i.limits.doubt.is_some() { " ?" } else { "" }))
            .collect();
        assert_eq!(shown, want, "{text}");
    }

    #[test]
    fn tables() {
        // The head of URLhaus is a comment, that of ThreatFox a quoted one.
        check(
            "# id,dateadded,url,url_status\n\"3\",\"2026-03-02 10:00:00\",\"http://bad.example/a.exe\",\"offline\"\n",
            &["bad.example/a.exe"],
        );
        check(
            "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"confidence_level\"\n\
             \"2026-03-02 10:00:00\", \"1\", \"203.0.113.9:443\", \"ip:port\", \"25\"\n",
            &["203.0.113.9 ?"],
        );
        check("Domain;First seen\nbad[.]example;2026-03-02\n", &["bad.example"]);
        check(
            "first_seen,host,ip\n2026,,203.0.113.77\n2026,a.example,203.0.113.78\n",
            &["203.0.113.77", "a.example", "203.0.113.78"],
        );
        check("kind;indicator;note\ndomain;bad.example;a, b, c\n", &["bad.example"]);
        check("http://big.example/?x=evil\n0.0.0.0/0\n::1\n127.0.0.1\n", &[]);
        check("44d88612fea8a8f36de82e1278abb02f,hxxp://bad.example/x,2026\n", &["bad.example/x"]);
        check(
            "# see http://report.example/a,b\nbad.example\n0.0.0.0 ads.example # x\n",
            &["bad.example", "ads.example"],
        );
    }
}
