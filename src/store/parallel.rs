//! Work that mostly waits for a store, several items at once.

#[cfg(test)]
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Result;

#[cfg(test)]
thread_local! {
    /// Whether what this thread asks for is done one item after the other: then a seed decides the order of all store calls.
    pub(crate) static ONE_AFTER_THE_OTHER: Cell<bool> = const { Cell::new(false) };
}

/// Does something with each item, `at_once` of them at a time; results stand in the order of the items. The first failure
/// keeps the rest from being begun.
///
/// # Errors
/// The first error in the order of the items, of those that were begun.
pub fn in_parallel<I: Send, T: Send>(
    at_once: usize,
    items: Vec<I>,
    each: impl Fn(I) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    #[cfg(test)]
    let at_once = if ONE_AFTER_THE_OTHER.get() { 1 } else { at_once };
    let count = items.len();
    let items = Mutex::new(items.into_iter().enumerate());
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..at_once.max(1).min(count) {
            scope.spawn(|| {
                loop {
                    let Some((at, item)) = lock(&items).next() else { return };
                    let result = each(item);
                    if result.is_err() {
                        lock(&items).by_ref().for_each(drop);
                    }
                    lock(&results).push((at, result));
                }
            });
        }
    });
    let mut results = into_inner(results);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Locks what several threads add to. A panic elsewhere does not make it wrong: it is only added to, taken from or replaced
/// whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what several threads added to, once they are through: see [`lock`].
pub fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
