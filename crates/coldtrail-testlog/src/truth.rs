//! What was planted and what of it was written, as JSON. Counts come from the lines that were written, not from the plan.

use crate::incident::{Expectation, Incident};
use crate::queue::Queue;
use crate::request::{Label, Request};
use crate::time::iso;
use crate::writer::Writer;
use std::collections::BTreeSet;
use std::io;

/// How many names of a kind an entry lists; the counts beside them are exact.
const LISTED: usize = 100;

/// The account of one run.
#[derive(Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    files: Vec<File>,
    /// Lines of incidents and traps: file, line, label.
    labels: Vec<(usize, u64, Label)>,
}

struct Entry {
    expectation: Expectation,
    clients: BTreeSet<String>,
    pages: BTreeSet<String>,
    hosts: BTreeSet<String>,
    first_us: i64,
    last_us: i64,
    n_lines: u64,
    bytes_out: u64,
}

struct File {
    name: String,
    lines: u64,
    bytes: u64,
    first_us: i64,
    last_us: i64,
}

impl Ledger {
    /// Enters an incident and queues its requests under its label.
    pub fn plant(&mut self, incident: Incident, queue: &mut Queue) {
        self.entries.push(Entry {
            expectation: incident.expectation,
            clients: BTreeSet::new(),
            pages: BTreeSet::new(),
            hosts: BTreeSet::new(),
            first_us: i64::MAX,
            last_us: i64::MIN,
            n_lines: 0,
            bytes_out: 0,
        });
        let label = self.entries.len() as Label;
        queue.extend(incident.requests.into_iter().map(|request| Request { label, ..request }));
    }

    /// A file that the run writes; its lines are counted under the number returned.
    pub fn file(&mut self, name: &str) -> usize {
        self.files.push(File {
            name: name.to_owned(),
            lines: 0,
            bytes: 0,
            first_us: i64::MAX,
            last_us: i64::MIN,
        });
        self.files.len() - 1
    }

    /// Lines and bytes of all files so far.
    pub fn written(&self) -> (u64, u64) {
        self.files.iter().fold((0, 0), |sum, file| (sum.0 + file.lines, sum.1 + file.bytes))
    }

    /// Which line of which file belongs to which incident, one a line: `file TAB line TAB id`.
    pub fn labels(&self) -> String {
        self.labels
            .iter()
            .map(|&(file, line, label)| {
                format!(
                    "{}\t{line}\t{}\n",
                    self.files[file].name,
                    self.entries[usize::from(label) - 1].expectation.id
                )
            })
            .collect()
    }

    /// Notes a line of `bytes` bytes. Directives of a format have no request.
    fn note(&mut self, file: usize, bytes: usize, ts_us: i64, request: Option<&Request>) {
        let number = file;
        let file = &mut self.files[file];
        file.lines += 1;
        file.bytes += bytes as u64;
        let Some(request) = request else { return };
        file.first_us = file.first_us.min(ts_us);
        file.last_us = file.last_us.max(ts_us);
        let Some(entry) = usize::from(request.label).checked_sub(1) else { return };
        self.labels.push((number, file.lines, request.label));
        let entry = &mut self.entries[entry];
        entry.clients.insert(request.client.to_string());
        if !request.target.is_empty() {
            entry.pages.insert(request.path().to_owned());
        }
        if request.hop.is_some() {
            entry.hosts.insert(request.host.to_string());
        }
        entry.first_us = entry.first_us.min(ts_us);
        entry.last_us = entry.last_us.max(ts_us);
        entry.n_lines += 1;
        entry.bytes_out += request.response_body_bytes;
    }

    /// The truth file. `what` is the scenario, with the arguments that repeat it.
    pub fn json(&self, what: &str, seed: u64, format: &str) -> String {
        let mut json = format!(
            "{{\"schema\": 1, \"scenario\": {}, \"seed\": {seed}, \"format\": {},\n",
            quoted(what),
            quoted(format)
        );
        let files: Vec<String> = self.files.iter().map(File::json).collect();
        json.push_str(&format!(" \"files\": [\n  {}],\n", files.join(",\n  ")));
        for (name, traps) in [("incidents", false), ("traps", true)] {
            let entries: Vec<String> =
                self.entries.iter().filter(|entry| entry.is_trap() == traps).map(Entry::json).collect();
            json.push_str(&format!(
                " \"{name}\": [\n  {}]{}\n",
                entries.join(",\n  "),
                if traps { "}" } else { "," }
            ));
        }
        json
    }
}

impl File {
    fn json(&self) -> String {
        format!(
            "{{\"name\": {}, \"lines\": {}, \"bytes\": {}, \"first\": {}, \"last\": {}}}",
            quoted(&self.name),
            self.lines,
            self.bytes,
            time(self.first_us),
            time(self.last_us)
        )
    }
}

impl Entry {
    fn is_trap(&self) -> bool {
        self.expectation.id.starts_with('T')
    }

    fn json(&self) -> String {
        let e = &self.expectation;
        let detectors = if self.is_trap() { "must_not_find" } else { "detectors" };
        format!(
            "{{\"id\": {}, \"kind\": {}, \"title\": {}, \"level\": {}, \"{detectors}\": {}, \"also\": {},\n   \
             \"first\": {}, \"last\": {}, \"n_lines\": {}, \"bytes_out\": {}, \"n_clients\": {}, \"n_pages\": {}, \"n_hosts\": {},\n   \
             \"artefacts\": {},\n   \"clients\": {},\n   \"pages\": {},\n   \"hosts\": {}}}",
            quoted(e.id),
            quoted(e.kind),
            quoted(e.title),
            quoted(e.level),
            list(e.detectors),
            list(e.also),
            time(self.first_us),
            time(self.last_us),
            self.n_lines,
            self.bytes_out,
            self.clients.len(),
            self.pages.len(),
            self.hosts.len(),
            list(&e.artefacts),
            list(self.clients.iter().take(LISTED)),
            list(self.pages.iter().take(LISTED)),
            list(self.hosts.iter().take(LISTED)),
        )
    }
}

/// One log file being written, line by line, into the account.
pub struct Log<'a> {
    writer: &'a dyn Writer,
    out: Box<dyn io::Write + 'a>,
    number: usize,
    line: Vec<u8>,
}

impl<'a> Log<'a> {
    /// Starts a file with what the format puts at its top.
    pub fn start(
        name: &str,
        writer: &'a dyn Writer,
        start_us: i64,
        mut out: Box<dyn io::Write + 'a>,
        ledger: &mut Ledger,
    ) -> io::Result<Log<'a>> {
        let number = ledger.file(name);
        let mut head = Vec::new();
        writer.head(start_us, &mut head);
        for directive in head.split_inclusive(|&byte| byte == b'\n') {
            ledger.note(number, directive.len(), start_us, None);
        }
        out.write_all(&head)?;
        Ok(Log { writer, out, number, line: Vec::new() })
    }

    /// Writes everything that is finished before `until_us`.
    pub fn drain(&mut self, queue: &mut Queue, until_us: i64, ledger: &mut Ledger) -> io::Result<()> {
        while let Some(request) = queue.pop_before(until_us) {
            self.line.clear();
            self.writer.line(&request, &mut self.line);
            ledger.note(self.number, self.line.len(), self.writer.logged_us(&request), Some(&request));
            self.out.write_all(&self.line)?;
        }
        Ok(())
    }

    /// Writes what is left in buffers.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn time(ts_us: i64) -> String {
    if ts_us == i64::MAX || ts_us == i64::MIN { "null".into() } else { quoted(&iso(ts_us)) }
}

fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}
