//! The parts of a line that name a person or open a door.

use super::{Outcome, Rec, TextField};

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
        let parts = || {
            KINDS
                .into_iter()
                .map(|(field, kind)| (rec.span_of(field), kind))
                .filter(|(span, _)| span.is_some() && !span.is_empty())
        };
        if parts().any(|(span, _)| span.start() < line.start() || span.end() > line.end()) {
            return None;
        }
        let mut all: Vec<Self> = parts()
            .map(|(span, kind)| Self {
                kind,
                start: (span.start() - line.start()) as u32,
                len: span.len() as u32,
            })
            .collect();
        Self::settle(&mut all);
        Some(all)
    }

    /// The parts of a line as the file has it, from those of the same line taken out of what a collector put around
    /// it: wherever the same bytes stand. None if one of them is written in another way there.
    pub fn of_wrapped(parts: &[Self], opened: &[u8], raw: &[u8]) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        for part in parts {
            let text = opened.get(part.start as usize..(part.start + part.len) as usize)?;
            if text == b"-" {
                continue;
            }
            let before = all.len();
            let places = memchr::memmem::find_iter(raw, text);
            all.extend(places.map(|at| Self { start: at as u32, ..*part }));
            if all.len() == before {
                return None;
            }
        }
        Self::settle(&mut all);
        Some(all)
    }

    /// In the order of the line; what stands inside another part goes: a client that a list of proxies vouches for.
    fn settle(all: &mut Vec<Self>) {
        all.sort_by_key(|p| (p.start, std::cmp::Reverse(p.len), p.kind));
        let mut end = 0;
        all.retain(|p| {
            let is_new = p.start >= end;
            end = end.max(p.start + p.len);
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_wrapped_line_are_found_again() {
        let part = |kind, start, len| Private { kind, start, len };
        let opened = b"192.0.2.7 - jdoe \"GET /\"";
        let raw = br#"{"log":"192.0.2.7 - jdoe \"GET /\"","u":"jdoe"}"#;
        let parts = [part(PrivateKind::Client, 0, 9), part(PrivateKind::User, 12, 4)];
        let found = Private::of_wrapped(&parts, opened, raw).expect("all are there");
        let texts: Vec<&[u8]> =
            found.iter().map(|p| &raw[p.start as usize..(p.start + p.len) as usize]).collect();
        assert_eq!(texts, [&b"192.0.2.7"[..], b"jdoe", b"jdoe"]);
        assert_eq!(Private::of_wrapped(&parts, opened, b"192.0.2.7 j\\u0064oe"), None);
    }
}
