//! How some pages answered each client: replies counted by the hour, gathered by the second pass. Sizes are rounded, so
//! that a client that is shown what it sends gets few that differ.

use super::Locus;
use crate::record::ClientKey;
use hashbrown::HashMap;
use std::hash::BuildHasher;

/// What a client did and was answered. Bytes are those of answers to POST: what else a page says is its own affair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reply {
    pub client: ClientKey,
    pub is_post: bool,
    /// It came with the name of a user.
    pub has_user: bool,
    /// Hours since 1970; `u32::MAX` where the line has no time.
    pub hour: u32,
    pub status_code: u16,
    pub bytes: u64,
}

impl Reply {
    /// `bytes` are rounded down to steps of 64, from 1,024 on to a sixteenth of the size or less.
    pub fn new(
        client: ClientKey,
        is_post: bool,
        has_user: bool,
        status_code: u16,
        ts_us: i64,
        bytes: u64,
    ) -> Self {
        let step = if bytes < 1024 { 64 } else { 1 << (bytes.ilog2() - 4) };
        Self {
            client,
            is_post,
            has_user,
            hour: u32::try_from(ts_us / 3_600_000_000).unwrap_or(u32::MAX),
            status_code,
            bytes: if is_post { bytes / step * step } else { 0 },
        }
    }
}

/// When something was, and in which line; earlier is less.
pub type Moment = (i64, Locus);

/// How often a reply was, first and last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally {
    pub n: u64,
    pub first: Moment,
    pub last: Moment,
}

/// Replies of some pages. The same requests make the same replies whatever the order in which they come and however
/// they are split; a merge is between those of the same pages with one key.
pub struct Replies {
    pages: Vec<u64>,
    rows: HashMap<(u32, Reply), Tally, foldhash::fast::RandomState>,
    /// Clients whose hash is above are left out.
    limit: u64,
    sample_key: u64,
}

impl Default for Replies {
    fn default() -> Self {
        Self::new([], 0)
    }
}

impl Replies {
    /// Cap on all replies, rows of about 130 bytes: beyond it half of the clients are left out, by a hash that nobody
    /// can foresee, then half of the others.
    const MAX: usize = 1 << 18;

    /// `sample_key` comes from the inputs: see [`super::Ordinary::new`].
    pub fn new(pages: impl IntoIterator<Item = u64>, sample_key: u64) -> Self {
        let mut pages: Vec<u64> = pages.into_iter().collect();
        pages.sort_unstable();
        pages.dedup();
        Self { pages, rows: HashMap::default(), limit: u64::MAX, sample_key }
    }

    /// The number of a page, if its replies are counted.
    pub fn number_of(&self, page: u64) -> Option<u32> {
        self.pages.binary_search(&page).ok().map(|number| number as u32)
    }

    pub fn add(&mut self, number: u32, reply: Reply, moment: Moment) {
        self.put((number, reply), Tally { n: 1, first: moment, last: moment });
        self.shrink();
    }

    pub fn merge(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        self.rows.reserve(other.rows.len());
        for (key, tally) in other.rows {
            self.put(key, tally);
        }
        self.retain();
        self.shrink();
    }

    /// The replies of one page, sorted. Some clients are missing where [`Self::is_cut`].
    pub fn of(&self, page: u64) -> Vec<(Reply, Tally)> {
        let Some(number) = self.number_of(page) else { return Vec::new() };
        let rows = self.rows.iter().filter(|((of, _), _)| *of == number);
        let mut rows: Vec<(Reply, Tally)> = rows.map(|((_, reply), tally)| (*reply, *tally)).collect();
        rows.sort_unstable_by_key(|(reply, _)| *reply);
        rows
    }

    /// Whether there were too many replies, so that clients were left out.
    pub fn is_cut(&self) -> bool {
        self.limit < u64::MAX
    }

    fn put(&mut self, key: (u32, Reply), tally: Tally) {
        if self.limit < u64::MAX && self.hash(key.1.client) > self.limit {
            return;
        }
        let mine = self.rows.entry(key).or_insert(Tally { n: 0, ..tally });
        mine.n = mine.n.saturating_add(tally.n);
        mine.first = mine.first.min(tally.first);
        mine.last = mine.last.max(tally.last);
    }

    fn shrink(&mut self) {
        while self.rows.len() > Self::MAX && self.limit > 0 {
            self.limit /= 2;
            self.retain();
        }
    }

    fn retain(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|(_, reply), _| self.hash(reply.client) <= self.limit);
        self.rows = rows;
    }

    fn hash(&self, client: ClientKey) -> u64 {
        foldhash::quality::FixedState::with_seed(self.sample_key).hash_one(client.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(client: u32, bytes: u64) -> (Reply, Moment) {
        let client = ClientKey::from(std::net::IpAddr::from(client.to_be_bytes()));
        let at = Locus { input: 0, offset: bytes, line: bytes, len: 1 };
        (
            Reply { client, is_post: true, has_user: false, hour: 0, status_code: 200, bytes },
            (bytes as i64 % 5, at),
        )
    }

    #[test]
    fn any_order_and_any_split_count_the_same() {
        let all: Vec<_> = (0..600).map(|i| reply(i * 7 % 11, u64::from(i % 13))).collect();
        let counted = |part: &mut dyn Iterator<Item = &(Reply, Moment)>| {
            let mut replies = Replies::new([9, 7, 9], 1);
            let number = replies.number_of(9).expect("a page");
            part.for_each(|(reply, moment)| replies.add(number, *reply, *moment));
            replies
        };
        let whole = counted(&mut all.iter());
        assert_eq!(whole.of(9).iter().map(|(_, tally)| tally.n).sum::<u64>(), 600);
        assert_eq!((whole.of(9).len(), whole.of(7).len(), whole.is_cut()), (11 * 13, 0, false));
        let mut parts = counted(&mut all[400..].iter().rev());
        parts.merge(counted(&mut all[..400].iter()));
        assert_eq!(parts.of(9), whole.of(9));
    }

    #[test]
    fn too_many_clients_are_thinned_the_same_way_in_any_order() {
        let all: Vec<_> = (0..Replies::MAX as u32 + 9).map(|i| reply(i, 1)).collect();
        let counted = |part: &mut dyn Iterator<Item = &(Reply, Moment)>| {
            let mut replies = Replies::new([9], 1);
            part.for_each(|(reply, moment)| replies.add(0, *reply, *moment));
            replies
        };
        let whole = counted(&mut all.iter());
        let n = whole.of(9).len();
        assert!(whole.is_cut() && n < Replies::MAX && n > Replies::MAX / 3, "{n}");
        let (a, b) = all.split_at(1000);
        let mut parts = counted(&mut b.iter().rev());
        parts.merge(counted(&mut a.iter()));
        assert!(parts.of(9) == whole.of(9));
    }
}
