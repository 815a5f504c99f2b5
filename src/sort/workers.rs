//! The threads that decode, sort and encode.

use rayon::{ThreadPool, ThreadPoolBuilder};
use tracing::info;

use crate::error::{Error, Result};

/// Least memory that a run can be given, and for which it has a thread: a unit in work needs a quarter of it for text and
/// columns, and each thread keeps some of what was freed.
pub const MIN_MEMORY_BYTES: u64 = 128 << 20;

/// Memory of a job that is told nothing else, in bytes: for eight threads, and for as many sorted rows as more would give.
pub const DEFAULT_MEMORY_BYTES: u64 = 1 << 30;

/// Returns one thread per processor that this process may use.
pub fn one_per_processor() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Starts so many threads, if there is memory for them ([`MIN_MEMORY_BYTES`] each), and one at least.
///
/// # Errors
/// When the system gives no threads.
pub fn start(threads: usize, memory_bytes: u64) -> Result<ThreadPool> {
    let affordable = usize::try_from(memory_bytes / MIN_MEMORY_BYTES).unwrap_or(usize::MAX);
    let started = threads.min(affordable).max(1);
    info!(threads = started, asked_threads = threads, memory_bytes, "worker threads");
    pool("flowparquet", started)
}

/// Starts so many threads that make rows for the workers of [`start`], and may wait for them.
///
/// # Errors
/// When the system gives no threads.
pub fn makers(threads: usize) -> Result<ThreadPool> {
    pool("flowparquet-rows", threads)
}

fn pool(name: &'static str, threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |index| format!("{name}-{index}"))
        // Who waits for what it was making hears that the worker died; without a handler the process would be gone at once.
        .panic_handler(|_| ())
        .build()
        .map_err(|e| Error::stopped("cannot start the worker threads").because(e))
}
