//! The first pass: what each client got of what was asked for.

use super::around::Around;
use super::term::Term;
use super::{clipped, stable_hash};
use crate::commands::text;
use coldtrail_core::record::{ClientKey, NO_TIME, Rec, TextField};
use std::collections::{BTreeMap, BTreeSet};

/// Clients that are listed; beyond, a sample by hash of their addresses.
const MAX_CLIENTS: usize = 20_000;
/// URLs of one client that are listed: the first in the order of their text.
const MAX_URLS: usize = 20;
/// Bytes of a URL that are kept.
pub(super) const MAX_URL_BYTES: usize = 1_024;

/// What one client got.
#[derive(Default)]
pub(super) struct Fetches {
    pub(super) client: Option<ClientKey>,
    pub(super) name: String,
    user: Option<(i64, String)>,
    pub(super) first_us: Option<i64>,
    pub(super) last_us: Option<i64>,
    pub(super) n_requests: u64,
    pub(super) bytes: u64,
    pub(super) n_delivered: u64,
    pub(super) n_blocked: u64,
    pub(super) n_failed: u64,
    pub(super) urls: BTreeSet<String>,
    /// Of the first request that has one: its time, then the text.
    pub(super) referrer: Option<(i64, String)>,
    /// What the second pass saw; none if the client was not followed.
    pub(super) around: Option<Around>,
}

impl Fetches {
    fn add(&mut self, client: ClientKey, rec: &Rec, bytes: &[u8], url: &str) {
        let name = text(rec.client.bytes(bytes));
        if self.name.is_empty() || name < self.name {
            self.name = name;
        }
        self.client = Some(client);
        keep_first(&mut self.user, rec.ts_us, rec.text(TextField::User, bytes).as_deref());
        if rec.ts_us != NO_TIME {
            self.first_us = Some(self.first_us.map_or(rec.ts_us, |t| t.min(rec.ts_us)));
            self.last_us = Some(self.last_us.map_or(rec.ts_us, |t| t.max(rec.ts_us)));
            keep_first(&mut self.referrer, rec.ts_us, rec.text(TextField::Referrer, bytes).as_deref());
        }
        self.n_requests += 1;
        self.bytes = self.bytes.saturating_add(rec.bytes_out().or_zero());
        match Delivery::of(rec, bytes) {
            Delivery::Delivered => self.n_delivered += 1,
            Delivery::Blocked => self.n_blocked += 1,
            Delivery::Failed => self.n_failed += 1,
        }
        self.urls.insert(clipped(url, MAX_URL_BYTES));
        if self.urls.len() > MAX_URLS {
            self.urls.pop_last();
        }
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_ref().map(|(_, name)| name.as_str())
    }

    pub(super) fn outcome(&self) -> &'static str {
        match (self.n_delivered, self.n_blocked) {
            (1.., _) => "delivered",
            (0, 1..) => "blocked",
            (0, 0) => "failed",
        }
    }
}

/// Keeps what the earliest record says.
fn keep_first(kept: &mut Option<(i64, String)>, ts_us: i64, said: Option<&[u8]>) {
    let Some(said) = said.filter(|s| !s.is_empty() && *s != b"-") else { return };
    let said = (if ts_us == NO_TIME { i64::MAX } else { ts_us }, clipped(&text(said), MAX_URL_BYTES));
    if kept.as_ref().is_none_or(|k| said < *k) {
        *kept = Some(said);
    }
}

/// Whether a client got what it asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Delivery {
    Delivered,
    Blocked,
    Failed,
}

impl Delivery {
    /// A log that has no status, or no sizes, is judged by the other.
    fn of(rec: &Rec, bytes: &[u8]) -> Self {
        let has_bytes = rec.bytes_out().get() != Some(0);
        let is_good = !rec.has_status || (200..300).contains(&rec.status_code);
        if rec.is_denied(bytes) {
            Self::Blocked
        } else if rec.status_code == 304 || (is_good && has_bytes) {
            Self::Delivered
        } else {
            Self::Failed
        }
    }
}

/// All clients that asked.
#[derive(Default)]
pub(super) struct Clients {
    rows: BTreeMap<ClientKey, Fetches>,
    /// Bits that a client's hash must not have to be listed.
    mask: u64,
    n_left_out: u64,
}

