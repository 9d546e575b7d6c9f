//! The classes of attacks, and the judgement on a request: a score and a set of classes.

/// An attack class, as the outputs name it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Class {
    Sqli,
    Xss,
    Lfi,
    Rfi,
    Cmdi,
    CodeInjection,
    Ssti,
    Jndi,
    Shellshock,
    Crlf,
    Xxe,
    Ldapi,
    Nosqli,
    Ssrf,
    Ssi,
    Deserialisation,
    OpenRedirect,
    Upload,
    Probe,
    Scanner,
    Cve,
    Other,
}

impl Class {
    pub const ALL: [Self; 22] = [
        Self::Sqli,
        Self::Xss,
        Self::Lfi,
        Self::Rfi,
        Self::Cmdi,
        Self::CodeInjection,
        Self::Ssti,
        Self::Jndi,
        Self::Shellshock,
        Self::Crlf,
        Self::Xxe,
        Self::Ldapi,
        Self::Nosqli,
        Self::Ssrf,
        Self::Ssi,
        Self::Deserialisation,
        Self::OpenRedirect,
        Self::Upload,
        Self::Probe,
        Self::Scanner,
        Self::Cve,
        Self::Other,
    ];

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqli => "sqli",
            Self::Xss => "xss",
            Self::Lfi => "lfi",
            Self::Rfi => "rfi",
            Self::Cmdi => "cmdi",
            Self::CodeInjection => "code-injection",
            Self::Ssti => "ssti",
            Self::Jndi => "jndi",
            Self::Shellshock => "shellshock",
            Self::Crlf => "crlf",
            Self::Xxe => "xxe",
            Self::Ldapi => "ldapi",
            Self::Nosqli => "nosqli",
            Self::Ssrf => "ssrf",
            Self::Ssi => "ssi",
            Self::Deserialisation => "deserialisation",
            Self::OpenRedirect => "open-redirect",
            Self::Upload => "upload",
            Self::Probe => "probe",
            Self::Scanner => "scanner",
            Self::Cve => "cve",
            Self::Other => "other",
        }
    }
}

/// A set of classes in 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ClassSet(u32);

impl ClassSet {
    pub const EMPTY: Self = Self(0);

    #[inline]
    pub fn with(self, class: Class) -> Self {
        Self(self.0 | 1 << class as u32)
    }

    #[inline]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub fn contains(self, class: Class) -> bool {
        self.0 & 1 << class as u32 != 0
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The classes in the order of `Class::ALL`.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |c| self.contains(*c))
    }
}

/// From this score a request is an attack.
pub const ATTACK: u8 = 5;
/// From this score a request is a weak sign, which counts only beside another one.
pub const WEAK: u8 = 3;

/// The judgement on one request (or one value of it): small, so that it can be remembered per distinct string.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Verdict {
    pub score: u8,
    pub classes: ClassSet,
}

impl Verdict {
    pub const NONE: Self = Self { score: 0, classes: ClassSet::EMPTY };

    /// The judgement on both together: the higher score, and the classes of the worse kind (attack before weak).
    #[inline]
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let classes = match (self.is_attack(), other.is_attack()) {
            (true, false) => self.classes,
            (false, true) => other.classes,
            _ => self.classes.union(other.classes),
        };
        Self { score: self.score.max(other.score), classes }
    }

    #[inline]
    pub fn is_attack(self) -> bool {
        self.score >= ATTACK
    }

    #[inline]
    pub fn is_weak(self) -> bool {
        (WEAK..ATTACK).contains(&self.score)
    }

    /// An attack or a weak sign of one.
    #[inline]
    pub fn is_odd(self) -> bool {
        self.score >= WEAK
    }
}
