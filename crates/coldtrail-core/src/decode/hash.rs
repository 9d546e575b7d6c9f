//! Digests of stored bytes, so that a report can name its evidence beyond doubt.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Which digest an input gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HashKind {
    /// What courts and case tools expect; uses the processor's SHA instructions where it has them.
    #[default]
    Sha256,
    Blake3,
    None,
}

pub(super) enum Hasher {
    Sha256(Sha256),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    pub(super) fn new(kind: HashKind) -> Option<Self> {
        match kind {
            HashKind::Sha256 => Some(Self::Sha256(Sha256::new())),
            HashKind::Blake3 => Some(Self::Blake3(Box::default())),
            HashKind::None => None,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(h) => h.update(bytes),
            Self::Blake3(h) => {
                h.update(bytes);
            }
        }
    }

    /// The digest in lower-case hexadecimal.
    pub(super) fn finish(self) -> String {
        match self {
            Self::Sha256(h) => h.finalize().iter().fold(String::with_capacity(64), |mut out, b| {
                write!(out, "{b:02x}").expect("writing to a string cannot fail");
                out
            }),
            Self::Blake3(h) => h.finalize().to_hex().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        let check = |kind, want: &str| {
            let mut hasher = Hasher::new(kind).unwrap();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert!(hasher.finish().starts_with(want));
        };
        check(HashKind::Sha256, "ba7816bf8f01cfea414140de5dae2223");
        check(HashKind::Blake3, "6437b3ac38465133ffb63b75273a8db5");
        assert!(Hasher::new(HashKind::None).is_none());
    }
}
