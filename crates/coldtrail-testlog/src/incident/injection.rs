//! SQL injection: without effect, by UNION, and blind.

use super::{Expectation, Incident};
use crate::request::Actor;
use crate::rng::Rng;
use crate::site::Site;
use crate::time::SECOND;

/// The page that a broken query leaves: frame and footer, no product.
const EMPTY_PRODUCT_BYTES: u64 = 3_287;

/// A search that reflects its words and escapes them: attacked, always answered as any search is.
pub fn without_effect(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    let forms = [
        "%27+OR+1%3D1--+-",
        "%27+UNION+SELECT+NULL%2CNULL--+-",
        "%27%29+AND+SLEEP%285%29--+-",
        "%22+OR+%22a%22%3D%22a",
        "%27%3B+DROP+TABLE+users--",
    ];
    let mut at_us = start_us;
    let requests = (0..n)
        .map(|i| {
            at_us += rng.time(SECOND / 2, 3 * SECOND);
            let target = format!("/search.php?q=tent{}{}", i, rng.pick(&forms));
            let bytes = site.page_bytes(&target, at_us, rng);
            actor.request(site.get(at_us, &target, ""), 200, bytes)
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W04",
            kind: "sql-injection-without-effect",
            title: "SQL injection into the search, which answers as it answers everybody.",
            detectors: &["attack"],
            level: "no_sign",
            ..Expectation::default()
        },
        requests,
    }
}

/// Tries with one small answer, then the right number of columns, then rows in bulk.
pub fn union_dump(site: &Site, actor: &Actor, start_us: i64, params: UnionDump, rng: &mut Rng) -> Incident {
    let mut at_us = start_us;
    let mut requests = Vec::new();
    let mut send = |payload: &str, low: u64, high: u64| {
        at_us += rng.time(2 * SECOND, 11 * SECOND);
        let target = format!("/product.php?id={payload}");
        requests.push(actor.request(site.get(at_us, &target, ""), 200, rng.between(low, high)));
    };
    let probes = [
        "%27",
        "%22",
        "%27%20AND%201%3D1--%20-",
        "%27%20AND%201%3D2--%20-",
        "%27%20OR%20%271%27%3D%271",
        "%29%20OR%201%3D1--%20-",
        "%27%20ORDER%20BY%20",
    ];
    let failed = (EMPTY_PRODUCT_BYTES, EMPTY_PRODUCT_BYTES + 2);
    for i in 0..params.n_probes {
        let probe = probes[i % probes.len()];
        let tail =
            if probe.ends_with("BY%20") { format!("{}--%20-", i / probes.len() + 1) } else { String::new() };
        send(&format!("17{probe}{tail}"), failed.0, failed.1);
    }
    let mut nulls = "NULL".to_owned();
    for _ in 1..params.n_columns {
        send(&format!("-17%27%20UNION%20SELECT%20{nulls}--%20-"), failed.0, failed.1);
        nulls.push_str(",NULL");
    }
    let select = |what: &str, from: &str| {
        let rest = ",NULL".repeat(params.n_columns.saturating_sub(2));
        format!("-17%27%20UNION%20SELECT%20NULL,{what}{rest}%20FROM%20{from}--%20-")
    };
    for (column, table) in
        [("table_name", "information_schema.tables"), ("column_name", "information_schema.columns")]
    {
        send(&select(&format!("group_concat({column})"), table), 24_000, 31_000);
    }
    for page in 0..params.n_dumps {
        let rows = format!("(SELECT%20*%20FROM%20{}%20LIMIT%20{},2000)x", params.table, page * 2_000);
        send(&select("group_concat(email,0x3a,password)", &rows), 180_000, 220_000);
    }
    Incident {
        expectation: Expectation {
            id: "W05",
            kind: "sql-injection-union",
            title: "SQL injection into the product page: small answers, then a table in pieces of 200 kB.",
            detectors: &["attack", "response-size-jump"],
            also: &["attack-answered"],
            level: "confirmed",
            artefacts: vec!["/product.php".into()],
        },
        requests,
    }
}

/// How long the tries and the dump are.
#[derive(Clone, Copy, Debug)]
pub struct UnionDump {
    pub n_probes: usize,
    pub n_columns: usize,
    pub n_dumps: usize,
    pub table: &'static str,
}

/// One bit per request: the category with its goods, or without them.
pub fn blind(site: &Site, actor: &Actor, start_us: i64, n: usize, rng: &mut Rng) -> Incident {
    const TRUE_BYTES: u64 = 14_233;
    const FALSE_BYTES: u64 = 9_118;
    let mut at_us = start_us;
    let requests = (0..n)
        .map(|i| {
            at_us += rng.time(SECOND / 4, SECOND);
            let (position, bit) = (i / 7 + 1, [64, 96, 112, 104, 108, 106, 105][i % 7]);
            let target = format!("/category.php?id=5%20AND%20ORD(MID((SELECT%20password%20FROM%20admin_users%20LIMIT%200,1),{position},1))%3E{bit}");
            let bytes = if rng.chance(0.5) { TRUE_BYTES } else { FALSE_BYTES };
            actor.request(site.get(at_us, &target, ""), 200, bytes + rng.below(2))
        })
        .collect();
    Incident {
        expectation: Expectation {
            id: "W06",
            kind: "sql-injection-blind",
            title: "Blind SQL injection into the category page: hundreds of answers of exactly two sizes.",
            detectors: &["attack", "response-size-jump"],
            also: &["attack-answered"],
            level: "confirmed",
            artefacts: vec!["/category.php".into()],
        },
        requests,
    }
}