impl Clients {
    pub(super) fn take(&mut self, term: &Term, rec: &Rec, bytes: &[u8]) {
        let client = ClientKey::parse(rec.client.bytes(bytes));
        let url = url(rec, bytes);
        if !term.is_in(client, &url) {
            return;
        }
        if stable_hash(&client.words()) & self.mask != 0 {
            self.n_left_out += 1;
            return;
        }
        self.rows.entry(client).or_default().add(client, rec, bytes, &url);
        while self.rows.len() > MAX_CLIENTS {
            self.mask = self.mask << 1 | 1;
            let (mask, n_left_out) = (self.mask, &mut self.n_left_out);
            self.rows.retain(|client, row| {
                let stays = stable_hash(&client.words()) & mask == 0;
                *n_left_out += if stays { 0 } else { row.n_requests };
                stays
            });
        }
    }

    /// Requests of clients that are not listed.
    pub(super) fn n_left_out(&self) -> u64 {
        self.n_left_out
    }

    /// By first time, then name.
    pub(super) fn into_rows(self) -> Vec<Fetches> {
        let mut rows: Vec<Fetches> = self.rows.into_values().collect();
        rows.sort_by(|a, b| (a.first_us, &a.name).cmp(&(b.first_us, &b.name)));
        rows
    }
}

/// Host and target of a record, as one text.
pub(super) fn url(rec: &Rec, bytes: &[u8]) -> String {
    let field = |f: TextField| rec.text(f, bytes).map_or_else(String::new, |t| text(&t));
    let target = field(TextField::Target);
    if target.contains("://") {
        return target;
    }
    let path = if target.is_empty() {
        let query = rec.text(TextField::Query, bytes).map_or_else(String::new, |q| format!("?{}", text(&q)));
        field(TextField::Path) + &query
    } else {
        target
    };
    let host = field(TextField::Host);
    if path.starts_with(&host) { path } else { host + &path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coldtrail_core::record::{Metric, Span};

    #[test]
    fn what_was_delivered() {
        let check = |status: Option<u16>, size: Option<u64>, action: &str, want: Delivery| {
            let mut rec = Rec::unread(Span::new(0, action.len()));
            (rec.has_status, rec.status_code) = (status.is_some(), status.unwrap_or(0));
            rec.response_bytes = size.map_or(Metric::NONE, Metric::new);
            rec.action = Span::new(0, action.len());
            assert_eq!(Delivery::of(&rec, action.as_bytes()), want, "{status:?} {size:?} {action}");
        };
        check(Some(200), Some(5), "TCP_MISS", Delivery::Delivered);
        check(Some(200), None, "Allowed", Delivery::Delivered);
        check(None, Some(5), "", Delivery::Delivered);
        check(Some(304), Some(0), "TCP_REFRESH", Delivery::Delivered);
        check(Some(403), Some(3_900), "TCP_DENIED", Delivery::Blocked);
        check(Some(200), Some(3_900), "block-url", Delivery::Blocked);
        check(Some(404), Some(300), "TCP_MISS", Delivery::Failed);
        check(Some(200), Some(0), "TCP_MISS", Delivery::Failed);
        check(None, Some(0), "", Delivery::Failed);
    }

    #[test]
    fn more_clients_than_are_listed_are_a_sample_whatever_their_order() {
        let listed = |order: &mut dyn Iterator<Item = u32>| {
            let mut clients = Clients::default();
            for n in order {
                let line = format!("10.{}.{}.{} /x", n >> 16, n >> 8 & 255, n & 255);
                let mut rec = Rec::unread(Span::new(0, line.len()));
                rec.client = Span::new(0, line.len() - 3);
                rec.path = Span::new(line.len() - 2, line.len());
                clients.take(&Term::new("/x"), &rec, line.as_bytes());
            }
            let n_left_out = clients.n_left_out();
            (clients.into_rows().into_iter().map(|r| r.name).collect::<Vec<_>>(), n_left_out)
        };
        let n = 2 * MAX_CLIENTS as u32;
        let (names, n_left_out) = listed(&mut (0..n));
        assert!(names.len() <= MAX_CLIENTS && names.len() > MAX_CLIENTS / 4, "{}", names.len());
        assert_eq!(names.len() as u64 + n_left_out, u64::from(n));
        assert_eq!(listed(&mut (0..n).rev()), (names, n_left_out));
    }
}
