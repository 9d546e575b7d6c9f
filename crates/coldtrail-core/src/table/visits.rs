//! Which client asked in which second, as long as that fits in memory.

/// One entry a request, in no order: what the exact peaks of any client are counted from.
#[derive(Default)]
pub struct Visits {
    /// Client, by its row number, and second.
    all: Vec<(u32, u32)>,
    is_closed: bool,
}

impl Visits {
    /// Cap on the entries of all partitions together, entries of 8 bytes. Where there are more, none is kept, and the
    /// second pass counts.
    pub const MAX: usize = 8 << 20;

    #[inline]
    pub fn add(&mut self, client: u32, ts_s: u32) {
        if !self.is_closed {
            self.all.push((client, ts_s));
        }
    }

    /// Keeps none from here on.
    pub fn close(&mut self) {
        (self.all, self.is_closed) = (Vec::new(), true);
    }

    /// All of them, or none if they were too many.
    pub fn all(&self) -> Option<&[(u32, u32)]> {
        (!self.is_closed).then_some(&self.all)
    }

    /// Takes in those of another table, whose rows have these numbers here.
    pub fn merge(&mut self, other: Self, numbers: &[u32]) {
        if other.is_closed {
            self.close();
        }
        other.all.iter().for_each(|(client, ts_s)| self.add(numbers[*client as usize], *ts_s));
    }

    pub fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_none() {
        let filled = |n: u32| {
            let mut visits = Visits::default();
            (0..n).for_each(|i| visits.add(i % 2, i));
            visits
        };
        let mut merged = filled(3);
        merged.merge(filled(2), &[7, 8]);
        assert_eq!(merged.all(), Some(&[(0, 0), (1, 1), (0, 2), (7, 0), (8, 1)][..]));
        let mut closed = filled(3);
        closed.close();
        closed.add(1, 1);
        assert_eq!((closed.all(), closed.bytes()), (None, 0));
        merged.merge(closed, &[0, 1]);
        assert_eq!(merged.all(), None);
    }
}
