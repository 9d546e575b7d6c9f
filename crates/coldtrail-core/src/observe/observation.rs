//! What one record says about one key: flat rows on their way to a partition, and how each is taken in there.

use crate::enrich::attack::{RuleSet, Verdict};
use crate::enrich::{Content, Marks};
use crate::record::ClientKey;
use crate::table::{ClientRow, Clients, ContactRow, Contacts, PageRow, PairRow, Partition, StatusClass};

/// Facts of a record, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Facts(u16);

impl Facts {
    pub(super) const REFERRER: Self = Self(1);
    /// A style sheet, script, picture or font, answered, that came with a referrer.
    pub(super) const ASSET: Self = Self(2);
    pub(super) const POST: Self = Self(4);
    pub(super) const UPLOAD: Self = Self(8);
    /// The referrer is another page.
    pub(super) const LINKED: Self = Self(16);
    pub(super) const OUTGOING: Self = Self(32);
    pub(super) const DENIED: Self = Self(64);
    pub(super) const CONNECT: Self = Self(128);
    /// The query hands the page a command.
    pub(super) const COMMAND: Self = Self(256);
    /// Path or query has the number of a user.
    pub(super) const USER: Self = Self(512);
    /// There is a query, and one with a number in it.
    pub(super) const QUERY: Self = Self(1024);
    pub(super) const NUMBER: Self = Self(2048);
    /// A program by its content type.
    pub(super) const PROGRAM: Self = Self(4096);
    /// The host asked did not answer, or with an error of its own.
    pub(super) const FAILED: Self = Self(8192);

    #[inline]
    pub(super) fn set(&mut self, fact: Self, on: bool) {
        self.0 |= if on { fact.0 } else { 0 };
    }

    #[inline]
    pub(super) fn has(self, fact: Self) -> bool {
        self.0 & fact.0 != 0
    }
}

/// A text in the buffer that travels with the observations; `u32::MAX` for none.
#[derive(Clone, Copy)]
pub(super) struct Carried {
    pub(super) start: u32,
    pub(super) first: u16,
    pub(super) second: u16,
}

impl Carried {
    pub(super) const NONE: Self = Self { start: u32::MAX, first: 0, second: 0 };

    /// The two texts, if there are any.
    fn get(self, texts: &[u8]) -> Option<(&[u8], &[u8])> {
        if self.start == u32::MAX {
            return None;
        }
        let middle = self.start as usize + self.first as usize;
        Some((&texts[self.start as usize..middle], &texts[middle..middle + self.second as usize]))
    }
}

/// To the partition of the client.
#[derive(Clone, Copy)]
pub(super) struct ClientObservation {
    pub(super) client: ClientKey,
    pub(super) hash: u64,
    pub(super) page: u64,
    pub(super) agent: u64,
    pub(super) bytes_out: u64,
    pub(super) bytes_in: u64,
    /// Seconds since 1970; `u32::MAX` for none.
    pub(super) ts_s: u32,
    pub(super) status_code: u16,
    pub(super) facts: Facts,
    pub(super) verdict: Verdict,
    /// The client's name where it is not an address.
    pub(super) name: Carried,
}

#[inline]
fn some_s(ts_s: u32) -> Option<u32> {
    (ts_s != u32::MAX).then_some(ts_s)
}

impl ClientObservation {
    /// Takes them in, one kind of table after the other, each fetched ahead.
    pub(super) fn apply_all(all: &[Self], part: &mut Partition, texts: &[u8], numbers: &mut Vec<u32>) {
        let table = &part.clients.table;
        all.iter().for_each(|o| table.prefetch_slot(o.hash));
        all.iter().for_each(|o| table.prefetch_row(o.hash));
        numbers.clear();
        numbers.extend(all.iter().map(|o| o.apply(&mut part.clients, texts)));
        let asked = || all.iter().zip(&*numbers);
        asked().for_each(|(o, client)| part.pairs.prefetch(o.page, *client));
        asked().for_each(|(o, client)| part.pairs.add(o.pair(*client)));
        let dated = asked().filter(|(o, _)| o.ts_s != u32::MAX);
        dated.for_each(|(o, client)| part.visits.add(*client, o.ts_s));
    }

    /// Returns the client's row number.
    #[inline]
    fn apply(&self, clients: &mut Clients, texts: &[u8]) -> u32 {
        let class = StatusClass::of(self.status_code);
        let (index, row) =
            clients.table.entry(self.hash, self.client, || ClientRow::new(self.client, self.hash));
        row.n_requests = row.n_requests.saturating_add(1);
        row.n_status[class as usize] = row.n_status[class as usize].saturating_add(1);
        row.bytes_out = row.bytes_out.saturating_add(self.bytes_out);
        row.bytes_in = row.bytes_in.saturating_add(self.bytes_in);
        if let Some(t) = some_s(self.ts_s) {
            row.first_s = row.first_s.min(t);
            row.last_s = row.last_s.max(t);
        }
        if self.verdict.is_attack() {
            row.n_attacks = row.n_attacks.saturating_add(1);
            row.n_attacks_ok += u32::from(class == StatusClass::Ok);
            row.classes = row.classes.union(self.verdict.classes);
        } else if self.verdict.is_weak() {
            row.n_weak = row.n_weak.saturating_add(1);
        }
        row.n_referrer += u32::from(self.facts.has(Facts::REFERRER));
        row.n_posts += u32::from(self.facts.has(Facts::POST));
        row.n_outgoing += u32::from(self.facts.has(Facts::OUTGOING));
        let is_asset = self.facts.has(Facts::ASSET);
        row.n_assets_referred += u32::from(is_asset);
        if is_asset {
            clients.asset(index, self.agent, self.ts_s / 86_400);
        }
        clients.used(index, self.agent);
        if let Some((name, _)) = self.name.get(texts) {
            clients.name(self.client, name);
        }
        index
    }

