//! Fetching ahead what is about to be used.
//!
//! Measured on a 200 MB access log in which every fourth line brings a new client and nearly every one a new pair of
//! client and page: see ARCHITECTURE.md.

/// Asks the machine to bring `items[index]` into the nearest cache, all of it. Changes nothing else; an index that is
/// out of range is no error.
#[inline]
pub fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE_BYTES: usize = 64;
        let start = std::ptr::from_ref(item).cast::<i8>();
        for offset in (0..size_of::<T>()).step_by(LINE_BYTES) {
            // SAFETY: the pointer stays inside `item`, and a prefetch reads nothing that a program could see.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.add(offset)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_index_will_do() {
        let items = [[7u64; 20]; 3];
        for index in [0, 2, 3, usize::MAX] {
            prefetch(&items, index);
            prefetch::<[u64; 20]>(&[], index);
        }
        assert_eq!(items, [[7; 20]; 3]);
    }
}
