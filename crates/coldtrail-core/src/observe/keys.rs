//! The keys of one record: the same in both passes.

use crate::enrich::attack::TextHashes;
use crate::enrich::is_upload_target;
use crate::record::{ClientKey, Rec, Role, TextField, unescape};
use crate::table::{Keys, Method};
use std::borrow::Cow;

/// Client, host and page.
pub(crate) struct RecordKeys<'b> {
    pub(crate) client: ClientKey,
    pub(crate) page: u64,
    /// Without port, lower case; empty where the log has none.
    pub(crate) host: Cow<'b, [u8]>,
    pub(crate) host_hash: u64,
    pub(crate) port: u16,
    /// Unescaped, still percent-encoded.
    pub(crate) path: Cow<'b, [u8]>,
    path_hash: u64,
}

impl<'b> RecordKeys<'b> {
    #[inline]
    pub(crate) fn of(keys: Keys, block: &'b [u8], rec: &Rec) -> Self {
        let path = unescape(rec.path.bytes(block), rec.escape_of(TextField::Path));
        let (host, port) =
            if rec.host.is_none() { (Cow::Borrowed(&b""[..]), 0) } else { host_and_port(block, rec) };
        let host_hash = if host.is_empty() { 0 } else { keys.host(&host) };
        let path_hash = keys.path(&path);
        Self {
            client: ClientKey::parse(rec.client.bytes(block)),
            page: Keys::page_of(path_hash, host_hash),
            host,
            host_hash,
            port,
            path,
            path_hash,
        }
    }
}

/// Hashes that only the first pass needs of every record.
#[derive(Clone, Copy)]
pub(crate) struct RecordHashes {
    pub(crate) client: u64,
    pub(crate) network: u64,
    pub(crate) agent: u64,
    pub(crate) texts: TextHashes,
}

impl RecordHashes {
    #[inline]
    pub(crate) fn of(keys: Keys, block: &[u8], rec: &Rec, of: &RecordKeys<'_>) -> Self {
        let texts = TextHashes::of(keys, block, rec, of.path_hash);
        Self {
            client: keys.client(of.client),
            network: keys.client(of.client.network()),
            agent: Keys::agent_of(keys.method(rec.method.bytes(block)), texts.user_agent),
            texts,
        }
    }
}

/// Requests that change what our server has: each of them is looked at again.
pub(crate) fn is_site_change(block: &[u8], rec: &Rec, key: &RecordKeys<'_>) -> bool {
    let is_change = || match Method::parse(rec.method.bytes(block)) {
        Method::Put | Method::Delete | Method::Move => true,
        Method::Post => is_upload_target(&key.path),
        _ => false,
    };
    rec.role == Role::Server && (rec.status_code == 201 || is_change())
}

/// `Shop.example:8443` as `shop.example` and 8443; the port of the scheme where none is given.
fn host_and_port<'b>(block: &'b [u8], rec: &Rec) -> (Cow<'b, [u8]>, u16) {
    let text = rec.host.bytes(block);
    let is_connect = rec.method.bytes(block) == b"CONNECT";
    let default = match rec.port {
        0 if is_connect || rec.target.bytes(block).starts_with(b"https:") => 443,
        0 => 80,
        port => port,
    };
    let colon = memchr::memrchr(b':', text).filter(|i| {
        let port = &text[i + 1..];
        let bare_v6 = memchr::memchr(b':', &text[..*i]).is_some() && !text.starts_with(b"[");
        !bare_v6 && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
    });
    let (name, port) = match colon {
        Some(i) => {
            let digits = std::str::from_utf8(&text[i + 1..]).ok();
            (&text[..i], digits.and_then(|d| d.parse().ok()).unwrap_or(default))
        }
        None => (text, default),
    };
    // Credentials before the name: `user:pw@host`.
    let name = memchr::memrchr(b'@', name).map_or(name, |i| &name[i + 1..]);
    let name = name.strip_suffix(b".").unwrap_or(name);
    let name = name.strip_prefix(b"[").and_then(|n| n.strip_suffix(b"]")).unwrap_or(name);
    if name.iter().any(u8::is_ascii_uppercase) {
        (Cow::Owned(name.to_ascii_lowercase()), port)
    } else {
        (Cow::Borrowed(name), port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Span;

    #[test]
    fn hosts_lose_port_case_and_credentials() {
        let check = |method: &str, target: &str, want: (&str, u16)| {
            let text = format!("{method} {target}");
            let mut rec = Rec::unread(Span::new(0, text.len()));
            rec.method = Span::new(0, method.len());
            rec.target = Span::new(method.len() + 1, text.len());
            rec.split_target(text.as_bytes());
            let (host, port) = host_and_port(text.as_bytes(), &rec);
            assert_eq!((String::from_utf8_lossy(&host).as_ref(), port), want);
        };
        check("GET", "http://Shop.Example:8080/a", ("shop.example", 8080));
        check("GET", "http://shop.example./a", ("shop.example", 80));
        check("GET", "https://u:p@shop.example/a", ("shop.example", 443));
        check("CONNECT", "shop.example:443", ("shop.example", 443));
        check("GET", "http://[2001:db8::1]:81/", ("2001:db8::1", 81));
    }
}
