//! What a line of a proxy's log tells of the kind of a contact, beside its content.

use crate::record::{Rec, Role};

/// Kinds of contacts, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u8);

impl Marks {
    /// Names were asked for over HTTPS: by path or content type.
    pub const DNS: Self = Self(1);
    /// The connection went over to another protocol: 101, WebSocket.
    pub const UPGRADED: Self = Self(2);
    /// The proxy's own category says: a way around it.
    pub const EVASIVE: Self = Self(4);
    /// A connection as a sensor saw it, no request to a proxy.
    pub const CONNECTION: Self = Self(8);

    /// Of a record of a proxy's log; nothing of a server's.
    #[inline]
    pub fn of_record(rec: &Rec, block: &[u8]) -> Self {
        if rec.role == Role::Server {
            return Self::default();
        }
        let mime = rec.mime.bytes(block);
        let is_dns = rec.path.bytes(block) == b"/dns-query"
            || mime.starts_with(b"application/dns-message")
            || mime.starts_with(b"application/dns-json");
        let mark = |mark: Self, on: bool| if on { mark } else { Self(0) };
        mark(Self::DNS, is_dns)
            .and(mark(Self::UPGRADED, rec.status_code == 101))
            .and(mark(Self::EVASIVE, rec.is_evasive))
            .and(mark(Self::CONNECTION, rec.is_connection))
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of the kinds is there.
    pub const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Span;

    #[test]
    fn what_lines_tell() {
        let check = |path: &str, mime: &str, status_code: u16, want: Marks| {
            let block = format!("{path}{mime}");
            let mut rec = Rec::unread(Span::new(0, block.len()));
            (rec.role, rec.status_code) = (Role::Proxy, status_code);
            rec.path = Span::new(0, path.len());
            rec.mime = Span::new(path.len(), block.len());
            assert_eq!(Marks::of_record(&rec, block.as_bytes()), want, "{path} {mime}");
            rec.role = Role::Server;
            assert_eq!(Marks::of_record(&rec, block.as_bytes()), Marks::default());
        };
        check("/dns-query", "text/html", 200, Marks::DNS);
        check("/x", "application/dns-message", 200, Marks::DNS);
        check("/dns-query/help", "text/html", 200, Marks::default());
        check("/chat", "-", 101, Marks::UPGRADED);
    }
}
