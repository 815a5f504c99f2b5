//! How the C library's allocator gives memory back; the one `unsafe` place of the program.
//!
//! glibc keeps freed blocks of up to 32 MiB for later use, in an arena for every thread that ever had one. A conversion with
//! `--memory 256MiB` of objects of 16 MB packed took 394 MiB for 0.5 GB of input, and more for more. So blocks from a certain
//! size on are given back as soon as they are freed, and there are few arenas if there is little memory. To give back is to
//! have the pages zeroed again: blocks of 4 MiB cost nothing that can be measured, all from 512 KiB on a fifth of all CPU
//! time, so that the size follows from the memory (docs/performance.md has the figures). mimalloc was tried instead and
//! needs more.

/// Has large blocks given back as soon as they are freed, where glibc is the C library. Larger ones if there is more `memory`
/// to stay within.
///
/// To be called before any thread is started.
pub(super) fn keep_within(memory: u64) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let block_bytes = (memory / 512).clamp(256 << 10, 4 << 20);
        set(libc::M_MMAP_THRESHOLD, block_bytes);
        set(libc::M_TRIM_THRESHOLD, block_bytes);
        // With much memory there may be as many as glibc likes: eight for each processor.
        if memory < ARENAS_MATTER_BELOW {
            set(libc::M_ARENA_MAX, (memory / MEMORY_PER_ARENA).max(1));
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = memory;
}

/// Every arena keeps something that is free: with 256 MiB a day of 2 GB took 292 MiB with as many as glibc likes, 270 with two.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MEMORY_PER_ARENA: u64 = 128 << 20;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS_MATTER_BELOW: u64 = 2 << 30;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "there is no safe way to ask glibc for it")]
fn set(parameter: libc::c_int, value: u64) {
    let Ok(value) = libc::c_int::try_from(value) else { return };
    // SAFETY: mallopt takes two numbers, touches no memory of ours, and no other thread runs yet.
    unsafe {
        libc::mallopt(parameter, value);
    }
}
