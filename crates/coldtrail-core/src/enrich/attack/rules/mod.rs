//! The rules: one file per family of classes. Patterns are matched against lower-case, fully decoded text and need no
//! look-around; the literals by which they are gated are derived from them.

mod cmdi;
mod code;
mod cve;
mod filters;
mod jndi;
mod lfi;
mod markup;
mod protocol;
mod requests;
mod scanner;
mod sqli;
mod template;
mod xss;

use super::class::Class;
use super::views::View;

/// Where in a request a text stood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Place {
    Path,
    /// A key or value of the query, of a form or JSON body, of a path parameter.
    Value,
    Cookie,
    /// The referrer up to its query.
    Referrer,
    /// A value of the referrer's query: mostly another site's, full of URLs and search terms.
    ReferrerValue,
    UserAgent,
    /// Host, method, user.
    Header,
    /// An XML body as a whole.
    Document,
}

/// A set of places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places(u8);

impl Places {
    pub(super) const fn of(places: &[Place]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < places.len() {
            bits |= 1 << places[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    const fn without(self, places: &[Place]) -> Self {
        Self(self.0 & !Self::of(places).0)
    }

    #[inline]
    pub fn contains(self, place: Place) -> bool {
        self.0 & 1 << place as u8 != 0
    }
}

const EVERYWHERE: Places = Places(0x7f);
/// Everywhere but in paths, where ordinary names look like system files and functions.
const NOT_PATH: Places = EVERYWHERE.without(&[Place::Path, Place::Referrer]);
/// What only a parameter can carry: a referrer is a URL by itself, a user agent has brackets and semicolons.
const VALUES: Places = Places::of(&[Place::Value, Place::Cookie, Place::ReferrerValue]);
/// What means something only in a request to us: URLs are ordinary in the referrer of another site.
const OURS: Places = Places::of(&[Place::Value, Place::Cookie]);
const PATH_AND_VALUES: Places = Places::of(&[Place::Path, Place::Value, Place::Cookie, Place::ReferrerValue]);

/// From this weight a rule is strong: it runs on proxy logs too, and counts inside base64 from 5.
pub(super) const STRONG: u8 = 6;

/// A pattern, what it means, and how much it says.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, never renamed.
    pub id: &'static str,
    pub class: Class,
    /// 3 (odd) to 8 (certain). A class scores its heaviest rule plus half of the others.
    pub weight: u8,
    pub view: View,
    pub places: Places,
    pub pattern: &'static str,
    /// Texts that must match and must not match: tested, and shown by `explain`.
    pub hits: &'static [&'static str],
    pub misses: &'static [&'static str],
}

const FAMILIES: [&[Rule]; 13] = [
    sqli::RULES,
    xss::RULES,
    lfi::RULES,
    cmdi::RULES,
    code::RULES,
    template::RULES,
    jndi::RULES,
    protocol::RULES,
    markup::RULES,
    filters::RULES,
    requests::RULES,
    cve::RULES,
    scanner::RULES,
];

/// All rules, in a fixed order.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten()
}
