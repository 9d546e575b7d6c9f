//! The requests that findings rest on, as columns: what stands in one column is alike, and compresses well.

use super::data::ms;
use crate::raw::raw_text;
use coldtrail_core::detect::Severity;
use coldtrail_core::record::{ClientKey, NO_TIME};
use coldtrail_core::table::{Event, Locus, Method};
use coldtrail_core::verdict::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Clients by the order in which they are met.
pub(super) struct Clients<'r> {
    report: &'r Report,
    places: BTreeMap<ClientKey, usize>,
    order: Vec<ClientKey>,
}

impl<'r> Clients<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        Self { report, places: BTreeMap::new(), order: Vec::new() }
    }

    pub(super) fn place(&mut self, client: ClientKey) -> usize {
        *self.places.entry(client).or_insert_with(|| {
            self.order.push(client);
            self.order.len() - 1
        })
    }

    /// Name, country and number of requests of each.
    pub(super) fn lines(&self) -> Vec<Value> {
        let names: Vec<String> = self.order.iter().map(|c| self.report.client_text(*c)).collect();
        let mut known: BTreeMap<&str, (Option<String>, u64)> =
            names.iter().map(|name| (name.as_str(), (None, 0))).collect();
        // Those whom findings name stand first in the report's list.
        for line in self.report.clients.iter().take_while(|c| c.n_findings > 0) {
            if let Some(of) = known.get_mut(line.client.to_string().as_str()) {
                *of = (line.country.map(|c| c.to_string()), line.n_requests);
            }
        }
        let line = |name: &String| known.get(name.as_str()).map(|(country, n)| json!([name, country, n]));
        names.iter().filter_map(line).collect()
    }
}

/// One request, or a line of evidence of which no more is known than its place and time.
struct Row<'r> {
    ts_us: i64,
    at: Locus,
    event: Option<&'r Event>,
    host: Option<u32>,
    client: Option<usize>,
    set: usize,
}

pub(super) struct Rows<'r> {
    report: &'r Report,
    rows: Vec<Row<'r>>,
    raw: BTreeMap<Locus, (&'r [u8], u64)>,
    /// Sets of findings, by their places.
    pub(super) sets: Vec<Vec<u32>>,
}

