//! Which client asked in which second, as long as that fits in memory.

/// One entry a request, in no order: what the exact peaks of any client are counted from.
#[derive(Default)]
pub struct Visits {
    /// Client, by its row number, and second.
    all: Vec<(u32, u32)>,
    is_over: bool,
}

impl Visits {
    /// Cap on the entries of one partition, entries of 8 bytes: 64 MiB in all partitions. Where there are more, none is
    /// kept, and the second pass counts.
    const MAX: usize = 1 << 17;

    #[inline]
    pub fn add(&mut self, client: u32, ts_s: u32) {
        if self.all.len() == Self::MAX {
            (self.all, self.is_over) = (Vec::new(), true);
        }
        if !self.is_over {
            self.all.push((client, ts_s));
        }
    }

    /// All of them, or none if they were too many.
    pub fn all(&self) -> Option<&[(u32, u32)]> {
        (!self.is_over).then_some(&self.all)
    }

    /// Takes in those of another table, whose rows have these numbers here.
    pub fn merge(&mut self, other: Self, numbers: &[u32]) {
        other.all.iter().for_each(|(client, ts_s)| self.add(numbers[*client as usize], *ts_s));
        if other.is_over {
            (self.all, self.is_over) = (Vec::new(), true);
        }
    }

    pub fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_are_none() {
        let filled = |n: usize| {
            let mut visits = Visits::default();
            (0..n as u32).for_each(|i| visits.add(i % 2, i));
            visits
        };
        let all = |visits: &Visits| visits.all().map(<[_]>::len);
        assert_eq!(all(&filled(Visits::MAX)), Some(Visits::MAX));
        assert_eq!(all(&filled(Visits::MAX + 1)), None);
        let mut merged = filled(3);
        merged.merge(filled(2), &[7, 8]);
        assert_eq!(merged.all(), Some(&[(0, 0), (1, 1), (0, 2), (7, 0), (8, 1)][..]));
        merged.merge(filled(Visits::MAX), &[0, 1]);
        assert_eq!((all(&merged), merged.bytes()), (None, 0));
    }
}
