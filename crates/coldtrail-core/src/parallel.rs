//! The same work on many items by several threads.

use std::sync::{Mutex, PoisonError};

/// Runs `f` on each item, on `threads` threads of which the caller's is one; whoever is free takes the next item. The
/// results are in the order of the items. A panic in `f` is passed on.
pub fn each<T: Send, R: Send>(items: &mut [T], threads: usize, f: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    let threads = threads.clamp(1, items.len().max(1));
    let queue = Mutex::new(items.iter_mut().enumerate());
    let work = || {
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::iter::from_fn(next).map(|(i, item)| (i, f(item))).collect::<Vec<(usize, R)>>()
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for threads in [0, 1, 2, 7, 500] {
            let mut items: Vec<u32> = (0..100).collect();
            let results = each(&mut items, threads, |i| {
                *i += 1;
                *i * 2
            });
            assert_eq!(results, (1..=100).map(|i| i * 2).collect::<Vec<_>>());
            assert_eq!(items, (1..=100).collect::<Vec<_>>());
        }
        assert!(each(&mut [0; 0], 3, |i| *i).is_empty());
    }
}
