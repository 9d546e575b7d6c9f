//! How far a run is, for whoever watches it; and the way to stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared with the thread that draws the progress bar.
#[derive(Clone, Default)]
pub struct Progress {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    pass: AtomicU64,
    total: AtomicU64,
    read: Arc<AtomicU64>,
    lines: AtomicU64,
    attacks: AtomicU64,
    clients: AtomicU64,
    stop: AtomicBool,
}

/// A look at the state of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// 1 or 2; 0 before the first.
    pub pass: u64,
    /// Stored bytes of all inputs; 0 where nobody knows.
    pub total_bytes: u64,
    /// Stored bytes read in this pass.
    pub read_bytes: u64,
    pub lines: u64,
    /// Requests with an attack payload, so far.
    pub attacks: u64,
    /// Clients, so far: counted now and then.
    pub clients: u64,
}

impl Progress {
    pub fn snapshot(&self) -> Snapshot {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Snapshot {
            pass: get(&self.inner.pass),
            total_bytes: get(&self.inner.total),
            read_bytes: get(&self.inner.read),
            lines: get(&self.inner.lines),
            attacks: get(&self.inner.attacks),
            clients: get(&self.inner.clients),
        }
    }

    /// Asks the run to end soon with what it has.
    pub fn stop(&self) {
        self.inner.stop.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.inner.stop.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, pass: u64, total_bytes: u64) {
        self.inner.read.store(0, Ordering::Relaxed);
        self.inner.total.store(total_bytes, Ordering::Relaxed);
        self.inner.pass.store(pass, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Arc<AtomicU64> {
        self.inner.read.clone()
    }

    pub(super) fn count(&self, lines: u64, attacks: u64) {
        self.inner.lines.fetch_add(lines, Ordering::Relaxed);
        self.inner.attacks.fetch_add(attacks, Ordering::Relaxed);
    }

    pub(super) fn know_clients(&self, clients: u64) {
        self.inner.clients.fetch_max(clients, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_so_far_only_grows() {
        let progress = Progress::default();
        progress.count(100, 3);
        progress.know_clients(20);
        progress.begin(2, 5000);
        progress.count(10, 1);
        // A worker that looked earlier may report later.
        progress.know_clients(12);
        let want =
            Snapshot { pass: 2, total_bytes: 5000, read_bytes: 0, lines: 110, attacks: 4, clients: 20 };
        assert_eq!(progress.snapshot(), want);
    }
}
