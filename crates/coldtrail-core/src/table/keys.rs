//! The hashes of table keys.

use super::partition;
use crate::record::ClientKey;
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use std::hash::Hasher;

/// Hashes keys, seeded once per run so that nobody can prepare two keys that share a hash.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// All constants of the hash, not only its start: with known constants, eight bytes that equal one of them wipe out
    /// what was hashed before, under every start.
    seed: &'static SharedSeed,
}

impl Keys {
    /// Keeps 48 bytes to the end of the process.
    pub fn new(seed: u64) -> Self {
        Self { seed: Box::leak(Box::new(SharedSeed::from_u64(seed))) }
    }

    #[inline]
    fn hash(self, kind: u64, write: impl FnOnce(&mut FoldHasher<'_>)) -> u64 {
        let mut hasher = FoldHasher::with_seed(kind, self.seed);
        write(&mut hasher);
        hasher.finish()
    }

    /// Any text that is not one of the keys below.
    #[inline]
    pub fn text(self, text: &[u8]) -> u64 {
        self.hash(6, |h| h.write(text))
    }

    #[inline]
    pub fn client(self, client: ClientKey) -> u64 {
        let (high, low) = client.words();
        self.hash(1, |h| {
            h.write_u64(high);
            h.write_u64(low);
        })
    }

    #[inline]
    pub fn path(self, path: &[u8]) -> u64 {
        self.hash(2, |h| h.write(path))
    }

    /// A page from the hashes of its path and its host (0 for none).
    #[inline]
    pub fn page_of(path: u64, host: u64) -> u64 {
        path ^ host.rotate_left(17)
    }

    #[inline]
    pub fn page(self, host: &[u8], path: &[u8]) -> u64 {
        Self::page_of(self.path(path), if host.is_empty() { 0 } else { self.host(host) })
    }

    #[inline]
    pub fn host(self, host: &[u8]) -> u64 {
        self.hash(3, |h| h.write(host))
    }

    #[inline]
    pub fn user_agent(self, user_agent: &[u8]) -> u64 {
        self.hash(4, |h| h.write(user_agent))
    }

    #[inline]
    pub fn method(self, method: &[u8]) -> u64 {
        self.hash(5, |h| h.write(method))
    }

    /// An agent from the hashes of its method and its user agent.
    #[inline]
    pub fn agent_of(method: u64, user_agent: u64) -> u64 {
        user_agent ^ method.rotate_left(29)
    }

    #[inline]
    pub fn agent(self, method: &[u8], user_agent: &[u8]) -> u64 {
        Self::agent_of(self.method(method), self.user_agent(user_agent))
    }

    /// The partition of a client: that of its network, so that an address and its neighbours meet.
    #[inline]
    pub fn client_partition(self, client: ClientKey) -> usize {
        partition(self.client(client.network()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_share_a_hash_under_every_seed() {
        // What wipes out the words before it where the constants of the hash are known: one of foldhash's own.
        let zero = 0xc0ac_29b7_c97c_50dd_u64.to_le_bytes();
        let text = |head: &[u8; 8]| [head.as_slice(), &[b'a'; 8], &zero, &zero].concat();
        for seed in 0..100 {
            let keys = Keys::new(seed);
            assert_ne!(keys.path(&text(b"/benign.")), keys.path(&text(b"/shell.p")));
        }
    }
}
