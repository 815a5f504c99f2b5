//! How much of a file may wait to be written: what its units made and the file has not taken yet, in bytes.
//!
//! Units are made side by side and written one after the other. Without a bound, rows that unpack a thousand to one would
//! wait in memory until the file comes to them. So a unit that has made something waits here, unless there is room; the one
//! that is written next may always have one thing on its way. It never waits for another unit, and the file's own thread
//! writes with workers of its own: nobody waits in a circle.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::store::parallel::lock;

/// What waits for one file.
#[derive(Debug)]
pub(super) struct Backlog {
    most_bytes: u64,
    state: Mutex<BacklogState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct BacklogState {
    /// The unit that is written next.
    next: usize,
    /// Bytes of each unit that are made and not written.
    waiting: BTreeMap<usize, u64>,
    /// Nothing more is written.
    closed: bool,
}

impl Backlog {
    pub(super) fn new(most_bytes: u64) -> Self {
        Self { most_bytes, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until a unit may give away so many bytes.
    pub(super) fn make_way(&self, unit: usize, bytes: u64) {
        let may = |state: &BacklogState| {
            let waiting: u64 = state.waiting.values().sum();
            let own = state.waiting.get(&unit).copied().unwrap_or_default();
            state.closed || waiting + bytes <= self.most_bytes || (unit == state.next && own == 0)
        };
        let mut state = self.wait_until(may);
        *state.waiting.entry(unit).or_default() += bytes;
    }

    /// Says that so many bytes of a unit are written.
    pub(super) fn written(&self, unit: usize, bytes: u64) {
        let mut state = lock(&self.state);
        if let Some(waiting) = state.waiting.get_mut(&unit) {
            *waiting = waiting.saturating_sub(bytes);
        }
        self.changed.notify_all();
    }

    /// Says that a unit is written next, and all before it are done with.
    pub(super) fn proceed_to(&self, unit: usize) {
        let mut state = lock(&self.state);
        state.next = unit;
        state.waiting.retain(|waiting, _| *waiting >= unit);
        self.changed.notify_all();
    }

    /// Waits until a unit is written next, or one behind it; returns false if nothing more is written.
    pub(super) fn wait_for(&self, unit: usize) -> bool {
        !self.wait_until(|state| state.closed || state.next >= unit).closed
    }

    /// Says that nothing more is written: nobody waits any longer.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }

    fn wait_until(&self, may: impl Fn(&BacklogState) -> bool) -> MutexGuard<'_, BacklogState> {
        let state = lock(&self.state);
        self.changed.wait_while(state, |state| !may(state)).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    /// Has a unit of its own thread give bytes away; what comes says that it did.
    fn give(flow: &Arc<Backlog>, unit: usize, bytes: u64) -> Receiver<()> {
        let (sender, receiver) = channel();
        let flow = Arc::clone(flow);
        std::thread::spawn(move || {
            flow.make_way(unit, bytes);
            sender.send(()).unwrap();
        });
        receiver
    }

    fn comes(receiver: &Receiver<()>) -> bool {
        receiver.recv_timeout(Duration::from_millis(100)).is_ok()
    }

    #[test]
    fn units_wait_for_room_and_the_next_one_for_its_own_things_only() {
        let flow = Arc::new(Backlog::new(10));
        flow.make_way(1, 8);
        let later = give(&flow, 1, 3);
        assert!(!comes(&later), "11 bytes of a unit that is not next");
        flow.make_way(0, 50);
        let again = give(&flow, 0, 50);
        assert!(!comes(&again), "the next unit has something on its way");
        flow.written(0, 50);
        assert!(comes(&again));
        assert!(!comes(&later));
        flow.proceed_to(1);
        assert!(!comes(&later), "8 of its own wait");
        flow.written(1, 8);
        assert!(comes(&later));
        let last = give(&flow, 3, 50);
        assert!(!comes(&last));
        flow.close();
        assert!(comes(&last), "nobody waits for what is given up");
        assert!(!flow.wait_for(3));
    }
}
