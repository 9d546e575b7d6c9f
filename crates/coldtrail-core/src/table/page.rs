//! Pages: one row for each host and path.

use super::store::{Keyed, Table, Text, TextRef};
use crate::enrich::attack::ClassSet;

/// What an answer says about the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum StatusClass {
    /// 2xx: it is there.
    Ok,
    /// 304: it is there and unchanged.
    NotModified,
    /// Other 3xx: neither there nor missing.
    Redirect,
    /// 401, 403, 407: denied.
    Denied,
    /// Other 4xx: missing, or a request that the server refused.
    Missing,
    /// 5xx, and no answer at all.
    Error,
}

impl StatusClass {
    pub const COUNT: usize = 6;

    #[inline]
    pub fn of(status_code: u16) -> Self {
        match status_code {
            100..=299 => Self::Ok,
            304 => Self::NotModified,
            300..=399 => Self::Redirect,
            401 | 403 | 407 => Self::Denied,
            400..=499 => Self::Missing,
            _ => Self::Error,
        }
    }
}

/// Count, first and last answer of one status class. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StatusSpan {
    pub n: u32,
    pub first_s: u32,
    pub last_s: u32,
}

impl StatusSpan {
    pub const EMPTY: Self = Self { n: 0, first_s: u32::MAX, last_s: 0 };

    #[inline]
    pub fn add(&mut self, ts_s: Option<u32>) {
        self.n = self.n.saturating_add(1);
        if let Some(t) = ts_s {
            self.first_s = self.first_s.min(t);
            self.last_s = self.last_s.max(t);
        }
    }

    pub fn merge(&mut self, o: &Self) {
        self.n = self.n.saturating_add(o.n);
        self.first_s = self.first_s.min(o.first_s);
        self.last_s = self.last_s.max(o.last_s);
    }
}

/// The life of one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageRow {
    pub hash: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    /// Largest single answer, bytes.
    pub max_out: u64,
    text: TextRef,
    host_len: u16,
    /// By [`StatusClass`].
    pub status: [StatusSpan; StatusClass::COUNT],
    pub n_posts: u32,
    pub n_no_referrer: u32,
    /// Requests that came from another page by its link.
    pub n_linked: u32,
    pub n_attacks: u32,
    pub n_attacks_ok: u32,
    /// Requests that put bytes onto the server: PUT, 201, a POST to an upload page.
    pub n_uploads: u32,
    /// Requests that hand it a command.
    pub n_commands: u32,
    pub n_outgoing: u32,
    pub classes: ClassSet,
    /// Filled by `link`.
    pub n_clients: u32,
    /// The path is in the probe vocabulary.
    pub is_probe: bool,
    /// Came in as a program by its content type.
    pub is_program: bool,
    /// Set by `link`: answered as the host answers what is not there, though not with 404.
    pub is_soft_missing: bool,
}

impl PageRow {
    pub fn new(hash: u64) -> Self {
        Self {
            hash,
            bytes_out: 0,
            bytes_in: 0,
            max_out: 0,
            text: TextRef::default(),
            host_len: 0,
            status: [StatusSpan::EMPTY; StatusClass::COUNT],
            n_posts: 0,
            n_no_referrer: 0,
            n_linked: 0,
            n_attacks: 0,
            n_attacks_ok: 0,
            n_uploads: 0,
            n_commands: 0,
            n_outgoing: 0,
            classes: ClassSet::EMPTY,
            n_clients: 0,
            is_probe: false,
            is_program: false,
            is_soft_missing: false,
        }
    }

    pub fn merge(&mut self, o: &Self) {
        self.bytes_out = self.bytes_out.saturating_add(o.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(o.bytes_in);
        self.max_out = self.max_out.max(o.max_out);
        for (a, b) in self.status.iter_mut().zip(&o.status) {
            a.merge(b);
        }
        self.n_posts = self.n_posts.saturating_add(o.n_posts);
        self.n_no_referrer = self.n_no_referrer.saturating_add(o.n_no_referrer);
        self.n_linked = self.n_linked.saturating_add(o.n_linked);
        self.n_attacks = self.n_attacks.saturating_add(o.n_attacks);
        self.n_attacks_ok = self.n_attacks_ok.saturating_add(o.n_attacks_ok);
        self.n_uploads = self.n_uploads.saturating_add(o.n_uploads);
        self.n_commands = self.n_commands.saturating_add(o.n_commands);
        self.n_outgoing = self.n_outgoing.saturating_add(o.n_outgoing);
        self.classes = self.classes.union(o.classes);
        self.n_clients = self.n_clients.max(o.n_clients);
        self.is_probe |= o.is_probe;
        self.is_program |= o.is_program;
        self.is_soft_missing |= o.is_soft_missing;
    }

    pub fn span(&self, class: StatusClass) -> StatusSpan {
        self.status[class as usize]
    }

    pub fn n_requests(&self) -> u64 {
        self.status.iter().map(|s| u64::from(s.n)).sum()
    }

    /// The page was given to somebody: 2xx or 304.
    #[inline]
    pub fn is_answered(&self) -> bool {
        !self.is_soft_missing
            && (self.span(StatusClass::Ok).n > 0 || self.span(StatusClass::NotModified).n > 0)
    }

    pub fn first_s(&self) -> u32 {
        self.status.iter().map(|s| s.first_s).min().unwrap_or(u32::MAX)
    }

    pub fn last_s(&self) -> u32 {
        self.status.iter().map(|s| s.last_s).max().unwrap_or(0)
    }
}

impl Keyed for PageRow {
    type Key = u64;
    #[inline]
    fn key(&self) -> u64 {
        self.hash
    }
}

/// The pages of a partition with their texts.
#[derive(Default)]
pub struct Pages {
    pub table: Table<PageRow>,
    texts: Text,
}

impl Pages {
    /// Keeps host and path of a page that has none yet; both unescaped, the path still percent-encoded. True if it
    /// had none.
    pub fn name(&mut self, index: u32, host: &[u8], path: &[u8]) -> bool {
        let host = &host[..host.len().min(255)];
        let row = self.table.row_mut(index);
        let is_new = row.text == TextRef::default();
        if is_new {
            row.text = self.texts.push(&[host, path].concat());
            row.host_len = host.len() as u16;
        }
        is_new
    }

    /// Host (empty where the log has none) and path as logged.
    pub fn text(&self, row: &PageRow) -> (&[u8], &[u8]) {
        let text = self.texts.get(row.text);
        text.split_at((row.host_len as usize).min(text.len()))
    }

    pub fn merge(&mut self, other: Self) {
        for row in other.table.rows() {
            let (host, path) = other.text(row);
            let (index, mine) = self.table.entry(row.hash, row.hash, || PageRow::new(row.hash));
            mine.merge(row);
            self.name(index, host, path);
        }
    }

    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.texts.bytes()
    }
}