    #[inline]
    fn pair(&self, client: u32) -> PairRow {
        let bits = match StatusClass::of(self.status_code) {
            StatusClass::Ok | StatusClass::NotModified => PairRow::ANSWERED,
            StatusClass::Redirect => 0,
            StatusClass::Denied | StatusClass::Missing | StatusClass::Error => PairRow::REFUSED,
        } | if self.verdict.is_attack() { PairRow::ATTACKED } else { 0 }
            | if self.facts.has(Facts::USER) { PairRow::USER } else { 0 }
            | if self.facts.has(Facts::QUERY) { PairRow::QUERY } else { 0 }
            | if self.facts.has(Facts::NUMBER) { PairRow::NUMBER } else { 0 };
        PairRow { page: self.page, client, bits, n: 1 }
    }
}

/// To the partition of the page.
#[derive(Clone, Copy)]
pub(super) struct PageObservation {
    pub(super) hash: u64,
    pub(super) bytes_out: u64,
    pub(super) bytes_in: u64,
    pub(super) ts_s: u32,
    pub(super) status_code: u16,
    pub(super) facts: Facts,
    pub(super) verdict: Verdict,
    /// Host and path, where the partition may not have them yet.
    pub(super) name: Carried,
}

impl PageObservation {
    /// Takes them in; their slots and rows are fetched ahead.
    pub(super) fn apply_all(all: &[Self], part: &mut Partition, texts: &[u8], rules: &RuleSet) {
        let table = &part.pages.table;
        all.iter().for_each(|o| table.prefetch_slot(o.hash));
        all.iter().for_each(|o| table.prefetch_row(o.hash));
        all.iter().for_each(|o| o.apply(part, texts, rules));
    }

    #[inline]
    fn apply(&self, part: &mut Partition, texts: &[u8], rules: &RuleSet) {
        let class = StatusClass::of(self.status_code);
        let (index, row) = part.pages.table.entry(self.hash, self.hash, || PageRow::new(self.hash));
        row.bytes_out = row.bytes_out.saturating_add(self.bytes_out);
        row.bytes_in = row.bytes_in.saturating_add(self.bytes_in);
        row.max_out = row.max_out.max(self.bytes_out);
        row.status[class as usize].add(some_s(self.ts_s));
        row.n_posts += u32::from(self.facts.has(Facts::POST));
        row.n_no_referrer += u32::from(!self.facts.has(Facts::REFERRER));
        row.n_linked += u32::from(self.facts.has(Facts::LINKED));
        row.n_uploads += u32::from(self.facts.has(Facts::UPLOAD));
        row.n_commands += u32::from(self.facts.has(Facts::COMMAND));
        row.n_outgoing += u32::from(self.facts.has(Facts::OUTGOING));
        row.is_program |= self.facts.has(Facts::PROGRAM);
        if self.verdict.is_attack() {
            row.n_attacks = row.n_attacks.saturating_add(1);
            row.n_attacks_ok += u32::from(class == StatusClass::Ok);
            row.classes = row.classes.union(self.verdict.classes);
        }
        if let Some((host, path)) = self.name.get(texts)
            && part.pages.name(index, host, path)
        {
            part.pages.table.row_mut(index).is_probe = rules.probe(path).is_some();
        }
    }
}

/// To the partition of the client, from a proxy log.
#[derive(Clone, Copy)]
pub(super) struct ContactObservation {
    pub(super) client: ClientKey,
    pub(super) host: u64,
    pub(super) bytes_down: u64,
    pub(super) bytes_up: u64,
    pub(super) ts_s: u32,
    pub(super) facts: Facts,
    pub(super) port: u16,
    pub(super) minutes: u16,
    pub(super) marks: Marks,
    pub(super) content: Content,
    pub(super) name: Carried,
}

impl ContactObservation {
    pub(super) fn apply(&self, part: &mut Partition, texts: &[u8]) {
        let hash = Contacts::hash(self.client, self.host);
        let key = (self.client, self.host);
        let name = self.name.get(texts).map_or(&b""[..], |(host, _)| host);
        let new = || ContactRow::new(self.client, self.host, name);
        let (index, row) = part.contacts.table.entry(hash, key, new);
        row.n_requests = row.n_requests.saturating_add(1);
        row.n_posts += u32::from(self.facts.has(Facts::POST));
        row.n_connects += u32::from(self.facts.has(Facts::CONNECT));
        row.n_referrer += u32::from(self.facts.has(Facts::REFERRER));
        if self.facts.has(Facts::DENIED) {
            row.n_denied += 1;
        } else if self.facts.has(Facts::FAILED) {
            row.n_failed += 1;
        }
        row.bytes_down = row.bytes_down.saturating_add(self.bytes_down);
        row.bytes_up = row.bytes_up.saturating_add(self.bytes_up);
        row.asked_port(self.port);
        row.longest_min = row.longest_min.max(self.minutes);
        row.marks = row.marks.and(self.marks);
        row.content = row.content.and(self.content);
        if let Some(t) = some_s(self.ts_s) {
            row.first_s = row.first_s.min(t);
            row.last_s = row.last_s.max(t);
            row.times.add(t);
        }
        part.contacts.name(index, name);
    }
}
