//! What is asked for.

use coldtrail_core::record::ClientKey;
use coldtrail_core::scan::Words;

/// A URL, host, path or address.
pub(super) struct Term {
    /// Without scheme, in lower case, no longer defanged.
    text: String,
    /// Where it is an address: it may also be the client.
    address: Option<ClientKey>,
}

impl Term {
    pub(super) fn new(text: &str) -> Self {
        let text = refang(text);
        let address = Some(ClientKey::parse(text.as_bytes())).filter(|c| !c.is_name());
        Self { text, address }
    }

    /// A word that every line with the term holds; none if there is no such word.
    pub(super) fn words(&self) -> Option<Words> {
        if self.address.and_then(ClientKey::ip).is_some_and(|ip| ip.is_ipv6()) {
            // An address of many spellings.
            return None;
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let longest = self.text.split(|c| !is_plain(c)).max_by_key(|part| part.len())?;
        Words::new([longest])
    }

    pub(super) fn is_in(&self, client: ClientKey, url: &str) -> bool {
        self.address.is_some_and(|a| a == client) || self.is_in_url(&url.to_ascii_lowercase())
    }

    /// An address is not found inside of a longer one.
    fn is_in_url(&self, url: &str) -> bool {
        if self.address.is_none() {
            return url.contains(&self.text);
        }
        url.match_indices(&self.text).any(|(at, found)| {
            let is_more = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            let (before, rest) =
                (url.get(..at).unwrap_or_default(), url.get(at + found.len()..).unwrap_or_default());
            let goes_on = rest.starts_with('.') && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
            !is_more(before.chars().next_back()) && !is_more(rest.chars().next()) && !goes_on
        })
    }
}

/// `hxxp://bad[.]site` as `bad.site`: without scheme, in lower case.
fn refang(term: &str) -> String {
    let plain = term.trim().to_ascii_lowercase().replace("hxxp", "http");
    let plain = plain.replace("[.]", ".").replace("(.)", ".").replace("[dot]", ".").replace("[:]", ":");
    plain.split_once("://").map_or(plain.clone(), |(_, rest)| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_refanged() {
        assert_eq!(refang("hxxps://Bad[.]Site/mal.exe"), "bad.site/mal.exe");
        assert_eq!(refang("203.0.113[.]9"), "203.0.113.9");
        assert_eq!(refang("/1.exe"), "/1.exe");
    }

    #[test]
    fn what_has_the_term() {
        let check = |term: &str, client: &str, url: &str, want: bool| {
            assert_eq!(
                Term::new(term).is_in(ClientKey::parse(client.as_bytes()), url),
                want,
                "{term} {client} {url}"
            );
        };
        check("bad[.]site", "10.0.0.1", "http://www.BAD.site/x", true);
        check("bad.site/x", "10.0.0.1", "bad.site/y", false);
        check("203.0.113.9", "203.0.113.9", "h.example/", true);
        check("203.0.113.9", "10.0.0.1", "http://203.0.113.9:8080/", true);
        check("203.0.113.9", "10.0.0.1", "http://203.0.113.91/", false);
        check("203.0.113.9", "10.0.0.1", "http://1203.0.113.9/", false);
        check("3.0.113.9", "203.0.113.9", "http://3.0.113.9.5/", false);
    }
}
