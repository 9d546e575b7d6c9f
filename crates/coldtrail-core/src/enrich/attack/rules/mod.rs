//! The rules. They stand in `data/rules`, a file of TOML for each class, in the format that users write too (`written`),
//! and are built in as one packed file (`packed`). Patterns are matched against lower-case, fully decoded text.

mod packed;
mod written;

use super::class::Class;
use super::views::View;

pub use packed::pack;
pub(super) use packed::{all, literals};
pub use written::PatternError;
pub(super) use written::{DEFAULT_WEIGHT, File, Written, check, is_toml, read};

/// Where in a request a text stood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Place {
    Path,
    /// A key or value of the query, of a form or JSON body, of a path parameter.
    Value,
    Cookie,
    /// The referrer up to its query: a URL by itself.
    Referrer,
    /// A value of the referrer's query: mostly another site's, full of URLs and search terms.
    ReferrerValue,
    /// Has brackets and semicolons by itself.
    UserAgent,
    /// Host, method, user.
    Header,
    /// An XML body as a whole.
    Document,
}

impl Place {
    /// Those that a rule can name.
    pub(super) const NAMED: [Self; 7] = [
        Self::Path,
        Self::Value,
        Self::Cookie,
        Self::Referrer,
        Self::ReferrerValue,
        Self::UserAgent,
        Self::Header,
    ];

    /// The name in files of rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Value => "value",
            Self::Cookie => "cookie",
            Self::Referrer => "referrer",
            Self::ReferrerValue => "referrer-value",
            Self::UserAgent => "user-agent",
            Self::Header => "header",
            Self::Document => "document",
        }
    }
}

/// A set of places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places(u8);

impl Places {
    pub(super) fn of(places: impl IntoIterator<Item = Place>) -> Self {
        Self(places.into_iter().fold(0, |bits, place| bits | 1 << place as u8))
    }

    #[inline]
    pub fn contains(self, place: Place) -> bool {
        self.0 & 1 << place as u8 != 0
    }

    /// The places in the order of `Place::NAMED`.
    pub fn iter(self) -> impl Iterator<Item = Place> {
        Place::NAMED.into_iter().filter(move |place| self.contains(*place))
    }
}

pub(super) const EVERYWHERE: Places = Places(0x7f);

/// From this weight a rule is strong: it runs on proxy logs too, and counts inside base64 from 5.
pub(super) const STRONG: u8 = 6;

/// A pattern, what it means, and how much it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Kebab-case, never renamed.
    pub id: &'static str,
    pub class: Class,
    /// 3 (odd) to 8 (certain). A class scores its heaviest rule plus half of the others.
    pub weight: u8,
    pub view: View,
    pub places: Places,
    pub pattern: &'static str,
    /// `CWE-89`, `CAPEC-66`, `T1190`, `CVE-2021-44228`.
    pub references: Vec<&'static str>,
    /// What innocent text sets it off, as far as known; empty if nothing is.
    pub false_positives: &'static str,
    /// Texts that must match and must not match: tested, and shown by `explain`.
    pub hits: Vec<&'static str>,
    pub misses: Vec<&'static str>,
}
