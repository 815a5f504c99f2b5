//! Ends a query that takes far more memory than it may.
//!
//! DataFusion keeps within its memory what it counts: what is sorted, grouped and joined. What a function makes of a few bytes is not
//! counted, and some can make gigabytes of them. Those that are known to are bounded where they are (`flowparquet_sql`'s
//! `functions::bounded`); this is for all others: the process is asked how much it has, many times in a second.

use std::time::Duration;

use super::screen::tell;
use super::{EXIT_STOPPED, folder};
use crate::Error;

/// How often the process is asked.
const EVERY: Duration = Duration::from_millis(10);

/// What a thread may have besides what DataFusion counts: an object packed and its text, or the pages of a row group.
const UNCOUNTED_BYTES_PER_THREAD: u64 = 192 << 20;

/// What the process may have besides.
const UNCOUNTED_BYTES: u64 = 256 << 20;

/// Watches the memory of the process from now on, and ends it with an error when it has far more than `memory_bytes` beyond what
/// it has now. Does nothing where the operating system does not tell.
pub fn memory(memory_bytes: u64, threads: usize, error: &Error) {
    let error = format!("error: {error}\n");
    let Some(now) = resident_bytes() else { return };
    let most = now + memory_bytes + memory_bytes / 2 + UNCOUNTED_BYTES_PER_THREAD * threads as u64 + UNCOUNTED_BYTES;
    let watch = move || {
        while resident_bytes().is_some_and(|bytes| bytes <= most) {
            std::thread::sleep(EVERY);
        }
        tell(&error);
        folder::remove_all();
        std::process::exit(i32::from(EXIT_STOPPED));
    };
    // Without it a statement is as it was: bounded in all that is counted.
    let _ = std::thread::Builder::new().name("flowparquet-watch".to_owned()).spawn(watch);
}

/// Returns the memory that the process has, in bytes (`VmRSS`, see proc_pid_status(5)).
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kib.trim().parse::<u64>().ok()? << 10)
}
