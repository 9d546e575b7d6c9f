//! The parts of a line that name a person or open a door.

use super::{Outcome, Rec, Span, TextField};

/// What a private part of a line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PrivateKind {
    /// Who asked: an address or a name of a machine, or a list of such.
    Client,
    /// An account.
    User,
    /// Cookies.
    Cookie,
}

/// A private part: its place in the line, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Private {
    pub kind: PrivateKind,
    pub start: u32,
    pub len: u32,
}

impl Private {
    /// The private parts of a line, in the order in which they stand. None where nobody knows: the line was not read.
    pub fn of(rec: &Rec) -> Option<Vec<Self>> {
        const KINDS: [(TextField, PrivateKind); 5] = [
            (TextField::Client, PrivateKind::Client),
            (TextField::Peer, PrivateKind::Client),
            (TextField::Forwarded, PrivateKind::Client),
            (TextField::User, PrivateKind::User),
            (TextField::Cookie, PrivateKind::Cookie),
        ];
        if rec.outcome == Outcome::Raw {
            return None;
        }
        let line = rec.line;
        let inside = |span: &Span| {
            span.is_some() && !span.is_empty() && span.start() >= line.start() && span.end() <= line.end()
        };
        let mut all: Vec<Self> = KINDS
            .into_iter()
            .map(|(field, kind)| (rec.span_of(field), kind))
            .filter(|(span, _)| inside(span))
            .map(|(span, kind)| Self {
                kind,
                start: (span.start() - line.start()) as u32,
                len: span.len() as u32,
            })
            .collect();
        all.sort_by_key(|p| (p.start, std::cmp::Reverse(p.len), p.kind));
        // A client that a list of proxies vouches for stands inside the list.
        let mut end = 0;
        all.retain(|p| {
            let is_new = p.start >= end;
            end = end.max(p.start + p.len);
            is_new
        });
        Some(all)
    }
}