impl<'r> Rows<'r> {
    /// `place` of the findings that are shown, by their index in the report.
    pub(super) fn new(report: &'r Report, place: &BTreeMap<u32, u32>, clients: &mut Clients<'_>) -> Self {
        let basis = &report.basis;
        let shown = |set: &Vec<u32>| set.iter().filter_map(|i| place.get(i).copied()).collect::<Vec<u32>>();
        let mut sets: Vec<Vec<u32>> = basis.sets.iter().map(shown).collect();
        let mut rows: Vec<Row<'_>> = Vec::with_capacity(basis.requests.len());
        for r in &basis.requests {
            let client = Some(clients.place(r.event.client));
            let set = r.set as usize;
            rows.push(Row {
                ts_us: r.event.ts_us,
                at: r.event.at,
                event: Some(&r.event),
                host: r.host,
                client,
                set,
            });
        }
        let mut raw: BTreeMap<Locus, (&[u8], u64)> =
            basis.lines.iter().map(|e| (e.at, (&e.raw[..], e.n_cut))).collect();
        // Lines of evidence that no list of events holds.
        let mut known: Vec<Locus> = rows.iter().map(|r| r.at).collect();
        known.sort_unstable();
        let mut others: BTreeMap<Locus, (i64, Option<usize>, Vec<u32>)> = BTreeMap::new();
        let accusing = (0u32..).zip(&report.findings).filter(|(_, f)| f.severity > Severity::Info);
        for (f, place) in accusing.filter_map(|(i, f)| Some((f, place.get(&i)?))) {
            for e in &f.evidence {
                raw.insert(e.at, (&e.raw, e.n_cut));
                if known.binary_search(&e.at).is_err() {
                    let client =
                        f.clients.first().filter(|_| f.clients.len() == 1).map(|c| clients.place(*c));
                    let other = others.entry(e.at).or_insert((e.ts_us.unwrap_or(NO_TIME), client, vec![]));
                    other.2.push(*place);
                }
            }
        }
        for (at, (ts_us, client, set)) in others {
            let set = sets.iter().position(|s| *s == set).unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            rows.push(Row { ts_us, at, event: None, host: None, client, set });
        }
        rows.sort_by_key(|r| (r.ts_us, r.at));
        Self { report, rows, raw, sets }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut last = 0;
        let times = self.rows.iter().map(|r| {
            (r.ts_us != NO_TIME).then(|| {
                let ts = ms(r.ts_us);
                ts - std::mem::replace(&mut last, ts)
            })
        });
        column(out, "t", times)?;
        let mut texts = Texts::default();
        let text = |e: &Event| raw_text(&e.target, 0);
        let targets: Vec<Option<i64>> =
            self.rows.iter().map(|r| r.event.map(|e| texts.place(text(e)))).collect();
        out.write_all(b",\"targets\":")?;
        serde_json::to_writer(&mut *out, &texts.order)?;
        out.write_all(b",\"hosts\":")?;
        serde_json::to_writer(&mut *out, &self.report.basis.hosts)?;
        column(out, "target", targets.into_iter())?;
        column(out, "host", self.rows.iter().map(|r| r.host.map(i64::from)))?;
        column(out, "client", self.rows.iter().map(|r| r.client.map(|c| c as i64)))?;
        column(out, "method", self.rows.iter().map(|r| r.event.map(|e| method(e.method))))?;
        column(out, "status", self.rows.iter().map(|r| r.event.map(|e| e.status_code.into())))?;
        let bytes = |r: &Row<'_>| r.event.and_then(|e| e.bytes_out.get()).and_then(|b| i64::try_from(b).ok());
        column(out, "bytes", self.rows.iter().map(bytes))?;
        column(out, "set", self.rows.iter().map(|r| Some(r.set as i64)))?;
        column(out, "input", self.rows.iter().map(|r| Some(r.at.input.into())))?;
        let mut last: BTreeMap<u32, i64> = BTreeMap::new();
        let lines = self.rows.iter().map(|r| {
            let last = last.entry(r.at.input).or_default();
            let line = i64::try_from(r.at.line).unwrap_or(i64::MAX);
            Some(line - std::mem::replace(last, line))
        });
        column(out, "line", lines)?;
        let with_raw = || self.rows.iter().enumerate().filter_map(|(i, r)| Some((i, self.raw.get(&r.at)?)));
        column(out, "rawRow", with_raw().map(|(i, _)| Some(i as i64)))?;
        out.write_all(b",\"raw\":[")?;
        for (n, (_, (bytes, n_cut))) in with_raw().enumerate() {
            if n > 0 {
                out.write_all(b",")?;
            }
            serde_json::to_writer(&mut *out, &raw_text(bytes, *n_cut))?;
        }
        out.write_all(b"]")
    }
}

/// The script has the same list.
fn method(method: Method) -> i64 {
    match method {
        Method::Other => 0,
        Method::Get => 1,
        Method::Head => 2,
        Method::Post => 3,
        Method::Put => 4,
        Method::Delete => 5,
        Method::Move => 6,
        Method::Connect => 7,
    }
}

/// Texts by the order in which they are met.
#[derive(Default)]
struct Texts {
    places: BTreeMap<String, usize>,
    order: Vec<String>,
}

impl Texts {
    fn place(&mut self, text: String) -> i64 {
        let next = self.order.len();
        let order = &mut self.order;
        let place = self.places.entry(text).or_insert_with_key(|text| {
            order.push(text.clone());
            next
        });
        *place as i64
    }
}

/// `,"name":[1,2,null]`
fn column(out: &mut impl Write, name: &str, values: impl Iterator<Item = Option<i64>>) -> io::Result<()> {
    write!(out, ",\"{name}\":[")?;
    let mut digits = itoa::Buffer::new();
    for (i, value) in values.enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        out.write_all(value.map_or("null", |n| digits.format(n)).as_bytes())?;
    }
    out.write_all(b"]")
}
