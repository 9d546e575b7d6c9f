//! What findings about one page of our server have in common.

use super::{Draft, Site};
use crate::table::{Event, PageRow, StatusClass};

impl Site<'_> {
    /// A draft about a page.
    pub(super) fn draft_of_page(&self, row: &PageRow) -> Draft {
        let name = self.page_name(row);
        let mut draft = Draft::new(format!("page {name}"));
        draft.page = row.hash;
        draft.pages.insert(name);
        draft
    }

    /// The clients of a draft, as people read them.
    pub(super) fn names_of_clients(&self, draft: &Draft) -> Vec<String> {
        draft.clients.iter().map(|c| self.client_text(*c)).collect()
    }
}

impl Draft {
    /// When the page was answered 2xx, and what went out and came in by it in all.
    pub(super) fn set_traffic(&mut self, row: &PageRow) {
        let ok = row.span(StatusClass::Ok);
        self.set_span(ok.first_s, ok.last_s);
        self.n_requests = row.n_requests();
        self.bytes_out = Some(row.bytes_out);
        self.bytes_in = (row.bytes_in > 0).then_some(row.bytes_in);
    }

    /// When the events were, and what was given out in them; their number.
    pub(super) fn set_events(&mut self, events: &[&Event]) {
        let times = || events.iter().map(|e| e.ts_us).filter(|t| *t != i64::MIN);
        self.n_requests = events.len() as u64;
        (self.first_us, self.last_us) = (times().min(), times().max());
        self.bytes_out = Some(events.iter().map(|e| e.bytes_out.or_zero()).sum());
    }

    /// Shows the first events, those with the largest answers, and the last.
    pub(super) fn show_largest(&mut self, events: &[&Event], n_first: usize, n_largest: usize) {
        let mut largest = events.to_vec();
        largest.sort_by_key(|e| (std::cmp::Reverse(e.bytes_out.or_zero()), e.ts_us, e.at));
        for event in events.iter().take(n_first).chain(largest.iter().take(n_largest)).chain(events.last()) {
            self.show(event);
        }
    }
}
