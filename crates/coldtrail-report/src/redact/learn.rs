//! What is known before any text is read: clients that the log gives as names, the accounts of the lines that a report
//! shows, ids of findings.

use super::{Kind, Redactor};
use coldtrail_core::record::{Private, PrivateKind};
use coldtrail_core::verdict::{ClientName, Report};
use std::net::IpAddr;

/// Accounts that name no person: they are replaced where a line names its user and left in other text, where they are
/// words like others.
const GENERIC: [&[u8]; 22] = [
    b"admin",
    b"administrator",
    b"root",
    b"guest",
    b"test",
    b"user",
    b"anonymous",
    b"www",
    b"www-data",
    b"info",
    b"support",
    b"operator",
    b"backup",
    b"oracle",
    b"mysql",
    b"postgres",
    b"nobody",
    b"default",
    b"demo",
    b"webmaster",
    b"system",
    b"get",
];
/// Shortest account that is looked for in other text, bytes.
const MIN_WORD_BYTES: usize = 3;
/// Cap on accounts, accounts.
const MAX_USERS: usize = 100_000;

impl Redactor {
    /// Learns whom the report names, before any of its text is redacted.
    pub(crate) fn learn(&mut self, report: &Report) {
        for (client, name) in &report.client_names {
            self.names.insert(*client, name.clone());
            self.know(name.as_bytes(), Kind::Client);
        }
        for client in report.clients.iter() {
            if let ClientName::Name(name) = client.client {
                self.know(name.as_bytes(), Kind::Client);
            }
        }
        let ids = report.findings.iter().map(|f| &f.id).chain(report.incidents.iter().map(|i| &i.id));
        ids.for_each(|id| self.know(id.as_bytes(), Kind::Finding));
        let evidence = report.findings.iter().flat_map(|f| &f.evidence).chain(&report.basis.lines);
        let lines = evidence.map(|e| (&e.raw, &e.private));
        let rejects = report.coverage.rejects.iter().map(|r| (&r.raw, &r.private));
        let mut n = 0;
        for (raw, private) in lines.chain(rejects) {
            for Private { start, len, .. } in private.iter().flatten().filter(|p| p.kind == PrivateKind::User)
            {
                let (start, end) = (*start as usize, (*start + *len) as usize);
                if let Some(user) = raw.get(start..end).filter(|_| n < MAX_USERS) {
                    n += 1;
                    self.user(user);
                }
            }
        }
    }

    /// An account as a line has it: `CORP\anna`, `anna@corp.example`, `anna`.
    fn user(&mut self, account: &[u8]) {
        let account = account.to_ascii_lowercase();
        let after = account.rsplit(|c| *c == b'\\').next().unwrap_or_default();
        let before = after.split(|c| *c == b'@').next().unwrap_or_default();
        for name in [&account[..], after, before] {
            let is_number = name.iter().all(u8::is_ascii_digit);
            if name.len() >= MIN_WORD_BYTES && !is_number && !GENERIC.contains(&name) {
                self.know(name, Kind::User);
            }
        }
    }

    /// A word that names somebody wherever it stands. Addresses are known by how they look.
    pub(super) fn know(&mut self, word: &[u8], kind: Kind) {
        if std::str::from_utf8(word).is_ok_and(|w| w.parse::<IpAddr>().is_ok()) {
            return;
        }
        self.known.entry(word.to_ascii_lowercase()).or_insert(kind);
    }
}
